"""The pictures in the README are of the page as it is."""

from __future__ import annotations

import re

from scripts.screenshots import FOLDER, PICTURES, STAMP, made_from
from tests.conftest import ROOT


def test_the_pictures_were_made_from_what_is_there() -> None:
    assert STAMP.read_text(encoding="utf-8").strip() == made_from(), "make them anew: python scripts/screenshots.py"


def test_the_readme_shows_them_all_with_a_text_for_those_who_cannot_see() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r'<img[^>]*src="docs/screenshots/([\w-]+)\.png"[^>]*alt="([^"]+)"', readme))
    assert set(shown) == {picture.name for picture in PICTURES}
    assert all(len(text) > 20 for text in shown.values())
    for name in shown:
        assert (FOLDER / f"{name}.png").read_bytes().startswith(b"\x89PNG")
