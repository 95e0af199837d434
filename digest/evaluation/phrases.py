"""Measure how interests in words find papers, on Hugging Face's Daily Papers: do the papers of a keyword come first?

Each paper there has about ten keywords, which are kept out of what is ranked. A keyword that two or more of 500 papers
share is asked as an interest; those papers are to come first. The figure is nDCG@10. Three kinds are told apart:

    words differ          the keyword's words stand in less than a third of its papers; and each keyword of which there
                          is another name ("LLM agents", "large language model agents"), asked for papers that have it
                          under the other name alone
    phrase taken out      the keyword itself is cut out of 150 papers, wherever it stands; what is left must tell

Papers of before 2026-06 were looked at while the matching was made, and only later ones are measured; where a folder
has none, all are. Beside it stand plain ways, and what each part of the matching brings.
"""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from digest import assets
from digest.core.models import Paper, PaperId
from digest.core.ranking.index import CandidateIndex, Matching
from digest.core.ranking.lexicon import Lexicon
from digest.core.ranking.reasons import MATCHES
from digest.core.ranking.relevance import Background
from digest.core.words.abbreviations import abbreviations
from digest.core.words.stemming import stem
from digest.core.words.word_counts import word_counts, words
from digest.evaluation.figures import Figure, interval, mean
from digest.evaluation.sets import ListedPaper, keyword_days

_FROM: Final = "2026-06"
_PAPERS: Final = 500
_SEED: Final = 12
_DEPTH: Final = 10
_SHARED: Final = 2
"""Papers that must share a keyword."""
_EVERY: Final = 5
"""Of the keywords, every which one is also asked with the phrase taken out: papers are indexed anew for each."""
_AMONG: Final = 150
"""Papers among which its papers are then looked for."""
_DIFFER: Final = 1 / 3

WAYS: Final[Mapping[str, Matching]] = {
    "": Matching(),
    "words and pairs": Matching(stems=0, reversed=0, synonyms=0, related=0, together=0),
}
ABLATIONS: Final[Mapping[str, Matching]] = {
    "without pairs": Matching(pairs=0),
    "without stems": Matching(stems=0),
    "without other names": Matching(synonyms=0),
    "without related words": Matching(related=0),
    "without standing together": Matching(together=0),
}
_COSINE: Final = "cosine of words"
_ALL: Final[Mapping[str, Matching]] = {**WAYS, **ABLATIONS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A keyword asked as an interest."""

    text: str
    papers: frozenset[int]
    """Positions of the papers that are to come first."""
    beside: frozenset[int] = frozenset()
    """Positions of papers that are left out of what is ranked."""
    differs: bool = False


def measure(data: Path) -> tuple[Figure, ...]:
    """NDCG@10 of keywords as interests, as it ships and of plain ways beside it; and what each part brings."""
    name, listed = _read(data)
    if not listed:
        return ()
    papers = [Paper(id=PaperId(f"arxiv:{one.id}"), title=one.title, abstract=one.abstract) for one in listed]
    questions = (*asked(listed), *renamed(listed))
    background = Background.parse(assets.trained_text("words.txt"), _lexicon())
    found: dict[str, list[float]] = {}
    figures: list[Figure] = []

    def figure(label: str, values: Sequence[float], *, better: bool | None = True) -> Figure:
        low, high = interval(values, mean)
        return Figure(
            part="phrases",
            data=name,
            name=label,
            value=mean(values),
            low=low,
            high=high,
            of=len(values),
            higher_is_better=better,
        )

    for way, matching in _ALL.items():
        index = CandidateIndex(papers, background, matching=matching)
        found[way] = [ndcg(index.match(question.text), question) for question in questions]
        if way in WAYS:
            for label, kept in _KINDS.items():
                values = [v for v, q in zip(found[way], questions, strict=True) if kept(q)]
                figures.append(figure(", ".join(filter(None, (f"nDCG@{_DEPTH}", label, way))), values))
        if not way:
            figures.append(_precision(index, questions, figure))
    index = CandidateIndex(papers, background)
    plain = [ndcg(_cosines(index, question.text), question) for question in questions]
    for label, kept in _KINDS.items():
        values = [v for v, q in zip(plain, questions, strict=True) if kept(q)]
        figures.append(figure(", ".join(filter(None, (f"nDCG@{_DEPTH}", label, _COSINE))), values))
    for way in ABLATIONS:
        for label, kept in _KINDS.items():
            lost = [a - b for a, b, q in zip(found[""], found[way], questions, strict=True) if kept(q)]
            figures.append(figure(", ".join(filter(None, ("lost", label, way))), lost, better=None))
    some = [question for question in questions if not question.beside][::_EVERY]
    for way in ("", "words and pairs", "without related words"):
        matching = _ALL[way]
        values = [_taken_out(question, papers, background, matching) for question in some]
        figures.append(figure(", ".join(filter(None, (f"nDCG@{_DEPTH}, phrase taken out", way))), values))
    return tuple(figures)


_KINDS: Final[Mapping[str, Callable[[Question], bool]]] = {
    "": lambda question: not question.beside,
    "words differ": lambda question: question.differs,
}


def _read(data: Path) -> tuple[str, Sequence[ListedPaper]]:
    """Return the name of the set and the papers that are measured, in an order that is always the same."""
    name, days = keyword_days(data, since=_FROM)
    found = {paper.id: paper for day in days for paper in day}
    listed = [found[key] for key in sorted(found)]
    if len(listed) > _PAPERS:
        listed = random.Random(_SEED).sample(listed, _PAPERS)  # noqa: S311 -- sampling, not security
    return name, listed


def _lexicon() -> Lexicon:
    return Lexicon.parse(assets.shipped("synonyms.txt").read_text("utf-8"), assets.trained_text("related.txt"))


def asked(papers: Sequence[ListedPaper]) -> tuple[Question, ...]:
    """Return the keywords that papers share as questions, in alphabetical order; folded alike, they are one."""
    having, spelled = _keywords(papers, lambda keyword: " ".join(words(keyword)))
    texts = [frozenset(words(f"{paper.title} {paper.abstract}")) for paper in papers]
    found = []
    for folded, positions in sorted(having.items()):
        if len(positions) >= _SHARED:
            standing = sum(texts[p].issuperset(folded.split()) for p in positions)
            found.append(
                Question(
                    text=min(spelled[folded], key=lambda text: (-spelled[folded][text], text)),
                    papers=frozenset(positions),
                    differs=standing < _DIFFER * len(positions),
                )
            )
    return tuple(found)


def renamed(papers: Sequence[ListedPaper]) -> tuple[Question, ...]:
    """Return the keywords that have another name, as questions for papers with the other name alone."""
    longs: dict[str, Counter[str]] = {}
    for paper in papers:
        for short, long in set(abbreviations(f"{paper.title}. {paper.abstract}")):
            longs.setdefault(short, Counter())[long] += 1
    means = {short: min(c, key=lambda long: (-c[long], long)).split() for short, c in longs.items()}

    def thing(keyword: str) -> str:
        plain = [w for w in words(_without_brackets(keyword)) if w not in ("based", "of", "the", "for")]
        return " ".join(stem(word) for w in plain for word in means.get(w, [w]))

    things: dict[str, dict[str, set[int]]] = {}
    having, spelled = _keywords(papers, lambda keyword: " ".join(words(_without_brackets(keyword))))
    for folded, positions in having.items():
        things.setdefault(thing(folded), {})[folded] = positions
    found = []
    for _, names in sorted(things.items()):
        for folded, positions in sorted(names.items()):
            if others := set[int]().union(*names.values()) - positions:
                text = min(spelled[folded], key=lambda text: (-spelled[folded][text], text))
                found.append(Question(text=text, papers=frozenset(others), beside=frozenset(positions), differs=True))
    return tuple(found)


def _keywords(
    papers: Sequence[ListedPaper], fold: Callable[[str], str]
) -> tuple[dict[str, set[int]], dict[str, Counter[str]]]:
    """Return, for each folded keyword, the positions of the papers that have it, and how often it is spelled how."""
    having: dict[str, set[int]] = {}
    spelled: dict[str, Counter[str]] = {}
    for position, paper in enumerate(papers):
        for keyword in paper.keywords:
            if folded := fold(keyword):
                having.setdefault(folded, set()).add(position)
                spelled.setdefault(folded, Counter())[_without_brackets(keyword)] += 1
    return having, spelled


def _without_brackets(keyword: str) -> str:
    return re.sub(r"\([^()]{0,60}\)", " ", keyword).strip() or keyword


def ndcg(fits: Mapping[int, float], question: Question) -> float:
    """Return nDCG@10: the gain of the ten best papers, the first counting most, divided by the possible gain."""
    ranked = sorted((p for p in fits if p not in question.beside), key=lambda p: (-fits[p], p))[:_DEPTH]
    gain = sum(1 / math.log2(place + 2) for place, paper in enumerate(ranked) if paper in question.papers)
    return gain / sum(1 / math.log2(place + 2) for place in range(min(_DEPTH, len(question.papers))))


def _cosines(index: CandidateIndex, text: str) -> dict[int, float]:
    """Return how near papers are to a text by the words alone."""
    vector = index.space.vector(word_counts(text))
    return {n: cosine for n, paper in enumerate(index.vectors) if (cosine := paper.cosine(vector)) > 0}


def _precision(
    index: CandidateIndex, questions: Iterable[Question], figure: Callable[[str, Sequence[float]], Figure]
) -> Figure:
    """Return the share of the papers said to match a keyword that have it; keywords of several words alone."""
    shares = []
    for question in questions:
        matched = {p for p, fit in index.match(question.text).items() if fit >= MATCHES}
        if matched and not question.beside and " " in question.text:
            shares.append(len(matched & question.papers) / len(matched))
    return figure("precision of what matches", shares)


def _taken_out(question: Question, papers: Sequence[Paper], background: Background, matching: Matching) -> float:
    phrase = words(question.text)
    others = [p for p in range(len(papers)) if p not in question.papers]
    lot = random.Random(question.text).sample(others, min(len(others), _AMONG))  # noqa: S311 -- sampling, not security
    some = sorted({*question.papers, *lot[: max(0, _AMONG - len(question.papers))]})
    cut = [
        replace(papers[p], title=_cut(papers[p].title, phrase) or "-", abstract=_cut(papers[p].abstract, phrase))
        for p in some
    ]
    here = replace(question, papers=frozenset(n for n, p in enumerate(some) if p in question.papers))
    return ndcg(CandidateIndex(cut, background, matching=matching).match(question.text), here)


def _cut(text: str, phrase: Sequence[str]) -> str:
    """Return *text* without *phrase*, wherever it stands in it; folded only where it did."""
    folded = words(text)
    kept: list[str] = []
    at = 0
    while at < len(folded):
        if folded[at : at + len(phrase)] == phrase:
            at += len(phrase)
        else:
            kept.append(folded[at])
            at += 1
    return text if len(kept) == len(folded) else " ".join(kept)
