"""What it takes to build the index of a made archive, and to keep it in step.

    python -m benchmarks.building [--files 10000] [--seed 1] [--kills 20]

Makes the archive (see made_archive.py), builds its index, and builds again after one file was changed, after one was
removed, after nothing was (five times each), and after a folder was renamed; each as a command of its own. Prints a
line of JSON each: its seconds from start to end, of five the median one; the share of them in which the encoder ran;
the highest memory of all its processes together (what they share counted once); how many files were looked into, and
how many texts embedded. ``time_to_go`` is how far the time to go that is shown was off, as a share of what was then
really to go: the worst case and the median from the first tenth of the embedding to the ninth.

Then the first build is done once more, in a new index, and killed with SIGKILL at that many random moments, each time
started again. ``kept`` is, for each kill, the share of the texts which that build had embedded that were there for the
next one; ``same_passages`` whether the index has in the end the very passages of the undisturbed one, hash for hash.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from benchmarks.made_archive import make
from index import cache
from index.build import build
from index.generation import current_generation, generation_folder
from index.model import PACKAGED_MODEL
from index.store import Store
from qa.terminal import seconds_to_go

REPEATS = 5


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--build", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        _build_here(*options.build)
        return
    with tempfile.TemporaryDirectory() as temporary:
        for name, figures in _run(Path(temporary), options.files, options.seed, options.kills):
            print(json.dumps({name: figures}), flush=True)


def _run(folder: Path, files: int, seed: int, kills: int) -> Iterator[tuple[str, dict[str, Any]]]:
    articles, index = folder / "articles", folder / "index"
    make(articles, files, seed)
    first = _build(articles, index)
    yield "first build", first
    whole = _passages(index)
    texts = sorted(articles.rglob("*.md"))[:REPEATS]
    written = [text.read_bytes() for text in texts]
    for name, change in (
        ("one file changed", lambda text: text.write_bytes(text.read_bytes() + b"\nA sentence that was added.\n")),
        ("one file removed", Path.unlink),
        ("nothing changed", lambda text: None),
    ):
        yield name, _median(change, texts, articles, index)
    (articles / "science").rename(articles / "knowledge")
    yield "a folder renamed", _build(articles, index)
    if kills:
        (articles / "knowledge").rename(articles / "science")
        for text, content in zip(texts, written, strict=True):
            text.write_bytes(content)
        figures = _killed(articles, folder / "another", first, kills, random.Random(seed))
        yield "killed", {**figures, "same_passages": _passages(folder / "another") == whole}


def _median(change: Callable[[Path], Any], texts: Sequence[Path], articles: Path, index: Path) -> dict[str, Any]:
    """The build that took the median time of those after each of some changes."""
    found = []
    for text in texts:
        change(text)
        found.append(_build(articles, index))
    return sorted(found, key=lambda figures: figures["seconds"])[len(found) // 2]


def _build(articles: Path, index: Path) -> dict[str, Any]:
    time.sleep(2.5)  # so that what was just changed has settled
    command = [sys.executable, "-m", "benchmarks.building", "--build", str(articles), str(index)]
    begun, peak = time.perf_counter(), 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        ended = False
        while not ended:
            peak = max(peak, _memory(process.pid))
            with suppress(subprocess.TimeoutExpired):  # To look costs time as well: once a second is enough.
                process.wait(1)
                ended = True
        assert process.stdout
        printed = process.stdout.read()
    seconds = time.perf_counter() - begun
    if process.returncode:
        sys.exit(f"the build failed with exit code {process.returncode}")
    return {"seconds": round(seconds, 2), "peak_memory_mb": peak // 2**20, **json.loads(printed)}


def _killed(
    articles: Path, index: Path, undisturbed: dict[str, Any], kills: int, chance: random.Random
) -> dict[str, Any]:
    """Builds with as many kills, at moments of an undisturbed build, and then to the end."""
    moments = sorted(chance.uniform(1, undisturbed["seconds"]) for _ in range(kills))
    kept, embedded, total = [], 0, 0
    for before, moment in zip([0.0, *moments], moments, strict=False):
        done, finished = _build_for(articles, index, moment - before)
        if finished:  # It was through before its time was up.
            break
        there = _vectors(index) - total
        total += there
        embedded += done
        kept.append(round(min(1.0, there / done), 4) if done else 1.0)
    last = _build(articles, index)
    return {
        "kills": len(kept),
        "kept": kept,
        "embedded_before_the_kills": embedded,
        "embedded_after_the_last": last["embedded"],
        "embedded_undisturbed": undisturbed["embedded"],
    }


def _build_for(articles: Path, index: Path, seconds: float) -> tuple[int, bool]:
    """Kills a build after so many seconds; how many texts it had embedded, and whether it was through before."""
    code = (
        "import sys, pathlib, index.build\n"
        "def progress(step, done, total):\n"
        "    if step == 'Embedding': print(done, flush=True)\n"
        "index.build.build([pathlib.Path(sys.argv[1])], pathlib.Path(sys.argv[2]), sys.argv[3], progress)\n"
    )
    command = [sys.executable, "-c", code, str(articles), str(index), PACKAGED_MODEL]
    with tempfile.TemporaryFile("w+") as printed, subprocess.Popen(command, stdout=printed) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        printed.seek(0)
        lines = printed.read().split("\n")
        return int(lines[-2]) if len(lines) > 1 else 0, process.returncode == 0


def _vectors(index: Path) -> int:
    """How many texts' vectors are kept."""
    if not (index / cache.FILE).exists():
        return 0
    with closing(sqlite3.connect(index / cache.FILE)) as connection:
        return int(connection.execute("SELECT count(*) FROM vectors").fetchone()[0])


def _passages(index: Path) -> list[tuple[str, int, int, str]]:
    """Every passage of the current generation: its article, where it stands, and the hash of its text."""
    store = Store(generation_folder(index, current_generation(index)))
    return [
        (one.article.id, one.start, one.end, hashlib.sha256(one.text.encode()).hexdigest())
        for first in range(0, store.passages, 1000)
        for one in store.excerpts(range(first, min(first + 1000, store.passages)))
    ]


def _memory(process: int) -> int:
    """The proportional memory of a process and of all below it, in bytes."""
    try:
        rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
        children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()
    except OSError:  # It has ended meanwhile.
        return 0
    own = next((int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:")), 0)
    return own + sum(_memory(int(child)) for child in children)


def _build_here(articles: Path, index: Path) -> None:
    shown: list[tuple[float, int, int]] = []

    def progress(step: str, done: int, total: int | None) -> None:
        if step == "Embedding" and total:
            shown.append((time.monotonic(), done, total))

    report = build([articles], index, PACKAGED_MODEL, progress)
    print(
        json.dumps(
            {
                "published": report.published,
                "articles": report.articles,
                "passages": report.passages,
                "sentences": report.sentences,
                "rejected": len(report.rejected),
                "looked_into": report.read,
                "embedded": report.embedded,
                "files_a_second": round(report.read / report.seconds["total"], 1),
                "encoders_share": round(report.seconds["encoding"] / report.seconds["total"], 3),
                "time_to_go": _off(shown),
            }
        )
    )


def _off(shown: list[tuple[float, int, int]]) -> dict[str, float] | None:
    if len(shown) < 100:
        return None
    (begun, first, _), (end, last, _) = shown[0], shown[-1]
    off = [
        abs(seconds_to_go(now - begun, done - first, total - first) - (end - now)) / (end - now)
        for now, done, total in shown
        if 0.1 * last < done < 0.9 * last
    ]
    return {"worst": round(max(off), 3), "median": round(statistics.median(off), 3)}


if __name__ == "__main__":
    os.environ["HF_HUB_OFFLINE"] = "1"
    main()
