"""Split a paper whose records were wrongly joined into two papers: `digest split`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Protocol

from digest.core.identity.titles import words_of
from digest.core.models import Paper, PaperId
from digest.store.joins import Split
from digest.usecases.find import Papers, ids_of_text, paper_of


class Joins(Papers, Protocol):
    """The part of the store that knows which records are joined to one paper."""

    def parts_of(self, paper_id: PaperId) -> tuple[Paper, ...]: ...

    def kept_from(self, paper_id: PaperId) -> tuple[PaperId, ...]: ...

    def papers_known(self, ids: Iterable[PaperId]) -> dict[PaperId, Paper]: ...

    def split(self, paper_id: PaperId, part: PaperId | None = None, *, day: date) -> Split: ...


def split(store: Joins, paper: str, part: str | None = None, *, today: date) -> Split:
    """Split the record that *part* names off *paper*; both are named as for `paper_of`.

    Raises:
        NotFoundError: There is no such paper, no such part, or the paper was never joined.
    """
    whole = paper_of(store, paper)
    named = None if part is None else _part(store, whole, part)
    return _done_already(store, whole, part) or store.split(whole.id, named, day=today)


def _part(store: Joins, whole: Paper, text: str) -> PaperId:
    """Return the id of the record that *text* names; *text* itself if it names none."""
    known = {whole.id, *whole.aliases}
    candidates = ids_of_text(text)
    if found := next((i for i in candidates if i in known), None):
        return found
    words = set(words_of(text))
    titled = [one.id for one in store.parts_of(whole.id) if words and words <= set(words_of(one.title))]
    return titled[0] if len(titled) == 1 else candidates[0]


def _done_already(store: Joins, whole: Paper, part: str | None) -> Split | None:
    """Return the result of an earlier call with the same arguments that was stopped before it reported; else None."""
    if len(store.parts_of(whole.id)) > 1 and part is None:
        return None
    others = store.papers_known(store.kept_from(whole.id)).values()
    taken = next((one for one in others if part is None or _is_named(one, part)), None)
    return None if taken is None else Split(kept=whole, taken=taken, is_new=False)


def _is_named(paper: Paper, text: str) -> bool:
    words = set(words_of(text))
    by_title = bool(words) and words <= set(words_of(paper.title))
    return by_title or not {paper.id, *paper.aliases}.isdisjoint(ids_of_text(text))
