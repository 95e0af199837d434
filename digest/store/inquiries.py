"""Queries for people: what the store knows about one paper, and its status."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import case, func, select

from digest.core.models import Announcement, DeliveryState, Paper, PaperId, Signals, SourceState
from digest.store import tables
from digest.store.database import Database, chunks
from digest.store.handovers import OPEN
from digest.store.ledger import IN_DOUBT, SPENT, in_usd
from digest.store.papers import find_pks, load_papers, signals


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """An id of a paper, the canonical one included."""

    id: PaperId
    reason: str
    """Why the id belongs to this paper: "its own id", "same title, an author in common"."""
    since: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A paper as one source listed it on one day."""

    source: str
    day: date
    version: int | None
    announcement: Announcement | None
    signals: Signals


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one issue decided about a paper."""

    edition: str
    date: date
    is_printed: bool
    """False: the paper was left out."""
    reason: str
    """Why it was printed or left out, in words; may be empty for one that was printed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """A paper's upvotes on the day a source was read."""

    source: str
    day: date
    upvotes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReading:
    """How the newest reading of a source went."""

    source: str
    day: date
    at: datetime
    state: SourceState
    listed: int
    error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What the store holds, in numbers, with the newest reading of each source."""

    place: str
    size_bytes: int
    schema: int
    papers: int
    records: int
    issues: int
    """Issues with entries; empty ones are not counted."""
    readings: tuple[LastReading, ...]
    """The newest reading of each source, sorted by name."""
    deliveries: tuple[tuple[DeliveryState, int], ...]
    """How many in each state, in the order a delivery goes through them; states without any are left out."""
    requests: int
    cost_usd: float
    """Cost of the requests since the moment given to `status`, with what is awaited and what is in doubt."""
    awaited_usd: float
    """The part of `cost_usd` that is reserved for open handovers."""
    in_doubt_usd: float
    """The part of `cost_usd` that is reserved for direct requests whose answer never came, or is under way."""


class Inquiries(Database):
    """The part of the store that answers questions about papers and about the store itself."""

    def paper(self, paper_id: PaperId) -> Paper | None:
        """The paper known by this id or alias; None if there is none."""
        with self._read() as connection:
            pks = find_pks(connection, [paper_id]).values()
            return next(iter(load_papers(connection, pks).values()), None)

    def paper_at(self, url: str) -> Paper | None:
        """The paper whose own page is at *url*; None if there is none."""
        with self._read() as connection:
            pk = connection.scalar(select(tables.paper.c.pk).where(tables.paper.c.url == url).limit(1))
            return None if pk is None else load_papers(connection, [pk])[pk]

    def aliases(self, paper_id: PaperId) -> tuple[Alias, ...]:
        """All ids of the paper known by this one, sorted, with the reason of each; empty if it is unknown."""
        alias, known = tables.alias.c, tables.alias.alias()
        query = (
            select(alias.id, alias.reason, alias.since)
            .join_from(tables.alias, known, alias.paper_pk == known.c.paper_pk)
            .where(known.c.id == paper_id)
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
        return tuple(Alias(id=PaperId(r.id), reason=r.reason, since=r.since) for r in sorted(rows))

    def records_of(self, paper_id: PaperId) -> tuple[Listing, ...]:
        """Which sources listed a paper on which days, sorted by day and source; empty if none did."""
        alias, record = tables.alias, tables.record
        query = (
            select(record).join_from(record, alias, alias.c.paper_pk == record.c.paper_pk).where(alias.c.id == paper_id)
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
        return tuple(
            Listing(
                source=row.source,
                day=row.day,
                version=row.version,
                announcement=None if row.announcement is None else Announcement(row.announcement),
                signals=signals(row),
            )
            for row in sorted(rows, key=lambda row: (row.day, row.source))
        )

    def decisions_on(self, paper_id: PaperId) -> tuple[Decision, ...]:
        """What issues decided about a paper, sorted by date and edition; empty if none considered it."""
        alias, considered = tables.alias, tables.considered.c
        query = (
            select(considered.edition, considered.date, considered.kind, considered.reason)
            .join_from(tables.considered, alias, alias.c.paper_pk == considered.paper_pk)
            .where(alias.c.id == paper_id)
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
        return tuple(
            Decision(edition=row.edition, date=row.date, is_printed=row.kind == "entry", reason=row.reason)
            for row in sorted(rows, key=lambda row: (row.date, row.edition))
        )

    def printings(self, ids: Collection[PaperId]) -> dict[PaperId, tuple[tuple[str, date], ...]]:
        """(edition, date) of the issues that printed each of some papers, the newest first; papers without are left
        out."""
        alias, considered = tables.alias, tables.considered.c
        query = select(alias.c.id, considered.edition, considered.date).join_from(
            tables.considered, alias, alias.c.paper_pk == considered.paper_pk
        )
        found: dict[PaperId, list[tuple[str, date]]] = {}
        with self._read() as connection:
            for some in chunks(sorted(ids)):
                for row in connection.execute(query.where(alias.c.id.in_(some), considered.kind == "entry")):
                    found.setdefault(PaperId(row.id), []).append((row.edition, row.date))
        return {i: tuple(sorted(those, key=lambda one: (-one[1].toordinal(), one[0]))) for i, those in found.items()}

    def votes_of(self, paper_id: PaperId) -> tuple[Vote, ...]:
        """How many upvotes a paper had on which days, sorted by day and source."""
        alias, vote = tables.alias, tables.vote.c
        query = (
            select(vote.source, vote.day, vote.upvotes)
            .join_from(tables.vote, alias, alias.c.paper_pk == vote.paper_pk)
            .where(alias.c.id == paper_id, vote.upvotes.is_not(None))
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
        return tuple(
            Vote(source=row.source, day=row.day, upvotes=row.upvotes)
            for row in sorted(rows, key=lambda row: (row.day, row.source))
        )

    def secret(self) -> bytes:
        """32 random bytes, made with the database, for Message-IDs that nobody else can guess."""
        with self._read() as connection:
            return bytes.fromhex(
                connection.execute(select(tables.meta.c.value).where(tables.meta.c.key == "secret")).scalar_one()
            )

    def status(self, *, since: datetime) -> Status:
        """The status of the store: its size, papers, issues, readings, deliveries and costs.

        Args:
            since: From when on requests and their cost are counted: the start of the month, say.
        """
        t = tables
        newest = select(t.reading.c.source, func.max(t.reading.c.day).label("day")).group_by(t.reading.c.source)
        newest_of = newest.subquery()
        with self._read() as connection:
            size = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
            if connection.dialect.name == "postgresql":
                size = "SELECT pg_database_size(current_database())"
            readings = connection.execute(
                select(t.reading).join(
                    newest_of,
                    (t.reading.c.source == newest_of.c.source) & (t.reading.c.day == newest_of.c.day),
                )
            ).all()
            by_state = {
                row.state: row.number
                for row in connection.execute(
                    select(t.delivery.c.state, func.count().label("number"))
                    .where(t.delivery.c.channel == "mail")
                    .group_by(t.delivery.c.state)
                )
            }
            in_open_handover = t.request.c.handover_pk.in_(select(t.handover.c.pk).where(t.handover.c.state.in_(OPEN)))
            awaited = case((in_open_handover, IN_DOUBT), else_=0)
            requests, cost, waiting, doubt = connection.execute(
                select(func.count(), func.sum(SPENT), func.sum(awaited), func.sum(IN_DOUBT - awaited)).where(
                    t.request.c.at >= since
                )
            ).one()
            return Status(
                place=self.place,
                size_bytes=connection.exec_driver_sql(size).scalar_one(),
                schema=connection.scalar(select(func.max(t.migration.c.version))) or 0,
                papers=connection.scalar(select(func.count()).select_from(t.paper)) or 0,
                records=connection.scalar(select(func.count()).select_from(t.record)) or 0,
                issues=connection.scalar(select(func.count()).where(t.issue.c.entries > 0)) or 0,
                readings=tuple(
                    LastReading(
                        source=row.source,
                        day=row.day,
                        at=row.at,
                        state=SourceState(row.state),
                        listed=row.listed,
                        error=row.error,
                    )
                    for row in sorted(readings, key=lambda row: row.source)
                ),
                deliveries=tuple((state, by_state[state]) for state in DeliveryState if state in by_state),
                requests=requests,
                cost_usd=in_usd(cost),
                awaited_usd=in_usd(waiting),
                in_doubt_usd=in_usd(doubt),
            )
