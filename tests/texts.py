"""Generations that have articles' texts and nothing else: enough for checking citations, without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from corpus.article import Article, Provenance
from index import generation, store
from index.generation import Manifest
from index.search import Engine
from index.store import Store, StoreWriter


@dataclass(frozen=True)
class TextEngine:
    """The part of an engine that knows the articles."""

    manifest: Manifest
    store: Store

    def article(self, article_id: str) -> Article:
        return self.store.article(article_id)

    def articles_with(self, sha256: str) -> tuple[str, ...]:
        return self.store.by_sha256(sha256)


def publish(index: Path, articles: Sequence[Article], removed: Mapping[str, str] | None = None) -> Engine:
    """Makes a generation of these articles current; its engine, which can't search."""
    with generation.exclusive(index), generation.building(index) as folder:
        writer = StoreWriter(folder)
        for article in sorted(articles, key=lambda article: article.id):
            writer.add(article, "", "", (), ())
        writer.close()
        manifest = generation.write_manifest(
            folder,
            [store.FILE],
            encoder="",
            model="",
            source="",
            articles=len(articles),
            passages=0,
            sentences=0,
            rejected=(),
            removed=removed or {},
        )
        generation.publish(index, folder, manifest.generation)
    return cast(Engine, TextEngine(manifest, Store(generation.generation_folder(index, manifest.generation))))


def article(article_id: str, text: str) -> Article:
    """An article with all that can be known of one."""
    return replace(FULL, id=article_id, text=text)


FULL = Article(
    id="full",
    title="The keeper's book",
    title_inferred=False,
    authors=("Ada Writer", "Bo Reader"),
    publisher="Ibidem Wire",
    url="https://example.org/keeper?page=1",
    published="2025-03-04",
    updated="2025-04",
    retrieved="2026",
    language="en",
    provenance={
        "published": Provenance("front matter", "day"),
        "updated": Provenance("page", "month"),
        "retrieved": Provenance("file", "year"),
    },
    text="",
)
