"""Weigh the topics that a paper names: by where, how often, and by the categories that speak their language.

    title, abstract ──► places: title, naming sentence, opening, the rest ──► mentions (aliases of the taxonomy)
    mentions ──► evidence for each topic ──► up to three topics, the one that the paper is about first

One mention in passing is no topic: "cold-start training" recommends nothing, and a benchmark that lists twelve tasks is
about none of them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from digest.core.topics.taxonomy import Topic

VERSION: Final = "3"
"""Changes with every change of what topics a paper gets, so that stored extracts are made anew."""
MOST_TOPICS: Final = 3

# What a mention counts. The weights, and how the categories are set off against them, are a logistic regression's on
# 835 papers of Hugging Face (2026-04 and 2026-05) with the keywords that are listed there as the right answer, rounded;
# that of the title is higher than there, as keywords name methods rather than what a paper is about.
_IN_TITLE: Final = 2.5
_AS_MEANS_IN_TITLE: Final = 1.6
_IN_NAMING: Final = 1.5
_IN_OPENING: Final = 0.7
_IN_PASSING: Final = 1.0
_AS_KEYWORD: Final = 1.2
_AS_ONE_OF_MANY_KEYWORDS: Final = 0.6
_FEW_KEYWORDS: Final = 6
"""Up to so many, keywords say what a paper is about; longer lists name whatever it uses."""
_NAMED: Final = frozenset({_IN_TITLE, _AS_MEANS_IN_TITLE, _AS_KEYWORD})
_WEAK: Final = 0.4
_WEAK_IN_TITLE: Final = 0.5
_WEAK_ALONE: Final = 0.45
"""By how much the evidence of a topic is lowered that only weak words name."""
_WEAK_AGREEMENT: Final = 0.3
"""How far the categories must speak the language of a topic that only weak words name."""
_PER_FURTHER_WORD: Final = 0.05
"""The longer an alias, the less likely it is there by chance."""
_MOST_FURTHER_WORDS: Final = 2
_AGREEMENT: Final = 0.5
"""What categories add that all speak the language of the topic's field; of a part of them, that part."""
_OWN_CATEGORY: Final = 0.2
_UNNAMED: Final = 0.35
"""By how much more evidence a topic needs that neither the title nor a keyword names."""
_ENOUGH: Final = 1.25
"""Evidence of a topic: one mention in the title. An abstract alone must name it twice or more (`_UNNAMED`)."""
_ENOUGH_ALONE: Final = 1.04
"""Evidence of a topic in the naming sentence, where there is no other."""
_ENOUGH_WEAK: Final = 0.85
"""Evidence of a topic that weak words of the title name, where there is no other."""
_BROAD_NEEDS: Final = 0.35
_BROAD: Final = 0.45
"""By how much the evidence of a broad topic is lowered when it is compared with others."""
_HEAD: Final = 0.2
"""By how much the evidence of what the title names is raised when it is compared with others. Of 40 papers whose first
topic this changes, it is the better one in 26, and the worse in 7."""
_ENOUGH_OF_BEST: Final = 0.64
_NEUTRAL: Final = 0.5
"""The agreement of categories that cannot tell: where there are none, or none that the topic's field has."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A word or run of words of a text that names a topic."""

    topic: int
    weak: bool
    length: int
    """Its words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A part of a paper's text, and what a mention there counts."""

    text: str
    worth: float


@dataclass(frozen=True, slots=True)
class Chosen:
    """A topic that the text is enough for."""

    number: int
    in_title: bool
    """Whether a word of it, sure or weak, stands in the title, and not as the means."""
    is_head: bool
    """Whether a sure word of it does."""


@dataclass(slots=True)
class _Evidence:
    """What speaks for one topic."""

    count: float = 0.0
    longest: int = 1
    is_named: bool = False
    """Whether it stands in the title or is a keyword: there nothing is said in passing."""
    in_title: bool = False
    is_head: bool = False
    """Whether a sure word of it stands in the title, and not as the means."""
    is_aim: bool = False
    """Whether it stands in the naming sentence."""
    all_weak: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """The categories of a paper, as far as they tell which topics to expect."""

    said: frozenset[str] = frozenset()
    """Those that make weak words count, in lower case, with their archives: "astro-ph.ga" and "astro-ph"."""
    shares: Sequence[tuple[tuple[str, str], float]] = ()
    """How likely each category is, with its archive; empty if nothing is known."""
    telling: frozenset[str] = frozenset()
    """Categories that could have been among `shares`; empty: all."""

    def agreement(self, categories: frozenset[str]) -> float:
        """How far the paper's categories are among *categories*, those of a topic: from 0 to 1."""
        if not self.shares or (self.telling and self.telling.isdisjoint(categories)):
            return _NEUTRAL
        return min(1.0, sum(p for names, p in self.shares if not categories.isdisjoint(names)))


_MEANS: Final = re.compile(r"\b(?:via|using|through|by|with|based on|from)\b.*?(?=\bfor\b|:|$)", re.IGNORECASE)
_NAMING: Final = re.compile(
    r"\b(?:we|this (?:paper|work|article|study|survey|review|letter|thesis|report|chapter)|the paper|our work)\b"
    r"[^.]{0,80}?\b(?:propos|introduc|present|develop|stud[yi]|investigat|describ|buil[dt]|formulat|examin|analy[sz]"
    r"|address|survey|review|explor|releas|design|revisit|evaluat|construct|establish|prove|measure|compare)",
    re.IGNORECASE,
)
_END: Final = re.compile(r"[.!?](?=\s+[A-Z(\[])")


def places(title: str, abstract: str) -> Iterator[Place]:
    """Yield the parts of a paper's text. Together they are the whole text, each word in one of them.

    The naming sentence is the first of the abstract that says what its authors did; the opening is the sentence before
    all others, unless it is the naming one.
    """
    at = 0
    for means in _MEANS.finditer(title):
        yield Place(text=title[at : means.start()], worth=_IN_TITLE)
        yield Place(text=means.group(), worth=_AS_MEANS_IN_TITLE)
        at = means.end()
    yield Place(text=title[at:], worth=_IN_TITLE)
    ends = [0, *(match.end() for match in _END.finditer(abstract)), len(abstract)]
    naming = _NAMING.search(abstract)
    starts, stops = (0, 0)
    if naming:
        starts = max(end for end in ends if end <= naming.start())
        stops = min(end for end in ends if end > naming.start())
        yield Place(text=abstract[starts:stops], worth=_IN_NAMING)
    opening = ends[1] if not naming or starts > 0 else 0
    yield Place(text=abstract[:opening], worth=_IN_OPENING if naming else _IN_PASSING)
    yield Place(text=abstract[max(opening, 0) : starts] if naming else abstract[opening:], worth=_IN_PASSING)
    if naming:
        yield Place(text=abstract[stops:], worth=_IN_PASSING)


def worth_of_keyword(among: int) -> float:
    """Return what a mention in one of *among* keywords counts."""
    return _AS_KEYWORD if among <= _FEW_KEYWORDS else _AS_ONE_OF_MANY_KEYWORDS


def choose(
    topics: Sequence[Topic],
    mentions: Sequence[tuple[Mention, float]],
    company: Company,
    trusted: Collection[int],
) -> list[Chosen]:
    """Return the topics that the *mentions* are enough for, the most fitting first.

    Args:
        mentions: Each with what it counts.
        trusted: Topics whose weak words count.
    """
    found: dict[int, _Evidence] = {}
    for mention, worth in mentions:
        if mention.weak and mention.topic not in trusted:
            continue
        one = found.setdefault(mention.topic, _Evidence())
        one.count += worth * (_WEAK_IN_TITLE if worth >= _AS_MEANS_IN_TITLE else _WEAK) if mention.weak else worth
        one.longest = max(one.longest, mention.length)
        one.is_named = one.is_named or worth in _NAMED
        one.in_title = one.in_title or worth == _IN_TITLE
        one.is_head = one.is_head or (worth == _IN_TITLE and not mention.weak)
        one.is_aim = one.is_aim or worth == _IN_NAMING
        one.all_weak = one.all_weak and mention.weak
    agreements = {each: company.agreement(each) for each in {topics[n].company for n in found}}
    evidence = {
        n: _strength(topics[n], one, agreements[topics[n].company], company.said)
        for n, one in found.items()
        if not one.all_weak or agreements[topics[n].company] >= _WEAK_AGREEMENT
    }
    # Rounded, so that every machine orders them alike.
    ranks = {
        n: (strength + _HEAD * found[n].is_head) * (_BROAD if topics[n].broad else 1)
        for n, strength in evidence.items()
    }
    ordered = sorted(evidence, key=lambda n: (-round(ranks[n], 6), n))
    enough = [n for n in ordered if evidence[n] >= _needed(topics[n], found[n])]
    if not enough:
        # What the title names, or else what the authors say that they did, is better than nothing.
        named = [n for n in ordered if found[n].is_named and not (found[n].all_weak and evidence[n] < _ENOUGH_WEAK)]
        aims = [n for n in ordered if found[n].is_aim and evidence[n] >= _ENOUGH_ALONE]
        enough = (named or aims)[:1]
    best = evidence[enough[0]] if enough else 0.0
    return [
        Chosen(n, found[n].in_title, found[n].is_head)
        for n in enough
        if n == enough[0] or evidence[n] >= _ENOUGH_OF_BEST * best
    ][:MOST_TOPICS]


def _needed(topic: Topic, one: _Evidence) -> float:
    return _ENOUGH + (_BROAD_NEEDS if topic.broad else 0) + (0 if one.is_named else _UNNAMED)


def _strength(topic: Topic, one: _Evidence, agreement: float, said: Collection[str]) -> float:
    strength = math.log1p(one.count) + _PER_FURTHER_WORD * min(one.longest - 1, _MOST_FURTHER_WORDS)
    if one.all_weak:
        strength -= _WEAK_ALONE
    if one.is_named and not one.all_weak:
        # A paper on medicine may speak the language of machine learning: then its title tells.
        agreement = max(agreement, _NEUTRAL)
    strength += _AGREEMENT * agreement
    if not topic.categories.isdisjoint(said):
        strength += _OWN_CATEGORY
    return strength


def with_archive(category: str) -> tuple[str, str]:
    """ "astro-ph.GA" → "astro-ph.ga" and "astro-ph"."""
    folded = category.casefold()
    return folded, folded.partition(".")[0]
