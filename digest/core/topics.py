"""The taxonomy: names, aliases, where a tag belongs, and which topics a paper has.

    taxonomy.toml ──parse──► Taxonomy ──.fold(free tags)───────────────► topics, and the words that are none
                                      ──.tag(title, abstract, categories)──► up to four topics, best first

Text and aliases are both brought down to the same small words ("LLMs" → "llm", "text-to-image" → "text to image"), and
runs of these are looked up in one dictionary: what a paper costs does not grow with the number of aliases.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from digest.core.errors import ConfigError
from digest.core.text import one_line, strip_invisible

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

_KEYS: Final = ("aliases", "weak", "broad", "categories")


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """One line of the file."""

    name: str
    field: str
    broad: bool
    """Said of so many papers that a narrower topic goes first."""
    categories: frozenset[str]
    """Categories that mean it when the text says nothing. In small letters."""
    company: frozenset[str]
    """Categories of papers in which its weak words can be trusted."""


@dataclass(frozen=True, slots=True)
class _Word:
    """What a run of words stands for."""

    topic: int
    weak: bool
    alias: str


@dataclass(frozen=True, slots=True)
class _Hit:
    topic: int
    weak: bool
    length: int


class Taxonomy:
    """Topics in two levels, in the order of their file."""

    def __init__(self, topics: Sequence[Topic], words: Mapping[str, _Word]) -> None:
        self._topics = tuple(topics)
        self._by_name = {topic.name: topic for topic in self._topics}
        self._words = words
        self._known_categories = frozenset().union(*(topic.company for topic in self._topics))
        self._longest: dict[str, int] = {}
        for alias in words:
            first, *more = alias.split(" ")
            self._longest[first] = max(self._longest.get(first, 0), 1 + len(more))

    @classmethod
    def parse(cls, text: str) -> Taxonomy:
        """Read the text of a `taxonomy.toml`.

        Raises:
            ConfigError: It is no TOML, has an unknown key, or one word stands for two topics.
        """
        try:
            fields = tomllib.loads(text)
        except tomllib.TOMLDecodeError as exc:
            raise ConfigError(f"taxonomy.toml: {exc}") from exc
        topics: list[Topic] = []
        words: dict[str, _Word] = {}
        for topic, aliases, weak in _read(fields):
            if any(topic.name == other.name for other in topics):
                raise ConfigError(f"taxonomy.toml: “{topic.name}” stands under two fields: leave one out")
            # A name that is weak by itself stands among the weak words too.
            own = () if _small_words(topic.name) in map(_small_words, weak) else (topic.name,)
            for alias in (*own, *aliases, *weak):
                _enter(words, topics, _Word(len(topics), alias in weak, alias), topic.name)
            topics.append(topic)
        return cls(topics, words)

    @property
    def names(self) -> tuple[str, ...]:
        """All topics, in the file's order."""
        return tuple(topic.name for topic in self._topics)

    def field(self, topic: str) -> str:
        """The field *topic* belongs to. A name the file does not have (any more) is a field of its own."""
        known = self._by_name.get(topic)
        return known.field if known else topic

    def topic(self, name_or_alias: str) -> str | None:
        """The topic that *name_or_alias* names, whatever its case, number and hyphens, or "(LLMs)" behind it."""
        outside = re.sub(r"\([^()]*\)", " ", name_or_alias)
        for text in (name_or_alias, outside, *re.findall(r"\(([^()]*)\)", name_or_alias)):
            if word := self._words.get(" ".join(_small_words(text))):
                return self._topics[word.topic].name
        return None

    def fold(self, words: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Free tags, of models or sources, as topics; and those that are none, cleaned and of at most 40 characters.

        Both in the order of the tags and without doubles. A tag that is no alias goes by the longest one in it, if
        that is a sure and narrow one: "video diffusion transformers with memory" → "Video generation".
        """
        topics: dict[str, None] = {}
        proposed: dict[str, str] = {}
        for word in words:
            if name := self.topic(word) or self._topic_within(word):
                topics.setdefault(name)
            elif cleaned := _clean(word):
                proposed.setdefault(cleaned.casefold(), cleaned)
        return tuple(topics), tuple(proposed.values())

    def tag(
        self, title: str, abstract: str, categories: Sequence[str], keywords: Iterable[str] = ()
    ) -> tuple[str, ...]:
        """Up to four topics of a paper, the most fitting first; empty where nothing speaks for any.

        Args:
            categories: As the source names them, primary first. They break ties and vouch for weak words; alone they
                decide only when the text has no topic.
            keywords: Free words of authors or sources.
        """
        in_title = list(self._hits(title))
        in_abstract = list(self._hits(abstract))
        as_keyword = [hit for word in keywords for hit in self._hits(word)]
        said = frozenset(c for category in categories for c in _with_archive(category))
        trusted = self._trusted((*in_title, *in_abstract, *as_keyword), said)
        scores: dict[int, float] = {}
        for hits, worth in ((in_title, _IN_TITLE), (in_abstract, 1.0), (as_keyword, _AS_KEYWORD)):
            for topic, score in _weigh(hit for hit in hits if not hit.weak or hit.topic in trusted):
                scores[topic] = scores.get(topic, 0.0) + worth * score
        chosen = [self._topics[n] for n in self._best(scores, said)]
        if all(topic.broad for topic in chosen):
            # "Machine learning" is said in econometrics too: the category knows better.
            by_category = self._by_category(categories)
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
        """Aliases in *text* from left to right, the longest at each place; none overlaps another."""
        words = _small_words(text[:_LONGEST_TEXT])
        place = 0
        while place < len(words):
            for length in range(self._longest.get(words[place], 0), 0, -1):
                if found := self._words.get(" ".join(words[place : place + length])):
                    yield _Hit(found.topic, found.weak, length)
                    place += length - 1
                    break
            place += 1

    def _trusted(self, hits: Sequence[_Hit], categories: frozenset[str]) -> set[int]:
        """Topics whose weak words count in this paper."""
        sure = {hit.topic for hit in hits if not hit.weak}
        sure_fields = {self._topics[n].field for n in sure} if categories.isdisjoint(self._known_categories) else set()
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
        """The topic that the first telling category means; "math.AP" itself goes before "math"."""
        for category in categories:
            for each in _with_archive(category):
                if topic := next((topic for topic in self._topics if each in topic.categories), None):
                    return topic
        return None

    def _topic_within(self, tag: str) -> str | None:
        sure = [hit for hit in self._hits(tag) if not hit.weak and not self._topics[hit.topic].broad]
        best = max(sure, key=lambda hit: hit.length, default=None)
        return self._topics[best.topic].name if best else None


def _read(fields: Mapping[str, Any]) -> Iterator[tuple[Topic, tuple[str, ...], tuple[str, ...]]]:
    """Each topic of the file with its sure and its weak words."""
    for field, table in fields.items():
        if not isinstance(table, dict):
            raise ConfigError(f"taxonomy.toml: “{field}” stands outside a field: put it below a [table]")
        of_field = _strings(table.get("categories", []), f"[{field}] categories")
        for name, line in table.items():
            if name == "categories":
                continue
            where = f"[{field}] {name}"
            if not isinstance(line, dict):
                raise ConfigError(f"taxonomy.toml: {where}: must be a table like {{ aliases = [] }}")
            for key in line:
                if key not in _KEYS:
                    near = get_close_matches(key, _KEYS, n=1) or ["aliases"]
                    raise ConfigError(f"taxonomy.toml: {where}: {key}: unknown key; did you mean {near[0]}?")
            own = _strings(line.get("categories", []), f"{where}: categories")
            topic = Topic(
                name=name,
                field=field,
                broad=line.get("broad", False) is True,
                categories=frozenset(map(str.casefold, own)),
                company=frozenset(map(str.casefold, (*of_field, *own))),
            )
            aliases, weak = (_strings(line.get(key, []), f"{where}: {key}") for key in ("aliases", "weak"))
            yield topic, aliases, weak


def _strings(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ConfigError(f'taxonomy.toml: {where}: must be a list of words like ["…", "…"]')
    return tuple(value)


def _enter(words: dict[str, _Word], topics: Sequence[Topic], word: _Word, name: str) -> None:
    key = " ".join(_small_words(word.alias))
    if not key:
        raise ConfigError(f"taxonomy.toml: {name}: “{word.alias}” has no letter")
    other = words.get(key)
    if other:
        owner = topics[other.topic].name if other.topic < len(topics) else name
        raise ConfigError(
            f"taxonomy.toml: “{word.alias}” stands under “{name}”, and as “{other.alias}” under “{owner}”: remove one"
        )
    words[key] = word


def _weigh(hits: Iterable[_Hit]) -> Iterator[tuple[int, float]]:
    """Topics with the worth of their best word, raised a little by how often they are named."""
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


_WORD: Final = re.compile(r"[^\W_]+")
# Written as one word by half of the authors.
_RESPELLED: Final = re.compile(r"\b(pre|fine|post|cross|multi)(?=train|tun|lingual|agent)")


def _small_words(text: str) -> list[str]:
    """Words as they are compared: small letters, hyphens and signs gone, singular, "-isation" as "-ization"."""
    return [_singular(word) for word in _WORD.findall(_RESPELLED.sub(r"\1 ", text.casefold()))]


def _singular(word: str) -> str:
    """Not grammar: "series" becomes "sery". It is enough that text and aliases meet."""
    if "isation" in word:
        word = word.replace("isation", "ization")
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-2] if word.endswith(("sses", "xes", "ches", "shes")) else word[:-1]


def _clean(word: str) -> str:
    """*word* as plain text on one line, cut between words."""
    printable = "".join(char if char.isprintable() else " " for char in strip_invisible(word[:400]))
    text = one_line(re.sub(r"[<>{}\[\]|`*#\"“”]+", " ", printable)).strip(" .,;:-_/\\'()")
    if len(text) > _LONGEST_PROPOSAL:
        text = text[: _LONGEST_PROPOSAL + 1].rpartition(" ")[0] or text[:_LONGEST_PROPOSAL]
    return text.strip(" .,;:-_/\\'()") if any(map(str.isalnum, text)) else ""
