"""The canonical form, mojibake and wrapped lines."""

from __future__ import annotations

import time
import unicodedata

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from corpus.cleaning import clean, mend, unwrap

# Characters that cleaning does something to, beside any others.
_DELICATE = (
    " \n\r\t\v\f\0\x1b\x1c\x85\xa0\xad\u1680\u2003\u200b\u200c\u200d\u200e\u2028\u2029\u202e\u2067\u202f\u3000"
    "\ufeff\ufffe\ud83d\ude00\udc80\ufb01\u0301\u0323\u0344\u034f\u212b\u1100\u1161e"
    "\U0001f3f4\U000e0067\U000e0062\U000e007f\U000e0001"
)
TEXTS = st.text(st.one_of(st.sampled_from(_DELICATE), st.characters(codec=None)), max_size=200)


def seconds(function: object, text: object) -> float:
    start = time.perf_counter()
    assert callable(function)
    function(text)
    return time.perf_counter() - start


@settings(deadline=None)
@given(TEXTS)
@example("e" + "\u0344" * 200)
@example("ế" + "\u0323" * 98)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


@settings(deadline=None)
@given(TEXTS)
def test_clean_text_is_canonical(text: str) -> None:
    cleaned = clean(text)
    assert unicodedata.is_normalized("NFC", cleaned)
    assert cleaned.encode().decode() == cleaned
    assert regex.search(r"[\p{Cc}\p{Cs}\p{Zl}\p{Zp}--\n]", cleaned, regex.V1) is None
    assert regex.search(r"[\p{Zs}--\ ]|  | \n|\n |\n\n\n", cleaned, regex.V1) is None
    assert cleaned == cleaned.strip()


@settings(deadline=None)
@given(st.text(st.characters(categories=["L", "N", "P", "S"])))
def test_no_letter_number_or_sign_is_lost(text: str) -> None:
    kept = unicodedata.normalize("NFKD", clean(text)).replace("\ufffd", "").replace("\u034f", "")
    assert kept.split() == unicodedata.normalize("NFKD", text).replace("\ufffd", "").split()


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("cafe\u0301", "café"),
        ("one\xa0two\u2009three\u3000four\tfive", "one two three four five"),
        ("a  \t b", "a b"),
        (
            "one\r\ntwo\rthree\u2028four\u2029five\vsix\fseven\x85eight",
            "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight",
        ),
        ("one \n \n \n\n two", "one\n\ntwo"),
        ("  \n one\n two \n ", "one\ntwo"),
        ("nul\0bell\x07delete\x7f", "nulbelldelete"),
        ("unit\x1fseparator", "unit separator"),
        ("soft\xadhyphen zero\u200bwidth \ufeffmark joined\u2060words", "softhyphen zerowidth mark joinedwords"),
        ("lone \ud83d half", "lone \ufffd half"),
        ("\ud83d\ude80", "🚀"),
        ("not\ufffea\U0001ffffcharacter", "not\ufffda\ufffdcharacter"),
        ("pay \u202eeno\u202c to \u2067him\u2069", "pay eno to him"),
        ("scienti\ufb01c e\ufb03ciency", "scientific efficiency"),
        ("hidden\U000e0049\U000e0067 order", "hidden order"),
    ],
)
def test_what_is_changed(text: str, canonical: str) -> None:
    assert clean(text) == canonical


@pytest.mark.parametrize(
    "text",
    [
        '“Curly”, ‘single’ and "straight" quotation marks – and dashes — stay.',
        "👩\u200d🚀 is one astronaut",
        "می\u200cخواهم",
        "क्\u200dष",
        "a \u200fmark\u200e that acts on its neighbour",
        "full width ＡＢＣ, ǆ and ŉ",
        "fish &amp; chips &lt;3",
        "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f has a flag",
        "- one\n- two\n\nx² + y² ≥ 2½",
    ],
)
def test_what_is_left_alone(text: str) -> None:
    assert clean(text) == text
    assert mend(text) == text


def test_a_long_run_of_combining_marks_keeps_them_all() -> None:
    cleaned = clean("a" + "\u0323\u0301" * 500)
    assert cleaned.count("\u0301") == 500
    assert "\u034f" in cleaned


@pytest.mark.parametrize(
    "unit",
    [
        "A plain sentence, “quoted” in a café. ",
        "a line\n",
        " \n",
        "\u0301\u0323",
        "\u200b",
        "\ufb01",
        "\ud83d",
        "🏴",
        ".\n\n",
    ],
)
def test_five_megabytes_take_a_second_or_two(unit: str) -> None:
    assert seconds(clean, unit * (5_000_000 // len(unit))) < 10  # some hundred times that if it were quadratic


@pytest.mark.parametrize(
    ("garbled", "text"),
    [
        ("It was a cafÃ© in KrakÃ³w.", "It was a café in Kraków."),
        ("â€œReadyâ€\x9d, she said â€“ and left.", "“Ready”, she said – and left."),
        ("Ð¶Ð¸Ð·Ð½ÑŒ", "жизнь"),
        ("Ã\x85land", "Åland"),
        ("“Right” beside cafÃ©: 日本", "“Right” beside café: 日本"),
        ("fine: é\nbad: Ã©", "fine: é\nbad: é"),
    ],
)
def test_mojibake_is_mended(garbled: str, text: str) -> None:
    assert mend(garbled) == text


@pytest.mark.parametrize(
    "text",
    [
        "Â is a letter; so is Ê.",
        "lost: â€\ufffd",
        "SÃO PAULO’S PROGRAMAÇÃO",
        "l’été “déjà”",
        "°C ±5 £3 ½",
        "жизнь",
        "à Paris, Ã la carte",
    ],
)
def test_what_only_looks_like_mojibake_stays(text: str) -> None:
    assert mend(text) == text


MAIL = """\
The rocket left the pad at dawn and climbed through a thin layer of
cloud that the forecast had promised would be gone by then. Nobody in
the stands seemed to mind, and when the sound arrived at last it was
felt more than heard."""

VERSE = """\
The harbour sleeps beneath a quilt of rain,
And every lamp that lines the eastern quay
Leans on its own reflection, like a train
Of candles carried slowly out to sea."""

FULL_VERSE = """\
The harbour sleeps beneath the quilt of autumn rain,
Tomorrow every lamp along the quay will burn again,
Remembering the ships that never turned for home."""


def test_a_wrapped_paragraph_becomes_one_line() -> None:
    assert unwrap(f"A title\n\n{MAIL}\n\nThe end") == "A title\n\n" + MAIL.replace("\n", " ") + "\n\nThe end"


@pytest.mark.parametrize(
    "text",
    [
        VERSE,
        FULL_VERSE,
        "- one item of a list\n- another item of it\n- a third, which is the last",
        "One long paragraph that ends here, and is much longer than any line of a mail, as scrapes have them." * 2
        + "\nA heading\nAnother long paragraph.",
        "two lines that might have been wrapped at some width, or perhaps\nnot at all",
        MAIL.replace("cloud that", "cloud\nthat"),
    ],
)
def test_what_was_not_wrapped_stays_as_it_is(text: str) -> None:
    assert unwrap(text) == text


WRAPPED_OR_NOT = st.lists(st.sampled_from(["", "- item", "A short one.", *MAIL.split("\n"), *VERSE.split("\n")]))


@settings(deadline=None)
@given(WRAPPED_OR_NOT)
def test_unwrapped_text_is_still_canonical(lines: list[str]) -> None:
    unwrapped = unwrap(clean("\n".join(lines)))
    assert clean(unwrapped) == unwrapped
    assert unwrapped.split() == " ".join(lines).split()


@pytest.mark.parametrize("unit", ["Text.\n\n", "a b c d e f g h i\n", "a\n", "word "])
def test_unwrapping_takes_linear_time(unit: str) -> None:
    assert seconds(unwrap, clean(unit * (5_000_000 // len(unit)))) < 10
