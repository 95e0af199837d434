"""Give papers in other languages than English a topic by the words of their languages, where nothing else does.

title, abstract ──► words of the table, each with its topic ──► the topics that are named twice, or by the title
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from dataclasses import dataclass
from typing import Final

from digest.core.errors import ConfigError

_TOPICS: Final = 2
_TITLE: Final = 3
"""Mentions that one in the title is worth."""
_ENOUGH: Final = 2
_READ_AT_MOST: Final = 4_000
_WIDE: Final = re.compile("[\u3040-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class ForeignWords:
    """Words of several languages with the topics that they name."""

    topics: tuple[str, ...]
    """In the order of the table: of equally many mentions the first topic wins."""
    pattern: re.Pattern[str]
    """A group for each topic."""

    @classmethod
    def parse(cls, text: str) -> ForeignWords:
        """Read a table: TOML, for each topic a list of words, in which `*` stands for the rest of a word.

        Raises:
            ConfigError: *text* is no such table.
        """
        try:
            table = {
                topic: [_pattern(word.casefold()) for word in words] for topic, words in tomllib.loads(text).items()
            }
        except (tomllib.TOMLDecodeError, AttributeError, TypeError) as exc:
            raise ConfigError(f"the words of fields cannot be read: {exc}; install the package again") from exc
        groups = "|".join(f"({'|'.join(words)})" for words in table.values())
        return cls(tuple(table), re.compile(groups))

    def topics_of(self, title: str, abstract: str) -> tuple[str, ...]:
        """Return up to two topics, the one that is named most first; empty where none is named plainly."""
        found: Counter[int] = Counter()
        for text, worth in ((title, _TITLE), (abstract[:_READ_AT_MOST], 1)):
            for match in self.pattern.finditer(text.casefold()):
                found[(match.lastindex or 1) - 1] += worth
        best = sorted((-n, place) for place, n in found.items() if n >= _ENOUGH)
        return tuple(self.topics[place] for _, place in best[:_TOPICS])


def _pattern(word: str) -> str:
    escaped = re.escape(word).replace(r"\*", r"\w*").replace(r"\ ", r"\s")
    # Chinese, Japanese and Korean have no blanks between words, or endings at each.
    return escaped if _WIDE.search(word) else rf"(?<!\w){escaped}(?!\w)"
