"""Taking apart, at a person's word, what was wrongly taken for one paper: `digest split`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from digest.core.identity.titles import words_of
from digest.store.joins import Split
from digest.usecases.find import ids_of_text, paper_of

if TYPE_CHECKING:
    from digest.app.app import App
    from digest.core.models import Paper, PaperId


def split(app: App, paper: str, part: str | None = None) -> Split:
    """Take the record that *part* names out of *paper*, each named as `paper_of` takes it.

    Raises:
        NotFoundError: There is no such paper, no such part, or nothing that could be taken apart.
    """
    whole = paper_of(app, paper)
    named = None if part is None else _part(app, whole, part)
    return _done_already(app, whole, part) or app.store.split(whole.id, named, day=app.today())


def _part(app: App, whole: Paper, text: str) -> PaperId:
    """The id of the record that *text* names; *text* itself where none is."""
    known = {whole.id, *whole.aliases}
    candidates = ids_of_text(text)
    if found := next((i for i in candidates if i in known), None):
        return found
    words = set(words_of(text))
    titled = [one.id for one in app.store.parts_of(whole.id) if words and words <= set(words_of(one.title))]
    return titled[0] if len(titled) == 1 else candidates[0]


def _done_already(app: App, whole: Paper, part: str | None) -> Split | None:
    """What an earlier call of the same words did, which was stopped before it could say so; None if none did."""
    if len(app.store.parts_of(whole.id)) > 1 and part is None:
        return None
    others = app.store.papers_known(app.store.kept_from(whole.id)).values()
    taken = next((one for one in others if part is None or _is_named(one, part)), None)
    return None if taken is None else Split(kept=whole, taken=taken, is_new=False)


def _is_named(paper: Paper, text: str) -> bool:
    words = set(words_of(text))
    by_title = bool(words) and words <= set(words_of(paper.title))
    return by_title or not {paper.id, *paper.aliases}.isdisjoint(ids_of_text(text))
