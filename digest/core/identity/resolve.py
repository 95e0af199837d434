"""Resolve the records of one reading to papers: new papers, papers of the store, and duplicates to be joined.

    lookup_keys()   the records of a reading → the ids, titles and sketches to look up in the store
    resolve()       the records + the store's papers → papers, with the reason of every join

A record is matched by its ids first, then by its title, and only if both find nothing by its likeness to other papers.
Ids and titles may show that two papers of the store are one; likeness never joins two papers of the store.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Final

from digest.core.identity.ids import (
    ids_of,
    is_of_a_source,
    known_by,
    merge,
    merge_announcements,
    merge_signals,
    scheme,
    title_id,
    title_key,
    values,
)
from digest.core.identity.likeness import are_one_item, conflicting, likeness, same_work
from digest.core.identity.sketch import are_strangers, sketch, tells_up_to
from digest.core.identity.titles import is_generic
from digest.core.models import Paper, PaperId, Record

MOST_OF_A_TITLE: Final = 50
"""Papers of one title that a record is compared with: nobody wrote so many works that ids do not tell apart."""
_MOST_ADDRESSES: Final = 3
"""Addresses under which a paper is known: a link that changes at each reading would bring another one each day."""
MOST_ALIKE: Final = 20
"""Papers that share a number of its sketch that a record is compared with, those that share the most first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A paper of the store, with its key there."""

    pk: int
    paper: Paper
    parts: tuple[Paper, ...] = ()
    """The papers it was joined from, one for each canonical id that its records had; () if there was only one."""
    apart: frozenset[PaperId] = frozenset()
    """Ids of papers that a person has said are other works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """One paper of a reading, and what the store must do with it."""

    pk: int | None
    """The store's key; None for a paper never seen."""
    paper: Paper
    """Merged out of what was known and all records of the reading, with all aliases."""
    joined: tuple[int, ...] = ()
    """Keys of other papers of the store that turned out to be the same work and are to be folded into this one."""
    record: Record
    """The source's record of the paper in this reading; duplicate records joined."""
    position: int
    """The first position of the paper in the reading, from 0."""
    reasons: tuple[tuple[PaperId, str], ...] = ()
    """(id, reason why it belongs to this paper) for each id that is new to the store, sorted."""
    parts: tuple[Paper, ...] = ()
    """The papers it was joined from, like `Known.parts`; merged they are the paper."""
    listed_as: tuple[PaperId, ...] = ()
    """The parts that are in this reading, by their canonical ids, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """The result of resolving one reading."""

    papers: tuple[Resolved, ...]
    """In the reading's order, each paper once."""


@dataclass(slots=True, eq=False)
class _Work:
    """A paper while it is being put together."""

    paper: Paper
    number: int
    """Number in order of arrival: first the papers of the store, then those of the records."""
    pks: list[int] = field(default_factory=list)
    record: Record | None = None
    position: int = 0
    reasons: dict[PaperId, str] = field(default_factory=dict)
    parts: dict[PaperId, Paper] = field(default_factory=dict)
    """Parts by their canonical ids; empty as long as the paper itself is the only part."""
    listed_as: set[PaperId] = field(default_factory=set)
    apart: frozenset[PaperId] = frozenset()
    is_folded: bool = False
    """Whether the paper was folded into another one; then it is found under no key any more."""

    def all_parts(self) -> dict[PaperId, Paper]:
        """Return the parts; a paper that was never joined is its own only part."""
        return self.parts or {self.paper.id: self.paper}

    def is_kept_from(self, paper: Paper) -> bool:
        """Whether a person has said that this work and *paper* are different."""
        return not self.apart.isdisjoint(ids_of(paper))


def lookup_keys(records: Iterable[Record]) -> tuple[frozenset[PaperId], frozenset[str], tuple[Paper, ...]]:
    """Return the ids, title keys and papers of *records* that the store must look up before `resolve` can decide.

    The papers are looked up by their `sketch`, if the store does not know them by an id.
    """
    papers = tuple(r.paper for r in records)
    ids = frozenset(chain.from_iterable(map(ids_of, papers)))
    # The id a title-only record of the same paper would have got.
    ids |= frozenset(title_id(p.title, p.abstract) for p in papers)
    # Thousands of papers may be called "Editorial".
    return ids, frozenset(title_key(p.title) for p in papers if not is_generic(p.title)), papers


def resolve(records: Sequence[Record], known: Iterable[Known]) -> Resolution:
    """Find out which papers the *records* of one reading are.

    Args:
        records: In the source's order.
        known: All papers of the store under the `lookup_keys` of *records*; more do no harm.
    """
    index = _Index()
    for k in sorted(known, key=lambda k: k.pk):
        index.add_known(k)
    for position, record in enumerate(records):
        index.place(record, position)
    listed = [(w.position, w, w.record) for w in index.works() if w.record is not None]
    listed.sort(key=lambda one: one[0])
    return Resolution(papers=tuple(_resolved(work, record) for _, work, record in listed))


def _resolved(work: _Work, record: Record) -> Resolved:
    keys = sorted(work.pks)
    return Resolved(
        pk=keys[0] if keys else None,
        paper=work.paper,
        joined=tuple(keys[1:]),
        record=record if record.paper is work.paper else replace(record, paper=work.paper),
        position=work.position,
        reasons=tuple(sorted(work.reasons.items())),
        parts=tuple(part for _, part in sorted(work.parts.items())) if len(work.parts) > 1 else (),
        listed_as=tuple(sorted(work.listed_as)),
    )


class _Index:
    """Papers by id, by title key and by sketch, while records are placed one after another."""

    def __init__(self) -> None:
        self._by_id: dict[PaperId, _Work] = {}
        self._by_title: dict[str, dict[int, _Work]] = {}
        self._by_sketch: dict[int, list[_Work]] | None = None
        """None until it is needed: most days most papers are known by their ids."""
        self._works: dict[int, _Work] = {}

    def works(self) -> Iterable[_Work]:
        return (work for work in self._works.values() if not work.is_folded)

    def add(self, work: _Work) -> None:
        """Index *work* under all its present ids, titles and sketches; older entries of the index stay."""
        self._works[id(work)] = work
        for i in ids_of(work.paper):
            self._by_id[i] = work
        self._by_title.setdefault(title_key(work.paper.title), {})[id(work)] = work
        if self._by_sketch is not None:
            _index_sketch(self._by_sketch, work)

    def add_known(self, known: Known) -> None:
        """Add a paper of the store to the index."""
        parts = {part.id: part for part in known.parts}
        number = len(self._works)
        self.add(_Work(paper=known.paper, number=number, pks=[known.pk], parts=parts, apart=known.apart))

    def place(self, record: Record, position: int) -> None:
        record = self._unshared(record)
        paper = record.paper
        found = self._matches(paper)
        if found:
            (work, reason), *others = found
            for other, why in others:
                if not conflicting(work.paper, other.paper) and not work.is_kept_from(other.paper):
                    _fold(work, other, why)
            self._join(work, _as_listed_before(work, record), position, reason)
        else:
            paper = self._own_ids(paper, None)
            work = _Work(paper=paper, number=len(self._works), record=record, position=position)
            work.reasons = dict.fromkeys(ids_of(paper), "its own id")
            work.listed_as.add(paper.id)
        self.add(work)

    def _matches(self, paper: Paper) -> list[tuple[_Work, str]]:
        """Return the works that are the same as *paper*, each once with the reason.

        Matches by id before matches by title.
        """
        found: dict[int, tuple[_Work, str]] = {}
        for i in ids_of(paper):
            work = self._by_id.get(i)
            if work is None or conflicting(work.paper, paper):
                continue
            if not is_of_a_source(i):
                found.setdefault(id(work), (work, f"same id {i}"))
            elif not found and not work.is_kept_from(paper) and _is_item(work, paper):
                # Skipped where another id matched: likeness never joins two papers of the store.
                found.setdefault(id(work), (work, "the same item of its source"))
        titled = self._titled(paper)
        if scheme(paper.id) == "title" and not found:
            # A title may stand for several papers: take the likest one, and never fold those into each other.
            titled = titled[:1]
        for work, why in titled:
            found.setdefault(id(work), (work, why))
        return list(found.values()) or self._same_works(self._alike(paper), paper)[:1]

    def _titled(self, paper: Paper) -> list[tuple[_Work, str]]:
        """Return the works with the title of *paper* that are the same as *paper*, with the reasons."""
        works = self._by_title.get(title_key(paper.title))
        return self._same_works(islice(works.values(), MOST_OF_A_TITLE), paper) if works else []

    def _same_works(self, works: Iterable[_Work], paper: Paper) -> list[tuple[_Work, str]]:
        """Return those of *works* that are the same as *paper*, with the reasons, the most similar first."""
        open_ones = (w for w in works if not w.is_folded and not w.is_kept_from(paper))
        reasons = [(w, why) for w in open_ones if (why := same_work(w.paper, paper))]
        if len(reasons) > 1:
            reasons.sort(key=lambda m: (-likeness(m[0].paper.abstract, paper.abstract), m[0].paper.id))
        return reasons

    def _alike(self, paper: Paper) -> list[_Work]:
        """Return the works whose sketch shares numbers with that of *paper*, so that they may be the same."""
        index = self._by_sketch
        if index is None:
            index = self._by_sketch = {}
            for work in self._works.values():
                _index_sketch(index, work)
        shared: dict[int, tuple[int, _Work]] = {}
        for key in sketch(paper).sought:
            holders = index.get(key, ())
            if len(holders) <= tells_up_to(key):
                for work in holders:
                    if not are_strangers(work.paper.authors, paper.authors):
                        shared[id(work)] = (shared.get(id(work), (0, work))[0] + 1, work)
        # Those that share the most first, and of equals those that were there first: the order of a set is no order.
        likely = sorted(shared.values(), key=lambda found: (-found[0], found[1].number))
        return [work for _, work in likely[:MOST_ALIKE]]

    def _unshared(self, record: Record) -> Record:
        """Remove a URL that another paper has already: some feeds link all their items to one page."""
        paper = record.paper
        if scheme(paper.id) != "url":
            return record
        holder = self._by_id.get(paper.id)
        if holder is None or _alike_titles(holder.paper.title, paper.title) or same_work(holder.paper, paper):
            return record
        return replace(record, paper=known_by(paper, paper.aliases))

    def _join(self, work: _Work, record: Record, position: int, reason: str) -> None:
        before = ids_of(work.paper)
        said = self._own_ids(record.paper, work)
        _add_part(work, said)
        work.listed_as.add(said.id)
        work.paper = merge(work.paper, said)
        for i in set(ids_of(work.paper)).difference(before):
            work.reasons.setdefault(i, reason)
        _add_record(work, record, position)

    def _own_ids(self, paper: Paper, work: _Work | None) -> Paper:
        """Drop ids that belong to a different paper (one DOI given to two arXiv papers).

        An id belongs to one paper only.
        """
        ids = ids_of(paper)
        own = [i for i in ids if self._owner(i, work) is work]
        if len(own) == len(ids):
            return paper
        return known_by(paper, own)

    def _owner(self, paper_id: PaperId, default: _Work | None) -> _Work | None:
        owner = self._by_id.get(paper_id, default)
        # What was folded was folded into the paper that is being put together.
        return default if owner is not None and owner.is_folded else owner


def _is_item(work: _Work, paper: Paper) -> bool:
    """Whether *work*, or a paper it was joined from, is the item *paper*, which has the same id in its source."""
    return any(are_one_item(said, paper) for said in (work.paper, *work.parts.values()))


def _as_listed_before(work: _Work, record: Record) -> Record:
    """Return *record* with the URL that the source gave the item before, if the URL changes at each reading."""
    paper = record.paper
    addresses = values(ids_of(work.paper), "url")
    if scheme(paper.id) != "url" or len(addresses) < _MOST_ADDRESSES or paper.id in ids_of(work.paper):
        return record
    names = {i for i in paper.aliases if is_of_a_source(i)}
    before = next((part.id for part in work.all_parts().values() if names.intersection(part.aliases)), None)
    return replace(record, paper=replace(paper, id=before)) if before else record


def _index_sketch(index: dict[int, list[_Work]], work: _Work) -> None:
    for key in sketch(work.paper).kept:
        holders = index.get(key)
        if holders is None:
            index[key] = [work]
        elif work not in holders and len(holders) <= tells_up_to(key):
            holders.append(work)


def _fold(work: _Work, other: _Work, reason: str) -> None:
    """Fold *other* into *work*: a third record showed that they are the same paper."""
    before = ids_of(work.paper)
    for part in other.all_parts().values():
        _add_part(work, part)
    work.listed_as |= other.listed_as
    work.apart |= other.apart
    work.paper = merge(work.paper, other.paper)
    work.pks.extend(other.pks)
    work.reasons = {**other.reasons, **work.reasons}
    for i in set(ids_of(work.paper)).difference(before):
        work.reasons[i] = reason
    if other.record is not None:
        _add_record(work, other.record, other.position)
    other.is_folded = True


def _add_part(work: _Work, said: Paper) -> None:
    """Keep the part *said*, so that a join can be undone. Must be called before the paper itself is merged."""
    parts = work.all_parts()
    if before := parts.get(said.id):
        both = merge(before, said)
        # A part stays under its own id, whatever better one a record names beside it.
        others = sorted({*ids_of(both)} - {said.id})
        said = replace(both, id=said.id, aliases=tuple(others))
    work.parts = {**parts, said.id: said}


def _add_record(work: _Work, record: Record, position: int) -> None:
    """Merge another record of the same list into a work.

    `new` beats other announcements, and the higher votes count.
    """
    if work.record is None:
        work.record, work.position = record, position
        return
    work.record = Record(
        paper=work.paper,
        announcement=merge_announcements(work.record.announcement, record.announcement),
        signals=merge_signals(work.record.signals, record.signals),
    )
    work.position = min(work.position, position)


def _alike_titles(a: str, b: str) -> bool:
    words_a, words_b = (frozenset(re.findall(r"\w+", t.casefold())) for t in (a, b))
    union = words_a | words_b
    return not union or len(words_a & words_b) / len(union) >= 0.5
