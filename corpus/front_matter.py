"""What an article's front matter says of it: YAML between two lines of three dashes.

Every plain value counts as the text that was written: a title of ``1984`` and the language ``no`` are not a
number and a negation. A key that isn't known is passed over; a value that can't be what its key stands for
is an error, because an article that is cited with half of what its source says would be cited wrongly.
"""

from __future__ import annotations

from collections.abc import Mapping

import regex
import yaml
from frontmatter.default_handlers import YAMLHandler

from corpus.errors import UnreadableArticle
from corpus.statements import Statement, strictly

MAX_FRONT_MATTER = 2**16
"""The longest front matter that is parsed, in code points: YAML is slow, and this is a book's bibliography."""

_ALIASES = {
    "author": "authors",
    "date": "published",
    "modified": "updated",
    "lastmod": "updated",
    "accessed": "retrieved",
    "keywords": "tags",
    "license": "licence",
    "source": "sources",
}

_UNCLOSED = regex.compile(r"---+ *\n[\w-]+ *:")
_TOML = regex.compile(r"\+\+\+ *\n")


def split(document: str, settled: frozenset[str] = frozenset()) -> tuple[dict[str, Statement], str]:
    """What the front matter of a Markdown document says, and what follows it.

    A document without front matter is all body. Raises ``UnreadableArticle`` for front matter that isn't
    YAML with keys, and for a value that is wrong, naming the line or the key.
    """
    handler = YAMLHandler()
    opened = document.lstrip()
    if _TOML.match(opened):
        raise UnreadableArticle("its front matter is TOML; write it in YAML, between lines of ---")
    if not handler.detect(opened):
        return {}, document
    try:
        block, body = handler.split(opened)
    except ValueError:
        if _UNCLOSED.match(opened):
            raise UnreadableArticle("its front matter isn't closed; put a line of --- behind it") from None
        return {}, document
    line = document[: document.index(block)].count("\n") + 1
    return _said(_parsed(block, line), settled), body


class _Loader(yaml.BaseLoader):
    """YAML in which every value is a string, a list or a mapping, or None where nothing is given.

    Nothing that a document says can construct any other object or fail to.
    """

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        if isinstance(node, yaml.ScalarNode) and node.style is None and node.value in {"", "~", "null", "Null"}:
            return None
        return super().construct_object(node, deep)


def _parsed(block: str, first_line: int) -> dict[str, object]:
    """The keys and values of a block of YAML that begins on the given line of the file, counted from 1."""
    if len(block) > MAX_FRONT_MATTER:
        raise UnreadableArticle(f"its front matter is longer than {MAX_FRONT_MATTER} characters; shorten it")
    try:
        values = YAMLHandler().load(block, Loader=_Loader)
    except yaml.YAMLError as error:
        place, problem = _explained(error, block)
        raise UnreadableArticle(f"its front matter isn't valid YAML: {problem} in line {first_line + place}") from error
    except RecursionError as error:
        raise UnreadableArticle("its front matter is nested too deeply; flatten it") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise UnreadableArticle(
            f"what is between the lines of --- from line {first_line} on isn't front matter, which is "
            "made of lines like 'title: …'; a text that begins with a rule can write it as ***"
        )
    return {key.strip().casefold(): value for key, value in values.items() if isinstance(key, str)}


def _explained(error: yaml.YAMLError, block: str) -> tuple[int, str]:
    """The line of the block in which the problem is, counted from 0, and what it is."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return error.problem_mark.line, (error.problem or error.context or "it can't be parsed")
    if isinstance(error, yaml.reader.ReaderError):
        return block.count("\n", 0, error.position), "a character that YAML doesn't allow"
    return 0, "it can't be parsed"


def _said(values: Mapping[str, object], settled: frozenset[str]) -> dict[str, Statement]:
    given = {key: value for key, value in values.items() if value is not None}
    given = {name: given[alias] for alias, name in _ALIASES.items() if alias in given} | given
    open_values = {name: value for name, value in given.items() if name not in settled}
    return strictly(open_values, "front matter", "its front matter")
