"""What the sources said: documents, readings, and which papers they list on which day."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, case, delete, func, insert, or_, select, update

from digest.core.identity import lookup_keys, resolve
from digest.core.models import Announcement, Document, Parsed, Rejected, SourceReport, SourceState
from digest.store import tables
from digest.store.database import Database, upsert
from digest.store.papers import find_known, save_papers

_FAILED_FIELDS = ("at", "state", "error")
_READ_FIELDS = ("at", "state", "listed", "never_seen", "rejected", "expected", "error")


class Readings(Database):
    """The part of the store that the stage `fetch` talks to."""

    def register_edition(self, name: str, day: date) -> None:
        """Note that *name* exists since *day* at the latest; its first issue looks back no further than that."""
        edition = tables.edition
        with self._write() as connection:
            upsert(connection, edition, [{"name": name, "since_day": day}])
            connection.execute(
                update(edition).where(edition.c.name == name, edition.c.since_day > day).values(since_day=day)
            )

    def unsettled(self, sources: Sequence[str], day: date) -> tuple[str, ...]:
        """Those of *sources*, in their order, that were not read on *day* with a settled state."""
        reading = tables.reading
        settled = [state for state in SourceState if state.is_settled]
        with self._read() as connection:
            done = connection.scalars(
                select(reading.c.source).where(
                    reading.c.day == day, reading.c.source.in_(sources), reading.c.state.in_(settled)
                )
            ).all()
        return tuple(source for source in sources if source not in done)

    def cached(self, url: str) -> Document | None:
        """The last document from *url* that carried a validator, for a conditional request."""
        cache, document = tables.cache, tables.document
        with self._read() as connection:
            row = connection.execute(
                select(cache.c.etag, cache.c.last_modified, document.c.content)
                .join_from(cache, document)
                .where(cache.c.url == url)
            ).one_or_none()
        if row is None:
            return None
        return Document(url=url, content=zlib.decompress(row.content), etag=row.etag, last_modified=row.last_modified)

    def save_reading(
        self,
        source: str,
        day: date,
        *,
        at: datetime,
        documents: Sequence[Document],
        parsed: Parsed,
        decide_state: Callable[[int, int], SourceState],
    ) -> None:
        """Keep the documents, find out which papers the records are, and list them under *day*.

        A second reading of the day adds to the first: what it lists no more has still been listed. Papers that were
        first seen on this very day count as never seen before, whichever source was read first.

        Args:
            decide_state: (papers listed, papers never seen before this day) → the state of this source today.
        """
        with self._write() as connection:
            _save_records(connection, source, day, parsed)
            listed, never_seen = _count_listed(connection, source, day)
            reading = {
                "source": source,
                "day": day,
                "at": at,
                "state": decide_state(listed, never_seen),
                "listed": listed,
                "never_seen": never_seen,
                "rejected": len(parsed.rejected),
                "expected": parsed.expected,
                "error": None,
            }
            upsert(connection, tables.reading, [reading], update=_READ_FIELDS)
            _save_rejected(connection, source, day, parsed)
            _save_documents(connection, source, day, at, documents)
            _remember_validators(connection, documents)

    def save_failure(
        self,
        source: str,
        day: date,
        *,
        at: datetime,
        state: SourceState,
        error: str,
        documents: Sequence[Document] = (),
    ) -> None:
        """Note that *source* could not be read on *day*. A reading of the same day that succeeded is not overwritten.

        The documents are kept to look at, but not for a conditional request: "not modified" would repeat the failure.
        """
        failure = {"source": source, "day": day, "at": at, "state": state, "error": error}
        nothing = {"listed": 0, "never_seen": 0, "rejected": 0, "expected": None}
        succeeded = select(1).where(
            tables.reading.c.source == source, tables.reading.c.day == day, tables.reading.c.error.is_(None)
        )
        with self._write() as connection:
            if connection.scalar(succeeded) is None:
                upsert(connection, tables.reading, [{**failure, **nothing}], update=_FAILED_FIELDS)
            _save_documents(connection, source, day, at, documents)

    def rejections(self, source: str, day: date) -> tuple[Rejected, ...]:
        """The items of the day's list that could not become papers, in the list's order."""
        rejected = tables.rejected.c
        query = (
            select(rejected.reason, rejected.excerpt)
            .where(rejected.source == source, rejected.day == day)
            .order_by(rejected.n)
        )
        with self._read() as connection:
            return tuple(Rejected(reason=row.reason, excerpt=row.excerpt) for row in connection.execute(query))

    def source_reports(self, edition: str, sources: Sequence[str], day: date) -> tuple[SourceReport, ...]:
        """How each of *sources* stands on *day* for *edition*, in their order; a source never read is left out.

        A paper is new until an issue of another day has considered it, so the day's own issue changes nothing.
        Where a source does not say how many papers there are, its list is what is expected, unreadable items included.
        """
        reading, record, considered = tables.reading, tables.record, tables.considered
        earlier = select(1).where(
            considered.c.edition == edition, considered.c.paper_pk == record.c.paper_pk, considered.c.date != day
        )
        updates = record.c.announcement.in_([a for a in Announcement if not a.is_news])
        counts = (
            select(
                record.c.source,
                func.count().label("listed"),
                func.sum(case((and_(record.c.is_news, ~earlier.exists()), 1), else_=0)).label("new"),
                func.sum(case((updates, 1), else_=0)).label("updates"),
            )
            .where(record.c.day == day, record.c.source.in_(sources))
            .group_by(record.c.source)
        )
        with self._read() as connection:
            counted = {row.source: row for row in connection.execute(counts)}
            readings = connection.execute(
                select(reading).where(reading.c.day == day, reading.c.source.in_(sources))
            ).all()
            failing = {
                row.source: _days_failing(connection, row.source, day)
                for row in readings
                if row.state == SourceState.FAILED
            }
        reports = {}
        for row in readings:
            found = counted.get(row.source)
            listed, new, updated = (found.listed, found.new, found.updates) if found else (0, 0, 0)
            reports[row.source] = SourceReport(
                name=row.source,
                state=SourceState(row.state),
                listed=listed,
                expected=_expected(row),
                new=new,
                seen_before=listed - new,
                rejected=row.rejected,
                updates=updated,
                error=row.error,
                days_failing=failing.get(row.source, 0),
            )
        return tuple(reports[source] for source in sources if source in reports)


def _save_records(connection: Connection, source: str, day: date, parsed: Parsed) -> None:
    known = find_known(connection, *lookup_keys(parsed.records))
    papers = resolve(parsed.records, known).papers
    pks = save_papers(connection, papers, {k.pk: k.paper for k in known}, day=day)
    rows = [
        {
            "source": source,
            "day": day,
            "paper_pk": pks[one.paper.id],
            "position": one.position,
            "version": parsed.records[one.position].paper.version,
            "announcement": one.record.announcement,
            "is_news": one.record.announcement is None or one.record.announcement.is_news,
            "upvotes": one.record.signals.upvotes,
            "comments": one.record.signals.comments,
            "stars": one.record.signals.stars,
        }
        for one in papers
    ]
    upsert(
        connection,
        tables.record,
        rows,
        update=("position", "version", "announcement", "is_news", "upvotes", "comments", "stars"),
    )


def _count_listed(connection: Connection, source: str, day: date) -> tuple[int, int]:
    """How many papers *source* listed on *day*, and how many of them were unknown before."""
    record, paper = tables.record, tables.paper
    row = connection.execute(
        select(func.count(), func.count(case((paper.c.first_seen >= day, 1))))
        .join_from(record, paper)
        .where(record.c.source == source, record.c.day == day)
    ).one()
    return row[0], row[1]


def _save_rejected(connection: Connection, source: str, day: date, parsed: Parsed) -> None:
    rejected = tables.rejected
    connection.execute(delete(rejected).where(rejected.c.source == source, rejected.c.day == day))
    rows = [
        {"source": source, "day": day, "n": n, "reason": item.reason, "excerpt": item.excerpt}
        for n, item in enumerate(parsed.rejected)
    ]
    if rows:
        connection.execute(insert(rejected), rows)


def _save_documents(
    connection: Connection, source: str, day: date, at: datetime, documents: Iterable[Document]
) -> None:
    """Keep the bytes, each once however often they come."""
    for document in documents:
        sha256 = _sha256(document)
        # Compressing costs more than looking.
        if connection.scalar(select(1).where(tables.document.c.sha256 == sha256)) is None:
            connection.execute(
                insert(tables.document).values(
                    sha256=sha256, content=zlib.compress(document.content), size_bytes=len(document.content)
                )
            )
        row = {"source": source, "day": day, "url": document.url, "sha256": sha256, "at": at}
        upsert(connection, tables.reading_document, [row])


def _remember_validators(connection: Connection, documents: Iterable[Document]) -> None:
    rows = [
        {"url": d.url, "etag": d.etag, "last_modified": d.last_modified, "sha256": _sha256(d)}
        for d in documents
        if d.etag or d.last_modified
    ]
    upsert(connection, tables.cache, rows, update=("etag", "last_modified", "sha256"))


def _sha256(document: Document) -> str:
    return hashlib.sha256(document.content).hexdigest()


def _expected(row: Row[Any]) -> int | None:
    if row.error is not None:
        return None
    expected: int = row.listed + row.rejected if row.expected is None else row.expected
    return expected


def _days_failing(connection: Connection, source: str, day: date) -> int:
    """How many readings up to *day* have failed in a row; days without any reading, as weekends, do not count."""
    reading = tables.reading
    up_to_now = and_(reading.c.source == source, reading.c.day <= day)
    last_good = (
        select(func.max(reading.c.day)).where(up_to_now, reading.c.state != SourceState.FAILED).scalar_subquery()
    )
    since = or_(last_good.is_(None), reading.c.day > last_good)
    return connection.scalar(select(func.count()).where(up_to_now, since)) or 0
