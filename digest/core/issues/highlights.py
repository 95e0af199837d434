"""The overview of an issue without a model: what stands out today, in at most three sentences that name papers.

    interests ──► one with a strong day ─┐
    votes ──────► one far ahead ─────────┤
    changes ────► one that has risen ────┼──► the first three
    topics ─────► one that is unusually ─┘
                  frequent today

What is usual is told by the edition's last issues. On a day when nothing stands out, one sentence names the first
lead, or the first ones of the interests.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from digest.core.issues.names import short_name
from digest.core.models import Candidate, Change, Entry, Issue, OverviewSentence, PaperId
from digest.core.ranking.matching import PAPERS

TODAY: Final = "today"
"""When the papers are from, as a sentence says it; a personal issue of a week says otherwise."""
_SENTENCES: Final = 3
_STRONG: Final = 4
"""Papers that an interest, or a topic, has at least on a day that is worth a sentence."""
_TIMES: Final = 2.0
"""How many times as many as usual they must be."""
_FEWEST_ISSUES: Final = 3
"""Earlier issues that tell what is usual; fewer do not."""
_MANY_VOTES: Final = 10
"""Votes below which none is far ahead."""
_RISEN: Final = 2
_FEWEST_FIRSTS: Final = 2
_MOST_FIRSTS: Final = 3
"""Interests whose first papers are named where nothing stands out."""


def highlights(
    entries: Sequence[Entry],
    *,
    leads: Sequence[PaperId],
    changes: Sequence[Change] = (),
    risen: Sequence[Candidate] = (),
    earlier: Sequence[Issue] = (),
    when: str = TODAY,
) -> tuple[OverviewSentence, ...]:
    """Return what stands out among *entries*, best first, in one to three sentences; none for no entries.

    Args:
        leads: The papers that are shown first; the first of them is named where nothing stands out.
        changes: Changes of papers that earlier issues printed.
        risen: Papers of this issue that were left out of an earlier one and have drawn votes since.
        earlier: The edition's last issues.
        when: When the papers are from, for a sentence.
    """
    before = [issue for issue in earlier if issue.entries]
    found: list[OverviewSentence] = []
    for sentence in (
        *_interest(entries, before, when),
        *_votes(entries),
        *_risen(changes, risen),
        *_topic(entries, before, when),
    ):
        # One paper is named by one sentence.
        named = {paper for said in found for paper in said.papers}
        if not sentence.papers or not named.issuperset(sentence.papers):
            found.append(sentence)
    if not found and entries:
        found.append(_first(entries, leads, when))
    return tuple(found[:_SENTENCES])


def _first(entries: Sequence[Entry], leads: Sequence[PaperId], when: str) -> OverviewSentence:
    """Return a sentence on a day when nothing stands out: the first lead, or that of each interest where there are."""
    leading = [e for e in entries if e.paper.id in leads] or entries[:1]
    firsts: dict[str, Entry] = {}
    for entry in leading:
        if entry.interests and entry.paper.id not in {e.paper.id for e in firsts.values()}:
            firsts.setdefault(entry.interests[0], entry)
    if len(firsts) < _FEWEST_FIRSTS:
        return _sentence(f"First {when} is {short_name(leading[0].paper.title)}.", leading[:1])
    chosen = list(firsts.items())[:_MOST_FIRSTS]
    said = [f"{_called(name)}, {short_name(entry.paper.title)}" for name, entry in chosen]
    return _sentence(f"First {when} on {'; on '.join(said)}.", [entry for _, entry in chosen])


def _called(interest: str) -> str:
    """Return an interest as a sentence names it: a phrase in “…”, liked papers as they are."""
    return interest if interest.startswith(PAPERS) else f"“{interest}”"


def _interest(entries: Sequence[Entry], before: Sequence[Issue], when: str) -> Iterator[OverviewSentence]:
    """Yield a sentence on the interest that has clearly more papers than usual, and than the others."""
    today = _counted(e.interests for e in entries)
    usual = _usual((_counted(e.interests for e in issue.entries) for issue in before), len(before))
    if not today:
        return
    name, n = today[0]
    next_best = today[1][1] if len(today) > 1 else 0
    is_told = len(before) >= _FEWEST_ISSUES
    # As many papers as these are like a liked one every day.
    if name.startswith(PAPERS) and not is_told:
        return
    if n >= _STRONG and n >= _TIMES * (usual.get(name, 0.0) if is_told else next_best):
        papers = [e for e in entries if name in e.interests]
        called = _called(name)[:1].upper() + _called(name)[1:]
        said = "had a strong day: " if is_told else f"has the most papers of your interests {when}, "
        what = f"{n} papers" if is_told else str(n)
        yield _sentence(f"{called} {said}{what}, first {_named(papers)}.", papers[:2])


def _votes(entries: Sequence[Entry]) -> Iterator[OverviewSentence]:
    ordered = sorted((e for e in entries if e.signals.upvotes), key=lambda e: -(e.signals.upvotes or 0))
    if not ordered:
        return
    most, then = ordered[0].signals.upvotes or 0, (ordered[1].signals.upvotes or 0) if len(ordered) > 1 else 0
    if most >= _MANY_VOTES and most >= _TIMES * then:
        after = f"; the next has {then}" if then else ""
        yield _sentence(f"Far ahead in votes is {short_name(ordered[0].paper.title)}, with {most}{after}.", ordered[:1])


def _risen(changes: Sequence[Change], risen: Sequence[Candidate]) -> Iterator[OverviewSentence]:
    """Yield a sentence on papers that have drawn votes since an earlier day."""
    printed = [change for change in changes if change.what == "rising" and change.upvotes]
    if printed:
        change = max(printed, key=lambda change: (change.upvotes[-1] - change.upvotes[0], change.id))
        day = f"{change.printed_on.day} {change.printed_on:%B}"
        said = f"{short_name(change.title)}, printed on {day}, has risen to {change.upvotes[-1]} votes."
        yield OverviewSentence(text=said, papers=(change.id,))
    elif risen:
        best = sorted(risen, key=lambda c: (-(c.signals.upvotes or 0), c.paper.id))[:_RISEN]
        names = " and ".join(short_name(c.paper.title) for c in best)
        votes = " and ".join(str(c.signals.upvotes or 0) for c in best)
        said = f"Left out before and risen since: {names}, now with {votes} votes."
        yield OverviewSentence(text=said, papers=tuple(c.paper.id for c in best))


def _topic(entries: Sequence[Entry], before: Sequence[Issue], when: str) -> Iterator[OverviewSentence]:
    """Yield a sentence on the topic that has clearly more of today's papers than of those of the last issues."""
    if len(before) < _FEWEST_ISSUES:
        return
    printed = sum(len(issue.entries) for issue in before)
    usual = Counter(topic for issue in before for e in issue.entries for topic in e.summary.topics)
    unusual = [
        (n * printed / ((usual[name] + 1) * len(entries)), name, n)
        for name, n in _counted(e.summary.topics for e in entries)
        if n >= _STRONG and n * printed >= _TIMES * (usual[name] + 1) * len(entries)
    ]
    if unusual:
        _, name, n = max(unusual)
        papers = [e for e in entries if name in e.summary.topics]
        often = round(usual[name] * len(entries) / printed)
        than = "usually there are none" if not often else "one is usual" if often == 1 else f"{often} are usual"
        yield _sentence(f"{n} papers {when} are on {name}, where {than}: first {_named(papers)}.", papers[:2])


def _named(papers: Sequence[Entry]) -> str:
    return " and ".join(short_name(e.paper.title) for e in papers[:2])


def _sentence(text: str, papers: Iterable[Entry]) -> OverviewSentence:
    return OverviewSentence(text=text, papers=tuple(e.paper.id for e in papers))


def _counted(names: Iterable[Iterable[str]]) -> list[tuple[str, int]]:
    """Return how many have each name, the most frequent first."""
    counted = Counter(name for some in names for name in dict.fromkeys(some))
    return sorted(counted.items(), key=lambda item: (-item[1], item[0]))


def _usual(counted: Iterable[Iterable[tuple[str, int]]], issues: int) -> dict[str, float]:
    total: Counter[str] = Counter()
    for one in counted:
        total.update(dict(one))
    return {name: n / issues for name, n in total.items()}
