"""One paper's way through the program: who listed it when, why those records are one paper, what issues made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from digest.core.errors import NotFoundError
from digest.core.identity.ids import arxiv_id, canonical_url, doi, is_of_a_source
from digest.core.models import Issue, Paper, PaperId
from digest.core.ranking.rank import nearest
from digest.core.ranking.reasons import OFF, Fit
from digest.core.words.text import quoted
from digest.publish.formulas import to_unicode

if TYPE_CHECKING:
    from digest.app.app import App
    from digest.store import Alias, Decision, Listing, Vote

_CANDIDATES: Final = 5
"""Papers that are named where several may be meant."""
_TITLE: Final = 80
_BEFORE: Final = 3
"""Papers that are named of those that stood before one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rival:
    """A paper that an issue put before another."""

    id: PaperId
    title: str
    score: float | None
    is_printed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a paper that was not printed stood with an edition."""

    edition: str
    date: date | None
    """None: no issue has weighed it yet."""
    score: float | None = None
    """None too where an earlier version left it out, which kept no scores."""
    place: int = 0
    """From 1, of all that the issue weighed for the first time that day; 0 where it weighed none."""
    of: int = 0
    before: tuple[Rival, ...] = ()
    """What stood right before it, the nearest first."""
    last_printed: Rival | None = None
    """The paper with the lowest score of those that had a place for it and stood before this one."""
    nearest: Fit | None = None
    """The interest that it comes nearest to, as the edition has them now; None where it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that the store knows of how a paper came and where it went."""

    paper: Paper
    aliases: tuple[Alias, ...]
    """Its ids, each with the reason why it is this paper."""
    listings: tuple[Listing, ...]
    votes: tuple[Vote, ...]
    decisions: tuple[Decision, ...]
    standings: tuple[Standing, ...] = ()
    """Where it stood, for each issue that left it out; for editions that have yet to weigh it, without a place."""
    parts: tuple[Paper, ...] = ()
    """What it was joined out of, as `digest split` can take it apart; empty if it never was."""
    kept_from: tuple[PaperId, ...] = ()
    """Ids of papers that it was taken apart from."""


def history_of(app: App, text: str) -> History:
    """The history of the paper that *text* names, see `paper_of`.

    Raises:
        NotFoundError: The store has no such paper, or several.
    """
    store, paper = app.store, paper_of(app, text)
    decisions, listings = store.decisions_on(paper.id), store.records_of(paper.id)
    return History(
        paper=paper,
        aliases=tuple(one for one in store.aliases(paper.id) if not is_of_a_source(one.id)),
        listings=listings,
        votes=store.votes_of(paper.id),
        decisions=decisions,
        standings=tuple(_standings(app, paper, decisions, {one.source for one in listings})),
        parts=store.parts_of(paper.id),
        kept_from=store.kept_from(paper.id),
    )


def _standings(app: App, paper: Paper, decisions: Sequence[Decision], sources: set[str]) -> Iterator[Standing]:
    for decision in decisions:
        issue = None if decision.is_printed else app.store.issue(decision.edition, decision.date)
        if issue is not None:
            yield _stood(app, issue, {paper.id, *paper.aliases}, paper)
    decided = {decision.edition for decision in decisions}
    for edition in app.config.editions:
        if edition.name not in decided and sources.intersection(edition.sources):
            yield Standing(edition=edition.name, date=None, nearest=_nearest(app, edition.name, paper, app.today()))


def _stood(app: App, issue: Issue, ids: set[PaperId], paper: Paper) -> Standing:
    printed = [Rival(id=e.paper.id, title=e.paper.title, score=e.score, is_printed=True) for e in issue.entries]
    left = [Rival(id=o.id, title=o.title, score=o.score, is_printed=False) for o in issue.left_out]
    # Left out papers are in their order. Without their scores, all that is known is that the others had none better.
    rivals = [*sorted(printed, key=lambda one: -(one.score or 0)), *left]
    if all(one.score is not None for one in left):
        rivals.sort(key=lambda one: -(one.score or 0))
    off = {e.paper.id for e in issue.entries if OFF in e.reason}
    at = next((n for n, one in enumerate(rivals) if one.id in ids), None)
    nearest = _nearest(app, issue.edition, paper, issue.date)
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


def _nearest(app: App, edition: str, paper: Paper, day: date) -> Fit | None:
    configured = next((one for one in app.config.editions if one.name == edition), None)
    if configured is None:
        return None
    return nearest(paper, app.interests.profile(configured, day), app.background)


def paper_of(app: App, text: str) -> Paper:
    """The paper that *text* names: an id as the store shows it, an arXiv id, a DOI, an address, or a title.

    Of a title, words that no other has will do.

    Raises:
        NotFoundError: The store has no such paper, or several.
    """
    store, ids = app.store, ids_of_text(text)
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
    """What the store may know by *text*, the likeliest first."""
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
