"""The page on which the interface can be read and tried, over HTTP and in a real browser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask.testing import FlaskClient

from tests.browser import QUESTION
from tests.conftest import Service, get, run_service
from tests.test_contract import assert_problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page  # type: ignore[import-not-found,unused-ignore]


@pytest.fixture(scope="module")
def service(index: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with run_service(tmp_path_factory.mktemp("service"), index) as service:
        yield service


def test_the_page_has_the_policy_of_all_pages_and_its_files_are_kept(client: FlaskClient) -> None:
    page = client.get("/docs")
    assert (page.status_code, page.mimetype) == (200, "text/html")
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert re.findall(r"<script(?![^>]* src=)|\bon\w+=|style=", page.text) == []
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(addresses) == 7
    for address in addresses:
        with client.get(address) as response:
            assert response.status_code == 200, address
            if address.startswith("/docs/"):
                assert "max-age=31536000" in response.headers["Cache-Control"]


@pytest.mark.parametrize(
    "name",
    ["swagger-editor-bundle.js", "LICENSE", "index.css", "..%2f__init__.py", "../core.py", "%2e%2e", "a/b", "", "\0"],
)
def test_nothing_else_of_the_package_is_given(client: FlaskClient, name: str) -> None:
    assert_problem(client.get(f"/docs/{name}"), 404, "nothing at this address")


def test_it_shows_every_operation(page: Page, service: Service) -> None:
    described = service.json("/openapi.json")
    page.goto("/docs")
    page.wait_for_selector(".opblock")
    shown = {
        (str(block.get_attribute("class")), str(block.locator("[data-path]").get_attribute("data-path")))
        for block in page.locator(".opblock").all()
    }
    expected = {(method, path) for path, methods in described["paths"].items() for method in methods}
    assert {(re.findall(r"opblock-(get|post|delete)\b", kind)[0], path) for kind, path in shown} == expected
    assert page.locator(".info .title").first.inner_text().startswith("Ibidem")
    assert page.locator(".opblock-tag").count() == len(described["tags"])


def test_a_question_can_be_tried(page: Page, service: Service) -> None:
    page.goto("/docs")
    block = page.locator("#operations-questions-ask_by_address")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    block.locator("tr[data-param-name=question] input").fill(QUESTION)
    block.locator("tr[data-param-name=top_k] input").fill("1")
    with page.expect_response(re.compile("/v1/ask")) as given:
        block.get_by_role("button", name="Execute").click()
    answer = json.loads(given.value.body())
    assert (answer["question"], answer["answered"], len(answer["passages"])) == (QUESTION, True, 1)
    block.locator(".live-responses-table .response-col_status", has_text="200").wait_for()
    assert "late 2026" in block.locator(".live-responses-table").inner_text()


def test_what_is_asked_and_given_is_shown_as_types(page: Page) -> None:
    page.goto("/docs")
    block = page.locator("#operations-feedback-give_feedback")
    block.locator(".opblock-summary-control").click()
    for tab in block.get_by_role("tab", name="Schema").all():
        tab.click()
    block.get_by_role("button", name="citation", exact=True).first.click()
    block.get_by_text("The passage that is judged, as the answer cites it; null for the archive.").wait_for()
    page.locator("section.models").get_by_role("button").first.click()
    page.get_by_role("button", name="UnansweredQuestion", exact=True).wait_for()


def test_a_body_can_be_tried_as_its_example_has_it(page: Page, client: FlaskClient) -> None:
    page.goto("/docs")
    block = page.locator("#operations-citations-verify_citations")
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    with page.expect_response(re.compile("/v1/citations/verify")) as given:
        block.get_by_role("button", name="Execute").click()
    operation = get(client, "/openapi.json")["paths"]["/v1/citations/verify"]["post"]
    example = operation["responses"]["200"]["content"]["application/json"]["example"]
    found = json.loads(given.value.body())
    assert [one["status"] for one in found["results"]] == [one["status"] for one in example["results"]] == ["verified"]
