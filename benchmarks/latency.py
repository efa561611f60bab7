"""How fast the service answers: the first question after it starts, then one client that asks distinct questions.

    python benchmarks/latency.py [--index DIR] [--questions FILE]

The bare encoder, the very one that the service uses, is timed on the same questions in the same run, in turns with
the service, so that what else the machine does falls on both. Prints JSON; times are in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from http.client import HTTPConnection
from pathlib import Path

import numpy as np

from index.encoder import Encoder
from index.generation import current_generation, generation_folder
from qa.settings import load_settings

STARTS = 5
TURN = 25
VARIANTS = ("{}", "{} Please say when.", "I want to know: {}", "{} And who says so?", "Asked again, {}", "{} Why?")


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--index", type=Path, help="the index to serve (default: that of the settings)")
    parser.add_argument("--questions", type=Path, default=Path(__file__).parent.parent / "corpus" / "questions.jsonl")
    options = parser.parse_args()
    index = load_settings({"index": options.index}).index
    asked = [json.loads(line)["question"] for line in options.questions.read_text(encoding="utf-8").splitlines()]
    questions = [variant.format(question) for variant in VARIANTS for question in asked]
    encoder = Encoder(generation_folder(index, current_generation(index)))
    starts = [_start(index, questions[number]) for number in range(STARTS - 1)]
    first, served, bare = _time_in_turns(index, encoder, questions)
    print(json.dumps(_figures([*starts, first], served, bare, len(questions)), indent=1))


def _start(index: Path, question: str, then: Callable[[HTTPConnection], None] | None = None) -> float:
    """Starts a service, asks it one question as soon as it listens, goes on with ``then``, and stops it; the
    milliseconds from the start of the process to the answer."""
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "qa.cli", "serve", "--index", str(index), "--port", "0"], stdout=subprocess.PIPE
    ) as service:
        try:
            assert service.stdout is not None
            line = service.stdout.readline().decode()
            connection = HTTPConnection("127.0.0.1", int(line.split("127.0.0.1:")[1].split()[0]), timeout=60)
            _ask(connection, question)
            milliseconds = (time.perf_counter() - begun) * 1000
            if then:
                then(connection)
            connection.close()
        finally:
            service.terminate()
    return milliseconds


def _ask(connection: HTTPConnection, question: str) -> None:
    body = json.dumps({"question": question})
    connection.request("POST", "/v1/ask", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    answer = response.read()
    if response.status != 200 or b'"passages":[{' not in answer:
        sys.exit(f"the service answered {response.status}: {answer.decode()}")


def _time_in_turns(index: Path, encoder: Encoder, questions: list[str]) -> tuple[float, list[float], list[float]]:
    """The first answer's time, and those of every question, from the service and from the bare encoder."""
    served: list[float] = []
    bare: list[float] = []

    def take_turns(connection: HTTPConnection) -> None:
        for start in range(0, len(questions), TURN):
            turn = questions[start : start + TURN]
            served.extend(_times(lambda question: _ask(connection, question), turn))
            bare.extend(_times(encoder.encode_question, turn))

    first = _start(index, "Is anyone there, and ready to answer?", take_turns)
    return first, served, bare


def _times(call: Callable[[str], object], questions: Iterable[str]) -> list[float]:
    times = []
    for question in questions:
        begun = time.perf_counter()
        call(question)
        times.append((time.perf_counter() - begun) * 1000)
    return times


def _figures(starts: list[float], served: list[float], bare: list[float], questions: int) -> dict[str, object]:
    return {
        "questions": questions,
        "first answer after start, median": round(float(np.median(starts))),
        "first answer after start, all": [round(start) for start in starts],
        "over HTTP, median": round(float(np.median(served)), 2),
        "over HTTP, 99th percentile": round(float(np.percentile(served, 99)), 2),
        "bare encoder, median": round(float(np.median(bare)), 2),
        "ratio of the medians": round(float(np.median(served) / np.median(bare)), 2),
    }


if __name__ == "__main__":
    main()
