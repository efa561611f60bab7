"""Which encoding a file is in, and whether it is text."""

from __future__ import annotations

import random
import time
from contextlib import suppress

import pytest

from corpus.decoding import decode
from corpus.errors import UnreadableArticle

ENGLISH = "The minister said “we shall see” – and left the café at once, without paying the £20."
FRENCH = "L'été dernier, à l'école, le ministre a été très étonné: où étaient donc passés les élèves?"
GERMAN = "Die Größe des Gebäudes überraschte viele; für die Prüfung müssen alle täglich üben."
SWEDISH = "Regeringen beslöt att höja skatten på öl; därför blev många människor på landsbygden missnöjda."
HUNGARIAN = "Tegnap este bejelentették, hogy a legénység az ünnepek előtt hazatér, aminek mindenki örült a fővárosban."
POLISH = "Wczoraj wieczorem ogłoszono, że załoga wróci do domów przed świętami, co ucieszyło wszystkich."
RUSSIAN = "Вчера вечером объявили, что экипаж вернётся домой до праздников, и город обрадовался."
ARABIC = "أعلن المتحدث مساء أمس أن الطاقم سيعود إلى منزله قبل الأعياد، مما أسعد سكان المدينة."
CHINESE = "昨天晚上宣布，乘组将在节日前回家，全城的人都很高兴。航天员将在空间站停留六个月。"
JAPANESE = "昨夜、乗組員は休日の前に帰還すると発表されました。宇宙飛行士は六か月間滞在します。"
KOREAN = "어젯밤 승무원들이 명절 전에 집으로 돌아올 것이라고 발표했다. 도시의 모든 사람이 기뻐했다."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", [ENGLISH, RUSSIAN, CHINESE, "🚀", ""])
def test_unicode(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text


@pytest.mark.parametrize("mark", [b"\xff\xfe", b"\xfe\xff"])
def test_both_byte_orders(mark: bytes) -> None:
    encoding = "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
    assert decode(mark + ENGLISH.encode(encoding)) == ENGLISH


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ENGLISH, "windows-1252"),
        (FRENCH, "latin-1"),
        ("« C’est très bien », dit-il. « Où étaient-ils ? »", "windows-1252"),
        (GERMAN, "latin-1"),
        ("La riunione sarà domani nella sala grande.", "latin-1"),
        (SWEDISH, "windows-1252"),
        (HUNGARIAN, "windows-1250"),
        (POLISH, "windows-1250"),
        (RUSSIAN, "windows-1251"),
        (RUSSIAN, "koi8-r"),
        (ARABIC, "windows-1256"),
        (CHINESE, "gb18030"),
        (JAPANESE, "shift-jis"),
        (JAPANESE, "euc-jp"),
        (KOREAN, "euc-kr"),
    ],
)
def test_other_encodings(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)) == text
    assert decode((text + "\n").encode(encoding) * 50) == (text + "\n") * 50


def test_a_single_letter_is_enough_in_western_europe() -> None:
    assert decode("Il est à Paris".encode("latin-1")) == "Il est à Paris"


def test_line_ends_are_newlines() -> None:
    assert decode(b"one\r\ntwo\rthree\nfour") == "one\ntwo\nthree\nfour"


def test_mojibake_is_mended() -> None:
    assert decode("a cafÃ© of “ours”".encode()) == "a café of “ours”"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\x03\x04\0\0text", "binary content"),
        (ENGLISH.encode("utf-16-le"), "UTF-16"),
        (bytes(range(1, 32)) * 20, "binary content"),
        (b"\xff\xfe\0", "not decodable"),
        ((RUSSIAN * 3).encode()[:-2], "damaged at byte"),
        (CHINESE.encode() + b"\xff" + CHINESE.encode(), f"damaged at byte {len(CHINESE.encode())}"),
        (random.Random(1).randbytes(3000).replace(b"\0", b""), "not decodable|binary content"),
    ],
)
def test_what_is_not_text_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(UnreadableArticle, match=reason):
        decode(data)


def test_a_few_control_characters_are_no_reason_to_refuse() -> None:
    coloured = "\x1b[31mred\x1b[0m and a good deal of other words that have no colour at all\n" * 3
    assert decode(coloured.encode()) == coloured


@pytest.mark.parametrize("unit", [ENGLISH.encode("cp1252"), CHINESE.encode("gb18030"), b"\x80", b"\xc3", b"\xff"])
def test_ten_megabytes_are_decoded_in_time(unit: bytes) -> None:
    start = time.perf_counter()
    with suppress(UnreadableArticle):
        decode(unit * (10 * 2**20 // len(unit)))
    assert time.perf_counter() - start < 30
