"""What the subjects that sources give a paper mean: journals and MeSH headings → topics and fields of the taxonomy.

    subjects.toml ──parse──► Subjects ──.of(paper)──► names of topics and fields, those with the most votes first

The name of a topic or a field is a category to the taxonomy (`digest.core.topics.fold`). Subjects that the taxonomy
lists itself, those of arXiv and bioRxiv, are none of this module's business.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from digest.core.errors import ConfigError
from digest.core.models import Paper

_LONGEST: Final = 300
"""Characters of a journal's name or of a heading that are looked at."""
_JOURNAL_VOTES: Final = 1.5
"""A journal counts more than one heading, and less than two that agree."""
_APOSTROPHES: Final = re.compile(r"['’`´]")
_NO_WORD: Final = re.compile(r"[\W_]+")
_BRACKETS: Final = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_SUBTITLE: Final = re.compile(r"\s*[:=;/|]\s*|\s+[–—-]\s+")
_ISSN: Final = re.compile(r"\d{4}-\d{3}[\dXx]")


@dataclass(frozen=True, slots=True)
class Subjects:
    """The tables, ready for use."""

    journals: Mapping[str, str]
    """Title, as `_key` folds it, or ISSN → topic or field."""
    headings: Mapping[str, str]
    """MeSH heading, as `_key` folds it → topic or field."""

    @classmethod
    def parse(cls, text: str) -> Subjects:
        """Read the text of a `subjects.toml`.

        Raises:
            ConfigError: It is no TOML, not of its form, or a name stands under two topics.
        """
        try:
            tables = tomllib.loads(text)
        except (ValueError, RecursionError) as exc:
            raise ConfigError(f"subjects.toml: {exc}") from exc
        return cls(_read(tables, "journals"), _read(tables, "mesh"))

    def of(self, paper: Paper) -> tuple[str, ...]:
        """Return the topics and fields that the journal and the categories of *paper* mean, the surest first."""
        votes: dict[str, float] = {}
        if journal := self._journal(paper):
            votes[journal] = _JOURNAL_VOTES
        for name in filter(None, map(self._heading, paper.categories)):
            votes[name] = votes.get(name, 0.0) + 1.0
        return tuple(sorted(votes, key=lambda name: -votes[name]))

    def _journal(self, paper: Paper) -> str:
        """The ISSN goes before the title, and the title before its part in front of a subtitle."""
        title = paper.venue[:_LONGEST]
        names = (*(issn.upper() for issn in paper.issn), _key(title), _key(_SUBTITLE.split(title, maxsplit=1)[0]))
        return next((self.journals[name] for name in names if name in self.journals), "")

    def _heading(self, heading: str) -> str:
        """Itself, what stands before its comma, or the last words of it: "Carcinoma, Ductal", "Breast Neoplasms"."""
        names = _readings(heading[:_LONGEST])
        return next((self.headings[name] for name in names if name in self.headings), "")


def _readings(heading: str) -> Iterator[str]:
    yield _key(heading)
    head = _key(heading.partition(",")[0])
    yield head
    words = head.split(" ")
    if len(words) <= 6:
        yield from (" ".join(words[at:]) for at in range(1, len(words)))


def _key(name: str) -> str:
    """Fold a title or heading: small letters, "&" is "and", no brackets, no punctuation, no "the" in front."""
    if _ISSN.fullmatch(name):
        return name.upper()
    plain = _APOSTROPHES.sub("", _BRACKETS.sub(" ", name.casefold().replace("&", " and ")))
    return _NO_WORD.sub(" ", plain).strip().removeprefix("the ")


def _read(tables: Mapping[str, Any], name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"subjects.toml: [{name}] must be a table")
    for topic, names in table.items():
        for written in _strings(names, f"[{name}] {topic}"):
            key = _key(written)
            if found.setdefault(key, topic) != topic:
                raise ConfigError(f"subjects.toml: [{name}] “{written}” stands under “{found[key]}” and “{topic}”")
    return found


def _strings(value: object, where: str) -> Iterable[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ConfigError(f'subjects.toml: {where}: must be a list of names like ["…", "…"]')
    return value
