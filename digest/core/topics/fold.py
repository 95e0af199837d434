"""The taxonomy of topics: fold free tags into topics by aliases, and tag papers with topics by their text.

    taxonomy.toml, config ──parse──► Taxonomy
                                      ──.fold(free tags)───────────────► topics, and the words that are none
                                      ──.tag(title, abstract, categories)──► up to four topics, best first

Text and aliases are both brought down to the same small words ("LLMs" → "llm", "text-to-image" → "text to image"), and
runs of these are looked up in one dictionary: what a paper costs does not grow with the number of aliases.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final

from digest.core.topics import taxonomy
from digest.core.topics.taxonomy import Contents, Topic, iter_small_words, small_words
from digest.core.words.text import one_line, strip_invisible

_MOST_TOPICS: Final = 4
_LONGEST_PROPOSAL: Final = 40
_LONGEST_TEXT: Final = 20_000

# What a mention is worth. A word of the title counts for two and a half of the abstract; each further word of an alias
# makes it less likely that it is there by chance; what is said ten times is not ten times as true.
_IN_TITLE: Final = 2.5
_AS_KEYWORD: Final = 1.5
_PER_FURTHER_WORD: Final = 0.4
_WEAK: Final = 0.5
_BROAD: Final = 0.45
_CATEGORY_OF_TOPIC: Final = 0.6
_CATEGORY_OF_FIELD: Final = 0.3
# Up to here a topic stands on one word in passing: good enough where there is nothing else, not beside a better one.
_ENOUGH_BESIDE_OTHERS: Final = 1.35
_ENOUGH_OF_BEST: Final = 0.35


@dataclass(frozen=True, slots=True)
class _Hit:
    topic: int
    weak: bool
    length: int


class Taxonomy:
    """Topics in two levels, in the order of their file."""

    def __init__(self, contents: Contents) -> None:
        self._topics = contents.topics
        self._by_name = {topic.name: topic for topic in self._topics}
        self._words = contents.words
        self.renamed = contents.renamed
        """What the config calls otherwise: the file's name → the config's."""
        self._known_categories = frozenset[str]().union(*(topic.company for topic in self._topics))
        self._longest: dict[str, int] = {}
        for alias in self._words:
            first, *more = alias.split(" ")
            self._longest[first] = max(self._longest.get(first, 0), 1 + len(more))

    @classmethod
    def parse(cls, text: str, more: Mapping[str, Any] = MappingProxyType({}), *, file: str = "config.toml") -> Taxonomy:
        """Read the text of a `taxonomy.toml`, and the table `[topics]` of a config on top of it.

        Args:
            file: What the config is called, for errors.

        Raises:
            ConfigError: It is no TOML, has an unknown key, or one word stands for two topics.
        """
        return cls(taxonomy.read(text, more, file=file))

    @property
    def names(self) -> tuple[str, ...]:
        """All topics, in the file's order."""
        return tuple(topic.name for topic in self._topics)

    @property
    def fingerprint(self) -> str:
        """A hash of all that decides which topics a paper gets."""
        words = sorted((key, word.topic, word.weak) for key, word in self._words.items())
        topics = [(t.name, t.field, t.broad, sorted(t.categories), sorted(t.company)) for t in self._topics]
        return hashlib.sha256(repr((topics, words)).encode()).hexdigest()[:12]

    def field(self, topic: str) -> str:
        """The field that *topic* belongs to.

        A name that the taxonomy does not have (any more) is a field of its own.
        """
        known = self._by_name.get(topic)
        return known.field if known else topic

    def topic(self, name_or_alias: str) -> str | None:
        """The topic that *name_or_alias* names, whatever its case, number and hyphens, or "(LLMs)" behind it."""
        outside = re.sub(r"\([^()]*\)", " ", name_or_alias)
        for text in (name_or_alias, outside, *re.findall(r"\(([^()]*)\)", name_or_alias)):
            if word := self._words.get(small_words(text)):
                return self._topics[word.topic].name
        return None

    def meant_by(self, words: str) -> frozenset[str]:
        """The topics that *words* stand for: the one of that name or alias, all of a field, or none."""
        if topic := self.topic(words):
            return frozenset({topic})
        folded = small_words(words)
        return frozenset(topic.name for topic in self._topics if small_words(topic.field) == folded)

    def current(self, name: str) -> str | None:
        """The present name of a topic that was once called *name*; None if the taxonomy does not know it.

        Fields, which are names of sections too, stay what they are.
        """
        if name in self._by_name or any(topic.field == name for topic in self._topics):
            return name
        return self.topic(name)

    def fold(self, words: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Fold free tags of models or sources into topics; also return those without a topic, cut to 40 characters.

        Both in the order of the tags and without duplicates. A tag that is no alias is folded by the longest alias
        within it, if that is a sure one: "video diffusion transformers with memory" → "Video generation". A weak alias
        counts if another tag has a topic of the same field.

        Args:
            words: The free tags of one paper.
        """
        tags = tuple(words)
        topics: dict[str, None] = {}
        proposed: dict[str, str] = {}
        for tag, topic in zip(tags, self.homes(tags), strict=True):
            if topic:
                topics.setdefault(topic)
            elif cleaned := plain_word(tag):
                proposed.setdefault(cleaned.casefold(), cleaned)
        return tuple(topics), tuple(proposed.values())

    def homes(self, words: Sequence[str]) -> tuple[str | None, ...]:
        """Return the topic of each of one paper's free tags, as `fold` finds it; None for a tag without a topic."""
        sure = [self.topic(word) or self._topic_within(word) for word in words]
        fields = {self.field(topic) for topic in sure if topic}
        return tuple(topic or self._topic_within(word, fields) for word, topic in zip(words, sure, strict=True))

    def nearest(self, tag: str) -> str | None:
        """Suggest a topic for a *tag* that `fold` finds none for, for a person to decide; None if no topic is near."""
        best = max(self._hits(tag), key=lambda hit: hit.length, default=None)
        if best:
            return self._topics[best.topic].name
        near = get_close_matches(small_words(tag), self._words, n=1, cutoff=0.88)
        return self._topics[self._words[near[0]].topic].name if near else None

    def knows_any(self, categories: Iterable[str]) -> bool:
        """Whether the taxonomy knows any of *categories*."""
        return not self._known_categories.isdisjoint(c for category in categories for c in _with_archive(category))

    def tag(
        self,
        title: str,
        abstract: str,
        categories: Sequence[str],
        keywords: Iterable[str] = (),
        *,
        likely: Sequence[str] = (),
        sure: Sequence[str] = (),
    ) -> tuple[str, ...]:
        """Return up to four topics of a paper, the most fitting first; empty if neither text nor categories give one.

        Args:
            categories: As the source names them, primary first. They break ties and make weak words count; alone they
                decide only if the text has no topic.
            keywords: Free words of authors or sources.
            likely: Guessed categories: they break ties and make weak words count too.
            sure: Those of *likely* that may decide if the text has no topic.
        """
        in_title = list(self._hits(title))
        in_abstract = list(self._hits(abstract))
        as_keyword = [hit for word in keywords for hit in self._hits(word)]
        said = frozenset(c for category in (*categories, *likely) for c in _with_archive(category))
        found = (*in_title, *in_abstract, *as_keyword)
        trusted = self._trusted(found, said, by_neighbours=not self.knows_any(categories))
        scores: dict[int, float] = {}
        for hits, worth in ((in_title, _IN_TITLE), (in_abstract, 1.0), (as_keyword, _AS_KEYWORD)):
            for topic, score in _weigh(hit for hit in hits if not hit.weak or hit.topic in trusted):
                scores[topic] = scores.get(topic, 0.0) + worth * score
        chosen = [self._topics[n] for n in self._best(scores, said)]
        if all(topic.broad for topic in chosen):
            # "Machine learning" is said in econometrics too; there the category is the better guide.
            by_category = self._by_category((*categories, *sure))
            if by_category and by_category not in chosen and not (chosen and by_category.broad):
                chosen.insert(0, by_category)
        return tuple(topic.name for topic in chosen[:_MOST_TOPICS])

    def _best(self, scores: Mapping[int, float], categories: frozenset[str]) -> list[int]:
        ordered = sorted((-round(self._with_categories(n, score, categories), 6), n) for n, score in scores.items())
        return [
            n
            for place, (score, n) in enumerate(ordered)
            if place == 0 or (scores[n] >= _ENOUGH_BESIDE_OTHERS and score <= _ENOUGH_OF_BEST * ordered[0][0])
        ]

    def _hits(self, text: str) -> Iterator[_Hit]:
        """Yield the aliases in *text* from left to right, the longest at each place, without overlaps."""
        words = list(iter_small_words(text[:_LONGEST_TEXT]))
        place = 0
        while place < len(words):
            for length in range(self._longest.get(words[place], 0), 0, -1):
                if found := self._words.get(" ".join(words[place : place + length])):
                    yield _Hit(found.topic, found.weak, length)
                    place += length - 1
                    break
            place += 1

    def _trusted(self, hits: Sequence[_Hit], categories: frozenset[str], *, by_neighbours: bool) -> set[int]:
        """Return the topics whose weak words count in this paper.

        Args:
            by_neighbours: Weak words also count beside a sure word of the same field.
        """
        sure = {hit.topic for hit in hits if not hit.weak}
        sure_fields = {self._topics[n].field for n in sure} if by_neighbours else set()
        return {
            hit.topic
            for hit in hits
            if hit.weak
            and (
                hit.topic in sure
                or self._topics[hit.topic].field in sure_fields
                or not categories.isdisjoint(self._topics[hit.topic].company)
            )
        }

    def _with_categories(self, n: int, score: float, categories: frozenset[str]) -> float:
        topic = self._topics[n]
        if not categories.isdisjoint(topic.categories):
            score += _CATEGORY_OF_TOPIC
        elif not categories.isdisjoint(topic.company):
            score += _CATEGORY_OF_FIELD
        return score * _BROAD if topic.broad else score

    def _by_category(self, categories: Sequence[str]) -> Topic | None:
        """Return the topic of the first category that has one; "math.AP" goes before "math"."""
        for category in categories:
            for each in _with_archive(category):
                if topic := next((topic for topic in self._topics if each in topic.categories), None):
                    return topic
        return None

    def _topic_within(self, tag: str, fields: Collection[str] = ()) -> str | None:
        """Return the topic of the longest alias in *tag*, a narrow topic before a broad one.

        Args:
            fields: Fields whose weak words count.
        """
        hits = [hit for hit in self._hits(tag) if not hit.weak or self._topics[hit.topic].field in fields]
        best = max(hits, key=lambda hit: (not self._topics[hit.topic].broad, not hit.weak, hit.length), default=None)
        return self._topics[best.topic].name if best else None


def _weigh(hits: Iterable[_Hit]) -> Iterator[tuple[int, float]]:
    """Yield topics with their weights: that of the best word, raised a little by how often the topic is named."""
    best: dict[int, float] = {}
    times: dict[int, int] = {}
    for hit in hits:
        worth = 1 + _PER_FURTHER_WORD * (min(hit.length, 4) - 1)
        best[hit.topic] = max(best.get(hit.topic, 0.0), worth * _WEAK if hit.weak else worth)
        times[hit.topic] = times.get(hit.topic, 0) + 1
    for topic, worth in best.items():
        yield topic, worth * (1 + 0.5 * math.log(times[topic]))


def _with_archive(category: str) -> tuple[str, str]:
    """ "astro-ph.GA" → "astro-ph.ga" and "astro-ph"."""
    folded = category.casefold()
    return folded, folded.partition(".")[0]


def plain_word(word: str) -> str:
    """Return *word* as plain text on one line, cut between words."""
    printable = "".join(char if char.isprintable() else " " for char in strip_invisible(word[:400]))
    text = one_line(re.sub(r"[<>{}\[\]|`*#\"“”]+", " ", printable)).strip(" .,;:-_/\\'()")
    if len(text) > _LONGEST_PROPOSAL:
        text = text[: _LONGEST_PROPOSAL + 1].rpartition(" ")[0] or text[:_LONGEST_PROPOSAL]
    return text.strip(" .,;:-_/\\'()") if any(map(str.isalnum, text)) else ""
