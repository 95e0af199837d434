"""Views: an issue in words and links, as the templates of pages, mails and text print it.

    Issue ──issue_view──► IssueView ──► issue.html   (formulas as MathML, links within the archive)
                                   ├──► mail.html    (formulas in Unicode, links into the archive where it has a URL)
                                   └──► issue.txt

Templates hold no logic: counting, cutting, naming and leaving out are done here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from digest.core.issues.names import short_name
from digest.core.items.aside import named
from digest.core.models import (
    Change,
    Entry,
    Issue,
    LeftOut,
    OverviewSentence,
    Paper,
    PaperId,
    Section,
    SourceReport,
    SourceState,
)
from digest.core.words.language import language_of
from digest.core.words.text import one_line, strip_invisible
from digest.publish.entry_views import EntryView, Say, Word, entry_view, for_readers, foreign, on_one_line, reason_of
from digest.publish.formulas import to_unicode
from digest.publish.headlines import preheader, subject
from digest.publish.links import Links, web_link
from digest.publish.phrasing import count, long_day, short_day
from digest.publish.slugs import slug, topic_slug
from digest.publish.source_views import completeness, sources_line, trouble

_REASONS: Final = 4
"""Most different reasons for extracts that are named; a server that is down has many messages."""

_ENDS: Final = tuple(".!?。！？")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """An entry that a sentence of the overview speaks of."""

    number: int
    title: str
    anchor: str
    url: str
    """Link to the entry on the same page, or to another page if it is not shown there."""
    elsewhere: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceView:
    """A sentence of the overview with the entries it refers to."""

    text: str
    parts: tuple[Word, ...] = ()
    """The same text in parts, of which the names of papers are links."""
    references: tuple[Reference, ...] = ()
    end: str = ""
    """The full stop, which stands behind the references."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionView:
    """A section of an issue with the entries that are shown."""

    topic: Word
    anchor: str
    count: int
    """All entries of the section, also those that are not shown."""
    entries: tuple[EntryView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutView:
    """Papers that an issue left out for the same reason."""

    reason: str
    """"not among the best 30 of 229"; of what was set aside what it is, as fits the number: "corrections"."""
    count: int
    papers: tuple[Word, ...]
    """Empty where they are only counted."""
    notes: tuple[str, ...]
    """What else is to be said of each paper, as a clause; mostly empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A change of a paper of an earlier issue, in words."""

    title: str
    url: str
    page: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueView:
    """A whole issue in words and links."""

    edition: str
    title: str
    day: str
    """`Wednesday 3 June 2026`."""
    iso: str
    subject: str
    """A headline: `RationalRewards, and 29 more · Thu 16 April`."""
    preheader: str
    """The next two headlines, which mail programs show beside the subject; may be empty."""
    count: int
    """All entries, also those that are not shown."""
    overview: str
    sentences: tuple[SentenceView, ...]
    """The sentences of the overview with their references; one for all of it if the references are not known."""
    numbered: str
    """The overview with the numbers of entries in it, for plain text."""
    overview_language: str
    """Language code of the overview if it is not English, the page's own; empty otherwise."""
    why_empty: str
    covers: str
    sources_line: str
    """The sources that failed, are late or incomplete: `bioRxiv failed, 2nd day`. Empty on an ordinary day."""
    read: str
    """What was read: `arXiv cs.CL 93 of 93 · Hugging Face 28, list still open · bioRxiv failed, 2nd day`."""
    contents: tuple[SectionView, ...]
    """All sections, whole; a mail may have room for fewer."""
    leads: tuple[EntryView, ...]
    """The entries that are shown first and in full, numbered from 1; none in an issue of an earlier version."""
    sections: tuple[SectionView, ...]
    """The rest by section, as far as it is shown; a section whose entries are all leads is not among them."""
    more: int
    """Entries that are not shown for want of room."""
    left_out: tuple[LeftOutView, ...]
    """Papers that were considered, by the reason why they are not in the issue; a personal issue only counts them."""
    left_out_count: int
    others: tuple[LeftOutView, ...]
    """What was set aside unconsidered, by what it is: news, corrections."""
    others_count: int
    corrections: tuple[str, ...]
    """Sentences on what was set aside and is about a paper that the edition printed."""
    changes: tuple[ChangeView, ...]
    troubles: tuple[str, ...]
    """Errors of sources that could not be read or are late, a sentence each."""
    writers: tuple[str, ...]
    """Who wrote the summaries, in sentences."""


def issue_view(issue: Issue, *, links: Links, say: Say = to_unicode) -> IssueView:
    """Return the view of *issue*.

    Args:
        say: Converts text that may hold formulas: `to_unicode`, or `to_mathml` for pages.
    """
    return IssueViews(links=links, say=say).of(issue)


class IssueViews:
    """Makes the views of several issues that print the same papers: each entry is looked at once."""

    def __init__(self, *, links: Links, say: Say = to_unicode, is_brief: bool = False) -> None:
        """
        Args:
            say: See `issue_view`.
            is_brief: Whether papers that an issue leaves out are only counted, and only leads say why they are there.
        """
        self._links = links
        self._say = on_one_line(say)
        self._is_brief = is_brief
        self._entries: dict[int, tuple[Entry, EntryView]] = {}
        self._sources: tuple[tuple[SourceReport, ...], _SourcesView] | None = None

    def of(self, issue: Issue) -> IssueView:
        """Return the view of *issue*."""
        links, say = self._links, self._say
        numbers = {paper_id: number for number, paper_id in enumerate(_numbered_papers(issue), 1)}
        sections = tuple(self._section(section, numbers, issue.leads) for section in issue.sections)
        shown = {
            entry.paper.id: view
            for section, views in zip(issue.sections, sections, strict=True)
            for entry, view in zip(section.entries, views.entries, strict=True)
        }
        leads = tuple(shown[i] for i in issue.leads if i in shown)
        anchors = {lead.anchor for lead in leads}
        rest = (
            SectionView(
                topic=s.topic,
                anchor=s.anchor,
                count=s.count,
                entries=tuple([e for e in s.entries if e.anchor not in anchors]),
            )
            for s in sections
        )
        sentences = _sentences(issue, numbers, links=links, say=say)
        considered = [one for one in issue.left_out if not one.is_aside]
        others = [one for one in issue.left_out if one.is_aside]
        sources = self._sources_of(issue)
        return IssueView(
            edition=issue.edition,
            title=issue.title,
            day=long_day(issue.date),
            iso=issue.date.isoformat(),
            subject=subject(issue),
            preheader=preheader(issue),
            count=len(issue.entries),
            overview=say(issue.overview),
            sentences=sentences,
            numbered=" ".join(map(_numbered, sentences)),
            overview_language=foreign(issue.language) if issue.told else "",
            why_empty=say(_why_empty(issue)),
            covers=_covers(issue),
            sources_line=sources.line,
            read=sources.read,
            contents=sections,
            leads=leads,
            sections=tuple(section for section in rest if section.entries),
            more=0,
            left_out=self._left_out(considered),
            left_out_count=len(considered) if issue.considered is None else issue.considered - len(issue.entries),
            others=self._left_out(others),
            others_count=len(others),
            corrections=tuple(say(f"“{other.title}” {other.note}.") for other in others if other.note),
            troubles=sources.troubles,
            changes=tuple(_change_view(change, links=links, say=say, day=issue.date) for change in issue.changes),
            writers=_writers(issue),
        )

    def _section(self, section: Section, numbers: Mapping[PaperId, int], leads: Collection[PaperId]) -> SectionView:
        # A section may be named after a field, or gather what is left; only a real topic has a page.
        is_topic = any(section.topic in entry.summary.topics for entry in section.entries)
        return SectionView(
            topic=Word(text=section.topic, url=self._links.topic(section.topic) if is_topic else ""),
            anchor=f"topic-{topic_slug(section.topic)}",
            count=len(section.entries),
            entries=tuple(
                [
                    self._entry(
                        entry, numbers.get(entry.paper.id, 0), says_why=not self._is_brief or entry.paper.id in leads
                    )
                    for entry in section.entries
                ]
            ),
        )

    def _entry(self, entry: Entry, number: int, *, says_why: bool) -> EntryView:
        """Return the view of one entry: that of an earlier issue, but for the reason, which may be another."""
        # What is compared is kept as well, so the same place in memory is the same paper.
        known = self._entries.get(id(entry.paper))
        if known is None or not _is_same(known[0], entry):
            known = entry, entry_view(entry, links=self._links, say=self._say)
            self._entries[id(entry.paper)] = known
        first, view = known
        if says_why and first.reason != entry.reason:
            return replace(view, number=number, reason=reason_of(entry, say=self._say))
        return replace(view, number=number) if number else view

    def _left_out(self, papers: Sequence[LeftOut]) -> tuple[LeftOutView, ...]:
        return _left_out(papers, say=None if self._is_brief else self._say)

    def _sources_of(self, issue: Issue) -> _SourcesView:
        if self._sources is None or self._sources[0] is not issue.sources:
            self._sources = issue.sources, _sources_view(issue.sources)
        return self._sources[1]


def _is_same(a: Entry, b: Entry) -> bool:
    """Whether two entries differ in their reasons and scores at most."""
    return (
        a.paper is b.paper
        and a.summary is b.summary
        and (a.sources, a.signals, a.announcement) == (b.sources, b.signals, b.announcement)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _SourcesView:
    """What an issue says of its sources."""

    line: str
    read: str
    troubles: tuple[str, ...]


def _sources_view(sources: tuple[SourceReport, ...]) -> _SourcesView:
    return _SourcesView(
        line=sources_line(sources),
        read=completeness(sources),
        troubles=tuple(trouble(r) for r in sources if r.error and (r.is_to_be_told or r.state is SourceState.STALLED)),
    )


def shortened(view: IssueView, *, entries: int, points: int) -> IssueView:
    """*view* with its first *entries* entries, of which only the first *points* keep their points."""
    sections = []
    leads = tuple(
        lead if n < points else replace(lead, points=()) for n, lead in enumerate(view.leads[: max(0, entries)])
    )
    shown = len(leads)
    for section in view.sections:
        kept = tuple(
            entry if shown + n < points else replace(entry, points=())
            for n, entry in enumerate(section.entries[: max(0, entries - shown)])
        )
        shown += len(kept)
        if kept:
            sections.append(replace(section, entries=kept))
    there = {lead.anchor for lead in leads} | {entry.anchor for section in sections for entry in section.entries}
    sentences = tuple(
        replace(
            sentence,
            references=tuple(r if r.anchor in there else replace(r, url=r.elsewhere) for r in sentence.references),
        )
        for sentence in view.sentences
    )
    return replace(view, leads=leads, sections=tuple(sections), sentences=sentences, more=view.count - shown)


def _numbered_papers(issue: Issue) -> Iterable[PaperId]:
    """Return the papers that have numbers: the leads, and where an overview refers to entries, the rest after them."""
    rest = (entry.paper.id for entry in issue.entries) if issue.told else ()
    return dict.fromkeys((*issue.leads, *rest))


# -- words


def _change_view(change: Change, *, links: Links, say: Say, day: date) -> ChangeView:
    since = short_day(change.printed_on, year=change.printed_on.year != day.year)
    match change.what:
        case "withdrawn":
            said = f"withdrawn; it stood here on {since}"
        case "revised":
            said = f"now in version {change.version}; it stood here on {since}"
        case _:
            said = f"{change.upvotes[-1]} upvotes, up from {change.upvotes[0]} when it stood here on {since}"
    return ChangeView(title=say(change.title), url=web_link(change.url), page=links.paper(change.id), said=said)


def _why_empty(issue: Issue) -> str:
    """Return why an issue has no papers.

    If no source could be read, it is not known whether something new came out; and news is something new.
    """
    if issue.why_empty is None:
        return ""
    is_unread = bool(issue.sources) and all(report.state is SourceState.FAILED for report in issue.sources)
    is_news = any(one.is_aside for one in issue.left_out)
    return f"{'No papers today.' if is_unread or is_news else 'Nothing new today.'} {issue.why_empty}"


def _covers(issue: Issue) -> str:
    if not issue.covers:
        return ""
    first, last = min(issue.covers), max(issue.covers)
    if first == last:
        return f"This issue has the lists of {long_day(first)}."
    return f"This issue has the lists of {len(issue.covers)} days, {long_day(first)} to {long_day(last)}."


def _writers(issue: Issue) -> tuple[str, ...]:
    """Return sentences on who wrote the summaries and how they were checked.

    Extracts are explained once for all entries.
    """
    summaries = [entry.summary for entry in issue.entries if entry.summary.tldr]
    written = [summary for summary in summaries if summary.client != "extractive"]
    models = Counter(summary.model or summary.client for summary in written)
    said = [f"{count(n, 'summary', 'summaries')} by {name}." for name, n in sorted(models.items())]
    if written:
        said += _checks(set.intersection(*(set(summary.checked) for summary in written)))
    if issue.told:
        said.append(f"The overview is by {issue.told.model or issue.told.client}, checked against what it refers to.")
    if any(summary.client == "extractive" and summary.fell_back is None for summary in summaries):
        subject = "The other summaries" if models else "The summaries"
        said.append(f"{subject} are sentences of the papers’ own abstracts, chosen without a language model.")
    said += _extracts([summary.fell_back for summary in summaries if summary.fell_back is not None])
    usage = issue.usage
    if usage.requests:
        spent = (
            f", ${usage.cost_usd:,.2f}" if usage.cost_usd >= 0.01 else ", less than a cent" if usage.cost_usd else ""
        )
        tokens = f"{usage.input_tokens:,} tokens in, {usage.output_tokens:,} out"
        said.append(f"{count(usage.requests, 'request')} to the model, {tokens}{spent}.")
    return tuple(said)


def _sentences(issue: Issue, numbers: Mapping[PaperId, int], *, links: Links, say: Say) -> tuple[SentenceView, ...]:
    if issue.told is None and issue.highlights:
        return tuple(_highlight(sentence, _places(issue, links), say=say) for sentence in issue.highlights)
    if issue.told is None:
        return (_plain(say(issue.overview)),)
    entries = {entry.paper.id: entry for entry in issue.entries}

    def reference(paper: Paper) -> Reference:
        anchor = slug(paper.id)
        return Reference(
            number=numbers[paper.id],
            title=one_line(strip_invisible(to_unicode(paper.title))),
            anchor=anchor,
            url=f"#{anchor}",
            elsewhere=links.paper(paper.id) or web_link(paper.url),
        )

    def view(sentence: OverviewSentence) -> SentenceView:
        references = tuple(reference(entries[i].paper) for i in sentence.papers if i in entries)
        end = sentence.text[-1:] if references and sentence.text[-1:] in _ENDS else ""
        return replace(_plain(say(sentence.text.removesuffix(end))), references=references, end=end)

    return tuple(map(view, issue.told.sentences))


def _plain(text: str) -> SentenceView:
    return SentenceView(text=text, parts=(Word(text=text),) if text else ())


def _places(issue: Issue, links: Links) -> dict[PaperId, tuple[str, str]]:
    """Return for each paper that a sentence may name its title, and the link to it."""
    anchored = {e.paper.id: (e.paper.title, links.paper(e.paper.id) or web_link(e.paper.url)) for e in issue.entries}
    return {c.id: (c.title, links.paper(c.id) or web_link(c.url)) for c in issue.changes} | anchored


def _edged(text: str, say: Say) -> str:
    """Return a part of a sentence with the blanks at its edges, which *say* takes off."""
    front, end = " " if text[:1].isspace() else "", " " if text.strip() and text[-1:].isspace() else ""
    return front + say(text) + end


def _highlight(sentence: OverviewSentence, places: Mapping[PaperId, tuple[str, str]], *, say: Say) -> SentenceView:
    """Return a sentence of which the names of its papers are links."""
    parts: list[Word] = []
    rest = sentence.text
    for title, url in (places[i] for i in sentence.papers if i in places):
        before, name, behind = rest.partition(short_name(title))
        if name:
            parts += [Word(text=_edged(before, say)), Word(text=say(name), url=url)]
            rest = behind
    parts = [part for part in (*parts, Word(text=_edged(rest, say))) if part.text]
    return SentenceView(text=say(sentence.text), parts=tuple(parts))


def _numbered(sentence: SentenceView) -> str:
    """`Agents learn from their own mistakes [3, 7].`"""
    numbers = ", ".join(str(reference.number) for reference in sentence.references)
    return f"{sentence.text} [{numbers}]{sentence.end}" if numbers else sentence.text


def _checks(passed: Collection[str]) -> Iterator[str]:
    """Yield in words the checks that every model's summary passed, as far as they matter to readers."""
    said = [
        words
        for name, words in (("numbers", "the numbers in it stand there"), ("belongs", "its words belong to it"))
        if name in passed
    ]
    if said:
        yield f"Each was checked against its paper’s own abstract: {', and '.join(said)}."


def _extracts(reasons: Sequence[str]) -> Iterator[str]:
    """How many papers have an extract in place of a model's summary, and why; the most frequent reason first."""
    counted = Counter(map(for_readers, reasons)).most_common()
    for place, (reason, n) in enumerate(counted[:_REASONS]):
        have = "papers have" if n > 1 else "paper has"
        what = "an extract" if place else "an extract of the abstract instead of a model’s summary"
        yield f"{n:,} {have} {what}: {reason}."
    if rest := sum(n for _, n in counted[_REASONS:]):
        yield f"{rest:,} more have one for reasons that stand beside them."


def _title(paper: LeftOut, say: Say) -> Word:
    return Word(text=say(paper.title), url=web_link(paper.url), language=foreign(language_of(paper.title)))


def _left_out(papers: Iterable[LeftOut], *, say: Say | None) -> tuple[LeftOutView, ...]:
    """Group the papers left out by reason, the most frequent first; within a group in the issue's order.

    Args:
        say: None: they are only counted.
    """
    groups: dict[tuple[str, bool], list[LeftOut]] = {}
    for paper in papers:
        groups.setdefault((paper.reason, paper.is_aside), []).append(paper)
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return tuple(
        LeftOutView(
            reason=named(len(group), reason) if is_aside else reason,
            count=len(group),
            papers=tuple(_title(paper, say) for paper in group) if say else (),
            notes=tuple(say(paper.note) for paper in group) if say else (),
        )
        for (reason, is_aside), group in ordered
    )
