"""A source's link opens the page at the quote and marks just that, in a real browser.

Skipped where Playwright or Chromium is missing.
"""

from __future__ import annotations

import html
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from corpus.article import Entry
from index.store import Excerpt
from qa.fragments import source_link
from tests.test_browser import CHROMIUM, OPTIONS

if TYPE_CHECKING:
    from playwright.sync_api import Page  # type: ignore[import-not-found,unused-ignore]

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")

HEIGHT = 800
STYLE = """
body { margin: 20px; font: 16px/24px sans-serif; width: 900px }
.far { margin-top: 2000px }
article > :last-child { margin-bottom: 2000px }
::target-text { background: rgb(255, 0, 255); color: rgb(255, 0, 255) }
"""
"""Blocks of class ``far`` can't be seen together with those before them."""

RECTANGLES = """([start, end]) => {
    // Where the code points start to end of the article are on the screen; a line is a block.
    const rectangles = [];
    let passed = 0;
    for (const block of document.querySelector("article").children) {
        const walker = document.createTreeWalker(block, NodeFilter.SHOW_TEXT);
        for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const characters = Array.from(node.data), range = document.createRange();
            const offset = place => characters.slice(0, Math.max(0, place - passed)).join("").length;
            range.setStart(node, offset(start));
            range.setEnd(node, offset(end));
            rectangles.push(...range.getClientRects());
            passed += characters.length;
        }
        passed += 1;
    }
    return rectangles.filter(r => r.width > 0).map(r => [r.left, r.top, r.right, r.bottom]);
}"""

MARKED = """async ([png, rectangles]) => {
    // How many marked pixels are outside of the rectangles, and what share of the rectangles is marked.
    const image = new Image();
    image.src = "data:image/png;base64," + png;
    await image.decode();
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d", {willReadFrequently: true});
    context.drawImage(image, 0, 0);
    const count = (x, y, width, height) => {
        const pixels = new Uint32Array(context.getImageData(x, y, width, height).data.buffer);
        return pixels.reduce((sum, pixel) => sum + (pixel === 0xffff00ff), 0);
    };
    let marked = 0, all = 0;
    const boxes = rectangles
        .map(([l, t, r, b]) => [l, Math.max(t, 0), r - l, Math.min(b, image.height) - Math.max(t, 0)])
        .map(box => box.map(Math.round)).filter(box => box[2] > 0 && box[3] > 0);
    for (const box of boxes) { marked += count(...box); all += box[2] * box[3]; }
    // The mark is as high as the line, a rectangle as its letters.
    for (const [x, y, width, height] of boxes) context.clearRect(x - 2, y - 4, width + 4, height + 8);
    return [count(0, 0, image.width, image.height), all ? marked / all : 0];
}"""


class Site:
    """Serves one page at whatever path."""

    def __init__(self) -> None:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = site.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                """Says nothing."""

        self.page = ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    site = Site()
    thread = Thread(target=partial(site.server.serve_forever, poll_interval=0.01))
    thread.start()
    yield site
    site.server.shutdown()
    thread.join()
    site.server.server_close()


@pytest.fixture(scope="module")
def window() -> Iterator[Page]:
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        yield browser.new_page(viewport={"width": 1000, "height": HEIGHT})
        browser.close()


@pytest.fixture
def page(window: Page) -> Page:
    """An empty page: from one fragment to another of the same address, nothing would be loaded."""
    window.goto("about:blank")
    return window


@dataclass(frozen=True)
class Case:
    """Blocks of a page, and which occurrence of a quote in their text is meant (from 0).

    ``markup`` is a block's content where that is more than its text.
    """

    blocks: tuple[str, ...]
    quote: str
    occurrence: int = 0
    markup: tuple[tuple[str, str], ...] = ()
    tag: str = "p"
    path: str = "/article"
    title: str = "On the way"

    @property
    def text(self) -> str:
        """The canonical text."""
        return "\n\n".join(self.blocks)

    def excerpt(self, site: Site) -> Excerpt:
        """The quote where it is meant."""
        start = -1
        for _ in range(self.occurrence + 1):
            start = self.text.index(self.quote, start + 1)
        entry = Entry(id="a", title=self.title, title_inferred=False, url=site.address + self.path, sha256="")
        return Excerpt(entry, self.text, start, start + len(self.quote))

    def page(self) -> str:
        """The page, on which every block but the first is far below the one before."""
        inner = {block: html.escape(block) for block in self.blocks} | dict(self.markup)
        blocks = [
            f'<{self.tag} dir="auto"{" class=far" if number else ""}>{inner[block]}</{self.tag}>'
            for number, block in enumerate(self.blocks)
        ]
        return (
            f'<!doctype html><meta charset="utf-8"><title>{self.title}</title><style>{STYLE}</style>'
            f"<h1>{self.title}</h1><article>{''.join(blocks)}</article>"
        )


def rectangles(page: Page, excerpt: Excerpt) -> list[list[float]]:
    """Where the words of an excerpt are on the screen: a link leaves out what is around them."""
    start, end = excerpt.start, excerpt.end
    while not excerpt.source[start].isalnum():
        start += 1
    while not (excerpt.source[end - 1].isalnum() or excerpt.source[end - 1] in "\u093e\u0947\u0902\u0940"):
        end -= 1
    # A blank line between blocks counts as one.
    blank = excerpt.source.count("\n\n", 0, start), excerpt.source.count("\n\n", 0, end)
    return list(page.evaluate(RECTANGLES, [start - blank[0], end - blank[1]]))


def marked(page: Page, excerpt: Excerpt) -> tuple[int, float]:
    """How many pixels are marked outside of the excerpt, and which share of it is, in what can be seen."""
    seen = [r for r in rectangles(page, excerpt) if r[3] > 0 and r[1] < HEIGHT]
    outside, share = page.evaluate(MARKED, [b64encode(page.screenshot()).decode(), seen])
    return outside, share


FILLER = "Somebody else says something else here."
TWICE = "The capsule landed near the lake at dusk."
LONG = " ".join(f"In week {n} the crew repaired pump {n}, and slept for {n % 9} hours." for n in range(1, 31))
ARABIC = "هبطت الكبسولة قرب البحيرة عند الغروب."
CHINESE = "第一位巴基斯坦航天员将飞往中国空间站，时间是2026年。"
LONG_CHINESE = (
    "机组人员睡了八个小时，然后修理了水泵，吃了早饭，又继续工作了一整天，直到晚上才休息，"
    "第二天他们返回地球，带回了许多样品，科学家们正在研究这些样品，希望了解月球的历史。"
)
MARKUP = 'The <em>cap</em>sule <a href="/x">landed near <b>the</b></a> lake at <i>dusk</i>.'
ADDRESS = "100% of R&D, #1 in C++, a=b&text=c, 1,5 €/kg: why? 50%25 ~ off"

CASES = {
    "once": Case((FILLER, f"It was late. {TWICE} Nobody saw it."), TWICE),
    "twice, the first": Case((f"A: {TWICE}", FILLER, f"And then: {TWICE} So they say."), TWICE),
    "twice, the second": Case((f"A: {TWICE}", FILLER, f"And then: {TWICE} So they say."), TWICE, 1),
    "twice as whole blocks": Case((TWICE, FILLER, TWICE), TWICE, 1),
    "twice in a block": Case((FILLER, f"He wrote: ({TWICE}) and left, and [{TWICE}] again."), TWICE, 1),
    "before in capitals, and without accents": Case(
        ("THE CAFÉ WAS CLOSED.", "The cafe was closed.", FILLER, "The café was closed."), "The café was closed."
    ),
    "told apart only by what follows": Case(
        ("Yes, the pump broke at noon.", "Yes, the pump broke at nine.", FILLER), "the pump broke", 1
    ),
    "before within words": Case(("Many starships left.", FILLER, "The star shone, and ships left."), "star shone"),
    "as in the heading": Case((FILLER, "On the way they sang."), "On the way", title="On the way"),
    "at the very beginning": Case((TWICE, FILLER), TWICE),
    "at the very end": Case((FILLER, TWICE), TWICE),
    "across paragraphs": Case(
        (FILLER, f"It was late. {TWICE}", "Nobody saw it. Nobody came."), f"{TWICE}\n\nNobody saw it."
    ),
    "across list items": Case(
        (FILLER, "Bread and butter", "Two bottles of water", "Salt"), "butter\n\nTwo bottles of water\n\nSalt", tag="li"
    ),
    "across elements": Case((FILLER, TWICE), TWICE, markup=((TWICE, MARKUP),)),
    "quotation marks": Case(
        (FILLER, '“We did it,” she said. ‘Did we?’ he asked, "really?" Then: «oui».'),
        '“We did it,” she said. ‘Did we?’ he asked, "really?"',
    ),
    "dashes": Case(
        (FILLER, "The crew — two of them – slept; a well-known, half-baked plan-B --- failed."),
        "two of them – slept; a well-known, half-baked plan-B",
    ),
    "dashes at both ends": Case((FILLER, "So they came -- fast, slow -- and went."), "-- fast, slow --"),
    "what addresses are made of": Case((FILLER, f"At {ADDRESS}."), ADDRESS),
    "numbers": Case(
        (FILLER, "It cost 3.5 million (4,000,000 U.S. dollars) on 2025-03-04."), "(4,000,000 U.S. dollars)"
    ),
    "Arabic": Case((FILLER, f"قال القائد: {ARABIC} ثم نام الطاقم."), ARABIC),
    "Arabic, twice": Case((ARABIC, FILLER, f"قال القائد: {ARABIC}"), ARABIC, 1),
    "Hebrew": Case((FILLER, "הקפסולה נחתה ליד האגם. צה״ל לא ראה אותה."), "צה״ל לא ראה אותה."),
    "Hindi": Case((FILLER, "कैप्सूल शाम को झील के पास उतरा। किसी ने उसे नहीं देखा।"), "किसी ने उसे नहीं देखा।"),
    "Greek": Case((FILLER, "Η ΚΑΨΟΥΛΑ ΗΡΘΕ.", "Χθες η κάψουλα ήρθε στη λίμνη."), "η κάψουλα ήρθε"),
    "Russian": Case((FILLER, "Капсула приземлилась у озера. Её никто не видел."), "Её никто не видел."),
    "Chinese": Case((FILLER, f"太空舱黄昏时降落在湖边。{CHINESE}没有人看见。"), CHINESE),
    "Chinese, twice": Case((CHINESE, FILLER, f"太空舱黄昏时降落在湖边。{CHINESE}"), CHINESE, 1),
    "Chinese, long": Case((FILLER, f"机组人员睡了八个小时。{LONG_CHINESE}没有人看见。"), LONG_CHINESE),
    "Japanese": Case(
        (FILLER, "湖の近くに着陸した。「誰も見なかった」と彼は言った。"), "「誰も見なかった」と彼は言った。"
    ),
    "Thai": Case((FILLER, "แคปซูลลงจอดใกล้ทะเลสาบตอนพลบค่ำ ไม่มีใครเห็นมัน"), "ไม่มีใครเห็นมัน"),
    "emoji": Case(
        (FILLER, "\N{ROCKET}\N{ROCKET} Lift-off \N{FAMILY} at dawn."), "\N{ROCKET} Lift-off \N{FAMILY} at dawn"
    ),
    "very long": Case((FILLER, LONG), LONG),
    "long, in the middle": Case((FILLER, LONG), " ".join(LONG.split()[60:200])),
    "very long, the second": Case((LONG, FILLER, LONG), LONG, 1),
    "an address with query and fragment": Case((FILLER, TWICE), TWICE, path="/a?b=c&d=%20e#section"),
    "an address with a text fragment": Case((FILLER, TWICE), TWICE, path="/a#:~:text=Somebody"),
}


@pytest.mark.parametrize("name", CASES)
def test_the_quote_is_shown_and_nothing_else_is_marked(page: Page, site: Site, name: str) -> None:
    case = CASES[name]
    excerpt = case.excerpt(site)
    link = source_link(excerpt)
    assert link
    assert ":~:text=" in link
    site.page = case.page()
    page.goto(link)
    outside, share = marked(page, excerpt)
    assert outside == 0, link
    assert share > 0.95, link
    far = rectangles(page, excerpt)[0][1] + page.evaluate("scrollY") > HEIGHT
    assert page.evaluate("scrollY > 0") == far


@pytest.mark.parametrize(
    "fragment", ["", "#:~:text=nowhere%20to%20be%20found", "#:~:text=Nobody-,The%20capsule", "#:~:text=apsule%20landed"]
)
def test_other_fragments_would_not_do(page: Page, site: Site, fragment: str) -> None:
    """The test above can fail."""
    case = CASES["once"]
    site.page = case.page()
    page.goto(site.address + case.path + fragment)
    assert page.evaluate("scrollY") == 0
    page.evaluate("window.scrollTo(0, 2000)")
    outside, share = marked(page, case.excerpt(site))
    assert (outside, share) == (0, 0)


def test_a_mark_at_another_place_would_be_seen(page: Page, site: Site) -> None:
    case = CASES["twice, the second"]
    site.page = case.page()
    page.goto(f"{site.address}#:~:text=The%20capsule%20landed%20near%20the%20lake%20at%20dusk")
    outside, share = marked(page, case.excerpt(site))
    assert outside > 1000
    assert share == 0
