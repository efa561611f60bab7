"""What an HTTP response carries, where it was made to take long."""

from __future__ import annotations

import gzip
from time import process_time

import pytest

from corpus.formats.payload import Payload, Undecodable, content_of, http_payload


def payload(content: bytes, transfer: str = "", coding: str = "") -> Payload:
    return Payload(status=200, content_type="text/html", content=content, transfer=transfer, coding=coding)


def test_compressed_content_of_several_pieces_is_one() -> None:
    assert content_of(payload(gzip.compress(b"Osk ") + gzip.compress(b"ferry"), coding="gzip")) == b"Osk ferry"


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (payload(gzip.compress(b"") * 500_000, coding="gzip"), "more than 100 pieces: a bomb"),
        (payload(b"1\r\na\r\n" * 2_000_000, transfer="chunked"), "more than 1000000 chunks: a bomb"),
    ],
    ids=["gzip", "chunks"],
)
def test_content_in_millions_of_pieces_takes_little_time(made: Payload, says: str) -> None:
    begun = process_time()
    with pytest.raises(Undecodable, match=says):
        content_of(made)
    assert process_time() - begun < 10


def test_a_head_without_an_end_is_read_no_further_than_a_head_may_go() -> None:
    found = http_payload(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + b"x" * 2**20 + b"\r\n\r\nThe page.")
    assert found == Payload(status=200, content_type="text/plain", content=b"")
