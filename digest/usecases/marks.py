"""A reader's marks on papers: what one will change, said before it is made; earlier ones, to be taken back."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final, Protocol

from digest.core.errors import NotFoundError
from digest.core.models import Entry, Paper, PaperId, Summary
from digest.core.ports import Clock
from digest.core.ranking.shifts import Shift
from digest.core.subscribers.subscriber import Subscription
from digest.core.subscribers.tokens import paper_number

if TYPE_CHECKING:
    from digest.store import Mark
    from digest.usecases.trials import Trial

VALUES: Final = {"more": 1, "less": -1, "none": 0}
"""What a form calls the marks."""
MOST_MARKS: Final = 500
"""Marks of a reader for an edition; older ones hardly count any more."""


class Store(Protocol):
    """The part of the store that keeps readers' marks."""

    def mark(self, edition: str, paper_id: PaperId, value: int, *, at: datetime, reader: str = "") -> None: ...

    def unmark(self, edition: str, paper_id: PaperId, *, reader: str = "") -> bool: ...

    def marks(self, edition: str | None = None, *, readers: Collection[str] | None = None) -> tuple[Mark, ...]: ...


class Choosing(Protocol):
    """Chooses an edition's last issue anew for a reader; see `digest.usecases.trials`."""

    def choose(
        self, subscription: Subscription, *, mark: tuple[Paper, int] | None = None, without: Paper | None = None
    ) -> Trial | None: ...


Find = Callable[[Subscription, date, int], Entry | None]
"""Finds the entry of a paper, given by its number, in what a reader got on a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What a mark would change, tried on the other papers of an edition's last day."""

    day: date
    shift: Shift


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """A paper that a reader may mark, with all that is to be said of it."""

    paper: Paper
    summary: Summary | None
    """None for a paper that was marked earlier and is in no issue at hand."""
    value: int
    """The reader's mark on it: 1 for more like it, -1 for less, 0 for none."""
    effects: Mapping[int, Effect]
    """What each of the other marks would change; empty if nothing was read for the edition yet."""
    earlier: tuple[Mark, ...]
    """The reader's other marks for this edition, the newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """What came of a mark."""

    paper: Paper
    value: int
    before: int
    """The mark that it had until now."""
    effect: Effect | None
    """What it changes; None where nothing was read for the edition yet, or the mark was there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Makes and lists readers' marks."""

    store: Store
    trials: Choosing
    find: Find
    clock: Clock

    def look(self, subscription: Subscription, day: date | None, paper: int) -> Marking | None:
        """A paper that a link is about; None if it is in no issue that the reader got and not marked either."""
        marks = self._of(subscription)
        entry = self.find(subscription, day, paper) if day else None
        mark = next((one for one in marks if paper_number(one.paper.id) == paper or _is(one.paper, entry)), None)
        if entry is not None:
            found = entry.paper
        elif mark is not None:
            found = mark.paper
        else:
            return None
        value = mark.value if mark else 0
        return Marking(
            paper=found,
            summary=entry.summary if entry else None,
            value=value,
            effects=dict(self._effects(subscription, found, value)),
            earlier=tuple(one for one in marks if one is not mark),
        )

    def give(self, subscription: Subscription, paper: Paper, value: int) -> Marked:
        """Mark a paper for a reader; what it changes.

        Args:
            value: 1 for more like it, -1 for less, 0 to take a mark back.

        Raises:
            NotFoundError: The store has no such paper (any more), or the reader has marked as many as may be.
        """
        marks = self._of(subscription)
        before = next((one.value for one in marks if paper.id in (one.paper.id, *one.paper.aliases)), 0)
        was = self.trials.choose(subscription, without=paper) if value != before else None
        if value and not before and len(marks) >= MOST_MARKS:
            raise NotFoundError(f"{MOST_MARKS} papers are marked already: take one back first")
        if value:
            self.store.mark(subscription.edition, paper.id, value, at=self.clock(), reader=subscription.reader)
        else:
            self.store.unmark(subscription.edition, paper.id, reader=subscription.reader)
        effect = _effect(was, self.trials.choose(subscription, without=paper)) if was else None
        return Marked(paper=paper, value=value, before=before, effect=effect)

    def _effects(self, subscription: Subscription, paper: Paper, value: int) -> Iterator[tuple[int, Effect]]:
        before = self.trials.choose(subscription, without=paper)
        for other in (1, -1, 0):
            if other != value and before is not None:
                effect = _effect(before, self.trials.choose(subscription, mark=(paper, other), without=paper))
                if effect is not None:
                    yield other, effect

    def _of(self, subscription: Subscription) -> Sequence[Mark]:
        return self.store.marks(subscription.edition, readers=[subscription.reader])


def _is(paper: Paper, entry: Entry | None) -> bool:
    """Whether a paper is that of an entry, also where records were joined since."""
    return entry is not None and not {paper.id, *paper.aliases}.isdisjoint({entry.paper.id, *entry.paper.aliases})


def _effect(before: Trial, after: Trial | None) -> Effect | None:
    if after is None:
        return None
    return Effect(day=after.day, shift=Shift.between(before.chosen, after.chosen))
