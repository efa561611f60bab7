"""The lexical side of the index: BM25 by tantivy over titles, and over bodies with the title in front.

Beside its words, each two neighbours among them count where they stand near one another, as a phrase (the sequential
dependence of Metzler and Croft, "A Markov random field model for term dependencies", SIGIR 2005).

Words are lower-cased, stripped of accents, stemmed and freed of stop words, all as in English.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import regex
import tantivy
from numpy.typing import NDArray

from corpus.errors import DamagedGeneration
from index.vectors import Ids, Mask

FOLDER = "lexical"
TITLE_BOOST = 0.3
"""The weight of a question's word in the title, beside 1 in the body (whose front is the title again)."""

PAIR_BOOST = 0.4
"""The weight of two neighbouring words of a question as a phrase, beside 1 of a word."""

PAIR_SLOP = 4
"""So many other words, stop words among them, may stand between the two; two fewer if they come the other way round."""

_ANALYZER = "english"
_MARKS = regex.compile(r"[\p{M}\u200c\u200d]+")
_MEMORY_BYTES = 128_000_000
_QUESTIONS_KEPT = 16
_LONGEST = 2**31


class LexicalIndex:
    """The lexical index of one generation. Raises ``DamagedGeneration`` if it can't be opened."""

    def __init__(self, folder: Path) -> None:
        try:
            index = tantivy.Index.open(str(folder / FOLDER))
        except Exception as error:
            raise DamagedGeneration(f"the lexical index in {folder} can't be opened: {error}") from error
        self._analyzer = _analyzer()
        index.register_tokenizer(_ANALYZER, self._analyzer)
        self._schema = index.schema
        self._searcher = index.searcher()
        # A question is searched for once, and its words then looked for in sentence by sentence.
        self._query = lru_cache(maxsize=_QUESTIONS_KEPT)(self._make_query)
        self._finder = lru_cache(maxsize=_QUESTIONS_KEPT)(self._make_finder)

    @property
    def passages(self) -> int:
        """How many passages there are."""
        return self._searcher.num_docs

    def search(self, question: str, depth: int, allowed: Mask | None = None) -> tuple[Ids, NDArray[np.float32]]:
        """The ids of the ``depth`` passages of highest BM25 score and these scores (above 0, no upper bound),
        highest first, with all that tie with the last; none if no word of the question occurs.

        ``allowed`` has an entry for each passage: these are then the best among the passages that are allowed. No
        score changes by that, as how rare a word is depends on all passages.
        """
        query, most = self._query(question), self.passages + 1
        asked = min(self._needed(depth + 1, allowed), most)
        while True:
            hits = self._searcher.search(query, asked, count=False).hits
            ids = np.array(self._searcher.fast_field_values("passage", [address for _, address in hits]), np.int64)
            scores = np.array([score for score, _ in hits], np.float32)
            if allowed is not None:
                ids, scores = ids[allowed[ids]], scores[allowed[ids]]
            last = scores[depth - 1] if len(scores) >= depth else 0.0
            if len(hits) < asked or hits[-1][0] < last:
                return ids[scores >= last], scores[scores >= last]
            asked = min(4 * asked, most)

    def _needed(self, depth: int, allowed: Mask | None) -> int:
        """So many of the best passages hold ``depth`` that are allowed, if these are spread evenly."""
        if allowed is None:
            return depth
        return depth * self.passages // max(int(np.count_nonzero(allowed)), 1)

    def matching_words(self, question: str, text: str) -> list[tuple[int, int]]:
        """Where the words of a question, in any form of theirs, stand in a text of this generation: code points,
        half-open, ascending. Stop words are none."""
        encoded = text.encode()
        snippet = self._finder(question).snippet_from_doc(tantivy.Document(body=text))
        first = snippet.fragment_range().start
        spans = [(first + word.start, first + word.end) for word in snippet.highlighted()]
        return _whole(text, [(len(encoded[:start].decode()), len(encoded[:end].decode())) for start, end in spans])

    def _make_finder(self, question: str) -> tantivy.SnippetGenerator:
        finder = tantivy.SnippetGenerator.create(self._searcher, self._query(question), self._schema, "body")
        finder.set_max_num_chars(_LONGEST)  # So that what is found is in one snippet, all of the text.
        return finder

    def _make_query(self, question: str) -> tantivy.Query:
        words = self._analyzer.analyze(question)
        clauses = []
        for word in dict.fromkeys(words):
            body = tantivy.Query.term_query(self._schema, "body", word)
            title = tantivy.Query.term_query(self._schema, "title", word)
            clauses += [body, tantivy.Query.boost_query(title, TITLE_BOOST)]
        for pair in dict.fromkeys(pairwise(words)):
            if pair[0] != pair[1]:
                phrase = tantivy.Query.phrase_query(self._schema, "body", list(pair), slop=PAIR_SLOP)
                clauses.append(tantivy.Query.boost_query(phrase, PAIR_BOOST))
        return tantivy.Query.boolean_query([(tantivy.Occur.Should, clause) for clause in clauses])


class LexicalWriter:
    """Writes the lexical index of a new generation to ``FOLDER`` below ``folder``."""

    def __init__(self, folder: Path) -> None:
        path = folder / FOLDER
        path.mkdir()
        index = tantivy.Index(_schema(), path=str(path))
        index.register_tokenizer(_ANALYZER, _analyzer())
        # One thread, so that the same passages always make the same index.
        self._writer = index.writer(heap_size=_MEMORY_BYTES, num_threads=1)
        self._passages = 0

    def add(self, title: str, text: str) -> None:
        """Adds the passage of the next id, counted from 0."""
        document = tantivy.Document(title=title, body=f"{title}\n{text}")
        document.add_unsigned("passage", self._passages)
        self._writer.add_document(document)
        self._passages += 1

    def close(self) -> None:
        """Ends the writing; the index is whole, and not yet synced to the disk."""
        self._writer.commit()
        self._writer.wait_merging_threads()


def files(folder: Path) -> Sequence[str]:
    """The files of the index, relative to ``folder``; tantivy's lock files aren't among them."""
    return sorted(
        path.relative_to(folder).as_posix() for path in (folder / FOLDER).iterdir() if not path.name.endswith(".lock")
    )


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("passage", fast=True)
    for field, option in (("title", "freq"), ("body", "position")):
        builder.add_text_field(field, tokenizer_name=_ANALYZER, index_option=option)
    return builder.build()


def _whole(text: str, words: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The words with the marks behind them, at which tantivy parts the words of Indic scripts."""
    whole: list[tuple[int, int]] = []
    for start, end in words:
        after = _MARKS.match(text, end)
        if whole and whole[-1][1] == start:
            start, _ = whole.pop()
        whole.append((start, after.end() if after else end))
    return whole


@lru_cache(maxsize=1)
def _analyzer() -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
    for step in (
        tantivy.Filter.remove_long(80),
        tantivy.Filter.lowercase(),
        tantivy.Filter.ascii_fold(),
        tantivy.Filter.stopword("english"),
        tantivy.Filter.stemmer("english"),
    ):
        builder = builder.filter(step)
    return builder.build()
