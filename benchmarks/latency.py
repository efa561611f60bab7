"""How fast the service answers: the first question after it starts, then one client that asks distinct questions.

    python benchmarks/latency.py [--index DIR] [--questions FILE]

The bare encoder, the very one that the service uses, is timed on the same questions in the same run, in turns with
the service, so that what else the machine does falls on both. Prints JSON; times are in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
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


def _start(index: Path, question: str, then: Callable[[_Client], None] | None = None) -> float:
    """Starts a service, asks it one question as soon as it listens, goes on with ``then``, and stops it; the
    milliseconds from the start of the process to the answer."""
    begun = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "qa.cli", "serve", "--index", str(index), "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "IBIDEM_FEEDBACK": ""},
    ) as service:
        try:
            assert service.stdout is not None
            line = service.stdout.readline().decode()
            client = _Client(int(line.split("127.0.0.1:")[1].split()[0]))
            client.ask(question)
            milliseconds = (time.perf_counter() - begun) * 1000
            if then:
                then(client)
            client.close()
        finally:
            service.terminate()
    return milliseconds


class _Client:
    """One connection that stays open. It reads answers no further than to see that they are one, so that what is
    timed is the service and not a client library."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._answers = self._socket.makefile("rb")

    def ask(self, question: str) -> None:
        """Asks, and waits for the whole answer."""
        body = json.dumps({"question": question}).encode()
        head = f"POST /v1/ask HTTP/1.1\r\nHost: ibidem\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        self._socket.sendall(f"{head}\r\n\r\n".encode() + body)
        status = self._answers.readline()
        length = 0
        while (line := self._answers.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        answer = self._answers.read(length)
        if b" 200 " not in status or b'"passages":[{' not in answer:
            sys.exit(f"the service answered {status!r}: {answer!r}")

    def close(self) -> None:
        """Ends the connection."""
        self._answers.close()
        self._socket.close()


def _time_in_turns(index: Path, encoder: Encoder, questions: list[str]) -> tuple[float, list[float], list[float]]:
    """The first answer's time, and those of every question, from the service and from the bare encoder."""
    served: list[float] = []
    bare: list[float] = []

    def take_turns(client: _Client) -> None:
        for start in range(0, len(questions), TURN):
            turn = questions[start : start + TURN]
            served.extend(_times(client.ask, turn))
            bare.extend(_times(lambda question: encoder.encode_questions([question]), turn))

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
