"""Judging answers on the page, with a script and without, and what becomes of what was said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask

from qa.app import create_app
from qa.feedback import FeedbackStore
from qa.live import Live
from qa.shapes import Said
from tests.browser import PROBLEM, QUESTION, UNANSWERED, Pages, Served, asked, serve_app

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page  # type: ignore[import-not-found,unused-ignore]


COMMENT = "Says it — “late” 2026 \N{ROCKET}\n\nBut not in which month."


@pytest.fixture
def service(live: Live, tmp_path: Path) -> Iterator[Served]:
    """With a file of its own for each test."""
    with serve_app(create_app(live, feedback=tmp_path / "feedback.sqlite")) as served:
        yield served


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def either(request: pytest.FixtureRequest, pages: Pages) -> Page:
    """A page with scripts, and one without."""
    return pages.open(java_script_enabled=request.param)


def judge(shown: Locator, says: str, comment: str = "") -> None:
    """Says of a passage, or of the archive, whether it answers."""
    form = shown.locator(".judge").first
    form.locator("summary").click()
    if comment:
        form.get_by_label("Comment").fill(comment)
    form.get_by_role("button", name=says).click()


def kept(service: Served) -> list[Any]:
    """All that was said, the newest first."""
    return list(service.json("/v1/feedback")["feedback"])


def wait_until(page: Page, count: int, service: Served) -> None:
    """Waits until so much was said."""
    for _ in range(100):
        if len(kept(service)) == count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(kept(service))


def test_a_passage_is_judged_with_a_comment(either: Page, service: Served) -> None:
    either.goto(asked(QUESTION, ("publishers", "Ibidem Wire")))
    judge(either.locator("#p2"), "This answers", COMMENT)
    wait_until(either, 1, service)
    citation = service.json("/v1" + asked(QUESTION, ("publishers", "Ibidem Wire")).replace("/?", "/ask?"))
    (said,) = kept(service)
    assert (said["question"], said["answers"], said["comment"]) == (QUESTION, True, COMMENT)
    assert said["filters"] == {"publishers": ["Ibidem Wire"]}
    second = citation["passages"][1]["citation"]
    assert {name: said["citation"][name] for name in ("article_id", "start", "end", "quote", "sha256")} == {
        name: second[name] for name in ("article_id", "start", "end", "quote", "sha256")
    }


def test_the_archive_is_judged(either: Page, service: Served) -> None:
    either.goto(asked(UNANSWERED))
    judge(either.locator("main"), "The archive answers this")
    wait_until(either, 1, service)
    (said,) = kept(service)
    assert (said["question"], said["answers"], said["citation"]) == (UNANSWERED, True, None)


def test_without_a_script_the_page_comes_back_to_the_passage(pages: Pages, service: Served) -> None:
    page = pages.open(java_script_enabled=False)
    page.goto(asked(QUESTION))
    judge(page.locator("#p3"), "This does not")
    page.wait_for_url("**#p3")
    assert page.locator("#p3").is_visible()
    assert [said["answers"] for said in kept(service)] == [False]


def test_what_was_said_can_be_taken_back_at_once(page: Page, service: Served) -> None:
    page.goto(asked(QUESTION))
    judge(page.locator("#p1"), "This does not")
    undo = page.get_by_role("button", name="Take it back")
    undo.wait_for()
    assert undo.evaluate("button => button === document.activeElement")
    assert "Kept: this does not." in page.locator("#p1").inner_text()
    assert len(kept(service)) == 1
    undo.click()
    page.locator(".toast", has_text="Taken back").wait_for()
    assert kept(service) == []
    page.locator("#p1").get_by_role("button", name="This answers").click()
    undo.wait_for()
    assert [said["answers"] for said in kept(service)] == [True]


def test_what_was_said_is_listed_leads_back_and_can_be_removed(either: Page, service: Served) -> None:
    either.goto(asked(QUESTION))
    judge(either.locator("#p1"), "This answers", "yes")
    wait_until(either, 1, service)
    either.goto(asked(UNANSWERED))
    judge(either.locator("main"), "The archive does not")
    wait_until(either, 2, service)
    either.goto("/feedback")
    assert either.locator(".listed strong").all_inner_texts() == ["The archive does not answer", "This answers"]
    assert "“yes”" in either.locator("main").inner_text()
    either.locator(".listed .source a").click()
    either.wait_for_selector("#passage")
    either.goto("/feedback")
    either.get_by_role("link", name=QUESTION).click()
    either.wait_for_selector(".passages")
    assert either.get_by_role("searchbox").input_value() == QUESTION
    either.goto("/feedback")
    for left in (1, 0):
        either.get_by_role("button", name="Remove").first.click()
        either.wait_for_load_state()
        assert either.get_by_role("button", name="Remove").count() == left
    assert kept(service) == []
    assert "Nothing has been said yet." in either.locator("main").inner_text()


def test_what_was_said_is_loaded_as_a_question_set(page: Page, service: Served) -> None:
    page.goto(asked(QUESTION))
    judge(page.locator("#p1"), "This answers", "good")
    wait_until(page, 1, service)
    page.goto("/feedback")
    with page.expect_download() as download:
        page.get_by_role("link", name="questions.jsonl").click()
    assert download.value.suggested_filename == "questions.jsonl"
    (line,) = Path(download.value.path()).read_text(encoding="utf-8").splitlines()
    given = json.loads(line)
    assert (given["question"], given["comments"]) == (QUESTION, ["good"])
    assert given["answers"][0]["quote"] == kept(service)[0]["citation"]["quote"]


def test_questions_without_an_answer_are_listed_until_they_have_one(either: Page, service: Served) -> None:
    for question in (UNANSWERED, "Which bread was baked on Mars?", UNANSWERED):
        either.goto(asked(question))
    either.goto("/unanswered")
    assert either.locator(".listed a").all_inner_texts() == [UNANSWERED, "Which bread was baked on Mars?"]
    assert "asked 2 times, last " in either.locator(".listed li").first.inner_text()
    either.get_by_role("button", name="Remove").last.click()
    either.wait_for_load_state()
    assert either.locator(".listed a").all_inner_texts() == [UNANSWERED]
    either.locator(".listed a").click()
    either.wait_for_selector(".verdict")
    assert either.get_by_role("searchbox").input_value() == UNANSWERED


def test_the_filters_of_a_question_stand_with_it(page: Page, service: Served) -> None:
    """Of a period or of a publisher the archive may lack what it has otherwise."""
    page.goto(asked(QUESTION, ("publishers", "Ibidem Wire"), ("publishers", "A & B"), ("as_of", "1999-12")))
    judge(page.locator("main"), "The archive does not")
    wait_until(page, 1, service)
    for path in ("/unanswered", "/feedback"):
        page.goto(path)
        shown = page.locator(".listed li").first
        assert shown.locator(".source > span").all_inner_texts() == [
            "Publisher A & B", "Publisher Ibidem Wire", "As of 1999-12"
        ]  # fmt: skip
        shown.locator("a").click()
        page.wait_for_selector(".verdict.no")
        assert page.locator(".chips a:not(.all)").count() == 3


def test_a_question_that_is_answered_leaves_the_list(
    page: Page, service: Served, changed_index: Path, tmp_path: Path
) -> None:
    """The archive has grown, as far as this question goes: another one keeps feedback in the same file."""
    question = asked("When did the bell on the pier ring for the last time?")
    page.goto(question)
    page.goto("/unanswered")
    assert page.locator(".listed a").count() == 1
    with serve_app(create_app(Live(changed_index), feedback=tmp_path / "feedback.sqlite")) as grown:
        assert grown.json("/v1" + question.replace("/?", "/ask?"))["answered"]
    page.reload()
    assert "Every question that was asked got an answer." in page.locator("main").inner_text()


def test_another_site_can_say_nothing(pages: Pages, service: Served, tmp_path: Path) -> None:
    """Its page sends the very form that is on this service's, from a browser that may see both."""
    page = pages.open(expected=PROBLEM)
    page.goto(asked(QUESTION))
    form = str(page.locator("#p1 .judge form").evaluate("form => form.outerHTML"))
    evil = Flask("evil")
    evil.add_url_rule("/", view_func=lambda: form.replace('action="', f'action="{service.address}'))
    with serve_app(evil) as other:
        for host in ("127.0.0.1", "localhost"):
            attacker = pages.browser.new_page()
            attacker.goto(other.address.replace("127.0.0.1", host))
            with attacker.expect_response("**/feedback") as response:
                attacker.get_by_role("button", name="This answers").click()
            assert response.value.status == 403
            assert "sent by a page of another site" in attacker.locator("main").inner_text()
            attacker.context.close()
    assert kept(service) == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost:1"},
        {"Origin": "http://["},
        {"Origin": ""},
    ],
)
def test_what_another_site_sends_is_refused(live: Live, tmp_path: Path, headers: dict[str, str]) -> None:
    store = FeedbackStore(tmp_path / "feedback.sqlite")
    store.add(Said("Who?", {}, None, "", answers=True, comment="", citation=None))
    client = create_app(live, feedback=tmp_path / "feedback.sqlite").test_client()
    client.get(asked(UNANSWERED))
    form = {"back": asked(QUESTION), "answers": "true"}
    for path in ("/feedback", "/feedback/1/remove", "/unanswered/1/remove"):
        assert client.post(path, data=form, headers=headers).status_code == 403
    assert (store.page(10).total, store.unanswered.page(10).total) == (1, 1)


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, {}])
def test_what_the_page_itself_sends_is_kept(live: Live, tmp_path: Path, headers: dict[str, str]) -> None:
    client = create_app(live, feedback=tmp_path / "feedback.sqlite").test_client()
    response = client.post("/feedback", data={"back": asked(QUESTION), "answers": "true"}, headers=headers)
    assert (response.status_code, response.headers["Location"]) == (303, asked(QUESTION))


def test_without_feedback_the_page_has_none_of_it(pages: Pages, live: Live) -> None:
    with serve_app(create_app(live)) as service:
        alone = Pages(pages.browser, service)
        page = alone.open(expected=PROBLEM)
        page.goto(asked(QUESTION))
        assert page.locator(".passage").count() == 5
        assert page.locator(".judge, form[method=post]").count() == 0
        assert page.locator("nav[aria-label=Pages] a").all_inner_texts() == ["Articles", "New", "Verify"]
        for path in ("/feedback", "/unanswered"):
            response = page.goto(path)
            assert response
            assert response.status == 403
            assert "Feedback is turned off here" in page.locator("main").inner_text()
        alone.close()
