"""What users say is kept as it was said, listed in pages, and removed."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import pytest

from corpus.errors import InvalidCitation, InvalidFeedback, InvalidField, InvalidQuestion, UnknownFeedback
from index.filters import Filters
from index.history import History
from index.search import LocalEngine
from qa.asked import fold, from_json, narrowing, to_json
from qa.feedback import MAX_COMMENT, MAX_QUOTE, Cited, Feedback, FeedbackStore, Said, cited
from qa.live import open_current
from tests.conftest import MakeIndex

PASSAGE = Cited("2025/weir", 4, 15, "weir held on", "The ", " Tuesday", "0" * 64)
SAID = Said("Did the weir hold?", {}, None, "20261121T120000Z-000000", True, "It did.", PASSAGE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "feedback.sqlite"


@pytest.fixture
def store(path: Path) -> FeedbackStore:
    return FeedbackStore(path)


def test_nothing_is_made_before_there_is_something_to_keep(store: FeedbackStore, path: Path) -> None:
    assert store.page(10).feedback == ()
    assert store.unanswered.page(10).unanswered == ()
    assert list(store.by_question()) == []
    assert not path.parent.exists()
    store.add(SAID)
    assert path.is_file()


@pytest.mark.parametrize(
    "said",
    [
        SAID,
        replace(SAID, answers=False, comment="", citation=None),
        replace(SAID, filters={"publishers": ("A", "B"), "published_from": "2025"}, as_of="2025-03"),
        replace(
            SAID, question="\u202eWho\u2069 \x1b[31m \N{ROCKET} خلا؟", comment="'; DROP TABLE feedback; --\n\u202e"
        ),
        replace(SAID, question="x" * 2000, comment="\N{ROCKET}" * MAX_COMMENT),
    ],
)
def test_what_was_said_comes_back_as_it_was_said(said: Said, store: FeedbackStore, path: Path) -> None:
    before = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    kept = store.add(said)
    assert before <= kept.made <= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    assert kept == Feedback(1, kept.made, *(getattr(said, name) for name in Said.__dataclass_fields__))
    for other in (store, FeedbackStore(path)):
        assert other.get(1) == kept
        assert other.page(1).feedback == (kept,)


@pytest.mark.parametrize(
    ("said", "error", "says"),
    [
        (replace(SAID, question=" "), InvalidQuestion, "empty"),
        (replace(SAID, question="x" * 2001), InvalidQuestion, "2000"),
        (replace(SAID, question="a\0b"), InvalidQuestion, "NUL"),
        (replace(SAID, question="a\ud800"), InvalidQuestion, "surrogates"),
        (replace(SAID, comment="x" * (MAX_COMMENT + 1)), InvalidFeedback, "2001"),
        (replace(SAID, comment="a\0b"), InvalidFeedback, "NUL"),
        (replace(SAID, comment="\udc00"), InvalidFeedback, "surrogates"),
    ],
)
def test_what_can_not_be_kept_is_refused(
    said: Said, error: type[Exception], says: str, store: FeedbackStore, path: Path
) -> None:
    with pytest.raises(error, match=says):
        store.add(said)
    assert not path.exists()


def test_numbers_are_never_used_again(store: FeedbackStore) -> None:
    assert [store.add(SAID).id for _ in range(3)] == [1, 2, 3]
    store.remove([3, 2, 3])
    assert [one.id for one in store.page(10).feedback] == [1]
    assert store.add(SAID).id == 4


def test_of_several_numbers_all_are_removed_or_none(store: FeedbackStore) -> None:
    for _ in range(3):
        store.add(SAID)
    with pytest.raises(UnknownFeedback, match=r"no feedback 7.*nothing was removed"):
        store.remove([1, 7, 2])
    assert store.page(10).total == 3
    for number in (7, 0, -1, 2**63, 10**30):
        with pytest.raises(UnknownFeedback):
            store.get(number)
        with pytest.raises(UnknownFeedback):
            store.remove([number])


def test_pages_hold_each_once_while_more_comes_in_and_some_goes(store: FeedbackStore) -> None:
    for _ in range(10):
        store.add(SAID)
    first = store.page(4)
    assert (first.total, [one.id for one in first.feedback]) == (10, [10, 9, 8, 7])
    store.add(SAID)
    store.remove([7, 5])
    second = store.page(4, first.next)
    assert (second.total, [one.id for one in second.feedback]) == (9, [6, 4, 3, 2])
    third = store.page(4, second.next)
    assert ([one.id for one in third.feedback], third.next) == ([1], None)
    assert store.page(9).next is None


@pytest.mark.parametrize("cursor", ["", "0", "-1", "x", "1 ", "1\n", "\u0663", "9" * 19, "1 OR 1=1"])
def test_a_cursor_that_is_none_is_refused(store: FeedbackStore, cursor: str) -> None:
    with pytest.raises(InvalidField, match=r"cursor: .*'next'"):
        store.page(10, cursor)


def test_all_that_was_said_of_a_question_comes_together(store: FeedbackStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qa.feedback._ROWS_AT_A_TIME", 2)
    asked = ["B?", "a?", " b? ", "Ｂ?", "c?", "A?", "b?"]
    for question in asked:
        store.add(replace(SAID, question=question))
    store.add(replace(SAID, question="a?", filters={"tags": ("x",)}))
    store.add(replace(SAID, question="a?", as_of="2025"))
    found = [[one.question for one in said] for said in store.by_question()]
    assert found == [["a?", "A?"], ["B?", " b? ", "Ｂ?", "b?"], ["c?"]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Who?", "WHO?"),
        ("Straße", "STRASSE"),
        ("ﬁrst", "First"),
        ("e\u0301tape", "Étape"),
        (" who \t\n came\u2003then\u00a0", "who came then"),
        ("Ⅷ", "viii"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
    ],
)
def test_questions_that_differ_only_in_form_are_one(one: str, other: str) -> None:
    assert fold(one) == fold(other) == fold(fold(one))
    assert fold(one) != fold(f"{other}!")


def test_filters_are_the_same_in_any_order() -> None:
    filters = Filters(publishers=("B", "A", "B"), languages=("en",), published_to="2025", as_of="2026", copies="all")
    given = narrowing(filters)
    assert given == {"publishers": ("B", "A", "B"), "languages": ("en",), "published_to": "2025"}
    text = to_json(given, "2026")
    assert from_json(text) == ({"publishers": ("A", "B"), "languages": ("en",), "published_to": "2025"}, "2026")
    assert to_json({"published_to": "2025", "languages": ("en",), "publishers": ("A", "B")}, "2026") == text
    assert to_json(narrowing(Filters(copies="latest")), None) == "{}"


def test_a_passage_is_what_stands_in_the_text_of_that_hash(engine: LocalEngine, index: Path) -> None:
    history = History(index)
    article = engine.article("2025/ax-4-returns")
    whole = cited(engine, history, article.id, article.sha256, (0, len(article.text)))
    assert (whole.quote, whole.prefix, whole.suffix) == (article.text, "", "")
    part = cited(engine, history, article.id, article.sha256, (40, 60))
    assert part == Cited(
        article.id, 40, 60, article.text[40:60], article.text[8:40], article.text[60:92], article.sha256
    )
    for start, end in ((-1, 5), (5, 5), (6, 5), (0, len(article.text) + 1), (10**30, 10**30 + 1)):
        with pytest.raises(InvalidCitation, match=f"ends at {len(article.text)}"):
            cited(engine, history, article.id, article.sha256, (start, end))
    for article_id, sha256 in ((article.id, "0" * 64), ("none", article.sha256)):
        with pytest.raises(InvalidCitation, match=re.escape(repr(article_id))):
            cited(engine, history, article_id, sha256, (0, 5))


def test_a_passage_may_be_of_an_earlier_generation(make_index: MakeIndex, engine: LocalEngine) -> None:
    index = make_index({"long.txt": f"{'A long way home. ' * 1500}End."})
    later, history = open_current(index), History(index)
    article = engine.article("2025/ax-4-returns")
    found = cited(later, history, article.id, article.sha256, (0, 10))
    assert (found.quote, found.sha256) == (article.text[:10], article.sha256)
    long = later.article("long").sha256
    assert len(cited(later, history, "long", long, (0, MAX_QUOTE)).quote) == MAX_QUOTE
    with pytest.raises(InvalidCitation, match="may have 20000"):
        cited(later, history, "long", long, (0, MAX_QUOTE + 1))
