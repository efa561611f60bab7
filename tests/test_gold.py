"""Where gold stands in an index."""

from __future__ import annotations

from pathlib import Path

import pytest

from corpus.errors import UnlocatedGold
from index.generation import current_generation, generation_folder
from index.search import LocalEngine
from index.store import Spans
from qa.evaluation.gold import GoldFinder, gold_without_index, locate, passages_with, sentence_around
from qa.evaluation.questions import Question, Quote, read_questions
from qa.evaluation.result import Gold
from tests.conftest import ROOT, MakeIndex

TEXT = "Rollo came. Then came Rollo the Dane,\nwith his men. Rollo left."


@pytest.mark.parametrize(
    ("prefix", "suffix", "start"),
    [
        ("", "", 0),
        ("came ", " the", 22),
        ("", " left", 52),
        ("men. ", "", 52),
        ("what was cut off here: ", " came", 0),
        ("men. ", " left.\nAnd more that the text doesn't have", 52),
    ],
)
def test_a_quote_stands_where_its_context_does(prefix: str, suffix: str, start: int) -> None:
    assert locate(Quote("a", "Rollo", prefix, suffix), TEXT) == (start, start + 5)


def test_of_several_places_the_one_with_most_context_counts_and_then_the_first() -> None:
    assert locate(Quote("a", "Rollo", "X ", " came"), "Rollo came. X Rollo came. X Rollo came.") == (14, 19)
    assert locate(Quote("a", "aa"), "baaa") == (1, 3)


@pytest.mark.parametrize(
    ("quote", "text", "expected"),
    [
        (Quote("a", "the Dane, with  his", "Rollo\n", " men"), TEXT, "the Dane,\nwith his"),
        (Quote("a", "Dane", "Rollo\t\tthe ", ",  with"), TEXT, "Dane"),
        (Quote("a", "zero\u200bwidth", "of\u00a0", "\u00ad."), "of zerowidth.", "zerowidth"),
        (Quote("a", "e\u0301", "caf", ""), "caf\u00e9", "\u00e9"),
    ],
)
def test_what_cleaning_changes_does_not_hide_a_quote(quote: Quote, text: str, expected: str) -> None:
    found = locate(quote, text)
    assert found
    assert text[slice(*found)] == expected


@pytest.mark.parametrize(
    "quote",
    [
        Quote("a", "rollo"),
        Quote("a", "Rollo", "by ", " the"),
        Quote("a", "Rollo", "", " went"),
        Quote("a", "the Dane,with"),
        Quote("a", "Rol lo"),
    ],
)
def test_nothing_else_is_taken_for_it(quote: Quote) -> None:
    assert locate(quote, TEXT) is None


def test_every_quote_of_the_starter_archive_is_located(engine: LocalEngine) -> None:
    questions = read_questions(ROOT / "corpus" / "questions.jsonl").questions
    found = GoldFinder(engine).find(questions)
    for question in questions:
        assert [gold.quote for gold in found[question.id]] == [quote.quote for quote in question.quotes]
        for gold in found[question.id]:
            article = engine.article(gold.article)
            assert (gold.title, gold.quote) == (article.title, article.text[gold.start : gold.end])
            assert gold.sentence
            assert gold.quote
            assert gold.sentence in article.text
            assert gold.quote in gold.sentence or gold.sentence in gold.quote


def test_gold_that_is_not_there_is_named_with_its_question(engine: LocalEngine) -> None:
    there = engine.catalogue()[0]
    questions = [
        Question("q1", "Who?", (Quote(there.id, "not a word of it"),), {}),
        Question("q2", "Who?", (Quote("no/such", "quote"),), {}),
        Question("q3", "Who?", (), {"neither": 1, "nor": 0, there.id: 1}),
        *(Question(f"more{n}", "Who?", (Quote("no", str(n)),), {}) for n in range(9)),
    ]
    with pytest.raises(UnlocatedGold) as caught:
        GoldFinder(engine).find(questions)
    message = str(caught.value)
    for text in ("12 in all", "'q1'", there.id, "not a word of it", "'q2'", "'no/such'", "'q3'", "'neither'"):
        assert text in message
    assert "'nor'" not in message
    assert "'more5'" not in message

    let_through = GoldFinder(engine).find(questions, unlocated=True)
    assert let_through["q1"] == (Gold(there.id, None, "not a word of it", None, None, None),)
    located = Gold(there.id, there.title, None, None, None, None)
    assert let_through["q3"] == (*gold_without_index(questions[2])[:1], located)


def test_a_file_that_cleaning_changes_keeps_its_quotes(make_index: MakeIndex) -> None:
    raw = "A first  line.\r\n\r\n\r\n\r\nThe soft\u00adened\u200b word,\tand  more.\r\n"
    index = make_index({"a.txt": raw})
    engine = LocalEngine(generation_folder(index, current_generation(index)))
    quote = Quote("a", "soft\u00adened\u200b word,\tand", "line.\r\n\r\n\r\n\r\nThe ", "  more.\r\n")
    assert quote.prefix + quote.quote + quote.suffix in raw
    (gold,) = GoldFinder(engine).find([Question("q", "Who?", (quote,), {})])["q"]
    assert gold.quote == "softened word, and"
    assert gold.sentence == "The softened word, and more."


def test_the_sentences_that_a_place_touches() -> None:
    spans = Spans((), ((0, 5), (6, 10), (10, 20)))
    assert sentence_around((7, 8), spans) == (6, 10)
    assert sentence_around((4, 11), spans) == (0, 20)
    assert sentence_around((5, 6), spans) == (5, 6)
    assert sentence_around((0, 5), spans) == (0, 5)


def test_only_passages_that_hold_a_quote_whole_are_gold() -> None:
    gold = Gold("a", "A", "x", 10, 20, "x")
    passages = {"a": [(0, 20), (10, 20), (0, 19), (11, 30), (5, 25)], "b": [(0, 100)]}
    assert list(passages_with([gold], passages)) == [("a", 0, 20), ("a", 10, 20), ("a", 5, 25)]
    assert list(passages_with([Gold("a", None, "x", None, None, None)], passages)) == []


def test_all_answers_of_a_collection_with_raw_files_are_located(tmp_path: Path) -> None:
    """Without an index: the articles are read as a build reads them."""
    from corpus.archive import read_archive
    from corpus.article import Article

    collection = ROOT.parent / "shared" / "data" / "squad-articles"
    if not collection.is_dir():
        pytest.skip("the collection is not here")
    texts = {one.id: one.text for one in read_archive([collection / "articles"]) if isinstance(one, Article)}
    answerable = [question for question in read_questions(collection).questions if question.answerable]
    assert len(answerable) == 2910
    for question in answerable:
        for quote in question.quotes:
            assert locate(quote, texts[quote.article]), (question.id, quote)
