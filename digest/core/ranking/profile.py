"""Interests of an edition's readers, resolved: words, papers and people, and the same of what they don't care for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from digest.core.models import Paper


@dataclass(frozen=True, slots=True, kw_only=True)
class Liked:
    """A paper that readers pointed at, as an interest, in a library or by feedback; or one that they don't care for."""

    paper: Paper
    name: str
    """How a reason calls it, behind "your": `2401.01234`, or a short title in “…”."""
    weight: float = 1.0
    """More than 0, at most 1: an old mark of feedback says less than a fresh one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Interests of an edition, as ranking needs them."""

    words: tuple[str, ...] = ()
    """Words, phrases and sentences, as the reader wrote them: a reason repeats them."""
    avoid_words: tuple[str, ...] = ()
    liked: tuple[Liked, ...] = ()
    """Each paper once, and in none but one of the two lists; what was said last of it counts."""
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
        """Whether it has anything but what is to be avoided; without that, votes rule."""
        return bool(self.words or self.liked or self.authors)
