"""Every page in every state: it fits every screen, can be read in both schemes, and axe finds no barrier.

The pages' policy lets nobody add a script: axe is evaluated from its source by the browser's debugger, which the policy
does not bind, so that the pages are looked at as they are served.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import PROBLEM, TOO_WIDE, Pages, Served
from tests.states import STATES, serve_busy

if TYPE_CHECKING:
    from playwright.sync_api import Page  # type: ignore[import-not-found,unused-ignore]

LEAST_CONTRAST = 4.5
"""By WCAG 2.2, of text of this size."""

HARD_TO_READ = """least => {
    // The texts whose colour is too near to what is behind them.
    const parse = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = colour => parse(colour).slice(0, 3).map(v => v / 255)
        .map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const ground = element => {
        const {backgroundColor} = getComputedStyle(element);
        return parse(backgroundColor)[3] === 0 ? ground(element.parentElement) : backgroundColor;
    };
    const contrast = (element, colour) => {
        const [a, b] = [colour, ground(element)].map(light).sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
    };
    const shown = [...document.querySelectorAll("body *")].filter(element => element.checkVisibility());
    const texts = shown.filter(element => [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()))
        .map(element => [element, getComputedStyle(element).color]);
    const hints = shown.filter(element => element.placeholder && !element.value)
        .map(element => [element, getComputedStyle(element, "::placeholder").color]);
    return {
        looked: texts.length,
        found: [...texts, ...hints].filter(([element, colour]) => contrast(element, colour) < least)
            .map(([element, colour]) => [contrast(element, colour).toFixed(2), element.outerHTML.slice(0, 120)]),
    };
}"""

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


def unreadable(page: Page) -> list[str]:
    """The texts that are hard to read."""
    result = page.evaluate(HARD_TO_READ, LEAST_CONTRAST)
    assert result["looked"] > 5
    return list(result["found"])


@pytest.mark.parametrize("state", STATES)
def test_every_page_is_for_everybody(pages: Pages, axe: str, state: str) -> None:
    page = pages.open(expected=PROBLEM)
    STATES[state](page)
    page.evaluate(axe)
    for width in (320, 375, 768, 1600):
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(TOO_WIDE) == [], f"{width} pixels"
    for width, scheme in ((1280, "light"), (375, "dark")):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type,unused-ignore]
        assert unreadable(page) == [], scheme
        assert barriers(page) == [], f"{width} pixels, {scheme}"


def test_axe_finds_a_barrier_where_there_is_one(page: Page, axe: str) -> None:
    page.goto("/")
    page.evaluate("document.querySelector('label[for=question]').remove()")
    page.evaluate("document.querySelector('#question').removeAttribute('placeholder')")
    page.evaluate(axe)
    assert any(found.startswith("critical: label") for found in barriers(page))
