"""Issues: an edition's candidates for one, what its issues printed and left out, and the issues themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, and_, case, delete, func, insert, or_, select, true

from digest.core.identity.ids import merge_announcements, merge_signals
from digest.core.models import Announcement, Candidate, Issue, NewDelivery, Paper, PastList, Signals
from digest.store import tables
from digest.store.changes import save_told
from digest.store.database import AnyRow, Database, chunks, upsert
from digest.store.papers import find_pks, load_papers, signals
from digest.store.picks import insert_deliveries, still_wanted
from digest.store.serialize import dump, load

LOOK_BACK: Final = timedelta(days=31)
"""How old a listing may be that an issue is chosen from: after a month a paper is no news. So a growing store does not
make the choice slower."""

_record = tables.record.c
_considered = tables.considered.c
_issue = tables.issue.c


class Issues(Database):
    """The part of the store that the stages `publish` and `site` talk to."""

    # -- choose

    def candidates(
        self, edition: str, sources: Sequence[str], day: date, *, carry_days: int, anew: date | None = None
    ) -> tuple[Candidate, ...]:
        """Papers that *sources* list as news, up to *day*, and that no issue of *edition* printed.

        That is: papers never considered by *edition*, and papers it cut for want of room no more than *carry_days*
        ago, counted from the first time. Ordered by the edition's order of sources and their position in the newest
        list there. Nothing is looked for before the edition's first day, nor more than a month back.

        Args:
            anew: As if *edition* had made no issue of this day or a later one; one that never made any begins then.
        """
        with self._read() as connection:
            listed: dict[int, list[AnyRow]] = {}
            query = _open_records(connection, edition, sources, day, carry_days=carry_days, anew=anew)
            for row in connection.execute(query):
                listed.setdefault(row.paper_pk, []).append(row)
            papers = load_papers(connection, listed)
        candidates = [_candidate(papers[pk], rows, sources) for pk, rows in listed.items()]
        candidates.sort(key=lambda c: (sources.index(c.sources[0]), c.position, c.listed_on, c.paper.id))
        return tuple(candidates)

    def past_lists(self, edition: str, sources: Sequence[str], day: date) -> dict[str, tuple[PastList, ...]]:
        """Source → its lists of days before *day* that have papers which *edition* has not considered yet."""
        reading = tables.reading.c
        with self._read() as connection:
            rows = _open_records(connection, edition, sources, day, carry_days=None).subquery()
            query = (
                select(
                    rows.c.source,
                    rows.c.day,
                    func.count().label("new"),
                    func.max(reading.listed).label("listed"),
                    func.max(case((reading.is_partial, 1), else_=0)).label("is_partial"),
                )
                .join_from(rows, tables.reading, and_(reading.source == rows.c.source, reading.day == rows.c.day))
                .where(rows.c.day < day)
                .group_by(rows.c.source, rows.c.day)
                .order_by(rows.c.source, rows.c.day)
            )
            found: dict[str, list[PastList]] = {}
            for row in connection.execute(query):
                past = PastList(day=row.day, listed=row.listed, new=row.new, is_partial=bool(row.is_partial))
                found.setdefault(row.source, []).append(past)
        return {source: tuple(lists) for source, lists in found.items()}

    # -- publish

    def issue(self, edition: str, day: date) -> Issue | None:
        """The stored issue, which may be empty and say why; None if there is none."""
        with self._read() as connection:
            body = connection.scalar(select(tables.issue.c.body).where(_issue.edition == edition, _issue.date == day))
        return None if body is None else load(Issue, body)

    def days_listed(self, sources: Sequence[str], *, until: date, most: int) -> tuple[date, ...]:
        """The last *most* days up to *until* of which any of *sources* has a list with papers, the newest first."""
        reading = tables.reading.c
        query = (
            select(reading.day)
            .where(reading.source.in_(sources), reading.day <= until, reading.listed > 0)
            .distinct()
            .order_by(reading.day.desc())
            .limit(most)
        )
        with self._read() as connection:
            return tuple(connection.scalars(query))

    def news(self, sources: Sequence[str], *, since: date, until: date) -> dict[date, tuple[Paper, ...]]:
        """Day → the papers that any of *sources* listed as news on it, each paper under its first day in the span."""
        query = (
            select(_record.paper_pk, func.min(_record.day).label("day"))
            .where(_record.source.in_(sources), _record.day.between(since, until), _record.is_news)
            .group_by(_record.paper_pk)
            .order_by(_record.paper_pk)
        )
        with self._read() as connection:
            days = {row.paper_pk: row.day for row in connection.execute(query)}
            papers = load_papers(connection, days)
        found: dict[date, list[Paper]] = {}
        for pk, paper in papers.items():
            found.setdefault(days[pk], []).append(paper)
        return {day: tuple(sorted(found[day], key=lambda paper: paper.id)) for day in sorted(found)}

    def last_issues(self, edition: str, *, before: date, most: int) -> tuple[Issue, ...]:
        """The last *most* issues of *edition* with entries, of days before *before*; the newest first."""
        is_one = and_(_issue.edition == edition, _issue.date < before, _issue.entries > 0)
        query = select(_issue.body).where(is_one).order_by(_issue.date.desc()).limit(most)
        with self._read() as connection:
            return tuple(load(Issue, body) for body in connection.scalars(query))

    def issue_dates(self, edition: str | None = None) -> tuple[tuple[str, date, int], ...]:
        """(edition, date, number of entries) of every stored issue, sorted by edition and date."""
        query = select(_issue.edition, _issue.date, _issue.entries)
        if edition is not None:
            query = query.where(_issue.edition == edition)
        with self._read() as connection:
            return tuple(sorted((row.edition, row.date, row.entries) for row in connection.execute(query)))

    def save_issue(
        self, issue: Issue, *, at: datetime, deliveries: Mapping[str, str], to: Sequence[NewDelivery] = ()
    ) -> bool:
        """Store the issue, what it printed and left out, and its due deliveries, in one transaction.

        An empty issue of the same day is replaced. If there is one with entries, nothing is stored and the result is
        False. Of a paper that was cut before, the first decision stays, with the signals it had then.

        Args:
            deliveries: recipient → Message-ID, of those who have no subscription. Empty for an empty issue.
            to: Further deliveries, which go to subscriptions or over other channels.
        """
        key = {"edition": issue.edition, "date": issue.date}
        is_it = and_(_issue.edition == issue.edition, _issue.date == issue.date)
        with self._write("papers", "issue", "subscribers") as connection:
            if connection.scalar(select(_issue.entries).where(is_it)):
                return False
            row = {**key, "body": dump(issue), "entries": len(issue.entries), "built_at": at, "readers_at": None}
            upsert(connection, tables.issue, [row], update=("body", "entries", "built_at", "readers_at"))
            decided = and_(_considered.edition == issue.edition, _considered.date == issue.date)
            connection.execute(delete(tables.considered).where(decided))
            _save_considered(connection, issue)
            save_told(connection, issue)
            new = [*(NewDelivery(recipient=r, message_id=m) for r, m in deliveries.items()), *to]
            # Who stopped since the issue was begun gets none, whatever the config lists.
            wanted = still_wanted(connection, new, is_first=False)
            insert_deliveries(connection, issue.edition, issue.date, wanted, at=at)
        return True


def _open_records(
    connection: Connection,
    edition: str,
    sources: Sequence[str],
    day: date,
    *,
    carry_days: int | None,
    anew: date | None = None,
) -> Select[Any]:
    """Listings of papers that *edition* may still print; with *carry_days* None only of those never considered.

    What issues of *anew* and later decided does not count.

    The key of `record` begins with source and day, so this costs what the window holds, however old the store is.
    """
    record, considered = tables.record, tables.considered
    since = connection.scalar(select(tables.edition.c.since_day).where(tables.edition.c.name == edition))
    if anew is not None:
        since = min(since or anew, anew)
    oldest = max(day - LOOK_BACK, since or date.min)
    decided = considered.alias("decided")
    closed = select(1).where(decided.c.edition == edition, decided.c.paper_pk == _record.paper_pk)
    if anew is not None:
        closed = closed.where(decided.c.date < anew)
    if carry_days is not None:
        last_carried = (anew or day) - timedelta(days=carry_days)
        # A day that is caught up with later cannot know of a rise since a day after it.
        closed = closed.where(or_(decided.c.kind != "cut", ~decided.c.date.between(last_carried, day)))
    return (
        select(
            _record.source,
            _record.day,
            _record.paper_pk,
            _record.position,
            _record.announcement,
            _record.upvotes,
            _record.comments,
            _record.stars,
            _considered.date.label("cut_on"),
            _considered.upvotes.label("cut_upvotes"),
            _considered.comments.label("cut_comments"),
            _considered.stars.label("cut_stars"),
        )
        .join_from(
            record,
            considered,
            and_(
                _considered.edition == edition,
                _considered.paper_pk == _record.paper_pk,
                _considered.date < anew if anew is not None else true(),
            ),
            isouter=True,
        )
        .where(
            _record.source.in_(sources),
            _record.day.between(oldest, day),
            _record.is_news,
            ~closed.exists(),
        )
        .order_by(_record.paper_pk, _record.day, _record.source)
    )


def _candidate(paper: Paper, rows: Sequence[AnyRow], sources: Sequence[str]) -> Candidate:
    """Put together what is listed of one paper.

    Args:
        rows: Its listings, by day.
    """
    listing = {row.source: row for row in rows}  # the newest of each
    named = tuple(source for source in sources if source in listing)
    announcement = _announcement(rows[0])
    highest = Signals()
    for row in rows:
        announcement = merge_announcements(announcement, _announcement(row))
        highest = merge_signals(highest, signals(row))
    cut = min((row for row in rows if row.cut_on is not None), key=lambda row: row.cut_on, default=None)
    return Candidate(
        paper=paper,
        sources=named,
        position=listing[named[0]].position,
        listed_on=rows[0].day,
        announcement=announcement,
        signals=highest,
        cut_at=_cut_at(cut) if cut else None,
        cut_on=cut.cut_on if cut else None,
    )


def _cut_at(row: AnyRow) -> Signals:
    return Signals(upvotes=row.cut_upvotes, comments=row.cut_comments, stars=row.cut_stars)


def _announcement(row: AnyRow) -> Announcement | None:
    return None if row.announcement is None else Announcement(row.announcement)


def _save_considered(connection: Connection, issue: Issue) -> None:
    # The strongest word comes last. An issue of papers that the store never saw leaves nothing to remember.
    words = {left.id: ("cut", left.reason) for left in issue.left_out}
    words |= {entry.paper.id: ("entry", entry.reason) for entry in issue.entries}
    pks = find_pks(connection, words)
    decided = {pks[paper_id]: word for paper_id, word in words.items() if paper_id in pks}
    before = _decided_before(connection, issue.edition, decided)
    news = {pk: word for pk, word in decided.items() if _adds(word[0], before.get(pk, set()))}
    counted = _highest_signals(connection, news, issue.date)
    printed = {pks[e.paper.id]: e.paper for e in issue.entries if e.paper.id in pks}
    rows = [
        {
            "edition": issue.edition,
            "paper_pk": pk,
            "date": issue.date,
            "kind": kind,
            "reason": reason,
            **dump(counted.get(pk, Signals())),
            "version": printed[pk].version if pk in printed else None,
            "withdrawn": printed[pk].withdrawn if pk in printed else None,
        }
        for pk, (kind, reason) in news.items()
    ]
    if rows:
        connection.execute(insert(tables.considered), rows)


def _adds(kind: str, before: set[str]) -> bool:
    """Whether a decision of this *kind* adds to those *before*. Only the first cut is kept: a paper is carried once."""
    return kind == "entry" or not before


def _decided_before(connection: Connection, edition: str, pks: Iterable[int]) -> dict[int, set[str]]:
    kinds: dict[int, set[str]] = {}
    for some in chunks(sorted(pks)):
        query = select(_considered.paper_pk, _considered.kind).where(
            _considered.edition == edition, _considered.paper_pk.in_(some)
        )
        for row in connection.execute(query):
            kinds.setdefault(row.paper_pk, set()).add(row.kind)
    return kinds


def _highest_signals(connection: Connection, pks: Iterable[int], day: date) -> dict[int, Signals]:
    """The highest counts that any source gave a paper up to *day*."""
    found: dict[int, Signals] = {}
    for some in chunks(sorted(pks)):
        query = (
            select(
                _record.paper_pk,
                func.max(_record.upvotes).label("upvotes"),
                func.max(_record.comments).label("comments"),
                func.max(_record.stars).label("stars"),
            )
            .where(_record.paper_pk.in_(some), _record.day <= day)
            .group_by(_record.paper_pk)
        )
        found.update((row.paper_pk, signals(row)) for row in connection.execute(query))
    return found
