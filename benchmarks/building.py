"""What it takes to build the index of a made archive, and to keep it in step.

    python benchmarks/building.py [--files 10000] [--seed 1]

Makes the archive (see made_archive.py), builds its index, and builds again after one file was changed, after one was
removed, after nothing was, and after a folder was renamed; each as a command of its own. Prints JSON. Of each build:
its seconds from start to end; the share of them in which the encoder ran; the highest memory of all its processes
together (what they share counted once); how many files were looked into, and how many texts embedded. ``time_to_go``
is how far the time to go that is shown was off, as a share of what was then really to go: the worst case and the median
from the first tenth of the embedding to the ninth.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.made_archive import make
from index.build import build
from index.model import PACKAGED_MODEL
from qa.terminal import seconds_to_go


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--build", nargs=2, type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.build:
        _build_here(*options.build)
        return
    with tempfile.TemporaryDirectory() as temporary:
        print(json.dumps(_run(Path(temporary), options.files, options.seed), indent=1))


def _run(folder: Path, files: int, seed: int) -> dict[str, Any]:
    articles, index = folder / "articles", folder / "index"
    make(articles, files, seed)
    figures = {"files": files, "first build": _build(articles, index)}
    texts = sorted(articles.rglob("*.md"))
    texts[0].write_text(texts[0].read_text(encoding="utf-8") + "\nA sentence that was added.\n", encoding="utf-8")
    figures["one file changed"] = _build(articles, index)
    texts[1].unlink()
    figures["one file removed"] = _build(articles, index)
    figures["nothing changed"] = _build(articles, index)
    (articles / "science").rename(articles / "knowledge")
    figures["a folder renamed"] = _build(articles, index)
    return figures


def _build(articles: Path, index: Path) -> dict[str, Any]:
    time.sleep(2.5)  # so that what was just changed has settled
    command = [sys.executable, "-m", "benchmarks.building", "--build", str(articles), str(index)]
    begun, peak = time.perf_counter(), 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            peak = max(peak, _memory(process.pid))
            time.sleep(0.2)
        assert process.stdout
        printed = process.stdout.read()
    seconds = time.perf_counter() - begun
    if process.returncode:
        sys.exit(f"the build failed with exit code {process.returncode}")
    return {"seconds": round(seconds, 1), "peak_memory_mb": peak // 2**20, **json.loads(printed)}


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
