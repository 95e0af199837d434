"""One paper's way through the program: who listed it when, why those records are one paper, what issues made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.core.errors import NotFoundError
from digest.core.identity import arxiv_id, canonical_url, doi
from digest.core.models import Paper, PaperId

if TYPE_CHECKING:
    from digest.app import App
    from digest.store import Alias, Decision, Listing, Vote


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """All that the store knows of how a paper came and where it went."""

    paper: Paper
    aliases: tuple[Alias, ...]
    """Its ids, each with the reason why it is this paper."""
    listings: tuple[Listing, ...]
    votes: tuple[Vote, ...]
    decisions: tuple[Decision, ...]
    parts: tuple[Paper, ...] = ()
    """What it was joined out of, as `digest split` can take it apart; empty if it never was."""
    kept_from: tuple[PaperId, ...] = ()
    """Ids of papers that it was taken apart from."""


def history_of(app: App, text: str) -> History:
    """The history of the paper that *text* names: an id as the store shows it, an arXiv id, a DOI or an address.

    Raises:
        NotFoundError: The store has no such paper.
    """
    store, paper = app.store, paper_of(app, text)
    return History(
        paper=paper,
        aliases=store.aliases(paper.id),
        listings=store.records_of(paper.id),
        votes=store.votes_of(paper.id),
        decisions=store.decisions_on(paper.id),
        parts=store.parts_of(paper.id),
        kept_from=store.kept_from(paper.id),
    )


def paper_of(app: App, text: str) -> Paper:
    """The paper that *text* names: an id as the store shows it, an arXiv id, a DOI or an address.

    Raises:
        NotFoundError: The store has no such paper.
    """
    store = app.store
    paper = next(filter(None, map(store.paper, ids_of_text(text))), None) or store.paper_at(text.strip())
    if paper is None:
        raise NotFoundError(
            f"the store has no paper {text}: no source listed it under this id; `digest search` finds papers by words"
        )
    return paper


def ids_of_text(text: str) -> list[PaperId]:
    """What the store may know by *text*, the likeliest first."""
    found = [text.strip()]
    if arxiv := arxiv_id(text):
        found.append(f"arxiv:{arxiv[0]}")
    if of_doi := doi(text):
        found.append(f"doi:{of_doi}")
    if page := canonical_url(text):
        found.append(f"url:{page}")
    return [PaperId(one) for one in found]
