"""Build an `Issue` from its entries, with its overview; and say in words why a day is empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from digest.core.issues.highlights import highlights
from digest.core.issues.leads import choose_leads
from digest.core.issues.sections import sections
from digest.core.items.aside import Aside, counted
from digest.core.models import (
    Change,
    Entry,
    Issue,
    LeftOut,
    Overview,
    OverviewSentence,
    Paper,
    PaperId,
    PaperKind,
    Ranked,
    SourceReport,
    SourceState,
    Subject,
    Summary,
    Usage,
)
from digest.core.ranking.day import has_risen
from digest.core.ranking.rank import Selection
from digest.core.words.text import quoted

_NAMES: Final = {
    "arxiv": "arXiv",
    "biorxiv": "bioRxiv",
    "chemrxiv": "ChemRxiv",
    "huggingface": "Hugging Face",
    "medrxiv": "medRxiv",
    "openreview": "OpenReview",
    "pubmed": "PubMed",
}

_VERBS: Final = {
    PaperKind.CORRECTION: "corrects",
    PaperKind.RETRACTION: "retracts",
    PaperKind.COMMENT: "comments on",
}
_TITLE: Final = 80
"""Letters of a title that a note quotes."""


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
    about: Mapping[PaperId, Sequence[Subject]] | None = None,
    earlier: Sequence[Issue] = (),
    leads: Sequence[PaperId] | None = None,
) -> Issue:
    """Build the day's issue. The same arguments give the same issue: no clock is read.

    Args:
        field_of: The field a topic belongs to.
        lead: Entries that are shown first and in full.
        covers: The days whose lists are in the issue; kept only if they are not just *day* itself.
        changes: Changes of papers of earlier issues; they alone are no reason for an issue.
        about: For corrections, retractions and comments, the papers that they are about.
        earlier: The edition's last issues, which tell what is usual.
        leads: The lead entries, where they were chosen before there were summaries; None: they are chosen here.
    """
    about = about or {}
    entries = [tied(entry, about.get(entry.paper.id, ()), day) for entry in _entries(selection, summary_of)]
    parts = sections(entries, field_of)
    if leads is None:
        leads = choose_leads(entries, parts, lead)
    told_changes = tuple(changes) if entries else ()
    said = highlights(
        entries,
        leads=leads,
        changes=told_changes,
        risen=[r.candidate for r in selection.chosen if has_risen(r.candidate)],
        earlier=earlier,
    )
    considered = len(selection.chosen) + len(selection.cut)
    left_out = [
        LeftOut(
            id=r.candidate.paper.id,
            title=r.candidate.paper.title,
            url=r.candidate.paper.url,
            reason=r.left_out or f"not among the best {max_papers} of {considered}",
            score=r.score,
        )
        for r in selection.cut
    ]
    left_out += [_set_aside(one, about.get(one.candidate.paper.id, ()), day) for one in selection.aside]
    return Issue(
        edition=edition,
        date=day,
        title=title,
        language=language,
        overview=" ".join(sentence.text for sentence in said),
        highlights=said,
        sections=parts,
        leads=tuple(leads),
        sources=tuple(sources),
        left_out=tuple(left_out),
        changes=told_changes,
        usage=usage,
        covers=tuple(sorted(covers)) if set(covers) - {day} else (),
        why_empty=None if entries else why_empty(sources, day, aside=[one.why for one in selection.aside]),
    )


def _set_aside(one: Aside, subjects: Sequence[Subject], day: date) -> LeftOut:
    paper = one.candidate.paper
    return LeftOut(
        id=paper.id,
        title=paper.title,
        url=paper.url,
        reason=one.why,
        is_aside=True,
        corrects=tuple(subject.id for subject in subjects),
        note=_about(paper, subjects, day),
    )


def tied(entry: Entry, subjects: Sequence[Subject], day: date) -> Entry:
    """Return an entry that says which paper it is about, where it is about one that is known."""
    if not subjects:
        return entry
    paper = replace(entry.paper, corrects=tuple(subject.id for subject in subjects))
    reason = "; ".join(filter(None, (entry.reason, _about(paper, subjects, day))))
    return replace(entry, paper=paper, reason=reason)


def _about(paper: Paper, subjects: Sequence[Subject], day: date) -> str:
    """Say which papers stood here that a correction, retraction or comment is about; empty for none."""
    said = [
        f"{quoted(one.title, _TITLE)}, which stood here on {_day(one.printed_on, day)}"
        for one in subjects
        if one.printed_on is not None
    ]
    return f"{_VERBS[paper.kind]} {' and '.join(said)}" if said else ""


def _day(printed: date, today: date) -> str:
    return f"{printed.day} {printed:%B}" + (f" {printed.year}" if printed.year != today.year else "")


def leads_of(
    selection: Selection, *, topics_of: Callable[[Paper], tuple[str, ...]], field_of: Callable[[str], str], lead: int
) -> tuple[PaperId, ...]:
    """Choose the lead entries before there are summaries: by topics that are known without.

    Args:
        topics_of: Gives the topics of a paper, the most fitting first.
        field_of: The field a topic belongs to.
        lead: How many there are at most.
    """
    untold = _entries(selection, lambda r: Summary(tldr="", topics=topics_of(r.candidate.paper), client=""))
    return choose_leads(untold, sections(untold, field_of), lead)


def _entries(selection: Selection, summary_of: Callable[[Ranked], Summary]) -> list[Entry]:
    return [
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


def with_overview(issue: Issue, told: Overview | None) -> Issue:
    """Return *issue* with a model's overview after a sentence that counts its papers; unchanged if *told* is None."""
    if told is None:
        return issue
    sentences = told.sentences
    if issue.language.split("-")[0] == "en":
        left_out = sum(not one.is_aside for one in issue.left_out)
        count = _count_sentence(len(issue.entries), left_out)
        sentences = (OverviewSentence(text=count), *sentences)
    return replace(
        issue, told=replace(told, sentences=sentences), overview=" ".join(sentence.text for sentence in sentences)
    )


def _count_sentence(printed: int, left_out: int) -> str:
    if not left_out:
        return f"{_papers(printed)} today." if printed != 1 else "One paper today."
    return f"{_papers(printed)} today, chosen from {printed + left_out} new ones."


def _papers(n: int) -> str:
    return f"{n} paper{'s' if n != 1 else ''}"


def source_name(name: str) -> str:
    """Return a source's name for readers: `arxiv-cs.CL` → `arXiv cs.CL`, `huggingface` → `Hugging Face`."""
    words = name.replace("_", " ").replace("-", " ").split(" ")
    return " ".join(_NAMES.get(word.lower(), word) for word in words)


def why_empty(sources: Sequence[SourceReport], day: date, *, aside: Sequence[str] = ()) -> str:
    """Say why a day has no new papers; one sentence for each state of its sources.

    Errors of sources are not repeated here: they stand in the sources' reports.

    Args:
        aside: What each of the new items is that the edition does not print: "news".
    """
    if not sources:
        return "No source was read."
    said: list[str] = []
    failed = [s for s in sources if s.state is SourceState.FAILED]
    if failed:
        said.extend(f"{source_name(s.name)} could not be read." for s in failed)
    if aside:
        said.append(f"The edition prints nothing of what is new: {counted(aside)}.")
    for s in sources:
        if s.state in (SourceState.WAITING, SourceState.STALLED):
            said.append(_waiting(s, day))
        elif s.state is not SourceState.FAILED and not (aside and s.new):
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
