"""The archive's own data files: manifest, cards and search index, which keep the cost of a new issue constant.

    .manifest.json         for each issue drawn: a hash of it, its papers and topics
    search/2026-06/03.js   for each paper that was first printed on that day: a card; topic pages are listed from them,
                           and the search shows what it found
    search/2026-06/l.js    words that begin with an l, with the cards that have them, a line for each day; `0` is for
                           digits, `1` for other scripts

If any of these files is lost, it is made again from the stored issues.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, NamedTuple

from digest.core.items.aside import kind_name
from digest.core.models import Entry, Issue
from digest.publish.formulas import to_unicode
from digest.publish.headlines import headline, lead_entries
from digest.publish.links import web_link
from digest.publish.slugs import slug

MANIFEST = ".manifest.json"
_OPENING, _CLOSING = "cards(", "\n]);\n"
_LINE = re.compile(r'words\("(.)","(\d{4}-\d\d-\d\d)",(".*")\);')
_MOST_AUTHORS = 40
"""Authors of a paper that the search finds it by; more would make the files large."""
_HEADLINE = 70
"""Letters of the headline that lists of issues have."""


Words = tuple[frozenset[str], frozenset[str]]
"""The words by which the search finds an entry: those of the title, and the others."""


class IssueKey(NamedTuple):
    """Names an issue: its edition and its day."""

    day: date
    edition: str

    @property
    def month(self) -> str:
        """Return the month of the issue's day: `2026-06`."""
        return f"{self.day:%Y-%m}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What the manifest keeps of a drawn issue: its hash, papers and topics."""

    sha: str
    entries: int
    why_empty: str
    papers: tuple[str, ...]
    """Slugs of the papers, in the issue's order."""
    topics: tuple[tuple[str, tuple[int, ...]], ...]
    """(topic, the places in `papers` of those that have it), the most frequent first."""
    headline: str = ""
    """The first lead in short; empty for an issue without papers."""
    corrections: tuple[tuple[str, str, str, str], ...] = ()
    """Of the corrections, retractions and comments that it names: the slug of the paper that one is about, what it is,
    its title and its address."""
    accepted: bool = False
    """Whether a person accepted that the store does not have this issue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A paper on a topic's page or in the search. Plain text, formulas in Unicode.

    It is listed under the day and the edition that printed it first.
    """

    paper: str
    """Slug of the paper."""
    title: str
    tldr: str
    authors: tuple[str, ...]
    topics: tuple[str, ...]
    date: str
    edition: str


@dataclass(slots=True, kw_only=True)
class Manifest:
    """What the last drawing left in the archive: notes of issues, and hashes of its data files."""

    drawn_with: str = ""
    """Hash of everything that pages depend on except the issues: templates, settings, versions."""
    notes: dict[IssueKey, Note] = field(default_factory=dict)
    days: dict[str, str] = field(default_factory=dict)
    """Hash of each day's file of cards, by day."""
    letters: dict[str, str] = field(default_factory=dict)
    """For each month the letters for which it has a file of words."""
    ahead: tuple[str, tuple[str, ...]] = ("", ())
    """Hash of the manifest that holds once all pages are drawn, and the pages that are drawn already."""


def note(issue: Issue) -> Note:
    """Return the note of *issue* for the manifest."""
    places: dict[str, list[int]] = {}
    for n, entry in enumerate(issue.entries):
        for topic in entry.summary.topics:
            places.setdefault(topic, []).append(n)
    return Note(
        # The representation of a tree of frozen values names each of them, and is the same in each process.
        sha=short_hash(repr(issue).encode("utf-8", "backslashreplace")),
        entries=len(issue.entries),
        why_empty=issue.why_empty or "",
        papers=tuple(slug(entry.paper.id) for entry in issue.entries),
        topics=tuple((t, tuple(at)) for t, at in sorted(places.items(), key=lambda item: (-len(item[1]), item[0]))),
        headline=next((headline(entry.paper.title, _HEADLINE) for entry in lead_entries(issue)), ""),
        corrections=tuple(_corrections(issue)),
    )


def _corrections(issue: Issue) -> Iterator[tuple[str, str, str, str]]:
    for paper in (entry.paper for entry in issue.entries):
        for subject in paper.corrects:
            yield slug(subject), kind_name(paper.kind), to_unicode(paper.title), web_link(paper.url)
    for one in issue.left_out:
        for subject in one.corrects:
            yield slug(subject), one.reason, to_unicode(one.title), web_link(one.url)


def card(entry: Entry, issue: Issue) -> Card:
    """Return the card of an entry of *issue*."""
    return Card(
        paper=slug(entry.paper.id),
        title=to_unicode(entry.paper.title),
        tldr=to_unicode(entry.summary.tldr),
        authors=entry.paper.authors[:_MOST_AUTHORS],
        topics=entry.summary.topics,
        date=issue.date.isoformat(),
        edition=issue.edition,
    )


def words_of(entry: Entry) -> Words:
    """Return the words by which the search finds an entry: those of the title, and the others.

    The others are those that `digest search` uses (abstract, authors), and the words of summary and topics.
    """
    paper, summary = entry.paper, entry.summary
    title = _folded([paper.title, to_unicode(paper.title)])
    names = paper.authors[:_MOST_AUTHORS]
    text = _folded([paper.abstract, to_unicode(paper.abstract), *names, summary.tldr, *summary.points, *summary.topics])
    return title, text - title


def _folded(texts: Iterable[str]) -> frozenset[str]:
    """Return the words of *texts* without case and accents, split at every hyphen, exactly like `fold` in search.js."""
    plain = " ".join(text if text.isascii() else _without_accents(text) for text in texts)
    return frozenset(re.findall(r"[^\W_]+", plain.lower()))


def _without_accents(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c)[0] != "M")


def letter_of(word: str) -> str:
    """Return the letter of the file that has *word*."""
    first = word[0]
    return first if "a" <= first <= "z" else "0" if "0" <= first <= "9" else "1"


def index(words: Sequence[Words]) -> dict[str, str]:
    """Return the words of a day's entries by letter, each with the positions of its entries: `lora:1,5!;lore:2`.

    An exclamation mark says that the word is in the title.
    """
    places: dict[str, list[str]] = {}
    for n, (title, text) in enumerate(words):
        for word in title:
            places.setdefault(word, []).append(f"{n}!")
        for word in text:
            places.setdefault(word, []).append(str(n))
    by_letter: dict[str, list[str]] = {}
    for word in sorted(places):
        by_letter.setdefault(letter_of(word), []).append(f"{word}:{','.join(places[word])}")
    return {letter: ";".join(words) for letter, words in by_letter.items()}


def write_manifest(manifest: Manifest) -> bytes:
    """Write the manifest as JSON."""
    issues = [[key.day.isoformat(), key.edition, asdict(value)] for key, value in sorted(manifest.notes.items())]
    lines = ",\n".join(json.dumps(issue, ensure_ascii=False, separators=(",", ":")) for issue in issues)
    known = {
        name: dict(sorted(values.items())) for name, values in (("days", manifest.days), ("letters", manifest.letters))
    }
    ahead = {"ahead": manifest.ahead} if manifest.ahead[1] else {}
    head = json.dumps({"drawn_with": manifest.drawn_with, **known, **ahead})
    return f'{head[:-1]}, "issues": [\n{lines}\n]}}\n'.encode("utf-8", "replace")


def read_manifest(content: bytes | None) -> Manifest:
    """Parse the manifest; an empty one if it is missing or not understood, so that everything is drawn again."""
    try:
        data = json.loads(content or b"{}")
        return Manifest(
            drawn_with=str(data["drawn_with"]),
            days=dict(data.get("days", {})),
            letters=dict(data.get("letters", {})),
            ahead=_ahead(data.get("ahead")),
            notes={
                IssueKey(date.fromisoformat(day), edition): _note(values) for day, edition, values in data["issues"]
            },
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return Manifest()


def write_cards(day: str, cards: Sequence[Card]) -> bytes:
    """Write a day's cards as a script: pages opened from the file system can load scripts, but no JSON."""
    rows = [
        json.dumps(
            [card.paper, card.title, card.tldr, list(card.authors), list(card.topics), card.date, card.edition],
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for card in cards
    ]
    return (f'{_OPENING}"{day}",[\n' + ",\n".join(rows) + _CLOSING).encode("utf-8", "replace")


def read_cards(content: bytes | None, day: str, *, sha: str | None) -> tuple[Card, ...] | None:
    """Parse a day's cards; None if the file is not the one that was written."""
    if content is None or short_hash(content) != sha:
        return None
    opening = f'{_OPENING}"{day}",[\n'
    rows = json.loads("[" + content.decode("utf-8").removeprefix(opening).removesuffix(_CLOSING) + "]")
    return tuple(
        Card(
            paper=paper,
            title=title,
            tldr=tldr,
            authors=tuple(authors),
            topics=tuple(topics),
            date=day,
            edition=edition,
        )
        for paper, title, tldr, authors, topics, day, edition in rows
    )


def write_words(letter: str, days: Mapping[str, str]) -> bytes:
    """Write the words of a month that begin with *letter*, the newest day first."""
    lines = [f'words("{letter}","{day}",{json.dumps(days[day], ensure_ascii=False)});' for day in sorted(days)[::-1]]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def read_words(content: bytes | None) -> dict[str, str] | None:
    """Parse the result of `write_words`: words by day; None if the file has another form."""
    if content is None:
        return None
    try:
        matches = [_LINE.fullmatch(line) for line in content.decode("utf-8").splitlines()]
        return {match[2]: json.loads(match[3]) for match in matches if match} if all(matches) else None
    except ValueError:
        return None


def short_hash(content: bytes) -> str:
    """Return a short hash of *content*, enough to tell two versions of a file apart."""
    return hashlib.sha256(content).hexdigest()[:32]


def _ahead(value: Any) -> tuple[str, tuple[str, ...]]:
    state, pages = value or ("", ())
    return str(state), tuple(map(str, pages))


def _note(values: dict[str, Any]) -> Note:
    return Note(
        sha=str(values["sha"]),
        entries=int(values["entries"]),
        why_empty=str(values["why_empty"]),
        papers=tuple(values["papers"]),
        # Earlier versions wrote a count here.
        topics=tuple((name, () if isinstance(places, int) else tuple(places)) for name, places in values["topics"]),
        headline=str(values.get("headline", "")),
        corrections=tuple((str(a), str(b), str(c), str(d)) for a, b, c, d in values.get("corrections", ())),
        accepted=bool(values.get("accepted", False)),
    )
