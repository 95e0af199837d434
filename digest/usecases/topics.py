"""`digest topics`: count how topics are used, list free words without a topic, and rename topics in old issues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from digest.core.models import Issue, Summary
from digest.core.topics.fold import Taxonomy, plain_word
from digest.core.topics.renaming import rename_issue, rename_summary
from digest.core.topics.taxonomy import small_words

if TYPE_CHECKING:
    from digest.store.topics import Keywords, Printed

MODEL: Final = "model"
SOURCE: Final = "source"
_SUGGESTED_AT_LEAST: Final = 2
"""Papers with a word that must be filed under one topic before that is a suggestion; and they must be half of them."""


class Topics(Protocol):
    """The part of the store that has the topics and free words of papers."""

    def printed_topics(self, *, since: date | None = None) -> Iterator[Printed]: ...

    def proposals(self) -> Iterator[tuple[str, tuple[str, ...]]]: ...

    def keywords(self, *, since: date | None = None) -> Iterator[Keywords]: ...


class Names(Protocol):
    """The part of the store in which topics are renamed."""

    def issue_dates(self, edition: str | None = None) -> tuple[tuple[str, date, int], ...]: ...

    def rewrite_issue(
        self, edition: str, day: date, change: Callable[[Issue], Issue]
    ) -> tuple[Issue, Issue] | None: ...

    def rewrite_summaries(self, change: Callable[[Summary], Summary]) -> int: ...

    def printed_topics(self, *, since: date | None = None) -> Iterator[Printed]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A topic, and how many printed papers have it."""

    name: str
    field: str
    papers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A word of models or sources that names a topic, and how many papers came with it."""

    word: str
    topic: str
    papers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Homeless:
    """A free word of models or sources that has no topic."""

    word: str
    papers: int
    """Papers with this word in which it has no topic."""
    said_by: tuple[str, ...]
    """`model`, `source` or both."""
    example: str
    """The title of a paper with this word; empty if only the paper's summary is stored."""
    example_id: str
    nearest: str | None
    """The topic that the word may belong to; None if no topic is near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The use of topics and free words in the store."""

    papers: int
    """Printed, each counted once."""
    without: int
    """Of these, those without any topic."""
    topics_per_paper: float
    uses: tuple[Use, ...]
    """Every topic that a printed paper has, the most frequent first."""
    unknown: tuple[str, ...]
    """Topics of printed papers that the taxonomy does not have (any more)."""
    words: int
    """Different free words of models and sources."""
    words_with_home: int
    """Free words that have a topic, in at least one paper."""
    mentions: int
    """How often free words were used, each counted once for a paper."""
    mentions_with_home: int
    folded: tuple[Folded, ...]
    """The words that brought the most papers to a topic."""
    homeless: tuple[Homeless, ...]
    """The free words without a topic that most papers have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """A topic that was renamed in old issues: the old name, the new name, and the number of entries."""

    old: str
    new: str
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What `digest topics --apply` changed."""

    issues: int
    entries: int
    summaries: int
    renamed: tuple[Renamed, ...]
    added: int
    """Entries that got a topic by a word that had none before."""
    unknown: tuple[str, ...]
    """Topics of old issues that the taxonomy does not have (any more); they stay."""
    pages: int
    """Files of the archive that were written."""


@dataclass(slots=True)
class _Word:
    """A free word while it is counted."""

    spellings: Counter[str] = field(default_factory=Counter)
    papers: dict[str, str] = field(default_factory=dict)
    """Papers in which the word has no topic: id, or hash of the content if there is no id → title."""
    homes: dict[str, str] = field(default_factory=dict)
    """Papers in which the word has a topic: id, or hash → topic."""
    said_by: set[str] = field(default_factory=set)


def survey(store: Topics, taxonomy: Taxonomy, *, today: date, limit: int = 20, days: int | None = None) -> Survey:
    """Count topics and free words.

    Args:
        limit: How many words of each kind are named.
        days: Only papers printed or first seen on so many days up to today; None: all.
    """
    since = None if days is None else today - timedelta(days=days - 1)
    topics_of, words = _gather(store, taxonomy, since)
    counts = Counter(topic for topics in topics_of.values() for topic in topics)
    with_home = sorted((w for w in words if w.homes), key=lambda w: (-len(w.homes), _spelling(w)))
    # Of words that are said as often, a model's go first: it was shown the topics, and had none for it.
    without = sorted(
        (w for w in words if w.papers), key=lambda w: (-len(w.papers), MODEL not in w.said_by, _spelling(w))
    )
    mentions_with_home = sum(len(w.homes) for w in words)
    return Survey(
        papers=len(topics_of),
        without=sum(not topics for topics in topics_of.values()),
        topics_per_paper=round(counts.total() / len(topics_of), 2) if topics_of else 0.0,
        uses=tuple(
            Use(name=name, field=taxonomy.field(name), papers=n)
            for name, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
        ),
        unknown=tuple(sorted(counts.keys() - set(taxonomy.names))),
        words=len(words),
        words_with_home=len(with_home),
        mentions=mentions_with_home + sum(len(w.papers) for w in words),
        mentions_with_home=mentions_with_home,
        folded=tuple(
            Folded(word=_spelling(w), topic=Counter(w.homes.values()).most_common(1)[0][0], papers=len(w.homes))
            for w in with_home[:limit]
        ),
        homeless=tuple(_homeless(w, taxonomy, topics_of) for w in without[:limit]),
    )


def _gather(
    store: Topics, taxonomy: Taxonomy, since: date | None
) -> tuple[Mapping[str, tuple[str, ...]], Sequence[_Word]]:
    """Return the topics of each printed paper, and the free words of models and sources."""
    topics_of: dict[str, tuple[str, ...]] = {}
    words: dict[str, _Word] = {}
    papers: dict[str, tuple[str, str]] = {}
    for entry in store.printed_topics(since=since):
        topics_of[entry.id] = entry.topics
        papers[entry.content] = (entry.id, entry.title)
        _count(words, taxonomy, entry.proposed, entry.id, entry.title, said_by=MODEL)
    for content, proposed in store.proposals():
        if content in papers or since is None:
            _count(words, taxonomy, proposed, *papers.get(content, (content, "")), said_by=MODEL)
    for paper in store.keywords(since=since):
        _count(words, taxonomy, paper.words, paper.id, paper.title, said_by=SOURCE)
    return topics_of, tuple(words.values())


def apply(
    store: Names,
    taxonomy: Taxonomy,
    *,
    draw: Callable[[], int],
    alone: AbstractContextManager[object],
    progress: Callable[[str], None],
) -> Applied:
    """Rename topics in all stored issues and summaries to their present names, and draw the pages that this changes.

    Each issue is one transaction, and issues with present names are left alone: if the command is interrupted, the next
    call does the rest. Mails that were sent stay as they are.

    Args:
        draw: Draws every page of the archive that is out of date; returns how many files it wrote.
        alone: A lease held while issues are changed, so that no run works at the same time.
    """
    with alone:
        issues = entries = added = 0
        renamed: Counter[tuple[str, str]] = Counter()
        for edition, day, _ in store.issue_dates():
            progress(f"looking at {edition}/{day}")
            found = store.rewrite_issue(edition, day, lambda issue: rename_issue(issue, taxonomy))
            if found is None:
                continue
            issues += 1
            now = {entry.paper.id: entry.summary for entry in found[1].entries}
            for entry in found[0].entries:
                before, after = entry.summary, now[entry.paper.id]
                entries += before != after
                added += before.proposed != after.proposed
                renamed.update((t, taxonomy.current(t) or t) for t in before.topics if t not in after.topics)
        summaries = store.rewrite_summaries(lambda summary: rename_summary(summary, taxonomy))
        progress("drawing the archive")
        pages = draw()
    known = set(taxonomy.names)
    unknown = {topic for entry in store.printed_topics() for topic in entry.topics} - known
    return Applied(
        issues=issues,
        entries=entries,
        summaries=summaries,
        renamed=tuple(Renamed(old=old, new=new, entries=n) for (old, new), n in sorted(renamed.items())),
        added=added,
        unknown=tuple(sorted(unknown)),
        pages=pages,
    )


def _count(
    words: dict[str, _Word], taxonomy: Taxonomy, said: Sequence[str], paper: str, title: str, *, said_by: str
) -> None:
    """Count the free words *said* of a paper, each once."""
    distinct = {small_words(one): one for one in reversed(said)}
    for (key, one), topic in zip(distinct.items(), taxonomy.homes(tuple(distinct.values())), strict=True):
        if not key:
            continue
        word = words.setdefault(key, _Word())
        word.spellings[one] += 1
        word.said_by.add(said_by)
        if topic:
            word.homes[paper] = topic
        else:
            word.papers[paper] = word.papers.get(paper) or title


def _spelling(word: _Word) -> str:
    """Return the most frequent spelling of a word."""
    return plain_word(min(word.spellings, key=lambda one: (-word.spellings[one], one)))


def _homeless(word: _Word, taxonomy: Taxonomy, topics_of: Mapping[str, tuple[str, ...]]) -> Homeless:
    spelling = _spelling(word)
    example_id, example = next(((i, title) for i, title in word.papers.items() if title), ("", ""))
    leading = Counter(topics_of[i][0] for i in word.papers if topics_of.get(i))
    [(usual, n)] = leading.most_common(1) or [("", 0)]
    return Homeless(
        word=spelling,
        papers=len(word.papers),
        said_by=tuple(sorted(word.said_by)),
        example=example,
        example_id=example_id,
        nearest=taxonomy.nearest(spelling) or (usual if n >= max(_SUGGESTED_AT_LEAST, leading.total() / 2) else None),
    )
