"""Readings of sources: their documents, how each reading went, and which papers a source lists on which day."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Table, and_, case, delete, func, insert, or_, select, update

from digest.core.identity.ids import merge_announcements
from digest.core.identity.resolve import lookup_keys, resolve
from digest.core.lists.freshness import CATCH_UP, Backoff, PastReading, Seen, Verdict
from digest.core.models import Announcement, Document, PaperId, Parsed, Rejected, SourceReport, SourceState
from digest.core.private import without_password
from digest.store import tables
from digest.store.database import AnyRow, Database, upsert
from digest.store.papers import find_known, save_papers

_FAILED_FIELDS: Final = ("at", "read_on", "state", "error")
_READ_FIELDS: Final = (
    *_FAILED_FIELDS,
    *("listed", "never_seen", "rejected", "expected", "gap", "is_partial", "is_open", "note"),
)
_BACKOFF_FIELDS: Final = ("address", "failures", "not_before", "is_gone", "error")
_HALF_A_YEAR: Final = timedelta(days=183)
_WHOLE: Final = {"is_partial": False, "is_open": False, "note": None}


class Readings(Database):
    """The part of the store that the stage `fetch` talks to."""

    def register_edition(self, name: str, day: date) -> None:
        """Note that the edition *name* exists since *day* at the latest; its first issue looks back no further."""
        edition = tables.edition
        with self._write() as connection:
            upsert(connection, edition, [{"name": name, "since_day": day}])
            connection.execute(
                update(edition).where(edition.c.name == name, edition.c.since_day > day).values(since_day=day)
            )

    def unsettled(self, sources: Sequence[str], day: date) -> tuple[str, ...]:
        """Those of *sources*, in their order, whose list of *day* was not read, or not in a settled state."""
        reading = tables.reading
        settled = [state for state in SourceState if state.is_settled]
        with self._read() as connection:
            done = connection.scalars(
                select(reading.c.source).where(
                    reading.c.day == day,
                    reading.c.source.in_(sources),
                    reading.c.state.in_(settled),
                    ~reading.c.is_partial,
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
                .where(cache.c.url == without_password(url))
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
        read_on: date,
        documents: Sequence[Document],
        parsed: Parsed,
        judge: Callable[[Seen], Verdict],
        gap: int = 0,
        is_open: bool = False,
    ) -> None:
        """Keep the documents, find out which papers the records are, and list them under *day*.

        A second reading of the day adds to the first: what it no longer lists stays listed. Only an earlier day's list
        that stood in for this day's is replaced. Papers that were first seen on this very day count as never seen
        before, whichever source was read first.

        Args:
            read_on: The day of the run; later than *day* for a list that was missed, or is read again.
            judge: Decides what the list means, compared with what was known.
            gap: Items that the source says there are, and that could not be found.
            is_open: The list still grows.
        """
        with self._write("papers") as connection:
            _drop_stand_ins(connection, source, day)
            _save_records(connection, source, day, read_on, parsed)
            row = {"rejected": len(parsed.rejected), "expected": parsed.expected, "gap": gap, "is_open": is_open}
            _save_judged(connection, source, day, judge, {"at": at, "read_on": read_on, **row})
            _save_rejected(connection, source, day, parsed)
            _save_documents(connection, source, day, at, documents)
            _remember_validators(connection, documents)

    def last_list(self, source: str, document: Document) -> date | None:
        """The day of the source's newest list, if it was read whole, from the very same bytes and from nothing else."""
        reading, kept = tables.reading, tables.reading_document
        newest = (
            select(reading.c.day, reading.c.at, reading.c.is_partial)
            .where(reading.c.source == source, reading.c.error.is_(None))
            .order_by(reading.c.day.desc())
            .limit(1)
        )
        with self._read() as connection:
            row = connection.execute(newest).one_or_none()
            if row is None or row.is_partial:
                return None
            read = connection.execute(
                select(kept.c.url, kept.c.sha256).where(
                    kept.c.source == source, kept.c.day == row.day, kept.c.at == row.at
                )
            ).all()
        day: date = row.day
        return day if [tuple(r) for r in read] == [(without_password(document.url), _sha256(document))] else None

    def repeat_reading(
        self, source: str, day: date, *, of: date, at: datetime, read_on: date, judge: Callable[[Seen], Verdict]
    ) -> None:
        """Note that on *day* the source's list is that *of* an earlier day, or of an earlier hour, unchanged."""
        reading, record, kept = tables.reading, tables.record, tables.reading_document
        with self._write("papers") as connection:
            before = connection.execute(select(reading).where(reading.c.source == source, reading.c.day == of)).one()
            if of != day:
                _copy(connection, record, source, of=of, to=day)
            row = {name: getattr(before, name) for name in ("rejected", "expected", "gap", "is_open")}
            _save_judged(connection, source, day, judge, {"at": at, "read_on": read_on, **row})
            if of != day:
                _copy(connection, tables.rejected, source, of=of, to=day)
            # The same document, as of now: the next one that did not change is known by it too.
            of_it = and_(kept.c.source == source, kept.c.day == of, kept.c.at == before.at)
            documents = [dict(r) for r in connection.execute(select(kept).where(of_it)).mappings()]
            upsert(connection, kept, [{**d, "day": day, "at": at} for d in documents], update=("at",))

    def save_failure(
        self,
        source: str,
        day: date,
        *,
        at: datetime,
        read_on: date,
        state: SourceState,
        error: str,
        documents: Sequence[Document] = (),
    ) -> None:
        """Note that *source* could not be read on *day*. A settled reading of the same day is not overwritten.

        The documents are kept to look at, but not for a conditional request: "not modified" would repeat the failure.
        """
        failure = {"source": source, "day": day, "at": at, "read_on": read_on, "state": state, "error": error}
        # What cannot be filled in later is a failure of its own, and not one of that day.
        first = read_on == day
        failure["had_failed"] = first and state is SourceState.FAILED
        nothing = {"listed": 0, "never_seen": 0, "rejected": 0, "expected": None, "gap": 0, **_WHOLE}
        succeeded = select(1).where(
            tables.reading.c.source == source,
            tables.reading.c.day == day,
            tables.reading.c.error.is_(None),
            tables.reading.c.state.in_([s for s in SourceState if s.is_settled]),
        )
        with self._write("papers") as connection:
            if connection.scalar(succeeded) is None:
                upsert(
                    connection,
                    tables.reading,
                    [{**failure, **nothing}],
                    update=(*_FAILED_FIELDS, *(("had_failed",) if first else ())),
                )
            else:
                connection.execute(
                    update(tables.reading)
                    .where(tables.reading.c.source == source, tables.reading.c.day == day)
                    .values(read_on=read_on)
                )
            _save_documents(connection, source, day, at, documents)

    def past_readings(self, source: str, *, since: date, before: date) -> dict[date, PastReading]:
        """How the lists of *source* stand, from *since* until before *before*, and the last one before *since*."""
        reading = tables.reading.c
        of_it = reading.source == source
        last = select(func.max(reading.day)).where(of_it, reading.day < since).scalar_subquery()
        query = select(tables.reading).where(
            of_it, or_(reading.day >= since, reading.day == last), reading.day < before
        )
        with self._read() as connection:
            return {
                row.day: PastReading(
                    day=row.day,
                    at=row.at,
                    read_on=row.read_on or row.day,
                    state=SourceState(row.state),
                    listed=row.listed,
                    unseen=row.never_seen,
                    gap=row.gap,
                    is_partial=row.is_partial,
                )
                for row in connection.execute(query)
            }

    def backoffs(self, sources: Sequence[str]) -> dict[str, Backoff]:
        """Source → its backoff, for those of *sources* that answer with errors."""
        with self._read() as connection:
            rows = connection.execute(select(tables.backoff).where(tables.backoff.c.source.in_(sources))).all()
        return {
            row.source: Backoff(
                address=row.address,
                failures=row.failures,
                not_before=row.not_before,
                is_gone=row.is_gone,
                error=row.error,
            )
            for row in rows
        }

    def save_backoff(self, source: str, backoff: Backoff | None) -> None:
        """Store the backoff of a source that answers with errors; None: it no longer does."""
        with self._write() as connection:
            if backoff is None:
                connection.execute(delete(tables.backoff).where(tables.backoff.c.source == source))
                return
            row = {"source": source, **{name: getattr(backoff, name) for name in _BACKOFF_FIELDS}}
            upsert(connection, tables.backoff, [row], update=_BACKOFF_FIELDS)

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
            histories = _histories(connection, sources, day)
        reports = {}
        for row in readings:
            found = counted.get(row.source)
            listed, new, updated = (found.listed, found.new, found.updates) if found else (0, 0, 0)
            reports[row.source] = SourceReport(
                name=row.source,
                state=SourceState(row.state),
                listed=listed,
                expected=_expected(row, listed),
                new=new,
                seen_before=listed - new,
                rejected=row.rejected,
                updates=updated,
                error=row.error,
                days_failing=1 + _failures(histories.get(row.source, ())) if row.state == SourceState.FAILED else 0,
                back_after=_failures(histories.get(row.source, ()), until=row.read_on) if row.error is None else 0,
                gap=row.gap,
                is_partial=row.is_partial,
                is_open=row.is_open,
                note=row.note,
            )
        return tuple(reports[source] for source in sources if source in reports)


def _drop_stand_ins(connection: Connection, source: str, day: date) -> None:
    """Forget what an earlier reading of the day listed that was an earlier day's list; each paper stands there too.

    Just as it stands there: what was new then and is revised now was not copied.
    """
    reading, record = tables.reading.c, tables.record
    unsettled = [state for state in SourceState if not state.is_settled]
    stood_in = select(1).where(
        reading.source == source,
        reading.day == day,
        or_(reading.state.in_(unsettled), reading.is_partial, reading.never_seen == 0),
    )
    if connection.scalar(stood_in) is not None:
        earlier = record.alias("earlier")
        listed = select(1).where(
            earlier.c.source == source,
            earlier.c.day < day,
            earlier.c.paper_pk == record.c.paper_pk,
            earlier.c.announcement.is_not_distinct_from(record.c.announcement),
            earlier.c.version.is_not_distinct_from(record.c.version),
        )
        connection.execute(delete(record).where(record.c.source == source, record.c.day == day, listed.exists()))


def _save_judged(
    connection: Connection, source: str, day: date, judge: Callable[[Seen], Verdict], row: Mapping[str, Any]
) -> None:
    """Write down how a reading went, once its records are there."""
    seen = _seen(connection, source, day)
    verdict = judge(seen)
    reading = {
        **row,
        "source": source,
        "day": day,
        "state": verdict.state,
        "listed": seen.listed,
        "never_seen": len(seen.unseen),
        "error": None,
        "had_failed": False,  # of a first reading; a later one leaves the word of the first
        "is_partial": verdict.is_partial,
        "note": verdict.note,
    }
    upsert(connection, tables.reading, [reading], update=_READ_FIELDS)


def _seen(connection: Connection, source: str, day: date) -> Seen:
    """What *source* listed on *day*, compared with what was known before."""
    record, paper, reading = tables.record, tables.paper, tables.reading.c
    rows = connection.execute(
        select(paper.c.id, paper.c.first_seen, record.c.paper_pk)
        .join_from(record, paper)
        .where(record.c.source == source, record.c.day == day)
    ).all()
    newest = select(func.max(reading.day)).where(reading.source == source, reading.day < day, reading.listed > 0)
    before = set(
        connection.scalars(
            select(record.c.paper_pk).where(record.c.source == source, record.c.day == newest.scalar_subquery())
        )
    )
    unseen = frozenset(PaperId(row.id) for row in rows if row.first_seen >= day)
    fresh = select(reading.day).where(
        reading.source == source, reading.day < day, reading.day >= day - _HALF_A_YEAR, reading.never_seen > 0
    )
    return Seen(
        listed=len(rows),
        unseen=unseen,
        repeats=bool(rows) and all(row.paper_pk in before for row in rows),
        fresh_on=(*connection.scalars(fresh.order_by(reading.day)), *((day,) if unseen else ())),
    )


def _copy(connection: Connection, table: Table, source: str, *, of: date, to: date) -> None:
    """Copy the rows of *table* of one day of a source to another day."""
    there = select(table).where(table.c.source == source, table.c.day == of)
    upsert(connection, table, [{**row, "day": to} for row in connection.execute(there).mappings()])


def _save_records(connection: Connection, source: str, day: date, read_on: date, parsed: Parsed) -> None:
    known = find_known(connection, *lookup_keys(parsed.records))
    papers = resolve(parsed.records, known).papers
    pks = save_papers(connection, papers, {k.pk: k.paper for k in known}, source=source, day=day)
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
    _keep_news(connection, source, day, rows)
    upsert(
        connection,
        tables.record,
        rows,
        update=("position", "version", "announcement", "is_news", "upvotes", "comments", "stars"),
    )
    _save_votes(connection, rows, read_on)


def _keep_news(connection: Connection, source: str, day: date, rows: Iterable[dict[str, Any]]) -> None:
    """Keep as news what an earlier reading of the day announced as news, whatever a later one calls it."""
    record = tables.record.c
    query = select(record.paper_pk, record.announcement).where(
        record.source == source, record.day == day, record.is_news, record.announcement.is_not(None)
    )
    news = {row.paper_pk: Announcement(row.announcement) for row in connection.execute(query)}
    for row in rows:
        if row["paper_pk"] in news:
            row["announcement"] = merge_announcements(news[row["paper_pk"]], row["announcement"])
            row["is_news"] = True


def _save_votes(connection: Connection, rows: Iterable[Mapping[str, Any]], read_on: date) -> None:
    """Keep the votes that the papers had on the day of the run."""
    names = ("source", "paper_pk", "upvotes", "comments", "stars")
    votes = [{**{n: row[n] for n in names}, "day": read_on} for row in rows if row["upvotes"] is not None]
    upsert(connection, tables.vote, votes, update=("upvotes", "comments", "stars"))


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
        row = {"source": source, "day": day, "url": without_password(document.url), "sha256": sha256, "at": at}
        upsert(connection, tables.reading_document, [row])


def _remember_validators(connection: Connection, documents: Iterable[Document]) -> None:
    rows = [
        {"url": without_password(d.url), "etag": d.etag, "last_modified": d.last_modified, "sha256": _sha256(d)}
        for d in documents
        if d.etag or d.last_modified
    ]
    upsert(connection, tables.cache, rows, update=("etag", "last_modified", "sha256"))


def _sha256(document: Document) -> str:
    return hashlib.sha256(document.content).hexdigest()


def _expected(row: AnyRow, listed: int) -> int | None:
    """How many papers the list should have: those listed, those that could not be read, and those not found."""
    if row.error is not None or (row.is_partial and not row.gap):
        return None
    expected: int = listed + row.rejected + row.gap
    return expected


def _histories(connection: Connection, sources: Sequence[str], day: date) -> dict[str, list[AnyRow]]:
    """The readings of the lists before *day*'s, the newest first."""
    reading = tables.reading.c
    query = (
        select(reading.source, reading.state, reading.had_failed, reading.read_on)
        .where(reading.source.in_(sources), reading.day < day, reading.day >= day - CATCH_UP)
        .order_by(reading.day.desc())
    )
    found: dict[str, list[AnyRow]] = {}
    for row in connection.execute(query):
        found.setdefault(row.source, []).append(row)
    return found


def _failures(history: Iterable[AnyRow], *, until: date | None = None) -> int:
    """How many lists in a row could not be read; with *until*, not before that day, when they were filled in.

    Days that nobody asked for, as weekends, do not count.
    """
    n = 0
    for row in history:
        if not row.had_failed or not (row.state == SourceState.FAILED or row.read_on == until):
            break
        n += 1
    return n
