"""Near-copies among the passages and the articles of an archive, found when it is built.

Candidates come from MinHash sketches (datasketch) of all passages and articles, in bands of two hash values each; what
then counts as a near-copy is what ``index.wording`` finds in the words themselves. Nothing depends on the order of the
articles but how groups are numbered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corpus.errors import DamagedGeneration
from index.wording import Numbers, Wording, Words, compare, runs

GROUPS_FILE = "passage_groups.npy"
CLUSTERS_FILE = "article_clusters.npy"
FILES = (GROUPS_FILE, CLUSTERS_FILE)

Progress = Callable[[str, int, int | None], None]
"""Called with the step, how much of it is done, and how much there is."""

Groups = NDArray[np.int32]
Sketches = NDArray[np.uint32]

_HASHES = 192
"""In bands of two, so that texts that have a fifth of all their runs of words in common (as two copies of which a tenth
of the words was edited, cut half a passage apart) meet in one of the bands 98 times in a hundred."""

_LIKELY = 0.07
"""The least share of equal hash values with which two texts are compared."""

_CROWD = 8
"""In a bucket of more texts than this, each is compared with the first one only: all pairs would be too many."""

_SEED = 1
_CHUNK = 1 << 13


@dataclass(frozen=True, slots=True)
class Copies:
    """Which passages and which articles are near-copies of one another, by their ids, counted from 0.

    ``groups``, shape ``(passages,)``, has the number of each passage's group; ``clusters``, shape ``(articles,)``, that
    of each article's cluster. Who has no copies is alone. No group has passages of one article only, unless it is a
    single passage.
    """

    groups: Groups
    clusters: Groups


class CopyFinder:
    """Finds near-copies; takes the articles in order of their ids, and keeps hashes of their words only."""

    def __init__(self) -> None:
        self._articles: list[bytes] = []
        self._known: dict[bytes, tuple[Wording, Sketches]] = {}

    def add(self, words: Wording, sketches: Sketches) -> None:
        """Takes the next article: its wording, with its passages in order of their ids, and its sketches."""
        key = _key(words.words, words.passages)
        self._articles.append(key)
        self._known.setdefault(key, (words, sketches))

    def find(self, progress: Progress) -> Copies:
        """The near-copies among all articles that were added."""
        # In an order of their own, so that the archive's makes no difference.
        order = {key: number for number, key in enumerate(sorted(self._known))}
        archive = _number([self._known[key] for key in order])
        groups, clusters = _stars(archive, _candidates(archive), progress)
        numbers = [order[key] for key in self._articles]
        passages = [groups[archive.texts[number]] for number in numbers]
        owners = np.repeat(np.arange(len(numbers)), [*map(len, passages)])
        return Copies(
            _renumber(_without_lone(np.concatenate([np.empty(0, np.int64), *passages]), owners)),
            _renumber(clusters[numbers]),
        )


@dataclass(frozen=True, slots=True)
class _Archive:
    """Articles without those that are the same; and for each the numbers of its passages' texts.

    Passages of the same words are one text. ``homes`` has the first two articles of each, shape ``(texts, 2)``, twice
    the same where there is one.
    """

    articles: list[Wording]
    sketches: list[Sketches]
    texts: list[Numbers]
    homes: Numbers


def write(folder: Path, copies: Copies) -> None:
    """Writes ``FILES``."""
    np.save(folder / GROUPS_FILE, copies.groups, allow_pickle=False)
    np.save(folder / CLUSTERS_FILE, copies.clusters, allow_pickle=False)


def read(folder: Path) -> Copies:
    """What was written. Raises ``DamagedGeneration`` if the files can't be read, or hold something else."""
    try:
        groups, clusters = (np.load(folder / name, allow_pickle=False) for name in FILES)
    except (OSError, EOFError, ValueError) as error:
        raise DamagedGeneration(f"the copies in {folder} can't be read: {error}") from error
    if any(found.ndim != 1 or found.dtype != np.int32 for found in (groups, clusters)):
        raise DamagedGeneration(f"the copies in {folder} are not numbers of groups: build again")
    return Copies(groups, clusters)


def _key(*arrays: NDArray[np.generic]) -> bytes:
    digest = blake2b(digest_size=16)
    for array in arrays:
        digest.update(len(array).to_bytes(8, "little") + array.tobytes())
    return digest.digest()


def sketch(words: Wording) -> Sketches:
    """The sketches of an article's passages, and of the article last, shape ``(passages + 1, 192)``; a row of zeros for
    what has no words. The same words always have the same one."""
    texts = [words.passage(number) for number in range(len(words.passages))]
    rows = [_sketch(shingles) for shingles in map(runs, [*texts, words.words])]
    return np.array(rows, np.uint32).reshape(-1, _HASHES)


def _sketch(shingles: Words) -> Sketches:
    if not len(shingles):
        return np.zeros(_HASHES, np.uint32)
    found = _empty_sketch().copy()
    for start in range(0, len(shingles), _CHUNK):
        found.update_batch((shingles[start : start + _CHUNK] >> np.uint64(32)).tolist())
    return np.asarray(found.hashvalues, np.uint32)


@lru_cache(maxsize=1)
def _empty_sketch() -> Any:
    from datasketch import MinHash  # takes a third of a second, and a service only reads what a build found

    return MinHash(_HASHES, _SEED, hashfunc=int)


def _number(known: list[tuple[Wording, Sketches]]) -> _Archive:
    articles = [words for words, _ in known]
    numbers: dict[bytes, int] = {}
    homes: list[list[int]] = []
    texts = []
    for article, found in enumerate(articles):
        own = []
        for passage in range(len(found.passages)):
            words = found.passage(passage)
            # What has no words is like nothing else.
            key = _key(words) if len(words) else b"%d %d" % (article, passage)
            own.append(numbers.setdefault(key, len(numbers)))
            if own[-1] == len(homes):
                homes.append([article, article])
            elif homes[own[-1]][0] == homes[own[-1]][1]:
                homes[own[-1]][1] = article
        texts.append(np.array(own, np.int64))
    return _Archive(articles, [rows for _, rows in known], texts, np.array(homes, np.int64).reshape(-1, 2))


def _candidates(archive: _Archive) -> list[tuple[int, int]]:
    """The pairs of articles that may have something in common, ascending."""
    homes, sketches = _sketched(archive)
    pairs = np.empty(0, np.int64)
    for band in sketches.view(np.uint64).T:
        pairs = np.union1d(pairs, np.concatenate([one * len(homes) + other for one, other in _bucket_pairs(band)]))
    found: set[tuple[int, int]] = set()
    for start in range(0, len(pairs), _CHUNK):
        one, other = np.divmod(pairs[start : start + _CHUNK], len(homes))
        likely = (sketches[one] == sketches[other]).mean(axis=1) >= _LIKELY
        for left, right in product(homes[one[likely]].T, homes[other[likely]].T):
            ascending = zip(np.minimum(left, right).tolist(), np.maximum(left, right).tolist(), strict=True)
            found.update(pair for pair in ascending if pair[0] != pair[1])
    return sorted(found)


def _sketched(archive: _Archive) -> tuple[Numbers, Sketches]:
    """The sketches of all passages and articles that have runs of words, and the two articles of each."""
    homes, sketches = [np.empty((0, 2), np.int64)], [np.empty((0, _HASHES), np.uint32)]
    done: set[int] = set()
    for number, (rows, texts) in enumerate(zip(archive.sketches, archive.texts, strict=True)):
        found = [(text, row) for row, text in enumerate(texts.tolist()) if text not in done]
        done.update(text for text, _ in found)
        own = [archive.homes[text] for text, _ in found]
        kept = [row for _, row in found]
        # Of one passage it would be the same again.
        if len(texts) != 1:
            own, kept = [*own, np.array([number, number])], [*kept, len(texts)]
        chosen = rows[kept]
        has_words = chosen.any(axis=1)
        homes.append(np.array(own, np.int64).reshape(-1, 2)[has_words])
        sketches.append(chosen[has_words])
    return np.concatenate(homes), np.concatenate(sketches)


def _bucket_pairs(band: Words) -> Iterator[tuple[Numbers, Numbers]]:
    """Pairs of texts with the same values in a band, the lower one first: linear in the number of texts."""
    order = np.argsort(band, kind="stable")
    ordered = band[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=~ordered[:1]))
    sizes = np.diff(starts, append=len(order))
    first, crowded = np.repeat(order[starts], sizes), np.repeat(sizes > _CROWD, sizes)
    with_first = crowded & (first != order)
    yield first[with_first], order[with_first]
    for step in range(1, _CROWD):
        same = (ordered[step:] == ordered[:-step]) & ~crowded[step:]
        yield order[:-step][same], order[step:][same]


def _stars(archive: _Archive, pairs: Collection[tuple[int, int]], progress: Progress) -> tuple[Numbers, Numbers]:
    """The text that is the centre of each text's group, shape ``(texts,)``, and so for the articles and clusters.

    Those with the most candidates come first. Who is in no group yet becomes a centre, and takes those of its
    near-copies that are in none. So two in one group are near-copies of one another or of a third; in a chain of
    near-copies the last could have nothing of the first.
    """
    groups, clusters = np.full(len(archive.homes), -1), np.full(len(archive.articles), -1)
    candidates: dict[int, list[int]] = defaultdict(list)
    for one, other in pairs:
        candidates[one].append(other)
        candidates[other].append(one)
    done = 0
    for centre in sorted(range(len(archive.articles)), key=lambda article: -len(candidates[article])):
        _settle(groups, archive.texts[centre])
        _settle(clusters, np.array([centre]))
        for other in candidates[centre]:
            if _is_open(groups, archive.texts[centre], archive.texts[other]) or (
                clusters[centre] == centre and clusters[other] < 0
            ):
                comparison = compare(archive.articles[centre], archive.articles[other])
                for left, right in comparison.links:
                    _join(groups, archive.texts[centre][left], archive.texts[other][right])
                if comparison.are_copies:
                    _join(clusters, centre, other)
            done += 1
            progress("Comparing copies", done, 2 * len(pairs))
    return groups, clusters


def _settle(groups: Numbers, members: Numbers) -> None:
    """Makes centres of those that are in no group."""
    groups[members] = np.where(groups[members] < 0, members, groups[members])


def _is_open(groups: Numbers, centres: Numbers, others: Numbers) -> bool:
    """Whether one of the first is a centre, and one of the others is in no group yet."""
    return bool((groups[others] < 0).any() and (groups[centres] == centres).any())


def _join(groups: Numbers, centre: int, other: int) -> None:
    if groups[centre] == centre and groups[other] < 0:
        groups[other] = centre


def _without_lone(groups: Numbers, articles: Numbers) -> Numbers:
    """The groups, but that passages of one article with no copies elsewhere are each by themselves."""
    _, group = np.unique(groups, return_inverse=True)
    lowest, highest = np.full(len(groups), len(groups)), np.full(len(groups), -1)
    np.minimum.at(lowest, group, articles)
    np.maximum.at(highest, group, articles)
    alone = lowest[group] == highest[group]
    result: Numbers = np.where(alone, len(groups) + np.arange(len(groups)), group)
    return result


def _renumber(groups: Numbers) -> Groups:
    """The groups, counted from 0 in the order in which they come."""
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first)).astype(np.int32)[group]
