"""Papers and their ids: found, written, and folded into one when two turn out to be the same.

These functions take the connection of the caller's transaction.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from itertools import chain
from typing import Any

from sqlalchemy import Connection, Table, and_, bindparam, delete, func, insert, select, update

from digest.core.identity.ids import ids_of, merge_announcements, merge_signals, title_key
from digest.core.identity.people import authors_in_common
from digest.core.identity.resolve import MOST_ALIKE, MOST_OF_A_TITLE, Known, Resolved
from digest.core.identity.sketch import are_strangers, sketch, tells_up_to
from digest.core.items.kinds import ABOUT_OTHERS, subject_of
from digest.core.models import Announcement, Link, Paper, PaperId, PaperKind, Signals
from digest.store import tables
from digest.store.database import AnyRow, chunks, new_paper_keys, upsert
from digest.store.parts import kept_apart, load_parts, save_parts, take_parts
from digest.store.serialize import dump, load

_p = tables.paper.c
_a = tables.alias.c
_s = tables.sketch.c


def find_pks(connection: Connection, ids: Iterable[PaperId]) -> dict[PaperId, int]:
    """The keys of the papers known by *ids*; ids of no paper are left out."""
    found: dict[PaperId, int] = {}
    for some in chunks(sorted(set(ids))):
        rows = connection.execute(select(_a.id, _a.paper_pk).where(_a.id.in_(some)))
        found.update((PaperId(row.id), row.paper_pk) for row in rows)
    return found


def load_papers(connection: Connection, pks: Iterable[int]) -> dict[int, Paper]:
    """The papers with these keys; keys of no paper are left out."""
    papers: dict[int, Paper] = {}
    for some in chunks(sorted(set(pks))):
        aliases: defaultdict[int, list[PaperId]] = defaultdict(list)
        for row in connection.execute(select(_a.paper_pk, _a.id).where(_a.paper_pk.in_(some))):
            aliases[row.paper_pk].append(PaperId(row.id))
        for row in connection.execute(select(tables.paper).where(_p.pk.in_(some))):
            papers[row.pk] = _paper(row, aliases[row.pk])
    return papers


def find_known(
    connection: Connection, ids: Iterable[PaperId], title_keys: Iterable[str], papers: Iterable[Paper] = ()
) -> list[Known]:
    """The papers that stand under any of these ids or title keys, sorted by key.

    Args:
        papers: For those of them that no id finds, papers with a like sketch are looked for too.
    """
    by_id = find_pks(connection, ids)
    pks = {*by_id.values(), *_find_titled(connection, title_keys)}
    unknown = [one for one in papers if by_id.keys().isdisjoint(ids_of(one))]
    pks |= _find_alike(connection, unknown)
    found, parts, apart = load_papers(connection, pks), load_parts(connection, pks), kept_apart(connection)
    return [
        Known(pk=pk, paper=found[pk], parts=parts.get(pk, ()), apart=apart.get(pk, frozenset())) for pk in sorted(found)
    ]


def _find_titled(connection: Connection, title_keys: Iterable[str]) -> set[int]:
    """The keys of papers with these titles; of each title no more than will be compared."""
    pks: set[int] = set()
    for some in chunks(sorted(set(title_keys))):
        number = func.row_number().over(partition_by=_p.title_key, order_by=_p.pk).label("number")
        numbered = select(_p.pk, number).where(_p.title_key.in_(some)).subquery()
        pks.update(connection.scalars(select(numbered.c.pk).where(numbered.c.number <= MOST_OF_A_TITLE)))
    return pks


def _find_alike(connection: Connection, papers: Sequence[Paper]) -> set[int]:
    """The keys of papers whose sketch shares the most numbers with one of these; very frequent numbers don't count."""
    sought = [sketch(one).sought for one in papers]
    holders: defaultdict[int, list[int]] = defaultdict(list)
    for key, pk in _holders(connection, set().union(*sought)):
        holders[key].append(pk)
    telling = {key: pks for key, pks in holders.items() if len(pks) <= tells_up_to(key)}
    authors = _authors(connection, chain.from_iterable(telling.values()))
    found: set[int] = set()
    for one, keys in zip(papers, sought, strict=True):
        if shared := Counter(pk for key in keys if key in telling for pk in telling[key]):
            words = {word for name in one.authors for word in name.casefold().split() if len(word) > 1}
            likely = [pk for pk in shared if _may_be_by(one.authors, words, written=authors[pk])]
            found.update(sorted(likely, key=lambda pk: (-shared[pk], pk))[:MOST_ALIKE])
    return found


def _authors(connection: Connection, pks: Iterable[int]) -> dict[int, str]:
    """The authors of papers by key, as the JSON text of the table: parsing it takes longer than the search."""
    authors: dict[int, str] = {}
    for some in chunks(sorted(set(pks))):
        listed = ",".join(map(str, some))
        query = f"SELECT pk, authors FROM paper WHERE pk IN ({listed})"  # noqa: S608 -- whole numbers
        authors.update((row.pk, row.authors) for row in connection.exec_driver_sql(query).all())
    return authors


def _may_be_by(names: tuple[str, ...], words: Iterable[str], *, written: str) -> bool:
    """Whether a paper with the authors *written* may be by some of *names*, whose names consist of *words*."""
    plain = written.casefold()
    # Most share no word with them, and are known for strangers without a closer look; accents may be left out.
    if plain.isascii() and plain != "[]" and names and not any(word in plain for word in words):
        return False
    return not are_strangers(tuple(json.loads(written)), names)


def _holders(connection: Connection, keys: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Which papers have these numbers in their sketch, as (number, key of the paper)."""
    for some in chunks(sorted(keys)):
        # Written into the statement: binding thousands of parameters takes longer than finding what they stand for.
        listed = ",".join(map(str, some))
        query = f"SELECT key, paper_pk FROM sketch WHERE key IN ({listed})"  # noqa: S608 -- whole numbers
        yield from connection.exec_driver_sql(query).all()


def find_subjects(connection: Connection, papers: Iterable[Paper]) -> dict[PaperId, dict[int, Paper]]:
    """For each correction, retraction or comment, the papers that it is about, by key.

    They are known by the ids that its source names, and by the title that stands in its own; a title may be that of
    several works, so an author in common is needed too where both have authors.
    """
    others = [one for one in papers if one.kind in ABOUT_OTHERS]
    by_id = find_pks(connection, (i for one in others for i in one.corrects))
    titles = {one.id: title_key(subject) for one in others if (subject := subject_of(one.title))}
    found = load_papers(connection, {*by_id.values(), *_find_titled(connection, titles.values())})
    by_title: defaultdict[str, list[int]] = defaultdict(list)
    for pk, paper in found.items():
        by_title[title_key(paper.title)].append(pk)
    subjects: dict[PaperId, dict[int, Paper]] = {}
    for one in others:
        named = {by_id[i] for i in one.corrects if i in by_id}
        titled = {pk for pk in by_title[titles.get(one.id, "")] if _may_be_of(one, found[pk])}
        subjects[one.id] = {pk: found[pk] for pk in sorted(named | titled) if found[pk].id != one.id}
    return subjects


def _may_be_of(notice: Paper, paper: Paper) -> bool:
    """Whether a paper with the title that a notice names may be the one that it means."""
    if paper.kind in ABOUT_OTHERS:
        return False
    return not notice.authors or not paper.authors or authors_in_common(notice.authors, paper.authors) > 0


def _withdraw_retracted(connection: Connection, papers: Iterable[Paper]) -> None:
    """Mark the papers that some of these retract as withdrawn."""
    notices = [one for one in papers if one.kind is PaperKind.RETRACTION]
    retracted = {pk for found in find_subjects(connection, notices).values() for pk in found} if notices else set()
    for some in chunks(sorted(retracted)):
        connection.execute(update(tables.paper).where(_p.pk.in_(some)).values(withdrawn=True))


def save_papers(
    connection: Connection, papers: Sequence[Resolved], known: Mapping[int, Paper], *, source: str, day: date
) -> dict[PaperId, int]:
    """Write down the papers that a reading of *source* found or changed; unchanged papers are not written.

    Returns:
        The key of each of *papers*, by its canonical id.
    """
    listings = take_parts(connection, papers, known)
    for one in papers:
        if one.pk is not None:
            for gone in one.joined:
                _fold(connection, gone, into=one.pk)
    new_pks = iter(new_paper_keys(connection, sum(one.pk is None for one in papers)))
    pks = {one.paper.id: next(new_pks) if one.pk is None else one.pk for one in papers}
    inserted = [
        {"pk": pks[one.paper.id], "first_seen": day, **paper_values(one.paper)} for one in papers if one.pk is None
    ]
    if inserted:
        connection.execute(insert(tables.paper), inserted)
    changed = [one for one in papers if one.pk is not None and known[one.pk] != one.paper]
    if changed:
        names: dict[str, Any] = {name: bindparam(f"new_{name}") for name in paper_values(changed[0].paper)}
        connection.execute(
            update(tables.paper).where(_p.pk == bindparam("of")).values(names),
            [{"of": one.pk, **{f"new_{k}": v for k, v in paper_values(one.paper).items()}} for one in changed],
        )
    for some in chunks(sorted(pks.values())):
        # A day that is read late, to catch up, may be the first that had it.
        connection.execute(update(tables.paper).where(_p.pk.in_(some), _p.first_seen > day).values(first_seen=day))
    # The ids of a folded paper are there already; they now say why they belong here.
    upsert(connection, tables.alias, _aliases(papers, pks, known, day), update=("reason", "since"))
    save_parts(connection, papers, pks, listings, source=source, day=day)
    _save_sketches(connection, papers, pks, known)
    _withdraw_retracted(connection, (one.paper for one in papers if one.pk is None or known[one.pk] != one.paper))
    return pks


def _save_sketches(
    connection: Connection, papers: Iterable[Resolved], pks: Mapping[PaperId, int], known: Mapping[int, Paper]
) -> None:
    """Let each paper be found by the words that it has now."""
    before: dict[int, Paper] = {}
    now: dict[int, Paper] = {}
    for one in papers:
        old = {pk: known[pk] for pk in (one.pk, *one.joined) if pk is not None}
        if list(old.values()) != [one.paper]:
            before |= old
            now[pks[one.paper.id]] = one.paper
    replace_sketches(connection, before, now)


def _numbers(papers: Mapping[int, Paper]) -> set[tuple[int, int]]:
    return {(key, pk) for pk, one in papers.items() for key in sketch(one).kept}


def replace_sketches(connection: Connection, old: Mapping[int, Paper], new: Mapping[int, Paper]) -> None:
    """Replace the sketches of papers, by key: those of their *old* words by those of their *new* ones."""
    before, now = _numbers(old), _numbers(new)
    if gone := sorted(before - now):
        connection.execute(
            delete(tables.sketch).where(_s.key == bindparam("of_key"), _s.paper_pk == bindparam("of")),
            [{"of_key": key, "of": pk} for key, pk in gone],
        )
    # One more than tells something is enough to know that a number does not.
    added = sorted(now - before)
    holders = Counter(key for key, _ in _holders(connection, {key for key, _ in added}))
    rows = []
    # In the table's own order: each of its pages is written once.
    for key, pk in added:
        if holders[key] <= tells_up_to(key):
            holders[key] += 1
            rows.append({"key": key, "paper_pk": pk})
    upsert(connection, tables.sketch, rows)


def _aliases(
    papers: Iterable[Resolved], pks: Mapping[PaperId, int], known: Mapping[int, Paper], day: date
) -> list[dict[str, Any]]:
    rows = []
    for one in papers:
        before = known[one.pk] if one.pk is not None else None
        old = {before.id, *before.aliases} if before else set()
        reasons = dict(one.reasons)
        rows += [
            {"id": i, "paper_pk": pks[one.paper.id], "reason": reasons.get(i, ""), "since": day}
            for i in (one.paper.id, *one.paper.aliases)
            if i not in old
        ]
    return rows


def _fold(connection: Connection, gone: int, *, into: int) -> None:
    """Make everything that points at *gone* point at *into*, and delete *gone*. Issues keep their text."""
    record, considered = tables.record, tables.considered
    _merge_records(connection, gone, into)
    # Where one issue had a word on both, printed is printed.
    _drop_doubles(connection, considered, ("edition", "date"), of=into, beside=gone, kind="entry")
    _drop_doubles(connection, considered, ("edition", "date"), of=gone, beside=into)
    _drop_doubles(connection, tables.vote, ("source", "day"), of=gone, beside=into)
    _drop_doubles(connection, tables.told, ("edition", "what", "version"), of=gone, beside=into)
    _drop_earlier_marks(connection, gone, into)
    for table in (record, considered, tables.vote, tables.told, tables.feedback, tables.alias):
        connection.execute(update(table).where(table.c.paper_pk == gone).values(paper_pk=into))
    seen = connection.scalars(select(_p.first_seen).where(_p.pk.in_((gone, into)))).all()
    connection.execute(delete(tables.paper).where(_p.pk == gone))
    connection.execute(update(tables.paper).where(_p.pk == into).values(first_seen=min(seen)))


def _merge_records(connection: Connection, gone: int, into: int) -> None:
    """Merge the records of lists that named both papers: it is news if either was, and the higher votes count."""
    record = tables.record
    other = record.alias("other")
    doubles = (
        select(other)
        .join(record, and_(record.c.source == other.c.source, record.c.day == other.c.day))
        .where(record.c.paper_pk == into, other.c.paper_pk == gone)
    )
    for row in connection.execute(doubles).all():
        both = and_(record.c.source == row.source, record.c.day == row.day)
        kept = connection.execute(select(record).where(both, record.c.paper_pk == into)).one()
        announcement = merge_announcements(_announcement(kept), _announcement(row))
        merged = {
            "position": min(kept.position, row.position),
            "version": max((v for v in (kept.version, row.version) if v is not None), default=None),
            "announcement": announcement,
            "is_news": kept.is_news or row.is_news,
            **asdict(merge_signals(signals(kept), signals(row))),
        }
        connection.execute(update(record).where(both, record.c.paper_pk == into).values(merged))
        connection.execute(delete(record).where(both, record.c.paper_pk == gone))


def _announcement(row: AnyRow) -> Announcement | None:
    return None if row.announcement is None else Announcement(row.announcement)


def _drop_doubles(
    connection: Connection, table: Table, keys: tuple[str, ...], *, of: int, beside: int, kind: str | None = None
) -> None:
    """Delete the rows of one paper where another has a row, of this kind, under the same keys."""
    other = table.alias("other")
    there = select(1).select_from(other).where(other.c.paper_pk == beside, *(table.c[k] == other.c[k] for k in keys))
    if kind is not None:
        there = there.where(other.c.kind == kind)
    connection.execute(delete(table).where(table.c.paper_pk == of, there.exists()))


def _drop_earlier_marks(connection: Connection, gone: int, into: int) -> None:
    """Of the marks that one reader gave both papers, keep only the last."""
    mark = tables.feedback
    other = mark.alias("other")
    for one, beside, later in ((gone, into, other.c.at >= mark.c.at), (into, gone, other.c.at > mark.c.at)):
        same = (other.c.edition == mark.c.edition, other.c.reader == mark.c.reader)
        there = select(1).select_from(other).where(other.c.paper_pk == beside, *same, later)
        connection.execute(delete(mark).where(mark.c.paper_pk == one, there.exists()))


# -- rows


def paper_values(paper: Paper) -> dict[str, Any]:
    """The columns of a paper that come from the paper itself."""
    return {
        "id": paper.id,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": paper.authors,
        "url": paper.url,
        "links": dump(paper.links),
        "published": paper.published,
        "updated": paper.updated,
        "version": paper.version,
        "categories": paper.categories,
        "keywords": paper.keywords,
        "withdrawn": paper.withdrawn,
        "kind": paper.kind.value,
        "corrects": paper.corrects,
        "venue": paper.venue,
        "issn": paper.issn,
        "language": paper.language,
        "italics": paper.italics,
        "title_key": title_key(paper.title),
    }


def _paper(row: AnyRow, ids: Iterable[PaperId]) -> Paper:
    return Paper(
        id=PaperId(row.id),
        aliases=tuple(sorted(i for i in ids if i != row.id)),
        title=row.title,
        abstract=row.abstract,
        authors=tuple(row.authors),
        url=row.url,
        links=tuple(load(Link, link) for link in row.links),
        published=row.published,
        updated=row.updated,
        version=row.version,
        categories=tuple(row.categories),
        keywords=tuple(row.keywords),
        withdrawn=row.withdrawn,
        kind=PaperKind(row.kind),
        corrects=tuple(map(PaperId, row.corrects)),
        venue=row.venue,
        issn=tuple(row.issn),
        language=row.language,
        italics=tuple(row.italics),
    )


def signals(row: AnyRow) -> Signals:
    """The votes in a row that has the columns `upvotes`, `comments` and `stars`."""
    return Signals(upvotes=row.upvotes, comments=row.comments, stars=row.stars)
