"""Papers that nobody wrote, always the same for the same seed and number, and different in everything that matters."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

EPOCH: Final = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
"""When paper 0 appeared; each later one follows some minutes after."""

_SYLLABLES: Final = "ba ce di fo gu la me ni po ru sa te vi xo zu bra cle dri flo gru pla spe sti tro".split()
_SURNAMES: Final = (
    "Ada Bohr Curie Dirac Euler Fermi Gauss Hopper Ito Jemison Kepler Lamarr Meitner Noether Oort".split()
)
_CATEGORIES: Final = ("cs.LG", "cs.CL", "cs.CV", "stat.ML")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A paper as one feed lists it; a feed leaves out what is empty."""

    n: int
    title: str
    abstract: str
    authors: tuple[str, ...]
    arxiv: str = ""
    """Without version."""
    version: int = 1
    doi: str = ""
    guid: str = ""
    link: str = ""
    published: datetime = EPOCH
    announce: str = "new"
    categories: tuple[str, ...] = _CATEGORIES[:1]


@cache
def vocabulary() -> tuple[str, ...]:
    """Words to write with."""
    rnd = random.Random("words")
    return tuple(sorted({"".join(rnd.choices(_SYLLABLES, k=rnd.randint(2, 4))) for _ in range(4_000)}))


def sentence(rnd: random.Random, words: int) -> str:
    return " ".join(rnd.choices(vocabulary(), k=words)).capitalize() + "."


@cache
def item(n: int, *, seed: int = 0, arxiv: bool = False, words: int = 90) -> Item:
    """The n-th paper: with an arXiv id, or with a DOI and a page of its own."""
    rnd = random.Random(f"{seed}/{n}")
    paper = Item(
        n=n,
        title=f"{sentence(rnd, rnd.randint(6, 11))[:-1]} {n}",
        abstract=" ".join(sentence(rnd, 15) for _ in range(max(1, words // 15))),
        authors=tuple(
            f"{rnd.choice(vocabulary()).capitalize()} {name}{rnd.choice(vocabulary())}"
            for name in rnd.sample(_SURNAMES, 3)
        ),
        published=EPOCH + timedelta(minutes=7 * n),
        categories=(rnd.choice(_CATEGORIES),),
    )
    if arxiv:
        number = f"{26 + n // 1_200_000}{(n // 100_000 + 2) % 12 + 1:02}.{n % 100_000:05}"
        return replace(paper, arxiv=number, guid=f"oai:arXiv.org:{number}v1", link=f"https://arxiv.org/abs/{number}")
    return replace(
        paper,
        doi=f"10.5555/flaky.{seed}.{n}",
        guid=f"flaky-{seed}-{n}",
        link=f"https://journal.example.org/articles/{seed}-{n}",
    )


def items(count: int, *, start: int = 0, seed: int = 0, arxiv: bool = False, words: int = 90) -> tuple[Item, ...]:
    """*count* papers from number *start* on."""
    return tuple(item(n, seed=seed, arxiv=arxiv, words=words) for n in range(start, start + count))
