"""Kills builds with SIGKILL at random moments while the service answers, and sees what is left.

    python benchmarks/crash.py [--kills 50] [--seed 1]

Each build has a changed article. After each kill: the service must have answered every question from a whole
generation, and the next build must succeed by itself; then the service must serve it. Prints JSON; exit code 1 if
anything was wrong.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.request import urlopen

from index.generation import GENERATIONS, current_generation, list_generations

ARTICLES = Path(__file__).resolve().parent.parent / "corpus" / "articles"
IBIDEM = [sys.executable, "-m", "qa.cli"]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        figures = _run(Path(temporary), options.kills, random.Random(options.seed))
    print(json.dumps(figures, indent=1))
    sys.exit(1 if figures["wrong"] else 0)


def _run(folder: Path, kills: int, moments: random.Random) -> dict[str, object]:
    articles, index = folder / "articles", folder / "index"
    shutil.copytree(ARTICLES, articles)
    _build(articles, index).wait()
    _change(articles, "first")
    begun = time.perf_counter()
    _build(articles, index).wait()
    whole = time.perf_counter() - begun
    wrong: list[str] = []
    steps: Counter[str] = Counter()
    with _Asker(index) as asker:
        for number in range(kills):
            _change(articles, f"kill {number}")
            before = current_generation(index)
            build = _build(articles, index)
            time.sleep(moments.uniform(0, whole))
            build.kill()
            build.wait()
            steps[_left(index, before)] += 1
            wrong += _recover(articles, index, asker, number)
        return {
            "kills": kills,
            "an undisturbed build, seconds": round(whole, 2),
            "what the killed builds left": dict(steps),
            "questions answered meanwhile": asker.answered,
            "questions not answered": asker.failed,
            "wrong": wrong + asker.problems,
        }


def _recover(articles: Path, index: Path, asker: _Asker, number: int) -> list[str]:
    """What is wrong after a kill: the next build must succeed, and its new fact be answered within two seconds."""
    _change(articles, f"recovery {number}")
    code = _build(articles, index).wait()
    if code:
        return [f"after kill {number} the next build ended with {code}"]
    deadline = time.perf_counter() + 2
    while asker.generation != current_generation(index):
        if time.perf_counter() > deadline:
            return [f"after kill {number} the new generation was not served within two seconds"]
        time.sleep(0.02)
    left = [path.name for path in (index / GENERATIONS).iterdir() if path.name.startswith(".")]
    subprocess.run(
        [*IBIDEM, "generations", "prune", "--keep", "2", "--index", str(index)], check=True, stdout=subprocess.DEVNULL
    )
    return [f"after kill {number} the next build left {left}"] if left else []


def _build(articles: Path, index: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*IBIDEM, "build", "--articles", str(articles), "--index", str(index)], stdout=subprocess.DEVNULL
    )


def _change(articles: Path, what: str) -> None:
    (articles / "changing.md").write_text(f"---\ntitle: A changing note\n---\nThe keeper wrote down: {what}.\n")


def _left(index: Path, before: str) -> str:
    """How far a killed build had come."""
    if current_generation(index) != before:
        return "published"
    if list_generations(index)[-1] > before:
        return "renamed, not yet current"
    return "unfinished folder" if list((index / GENERATIONS).glob(".building-*")) else "nothing"


class _Asker:
    """A service, and a thread that asks it one question after the other."""

    def __init__(self, index: Path) -> None:
        self.answered = self.failed = 0
        self.generation = ""
        self.problems: list[str] = []
        self._done = threading.Event()
        self._service = subprocess.Popen(
            [*IBIDEM, "serve", "--index", str(index), "--port", "0"], stdout=subprocess.PIPE, text=True
        )
        assert self._service.stdout is not None
        self._address = self._service.stdout.readline().split()[3]
        self._thread = threading.Thread(target=self._ask)

    def __enter__(self) -> _Asker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._service.terminate()
        self._service.wait()

    def _ask(self) -> None:
        while not self._done.is_set():
            try:
                with urlopen(f"{self._address}/v1/ask?question=What+did+the+keeper+write+down", timeout=10) as response:
                    self.generation = json.load(response)["generation"]
                self.answered += 1
            except OSError as error:
                self.failed += 1
                self.problems.append(f"a question was not answered: {error}")
            self._done.wait(0.02)


if __name__ == "__main__":
    main()
