"""Build an `Issue` from its entries: sections and their order, the overview, and in words why a day is empty."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from digest.core.issues.leads import choose_leads
from digest.core.models import (
    Change,
    Entry,
    Issue,
    LeftOut,
    Overview,
    OverviewSentence,
    Ranked,
    Section,
    SourceReport,
    SourceState,
    Summary,
    Usage,
)
from digest.core.ranking.rank import Selection
from digest.core.words.text import quoted

OTHER: Final = "Other topics"
_TITLE: Final = 110
"""Letters of a title that the overview quotes."""
_OF_ITS_OWN: Final = 3
"""Entries that a topic needs to be a section; entries of smaller topics go together under their field."""
_NAMES: Final = {
    "arxiv": "arXiv",
    "biorxiv": "bioRxiv",
    "chemrxiv": "ChemRxiv",
    "huggingface": "Hugging Face",
    "medrxiv": "medRxiv",
    "openreview": "OpenReview",
    "pubmed": "PubMed",
}


def build(
    *,
    edition: str,
    day: date,
    title: str,
    language: str,
    selection: Selection,
    summary_of: Callable[[Ranked], Summary],
    field_of: Callable[[str], str],
    sources: Sequence[SourceReport],
    max_papers: int,
    lead: int,
    usage: Usage,
    covers: Sequence[date] = (),
    changes: Sequence[Change] = (),
) -> Issue:
    """Build the day's issue. The same arguments give the same issue: no clock is read.

    Args:
        field_of: The field a topic belongs to.
        lead: Entries that are shown first and in full.
        covers: The days whose lists are in the issue; kept only if they are not just *day* itself.
        changes: Changes of papers of earlier issues; they alone are no reason for an issue.
    """
    entries = [
        Entry(
            paper=r.candidate.paper,
            summary=summary_of(r),
            sources=r.candidate.sources,
            reason=r.reason,
            score=r.score,
            signals=r.candidate.signals,
            announcement=r.candidate.announcement,
            interests=r.interests,
            is_off=r.is_off,
        )
        for r in selection.chosen
    ]
    parts = sections(entries, field_of)
    considered = len(selection.chosen) + len(selection.cut)
    left_out = tuple(
        LeftOut(
            id=r.candidate.paper.id,
            title=r.candidate.paper.title,
            url=r.candidate.paper.url,
            reason=r.left_out or f"not among the best {max_papers} of {considered}",
            score=r.score,
        )
        for r in selection.cut
    )
    return Issue(
        edition=edition,
        date=day,
        title=title,
        language=language,
        overview=overview(parts, left_out=len(left_out)) if entries else "",
        sections=parts,
        leads=choose_leads(entries, parts, lead),
        sources=tuple(sources),
        left_out=left_out,
        changes=tuple(changes) if entries else (),
        usage=usage,
        covers=tuple(sorted(covers)) if set(covers) - {day} else (),
        why_empty=None if entries else why_empty(sources, day),
    )


def sections(entries: Sequence[Entry], field_of: Callable[[str], str]) -> tuple[Section, ...]:
    """Divide entries, best first, into sections by topic; each is in exactly one.

    A topic that is the first of fewer than three entries is no section: these entries go to another of their topics
    that is one, else to a field of their topics with two entries, else to the last section, the rest. The section of
    the best entry comes first. The best entry itself is not put into the rest if other entries have a section.
    """
    leading = Counter(e.summary.topics[0] for e in entries if e.summary.topics)
    own = {topic for topic, n in leading.items() if n >= _OF_ITS_OWN}
    fields = {id(e): tuple(dict.fromkeys(field_of(t) for t in e.summary.topics)) for e in entries}
    loose = [e for e in entries if not own.intersection(e.summary.topics)]
    gathering = Counter(field for e in loose for field in fields[id(e)])
    named: dict[str, list[Entry]] = {}
    for entry in entries:
        topic = next((t for t in entry.summary.topics if t in own), None)
        field = next((f for f in fields[id(entry)] if f in own or gathering[f] > 1), OTHER)
        named.setdefault(topic or field, []).append(entry)
    for name in [n for n in named if n not in own and n != OTHER]:
        if len(named[name]) == 1:
            # The other entries of its field have sections: it goes to that of another of its fields, or to the rest.
            [entry] = named.pop(name)
            named.setdefault(next((f for f in fields[id(entry)] if f in named), OTHER), []).append(entry)
    if named.keys() > {OTHER} and entries[0] in named[OTHER] and (at := fields[id(entries[0])]):
        named[OTHER].remove(entries[0])
        named.setdefault(next((f for f in at if f in named), at[0]), []).append(entries[0])
    position = {id(e): n for n, e in enumerate(entries)}
    parts = [
        Section(topic=topic, entries=tuple(sorted(es, key=lambda e: position[id(e)])))
        for topic, es in named.items()
        if es
    ]
    return tuple(sorted(parts, key=lambda part: (part.topic == OTHER, position[id(part.entries[0])])))


def overview(parts: Sequence[Section], *, left_out: int) -> str:
    """Write the overview without a model: three to five sentences of counts and topics.

    Args:
        parts: The issue's sections, at least one.
        left_out: How many new papers had no room.
    """
    entries = [e for part in parts for e in part.entries]
    said = [_count_sentence(len(entries), left_out)]
    by_size = sorted((part for part in parts if part.topic != OTHER), key=lambda part: -len(part.entries))
    large = [f"{part.topic} ({len(part.entries)})" for part in by_size if len(part.entries) > 1]
    if large:
        said.append(f"The largest section{'s are' if len(large) > 1 else ' is'} {_listed(large[:4])}.")
    voted = max(entries, key=lambda e: (e.signals.upvotes or 0, e.score))
    if voted.signals.upvotes:
        said.append(f"The most upvoted is {quoted(voted.paper.title, _TITLE)} ({voted.signals.upvotes}).")
    best = max(entries, key=lambda e: e.score)
    named = best is voted and voted.signals.upvotes
    if not named and best.reason.startswith(("by ", "matches ", "close to ")):
        said.append(f"Closest to this edition’s interests is {quoted(best.paper.title, _TITLE)}.")
    fell_back = sum(e.summary.fell_back is not None for e in entries)
    if fell_back:
        said.append(f"{_papers(fell_back)} carry an extract of the abstract instead of a model’s summary.")
    return " ".join(said)


def with_overview(issue: Issue, told: Overview | None) -> Issue:
    """Return *issue* with a model's overview after a sentence that counts its papers; unchanged if *told* is None."""
    if told is None:
        return issue
    sentences = told.sentences
    if issue.language.split("-")[0] == "en":
        counted = _count_sentence(len(issue.entries), len(issue.left_out))
        sentences = (OverviewSentence(text=counted), *sentences)
    return replace(
        issue, told=replace(told, sentences=sentences), overview=" ".join(sentence.text for sentence in sentences)
    )


def _count_sentence(printed: int, left_out: int) -> str:
    if not left_out:
        return f"{_papers(printed)} today." if printed != 1 else "One paper today."
    return f"{_papers(printed)} today, chosen from {printed + left_out} new ones."


def _papers(n: int) -> str:
    return f"{n} paper{'s' if n != 1 else ''}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def source_name(name: str) -> str:
    """Return a source's name for readers: `arxiv-cs.CL` → `arXiv cs.CL`, `huggingface` → `Hugging Face`."""
    words = name.replace("_", " ").replace("-", " ").split(" ")
    return " ".join(_NAMES.get(word.lower(), word) for word in words)


def why_empty(sources: Sequence[SourceReport], day: date) -> str:
    """Say why a day has no new papers; one sentence for each state of its sources.

    Errors of sources are not repeated here: they stand in the sources' reports.
    """
    if not sources:
        return "No source was read."
    said: list[str] = []
    failed = [s for s in sources if s.state is SourceState.FAILED]
    if failed:
        said.extend(f"{source_name(s.name)} could not be read." for s in failed)
    for s in sources:
        if s.state in (SourceState.WAITING, SourceState.STALLED):
            said.append(_waiting(s, day))
        elif s.state is not SourceState.FAILED:
            said.append(_quiet(s, day))
    return " ".join(said)


def _waiting(source: SourceReport, day: date) -> str:
    name = source_name(source.name)
    if source.error or not source.listed:
        overdue = source.state is SourceState.STALLED
        return f"{name} {'is overdue' if overdue else 'is not out yet'}; it will be asked again."
    return f"{name} still shows an earlier list, not that of {day:%A} {day.day} {day:%B}; it will be asked again."


def _quiet(source: SourceReport, day: date) -> str:
    name = source_name(source.name)
    if not source.listed and source.is_open:
        return f"{name} lists no papers yet; its list is read again."
    if not source.listed:
        return f"{name} lists no papers on {day:%A} {day.day} {day:%B}."
    if source.updates == source.listed:
        return f"{name} lists only later versions of known papers ({source.listed})."
    if source.listed == 1:
        return f"The one paper that {name} lists was considered for an earlier issue."
    return f"All {source.listed} papers that {name} lists were considered for earlier issues."
