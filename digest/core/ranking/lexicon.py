"""What is known of words besides how rare they are: other names of the same thing, and words that stand near it.

"llm" = "large language model"            the same: either finds the other's papers
"computer use" ~ "gui", "desktop"         related: papers that have several of these may be about it
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self, TypeAlias

from digest.core.errors import ConfigError
from digest.core.words.word_counts import STOPWORDS, words

Run: TypeAlias = tuple[str, ...]
"""Folded words that stand side by side."""

_LONGEST: Final = 5
"""Words of the longest name that is replaced by another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """Names of the same thing, and related words."""

    same: Mapping[Run, tuple[Run, ...]] = field(default_factory=dict)
    """Folded words → other names of the same thing, without those words themselves."""
    kinds: Mapping[Run, tuple[Run, ...]] = field(default_factory=dict)
    """Folded words → the commonest kinds of what they name; a name finds its kinds, and not the other way round."""
    related: Mapping[Run, tuple[tuple[Run, float], ...]] = field(default_factory=dict)
    """A stem, or two side by side → stems, or two side by side, that stand near it; with a weight of at most 1."""

    @classmethod
    def parse(cls, synonyms: str, related: str = "") -> Self:
        """Read `synonyms.txt` and `related.txt`.

        In the first, a line holds names of one thing with " = " between them, or a name, " < " and its commonest kinds:
        `crop < wheat = maize`, where the name finds the kinds and not the other way round. In the second, a line holds
        stems with their weights in hundredths: `comput_us desktop:43 gui:22`, two stems side by side joined by "_"; or,
        behind a "=", names as in the first. Notes stand behind "#".

        Raises:
            ConfigError: A line has another form.
        """
        named: list[tuple[Run, ...]] = []
        near: dict[Run, tuple[tuple[Run, float], ...]] = {}
        kinds: dict[Run, tuple[Run, ...]] = {}
        for line in synonyms.splitlines():
            if " < " in line and not line.startswith("#"):
                whole, *members = _names(line.replace(" < ", " = "), "synonyms.txt")
                kinds[whole] = tuple(members)
            elif line.strip() and not line.startswith("#"):
                named.append(_names(line, "synonyms.txt"))
        for line in related.splitlines():
            if line.startswith("="):
                named.append(_names(line[1:], "related.txt"))
            elif line.strip() and not line.startswith("#"):
                term, *others = line.split()
                near[_run(term)] = tuple(_weighed(other, line) for other in others)
        return cls(same=_others(named), kinds=kinds, related=near)

    def spellings(self, run: Sequence[str], most: int) -> tuple[Run, ...]:
        """Return *run* and up to *most* - 1 other ways to write it, with one of its names replaced, longest first.

        Behind them come the kinds of what it names, all of them if *most* is more than one.
        """
        found: dict[Run, None] = {tuple(run): None}
        for length in range(min(_LONGEST, len(run)), 0, -1):
            for start in range(len(run) - length + 1):
                for other in self.same.get(tuple(run[start : start + length]), ()):
                    found.setdefault((*run[:start], *other, *run[start + length :]))
        several = tuple(found)[:most]
        return (*several, *(kind for kind in self._kinds_of(run) if kind not in several)) if most > 1 else several

    def _kinds_of(self, run: Sequence[str]) -> Iterator[Run]:
        for length in range(min(_LONGEST, len(run)), 0, -1):
            for start in range(len(run) - length + 1):
                for kind in self.kinds.get(tuple(run[start : start + length]), ()):
                    yield (*run[:start], *kind, *run[start + length :])


def _names(line: str, file: str) -> tuple[Run, ...]:
    names = tuple(tuple(w for w in words(name) if w not in STOPWORDS) for name in line.split(" = "))
    if len(names) < 2 or not all(names):
        raise ConfigError(f'{file}: {line.strip()[:60]!r} is not names of one thing with " = " between them')
    return names


def _run(term: str) -> Run:
    return tuple(term.split("_"))


def _weighed(text: str, line: str) -> tuple[Run, float]:
    term, _, weight = text.rpartition(":")
    if not term or not weight.isdigit():
        raise ConfigError(f"related.txt: {line[:60]!r} has no weights; train it again")
    return _run(term), int(weight) / 100


def _others(named: Iterable[tuple[Run, ...]]) -> dict[Run, tuple[Run, ...]]:
    found: dict[Run, dict[Run, None]] = {}
    for names in named:
        for name in names:
            found.setdefault(name, {}).update((other, None) for other in names if other != name)
    return {name: tuple(others) for name, others in found.items()}
