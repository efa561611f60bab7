"""Why a question is not answered: nothing is claimed that was not looked at."""

from __future__ import annotations

from dataclasses import replace

import pytest

from index.generation import current_generation, generation_folder
from index.search import Hit, LocalEngine, NearSentence
from qa.confidence import confidence
from qa.reasons import NEAR, missing, reason
from tests.conftest import MakeIndex

TEXTS = (
    "Sławosz Uznański flew in 2025; the Americans paid 2,000 dollars to SUPARCO.",
    "Tiangong: Chang'e-8 and the U.S. module, in twenty days. The Wolf amendment of the year ２０１１.",
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("When did Gagarin fly?", ("Gagarin",)),
        ("Gagarin flew when?", ()),  # a sentence begins with any word
        ("NASA flew when?", ("NASA",)),
        ("iCube-Q is what?", ("iCube-Q",)),
        ("Did he fly? Gagarin did. And who is Titov?", ("Titov",)),
        ("Who is Uznanski?", ()),
        ("Who is UZNAŃSKI's wife?", ()),
        ("What was Gagarin’s and Titov's age?", ("Gagarin", "Titov")),
        ("Who was Yuri Gagarin, and where is Yuri Gagarin?", ("Yuri Gagarin",)),
        ("What does the Wolf Directive say?", ()),  # one of its words is there
        ("What did the American get?", ()),
        ("What did America get?", ()),
        ("What did the Amerindian get?", ("Amerindian",)),
        ("What did the US and the U.S. do?", ()),
        ("What did the UN do?", ("UN",)),
        ("Is Chang'e-7 ready?", ("Chang'e-7",)),
        ("Is Chang’e-8 ready?", ()),
        ("covid-19 rules and covid-20 rules", ("covid-19", "covid-20")),
        ("Who paid 2000 dollars, who 3,000?", ("3,000",)),
        ("Who paid 2,000 dollars in 2026?", ("2026",)),
        ("What was in 2011 and in ٢٠٢٥ and in ١٩٩٩?", ("١٩٩٩",)),
        ("What were the 20 or 30 days?", ()),  # may be in words
        ("What of 2 000 and 007?", ()),
        ("WHO WON IN 1998?", ("1998",)),
        ("چین اور NASA اور SUPARCO؟", ("NASA",)),
        ("НАСА и SUPARCO", ("НАСА",)),
        ("国家2026和中国", ("2026",)),
        ("do i know Xi or I?", ("Xi",)),
        ("", ()),
    ],
)
def test_what_none_of_the_texts_has(question: str, expected: tuple[str, ...]) -> None:
    assert missing(question, TEXTS) == expected


def test_all_texts_count() -> None:
    assert missing("of Uznański and Tiangong", TEXTS[:1]) == ("Tiangong",)
    assert missing("of Uznański and Tiangong", ()) == ("Uznański", "Tiangong")


@pytest.fixture(scope="module")
def hit(engine: LocalEngine) -> Hit:
    question = "Who was in charge of Pakistan's space agency?"
    return engine.search(question, engine.encode([question])[0], 1)[0]


def near(hit: Hit, text: str, closeness: float = 0.5, cosine: float = 0.6) -> Hit:
    return replace(
        hit,
        closeness=closeness,
        sentences=(NearSentence(0, 1, cosine),),
        excerpt=replace(hit.excerpt, start=0, end=len(text), source=text),
    )


def test_nothing_is_near(engine: LocalEngine, hit: Hit) -> None:
    far = near(hit, "Gagarin", 0.3, 0.3)
    sure = confidence(engine, [far])
    assert sure is not None
    assert sure < NEAR
    for hits in ([], [far]):
        found = reason(engine, "Who was Gagarin?", hits)
        assert (found.kind, found.missing) == ("nothing near", ())
        assert found.sentence == "No passage is near this question."


def test_the_named_one_is_missing(engine: LocalEngine, hit: Hit) -> None:
    hits = [near(hit, "Titov flew."), near(hit, "He flew in 1961.")]
    found = reason(engine, "Did Gagarin and Titov fly in 1961 or 1,962?", hits)
    assert (found.kind, found.missing) == ("missing", ("Gagarin", "1,962"))
    assert found.sentence == ("Some passages are near this question, but none of those found has “Gagarin” or “1,962”.")


def test_the_title_counts_as_the_passage(engine: LocalEngine, hit: Hit) -> None:
    named = near(hit, "He flew.")
    titled = replace(named, excerpt=replace(named.excerpt, article=replace(hit.excerpt.article, title="On Gagarin")))
    assert reason(engine, "Did Gagarin fly?", [named]).missing == ("Gagarin",)
    assert reason(engine, "Did Gagarin fly?", [titled]).kind == "uncertain"


@pytest.fixture(scope="module")
def two_matters(make_index: MakeIndex) -> LocalEngine:
    """Two articles in which someone was elected, and have nothing else in common, and a copy of one of them."""
    cheese = (
        "The guild of cheese makers met in the old dairy at Gruyère. Its master was elected there by show of hands."
    )
    index = make_index(
        {
            "cheese.md": f"# Cheese\n\n{cheese}\n",
            "cheese-again.md": f"# Cheese once more\n\n{cheese}\n",
            "volcano.md": "# Volcano\n\nLava ran to the sea. A speaker was elected by the evacuated islanders.\n",
        }
    )
    return LocalEngine(generation_folder(index, current_generation(index)))


def elected(engine: LocalEngine, *figures: tuple[float, float]) -> list[Hit]:
    """The hits for a question that fits both articles, the best first, as near as is given."""
    question = "Who was elected?"
    hits = engine.search(question, engine.encode([question])[0], 5)
    assert {hit.excerpt.article.id for hit in hits} == {"cheese", "volcano"}
    return [with_figures(hit, *pair) for hit, pair in zip(hits, figures, strict=True)]


def with_figures(hit: Hit, closeness: float, cosine: float) -> Hit:
    return replace(hit, closeness=closeness, sentences=(replace(hit.sentences[0], cosine=cosine),))


def test_two_readings(two_matters: LocalEngine) -> None:
    found = reason(two_matters, "Who was elected?", elected(two_matters, (0.5, 0.6), (0.5, 0.58)))
    assert (found.kind, found.missing) == ("two readings", ())
    assert "“Cheese" in found.sentence
    assert "“Volcano”" in found.sentence
    assert (
        reason(two_matters, "Who was elected by NASA?", elected(two_matters, (0.5, 0.6), (0.5, 0.58))).kind == "missing"
    )


def test_one_that_is_nearer_by_far_is_the_only_reading(two_matters: LocalEngine) -> None:
    assert reason(two_matters, "Who was elected?", elected(two_matters, (0.5, 0.7), (0.5, 0.4))).kind == "uncertain"


def test_two_passages_on_the_same_matter_are_one_reading(engine: LocalEngine) -> None:
    question = "When will the first Pakistani astronaut fly to the Chinese station?"
    hits = engine.search(question, engine.encode([question])[0], 5)
    assert len({hit.cluster for hit in hits}) > 1
    assert reason(engine, "who flies?", [with_figures(hit, 0.5, 0.6) for hit in hits]).kind == "uncertain"


def test_all_is_there_and_still_no_answer(engine: LocalEngine, hit: Hit) -> None:
    found = reason(engine, "Did Gagarin fly in 1961?", [near(hit, "Gagarin was seen in 1961.")])
    assert (found.kind, found.missing) == ("uncertain", ())
    assert "none is likely to answer it" in found.sentence
