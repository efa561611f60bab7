"""An archive that has all that an article's page shows, and that changes between two builds."""

from __future__ import annotations

from pathlib import Path

from corpus.fetching import snapshots
from tests.web import PUBLIC, Web, fetch, response, serve

LAMP = "harbour/lamp"
LAMP_TEXT = """The lamp of Orlam was lit for the first time on a Sunday in March, and the whole town came to see it.

## What the keeper wrote

The keeper wrote in the book of the harbour: \N{ROCKET} rockets at nine, \U0001d434\U0001d435 for the code of the \
day, and a fl\u00fcgelhorn from the pier. “Nobody slept,” he noted — not even the gulls.

In the margin stands, in another hand, the Arabic for it: أضاء المصباح لأول مرة، and the Hebrew: האור נדלק. The \
two hands have been compared by the archive of the town, which thinks that the second is the pilot's.

## What was brought

- a lens of the first order, from Paris;
- forty barrels of oil, of which three leaked \N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER};
- a clockwork, which went until 1931.

## What came of it

Wrecks on the Orlam reef fell from eleven in a year to two. The insurers of the coast lowered their rates in the \
autumn of the same year, and the fishermen went out at night for the first time since anybody could remember. A \
pilot who had brought ships in by the smell of the kelp, as he said, gave up his trade and opened an inn by the \
pier, where the wick of the first night hangs in a frame above the bar.

The harbour council paid for the oil until the war. Then the lamp was dark for four years, and eleven ships were \
lost on the reef in the first winter alone. After it an electric light was put in, with a bulb no larger than a \
plum, and the clockwork was sold to a collector in Lisbon, who returned it to the town in his will.

## What is left

Of the first lamp the lens is left, and one of the barrels. Both stand in the hall of the town's archive, where \
they can be seen on Sundays. The book of the harbour is kept in the safe, and has been copied page by page, so \
that whoever wants to know what the keeper wrote does not need to turn its leaves.
"""

LAMP_ARTICLE = f"""---
title: The lamp of Orlam is lit
authors: [Ada Brandt, Óscar Núñez]
publisher: Harbour Gazette
published: 2025-03-04
updated: 2025-03-06
url: https://example.org/lamp
tags: [light, harbour]
sources: ["The keeper's book", "Council minutes, 1898"]
licence: CC-BY-4.0
language: en
---

{LAMP_TEXT}"""

BELL = "The bell on the pier rang for the last time in 1931, when the new horn was installed by the council."
ARABIC = "أضيء المصباح في الميناء لأول مرة يوم أحد من شهر مارس، وجاء أهل المدينة كلهم لرؤيته."

FETCHED = "fetched/site.example/story"
STORY = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Bridge opens</title>
<style>body { background: rgb(0, 80, 0) }</style>
<link rel="stylesheet" href="/static/page.css">
<script>document.title = "ran"; fetch("/healthz"); alert("ran")</script>
<script src="/static/page.js"></script></head>
<body onload="document.title = 'ran'">
<article><h1>Bridge opens</h1>
<p>The bridge at Orlam opened on Monday, four years after the ferry that it replaces had been taken out of service.</p>
<p>It is the first across the sound, and the longest of the county: 812 metres from the quay to the chapel.</p>
<p><img src="/static/base.css" onerror="document.title = 'ran'"><img src="https://evil.example/counts.png" alt="">
<a id="script" href="javascript:document.title='ran'">more</a></p></article>
<iframe src="/feedback"></iframe>
<form action="/feedback/1/remove" method="post"><button>Press</button></form>
</body></html>"""

NOTES = 115
PUBLISHERS = 12


def first_files() -> dict[str, str]:
    """What the archive has at first."""
    files = {
        f"{LAMP}.md": LAMP_ARTICLE,
        "reprints/lamp.md": LAMP_ARTICLE.replace("Harbour Gazette", "Evening Star").replace("2025-03-04", "2025-03-05"),
        "bell.md": f"---\npublished: 2025-01\n---\n# The bell\n\n{BELL}",
        "nets.md": "# Nets\n\nNets dry on the wall of the chapel, where they were mended in winter.",
        "misbah.md": f"---\nlanguage: ar\npublished: 2024\npublisher: جريدة الميناء\n---\n# المصباح\n\n{ARABIC}",
    }
    return files | {f"notes/{number:03}.md": _note(number) for number in range(NOTES)}


def _note(number: int) -> str:
    return (
        f"---\ntitle: Note {number}\npublisher: Paper {number % PUBLISHERS}\n"
        f"published: {2024 + number // 60}-{number // 5 % 12 + 1:02}-{number % 28 + 1:02}\n---\n"
        f"Ship number {number} was seen off the reef."
    )


def change(folder: Path) -> None:
    """Changes the folder of articles to what the archive has then."""
    bell = folder / "bell.md"
    bell.write_text(bell.read_text(encoding="utf-8").replace("1931", "1932"), encoding="utf-8")
    (folder / "nets.md").unlink()
    (folder / "whistle.md").write_text("# The whistle\n\nA whistle of brass took the place of the bell.")
    path = folder / f"{FETCHED}.warc.gz"
    path.parent.mkdir(parents=True)
    with serve({"/story": response(body=STORY)}) as site:
        web = Web()
        web.name("site.example", [PUBLIC], site=site)
        snapshots.write(path, fetch(web, "http://site.example/story"))
