"""Shares of topics: how many of a day's papers have a topic, as bars; which topics rise, and which go together.

All is counted from the notes of issues in the manifest. A share, not a number: a busy Tuesday is no trend.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from digest.publish.catalogue import IssueKey, Note
from digest.publish.phrasing import count, short_day
from digest.publish.slugs import topic_slug

DAYS: Final = 20
"""Days with papers that the bars of a topic show at most."""
_BAR, _GAP, _HEIGHT = 6, 2, 24
_RECENT: Final = 3
"""Days that are compared with those before them, to find rising topics."""
_FEWEST: Final = 5
"""Papers that a rising topic has in the recent days at least."""
_TIMES: Final = 1.5
"""How many times the share before a rising topic has."""
_RELATED_ISSUES: Final = 60
"""Issues of a topic that related topics are found in."""
_TOGETHER: Final = 2
"""Papers that two related topics share at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of the papers of a day have a topic."""

    day: date
    papers: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """A row of bars, with the numbers that a drawing needs, in pixels."""

    said: str
    """What the bars show, in a sentence, for those who do not see them."""
    bars: tuple[tuple[int, float, float], ...]
    """(left, top, height) of each."""
    bar: int
    """Width of a bar."""
    width: int
    height: int


def days_of(notes: Mapping[IssueKey, Note]) -> dict[date, list[IssueKey]]:
    """Return the issues with papers by day, the earliest day first."""
    days: dict[date, list[IssueKey]] = {}
    for key in sorted(notes):
        if notes[key].entries:
            days.setdefault(key.day, []).append(key)
    return days


def window(days: Sequence[date], newest: date) -> Sequence[date]:
    """Return the days of *days*, which are sorted, that the bars of a topic show whose newest paper is of *newest*."""
    return [day for day in days if day <= newest][-DAYS:]


def shares(
    topic: str, shown: Iterable[date], days: Mapping[date, Sequence[IssueKey]], notes: Mapping[IssueKey, Note]
) -> tuple[Share, ...]:
    """Return the share of a topic, given by its slug, on each of the *shown* days.

    A paper of two issues of a day counts once.
    """
    found = []
    for day in shown:
        papers: set[str] = set()
        having: set[str] = set()
        for key in days[day]:
            note = notes[key]
            papers.update(note.papers)
            having.update(note.papers[n] for name, at in note.topics if topic_slug(name) == topic for n in at)
        found.append(Share(day=day, papers=len(having), of=len(papers)))
    return tuple(found)


def bars(topic: str, shown: Sequence[Share]) -> Bars:
    """Draw shares as bars, of which the highest is as high as the row."""
    values = [one.papers / one.of if one.of else 0.0 for one in shown]
    most = max(values, default=0.0) or 1.0
    drawn = []
    for n, value in enumerate(values):
        # A day without a paper is a line, so that the days can be counted.
        high = max(round(_HEIGHT * value / most, 1), 1.0)
        drawn.append((n * (_BAR + _GAP), round(_HEIGHT - high, 1), high))
    return Bars(
        said=f"{topic}: {_said(shown)}",
        bars=tuple(drawn),
        bar=_BAR,
        width=max(len(drawn) * (_BAR + _GAP) - _GAP, _BAR),
        height=_HEIGHT,
    )


def percent(shown: Iterable[Share]) -> int:
    """Return how many percent of the papers of the shown days have the topic."""
    shown = tuple(shown)
    of = sum(one.of for one in shown)
    return round(100 * sum(one.papers for one in shown) / of) if of else 0


def rising(notes: Mapping[IssueKey, Note], *, at_most: int) -> list[tuple[str, tuple[Share, ...]]]:
    """Return the topics whose share of the last days' papers is clearly above that of the days before.

    The one with the highest rise first, each with its shares; none if there are too few days to compare.
    """
    days = days_of(notes)
    shown = list(days)[-DAYS:]
    if len(shown) < 2 * _RECENT:
        return []
    recent = {name for day in shown[-_RECENT:] for key in days[day] for name, _ in notes[key].topics}
    found = []
    for topic in recent:
        of = shares(topic_slug(topic), shown, days, notes)
        now, before = of[-_RECENT:], of[:-_RECENT]
        new = sum(one.papers for one in now)
        # One paper more before: what was never there would have risen without end.
        was = (sum(one.papers for one in before) + 1) / (sum(one.of for one in before) + 1)
        rise = round(new / (sum(one.of for one in now) or 1) / was, 6)
        if new >= _FEWEST and rise >= _TIMES:
            found.append((rise, topic, of))
    found.sort(key=lambda one: (-one[0], one[1]))
    return [(topic, of) for _, topic, of in found[:at_most]]


def related(topic: str, notes: Iterable[Note], *, at_most: int) -> list[str]:
    """Return the topics that most often stand at a paper with *topic*, measured by how often they stand elsewhere.

    Args:
        topic: Its slug.
        notes: The notes of issues that have the topic, the newest first.
    """
    together: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for _, note in zip(range(_RELATED_ISSUES), notes, strict=False):
        own = {n for name, places in note.topics if topic_slug(name) == topic for n in places}
        for name, places in note.topics:
            if topic_slug(name) != topic:
                alone[name] += len(places)
                together[name] += len(own.intersection(places))
    found = [(n * n / alone[name], name) for name, n in together.items() if n >= _TOGETHER]
    return [name for _, name in sorted(found, key=lambda one: (-round(one[0], 6), one[1]))[:at_most]]


def _said(shown: Sequence[Share]) -> str:
    return " ".join(_sentences(shown))


def _sentences(shown: Sequence[Share]) -> Iterator[str]:
    if not shown:
        yield "no days."
        return
    first, last = shown[0], shown[-1]
    best = max(shown, key=lambda one: (one.papers / one.of if one.of else 0.0, one.day))
    span = short_day(last.day) if first == last else f"{short_day(first.day, year=False)} to {short_day(last.day)}"
    yield f"shares of the papers of {count(len(shown), 'day')}, {span}."
    yield f"Most on {short_day(best.day, year=False)}, {best.papers} of {best.of};"
    yield f"last {last.papers} of {last.of}."
