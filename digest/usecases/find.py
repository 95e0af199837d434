"""Find papers and issues of the store as people name them, and tell a paper's history.

A history tells which sources listed a paper when, why its records were joined, and which issues printed it or left it
out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final, Protocol

from digest.core.errors import NotFoundError
from digest.core.identity.ids import arxiv_id, canonical_url, doi, is_of_a_source
from digest.core.models import Edition, Issue, Paper, PaperId
from digest.core.ranking.profile import Profile
from digest.core.ranking.rank import nearest
from digest.core.ranking.reasons import OFF, Fit
from digest.core.ranking.relevance import Background
from digest.core.words.text import quoted
from digest.publish.formulas import to_unicode
from digest.stages.deliver import mails_since

if TYPE_CHECKING:
    from digest.config.settings import Config
    from digest.store import Alias, Decision, Listing, Vote

_CANDIDATES: Final = 5
"""Papers that an error names if several may be meant."""
_TITLE: Final = 80
_BEFORE: Final = 3
"""Papers ranked before a given one that are named."""


class Papers(Protocol):
    """The part of the store that looks up papers by id, URL or title."""

    def paper(self, paper_id: PaperId) -> Paper | None: ...

    def paper_at(self, url: str) -> Paper | None: ...

    def titled(self, title: str, *, limit: int) -> tuple[Paper, ...]: ...


class Records(Papers, Protocol):
    """The part of the store that has the history of a paper."""

    def aliases(self, paper_id: PaperId) -> tuple[Alias, ...]: ...

    def records_of(self, paper_id: PaperId) -> tuple[Listing, ...]: ...

    def votes_of(self, paper_id: PaperId) -> tuple[Vote, ...]: ...

    def decisions_on(self, paper_id: PaperId) -> tuple[Decision, ...]: ...

    def parts_of(self, paper_id: PaperId) -> tuple[Paper, ...]: ...

    def kept_from(self, paper_id: PaperId) -> tuple[PaperId, ...]: ...

    def issue(self, edition: str, day: date) -> Issue | None: ...


class Issues(Protocol):
    """The part of the store that looks up issues."""

    def issue(self, edition: str, day: date) -> Issue | None: ...

    def issue_dates(self, edition: str | None = None) -> tuple[tuple[str, date, int], ...]: ...


class Work(Protocol):
    """The part of the store that knows whether the work on an issue is done."""

    def issue(self, edition: str, day: date) -> Issue | None: ...

    def undelivered(self, edition: str, *, since: date, until: date) -> tuple[date, ...]: ...

    def unsettled(self, sources: Sequence[str], day: date) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A paper that an issue ranked before a given one."""

    id: PaperId
    title: str
    score: float | None
    is_printed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The rank of a paper that an edition did not print, and what was ranked before it."""

    edition: str
    date: date | None
    """The day of the issue that considered it; None: no issue has considered it yet."""
    score: float | None = None
    """Its score; None also in issues of earlier versions, which stored no scores."""
    place: int = 0
    """Its rank, from 1, among the papers that the issue considered for the first time; 0 if not considered yet."""
    of: int = 0
    before: tuple[Rival, ...] = ()
    """The papers ranked directly before it, the nearest first."""
    last_printed: Rival | None = None
    """The printed paper with the lowest score among those ranked before this one."""
    nearest: Fit | None = None
    """The interest of the edition, as configured now, that the paper is nearest to; None if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The history of a paper: ids, records, votes, decisions of issues, and joins."""

    paper: Paper
    aliases: tuple[Alias, ...]
    """Its ids, each with the reason why it is this paper."""
    listings: tuple[Listing, ...]
    votes: tuple[Vote, ...]
    decisions: tuple[Decision, ...]
    standings: tuple[Standing, ...] = ()
    """Its rank in each issue that left it out; for editions that have not considered it yet, without a rank."""
    parts: tuple[Paper, ...] = ()
    """The papers it was joined from, which `digest split` can separate; empty if it never was joined."""
    kept_from: tuple[PaperId, ...] = ()
    """Ids of papers that it was split from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Histories:
    """Collects the histories of papers."""

    store: Records
    editions: Sequence[Edition]
    """The editions of the config, in its order."""
    profile_of: Callable[[Edition, date], Profile]
    """Gives the profile of an edition on a day."""
    background: Background
    """How common words are in general."""
    today: date

    def of(self, text: str) -> History:
        """Return the history of the paper that *text* names, see `paper_of`.

        Raises:
            NotFoundError: The store has no such paper, or several.
        """
        store = self.store
        paper = paper_of(store, text)
        decisions, listings = store.decisions_on(paper.id), store.records_of(paper.id)
        return History(
            paper=paper,
            aliases=tuple(one for one in store.aliases(paper.id) if not is_of_a_source(one.id)),
            listings=listings,
            votes=store.votes_of(paper.id),
            decisions=decisions,
            standings=tuple(self._standings(paper, decisions, {one.source for one in listings})),
            parts=store.parts_of(paper.id),
            kept_from=store.kept_from(paper.id),
        )

    def _standings(self, paper: Paper, decisions: Sequence[Decision], sources: set[str]) -> Iterator[Standing]:
        for decision in decisions:
            issue = None if decision.is_printed else self.store.issue(decision.edition, decision.date)
            if issue is not None:
                yield self._stood(issue, {paper.id, *paper.aliases}, paper)
        decided = {decision.edition for decision in decisions}
        for edition in self.editions:
            if edition.name not in decided and sources.intersection(edition.sources):
                yield Standing(edition=edition.name, date=None, nearest=self._nearest(edition.name, paper, self.today))

    def _stood(self, issue: Issue, ids: set[PaperId], paper: Paper) -> Standing:
        printed = [Rival(id=e.paper.id, title=e.paper.title, score=e.score, is_printed=True) for e in issue.entries]
        left = [
            Rival(id=o.id, title=o.title, score=o.score, is_printed=False) for o in issue.left_out if not o.is_aside
        ]
        # What was left out is in its order. Without scores, all that is known is that the others had none better.
        rivals = [*sorted(printed, key=lambda one: -(one.score or 0)), *left]
        if all(one.score is not None for one in left):
            rivals.sort(key=lambda one: -(one.score or 0))
        off = {e.paper.id for e in issue.entries if e.is_off or OFF in e.reason}
        at = next((n for n, one in enumerate(rivals) if one.id in ids), None)
        nearest = self._nearest(issue.edition, paper, issue.date)
        if at is None:
            return Standing(edition=issue.edition, date=issue.date, nearest=nearest)
        return Standing(
            edition=issue.edition,
            date=issue.date,
            score=rivals[at].score,
            place=at + 1,
            of=len(rivals),
            before=tuple(reversed(rivals[max(0, at - _BEFORE) : at])),
            last_printed=next((one for one in reversed(rivals[:at]) if one.is_printed and one.id not in off), None),
            nearest=nearest,
        )

    def _nearest(self, edition: str, paper: Paper, day: date) -> Fit | None:
        configured = next((one for one in self.editions if one.name == edition), None)
        if configured is None:
            return None
        return nearest(paper, self.profile_of(configured, day), self.background)


def issue_of(store: Issues, config: Config, edition: str | None, day: date | None) -> Issue:
    """Return the issue of an edition and day; by default the newest of the first edition.

    Raises:
        ConfigError: There is no such edition.
        NotFoundError: The edition has no such issue.
    """
    name = config.edition(edition).name if edition else config.editions[0].name
    dates = [d for _, d, _ in store.issue_dates(name)]
    if day is None and not dates:
        raise NotFoundError(f"{name} has no issue yet; `digest run` makes one")
    found = store.issue(name, day or dates[-1])
    if found is None:
        newest = f"; the newest is of {dates[-1]}" if dates else ""
        raise NotFoundError(f"{name} has no issue of {day}{newest}")
    return found


def is_done(store: Work, edition: Edition, day: date) -> bool:
    """Whether the issue of *day* is printed, none of its mails is due, and the lists of all sources are settled."""
    stored = store.issue(edition.name, day)
    if stored is None or not stored.entries or store.undelivered(edition.name, since=mails_since(day), until=day):
        return False
    return not store.unsettled(edition.sources, day)


def paper_of(store: Papers, text: str) -> Paper:
    """Return the paper that *text* names: an id as the store shows it, an arXiv id, a DOI, a URL, or a title.

    Of a title, words that no other title has are enough.

    Raises:
        NotFoundError: The store has no such paper, or several.
    """
    ids = ids_of_text(text)
    paper = next(filter(None, map(store.paper, ids)), None) or store.paper_at(text.strip())
    if paper is not None:
        return paper
    # What is an id or an address beyond doubt is no title.
    found = store.titled(text, limit=_CANDIDATES + 1) if len(ids) == 1 else ()
    if len(found) == 1:
        return found[0]
    if found:
        named = "; ".join(f"{one.id} {quoted(to_unicode(one.title), _TITLE)}" for one in found[:_CANDIDATES])
        more = ", and more" if len(found) > _CANDIDATES else ""
        raise NotFoundError(f"several papers may be meant by {text.strip()}; name one by its id: {named}{more}")
    raise NotFoundError(
        f"the store has no paper {text.strip()}: it is known by ids such as arxiv:2603.01234 or doi:10.1234/abc, by "
        "addresses and titles; `digest search` finds papers by words"
    )


def ids_of_text(text: str) -> list[PaperId]:
    """Return the ids that *text* may mean, the likeliest first."""
    found = [text.strip()]
    if arxiv := arxiv_id(text):
        found.append(f"arxiv:{arxiv[0]}")
    # As it was stored while DOIs were read otherwise, and as they are read now.
    if text.strip().startswith("10."):
        found.append(f"doi:{text.strip().lower()}")
    if of_doi := doi(text):
        found.append(f"doi:{of_doi}")
    if page := canonical_url(text):
        found.append(f"url:{page}")
    return [PaperId(one) for one in found]
