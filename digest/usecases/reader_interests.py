"""The interests of readers: what they wrote, uploaded and marked, resolved into a `Profile` for each.

    subscription ──┬─ words, authors ──────────────────────► Profile
                   ├─ ids ─────── store, or fetched once ──►
                   ├─ libraries ─ parsed once, by content ─►
                   └─ marks ─────────────────────────────── ►
    edition ───────── avoid; and its interests, where a reader has none of their own

Readers are many and their texts are foreign: what a chunk of them needs is asked for together, no text names a file of
this machine, and no address is fetched but those of papers on arXiv, OpenReview and behind DOIs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Final, Protocol

from digest.core.errors import ConfigError, SourceError
from digest.core.identity.ids import ids_of, scheme
from digest.core.issues.names import short_name
from digest.core.lists.bounds import within_bounds
from digest.core.models import Edition, Paper, PaperId
from digest.core.ports import Clock
from digest.core.ranking.interests import ParsedInterests, is_file, parse_interests
from digest.core.ranking.profile import Liked, Profile
from digest.core.subscribers.profile import has_own_interests
from digest.core.subscribers.subscriber import Subscription, reader_of
from digest.core.subscribers.wishes import LONGEST_INTEREST, MOST_INTERESTS
from digest.core.walls import wall
from digest.usecases.interests import OPERATOR, Interests, Mark, new_ones

_MOST_NEW: Final = 100
"""Papers that readers named and that one run fetches; others wait for the next."""
_KEPT: Final = 20_000
"""Papers of libraries that are kept parsed; each takes some 4 kB."""
_TEXTS: Final = 50_000
"""Texts that are remembered as parsed: many readers write the same ones."""
_FETCHED: Final = ("arxiv", "doi", "openreview")
"""Schemes of ids that readers may have fetched: never an address of their own choice."""


class Library(Protocol):
    """A file of papers that a reader uploaded."""

    @property
    def name(self) -> str: ...

    @property
    def content(self) -> bytes: ...

    @property
    def sha256(self) -> str: ...


class Store(Protocol):
    """What of the store resolves readers' interests."""

    def papers_known(self, ids: Iterable[PaperId]) -> dict[PaperId, Paper]: ...

    def marks(self, edition: str | None = None, *, readers: Collection[str] | None = None) -> Sequence[Mark]: ...

    def library_hashes(self, subscriptions: Collection[int]) -> Mapping[int, Sequence[tuple[str, str]]]: ...

    def libraries_of(self, subscription: int) -> Sequence[Library]: ...

    def wishes_written(self, editions: Collection[str]) -> Iterator[tuple[str, ...]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """All that one reader wishes."""

    subscription: Subscription
    marks: Sequence[Mark] = ()
    """The reader's own, the last one first."""
    libraries: Sequence[tuple[str, str]] = ()
    """Name and hash of the content of each library."""
    uploaded: Sequence[Library] | None = None
    """Libraries that stand in place of the stored ones, where something is tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderInterests:
    """The interests of readers. Threads and runs can share one."""

    store: Callable[[], Store]
    interests: Interests
    """Those of editions."""
    clock: Clock
    progress: Callable[[str], None] = lambda _: None
    most_new: int = _MOST_NEW
    _read: dict[str, tuple[Paper, ...]] = field(default_factory=dict, repr=False)
    """Hash of a library → its papers, the last used last."""

    # -- what they are

    def wishes(self, edition: str, subscriptions: Sequence[Subscription]) -> dict[int, Wishes]:
        """Subscription → wishes, of *subscriptions* of one edition."""
        readers = {reader_of(one.pk): one.pk for one in subscriptions}
        marks: dict[int, list[Mark]] = {}
        for mark in self.store().marks(edition, readers=readers):
            marks.setdefault(readers[mark.reader], []).append(mark)
        libraries = self.store().library_hashes([one.pk for one in subscriptions if one.libraries])
        return {
            one.pk: Wishes(
                subscription=one, marks=tuple(marks.get(one.pk, ())), libraries=tuple(libraries.get(one.pk, ()))
            )
            for one in subscriptions
        }

    def operator_marks(self, edition: str) -> Sequence[Mark]:
        """The marks that count for all who have the edition's interests."""
        return self.store().marks(edition, readers=[OPERATOR])

    # -- profiles

    def profiles(
        self,
        edition: Edition,
        day: date,
        wishes: Sequence[Wishes],
        *,
        seen: Mapping[int, Sequence[Paper]],
        operator: Sequence[Mark] = (),
    ) -> dict[int, Profile]:
        """Subscription → what its issue of *day* is to bring.

        Own interests stand in place of the edition's, own things to avoid beside them. A mark on a paper goes before
        all else that is said of it, and a reader's own before the operator's.

        Args:
            seen: What each reader was shown lately.
            operator: The operator's marks, which count for those who have the edition's interests.
        """
        parsed = {
            one.subscription.pk: (_parsed(one.subscription.interests), _parsed(one.subscription.avoid))
            for one in wishes
        }
        named = {i for both in parsed.values() for one in both for i in one.papers}
        known = self.store().papers_known(named) if named else {}
        of_edition = self._of_edition(edition)
        return {
            one.subscription.pk: self._profile(
                day, one, *parsed[one.subscription.pk], known, of_edition, seen.get(one.subscription.pk, ()), operator
            )
            for one in wishes
        }

    def _of_edition(self, edition: Edition) -> _OfEdition:
        interests, avoid = parse_interests(edition.interests), parse_interests(edition.avoid)
        return _OfEdition(
            interests=interests,
            avoid=avoid,
            liked=self.interests.papers_of(edition, "interests", interests),
            disliked=self.interests.papers_of(edition, "avoid", avoid),
        )

    def _profile(
        self,
        day: date,
        of: Wishes,
        interests: ParsedInterests,
        avoid: ParsedInterests,
        known: Mapping[PaperId, Paper],
        edition: _OfEdition,
        seen: Sequence[Paper],
        operator: Sequence[Mark],
    ) -> Profile:
        is_own = has_own_interests(of.subscription) or bool(of.uploaded)
        marks = of.marks if is_own else sorted((*of.marks, *operator), key=lambda mark: -mark.at.timestamp())
        marked = self.interests.weighed(marks, day) if marks else []
        liked = [*_named(interests, known), *self._of_libraries(of)] if is_own else edition.liked
        avoid_words = tuple(dict.fromkeys((*avoid.words, *edition.avoid.words)))
        taken = {i for one, _ in marked for i in ids_of(one.paper)}
        disliked = [
            *(one for one, value in marked if value < 0),
            *new_ones([*_named(avoid, known), *edition.disliked], taken),
        ]
        return Profile(
            words=(interests if is_own else edition.interests).words,
            authors=(interests if is_own else edition.interests).authors,
            avoid_words=avoid_words,
            avoid_topics=tuple((text, topics) for text in avoid_words if (topics := self.interests.meant_by(text))),
            avoid_authors=tuple(dict.fromkeys((*avoid.authors, *edition.avoid.authors))),
            liked=(*(one for one, value in marked if value > 0), *new_ones(liked, taken)),
            disliked=tuple(disliked),
            seen=tuple(seen),
        )

    # -- libraries

    def _of_libraries(self, of: Wishes) -> list[Liked]:
        if of.uploaded is not None:
            files = [(one.name, self._papers(one)) for one in of.uploaded]
        elif all(sha256 in self._read for _, sha256 in of.libraries):
            files = [(name, self._read[sha256]) for name, sha256 in of.libraries]
        else:
            files = [(one.name, self._papers(one)) for one in self.store().libraries_of(of.subscription.pk)]
        return [
            Liked(paper=paper, name=short_name(paper.title), of=name)
            for name, papers in files
            for paper in self.interests.completed(papers)
        ]

    def _papers(self, library: Library) -> tuple[Paper, ...]:
        """The papers of a library, parsed once; none of one that cannot be read, which its reader was told of."""
        from digest.sources.libraries.library import read_library

        found = self._read.pop(library.sha256, None)
        if found is None:
            try:
                with wall(lambda said: SourceError(f"{library.name}: cannot be read: {said}")):
                    parsed = within_bounds(read_library(library.content, name=library.name), now=self.clock())
                found = tuple(record.paper for record in parsed.records)
            except SourceError:
                found = ()
        self._read[library.sha256] = found
        while len(self._read) > 1 and sum(map(len, self._read.values())) > _KEPT:
            del self._read[next(iter(self._read))]
        return found

    # -- papers that readers name

    def fetch(self, editions: Sequence[Edition], day: date) -> tuple[str, ...]:
        """Fetch papers that readers of *editions* name by id and that the store does not know; what is left, in words.

        No more than `most_new` of them in one run; which ones changes with the day, so that ids of no paper do not
        hold up the others for good.
        """
        named: dict[PaperId, None] = {}
        for texts in self.store().wishes_written([edition.name for edition in editions]):
            for text in texts:
                # Most are words, which no id looks like.
                if any(c.isdigit() or c == ":" for c in text):
                    named.update((i, None) for i in _parsed_one(text).papers if scheme(i) in _FETCHED)
        known = self.store().papers_known(named) if named else {}
        missing = sorted(
            (i for i in named if i not in known), key=lambda i: hashlib.sha256(f"{day}\n{i}".encode()).digest()
        )
        if not missing:
            return ()
        some, left = missing[: self.most_new], len(missing) - self.most_new
        self.progress(f"reading {len(some)} papers that readers name")
        self.interests.read(some, {})
        if left <= 0:
            return ()
        return (
            f"{left} more papers that readers' interests name are not known yet: a run reads {self.most_new} of them",
        )

    def unread(self, subscription: Subscription) -> tuple[str, ...]:
        """The texts of a reader's interests that name a paper which nobody has found yet."""
        texts = (*subscription.interests, *subscription.avoid)
        named = {text: _parsed_one(text).papers for text in texts}
        known = self.store().papers_known(i for papers in named.values() for i in papers)
        return tuple(text for text, papers in named.items() if any(i not in known for i in papers))


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfEdition:
    """What all readers of an edition have in common."""

    interests: ParsedInterests
    avoid: ParsedInterests
    liked: Sequence[Liked]
    disliked: Sequence[Liked]


def _named(parsed: ParsedInterests, known: Mapping[PaperId, Paper]) -> list[Liked]:
    return [Liked(paper=known[i], name=short_name(known[i].title)) for i in parsed.papers if i in known]


def _parsed(texts: Sequence[str]) -> ParsedInterests:
    """What a reader's texts mean, within the bounds that hold for what is stored, however it came there."""
    parts = [_parsed_one(text[:LONGEST_INTEREST]) for text in texts[:MOST_INTERESTS]]
    return ParsedInterests(
        words=tuple(dict.fromkeys(word for one in parts for word in one.words)),
        authors=tuple(dict.fromkeys(name for one in parts for name in one.authors)),
        papers=tuple(dict.fromkeys(i for one in parts for i in one.papers)),
    )


@lru_cache(maxsize=_TEXTS)
def _parsed_one(text: str) -> ParsedInterests:
    if is_file(text):
        return ParsedInterests(words=(text,))
    try:
        return parse_interests([text])
    except ConfigError:
        return ParsedInterests(words=(text,))
