"""Taking apart, at a person's word, what was wrongly taken for one paper: `digest split`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from digest.history import ids_of_text, paper_of
from digest.publish.formulas import to_unicode
from digest.terminal import paper_json

if TYPE_CHECKING:
    from digest.app import App
    from digest.core.models import Paper
    from digest.store.joins import Split


def split(app: App, paper: str, part: str | None = None) -> Split:
    """Take the record that *part* names out of *paper*, each an id as the store shows it, an arXiv id or a DOI.

    Raises:
        NotFoundError: There is no such paper, no such part, or nothing that could be taken apart.
    """
    whole = paper_of(app, paper)
    named = None
    if part is not None:
        known = {whole.id, *whole.aliases}
        candidates = ids_of_text(part)
        named = next((i for i in candidates if i in known), candidates[0])
    return app.store.split(whole.id, named, day=app.today())


def split_lines(done: Split) -> list[str]:
    """For people."""
    return [
        "Two papers again, never to be joined by what they say:",
        *(f"  {_named(one)}" for one in (done.kept, done.taken)),
    ]


def _named(one: Paper) -> str:
    return f"“{to_unicode(one.title)}” ({', '.join((one.id, *one.aliases))})"


def split_json(done: Split) -> dict[str, Any]:
    """`digest split --json`."""
    return {"kept": paper_json(done.kept), "taken": paper_json(done.taken)}
