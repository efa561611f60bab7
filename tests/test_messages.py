"""Messages, alone and in mailboxes."""

from __future__ import annotations

import base64
import io
import time
from email.message import EmailMessage
from pathlib import Path

import pytest

from corpus.document import Document, Member, Refusal
from corpus.errors import UnreadableArticle
from corpus.formats import mailbox, registry
from corpus.formats.mailing import without_mailing
from tests.containers import described, expected, fixtures, names, parts, refusals, values

HEAD = b"From: Ada Writer <ada@desk.example>\nSubject: A title\nDate: Tue, 04 Mar 2025 23:30:00 -0500\n"
LONG = "The quay was rebuilt in eleven months, and it cost more than was planned by those who planned it. " * 3


def read(content: bytes) -> Document:
    return registry.read(Member(name="", format="message", content=content))


def typed(content_type: str, body: bytes, *fields: bytes) -> Document:
    head = b"".join(field + b"\n" for field in fields)
    return read(HEAD + head + b"MIME-Version: 1.0\nContent-Type: " + content_type.encode() + b"\n\n" + body)


def alternative(plain: str, html: str) -> Document:
    message = EmailMessage()
    message["From"] = "ada@desk.example"
    message.set_content(plain)
    message.add_alternative(html, subtype="html")
    return read(message.as_bytes())


@pytest.mark.parametrize("path", fixtures("messages"), ids=lambda path: path.name)
def test_fixtures(path: Path) -> None:
    format_name = str(registry.format_of(path.name))
    content = path.read_bytes()
    single = Member(name="", format=format_name, content=content)
    assert described(parts(content, format_name) if format_name == "mbox" else [single]) == expected(path)


def test_the_plain_text_goes_first_if_it_is_meant_for_reading() -> None:
    assert alternative(LONG, f"<p>{LONG}</p><p>html</p>").text == LONG.strip()


@pytest.mark.parametrize(
    "plain",
    [
        "Your program can't show this message.",
        "",
        " ".join(f"The quay was rebuilt ( https://mailer.example/{n} )" for n in range(30)),
    ],
)
def test_a_stub_does_not(plain: str) -> None:
    assert alternative(plain, f"<p>{LONG}</p>").text == LONG.strip()


@pytest.mark.parametrize(
    ("style", "is_seen"),
    [
        ("max-height:0px;overflow:hidden", False),
        ("color:#fff; FONT-SIZE: 0", False),
        ("mso-hide:all", False),
        ("opacity:0 !important;x:y", False),
        ("font-size:0.9em", True),
        ("line-max-height:0", True),
        ("opacity:0.5", True),
        ("max-height:0px auto", True),
    ],
)
def test_words_that_only_lists_of_messages_show(style: str, is_seen: bool) -> None:
    text = typed("text/html", f"<div style='{style}'>Before.</div><p>The text.</p>".encode()).text
    assert text == ("Before.\n\n" if is_seen else "") + "The text."


def test_inline_parts_follow_each_other_and_attachments_stay_out() -> None:
    body = b"""--x
Content-Type: text/plain

Before the picture.
--x
Content-Type: image/png
Content-Disposition: inline

zzz
--x
Content-Type: text/plain

Behind it.
--x
Content-Type: text/plain; name="notes.txt"
Content-Disposition: attachment; filename="notes.txt"

Not this.
--x
Content-Type: message/rfc822

From: bo@desk.example
Subject: Inner

Nor this.
--x--
"""
    assert typed('multipart/mixed; boundary="x"', body).text == "Before the picture.\n\nBehind it."


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [
        ("utf-8", "utf-8"),
        ("iso-8859-1", "utf-8"),
        ("us-ascii", "cp1252"),
        ("iso-8859-1", "cp1252"),
        ("utf-8", "cp1252"),
        ("x-unknown", "cp1252"),
        ("unicode-escape", "cp1252"),
        ("zlib", "utf-8"),
    ],
)
@pytest.mark.parametrize("transfer", ["8bit", "base64", "quoted-printable", "x-none"])
def test_charsets_that_lie(charset: str, encoding: str, transfer: str) -> None:
    text = "“Le café était fermé”, dit l’élève, et la fenêtre était grande ouverte à l’été."
    body = text.encode(encoding)
    if transfer == "base64":
        body = base64.encodebytes(body).rstrip(b"=\n")
    if transfer == "quoted-printable":
        body = "".join(f"={byte:02X}" if byte > 126 else chr(byte) for byte in body).encode()
    field = b"Content-Transfer-Encoding: " + transfer.encode()
    assert typed(f"text/plain; charset={charset}", body, field).text == text


def test_encodings_of_seven_bits() -> None:
    assert typed("text/plain; charset=iso-2022-jp", "港の灯り".encode("iso-2022-jp")).text == "港の灯り"


def test_names_of_encodings_mean_what_they_mean_on_the_web() -> None:
    assert typed("text/plain; charset=gb2312", "囍事".encode("gb18030")).text == "囍事"
    assert typed("text/plain; charset=shift_jis", "①港".encode("cp932")).text == "①港"


def test_paragraphs_of_flowed_lines() -> None:
    body = b"One paragraph that \nflows on.\n From the margin.\n> quoted \n> on\n> > deeper\n\nEnd.\n"
    assert typed("text/plain; format=flowed", body).text == (
        "One paragraph that flows on.\nFrom the margin.\n> quoted on\n> > deeper\n\nEnd."
    )
    assert typed("text/plain; format=flowed; delsp=yes", b"Hafen \nlicht\n").text == "Hafenlicht"


def test_paragraphs_that_were_wrapped() -> None:
    body = b"The quay was rebuilt in eleven months, and it cost more than was planned\n"
    body += b"by those who planned it, who had planned for a quay of wood and for a\nsummer without a storm.\n"
    assert typed("text/plain", body).text == body.decode().strip().replace("\n", " ")


def test_a_long_text_behind_the_mark_of_a_signature_stays() -> None:
    assert typed("text/plain", b"Text.\n-- \nAda\n").text == "Text."
    assert typed("text/plain", b"Text.\n--\nMore.\n").text == "Text.\n--\nMore."
    assert typed("text/plain", b"Text.\n-- \n" + b"More.\n" * 20).text.count("More.") == 20


TEXT = "\n\n".join(f"Paragraph {number} of the text." for number in range(12))


@pytest.mark.parametrize(
    "line",
    [
        "Unsubscribe",
        "Unsubscribe from this list.",
        "Unsubscribe ( https://mailer.example/u?id=1 )",
        "Click here to unsubscribe [https://mailer.example/u]",
        "If you no longer wish to receive these emails, you can unsubscribe here.",
        "Manage your email preferences | Unsubscribe",
        "Update your preferences or unsubscribe from this list",
        "You’re receiving this newsletter because you signed up on our website.",
        "This email was sent to reader@home.example.",
        "View this email in your browser <https://desk.example/1>",
        "Want to change how you receive these emails?",
        "Privacy policy · Terms of service · Contact us",
        "Copyright © 2025 The Desk, All rights reserved.",
        "Sent with Buttondown",
        "Our mailing address is:\nThe Desk\n1 Quay Street",
        "Our mailing address is:\n\nThe Desk\n1 Quay Street",
    ],
)
def test_the_ending_of_a_mailing_goes(line: str) -> None:
    assert without_mailing(f"{TEXT}\n\n{line}") == TEXT
    # In the middle of the text it is the author's.
    assert without_mailing(f"{line}\n\n{TEXT}\n\n{TEXT}").endswith(TEXT)


@pytest.mark.parametrize(
    "line", ["View in browser", "View this email in your browser.", "Having trouble viewing this email? Click here"]
)
def test_the_first_line_of_a_mailing_goes(line: str) -> None:
    assert without_mailing(f"{line}\n\n{TEXT}") == TEXT


@pytest.mark.parametrize(
    "line",
    [
        "Unsubscribe is what the council would like to do.",
        "The council's privacy policy was passed.",
        "You are receiving less because the mine closed. That is the law.",
        "Contact us at the harbour, said the harbour master.",
        "In 2025 the Desk moved.",
        "He wrote to the browser of old books.",
        "Our mailing address is the oldest in town.",
        "Unsubscribe? The reader hesitated.",
    ],
)
def test_the_words_of_an_author_stay(line: str) -> None:
    assert without_mailing(f"{TEXT}\n\n{line}") == f"{TEXT}\n\n{line}"
    assert without_mailing(f"{line}\n\n{TEXT}") == f"{line}\n\n{TEXT}"


@pytest.mark.parametrize(
    ("field", "name", "value"),
    [
        (b"From: =?iso-8859-1?Q?Ren=E9e_Dal?= <r@x.example>", "authors", ("Renée Dal",)),
        (b"From: r@x.example", "authors", ("r@x.example",)),
        (b'From: "Dal, Ren" <r@x.example>, Bo <b@x.example>', "authors", ("Dal, Ren", "Bo")),
        (b"From: Ren <<r@@x", "authors", None),
        (b"Subject: Fwd: The quay", "title", "Fwd: The quay"),
        (b"Subject: \xc3\x85 raw", "title", "Å raw"),
        (b"Subject: =?utf-8?Q?two?=\n =?utf-8?Q?_lines?=", "title", "two lines"),
        (b"Date: Tue, 04 Mar 2025 23:30:00 +1300", "published", "2025-03-04"),
        (b"Date: 4 Mar 2025 23:30 PST", "published", "2025-03-04"),
        (b"Date: yesterday", "published", None),
        (b"Date: Tue, 99 Mar 2025 23:30:00 +0000", "published", None),
        (b'List-Id: "The Tide" <tide.x.example>', "publisher", "The Tide"),
        (b"List-Id: <tide.x.example>", "publisher", None),
        (b"List-Id: 8ac9b7e01f33d4mc list <8ac9.list-id.x.example>", "publisher", None),
        (b"Archived-At: <https://x.example/1>", "url", "https://x.example/1"),
        (b"Archived-At: <news:1>", "url", None),
        (b"Content-Language: nb", "language", "nb"),
        (b"Content-Language: nb, en", "language", None),
    ],
)
def test_what_the_head_says(field: bytes, name: str, value: object) -> None:
    found = values(read(b"To: x@x.example\n" + field + b"\n\nText.\n"))
    if field == b"From: Ren <<r@@x":
        assert found.get(name) != ()
    else:
        assert found.get(name) == value


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no e-mail message"),
        (b"Just a text.\n\nNothing else.", "no e-mail message"),
        (HEAD + b"\n", "empty"),
        (HEAD + b"Content-Type: application/pdf\nContent-Disposition: attachment\n\nx", "only with attachments"),
        (HEAD + b'Content-Type: multipart/encrypted; boundary="x"\n\n--x\n\nzz\n--x--\n', "encrypted"),
        (HEAD + b"Content-Type: application/pkcs7-mime\n\nzz", "encrypted"),
        (HEAD + b"Content-Type: message/rfc822\n\nFrom: b@x.example\n\nInner.\n", "another one attached"),
        (HEAD + b"Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n!!!!", "empty"),
    ],
)
def test_messages_that_are_refused(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableArticle, match=reason):
        read(content)


def test_parts_that_are_nested_without_end() -> None:
    body = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\n\n--b%d\n' % (n, n) for n in range(3000))
    with pytest.raises(UnreadableArticle):
        read(HEAD + body + b"\nText.\n")


@pytest.mark.parametrize(
    "content",
    [
        HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nText\n" * 2000,
        HEAD + b'Content-Type: multipart/mixed; boundary="b"\n\n' + b"--b\n\nText\n" * 100_000,
    ],
)
def test_more_parts_than_can_be_read(content: bytes) -> None:
    with pytest.raises(UnreadableArticle, match="more than 1000 parts"):
        read(content)


@pytest.mark.parametrize(
    "head",
    [
        b"Subject: " + b"=?utf-8?q?a?= " * 20_000,
        b"From: " + b"(" * 20_000,
        b"From: " + b"a <a@x.example>, " * 20_000,
        b"Content-Type: text/plain; " + b"a=b; " * 20_000,
        b"Content-Type: text/plain; format=flowed\n\n" + b"word \n" * 100_000,
    ],
)
def test_long_fields_and_paragraphs_take_no_longer(head: bytes) -> None:
    start = time.process_time()
    assert read(b"Date: Tue, 04 Mar 2025 23:30:00 -0500\n" + head + b"\n\nText.").text.endswith("Text.")
    assert time.process_time() - start < 5


def test_heads_that_break_every_rule() -> None:
    bad = b'From: \x00\xff<>@,;:\nSubject: =?utf-8?B?!!!?= =?x?Q?a?=\nDate: \xff\nList-Id: <\nContent-Type: ;;;="\n'
    assert read(bad + b"\nText.\n").text == "Text."


def mbox(*messages: bytes) -> bytes:
    return b"".join(b"From a@x.example Tue Mar  4 10:00:00 2025\n" + message + b"\n\n" for message in messages)


def test_a_mailbox_with_a_giant_message_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    giant = HEAD + b"\n" + b"word " * 11_000_000
    found = parts(mbox(HEAD + b"\na", giant, HEAD + b"\nb"), "mbox")
    assert names(found) == ["1", "3"]
    assert "larger than 50 MiB" in refusals(found)["message 2"]


def test_no_more_of_a_message_is_kept_than_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "_MOST", 1000)
    (found,) = parts(mbox(HEAD + b"\n" + b"word\n" * 100_000), "mbox")
    assert isinstance(found, Member)
    assert len(found.content) <= 1010


def test_the_same_message_again() -> None:
    one = b"Message-ID: <a@x.example>\n" + HEAD + b"\nText."
    found = parts(mbox(one, one, b"Message-ID:\n <b@x.example>\n" + HEAD + b"\nText."), "mbox")
    assert names(found) == ["a@x.example", "b@x.example"]
    assert "the same id, 'a@x.example', as message 1" in refusals(found)["message 2"]


def test_mailboxes_with_the_line_ends_of_windows() -> None:
    found = parts(mbox(HEAD + b"\na", HEAD + b"\nb").replace(b"\n", b"\r\n"), "mbox")
    assert [registry.read(part).text for part in found if isinstance(part, Member)] == ["a", "b"]


@pytest.mark.parametrize(("content", "reason"), [(b"", "empty"), (b"\n\n", "empty"), (HEAD + b"\nText.", "no mailbox")])
def test_what_is_no_mailbox(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableArticle, match=reason):
        parts(content, "mbox")


def test_a_mailbox_is_read_as_a_stream() -> None:
    file = io.BytesIO(mbox(*[HEAD + b"\nText."] * 50_000))
    found = mailbox.members(file, "mbox", {})
    assert not isinstance(next(found), Refusal)
    assert file.tell() < 10_000
