"""Readers' feedback (marks): more papers like this one, or fewer. The ranking of the next issue uses it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from digest.core.errors import ConfigError
from digest.core.models import Paper, PaperId
from digest.usecases.find import Papers, paper_of

if TYPE_CHECKING:
    from digest.config.settings import Config
    from digest.store import Decision, Mark


class Marks(Papers, Protocol):
    """The part of the store that keeps readers' marks of papers."""

    def mark(self, edition: str, paper_id: PaperId, value: int, *, at: datetime) -> None: ...

    def unmark(self, edition: str, paper_id: PaperId) -> bool: ...

    def marks(self, edition: str | None = None) -> tuple[Mark, ...]: ...

    def decisions_on(self, paper_id: PaperId) -> tuple[Decision, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A mark of one paper for one edition, as it was stored."""

    edition: str
    paper: Paper
    value: int
    """1: more papers like it. -1: fewer. 0: the mark was removed."""
    is_new: bool = True
    """False: there was no mark to remove."""


def give(
    store: Marks, config: Config, targets: Sequence[str], value: int, *, at: datetime, edition: str | None = None
) -> tuple[Given, ...]:
    """Mark the papers *targets*: 1 for more papers like them, -1 for fewer, 0 to remove their marks.

    Args:
        targets: As people name papers: an id as the store shows it, an arXiv id, a DOI or a URL.
        at: The present moment; marks count less as they age.
        edition: The edition to mark for; None: the editions that printed the paper, or the only edition.

    Raises:
        NotFoundError: The store lacks one of the papers; then nothing is marked.
        ConfigError: There is no such edition, or several editions may be meant.
    """
    papers = [paper_of(store, target) for target in targets]
    meant = [(paper, name) for paper in papers for name in _editions(store, config, paper, edition)]
    given = []
    for paper, name in meant:
        is_new = True
        if value:
            store.mark(name, paper.id, value, at=at)
        else:
            is_new = store.unmark(name, paper.id)
        given.append(Given(edition=name, paper=paper, value=value, is_new=is_new))
    return tuple(given)


def given(store: Marks, config: Config, *, edition: str | None = None) -> tuple[Mark, ...]:
    """Return the marks so far, the latest first.

    Raises:
        ConfigError: There is no such edition.
    """
    return store.marks(config.edition(edition).name if edition else None)


def _editions(store: Marks, config: Config, paper: Paper, edition: str | None) -> list[str]:
    if edition:
        return [config.edition(edition).name]
    names = [e.name for e in config.editions]
    if len(names) == 1:
        return names
    printed = {d.edition for d in store.decisions_on(paper.id) if d.is_printed}
    found = [name for name in names if name in printed]
    if not found:
        raise ConfigError(f"no edition printed {paper.id} yet; say which one is meant: --edition {names[0]}")
    return found
