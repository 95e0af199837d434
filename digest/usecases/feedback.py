"""Readers' feedback: more like this paper, or less. From the next issue on, ranking heeds it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from digest.core.errors import ConfigError
from digest.core.models import Paper
from digest.usecases.find import paper_of

if TYPE_CHECKING:
    from digest.app.app import App
    from digest.store import Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One word on one paper, as it was taken down."""

    edition: str
    paper: Paper
    value: int
    """1: more like it. -1: less. 0: forgotten."""
    is_new: bool = True
    """False: there was nothing to forget."""


def give(app: App, targets: Sequence[str], value: int, *, edition: str | None = None) -> tuple[Given, ...]:
    """Take down that more papers like *targets* are wanted, or less; 0 forgets what was said of them.

    Args:
        targets: As people name papers: an id as the store shows it, an arXiv id, a DOI or an address.
        edition: For whom; None: for the editions that printed the paper, or the only one there is.

    Raises:
        NotFoundError: The store lacks one of them; then nothing is taken down.
        ConfigError: There is no such edition, or several that it may be meant for.
    """
    papers = [paper_of(app, target) for target in targets]
    meant = [(paper, name) for paper in papers for name in _editions(app, paper, edition)]
    given = []
    for paper, name in meant:
        is_new = True
        if value:
            app.store.mark(name, paper.id, value, at=app.host.clock())
        else:
            is_new = app.store.unmark(name, paper.id)
        given.append(Given(edition=name, paper=paper, value=value, is_new=is_new))
    return tuple(given)


def given(app: App, *, edition: str | None = None) -> tuple[Mark, ...]:
    """What was said so far, the last first.

    Raises:
        ConfigError: There is no such edition.
    """
    return app.store.marks(app.config.edition(edition).name if edition else None)


def _editions(app: App, paper: Paper, edition: str | None) -> list[str]:
    if edition:
        return [app.config.edition(edition).name]
    names = [e.name for e in app.config.editions]
    if len(names) == 1:
        return names
    printed = {d.edition for d in app.store.decisions_on(paper.id) if d.is_printed}
    found = [name for name in names if name in printed]
    if not found:
        raise ConfigError(f"no edition printed {paper.id} yet; say which one is meant: --edition {names[0]}")
    return found
