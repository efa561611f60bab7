"""An archive whose every value tries to be more than text, or to spill onto what stands beside it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path

from index.generation import MANIFEST_FILE, current_generation, file_sha256, generation_folder, read_manifest
from index.store import FILE

RUN = "window.ran=1"
"""What a script would do, if one ran."""

SCRIPTS = (
    f"<script>{RUN}</script>",
    f"\"><img src=x onerror='{RUN}'>",
    f"' onmouseover='{RUN}' onfocus='{RUN}' autofocus='",
    f"</title></textarea></style></bdi></blockquote></div><svg onload={RUN}>",
    f"<iframe src=javascript:{RUN}></iframe><base href=//evil.example/><link rel=stylesheet href=//evil.example/x.css>",
    f"javascript:{RUN}",
    "{{ 7 * 7 }}{% include 'layout.html' %}${7*7}<%= 7*7 %>{# gone #}",
    "</style><style>*{display:none}</style>}body{background:url(//evil.example/x.png)}",
    "<!-- <![CDATA[ ]]> &lt;b&gt; &amp;amp; &#0; &nbsp;",
    "=cmd|' /C calc'!A0",
)
OVERRIDE, ISOLATE, EMBED = "\u202e", "\u2067", "\u202b"
"""They turn around what follows, and none of them is closed."""

UNSEEN = "\u200b\ufeff\u2060\u00ad\x01\x1b\x7f\x85"
MARKS = "e" + "\u0301" * 500
WORD = "quagga" + "x" * 10_000
EMOJI = "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}\N{REGIONAL INDICATOR SYMBOL LETTER D}" * 40
ARABIC = "شوهدت الكواجا في السهل مع القطيع، ولم ير أحد مثلها بعد ذلك في البلاد كلها."

PLACEHOLDER = "¤"
"""It stands in a text where reading would drop an override; ``poison`` puts one in its place."""


def files() -> dict[str, str]:
    """What is read; of ids, titles, authors, publishers, texts, tags and sources none is harmless."""
    found = {
        f"scripts/{number} {text.replace('/', '-')}.md": _article(number, text) for number, text in enumerate(SCRIPTS)
    }
    return found | {
        "long.md": _with("long" * 800, ["A" * 400] * 30, "P" * 500, f"The quagga was here. {WORD} {WORD}"),
        "marks.md": _with(f"Marks {MARKS}", [MARKS], MARKS, f"The quagga, {MARKS}, was seen. {EMOJI}"),
        "arabic.md": _with("الكواجا", ["كاتب"], "جريدة (2025) x", f"{ARABIC}\n\nThe quagga (كواجا) was seen, 12 - 34."),
        "override.md": _with("Left", ["One", "Two"], "Paper", f"The quagga {PLACEHOLDER}was seen.\n\nIt went on."),
    }


def _article(number: int, text: str) -> str:
    return _with(
        text,
        [text, f"Author {number}"],
        text,
        f"The quagga {text} was seen & heard in the plain.\n\n{text}\n\n- {text}\n- the quagga, again",
        url=f'https://example.org/{number}?"onclick="{RUN}\'><script>{RUN}</script>',
    )


def _with(title: str, authors: Sequence[str], publisher: str, text: str, url: str | None = None) -> str:
    """An article with these values in its front matter, and with the title as tag, source and licence."""
    values = {
        "title": title, "authors": list(authors), "publisher": publisher, "published": "2025-03-04",
        "tags": [title], "sources": [title, publisher], "licence": title, **({"url": url} if url else {}),
    }  # fmt: skip
    return "---\n" + "\n".join(f"{name}: {json.dumps(value)}" for name, value in values.items()) + f"\n---\n{text}\n"


def rewrite(index: Path, statement: str, values: Sequence[str] = ()) -> None:
    """Changes the texts of the current generation, as if they had been read so."""
    folder = generation_folder(index, current_generation(index))
    with sqlite3.connect(folder / FILE) as connection:
        connection.execute(statement, values)
    connection.close()
    changed = {**read_manifest(folder).files, FILE: file_sha256(folder / FILE)}
    manifest = json.loads((folder / MANIFEST_FILE).read_text())
    (folder / MANIFEST_FILE).write_text(json.dumps({**manifest, "files": changed}))


def poison(index: Path) -> None:
    """Puts in what reading drops or refuses: the pages don't depend on that."""
    spilling = [f"{OVERRIDE}{UNSEEN}tfel ot thgir{ISOLATE}{EMBED}", f"{ISOLATE}isolated{OVERRIDE}"]
    rewrite(index, f"UPDATE articles SET text = replace(text, '{PLACEHOLDER}', ?)", [OVERRIDE])
    rewrite(
        index,
        "UPDATE articles SET title = ?, publisher = ?, authors = ?, tags = ?, sources = ?, licence = ?, language = ?"
        " WHERE id = 'override'",
        [
            spilling[0],
            spilling[1],
            *[json.dumps([*spilling, "Last, in order"])] * 3,
            spilling[0],
            f"en\" onfocus='{RUN}'",
        ],
    )
    rewrite(index, "UPDATE articles SET url = ? WHERE id = 'marks'", [f"javascript:{RUN}"])
    rewrite(index, "UPDATE articles SET url = ? WHERE id = 'long'", [f"//evil.example/{'x' * 3000}"])
