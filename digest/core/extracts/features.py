"""Features of a sentence of an abstract, as numbers with readable names: `{"position.first": 1.0, …}`.

    sentence ──► of_sentence: where it stands, what its words tell ──────────────────────────┐
    variant  ──► of_variant: closeness to the title and to the rest, length, what was cut ──────┴─► × weights

The part before the dot is the group; `digest/trained/summaries.toml` has a table for each, with the weights.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final

from digest.core.extracts import cues
from digest.core.extracts.cues import Sentence, words
from digest.core.extracts.trimming import Variant

GROUPS: Final = ("position", "cues", "title", "centrality", "length", "cut", "opens", "words")

STOP: Final = frozenset(
    """a about above after again all also although an and any are as at be because been before being between both but
    by can could did do does doing during each few for from further had has have having here how however if in into is
    it its itself may more most much must no nor not of off on once one only or other our out over own same several
    should since so some such than that the their them then there therefore these they this those through thus to too
    under up upon us use used uses using very via was we were what when where whether which while who whose why will
    with within without would yet""".split()
)
_ENDINGS: Final = tuple(
    """izations ization ations ation ingly ments ment ities ity ings ing ions ion ies ied ers er ed es ly al ive s e
    y""".split()
)
_STEM_AT_LEAST: Final = 4
_LENGTHS: Final = (6, 9, 12, 15, 18, 21, 24, 27, 30, 35, 40, 50)
_THIN_BELOW: Final = 12
"""Words below which a sentence counts as thin: "We introduce X, a framework for Y." says little."""
_TITLE_WORDS: Final = 5


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Remove the commonest endings of *word*, coarsely: "learning", "learned" and "learn" become one stem."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _STEM_AT_LEAST:
            return word[: -len(ending)]
    return word


def telling(found: Iterable[str]) -> tuple[str, ...]:
    """Return the stems of the words that are no stop words, in order."""
    return tuple(stem(word) for word in found if len(word) > 1 and word not in STOP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Data on a whole abstract and its title, made once, with which the variants of its sentences are compared."""

    sentences: Sequence[Sentence]
    title: tuple[str, ...]
    """The telling stems of the title, in order, each once."""
    reachable: int
    """How many stems of the title the abstract has."""
    nearest: int
    """The most stems of the title that one sentence has."""
    spread: Counter[str]
    """In how many of the abstract's sentences a telling stem stands."""
    often: Counter[str]
    """How often each telling stem stands in the abstract."""
    most: tuple[int, ...]
    """Running sums of these counts, the commonest stem first: those of the first, the first two, …"""
    cues: Sequence[Mapping[str, float]]
    """For each sentence the values of its cues, by the names of `cues.CUES`."""
    news: Mapping[int, int]
    """Position of each sentence in which the authors say what they do → how many such sentences come before it."""
    proposing: frozenset[int]
    """The positions of the sentences in which the authors propose something."""

    @classmethod
    def of(cls, title: str, sentences: Sequence[Sentence]) -> Context:
        """Make the context of an abstract with this title."""
        stems = [telling(words(s.raw)) for s in sentences]
        told = [{cue.__name__: cue(s) for cue in cues.CUES} for s in sentences]
        often = Counter(stem for found in stems for stem in found)
        wanted = tuple(dict.fromkeys(telling(words(title))))
        return cls(
            sentences=sentences,
            title=wanted,
            reachable=sum(stem in often for stem in wanted),
            nearest=max((len(set(wanted).intersection(found)) for found in stems), default=0),
            spread=Counter(stem for found in stems for stem in set(found)),
            often=often,
            most=tuple(accumulate(sorted(often.values(), reverse=True))),
            cues=told,
            news={place: n for n, place in enumerate(s.place for s in sentences if cues.speaks_up(s.low))},
            proposing=frozenset(place for place, found in enumerate(told) if found["proposes"]),
        )


def of_sentence(s: Sentence, context: Context) -> dict[str, float]:
    """Return the features that all variants of *s* share."""
    found = _position(s, context)
    found |= {f"cues.{name}": value for name, value in context.cues[s.place].items() if value}
    for word in words(s.raw):
        found[f"words.{word}"] = 1.0
    return found


def of_variant(variant: Variant, s: Sentence, context: Context) -> dict[str, float]:
    """Return the features that differ between the variants of *s*."""
    said = words(variant.text)
    stems = telling(said)
    found = {f"length.over {limit}": (len(said) - limit) / 10 for limit in _LENGTHS if len(said) > limit}
    if len(said) < _THIN_BELOW:
        found["length.thin"] = 1 - len(said) / _THIN_BELOW
    found |= _title(stems, context.cues[s.place], context) | _centrality(stems, len(said), context)
    for name in variant.cut:
        found[f"cut.{name}"] = 1.0
    for size in (1, 2, 3):
        found[f"opens.{' '.join(said[:size])}"] = 1.0
    return found


def _position(s: Sentence, context: Context) -> dict[str, float]:
    found = {
        f"position.place {min(s.place, 6)}": 1.0,
        f"position.from end {min(s.of - 1 - s.place, 4)}": 1.0,
        "position.share": s.place / max(1, s.of - 1),
    }
    if s.place >= s.first_announced >= 0:
        found[f"position.from news {min(s.place - s.first_announced, 4)}"] = 1.0
    if s.place == 0 and s.of <= 3:
        found["position.first of few"] = 1.0
    if s.place in context.news:
        found["position.news before"] = min(3, context.news[s.place]) / 3
        found["position.only news"] = float(len(context.news) == 1)
    if s.place in context.proposing:
        found["position.first to propose"] = float(s.place == min(context.proposing))
    elif context.proposing:
        found["position.another proposes"] = 1.0
    return found


def _title(stems: Sequence[str], told: Mapping[str, float], context: Context) -> dict[str, float]:
    if not context.title:
        return {}
    own = set(stems)
    hits = sum(stem in own for stem in context.title)
    pairs = set(pairwise(context.title))
    both = len(pairs.intersection(pairwise(stems)))
    found = {f"title.at least {n}": 1.0 for n in range(1, min(hits, _TITLE_WORDS) + 1)}
    if hits and hits >= context.nearest - 1:
        found["title.nearly most words"] = 1.0
        found["title.most words"] = float(hits >= context.nearest)
    return found | {
        "title.words if it announces": hits / 4 * told["announces"],
        "title.words if it proposes": hits / 4 * told["proposes"],
        "title.share of title": hits / len(context.title),
        "title.share of sentence": hits / max(1, len(own)),
        "title.words": min(hits, 8) / 4,
        "title.share of reachable": hits / max(1, context.reachable),
        "title.share of pairs": both / max(1, len(pairs)),
        "title.pairs": min(both, 4) / 4,
    }


def _centrality(stems: Sequence[str], size: int, context: Context) -> dict[str, float]:
    """Return features for how much of a variant's content the other sentences have too."""
    own = set(stems)
    others = max(1, len(context.sentences) - 1)
    shared = sum(max(0, context.spread[stem] - 1) for stem in own) / others
    most = context.most[min(len(own), len(context.most)) - 1] if own else 1
    return {
        "centrality.shared": shared / max(1, len(own)),
        "centrality.shared in all": shared**0.5,
        "centrality.often": sum(context.often[stem] for stem in own) / most,
        "centrality.telling words": len(stems) / max(1, size),
    }
