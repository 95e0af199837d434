"""Readers' feedback: more like this paper, or less. From the next issue on, ranking heeds it."""

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
    """The store, as far as it keeps what readers said of papers."""

    def mark(self, edition: str, paper_id: PaperId, value: int, *, at: datetime) -> None: ...

    def unmark(self, edition: str, paper_id: PaperId) -> bool: ...

    def marks(self, edition: str | None = None) -> tuple[Mark, ...]: ...

    def decisions_on(self, paper_id: PaperId) -> tuple[Decision, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One word on one paper, as it was taken down."""

    edition: str
    paper: Paper
    value: int
    """1: more like it. -1: less. 0: forgotten."""
    is_new: bool = True
    """False: there was nothing to forget."""


def give(
    store: Marks, config: Config, targets: Sequence[str], value: int, *, at: datetime, edition: str | None = None
) -> tuple[Given, ...]:
    """Take down that more papers like *targets* are wanted, or less; 0 forgets what was said of them.

    Args:
        targets: As people name papers: an id as the store shows it, an arXiv id, a DOI or an address.
        at: The present moment; what was said counts less as it ages.
        edition: For whom; None: for the editions that printed the paper, or the only one there is.

    Raises:
        NotFoundError: The store lacks one of them; then nothing is taken down.
        ConfigError: There is no such edition, or several that it may be meant for.
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
    """What was said so far, the last first.

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
