"""What a person sees on the terminal: answers, and the progress of a build."""

from __future__ import annotations

import os
import pty
import subprocess

import pytest

from qa.answers import Answer, AnsweringPassage, Citation, Highlight, Searched, Span, Took
from qa.terminal import print_answer, show_progress
from tests.conftest import IBIDEM, MakeIndex

TEXT = "A [bold]bracket[/bold] first. The \N{ROCKET} flew. :smile: 100% https://example.org/x"
SHA256 = "0123456789abcdef" * 4


def passage(rank: int, **changes: object) -> AnsweringPassage:
    known: dict[str, object] = {
        "article_id": f"2026/{'deep/' * 30}räume/a [b]",
        "title": "[red]A title[/red]",
        "title_inferred": False,
        "authors": ("Zoë", "李雷"),
        "publisher": "The [i]Wire[/i]",
        "url": "https://example.org/a",
        "published": "2026-05-04",
        "updated": None,
        "retrieved": None,
        "provenance": {},
        "language": None,
        "page": None,
        "start": 1400,
        "end": 1400 + len(TEXT),
        "quote": TEXT,
        "prefix": "",
        "suffix": "",
        "sha256": SHA256,
        "generation": "20260131T120000Z-1a2b3c",
        "link": "/articles/x",
        "source_link": None,
    }
    citation = Citation(**{**known, **changes})  # type: ignore[arg-type]
    return AnsweringPassage(
        rank, 0.5, 1400, 1400 + len(TEXT), TEXT, (Highlight(1430, 1441, (Span(1430, 1433),)),), citation, None, ()
    )


def shown(*passages: AnsweringPassage) -> Answer:
    found = Searched(20, 0)
    return Answer(
        "Who?", passages[0].citation.generation, True, None, None, None, found, passages, (), Took(1, 2, 3.04)
    )


def test_an_answer_is_printed_with_its_source_and_place(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(shown(passage(1), passage(2)))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:3] == [
        "1. [red]A title[/red]",
        "Zoë, 李雷 · The [i]Wire[/i] · 2026-05-04 · https://example.org/a",
        TEXT,
    ]
    assert lines[4] == ""
    assert lines[5] == "2. [red]A title[/red]"
    assert lines[-1] == "generation 20260131T120000Z-1a2b3c, 3.0 ms"


def test_the_line_that_says_where_a_passage_stands_is_never_broken(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(shown(passage(1)))
    lines = capsys.readouterr().out.splitlines()
    assert lines[3] == f"2026/{'deep/' * 30}räume/a [b] [1400:{1400 + len(TEXT)}] sha256 {SHA256}"


def test_what_is_not_known_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    nothing: dict[str, object] = {"authors": (), "publisher": None, "url": None, "published": None}
    print_answer(shown(passage(1, **nothing, title_inferred=True)))
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["1. [red]A title[/red] (title inferred)", TEXT]
    print_answer(shown(passage(1, **{**nothing, "publisher": "P"})))
    assert capsys.readouterr().out.splitlines()[1] == "P"


def test_no_codes_for_colours_where_nobody_sees_them(capsys: pytest.CaptureFixture[str]) -> None:
    print_answer(shown(passage(1)))
    assert "\x1b" not in capsys.readouterr().out


def on_a_terminal(command: list[str]) -> str:
    """What a program prints on a terminal, which is its standard output and error."""
    terminal, end = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    with subprocess.Popen(command, stdin=end, stdout=end, stderr=end, env=environment) as process:
        os.close(end)
        output = b""
        try:
            while part := os.read(terminal, 65536):
                output += part
        except OSError:  # so Linux says that nobody has the other end open any more
            pass
        os.close(terminal)
        assert process.wait(60) == 0
    return output.decode()


@pytest.mark.usefixtures("alone")
def test_a_build_shows_its_steps_on_a_terminal_and_an_answer_its_highlight(make_index: MakeIndex) -> None:
    index = make_index({"a.md": "# A\n\nThe cat sat on the mat."})
    (index.parent / "articles" / "b.md").write_text("# B\n\nThe owl sleeps in the barn. It snores.")
    output = on_a_terminal([*IBIDEM, "build", "--index", str(index), "--articles", str(index.parent / "articles")])
    for step in ("Reading", "Preparing the encoder", "Embedding", "Writing", "Verifying"):
        assert step in output
    assert "2 articles (1 unchanged, 1 new, 0 changed)" in output
    output = on_a_terminal([*IBIDEM, "ask", "--index", str(index), "Where did the owl sleep?"])
    # The words that the question has too are underlined.
    parts = [(1, "The "), (2, "owl"), (1, " "), (2, "sleeps"), (1, " in the barn.")]
    assert "".join(f"\x1b[{'1;33' if marks == 1 else '1;4;33'}m{text}\x1b[0m" for marks, text in parts) in output


def test_progress_says_nothing_where_there_is_no_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    with show_progress() as progress:
        progress("Reading", 1, None)
        progress("Reading", 2, 2)
        progress("Embedding", 0, 0)
    assert capfd.readouterr() == ("", "")
