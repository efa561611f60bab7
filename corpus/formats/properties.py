"""Titles, authors and keywords in a file's properties, without what programs put there where nobody wrote any."""

from __future__ import annotations

import regex

_FILE_NAME = regex.compile(
    r"\.(?:docx?|dotx?|rtf|odt|ott|pdf|indd|qxp|qxd|tex|dvi|ps|eps|ai|pages|pptx?|xlsx?|odp|ods|html?|txt|md|wpd|pub|cdr)"
    r"(?:\s*\(.*\))?$",
    regex.I,
)
_JUNK = regex.compile(
    r"(?:microsoft (?:word|powerpoint|excel|publisher)\b.*|untitled.*|\(?(?:anonymous|unspecified|none|null|title)\)?"
    r"|document ?\d*|(?:power ?point )?presentation ?\d*|slide ?\d+|layout ?\d+|(?:new|blank) .*document|book ?\d+"
    r"|print(?:ing)?|no title|scan(?:ned)?(?: document)?[\s\d_.-]*|print job.*|about:blank|doc\d+|img[\s_-]?\d+)",
    regex.I,
)
_NOBODY = regex.compile(
    r"(?:microsoft(?: office)? user|user\d*|admin(?:istrator)?|owner|unknown|anonymous|unspecified|author|root|guest"
    r"|default|\(anonymous\)|n/?a|none|pc|hp|dell|lenovo|office)",
    regex.I,
)


def is_title(text: str) -> bool:
    """Whether a text may be a title: not the name of a file, nor what a program puts where there is none."""
    text = text.strip()
    if _FILE_NAME.search(text) or _JUNK.fullmatch(text):
        return False
    is_name = " " not in text and any(mark in text for mark in "_\\/")
    return not is_name and sum(map(str.isalpha, text)) > 1


def people(names: list[str]) -> list[str]:
    """Names of authors, one each; without those of nobody."""
    apart = [name.strip() for given in names for name in regex.split(r"\s*;\s*", given)]
    return [name for name in apart if name and not _NOBODY.fullmatch(name) and "@" not in name]


def keywords(text: str) -> list[str]:
    """What is given in one text, as separate tags."""
    return [tag.strip() for tag in regex.split(r"[;,\n]", text) if tag.strip()]
