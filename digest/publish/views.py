"""Views: an issue in words and links, as the templates of pages, mails and text print it.

    Issue ──issue_view──► IssueView ──► issue.html   (formulas as MathML, links within the archive)
                                   ├──► mail.html    (formulas in Unicode, links into the archive where it has a URL)
                                   └──► issue.txt

Templates hold no logic: counting, cutting, naming and leaving out are done here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from digest.core.identity.ids import names_of
from digest.core.issues.issue import source_name
from digest.core.models import (
    Announcement,
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
from digest.core.ranking.reasons import OFF
from digest.core.words.text import one_line, strip_invisible, web_url
from digest.publish.formulas import to_unicode
from digest.publish.slugs import edition_slug, slug, topic_slug

SHOWN_AUTHORS: Final = 3
_REASONS: Final = 4
"""Most different reasons for extracts that are named; a server that is down has many messages."""
_MANY: Final = 12
"""Sources from which on the quiet ones are not named one by one."""
NO_SUMMARY: Final = "No abstract in the source."

_ENDS: Final = tuple(".!?。！？")
_LINK_WORDS: Final = {"pdf": "PDF", "code": "code", "project": "project page", "discussion": "discussion"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Links to pages of the archive from one place: a page, or a mail."""

    root: str | None
    """Prefix that leads to the archive's root: `../../`, or its URL with a slash at the end. None: there can be no
    links.
    """

    def to(self, path: str) -> str:
        """Return a link to *path* in the archive; empty if there can be no links."""
        return "" if self.root is None else self.root + path

    def issue(self, edition: str, day: date) -> str:
        """Return a link to an issue's page."""
        return self.to(issue_path(edition, day))

    def topic(self, name: str) -> str:
        """Return a link to a topic's page."""
        return self.to(topic_path(topic_slug(name)))

    def paper(self, paper_id: str) -> str:
        """Return a link to a paper's page."""
        return self.to(paper_path(slug(paper_id)))


def issue_path(edition: str, day: date) -> str:
    """Return the path of an issue's page below the archive's root."""
    return f"{edition_slug(edition)}/{day.isoformat()}/index.html"


def topic_path(name: str) -> str:
    """Return the path of a topic's page below the archive's root."""
    return f"topics/{name}/index.html"


def paper_path(name: str) -> str:
    """Return the path of a paper's page below the archive's root."""
    return f"papers/{name}/index.html"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word or two that may be a link."""

    text: str
    url: str = ""


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
    references: tuple[Reference, ...] = ()
    end: str = ""
    """The full stop, which stands behind the references."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """An entry in words and links."""

    number: int
    """Its place in the issue, from 1, where the overview refers to entries by that; else 0."""
    anchor: str
    title: str
    url: str
    """The paper itself, http(s). Empty for a paper that came without a link."""
    page: str
    """Its page in the archive."""
    language: str
    """Language code of the summary if it is not English, the page's own; empty otherwise."""
    tldr: str
    line: str
    """The summary in one sentence of at most 25 words, for entries of the rest."""
    points: tuple[str, ...]
    facts: tuple[Word, ...]
    """The quiet line: authors, sources and date, topics, upvotes."""
    links: tuple[Word, ...]
    """Code and project page."""
    reason: str
    mark: str
    """One word for an entry that needs one: `withdrawn`, `extract`. Mostly empty."""
    mark_why: str


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
    papers: tuple[Word, ...]


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
    completeness: str
    """`arXiv cs.CL 93 of 93 · Hugging Face 28, list still open · bioRxiv failed, 2nd day`."""
    contents: tuple[SectionView, ...]
    """All sections, whole; a mail may have room for fewer."""
    leads: tuple[EntryView, ...]
    """The entries that are shown first and in full, numbered from 1; none in an issue of an earlier version."""
    sections: tuple[SectionView, ...]
    """The rest by section, as far as it is shown; a section whose entries are all leads is not among them."""
    more: int
    """Entries that are not shown for want of room."""
    left_out: tuple[LeftOutView, ...]
    left_out_count: int
    changes: tuple[ChangeView, ...]
    troubles: tuple[str, ...]
    """Errors of sources that could not be read or are late, a sentence each."""
    writers: tuple[str, ...]
    """Who wrote the summaries, in sentences."""


def issue_view(issue: Issue, *, links: Links, say: Callable[[str], str] = to_unicode) -> IssueView:
    """Return the view of *issue*.

    Args:
        say: Converts text that may hold formulas: `to_unicode`, or `to_mathml` for pages.
    """
    say = _on_one_line(say)
    numbers = {paper_id: number for number, paper_id in enumerate(_numbered_papers(issue), 1)}
    sections = tuple(
        _section_view(section, links=links, say=say, day=issue.date, numbers=numbers) for section in issue.sections
    )
    by_id = {entry.paper.id: entry for entry in issue.entries}
    leads = tuple(
        entry_view(by_id[i], links=links, say=say, day=issue.date, number=numbers[i]) for i in issue.leads if i in by_id
    )
    anchors = {lead.anchor for lead in leads}
    rest = (replace(s, entries=tuple(e for e in s.entries if e.anchor not in anchors)) for s in sections)
    sentences = _sentences(issue, numbers, links=links, say=say)
    return IssueView(
        edition=issue.edition,
        title=issue.title,
        day=long_day(issue.date),
        iso=issue.date.isoformat(),
        count=len(issue.entries),
        overview=say(issue.overview),
        sentences=sentences,
        numbered=" ".join(map(_numbered, sentences)),
        overview_language=_foreign(issue.language) if issue.told else "",
        why_empty=say(_why_empty(issue)),
        covers=_covers(issue),
        completeness=completeness(issue.sources),
        contents=sections,
        leads=leads,
        sections=tuple(section for section in rest if section.entries),
        more=0,
        left_out=_left_out(issue.left_out, say=say),
        left_out_count=len(issue.left_out),
        troubles=tuple(
            _trouble(r) for r in issue.sources if r.error and (r.is_to_be_told or r.state is SourceState.STALLED)
        ),
        changes=tuple(_change_view(change, links=links, say=say, day=issue.date) for change in issue.changes),
        writers=_writers(issue),
    )


def entry_view(entry: Entry, *, links: Links, say: Callable[[str], str], day: date, number: int = 0) -> EntryView:
    """Return the view of one entry; *day* is the issue's, whose year is left out of dates."""
    say = _on_one_line(say)
    paper, summary = entry.paper, entry.summary
    mark, mark_why = _mark(entry)
    return EntryView(
        number=number,
        anchor=slug(paper.id),
        title=say(paper.title),
        url=web_link(paper.url),
        page=links.paper(paper.id),
        language=_foreign(summary.language),
        tldr=say(summary.tldr) or NO_SUMMARY,
        line=say(summary.tldr) or NO_SUMMARY,
        points=tuple(say(point) for point in summary.points),
        facts=tuple(_facts(entry, links=links, day=day)),
        links=tuple(link for link in paper_links(paper) if link.text in ("code", "project page")),
        reason=say(_why(entry)),
        mark=mark,
        mark_why=say(mark_why),
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


def _on_one_line(say: Callable[[str], str]) -> Callable[[str], str]:
    """Return *say* restricted to one line without invisible characters, as a second safeguard after the parsers."""
    return lambda text: say(one_line(strip_invisible(text)))


# -- words


def count(n: int, noun: str, plural: str = "") -> str:
    """`1 paper`, `2,140 papers`."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def long_day(day: date) -> str:
    """`Wednesday 3 June 2026`."""
    return f"{day:%A} {day.day} {day:%B} {day.year}"


def short_day(day: date, *, year: bool = True) -> str:
    """`3 June 2026`."""
    return f"{day.day} {day:%B}" + (f" {day.year}" if year else "")


def some_authors(authors: Sequence[str], *, most: int = SHOWN_AUTHORS + 1) -> str:
    """Return the authors in words: all, or the first three "and 12 more" if there are more than *most*."""
    if len(authors) <= most:
        return ", ".join(authors)
    return f"{', '.join(authors[:SHOWN_AUTHORS])} and {len(authors) - SHOWN_AUTHORS} more"


def completeness(reports: Sequence[SourceReport]) -> str:
    """Return one line on how many papers each source gave; of many sources, those without remarks are summed up."""
    plain = [r for r in reports if not _remarks(r)] if len(reports) > _MANY else []
    fresh = [r for r in plain if r.state is SourceState.FRESH and r.listed == r.expected]
    quiet = [r for r in plain if r.state is SourceState.QUIET]
    grouped = [group for group in (fresh, quiet) if len(group) > _MANY // 2]
    named = [r for r in reports if not any(r in group for group in grouped)]
    said = [f"{source_name(r.name)} {_state(r)}" for r in named]
    if fresh in grouped:
        said.append(f"{len(fresh)} {'others' if named else 'sources'} with {sum(r.listed for r in fresh):,} papers")
    if quiet in grouped:
        said.append(f"{len(quiet)} {'others' if said else 'sources'} with nothing new")
    return " · ".join(said)


def web_link(url: str) -> str:
    """Return *url* if it is safe to follow, else "", as a second safeguard after the parsers."""
    return web_url(url) or ""


def _state(report: SourceReport) -> str:
    listed = f"{report.listed:,} of {report.expected:,}" if report.expected is not None else f"{report.listed:,}"
    match report.state:
        case SourceState.FRESH:
            said = f"{report.listed:,}, list still open" if report.is_open and not report.gap else listed
        case SourceState.QUIET:
            none = "nothing yet, list still open" if report.is_open else "has no list today"
            said = f"{listed}, nothing new" if report.listed else none
        case SourceState.WAITING:
            said = "still shows an earlier list" if report.listed else "not out yet"
        case SourceState.STALLED:
            said = "overdue, still shows an earlier list" if report.listed else "overdue"
        case SourceState.FAILED:
            said = "failed" + _since(report)
    return ", ".join([said, *_remarks(report)])


def _remarks(report: SourceReport) -> list[str]:
    """Return the remarks on a source whose day was not an ordinary one."""
    said = []
    if report.rejected:
        said.append(f"{report.rejected:,} unreadable")
    if report.gap:
        said.append(f"{report.gap:,} not found")
    if report.note:
        said.append(report.note)
    if report.back_after:
        said.append(f"back after failing on {count(report.back_after, 'day')}")
    if report.past:
        lists = f"the list of {short_day(report.past[0].day, year=False)}"
        lists = lists if len(report.past) == 1 else f"{len(report.past)} earlier lists"
        partly = ", a part of which is still missing" if any(p.is_partial for p in report.past) else ""
        said.append(f"and {sum(p.new for p in report.past):,} more from {lists}{partly}")
    if report.missing:
        of = " and ".join(short_day(day, year=False) for day in report.missing)
        if len(report.missing) > 2:
            first, last = report.missing[0], report.missing[-1]
            of = f"{len(report.missing)} lists of {short_day(first, year=False)} to {short_day(last, year=False)}"
        said.append(f"{of} still missing")
    return said


def _since(report: SourceReport) -> str:
    return f", {_ordinal(report.days_failing)} day" if report.days_failing > 1 else ""


def _ordinal(n: int) -> str:
    suffix = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{suffix}"


def _trouble(report: SourceReport) -> str:
    name, error = source_name(report.name), (report.error or "").strip().rstrip(".")
    said = error if error.lower().startswith((name.lower(), report.name.lower())) else f"{name}: {error}"
    return said if said.endswith("?") else f"{said}."


def _change_view(change: Change, *, links: Links, say: Callable[[str], str], day: date) -> ChangeView:
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
    """Return why an issue has no papers. If no source could be read, it is not known whether something new came out."""
    if issue.why_empty is None:
        return ""
    unread = bool(issue.sources) and all(report.state is SourceState.FAILED for report in issue.sources)
    return f"{'No papers today.' if unread else 'Nothing new today.'} {issue.why_empty}"


def _covers(issue: Issue) -> str:
    if not issue.covers:
        return ""
    first, last = min(issue.covers), max(issue.covers)
    if first == last:
        return f"This issue has the lists of {long_day(first)}."
    return f"This issue has the lists of {len(issue.covers)} days, {long_day(first)} to {long_day(last)}."


def _facts(entry: Entry, *, links: Links, day: date) -> Iterator[Word]:
    paper = entry.paper
    if paper.authors:
        yield Word(text=some_authors(paper.authors))
    origin = [source_name(name) for name in entry.sources]
    if paper.published:
        origin.append(short_day(paper.published.date(), year=paper.published.year != day.year))
    if origin:
        yield Word(text=", ".join(origin))
    for topic in entry.summary.topics:
        yield Word(text=topic, url=links.topic(topic))
    if entry.signals.upvotes:
        yield Word(text=count(entry.signals.upvotes, "upvote"))


def _why(entry: Entry) -> str:
    """Return an entry's reason without votes and sources, which its line of facts says already."""
    said = {count(entry.signals.upvotes or 0, "upvote")}
    # Reasons of version 0.1 had a colon here, which does not fit behind "Why here:".
    reason = entry.reason.replace("for a change: off your interests", OFF)
    parts = [part for part in reason.split("; ") if part not in said and not part.startswith("listed by ")]
    return "; ".join(parts)


def _mark(entry: Entry) -> tuple[str, str]:
    if entry.paper.withdrawn:
        return "withdrawn", "Its authors have withdrawn this paper."
    if entry.summary.fell_back is not None:
        why = _for_readers(entry.summary.fell_back)
        return (
            "extract",
            f"Sentences of the abstract stand here instead of a model’s summary{': ' if why else ''}{why}.",
        )
    if entry.announcement is Announcement.CROSS:
        return "cross-listed", "Announced before in another category, and new in one of this edition’s."
    return "", ""


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


def _sentences(
    issue: Issue, numbers: Mapping[PaperId, int], *, links: Links, say: Callable[[str], str]
) -> tuple[SentenceView, ...]:
    if issue.told is None:
        return (SentenceView(text=say(issue.overview)),)
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
        return SentenceView(text=say(sentence.text.removesuffix(end)), references=references, end=end)

    return tuple(map(view, issue.told.sentences))


def _numbered(sentence: SentenceView) -> str:
    """`Agents learn from their own mistakes [3, 7].`"""
    numbers = ", ".join(str(reference.number) for reference in sentence.references)
    return f"{sentence.text} [{numbers}]{sentence.end}" if numbers else sentence.text


def _foreign(language: str) -> str:
    """Return *language* if it is not English, the language of the page; else ""."""
    return "" if language.split("-")[0] == "en" else language


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
    counted = Counter(map(_for_readers, reasons)).most_common()
    for place, (reason, n) in enumerate(counted[:_REASONS]):
        have = "papers have" if n > 1 else "paper has"
        what = "an extract" if place else "an extract of the abstract instead of a model’s summary"
        yield f"{n:,} {have} {what}: {reason}."
    if rest := sum(n for _, n in counted[_REASONS:]):
        yield f"{rest:,} more have one for reasons that stand beside them."


def _for_readers(reason: str) -> str:
    """Return the reason for an extract without URLs and settings, which concern only the operator."""
    return "the model could not be asked" if "://" in reason or "[llm]" in reason else reason.strip().rstrip(".")


def _section_view(
    section: Section, *, links: Links, say: Callable[[str], str], day: date, numbers: Mapping[PaperId, int]
) -> SectionView:
    # A section may be named after a field, or gather what is left; only a real topic has a page.
    is_topic = any(section.topic in entry.summary.topics for entry in section.entries)
    return SectionView(
        topic=Word(text=section.topic, url=links.topic(section.topic) if is_topic else ""),
        anchor=f"topic-{topic_slug(section.topic)}",
        count=len(section.entries),
        entries=tuple(
            entry_view(entry, links=links, say=say, day=day, number=numbers.get(entry.paper.id, 0))
            for entry in section.entries
        ),
    )


def _left_out(papers: Iterable[LeftOut], *, say: Callable[[str], str]) -> tuple[LeftOutView, ...]:
    """Group the papers left out by reason, the most frequent first; within a group in the issue's order."""
    groups: dict[str, list[Word]] = {}
    for paper in papers:
        groups.setdefault(paper.reason, []).append(Word(text=say(paper.title), url=web_link(paper.url)))
    ordered = sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
    return tuple(LeftOutView(reason=reason, papers=tuple(words)) for reason, words in ordered)


def paper_facts(paper: Paper) -> tuple[tuple[str, str], ...]:
    """Return the facts on a paper for its own page, as (name, value)."""
    facts = [
        ("Published", short_day(paper.published.date()) if paper.published else ""),
        ("This version", _version(paper)),
        ("Categories", ", ".join(paper.categories)),
        ("Identifiers", ", ".join(names_of(paper))),
    ]
    return tuple((name, value) for name, value in facts if value)


def paper_links(paper: Paper) -> tuple[Word, ...]:
    """Return links to where a paper can be read and discussed."""
    places = [Word(text="the paper", url=web_link(paper.url))]
    places += [Word(text=_LINK_WORDS.get(link.rel, link.rel), url=web_link(link.url)) for link in paper.links]
    return tuple(place for place in places if place.url)


def _version(paper: Paper) -> str:
    if not paper.updated or paper.updated == paper.published:
        return f"v{paper.version}" if paper.version and paper.version > 1 else ""
    return (f"v{paper.version}, " if paper.version else "") + short_day(paper.updated.date())
