"""The taxonomy of topics: fold free tags into topics by aliases, and tag papers with topics by their text.

    taxonomy.toml, config ──parse──► Taxonomy
                                      ──.fold(free tags)───────────────► topics, and the words that are none
                                      ──.tag(title, abstract, categories)──► up to three topics, best first

Text and aliases are both brought down to the same small words ("LLMs" → "llm", "text-to-image" → "text to image"), and
runs of these are looked up in one dictionary: what a paper costs does not grow with the number of aliases.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any, Final

from digest.core.topics import homes, taxonomy, weighing
from digest.core.topics.taxonomy import Contents, list_small_words, small_words
from digest.core.topics.weighing import Company, Mention, with_archive
from digest.core.words.text import one_line, strip_invisible

_LONGEST_PROPOSAL: Final = 40
_LONGEST_TEXT: Final = 20_000
_LIKELY: Final = 0.25
"""Probability from which a guessed category makes weak words count.

On 500 papers of arXiv's listing of computer science, topics found with such guesses agree with those found with the
real categories at 0.95 (Jaccard), without any guess at 0.87.
"""
_SURE: Final = 0.5
"""Probability from which a guessed category gives a topic to a paper whose text names none. A title alone can mislead,
so there must be an abstract: "neural stemness" is no machine learning."""

_CERTAIN: Final = 0.8
"""Probability from which a guessed category gives its topic as one that the source names does."""


class Taxonomy:
    """Topics in two levels, in the order of their file."""

    def __init__(self, contents: Contents) -> None:
        self._topics = contents.topics
        self._by_name = {topic.name: topic for topic in self._topics}
        self._words = contents.words
        self.renamed = contents.renamed
        """What the config calls otherwise: the file's name → the config's."""
        self._known_categories = frozenset[str]().union(*(topic.company for topic in self._topics))
        self._homes = homes.by_category(self._topics)
        lengths: dict[str, set[int]] = {}
        for alias in self._words:
            words = alias.split(" ")
            lengths.setdefault(words[0], set()).add(len(words))
        # The longest alias is looked for first.
        self._lengths = {word: tuple(sorted(each, reverse=True)) for word, each in lengths.items()}

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
        return hashlib.sha256(repr((weighing.VERSION, topics, words)).encode()).hexdigest()[:12]

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
        """The topics that *words* stand for: the one of that name, all of a field, the one of that alias, or none.

        "Physics" is a word of general physics, but whoever says it means the whole field.
        """
        folded, topic = small_words(words), self.topic(words)
        if topic and small_words(topic) == folded:
            return frozenset({topic})
        of_field = frozenset(each.name for each in self._topics if small_words(each.field) == folded)
        return of_field or frozenset({topic} if topic else ())

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
        best = max(self._mentions(tag), key=lambda mention: mention.length, default=None)
        if best:
            return self._topics[best.topic].name
        near = get_close_matches(small_words(tag), self._words, n=1, cutoff=0.88)
        return self._topics[self._words[near[0]].topic].name if near else None

    def given_by(self, category: str) -> str | None:
        """The topic that *category* gives; None if it gives none, as the name of a field."""
        number = homes.first(self._homes, [category])
        return None if number is None else self._topics[number].name

    def speaks(self, topic: str, category: str) -> bool:
        """Whether papers of *category* speak the language of *topic*'s field; "math.AP" does where "math" does."""
        known = self._by_name.get(topic)
        return known is not None and not known.company.isdisjoint(with_archive(category))

    def knows_any(self, categories: Iterable[str]) -> bool:
        """Whether the taxonomy knows any of *categories*."""
        return not self._known_categories.isdisjoint(c for category in categories for c in with_archive(category))

    def tag(
        self,
        title: str,
        abstract: str,
        categories: Sequence[str],
        keywords: Iterable[str] = (),
        *,
        guessed: Sequence[tuple[str, float]] = (),
        known: Collection[str] = (),
    ) -> tuple[str, ...]:
        """Return up to three topics of a paper, first the one it is about; empty if nothing gives one.

        Args:
            categories: As the source names them, primary first; the name of a topic or a field is a category too. They
                break ties and make weak words count. A specific primary one always gives its topic, a vague one only
                if the text has no topic.
            keywords: Free words of authors or sources.
            guessed: Categories that are likely by the words, with their probabilities. They count as *categories* do,
                as far as they are likely; one that is more likely than not may decide too, and one that is nearly sure
                gives its topic as the primary category does.
            known: The categories that could have been guessed; empty: any.
        """
        company = self._company(categories, guessed, known)
        mentions = [
            (mention, place.worth)
            for place in weighing.places(title[:_LONGEST_TEXT], abstract[:_LONGEST_TEXT])
            for mention in self._mentions(place.text)
        ]
        listed = tuple(keywords)
        worth = weighing.worth_of_keyword(len(listed))
        mentions += [(mention, worth) for word in listed for mention in self._mentions(word)]
        trusted = self._trusted(
            [one for one, _ in mentions], company.said, by_neighbours=not self.knows_any(categories)
        )
        chosen = weighing.choose(self._topics, mentions, company, trusted)
        likely = [name for name, p in guessed if p >= _CERTAIN and abstract]
        numbers = [one.number for one in chosen]
        primary, home = next(iter(categories), ""), homes.certain(self._topics, self._homes, categories, numbers)
        if home is None and likely:
            primary, home = likely[0], homes.certain(self._topics, self._homes, likely, numbers, is_guess=True)
        if home is not None:
            numbers = homes.settle(self._topics, chosen, home, primary, company.said)
        elif all(self._topics[n].broad for n in numbers):
            # "Machine learning" is said in econometrics too; there the category is the better guide.
            sure = [name for name, p in guessed if p >= _SURE and abstract]
            vague = homes.first(self._homes, (*categories, *sure))
            if vague is not None and vague not in numbers and not (numbers and self._topics[vague].broad):
                numbers.insert(0, vague)
        return tuple(self._topics[n].name for n in numbers[: weighing.MOST_TOPICS])

    def _company(
        self, categories: Sequence[str], guessed: Sequence[tuple[str, float]], known: Collection[str]
    ) -> Company:
        likely = [name for name, p in guessed if p >= _LIKELY]
        said = frozenset(c for category in (*categories, *likely) for c in with_archive(category))
        if self.knows_any(categories):
            shares = [*((name, 1.0) for name in categories), *guessed]
            return Company(said=said, shares=[(with_archive(name), p) for name, p in shares])
        return Company(said=said, shares=[(with_archive(name), p) for name, p in guessed], telling=frozenset(known))

    def _mentions(self, text: str) -> Iterator[Mention]:
        """Yield the aliases in *text* from left to right, the longest at each place, without overlaps."""
        words = list_small_words(text[:_LONGEST_TEXT])
        known, lengths = self._words, self._lengths
        until = 0
        for place, word in enumerate(words):
            if word not in lengths or place < until:
                continue
            for length in lengths[word]:
                found = known.get(word if length == 1 else " ".join(words[place : place + length]))
                if found:
                    yield Mention(found.topic, found.weak, length)
                    until = place + length
                    break

    def _trusted(self, mentions: Sequence[Mention], categories: frozenset[str], *, by_neighbours: bool) -> set[int]:
        """Return the topics whose weak words count in this paper.

        Args:
            by_neighbours: Weak words also count beside a sure word of the same field.
        """
        sure = {mention.topic for mention in mentions if not mention.weak}
        sure_fields = {self._topics[n].field for n in sure} if by_neighbours else set()
        return {
            n
            for n in {mention.topic for mention in mentions if mention.weak}
            if n in sure or self._topics[n].field in sure_fields or not categories.isdisjoint(self._topics[n].company)
        }

    def _topic_within(self, tag: str, fields: Collection[str] = ()) -> str | None:
        """Return the topic of the longest alias in *tag*, a narrow topic before a broad one.

        Args:
            fields: Fields whose weak words count.
        """
        mentions = [
            mention
            for mention in self._mentions(tag)
            if not mention.weak or self._topics[mention.topic].field in fields
        ]
        best = max(
            mentions,
            key=lambda mention: (not self._topics[mention.topic].broad, not mention.weak, mention.length),
            default=None,
        )
        return self._topics[best.topic].name if best else None


def plain_word(word: str) -> str:
    """Return *word* as plain text on one line, cut between words."""
    printable = "".join(char if char.isprintable() else " " for char in strip_invisible(word[:400]))
    text = one_line(re.sub(r"[<>{}\[\]|`*#\"“”]+", " ", printable)).strip(" .,;:-_/\\'()")
    if len(text) > _LONGEST_PROPOSAL:
        text = text[: _LONGEST_PROPOSAL + 1].rpartition(" ")[0] or text[:_LONGEST_PROPOSAL]
    return text.strip(" .,;:-_/\\'()") if any(map(str.isalnum, text)) else ""
