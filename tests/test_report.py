"""The report: what it says of an evaluation, that texts stay texts, and that it needs nothing but itself."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from qa.evaluation.charts import BINS
from qa.evaluation.measures import NAMES
from qa.evaluation.report import chance, heading, meaning, percent, quoted, render, shorten, signed
from qa.evaluation.result import SHOWN, Comparison, Evaluation, Failure, Figure, Gold, Outcome, SetResult
from qa.evaluation.spans import SENTENCE as SENTENCE_IOU
from qa.evaluation.spans import Slice, characters
from tests.evaluations import QUOTE, SENTENCE, abstention, comparison, evaluation, gold, outcome, outcomes

SCRIPT = "<script>alert(1)</script>"
HOSTILE = f"{SCRIPT}\"><img src=x onerror='alert(2)'></style></title></svg>{{{{ 7 * 7 }}}}{{% raw %}}&amp;"
VOID = {"meta", "br"}
APART = {"p", "td", "th", "small", "h1", "h2", "h3", "h4", "summary", "li", "span", "time", "div"}


class Page(HTMLParser):
    """The report as a browser would take it: its elements with their attributes, and all text but styles."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.style = ""
        self._open: list[str] = []
        self._text: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._text += [" "] if tag in APART else []
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "style":
            self.style += data
        else:
            self._text.append(data)

    @property
    def text(self) -> str:
        """All that is written, runs of white space as one space."""
        return " ".join("".join(self._text).split())

    def values(self, attribute: str) -> list[str]:
        return [attributes[attribute] or "" for _, attributes in self.elements if attribute in attributes]

    def tags(self, *names: str) -> list[str]:
        return [tag for tag, _ in self.elements if tag in names]


def report(given: Evaluation, compared: Comparison | None = None) -> Page:
    return Page(render(given, compared))


@pytest.fixture(scope="module")
def whole() -> Page:
    """A report with everything in it."""
    return report(evaluation(silence=abstention()), comparison())


def run_file() -> Evaluation:
    """An evaluation of a run file: no titles, no sentences, no confidence."""
    whole_article = Gold("d7", None, None, None, None, None)
    results = []
    for result in outcomes():
        ranking = tuple(replace(one, document=one.article, title=None, sentence=None, start=None, end=None, score=23.5)
                        for one in result.ranking)  # fmt: skip
        golds = (whole_article,) if result.gold else ()
        results.append(replace(result, ranking=ranking, gold=golds, confidence=None, answered=True))
    made = evaluation(results, source="runs/bm25.run", model=None)
    return replace(made, sets=(replace(made.sets[0], layout="articles", part=None, passage_characters=None),))


def test_the_head_says_what_came_of_it(whole: Page) -> None:
    text = whole.text
    assert "generation 20260131T115501Z-031415 model all-MiniLM-L6-v2 2026-01-31 12:05 UTC" in text
    assert "lights, held part For 83% of 40 questions one of the first five passages holds the answer" in text
    assert "(95% interval 70–93%)" in text
    assert "25% of 4 questions that the archive does not answer get an answer all the same" in text
    assert "and 8% of 40 questions that it does answer get none" in text
    assert "the first five passages have 612 characters on average" in text


def test_every_figure_is_there_with_its_interval_and_what_it_says(whole: Page) -> None:
    assert "nDCG@10 how near the top of the first 10 the gold stands 0.741 0.638–0.837" in whole.text
    assert "Success@1 the first document is gold 0.600 0.450–0.750" in whole.text
    ticks = [attributes for tag, attributes in whole.elements if attributes.get("class") == "tick"]
    assert float(str(ticks[1]["x"])) == pytest.approx(60, abs=1)  # Success@1 on a scale of 100


def test_plots_can_be_read_without_seeing_them(whole: Page) -> None:
    text = whole.text
    assert "1: 24; 2: 5; 3: 2; 4: 0; 5: 2; 6–10: 2; 11–100: 1; none: 4" in text
    assert "33 questions right in the first five; 7 questions not in the first five; 4 questions not answered" in text
    assert "At the threshold of 0.50, 86% of the questions are answered, and 16% of these answers are wrong." in text
    images = [attributes for tag, attributes in whole.elements if tag == "svg" and "role" in attributes]
    assert [image["role"] for image in images] == ["img"] * 3
    labels = [name for image in images for name in str(image["aria-labelledby"]).split()]
    assert set(labels) <= set(whole.values("id"))
    hidden = [attributes for tag, attributes in whole.elements if tag == "svg" and "role" not in attributes]
    assert {str(image["aria-hidden"]) for image in hidden} == {"true"}
    assert text.count("Not in the first five") == 1
    assert whole.html.count('<th scope="row">0.') >= BINS


def test_abstention_has_both_errors_with_their_intervals(whole: Page) -> None:
    assert "Answered, though the archive does not answer 1 of 4 25% ( 5–70%)" in whole.text
    assert "Not answered, though the archive does 3 of 40 8% ( 3–20%)" in whole.text
    assert "AUROC 0.912, 95% interval 0.841–0.966" in whole.text


@pytest.mark.parametrize(
    ("results", "why"),
    [
        ([outcome(0)], "questions that it does not answer are needed as well"),
        ([outcome(0, None, None, 0.2, ())], "No question is one that the archive answers"),
        (
            [outcome(0, confidence=None), outcome(1, None, None, None, ())],
            "The answers carry no confidence, as in a run file",
        ),
    ],
)
def test_where_abstention_is_left_out_the_report_says_why(results: list[Outcome], why: str) -> None:
    page = report(evaluation(results))
    assert "There are no figures on abstention." in page.text
    assert why in page.text
    assert "AUROC" not in page.text


def test_failures_are_grouped_and_show_the_gold_and_what_came(whole: Page) -> None:
    failures = whole.html[whole.html.index('id="failures"') : whole.html.index('id="comparison"')]
    headings = re.findall(r"<h3>(.+?) <span class=\"count\">(\d+)</span>", failures)
    assert headings[0] == ("Not found at all", "3")
    assert sum(int(count) for _, count in headings) == failures.count('<details class="question">') == 11
    low = failures[failures.index('<section id="ranked-low">') : failures.index('<section id="wrong-passage">')]
    first = low[: low.index("</details>")]
    assert "On which day was lamp number 33 lit" in first
    assert "first gold at rank 7 · confidence 0.71" in first
    assert '<b dir="auto">Building on a reef that drowns twice a day</b> <bdi>coast/bell-rock</bdi> [1204:1219]' in low
    assert "The lamp was lit on <mark>1 February 1811</mark>, after four summers" in first
    assert re.findall(r'<li value="(\d+)"( class="gold")?>', first) == [
        *[(str(rank), "") for rank in range(1, 6)],
        ("7", ' class="gold"'),
    ]
    assert "<bdi>coast/bell-rock</bdi> [700:1340] <span>score 0.90</span>" in first


def test_what_is_not_answered_has_no_gold(whole: Page) -> None:
    section = whole.html[whole.html.index('<section id="answered-wrongly">') :]
    question = section[: section.index("</details>")]
    assert "lamp number 40" in question
    assert "gold" not in question.lower()


def test_long_lists_unfold_and_the_rest_is_counted() -> None:
    page = report(evaluation([outcome(number, None, "not retrieved", None) for number in range(112)]))
    assert "90 more questions" in page.text
    assert "12 more questions of this kind" in page.text
    assert page.html.count('<details class="question">') == 100


@pytest.mark.parametrize(
    ("verdict", "words"),
    [("better", "Better."), ("worse", "Worse."), ("no difference shown", "No difference shown.")],
)
def test_the_verdict_is_in_words_with_its_figures(verdict: str, words: str) -> None:
    page = report(evaluation(), replace(comparison(), verdict=verdict))  # type: ignore[arg-type]
    assert f"{words} nDCG@10 went from 0.761 to 0.741: −0.020, with a 95% interval from −0.037 to −0.004" in page.text
    assert "( p = 0.012)" in page.text
    assert ("true difference of 0.023 four times in five" in page.text) == (verdict == "no difference shown")
    assert verdict.replace(" ", "-") in " ".join(page.values("class")).split()


def test_a_comparison_lists_tests_and_both_rankings_of_what_changed(whole: Page) -> None:
    part = Page(whole.html[whole.html.index('<section id="comparison">') : whole.html.index("</main>")])
    assert "Success@5 0.800 0.825 +0.025 0.000 to +0.050 < 0.001 0.000" in part.text
    assert "Lost 3" in part.text
    assert "Won 1" in part.text
    assert part.text.count("Before: first gold at rank 1") == part.text.count("After: first gold at rank 7") == 3
    assert "Before: gold not in the ranking" in part.text
    assert "nDCG@10 0.000 to 0.500" in part.text


def test_a_comparison_without_changes_says_so() -> None:
    alike = replace(comparison("no difference shown"), lost=(), won=())
    alike = replace(alike, primary=replace(alike.primary, detectable=None, set=None))
    page = report(evaluation(), alike)
    assert page.text.count("None.") == 2
    assert "0 questions lost, 0 won" in page.text
    assert "four times in five; a smaller" not in page.text


def test_no_text_becomes_markup() -> None:
    bad = gold(HOSTILE, HOSTILE, f"before {HOSTILE} behind")
    golden = replace(bad, title=HOSTILE)
    one = outcome(0, 1, "not retrieved", 0.9, [golden], id=HOSTILE, question=HOSTILE)
    ranking = tuple(
        replace(ranked, title=HOSTILE, article=HOSTILE, document=HOSTILE, sentence=HOSTILE) for ranked in one.ranking
    )
    one = replace(one, ranking=ranking)
    twin = replace(one, id="2", ranking=tuple(replace(ranked, start=None) for ranked in ranking))
    results = (one, twin, outcome(2, golds=[golden]))
    sets = tuple(
        SetResult(HOSTILE, "quotes", HOSTILE, results, {HOSTILE: Figure(0.5, 0.4, 0.6)}, None) for _ in range(2)
    )
    compared = comparison()
    change = replace(compared.lost[0], set=HOSTILE, before=replace(one, measures={"nDCG@10": 1.0}), after=one)
    test = replace(compared.primary, set=HOSTILE, measure=HOSTILE)
    compared = replace(compared, before=HOSTILE, after=HOSTILE, primary=test, tests=(test,), lost=(change,))
    page = report(evaluation(sets=sets, source=HOSTILE, model=HOSTILE), compared)
    plain = report(evaluation(silence=abstention()), comparison())
    assert set(page.tags()) <= set(plain.tags())
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in plain.elements}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert page.html.count("</style>") == 1
    assert page.text.count(SCRIPT) > 20
    assert "{{ 7 * 7 }}" in page.text
    assert "&amp;" in page.text  # as it was written, not read as an entity


def test_nothing_is_loaded_or_run(whole: Page) -> None:
    names = {name for _, attributes in whole.elements for name in attributes}
    assert names & {"src", "srcset", "data", "action", "xlink:href", "ping", "background"} == set()
    assert not {"script", "link", "img", "iframe", "object", "use", "image"} & {tag for tag, _ in whole.elements}
    outside = [address for address in whole.values("href") if not address.startswith("#")]
    assert outside == ["https://ir-measur.es/en/latest/measures.html"]
    assert "url(" not in whole.style
    assert "@import" not in whole.style
    assert "default-src 'none'" in whole.values("content")[0] + whole.values("content")[1]


@pytest.mark.parametrize("made", [evaluation(silence=abstention()), run_file(), evaluation([outcome(0)])])
def test_the_page_is_well_made(made: Evaluation) -> None:
    page = report(made, comparison())
    assert page.html.startswith("<!doctype html>")
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {address[1:] for address in page.values("href") if address.startswith("#")} <= set(ids)
    levels = [int(tag[1]) for tag in page.tags("h1", "h2", "h3", "h4")]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all(
        attributes.get("scope") in ("col", "row", "colgroup") for tag, attributes in page.elements if tag == "th"
    )


def test_the_same_values_make_the_same_page() -> None:
    first = render(evaluation(silence=abstention()), comparison())
    assert first == render(evaluation(silence=abstention()), comparison())
    assert first != render(evaluation(), None)


def test_thousands_of_failures_with_long_texts_stay_usable() -> None:
    long = "Ж" * 10_000
    golds = [gold(f"{long}{number}", long, long * 3) for number in range(8)]
    kinds: tuple[Failure, ...] = ("not retrieved", "ranked low", "wrong passage", "gold cut")
    some = [outcome(number, 7, kinds[number % 4], 0.4, golds, question=long, id=long) for number in range(4)]
    rank = tuple(replace(one, title=long, document=long, article=long, sentence="ж" * SHOWN * 30)
                 for one in some[0].ranking)  # fmt: skip
    results = [replace(one, ranking=rank) for one in some] * 750
    results += [outcome(5, None, None, 0.9, (), question=long, ranking=rank)] * 200
    change = replace(comparison().lost[0], before=results[0], after=results[0])
    compared = replace(comparison(), lost=(change,) * 300, won=(change,) * 300)
    page = render(evaluation(results), compared)
    assert len(page.encode()) < 9_000_000  # three times as much as of texts that a person would write
    ordinary = [outcome(number, 7, kinds[number % 4], 0.4, [gold()]) for number in range(3000)]
    usual = render(evaluation(ordinary, abstention()), comparison(changes=1000))
    assert len(usual.encode()) < 3_000_000
    assert "250 more questions lost" not in usual
    assert "950 more questions lost" in usual


def test_a_run_file_is_called_that_and_shown_by_its_ids() -> None:
    page = report(run_file())
    assert "run file runs/bm25.run" in page.text
    assert "model" not in page.text.partition("Figures")[0]
    assert "one of the first five articles is a right one" in page.text
    assert "the plot is of the first document's score" in page.text
    assert "Characters" not in page.text
    assert "<bdi>inland/mills</bdi> <span>score 23.50</span>" in page.html
    assert "characters on average" not in page.text
    assert "[" not in page.text


def test_a_set_that_the_archive_does_not_answer() -> None:
    page = report(evaluation([outcome(number, None, None, 0.1, ()) for number in range(3)]))
    assert "The archive answers none of its 3 questions" in page.text
    assert "nothing has a rank" in page.text
    assert "no question was answered that should not have been" in page.text


def test_where_nothing_failed_the_report_is_glad() -> None:
    page = report(evaluation([outcome(0)]))
    assert "every question that the archive answers has its answer in the first five. That is as good" in page.text
    assert "For 83% of 1 question one of the first five" in page.text


def test_several_sets_each_have_their_figures_and_name_their_failures() -> None:
    one = evaluation().sets[0]
    compared = comparison()
    both = replace(compared.tests[1], set=None)
    compared = replace(compared, tests=(*compared.tests, both))
    page = report(evaluation(sets=(one, replace(one, name="mills", part=None))), compared)
    assert [text in page.text for text in ("lights, held part", "mills")] == [True, True]
    assert page.html.count('<table class="figures">') == 2
    assert "q037</bdi> · <bdi>mills</bdi>" in page.html
    assert "nDCG@10 of lights went from" in page.text
    assert [*re.findall(r'scope="colgroup" dir="auto">([^<]+)<', page.html)] == ["lights", "All sets together"]
    assert "Not found at all 6" in page.text


def test_a_question_for_which_nothing_was_found() -> None:
    page = report(evaluation([outcome(0, None, "not retrieved", None, ranking=())]))
    assert "q000 · nothing found" in page.text
    assert "Nothing was found." in page.text
    assert "1 question without any document is left out of the plot" in page.text


def test_what_no_file_can_hold_is_replaced() -> None:
    page = render(evaluation([outcome(0, None, "not retrieved", question="a\ud800b\0c\x1bd")]), None)
    assert "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c\N{REPLACEMENT CHARACTER}d" in page
    page.encode()


def test_direction_is_left_to_each_text() -> None:
    arabic = "متى أضيء المصباح لأول مرة؟"
    page = render(evaluation([outcome(0, None, "not retrieved", question=arabic)]), None)
    assert f'<span dir="auto">{arabic}</span>' in page


@pytest.mark.parametrize(
    ("share", "text"),
    [(0, "0%"), (1, "100%"), (0.925, "93%"), (0.5, "50%"), (0.996, "99.6%"), (0.9999, "99.99%"), (0.004, "0.4%")],
)
def test_only_all_is_a_hundred_percent(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize(("value", "text"), [(0.0201, "+0.020"), (-0.0201, "−0.020"), (-0.0001, "0.000"), (0, "0.000")])
def test_differences_have_a_sign(value: float, text: str) -> None:
    assert signed(value) == text


@pytest.mark.parametrize(("p", "text"), [(0.0124, "= 0.012"), (0.0001, "< 0.001"), (1.0, "= 1.000")])
def test_chances(p: float, text: str) -> None:
    assert chance(p) == text


def test_quotes_are_marked_as_whole_words() -> None:
    assert quoted(gold()) == ("The lamp was lit on ", QUOTE, ", after four summers of work between the tides.")
    assert quoted(gold(quote="a", sentence="At dawn a lamp.")) == ("At dawn ", "a", " lamp.")
    assert quoted(gold(quote="ight", sentence="A light.")) == ("A l", "ight", ".")
    assert quoted(gold(quote=SENTENCE + " And more.")) == ("", SENTENCE + " And more.", "")
    before, quote, behind = quoted(gold(quote="Q", sentence="a" * 500 + " Q " + "b" * 500))
    assert (len(before), before[0], quote, len(behind), behind[-1]) == (160, "…", "Q", 160, "…")


def test_long_texts_are_cut() -> None:
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abc def", 5) == "abc…"


@pytest.mark.parametrize(("part", "text"), [("held", "lights, held part"), (None, "lights")])
def test_a_part_is_named_with_its_set(part: str | None, text: str) -> None:
    assert heading(replace(evaluation().sets[0], part=part)) == text


def test_measures_are_explained() -> None:
    span = [Slice("a", 0, 9)]
    names = [*NAMES, *characters("characters", span, span), *characters("highlights", span, span), SENTENCE_IOU]
    assert [name for name in names if not meaning(name)] == []
    assert meaning("R@10") == "the share of the gold that is among the first 10"
    assert meaning("unheard of") == ""
