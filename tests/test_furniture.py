"""What a page puts around an article goes, and nothing that an author may have written does."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpus.cleaning import clean
from corpus.decoding import decode
from corpus.furniture import LONGEST_FURNITURE, without_furniture

SEEDS = Path(__file__).resolve().parents[2] / "shared" / "seeds"

LINES = ["", "Share.", "Facebook", "Comments are closed.", "Advertisement", "Read more: what now", "Comments", "text"]


@settings(deadline=None)
@given(st.lists(st.sampled_from(LINES)))
def test_what_is_left_is_canonical(lines: list[str]) -> None:
    rest = without_furniture(clean("\n".join(lines)))
    assert clean(rest) == rest
    assert rest.count("text") == lines.count("text")


BODY = "A first paragraph, long enough to be one.\n\nA second paragraph with more to say."


@pytest.mark.parametrize(
    "furniture",
    [
        "Comments are closed.",
        "Exit mobile version",
        "Leave a comment",
        "Advertisement",
        "ADVERTISEMENT",
        "Subscribe to our newsletter",
        "Accept all cookies",
        "This website uses cookies to improve your experience.",
        "Share on Facebook",
        "Click to share on X (Opens in new window)",
        "Skip to content",
        "Read more: why the launch was put off again",
        "Share.\n\nFacebook\nTwitter\nWhatsApp",
        "Share this:\nTweet\n12\nEmail",
        "Share.\n\nComments are closed.",
        "Your email address will not be published. Required fields are marked *",
    ],
)
def test_furniture_goes_from_the_middle_of_a_page(furniture: str) -> None:
    before, after = BODY.split("\n\n")
    assert without_furniture(f"{before}\n\n{furniture}\n\n{after}") == BODY


@pytest.mark.parametrize("furniture", ["Share.", "Related articles", "0 comments", "Share\nPrint", "Comments\n\nTags"])
def test_furniture_goes_from_the_end_of_a_page(furniture: str) -> None:
    assert without_furniture(f"{BODY}\n\n{furniture}") == BODY


@pytest.mark.parametrize(
    "text",
    [
        "Comments\n\nWhat the committee said of the plan, in full.",
        "Twitter\n\nThe company changed hands, and then its name.",
        "Twitter\n\nAnother heading\n\nThe company changed hands.",
        "Give half of it.\nShare.\nThen give the other half.",
        "Half is not enough:\n\nShare.\n\nThen give the other half.",
        "Give half, and then the other half.\nShare.",
        "Four firms were named:\n\nFacebook\nTwitter\nWhatsApp\nX",
        "What is left?\n\n…\n\n7\n\nNothing.",
        "Comments are closed. So are the shutters.",
        "Advertisement is the subject of this essay.",
        "Read more: novels help you to sleep.",
        "Eat less: sugar\nRead more: novels\nSleep longer: eight hours",
        "Share this article with anyone who still believes that rockets are cheap.",
        "Email\n\nIs a heading here.",
    ],
)
def test_what_an_author_may_have_written_stays(text: str) -> None:
    assert without_furniture(text) == text


def test_a_long_line_stays() -> None:
    pointer = "Read more: " + "why " * 50 + "not"
    assert len(pointer) > LONGEST_FURNITURE
    assert without_furniture(f"{pointer}\n\nText.") == f"{pointer}\n\nText."


def test_a_page_of_nothing_but_furniture_is_empty() -> None:
    assert without_furniture("Share\nFacebook\n\nComments are closed.\n\nExit mobile version") == ""


@pytest.mark.parametrize("unit", ["Share.\n", "1\n", "Text.\n\n", "Read more: x\n\n", "a b c d e f g h i\n"])
def test_furniture_is_found_in_linear_time(unit: str) -> None:
    text = clean(unit * (1_000_000 // len(unit)))
    start = time.perf_counter()
    without_furniture(text)
    assert time.perf_counter() - start < 10


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the scraped articles are not part of the repository")
def test_of_real_scrapes_only_the_furniture_goes() -> None:
    gone = []
    for path in sorted(SEEDS.glob("*.txt")):
        before = clean(decode(path.read_bytes())).split("\n")
        after = without_furniture("\n".join(before)).split("\n")
        gone += [line for line in before if line and line not in after]
        assert [line for line in before if line and line in after] == [line for line in after if line]
    assert gone == ["Share.", "Comments are closed.", "Exit mobile version"]
