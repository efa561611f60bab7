"""What is new in a generation, against the one before it."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.build import build
from index.generation import prune
from index.history import History
from index.model import PACKAGED_MODEL
from index.search import roll_back
from qa.app import create_app
from qa.changes import MOST, changes
from qa.live import Live, open_current
from qa.shapes import ChangedArticles, Changes
from tests.conftest import MakeIndex, get, no_progress, write_articles

FILES = {
    "kept.md": "# Kept\n\nThe mill still stands.",
    "edited.md": "# Edited\n\nThe bridge has three arches.",
    "gone.md": "---\ntitle: Gone\npublished: 2025-01-02\n---\nThe ferry runs at noon.",
}


@pytest.fixture
def rebuilt(make_index: MakeIndex) -> Path:
    """An index of a second generation, in which articles were added, changed and removed."""
    index = make_index(FILES)
    folder = index.parent / "articles"
    (folder / "gone.md").unlink()
    (folder / "edited.md").write_text("# Edited\n\nThe bridge has four arches.", encoding="utf-8")
    write_articles(
        folder,
        {
            "old.md": "---\npublished: 2024-05-01\n---\n# Old\n\nA lamp was lit.",
            "new.md": "---\npublished: 2025-05\n---\n# New\n\nA lamp went out.",
            "undated.md": "# Undated\n\nA lamp was bought.",
        },
    )
    build([folder], index, PACKAGED_MODEL, no_progress)
    return index


def found_in(index: Path) -> Changes:
    return changes(open_current(index), History(index))


def ids(found: ChangedArticles) -> list[str]:
    assert found.total == len(found.articles)
    return [entry.id for entry in found.articles]


def test_what_was_added_changed_and_removed_the_newest_first(rebuilt: Path) -> None:
    found = found_in(rebuilt)
    assert ids(found.added) == ["new", "old", "undated"]
    assert ids(found.changed) == ["edited"]
    assert ids(found.removed) == ["gone"]
    assert found.removed.articles[0].title == "Gone"
    assert found.since
    assert found.since < found.generation


def test_the_first_generation_has_nothing_to_compare_with(index: Path) -> None:
    found = found_in(index)
    assert found.since is None
    assert (found.added.total, found.changed.total, found.removed.total) == (0, 0, 0)


def test_after_going_back_it_is_the_generation_before_that_one(rebuilt: Path) -> None:
    latest = found_in(rebuilt)
    roll_back(rebuilt, None)
    earlier = found_in(rebuilt)
    assert earlier.generation == latest.since
    assert sorted(ids(earlier.added)) == ["edited", "gone", "kept"]
    assert earlier.removed.total == 20  # the starter archive, whose generation came first


def test_what_was_pruned_is_not_compared_with(rebuilt: Path) -> None:
    prune(rebuilt, keep=1)
    assert found_in(rebuilt).since is None


def test_a_rebuild_of_another_order_changes_nothing(rebuilt: Path) -> None:
    assert "kept" not in ids(found_in(rebuilt).changed)


def test_no_more_are_listed_than_a_page_bears(make_index: MakeIndex) -> None:
    index = make_index({"a.md": "# A\n\nThe first one."})
    write_articles(
        index.parent / "articles", {f"n{number:03}.md": f"# N{number}\n\nThe same text." for number in range(MOST + 3)}
    )
    build([index.parent / "articles"], index, PACKAGED_MODEL, no_progress)
    found = found_in(index)
    assert (found.added.total, len(found.added.articles)) == (MOST + 3, MOST)


def test_over_http_and_on_the_page(rebuilt: Path) -> None:
    client = create_app(Live(rebuilt)).test_client()
    assert [entry["id"] for entry in get(client, "/v1/changes")["added"]["articles"]] == ["new", "old", "undated"]
    page = client.get("/new").text
    assert "3 added" in page
    assert "1 changed" in page
    removed = found_in(rebuilt).removed.articles[0]
    assert f'href="/articles/gone?sha256={removed.sha256}"' in page
    assert "The ferry runs at noon." in client.get(f"/articles/gone?sha256={removed.sha256}").text
