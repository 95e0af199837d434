"""Thirty days of five feeds that all tell of the same works, each in its own way, and never twice in the same words.

arXiv       new papers on weekdays, and their second versions five days later
journal     the last week; guids that change, DOIs in upper case on every other day
publisher   some of the journal's works a day later, without DOI, at addresses that change with each answer
blog        what arXiv announced two days before, by its address there
archive     all of its last 90 days, each day again
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from tests.servers.flaky_feed import FlakyFeed, Item, item

FIRST_DAY: Final = date(2026, 6, 1)
"""A Monday."""
PATHS: Final[Mapping[str, str]] = {
    "arXiv": "/arxiv.arxiv",
    "journal": "/journal.rss",
    "publisher": "/publisher.atom",
    "blog": "/blog.json",
    "archive": "/archive.rss",
}
"""Name of the source → where the server has it."""
_REPLAYED_DAYS: Final = 90
_ARXIV, _JOURNAL, _ARCHIVE = 0, 20_000, 40_000
_STRIDE: Final = 50
"""Numbers that a feed may give out in a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """What stands in each feed on each day, always the same for the same seed."""

    days: int = 30
    arxiv_a_day: int = 6
    journal_a_day: int = 4
    archive_a_day: int = 2
    seed: int = 0

    def dates(self) -> Iterator[date]:
        return (FIRST_DAY + timedelta(days=n) for n in range(self.days))

    def publish(self, server: FlakyFeed, day: date) -> None:
        """Let the server tell what the feeds hold on *day*."""
        n = (day - FIRST_DAY).days
        server.publish("arxiv", self.arxiv(n))
        server.publish("journal", self.journal(n))
        server.publish("publisher", self.publisher(n))
        server.publish("blog", self.blog(n))
        server.publish("archive", self.archive(n))

    def works_until(self, day: date) -> frozenset[int]:
        """The numbers of all works that any feed has listed up to *day*."""
        n = (day - FIRST_DAY).days
        arxiv = {i.n for k in range(n + 1) for i in self._announced(k)}
        journal = {i.n for k in range(-6, n + 1) for i in self._published(k)}
        archive = {i.n for k in range(1 - _REPLAYED_DAYS, n + 1) for i in self._archived(k)}
        return frozenset(arxiv | journal | archive)

    # -- the feeds, on day n of the month

    def arxiv(self, n: int) -> Sequence[Item]:
        """New papers, and second versions of those of five days before; nothing at weekends, as arXiv has it."""
        again = [self._second_version(i, n) for i in self._announced(n - 5)]
        return [*self._announced(n), *again] if _is_weekday(n) else []

    def journal(self, n: int) -> Sequence[Item]:
        """The last seven days, newest first."""
        listed = [i for k in range(n, n - 7, -1) for i in self._published(k)]
        return [
            replace(
                i,
                doi=i.doi.upper() if n % 2 else i.doi,
                guid=f"{i.guid}-as-of-{n}" if i.n % 3 == 0 else i.guid,
            )
            for i in listed
        ]

    def publisher(self, n: int) -> Sequence[Item]:
        """Every other work of the journal, a day later and for three days."""
        listed = [i for k in range(n - 1, n - 4, -1) for i in self._published(k) if i.n % 2]
        return [
            replace(i, doi="", guid=f"urn:answer:{n}:{i.n}", link=f"https://publisher.example.org/{n}/{i.n}")
            for i in listed
        ]

    def blog(self, n: int) -> Sequence[Item]:
        """Posts on arXiv's papers of two days before, under the blog's own ids."""
        return [replace(i, guid=f"post-{i.n}", doi="") for i in self._announced(n - 2)]

    def archive(self, n: int) -> Sequence[Item]:
        """Everything of the last 90 days, oldest first, with today's date on it."""
        listed = [i for k in range(n - _REPLAYED_DAYS + 1, n + 1) for i in self._archived(k)]
        return [replace(i, published=_moment(n)) for i in listed]

    # -- the works that appear on day n

    def _announced(self, n: int) -> list[Item]:
        if n < 0 or not _is_weekday(n):
            return []
        made = (item(_ARXIV + n * _STRIDE + k, seed=self.seed, arxiv=True) for k in range(self.arxiv_a_day))
        return [replace(i, published=_moment(n)) for i in made]

    def _published(self, n: int) -> list[Item]:
        start = _JOURNAL + (n + 100) * _STRIDE
        return [replace(item(start + k, seed=self.seed), published=_moment(n)) for k in range(self.journal_a_day)]

    def _archived(self, n: int) -> list[Item]:
        start = _ARCHIVE + (n + 100) * _STRIDE
        return [item(start + k, seed=self.seed) for k in range(self.archive_a_day)]

    def _second_version(self, i: Item, n: int) -> Item:
        abstract = f"{i.abstract} In this version we correct a proof."
        return replace(i, version=2, announce="replace", abstract=abstract, published=_moment(n))


def number(title: str) -> int:
    """The work that a title belongs to: the number at its end."""
    return int(title.rsplit(" ", 1)[-1])


def _is_weekday(n: int) -> bool:
    return (FIRST_DAY + timedelta(days=n)).weekday() < 5


def _moment(n: int) -> datetime:
    return datetime.combine(FIRST_DAY + timedelta(days=n), time(4), tzinfo=UTC)
