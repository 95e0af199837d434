"""Views of single entries: a paper with its summary in words and links, as templates print it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

from digest.core.extracts.lines import one_line_of
from digest.core.identity.ids import names_of
from digest.core.issues.issue import source_name
from digest.core.items.aside import kind_name
from digest.core.models import Announcement, Entry, Paper, PaperKind
from digest.core.ranking.reasons import OFF
from digest.core.words.language import language_of
from digest.core.words.text import one_line, strip_invisible
from digest.publish.links import Links, web_link
from digest.publish.phrasing import count, short_day
from digest.publish.slugs import slug

NO_SUMMARY: Final = "No abstract in the source."
_SOURCES: Final = 2
"""Sources that are named at most."""
_GROUPS: Final = frozenset("collaboration team group consortium network project lab labs".split())
_PARTICLES: Final = frozenset("van von der den de del della di da dos du la le el al bin ibn ter ten zu".split())
_PLACES: Final = {
    "arxiv.org": "arXiv",
    "biorxiv.org": "bioRxiv",
    "medrxiv.org": "medRxiv",
    "chemrxiv.org": "ChemRxiv",
    "openreview.net": "OpenReview",
    "pubmed.ncbi.nlm.nih.gov": "PubMed",
    "doi.org": "DOI",
}
_EARLIER_OFF: Final = ("for a change: off your interests", "off your interests, for a change")
"""What earlier versions said of papers off the interests."""
_LINK_WORDS: Final = {"pdf": "PDF", "code": "code", "project": "project page", "discussion": "discussion"}


class Say(Protocol):
    """Converts text that may hold formulas for a reader: `to_unicode`, or `to_mathml` for pages."""

    def __call__(self, text: str, italics: tuple[str, ...] = (), /) -> str:
        """Return *text*, with the phrases *italics* set so where there are italics."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word or two that may be a link."""

    text: str
    url: str = ""
    language: str = ""
    """Language code of a title that is not in English; empty otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """An entry in words and links."""

    number: int
    """Its place in the issue, from 1, where the overview refers to entries by that; else 0."""
    anchor: str
    title: str
    title_language: str
    """Language code of the title if it is not English, the page's own; empty otherwise."""
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
    """The quiet line, at most five: first author, sources, votes, code, and where the paper is."""
    votes: str
    """`12 votes`; empty for none."""
    italics: tuple[str, ...]
    """Phrases that are set in italics in title, summary and points; pages have them so already."""
    reason: str
    mark: str
    """A word or two for an entry that needs them: `withdrawn`, `review`, `extract`. Mostly empty."""
    mark_why: str


def entry_view(entry: Entry, *, links: Links, say: Say, number: int = 0) -> EntryView:
    """Return the view of one entry; *number* is its place in the issue, 0 where it has none."""
    say = on_one_line(say)
    paper, summary = entry.paper, entry.summary
    mark, mark_why = _mark(entry)
    return EntryView(
        number=number,
        anchor=slug(paper.id),
        title=say(paper.title, paper.italics),
        title_language=foreign(language_of(paper.title) or paper.language),
        url=web_link(paper.url),
        page=links.paper(paper.id),
        language=foreign(summary.language),
        tldr=say(summary.tldr, paper.italics) or NO_SUMMARY,
        line=say(one_line_of(summary.tldr), paper.italics) or NO_SUMMARY,
        points=tuple(say(point, paper.italics) for point in summary.points),
        facts=tuple(_facts(entry)),
        votes=_votes(entry),
        italics=paper.italics,
        reason=reason_of(entry, say=say),
        mark=mark,
        mark_why=say(mark_why),
    )


def reason_of(entry: Entry, *, say: Say) -> str:
    """Return an entry's reason for readers, without what its line of facts says already."""
    return say(_why(entry))


def on_one_line(say: Say) -> Say:
    """Return *say* restricted to one line without invisible characters, as a second safeguard after the parsers."""
    return lambda text, italics=(): say(one_line(strip_invisible(text)), italics)


def _facts(entry: Entry) -> Iterator[Word]:
    paper = entry.paper
    place, url = _place(paper), web_link(paper.url)
    if paper.authors:
        yield Word(text=_first_author(paper.authors))
    # A source that is the place where the paper lies is the link to it.
    origin = ", ".join(map(source_name, entry.sources[:_SOURCES]))
    is_there = len(entry.sources) == 1 and origin.lower().startswith(place.lower())
    if origin:
        yield Word(text=origin, url=url if is_there else "")
    if votes := _votes(entry):
        yield Word(text=votes)
    yield from [link for link in paper_links(paper) if link.text in ("code", "project page")][:1]
    if url and not is_there:
        yield Word(text=place, url=url)


def _votes(entry: Entry) -> str:
    return count(entry.signals.upvotes, "vote") if entry.signals.upvotes else ""


def _first_author(authors: Sequence[str]) -> str:
    """`Wang +5`: the surname of the first author, or the whole name of a group, and how many more there are."""
    name = authors[0]
    words = name.split()
    if len(words) > 1 and words[-1].lower() not in _GROUPS and not words[-1].endswith("."):
        particles = next((n for n, word in enumerate(words[:-1]) if n and word.lower() in _PARTICLES), len(words) - 1)
        name = " ".join(words[particles:])
    return f"{name} +{len(authors) - 1}" if len(authors) > 1 else name


def _place(paper: Paper) -> str:
    """Return where a paper lies: `arXiv`; `paper` where its address tells nothing."""
    host = urlsplit(web_link(paper.url)).hostname or ""
    return next((name for end, name in _PLACES.items() if host == end or host.endswith(f".{end}")), "paper")


def _why(entry: Entry) -> str:
    """Return an entry's reason without votes and sources, which its line of facts says already."""
    said = {count(entry.signals.upvotes or 0, "upvote")}
    reason = entry.reason
    for earlier in _EARLIER_OFF:
        reason = reason.replace(earlier, OFF)
    parts = [part for part in reason.split("; ") if part not in said and not part.startswith("listed by ")]
    return "; ".join(parts)


def _mark(entry: Entry) -> tuple[str, str]:
    if entry.paper.withdrawn:
        return "withdrawn", "Its authors have withdrawn this paper."
    if entry.paper.kind is not PaperKind.RESEARCH:
        return kind_name(entry.paper.kind), "By what its source or its title calls it."
    if entry.summary.fell_back is not None:
        why = for_readers(entry.summary.fell_back)
        return (
            "extract",
            f"Sentences of the abstract stand here instead of a model’s summary{': ' if why else ''}{why}.",
        )
    if entry.announcement is Announcement.CROSS:
        return "cross-listed", "Announced before in another category, and new in one of this edition’s."
    return "", ""


def foreign(language: str) -> str:
    """Return *language* if it is not English, the language of the page; else ""."""
    return "" if language.split("-")[0] == "en" else language


def for_readers(reason: str) -> str:
    """Return the reason for an extract without URLs and settings, which concern only the operator."""
    return "the model could not be asked" if "://" in reason or "[llm]" in reason else reason.strip().rstrip(".")


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
