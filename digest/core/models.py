"""The values that flow through the program: papers, records, summaries, issues, deliveries, mails.

    Record  ──►  Paper  ──►  Candidate  ──►  Batch ──► Prompt ──► Completion ──► Summary
    (one source's  (one work,   (a paper that     (what goes to a model, and what comes back)
     word on it)    one id)      one edition
                                 may print)   ──►  Entry ──► Section ──► Issue ──► Mail ──► Delivery

All are frozen, hold tuples and not lists, and carry aware UTC datetimes. Text is Unicode: TeX accents are resolved,
entities decoded once, formulas stay as TeX between `$`. An adapter that makes one of these has already cleaned it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Final, NewType, TypeAlias

Day: TypeAlias = date
"""Another name of the type, for classes that have a field called `date`."""

PaperId = NewType("PaperId", str)
"""A canonical id with its scheme: `arxiv:2603.01234`, `doi:10.1101/743294`, `url:https://…`, `title:…`."""


class Announcement(StrEnum):
    """What arXiv says an item of its daily list is. Names from arXiv/arxiv-feed, feed/consts.py."""

    NEW = "new"
    CROSS = "cross"
    REPLACE = "replace"
    REPLACE_CROSS = "replace-cross"

    @property
    def is_news(self) -> bool:
        """A replacement is an update of a known paper, not news."""
        return self in (Announcement.NEW, Announcement.CROSS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A further place of a paper, out of its own record: never from a model."""

    rel: str
    """`pdf`, `code`, `project` or `discussion`."""
    url: str
    """http or https, checked by `digest.core.words.text.web_url`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Votes, comments and stars of a paper elsewhere, as counted when the source was read.

    None: the source does not say.
    """

    upvotes: int | None = None
    comments: int | None = None
    stars: int | None = None


class PaperKind(StrEnum):
    """What an item of a list is. Sources mix papers with news, corrections and tables of contents."""

    RESEARCH = "research"
    """Also where nothing says otherwise."""
    REVIEW = "review"
    SURVEY = "survey"
    """A review of a field's methods, as computing calls it."""
    DATASET = "dataset"
    SOFTWARE = "software"
    PROTOCOL = "protocol"
    NEWS = "news"
    COMMENT = "comment"
    """An opinion, a letter or a reply, on a paper or on anything else."""
    EDITORIAL = "editorial"
    CORRECTION = "correction"
    RETRACTION = "retraction"
    BOOK_REVIEW = "book review"
    CONTENTS = "contents"
    """A table of contents, an editorial board, a cover: no text of its own."""
    OBITUARY = "obituary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One work, under one canonical id, however many sources and versions it came from."""

    id: PaperId
    """Canonical and without version, e.g. `arxiv:2603.01234`. Two papers are one if and only if their ids are equal."""
    aliases: tuple[PaperId, ...] = ()
    """Its other ids, sorted, without `id` itself."""
    title: str
    """One line, never empty."""
    abstract: str = ""
    """One line or several paragraphs divided by a newline. Empty where the source gives none."""
    authors: tuple[str, ...] = ()
    """In the paper's order, "Given Surname" where the source allows; without affiliations."""
    url: str = ""
    """The landing page, http(s), without version. Empty for a record that came without a link."""
    links: tuple[Link, ...] = ()
    published: datetime | None = None
    """When the first version appeared. UTC. None where the source does not say; never trusted for "is it new?"."""
    updated: datetime | None = None
    """When this version appeared. UTC."""
    version: int | None = None
    """1 for v1. None where the source does not say."""
    categories: tuple[str, ...] = ()
    """As the source names them, primary first, e.g. `("cs.LG", "stat.ML")`."""
    keywords: tuple[str, ...] = ()
    """Free words of authors or sources; they become topics only through aliases."""
    withdrawn: bool = False
    kind: PaperKind = PaperKind.RESEARCH
    corrects: tuple[PaperId, ...] = ()
    """Ids of the papers that it corrects, retracts or comments on, as far as its source or title tells; sorted."""
    venue: str = ""
    """Name of the journal or conference as the source gives it. Empty where it gives none."""
    issn: tuple[str, ...] = ()
    """ISSNs of the journal as `1234-567X`, sorted."""
    language: str = ""
    """Code of the language of title and abstract (ISO 639-1: `en`, `zh`). Empty: not known."""
    italics: tuple[str, ...] = ()
    """Phrases of title or abstract that the source sets in italics, such as species; each once, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One paper as one source lists it on one day."""

    paper: Paper
    announcement: Announcement | None = None
    """None: the source does not announce, it only lists."""
    signals: Signals = Signals()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """An item of a list that could not become a paper; it is counted and named, never dropped in silence."""

    reason: str
    """For people: "no title", "neither id nor link nor abstract"."""
    excerpt: str
    """Up to 120 characters by which a person can find it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What a parser made of some bytes: each item of the list is in `records` or in `rejected`."""

    records: tuple[Record, ...] = ()
    """In the list's order, doubles included."""
    rejected: tuple[Rejected, ...] = ()
    expected: int | None = None
    """How many the source itself says there are (`totalResults`, "showing x of y"); None where it does not."""
    note: str | None = None
    """What the source itself remarks on what was asked, in a clause; None where it has nothing to say."""
    categories: tuple[str, ...] = ()
    """The lists that this one holds together, as an address of arXiv can; mostly empty."""
    next_url: str | None = None
    """Where the rest of the list is, if it goes on; also from a page without papers of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """What a witness, a second place beside the source, says about the source's list."""

    day: Day | None = None
    """The day whose list the witness describes, as stated there; None where it states none."""
    total: int | None = None
    """How many items the list has, as the witness states; None where it states no number."""
    records: tuple[Record, ...] = ()
    """The items that the witness shows, complete enough to fill a gap in the source's list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Bytes as they came from a source, kept so that a parser can be corrected later."""

    url: str
    content: bytes
    etag: str | None = None
    """Byte for byte as sent, quotes included."""
    last_modified: str | None = None
    unchanged: bool = False
    """The server said 304, and `content` is what it sent the last time."""


class SourceState(StrEnum):
    """The state of a source on one day: whether it brought something new, and if not, why."""

    FRESH = "fresh"
    """Something new."""
    WAITING = "waiting"
    """Today's list is not out yet."""
    QUIET = "quiet"
    """No list today: a weekend, a holiday, or nothing but known papers."""
    STALLED = "stalled"
    """It should be out and is not."""
    FAILED = "failed"
    """Could not be read."""

    @property
    def is_settled(self) -> bool:
        """Whether the source need not be asked again today."""
        return self in (SourceState.FRESH, SourceState.QUIET)


@dataclass(frozen=True, slots=True, kw_only=True)
class PastList:
    """The list of an earlier day that was read since the issue before: a missed day, or papers that came late."""

    day: Day
    listed: int
    """Papers, all of them."""
    new: int
    """Papers that no issue of this edition had considered yet."""
    is_partial: bool = False
    """A part of it could not be read yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReport:
    """One source on one day, for one edition: the completeness line and `--json` are drawn from it."""

    name: str
    state: SourceState
    listed: int = 0
    """Papers after joining doubles within the source."""
    expected: int | None = None
    new: int = 0
    """Papers that no earlier issue of this edition had considered."""
    seen_before: int = 0
    rejected: int = 0
    updates: int = 0
    """Later versions of papers, as announced; part of `seen_before`."""
    error: str | None = None
    """What happened and what to do, in a sentence; for `failed` and `waiting`."""
    days_failing: int = 0
    """1 on the first day of a failure; 0 when the source could be read."""
    back_after: int = 0
    """How many days it had failed before it could be read again today; 0 on all other days."""
    gap: int = 0
    """Items that the source, or a second witness, says there are, and that could not be found."""
    is_partial: bool = False
    """Part of the list is missing or is an earlier list, as `note` says; the source is asked again today."""
    is_open: bool = False
    """The list still grows; what comes later goes into the next issue."""
    note: str | None = None
    """A remark on a list that could be read, as a clause; None where there is nothing to remark."""
    past: tuple[PastList, ...] = ()
    """Lists of earlier days that this issue takes papers from; by day."""
    missing: tuple[Day, ...] = ()
    """Days of the last week whose lists should be there and were never had."""

    @property
    def is_to_be_told(self) -> bool:
        """Whether the issue explains the failure: on its first and third day. On other days it is only counted."""
        return self.days_failing in (1, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A paper that an edition may print on a day: listed by its sources, in none of its earlier issues."""

    paper: Paper
    sources: tuple[str, ...]
    """Names of the edition's sources that list it, in the edition's order."""
    position: int
    """Its place in the first of those lists, from 0: the sources' own order breaks ties."""
    listed_on: date
    """The first day one of the sources listed it."""
    announcement: Announcement | None = None
    signals: Signals = Signals()
    """For each kind of signal, the highest count that any of the sources gave."""
    cut_at: Signals | None = None
    """If an earlier issue left it out for want of room: the signals it had then. None: never considered before."""
    cut_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A candidate with its score and the reason for it in words."""

    candidate: Candidate
    score: float
    """0 to 1, rounded to four places so that it is the same on every machine."""
    reason: str
    """For readers: "matches “test-time training”; 42 upvotes". Empty where there is nothing to say."""
    interests: tuple[str, ...] = ()
    """The interests that it fits well, as a reason names them, the best first."""
    is_off: bool = False
    """Whether it is there for being off the interests, or fits none of them well, where there are interests."""
    left_out: str = ""
    """Why it is left out, if that is not for want of room: "says nearly the same as “…”"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The summary of a paper. Plain text only."""

    tldr: str
    """One sentence. Empty only for a paper without an abstract."""
    points: tuple[str, ...] = ()
    """Up to three, each a sentence: method, result, limitation."""
    topics: tuple[str, ...] = ()
    """Names out of the taxonomy, the most fitting first."""
    proposed: tuple[str, ...] = ()
    """Free words of a model that no alias folds into a topic."""
    client: str
    """`extractive`, `openai` or `replay`."""
    model: str | None = None
    language: str = "en"
    """Code of the language of its text: the edition's for a model's summary, the abstract's for an extract."""
    checked: tuple[str, ...] = ()
    """Names of the checks it passed; empty for words taken from the abstract itself."""
    fell_back: str | None = None
    """Why the extractive summary stands in for a model's, in words; None where it doesn't."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SummaryKey:
    """The key of a stored summary: all that decides it. No model is asked twice for the same key."""

    content: str
    """`digest.core.identity.ids.content_hash` of title and abstract."""
    client: str
    model: str
    """Empty for `extractive`."""
    prompt: str
    """Hash of the fixed part of the prompt; for `extractive` the version of its rules."""
    language: str
    stood_in_on: Day | None = None
    """The day for which an extract stands in for the model's summary; None for that summary itself. On any other day
    the model is asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Papers that go to a model in one request."""

    papers: tuple[Paper, ...]
    """In order; a paper's short id within the request is its place, from "1"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One request to a model."""

    system: str
    """The fixed part, byte-identical over a run so that a provider's cache serves it."""
    user: str
    """The papers, fenced: see `digest.core.summaries.prompts`."""
    batch: Batch
    nonce: str
    max_output_tokens: int
    form: str = "summaries"
    """What the answer has to look like: a key of `digest.core.summaries.prompts.FORMS`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """One answer of a model, as it came."""

    text: str
    """May be empty, cut off, or no JSON at all."""
    model: str | None = None
    """As the server names it."""
    finish_reason: str = "stop"
    """`stop`, `length`, `content_filter`, …"""
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    """Part of `input_tokens` that the provider's prompt cache served."""
    cache_write_tokens: int = 0
    """Part of `input_tokens` that was written to that cache; some providers charge for it."""
    tier: str | None = None
    """The provider's tier that served it, such as `flex`; None: it does not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewSentence:
    """A sentence of an issue's overview."""

    text: str
    """Plain text."""
    papers: tuple[PaperId, ...] = ()
    """The papers of the entries that the sentence refers to; empty for the sentence that counts all entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A model's overview of the whole day, checked.

    In an issue a first sentence may be added that counts the papers.
    """

    sentences: tuple[OverviewSentence, ...]
    client: str
    model: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What the model cost one run of one edition."""

    client: str
    model: str | None = None
    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    """Part of `input_tokens` that the provider's prompt cache served."""
    cost_usd: float = 0.0
    in_doubt_usd: float = 0.0
    """The most that requests may have cost whose answer never came; counted as spent."""
    from_cache: int = 0
    """Papers whose summary the store already had."""
    fell_back: int = 0
    """Papers with an extractive summary although a model was asked for."""

    def __add__(self, other: Usage) -> Usage:
        """Add up two usages; client and model are those of the first."""
        return Usage(
            client=self.client,
            model=self.model,
            requests=self.requests + other.requests,
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cost_usd=self.cost_usd + other.cost_usd,
            in_doubt_usd=self.in_doubt_usd + other.in_doubt_usd,
            from_cache=self.from_cache + other.from_cache,
            fell_back=self.fell_back + other.fell_back,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """A configured newsletter: which sources, whose interests, when, to whom."""

    name: str
    """Lower-case letters, digits and hyphens: it is a folder of the archive."""
    title: str
    sources: tuple[str, ...]
    interests: tuple[str, ...] = ()
    """As written in the config: words, sentences, ids and addresses of papers, "author: …", files of a library."""
    avoid: tuple[str, ...] = ()
    """What its readers don't care for, written like `interests`."""
    avoid_unless_upvotes: int | None = None
    """Votes from which a paper may come although it is to be avoided; None: however many, it does not."""
    exploration: float = 0.1
    """Share of an issue's places that go to papers off the interests, so that the unusual gets in; 0 to 1."""
    max_papers: int = 30
    lead: int = 5
    """Papers that an issue shows first and in full, before the rest in a line each; 0 for none."""
    carry_days: int = 3
    """How long a paper that was left out for want of room may still get in, if it rises."""
    at: time = time(7, 0)
    days: frozenset[int] = frozenset(range(5))
    """Weekdays on which it is due; Monday is 0."""
    recipients: tuple[str, ...] = ()
    open: bool = True
    """Whether readers may subscribe to it by themselves, where the form is served."""
    language: str = "en"
    languages: tuple[str, ...] = ()
    """Codes of the languages of the papers it prints, besides those whose language is not known; empty: all."""
    changes: tuple[str, ...] = ("withdrawn", "rising")
    """Which of `CHANGES` it tells of, about papers that it printed."""
    kinds: tuple[PaperKind, ...] = (PaperKind.RESEARCH, PaperKind.REVIEW)
    """What it prints; a survey is a review too. The rest is counted and named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A paper with its summary, as it stands in an issue."""

    paper: Paper
    summary: Summary
    sources: tuple[str, ...]
    reason: str
    score: float
    signals: Signals
    announcement: Announcement | None = None
    interests: tuple[str, ...] = ()
    """See `Ranked.interests`; empty in an issue of an earlier version, which stored none."""
    is_off: bool = False
    """See `Ranked.is_off`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a paper since an edition printed it: withdrawn, revised, or rising in votes."""

    id: PaperId
    title: str
    url: str
    what: str
    """One of `CHANGES`."""
    printed_on: Day
    version: int | None = None
    """The new version number of a revised paper; None for other changes."""
    upvotes: tuple[int, ...] = ()
    """Upvotes of a rising paper: those when it was printed, then those of today. Empty for other changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A paper in the store that a correction, retraction or comment is about."""

    id: PaperId
    title: str
    printed_on: Day | None = None
    """When the edition printed it last; None if it never did."""


CHANGES: Final = ("withdrawn", "revised", "rising")
"""The kinds of change an edition can tell of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The entries of an issue that share a topic or a field of topics."""

    topic: str
    entries: tuple[Entry, ...]
    """Best first; never empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A paper that was considered for an issue and is not in it, with the reason."""

    id: PaperId
    title: str
    url: str
    reason: str
    score: float | None = None
    """The paper's score, comparable with those of the entries; None for what was set aside, and in an issue of an
    earlier version, which stored none.
    """
    is_aside: bool = False
    """Whether it was set aside before anything was ranked, for the edition prints nothing of what `reason` names:
    "news", "correction"."""
    corrects: tuple[PaperId, ...] = ()
    """The papers in the store that it corrects, retracts or comments on."""
    note: str = ""
    """What else is to be said of it, as a clause: "corrects “…”, which stood here on 3 April"; mostly empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One edition's issue of one day.

    Once stored it stays as it is: mails and pages are drawn from it, byte for byte.
    """

    edition: str
    date: date
    title: str
    language: str
    overview: str
    """One to five sentences; empty on a day with nothing new."""
    highlights: tuple[OverviewSentence, ...] = ()
    """The sentences of an overview that no model wrote, with the papers that each names; none in an issue of an earlier
    version. They may name papers of `changes` too."""
    told: Overview | None = None
    """The overview with its references, where a model wrote it; `overview` is its text."""
    sections: tuple[Section, ...]
    """Each entry is in exactly one. Empty on a day with nothing new."""
    leads: tuple[PaperId, ...] = ()
    """The papers that are shown first and in full, in this order; empty in an issue of an earlier version."""
    sources: tuple[SourceReport, ...]
    left_out: tuple[LeftOut, ...] = ()
    changes: tuple[Change, ...] = ()
    """Changes of papers that earlier issues printed."""
    usage: Usage
    considered: int | None = None
    """How many papers a personal issue was chosen from; None where entries and `left_out` tell."""
    covers: tuple[Day, ...] = ()
    """The days whose lists are in the issue; empty where that is only its own day."""
    why_empty: str | None = None
    """Why the issue is empty, in words; None on a day with new papers."""

    @property
    def id(self) -> str:
        """`daily/2026-06-03`."""
        return f"{self.edition}/{self.date.isoformat()}"

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries in the order of the sections."""
        return tuple(entry for section in self.sections for entry in section.entries)


class DeliveryState(StrEnum):
    """How far the delivery of one issue to one recipient has come."""

    DUE = "due"
    SENDING = "sending"
    """Claimed, and the final dot not yet out: the server cannot have taken it, so it is safe to try again."""
    DOT = "dot"
    """Committed after the body and before the final full stop: only here is it in doubt whether the server has it."""
    SENT = "sent"
    UNKNOWN = "unknown"
    """Found at `dot` by a later run, or answered unclearly there; a person decides (RFC 1047: SMTP cannot be asked)."""
    FAILED = "failed"
    SKIPPED = "skipped"
    """Given up before it went out: it became too old, or its edition left the config."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One issue for one recipient."""

    id: int
    edition: str
    date: date
    recipient: str
    state: DeliveryState
    message_id: str
    """The same on every attempt, with its angle brackets."""
    queued_at: datetime
    """When it was made, or when it is first due if that is later: the mail is dated so, on each attempt."""
    attempts: int = 0
    error: str | None = None
    sent_at: datetime | None = None
    """When the mail was sent; None for a delivery that is not sent."""
    channel: str = "mail"
    """`mail`; `feed` for a reader without mails; the kind of a hook otherwise."""
    subscription: int | None = None
    """The key of the subscription that it is due to; None for a recipient without one, and for a hook."""
    picks: int | None = None
    """The key of the picks of a personal issue; None where it is the edition's own."""
    due_at: datetime | None = None
    """Not before; None: at once."""
    put_off_since: datetime | None = None
    """When the server said for the first time that it takes the mail later; None: it did not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The mails of an edition that are due, by when."""

    now: int = 0
    """Due at this moment, or in hand."""
    put_off: int = 0
    """Those that were put off and are tried again later."""
    later: int = 0
    """Those whose time has not come: they go out by the reader's own clock."""
    next_at: datetime | None = None
    """When the first of those that are put off or later is due; None if there are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDelivery:
    """A delivery that is to be stored."""

    recipient: str
    message_id: str
    state: DeliveryState = DeliveryState.DUE
    """`due`; `sent` for a reader without mails; `skipped` where nothing was found for a reader."""
    error: str | None = None
    """Why it is skipped."""
    channel: str = "mail"
    subscription: int | None = None
    profile: str = ""
    """The profile of its picks; empty where it is the edition's own issue."""
    due_at: datetime | None = None
    covers_until: Day | None = None
    """The reader's date that is covered by it."""
    covered_before: Day | None = None
    """The one that was covered before it, when the reader was found to be due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One complete message, ready for a transport."""

    sender: str
    """The bare address in `From`. It is the envelope's too, unless the mailer knows where mails come back to."""
    recipient: str
    message_id: str
    content: bytes
    """RFC 5322, CRLF line ends."""
    label: str = ""
    """Edition and day, for a file name: `daily-2026-06-03`."""
