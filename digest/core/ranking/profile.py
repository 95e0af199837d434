"""The profile of an edition: its interests resolved to words, papers and authors, and likewise those to be avoided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from digest.core.models import Paper

MARKS: Final = "marks"
"""Where a paper comes from that readers gave feedback on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Liked:
    """A paper that readers pointed at, as an interest, in a library or by feedback; or one that they don't care for."""

    paper: Paper
    name: str
    """How a reason calls it: by the name that its title gives the work, or by a short title in “…”."""
    weight: float = 1.0
    """More than 0, at most 1: an old mark of feedback says less than a fresh one."""
    of: str = ""
    """What the paper came with: the file of a library, or `MARKS`. Empty: it is named by itself, as an interest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Interests of an edition, as ranking needs them."""

    words: tuple[str, ...] = ()
    """Words, phrases and sentences, as the reader wrote them: a reason repeats them."""
    avoid_words: tuple[str, ...] = ()
    avoid_topics: tuple[tuple[str, frozenset[str]], ...] = ()
    """Those of `avoid_words` that are topics of the taxonomy, each with the topics that it stands for."""
    liked: tuple[Liked, ...] = ()
    """Each paper once, and either in `liked` or in `disliked`: the reader's latest word counts."""
    disliked: tuple[Liked, ...] = ()
    authors: tuple[str, ...] = ()
    """Names, "Given Surname"; initials will do."""
    avoid_authors: tuple[str, ...] = ()
    seen: tuple[Paper, ...] = ()
    """What the edition printed lately, so that what resembles it counts as less new."""

    @classmethod
    def of_words(cls, *words: str) -> Self:
        """A profile of words alone."""
        return cls(words=words)

    @property
    def has_interests(self) -> bool:
        """Whether the profile has interests; without them, votes decide the order."""
        return bool(self.words or self.liked or self.authors)
