"""How the topics are used, and what renaming changed, as text and JSON: `digest topics`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from digest.cli.show.console import print_lines
from digest.publish.phrasing import count

if TYPE_CHECKING:
    from digest.usecases.topics import Applied, Survey

_WIDTH: Final = 80
_MOST_UNKNOWN: Final = 10
"""Topics that are named of those that the taxonomy does not have."""


def survey_lines(found: Survey, *, limit: int, days: int | None = None) -> Iterator[str]:
    """Topics by use, then the words without a home, of all time or of the last *days*."""
    if not found.papers and not found.words:
        if days is not None:
            yield f"Nothing was printed {'today' if days == 1 else f'in the last {days:,} days'}."
        else:
            yield "Nothing is printed yet; `digest run` makes an issue."
        return
    without = f", {found.without} of them without any" if found.without else ""
    yield f"{count(found.papers, 'printed paper')}, {found.topics_per_paper:.1f} topics each{without}"
    yield ""
    for use in found.uses[:limit]:
        yield _cut(f"{use.papers:>6}  {use.name}" + (f"  · {use.field}" if use.field != use.name else ""))
    if len(found.uses) > limit:
        yield f"        and {count(len(found.uses) - limit, 'further topic')}: --limit"
    if found.unknown:
        yield ""
        yield from _unknown(found.unknown)
    if found.words:
        yield ""
        share = found.mentions_with_home / found.mentions
        yield (
            f"{count(found.words, 'free word')} of models and sources; {found.words_with_home:,} name a topic, "
            f"{share:.0%} by use"
        )
    if found.homeless:
        yield ""
        yield "Without a home, the most frequent; add them as aliases under [topics] if they are topics"
        for word in found.homeless:
            near = f"  ({word.nearest}?)" if word.nearest else ""
            yield _cut(f"{word.papers:>6}  {word.word}{near}")
            if word.example:
                yield _cut(f"        in: {word.example}")


def print_survey(found: Survey, *, limit: int, days: int | None = None) -> None:
    """Topics by use, then the words without a home."""
    print_lines(survey_lines(found, limit=limit, days=days))


def survey_json(found: Survey) -> dict[str, Any]:
    """`digest topics --json`."""
    return asdict(found)


def applied_lines(done: Applied) -> Iterator[str]:
    """What was renamed, and how far."""
    if done.issues or done.summaries:
        stored = f", and {count(done.summaries, 'kept summary', 'kept summaries')}" if done.summaries else ""
        yield f"Changed {count(done.entries, 'entry', 'entries')} in {count(done.issues, 'issue')}{stored}"
        for one in done.renamed:
            yield f"{one.entries:>6}  {one.old} → {one.new}"
        if done.added:
            yield f"{done.added:>6}  got a topic by a word that had no home before"
    else:
        yield "All stored topics have their names of today; nothing was changed."
    if done.pages:
        yield f"{count(done.pages, 'file')} of the archive drawn again"
    if done.unknown:
        yield from _unknown(done.unknown)


def print_applied(done: Applied) -> None:
    """What was renamed in old issues, kept summaries and pages."""
    print_lines(applied_lines(done))


def applied_json(done: Applied) -> dict[str, Any]:
    """`digest topics --apply --json`."""
    return asdict(done)


def _unknown(names: tuple[str, ...]) -> Iterator[str]:
    shown = ", ".join(f"“{name}”" for name in names[:_MOST_UNKNOWN])
    more = f" and {len(names) - _MOST_UNKNOWN} more" if len(names) > _MOST_UNKNOWN else ""
    yield f"Not in the taxonomy (any more): {shown}{more}; give them as aliases of a topic, or leave them"


def _cut(line: str) -> str:
    return line if len(line) <= _WIDTH else line[: _WIDTH - 1].rstrip() + "…"
