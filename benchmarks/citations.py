"""Checks every citation of every answer, over HTTP, while the archive changes.

    python benchmarks/citations.py COLLECTION ... [--work DIR]

A collection is a folder with articles/ and questions.jsonl, as corpus/ is. It is copied and indexed in DIR/COLLECTION
(kept, so that a second run embeds nothing) and served by `ibidem serve`. Every question is asked, and the citations of
the first five passages are checked: at once; after a build that adds three articles; after a restart; and after three
articles were edited (a paragraph put in front of one, a word changed in a passage of another, the third deleted). What
is said then is compared with what this script works out from where it edited. Prints JSON; exit code 1 if a single
citation was misjudged.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from urllib.request import Request, urlopen

import regex

from index.generation import current_generation

IBIDEM = [sys.executable, "-m", "qa.cli"]
BATCH = 500
WAIT_SECONDS = 30
ADDED = {
    "added/harbour": "The harbour master kept a ledger of every barge. In spring there were nine, in autumn four.",
    "added/bakery": "Bread was sold from six in the morning. The oven had been built by three brothers from the hills.",
    "added/clock": "The clock above the market stopped twice a year. Nobody minded, and nobody repaired it either.",
}
PARAGRAPH = "This paragraph was put in front when the article was edited, and says nothing else."
WORD = "Quillwort"

PLACE = {"start", "end", "prefix", "suffix", "link", "source_link"}

Values = dict[str, Any]


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--work", type=Path, help="where the indexes are kept (default: nowhere)")
    options = parser.parse_args()
    wrong = False
    with tempfile.TemporaryDirectory() as temporary:
        for collection in options.collections:
            work = (options.work or Path(temporary)) / collection.resolve().name
            questions = [json.loads(line)["question"] for line in _lines(collection / "questions.jsonl")]
            figures = check(collection / "articles", questions, work)
            print(json.dumps({"collection": work.name, **figures}, indent=1, ensure_ascii=False), flush=True)
            wrong = wrong or bool(figures["wrong"])
    sys.exit(wrong)


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def check(articles: Path, questions: Sequence[str], work: Path) -> Values:
    """The counts of what was said of the questions' citations at each stage; ``wrong`` is what should not have been
    said. The articles are copied to ``work``, where an index may be already."""
    copy, index = work / "articles", work / "index"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(articles, copy)
    _build(copy, index)
    with _serving(index) as service:
        citations = [citation for question in questions for citation in service.cite(question)]
        stages = {"at once": service.verify(citations)}
        for article_id, text in ADDED.items():
            (copy / article_id).parent.mkdir(exist_ok=True)
            (copy / f"{article_id}.md").write_text(f"---\ntitle: {article_id}\n---\n\n{text}\n", encoding="utf-8")
        service.wait_for(_build(copy, index))
        stages["after articles were added"] = service.verify(citations)
    with _serving(index) as service:
        stages["after a restart"] = service.verify(citations)
        edits = _Edits(service, copy, citations)
        last = current_generation(index)
        service.wait_for(_build(copy, index))
        edited = service.verify(citations)
        wrong = edits.wrong(service, citations, edited, last)
    for stage, found in stages.items():
        wrong += [f"{stage}: {result['status']}: {result}" for result in found if result["status"] != "verified"]
    return {
        "questions": len(questions),
        "citations": len(citations),
        "different citations": len({json.dumps(citation) for citation in citations}),
        **{stage: _counts(found) for stage, found in stages.items()},
        "after three articles were edited": _counts(edited),
        "which should be": dict(Counter(map(edits.expected, citations))),
        "wrong": wrong[:20],
    }


def _counts(results: Sequence[Values]) -> dict[str, int]:
    return dict(Counter(result["status"] for result in results))


def _build(articles: Path, index: Path) -> str:
    """Builds; the id of the generation."""
    command = [*IBIDEM, "build", "--articles", str(articles), "--index", str(index)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return current_generation(index)


@contextmanager
def _serving(index: Path) -> Iterator[_Service]:
    with subprocess.Popen(
        [*IBIDEM, "serve", "--index", str(index), "--port", "0"], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield _Service(process.stdout.readline().split()[3])
        finally:
            process.terminate()


@dataclass(frozen=True)
class _Service:
    """A service at an address."""

    address: str

    def _json(self, path: str, body: Values | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.address + path, data, {"Content-Type": "application/json"})
        with urlopen(request, timeout=60) as response:
            return json.load(response)

    def cite(self, question: str) -> list[Values]:
        """The citations of the first five passages."""
        answer = self._json("/v1/ask", {"question": question, "top_k": 5})
        return [passage["citation"] for passage in answer["passages"]]

    def verify(self, citations: Sequence[Values]) -> list[Values]:
        """What is said of each."""
        batches = [citations[start : start + BATCH] for start in range(0, len(citations), BATCH)]
        found = [self._json("/v1/citations/verify", {"citations": batch})["results"] for batch in batches]
        return [result for results in found for result in results]

    def article(self, article_id: str) -> Values:
        """An article with its text."""
        found: Values = self._json(f"/v1/articles/{quote(article_id)}")
        return found

    def wait_for(self, generation: str) -> None:
        """Returns once a generation is served."""
        deadline = time.monotonic() + WAIT_SECONDS
        while self._json("/readyz")["generation"] != generation:
            if time.monotonic() > deadline:
                sys.exit(f"generation {generation} was not served within {WAIT_SECONDS} seconds")
            time.sleep(0.05)


class _Edits:
    """Edits the three articles that are cited most, and works out what that does to each citation."""

    def __init__(self, service: _Service, articles: Path, citations: Sequence[Values]) -> None:
        cited = Counter(citation["article_id"] for citation in citations)
        self.prefixed, self.changed, self.deleted = (article_id for article_id, _ in cited.most_common(3))
        self.before = {name: service.article(name) for name in (self.prefixed, self.changed)}
        self.place, self.old = self._choose_word([c for c in citations if c["article_id"] == self.changed])
        for name in (self.prefixed, self.changed, self.deleted):
            path = next(path for path in articles.glob(f"{name}.*"))
            self._edit(path, name, path.read_text(encoding="utf-8"))

    def _choose_word(self, citations: Sequence[Values]) -> tuple[int, str]:
        """Where a word that the article has once stands, in the passage that is cited most; and the word."""
        text = self.before[self.changed]["text"]
        (start, end), _ = Counter((citation["start"], citation["end"]) for citation in citations).most_common(1)[0]
        words = regex.finditer(r"\b[a-z]{6,}\b", text[start:end])
        word = next(match for match in words if len(regex.findall(match[0], text)) == 1)
        return start + word.start(), word[0]

    def _edit(self, path: Path, name: str, content: str) -> None:
        if name == self.deleted:
            path.unlink()
        elif name == self.changed:
            path.write_text(regex.sub(rf"\b{self.old}\b", WORD, content), encoding="utf-8")
        else:
            front, fence, body = content.rpartition("\n---\n") if content.startswith("---\n") else ("", "", content)
            path.write_text(f"{front}{fence}\n{PARAGRAPH}\n\n{body.lstrip()}", encoding="utf-8")

    def expected(self, citation: Values) -> str:
        """What should be said of a citation."""
        article_id = citation["article_id"]
        if article_id == self.deleted:
            return "gone"
        if article_id == self.changed:
            return "changed" if citation["start"] <= self.place < citation["end"] else "moved"
        return "moved" if article_id == self.prefixed else "verified"

    def _span(self, citation: Values) -> tuple[int, int]:
        """Where a citation's text should stand now."""
        start, end = citation["start"], citation["end"]
        if citation["article_id"] == self.prefixed:
            by = len(PARAGRAPH) + 2
            return start + by, end + by
        by = len(WORD) - len(self.old)
        return start + by * (self.place < start), end + by * (self.place < end)

    def wrong(self, service: _Service, citations: Sequence[Values], results: Sequence[Values], last: str) -> list[str]:
        """What was said and should not have been."""
        after = {name: service.article(name) for name in self.before}
        text = self.before[self.changed]["text"]
        changed = text[: self.place] + WORD + text[self.place + len(self.old) :]
        expected = {self.prefixed: f"{PARAGRAPH}\n\n{self.before[self.prefixed]['text']}", self.changed: changed}
        wrong = [f"{name} is not what it was edited to" for name in after if after[name]["text"] != expected[name]]
        for citation, result in zip(citations, results, strict=True):
            if result["status"] != self.expected(citation):
                wrong.append(f"{self.expected(citation)} expected: {result}")
            elif result["status"] == "gone" and result["last_generation"] != last:
                wrong.append(f"{last} expected: {result}")
            elif result["status"] in ("moved", "changed"):
                wrong += self._wrong_place(citation, result, after[citation["article_id"]])
        return wrong

    def _wrong_place(self, citation: Values, result: Values, article: Values) -> Iterator[str]:
        start, end = self._span(citation)
        found = result["citation"]
        if (found["start"], found["end"], found["quote"]) != (start, end, article["text"][start:end]):
            yield f"{start} to {end} expected: {result}"
        if found["sha256"] != article["sha256"]:
            yield f"the article's hash expected: {result}"
        edits = [(word["operation"], word["text"].strip()) for word in result["words"] if word["operation"] != "equal"]
        if edits != ([("delete", self.old), ("insert", WORD)] if result["status"] == "changed" else []):
            yield f"{self.old} and {WORD} expected: {result}"
        named = {difference["field"] for difference in result["differences"]}
        before = self.before[citation["article_id"]]
        metadata = {name for name in before.keys() & citation.keys() - {"generation"} if before[name] != article[name]}
        if named - PLACE != metadata:
            yield f"differences of {metadata} expected: {result}"


if __name__ == "__main__":
    main()
