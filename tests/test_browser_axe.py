"""What axe, which looks for barriers, finds on every page and in every state, on a desk and on a phone: nothing.

The pages' policy lets nobody add a script: axe is evaluated from its source by the browser's debugger, which the policy
does not bind, so that the pages are looked at as they are served.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import PROBLEM, Pages, Served
from tests.states import STATES, serve_busy

if TYPE_CHECKING:
    from playwright.sync_api import Page  # type: ignore[import-not-found,unused-ignore]

LOOK = """async () => {
    const {violations, passes} = await axe.run(document, {
        resultTypes: ["violations"],
        rules: {"target-size": {enabled: true}},
    });
    return {
        passed: passes.length,
        found: violations.map(({id, impact, help, nodes}) =>
            `${impact}: ${id}, ${help}: ` + nodes.map(node => `${node.target} ${node.html.slice(0, 100)}`).join(" | ")),
    };
}"""


@pytest.fixture(scope="module")
def axe() -> str:
    """The source of axe."""
    package = pytest.importorskip("axe_playwright_python")
    return (Path(package.__file__).parent / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def service(changed_index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serve_busy(changed_index, tmp_path_factory.mktemp("busy")) as served:
        yield served


def barriers(page: Page) -> list[str]:
    """What axe finds, after it has looked for a good deal."""
    result = page.evaluate(LOOK)
    assert result["passed"] > 15
    return list(result["found"])


@pytest.mark.parametrize("state", STATES)
def test_there_are_no_barriers(pages: Pages, axe: str, state: str) -> None:
    page = pages.open(expected=PROBLEM)
    STATES[state](page)
    page.evaluate(axe)
    for width, scheme in ((1280, "light"), (375, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type,unused-ignore]
        assert barriers(page) == [], f"{state}, {width} pixels, {scheme}"


def test_axe_finds_a_barrier_where_there_is_one(page: Page, axe: str) -> None:
    page.goto("/")
    page.evaluate("document.querySelector('label[for=question]').remove()")
    page.evaluate("document.querySelector('#question').removeAttribute('placeholder')")
    page.evaluate(axe)
    assert any(found.startswith("critical: label") for found in barriers(page))
