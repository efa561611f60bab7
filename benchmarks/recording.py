"""What it costs an answer that questions without one are recorded.

    python benchmarks/recording.py

Prints for each kind of answer the median, the 99th percentile and the longest of 2,000 recordings, in milliseconds, one
after the other into one file in the current folder, which is removed; then the time for 256 questions at once.
"""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

from qa.answering import Query
from qa.answers import Answer, Reason, Searched, Took
from qa.unanswered import MOST, UnansweredQueue

TIMES = 2000
NOTHING_NEAR = Reason("nothing near", (), "No passage is near this question.")


def answer(question: str, answered: bool) -> Answer:
    """An answer of which only what is recorded is there."""
    reason = None if answered else NOTHING_NEAR
    searched, took = Searched(20, 0), Took(5.0, 2.0, 7.0)
    return Answer(question, "20261121T120000Z-000000", answered, 0.5, reason, None, searched, (), (), took)


def record(queue: UnansweredQueue, questions: Iterable[str], answered: bool) -> float:
    """Milliseconds that recording these questions at once takes."""
    queries = [Query(question) for question in questions]
    answers = [answer(query.question, answered) for query in queries]
    start = perf_counter()
    queue.record(queries, answers)
    return (perf_counter() - start) * 1000


def measure(what: str, queue: UnansweredQueue, form: str, answered: bool, times: int = TIMES) -> None:
    """Prints how long recording one question at a time takes."""
    took = sorted(record(queue, [form.format(number)], answered) for number in range(times))
    print(f"{what:<34} median {statistics.median(took):.3f}  99% {took[int(times * 0.99)]:.3f}  longest {took[-1]:.3f}")


def main() -> None:
    """Measures one kind after the other; the later ones find the file as the earlier ones left it."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        queue = UnansweredQueue(Path(folder) / "feedback.sqlite")
        measure("answered, nothing recorded yet", queue, "What is the {} of the matter?", True)
        measure("not answered, for the first time", queue, "Who has ever seen the {} that nobody knows?", False)
        measure("not answered, again", queue, "Who has ever seen the {} that nobody knows?", False)
        measure("answered, not in the queue", queue, "What is the {} of the matter?", True)
        measure("answered, and so out of the queue", queue, "Who has ever seen the {} that nobody knows?", True)
        measure("not answered, until it is full", queue, "Which {} was it?", False, MOST)
        measure("not answered, when it is full", queue, "Why was it {}?", False)
        for answered in (True, False):
            took = record(queue, [f"Where is {number} by now?" for number in range(256)], answered)
            print(f"256 at once, {'' if answered else 'not '}answered: {took:.1f}")


if __name__ == "__main__":
    main()
