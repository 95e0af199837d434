"""The interests of an edition: its config, its libraries and its readers' feedback, resolved into a `Profile`.

    config.toml ──► parsed ──┬─ words, authors ───────────────► Profile
                             ├─ ids ── store, or fetched once ──►
                             └─ files ── sources.library ───────►
    feedback ── the store ─────────────────────────────────────►

Papers are fetched in the stage `fetch` alone and kept for good, so that choosing depends on the store and the date.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol
from zoneinfo import ZoneInfo

from digest.config.read import library_path
from digest.core.errors import ConfigError, SourceError
from digest.core.identity.ids import SHORT_TITLE, ids_of, scheme, title_key
from digest.core.issues.names import short_name
from digest.core.lists.bounds import within_bounds
from digest.core.models import Edition, Paper, PaperId, Parsed
from digest.core.ports import Clock
from digest.core.ranking.interests import ParsedInterests, Unread, parse_interests
from digest.core.ranking.profile import MARKS, Liked, Profile
from digest.core.walls import wall

HALF_LIFE: Final = timedelta(days=90)
"""After which a reader's mark on a paper says half as much."""
_LEAST_WEIGHT: Final = 0.02
"""Below it, a mark of more than a year ago, nothing is said any more."""
_AT_ONCE: Final = 100
OPERATOR: Final = ""
"""Who counts for the edition itself."""
LATELY: Final = timedelta(days=14)
"""How far back an edition's printed papers make what resembles them less new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedList:
    """What one list of an edition, `interests` or `avoid`, came to."""

    words: int
    authors: int
    papers: int
    """Named by id."""
    unread: tuple[str, ...]
    """Those of them that neither the store has nor anybody fetched yet."""
    libraries: tuple[tuple[str, Parsed], ...]
    """Each file as written, with what is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedInterests:
    """What the interests of an edition came to, for people who look whether they are what was meant."""

    edition: str
    interests: CountedList
    avoid: CountedList
    marks: int
    """Papers that the operator gave feedback on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenInterest:
    """One text of `interests`, resolved."""

    text: str
    """As written in the config."""
    name: str
    """For people: words in quotes, a paper by its short title, an author or a file by its name."""
    profile: Profile
    """Of this interest alone; without interests where it is a paper that is not known yet."""

    @property
    def is_known(self) -> bool:
        """Whether papers can be compared with it."""
        return self.profile.has_interests


class Mark(Protocol):
    """One reader's word on one paper."""

    @property
    def reader(self) -> str:
        """Empty for the operator."""
        ...

    @property
    def paper(self) -> Paper: ...

    @property
    def value(self) -> int:
        """1: more like it. -1: less."""
        ...

    @property
    def at(self) -> datetime: ...


class Store(Protocol):
    """What of the store resolves interests."""

    def papers_known(self, ids: Iterable[PaperId]) -> dict[PaperId, Paper]: ...

    def papers_titled(self, titles: Iterable[str]) -> dict[str, Paper]: ...

    def save_interest_papers(self, papers: Mapping[PaperId, Paper], *, at: datetime) -> None: ...

    def printed_lately(self, edition: str, *, since: date, before: date) -> tuple[Paper, ...]: ...

    def marks(self, edition: str | None = None, *, readers: Collection[str] | None = None) -> Sequence[Mark]: ...


class Found(Protocol):
    """What was found at one address."""

    @property
    def paper(self) -> Paper | None: ...

    @property
    def error(self) -> str | None: ...


class Finder(Protocol):
    """Finds papers by their ids and addresses."""

    def find(self, addresses: Sequence[str]) -> Sequence[Found]:
        """One answer for each, in their order."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Interests:
    """The interests of all editions. Threads and runs can share one."""

    store: Callable[[], Store]
    """Opened when it is needed: whether a library is there can be checked without."""
    finder: Callable[[], Finder]
    """Gives one for the papers of one run."""
    clock: Clock
    zone: ZoneInfo
    """In which days begin."""
    config_path: Path
    """Libraries are named as seen from its folder."""
    meant_by: Callable[[str], frozenset[str]] = lambda _: frozenset()
    """Gives the topics of the taxonomy that words stand for: one, those of a field, or none."""
    progress: Callable[[str], None] = lambda _: None
    at_once: int = _AT_ONCE
    """Papers that are asked for, and kept, together."""
    _read: dict[Path, tuple[tuple[int, int], Parsed]] = field(default_factory=dict, repr=False)
    """Libraries as they were read, with what shows that the file is still the same."""

    def check(self, editions: Iterable[Edition]) -> None:
        """Read every library, so that a run that would miss one does not begin.

        Raises:
            ConfigError: A file is missing, cannot be read, or is not what its ending says.
        """
        for edition in editions:
            for key, texts in _lists(edition):
                for file in parse_interests(texts).files:
                    self._library(edition, key, file)

    def fetch(self, editions: Sequence[Edition]) -> dict[str, Unread]:
        """Fetch the papers that interests name and the store does not know, and keep them.

        What cannot be read is asked for again by the next run.

        Returns:
            By the edition's name, what could not be read.
        """
        named = [parse_interests(texts) for e in editions for _, texts in _lists(e)]
        ids = {i: None for one in named for i in one.papers}
        given = dict(pair for one in reversed(named) for pair in one.addresses)
        known = self.store().papers_known(ids)
        troubles: dict[PaperId, str] = {}
        if missing := [i for i in ids if i not in known]:
            self.progress(f"reading {len(missing)} papers that interests name")
            troubles = self.read(missing, given)
        return {e.name: self._unread(e, troubles, given) for e in editions}

    def read(self, missing: Sequence[PaperId], given: Mapping[PaperId, str]) -> dict[PaperId, str]:
        """Read papers and keep them; why those could not be read that are left.

        Args:
            given: The addresses of those papers that interests name by one.
        """
        finder = self.finder()
        troubles = {i: "no source has listed it" for i in missing if scheme(i) == "title"}
        can_be_asked = [i for i in missing if scheme(i) != "title"]
        # Kept part by part: five hundred pages take minutes, and who stops the run loses only the last ones.
        for start in range(0, len(can_be_asked), self.at_once):
            some = can_be_asked[start : start + self.at_once]
            found: dict[PaperId, Paper] = {}
            for paper_id, answer in _asked(finder, some, given):
                if answer.paper is not None and answer.paper.abstract:
                    found[paper_id] = answer.paper
                else:
                    # Without an abstract it may be a page that asks whether a person is reading it.
                    troubles[paper_id] = answer.error or "its page has no abstract"
            if found:
                self.store().save_interest_papers(found, at=self.clock())
        return troubles

    def _unread(self, edition: Edition, troubles: Mapping[PaperId, str], given: Mapping[PaperId, str]) -> Unread:
        named = {i: None for _, texts in _lists(edition) for i in parse_interests(texts).papers}
        said = (
            f"{given.get(i) or _shown(i)} (interest of {edition.name}) could not be read: {troubles[i]}; "
            "it counts as soon as it can"
            for i in named
            if i in troubles
        )
        return Unread(papers=tuple(said), libraries=self._library_note(edition))

    # -- profile

    def profile(self, edition: Edition, day: date, reader: str | None = None) -> Profile:
        """What *edition* is to bring on *day*; the same as long as store and libraries are.

        The operator's marks on papers count for the edition, and those of a reader for that reader. A mark on a paper
        goes before what the config says of it, and `avoid` before `interests`.

        Args:
            reader: Whose interests in the edition: a reader's own mark on a paper goes before the operator's.
                None: the edition itself.
        """
        interests, avoid = (parse_interests(texts) for _, texts in _lists(edition))
        marked = self._marked(edition, day, reader)
        taken = {i for liked, _ in marked for i in ids_of(liked.paper)}
        disliked = [
            *(one for one, value in marked if value < 0),
            *new_ones(self.papers_of(edition, "avoid", avoid), taken),
        ]
        liked = [
            *(one for one, value in marked if value > 0),
            *new_ones(self.papers_of(edition, "interests", interests), taken),
        ]
        return Profile(
            words=interests.words,
            avoid_words=avoid.words,
            avoid_topics=tuple((text, topics) for text in avoid.words if (topics := self.meant_by(text))),
            liked=tuple(liked),
            disliked=tuple(disliked),
            authors=interests.authors,
            avoid_authors=avoid.authors,
            seen=self.store().printed_lately(edition.name, since=_before(day, LATELY), before=day),
        )

    def each(self, edition: Edition) -> tuple[WrittenInterest, ...]:
        """The texts of `interests`, one by one, each with the papers that the store knows of it.

        Raises:
            ConfigError: A file is missing, cannot be read, or is not what its ending says.
        """
        return tuple(self._written(edition, text) for text in dict.fromkeys(edition.interests))

    def _written(self, edition: Edition, text: str) -> WrittenInterest:
        parsed = parse_interests([text])
        liked = tuple(new_ones(self.papers_of(edition, "interests", parsed), set()))
        if parsed.papers:
            name = liked[0].name if liked else text
        else:
            name = next(iter((*parsed.authors, *parsed.files)), "") or f"“{text}”"
        profile = Profile(words=parsed.words, authors=parsed.authors, liked=liked)
        return WrittenInterest(text=text, name=name, profile=profile)

    def counted(self, edition: Edition) -> CountedInterests:
        """What the interests of *edition* came to.

        Raises:
            ConfigError: A file is missing, cannot be read, or is not what its ending says.
        """
        interests, avoid = (self._counted(edition, key, parse_interests(texts)) for key, texts in _lists(edition))
        marks = len(self.store().marks(edition.name, readers=[OPERATOR]))
        return CountedInterests(edition=edition.name, interests=interests, avoid=avoid, marks=marks)

    def _counted(self, edition: Edition, key: str, parsed: ParsedInterests) -> CountedList:
        known, given = self.store().papers_known(parsed.papers), dict(parsed.addresses)
        return CountedList(
            words=len(parsed.words),
            authors=len(parsed.authors),
            papers=len(parsed.papers),
            unread=tuple(given.get(i) or _shown(i) for i in parsed.papers if i not in known),
            libraries=tuple((file, self._library(edition, key, file)) for file in parsed.files),
        )

    def _marked(self, edition: Edition, day: date, reader: str | None) -> list[tuple[Liked, float]]:
        """Papers with marks that count, the fresh ones first, and what a mark says still: more than 0 for liked."""
        readers = {OPERATOR, OPERATOR if reader is None else reader}
        return self.weighed(self.store().marks(edition.name, readers=readers), day)

    def weighed(self, marks: Iterable[Mark], day: date) -> list[tuple[Liked, float]]:
        """Papers with marks that still count on *day*, and what each mark says still: more than 0 for liked.

        Args:
            marks: The last one first. Of two on one paper the reader's own counts, not the operator's.
        """
        last: dict[PaperId, Mark] = {}
        for mark in marks:
            if mark.paper.id not in last or mark.reader != OPERATOR:
                last[mark.paper.id] = mark
        values = {i: mark.value * 0.5 ** (self._age(mark, day) / HALF_LIFE.days) for i, mark in last.items()}
        return [
            (
                Liked(
                    paper=(paper := last[i].paper), name=short_name(paper.title), weight=round(abs(value), 4), of=MARKS
                ),
                value,
            )
            for i, value in values.items()
            if abs(value) >= _LEAST_WEIGHT
        ]

    def _age(self, mark: Mark, day: date) -> int:
        """How many days before *day* it was given."""
        return max(0, (day - mark.at.astimezone(self.zone).date()).days)

    def papers_of(self, edition: Edition, key: str, parsed: ParsedInterests) -> list[Liked]:
        """The papers of one list of an edition: those named by id, then those of its libraries."""
        known = self.store().papers_known(parsed.papers)
        named = [Liked(paper=known[i], name=short_name(known[i].title)) for i in parsed.papers if i in known]
        libraries = (
            Liked(paper=paper, name=short_name(paper.title), of=file)
            for file in parsed.files
            for paper in self.completed([record.paper for record in self._library(edition, key, file).records])
        )
        return [*named, *libraries]

    def completed(self, papers: Sequence[Paper]) -> list[Paper]:
        """Papers of a library; one without an abstract gets the store's, if a source listed it."""
        bare = [p for p in papers if not p.abstract]
        if not bare:
            return list(papers)
        store = self.store()
        by_id = store.papers_known(i for p in bare for i in ids_of(p))
        titles = [
            p.title for p in bare if len(title_key(p.title)) >= SHORT_TITLE and by_id.keys().isdisjoint(ids_of(p))
        ]
        by_title = store.papers_titled(titles)

        def found(paper: Paper) -> Paper:
            known = next((by_id[i] for i in ids_of(paper) if i in by_id), None)
            return known or by_title.get(paper.title) or paper

        return [p if p.abstract else found(p) for p in papers]

    # -- libraries

    def _library(self, edition: Edition, key: str, file: str) -> Parsed:
        """What is in a file; it is read again when it has changed."""
        from digest.sources.guard import MAX_FILE_BYTES
        from digest.sources.libraries.library import read_library

        path = library_path(self.config_path.parent, file)
        try:
            found = path.stat()
            stamp = (found.st_mtime_ns, found.st_size)
            if path in self._read and self._read[path][0] == stamp:
                return self._read[path][1]
            if found.st_size > MAX_FILE_BYTES:
                raise self._wrong(edition, key, f"{file}: is larger than {MAX_FILE_BYTES // 1_000_000} MB; divide it")
            content = path.read_bytes()
            with wall(lambda said: SourceError(f"{file}: cannot be read: {said}; export the library again")):
                parsed = within_bounds(read_library(content, name=file), now=self.clock())
        except OSError as exc:
            raise self._wrong(edition, key, f"{file}: cannot be read: {exc.strerror or exc}") from exc
        except SourceError as exc:
            raise self._wrong(edition, key, str(exc)) from exc
        self._read[path] = (stamp, parsed)
        return parsed

    def _wrong(self, edition: Edition, key: str, problem: str) -> ConfigError:
        return ConfigError(f"{self.config_path.name}: [[edition]] {edition.name!r} {key}: {problem}")

    def _library_note(self, edition: Edition) -> str:
        """What is wrong with entries of the edition's libraries; empty if all is well."""
        libraries = [
            (f, self._library(edition, key, f)) for key, texts in _lists(edition) for f in parse_interests(texts).files
        ]
        return "; ".join(filter(None, (unreadable(file, parsed) for file, parsed in libraries)))


def _asked(finder: Finder, papers: Sequence[PaperId], given: Mapping[PaperId, str]) -> Iterator[tuple[PaperId, Found]]:
    """What can be read at the addresses that were *given*, and else where the ids lead."""
    places = [_place(i, given.get(i)) for i in papers]
    answers = dict(zip(papers, finder.find(places), strict=True))
    unread = [i for i, one in answers.items() if not (one.paper and one.paper.abstract)]
    again = [i for i in unread if scheme(i) == "doi" and i in given]
    for i, answer in zip(again, finder.find([_address(i) for i in again]), strict=True):
        if answer.paper and answer.paper.abstract:
            answers[i] = answer
    yield from answers.items()


def _place(paper_id: PaperId, given: str | None) -> str:
    # arXiv is asked for many at once, and OpenReview has one page for each.
    return given if given and scheme(paper_id) in ("url", "doi") else _address(paper_id)


def unreadable(file: str, parsed: Parsed) -> str:
    """Which entries of a library could not be read, in words; empty if all could."""
    if not parsed.rejected:
        return ""
    total = len(parsed.records) + len(parsed.rejected)
    shown = "; ".join(f"{r.reason} ({r.excerpt})" for r in parsed.rejected[:2])
    more = "; …" if len(parsed.rejected) > 2 else ""
    return f"{file}: {len(parsed.rejected)} of {total} entries could not be read: {shown}{more}"


def _lists(edition: Edition) -> tuple[tuple[str, tuple[str, ...]], tuple[str, tuple[str, ...]]]:
    return ("interests", edition.interests), ("avoid", edition.avoid)


def new_ones(papers: Iterable[Liked], taken: set[PaperId]) -> list[Liked]:
    """Those of *papers* whose ids are not yet *taken*; they are from now on."""
    new = []
    for one in papers:
        ids = ids_of(one.paper)
        if taken.isdisjoint(ids):
            new.append(one)
        taken.update(ids)
    return new


def _address(paper_id: PaperId) -> str:
    """How `digest summarize` would be asked for this paper."""
    name, _, value = paper_id.partition(":")
    addresses: Mapping[str, str] = {
        "arxiv": f"arxiv:{value}",
        "doi": value,
        "openreview": f"https://openreview.net/forum?id={value}",
        "url": value,
    }
    return addresses[name]


def _shown(paper_id: PaperId) -> str:
    return paper_id.partition(":")[2] if scheme(paper_id) in ("arxiv", "doi", "url") else paper_id


def _before(day: date, span: timedelta) -> date:
    return date.fromordinal(max(1, day.toordinal() - span.days))
