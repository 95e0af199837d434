"""An index of a day's papers, made once and asked by every edition: which papers an interest in words finds, how well.

    papers ──► CandidateIndex ──┬──► match(phrase)   position → fit, 0 to 1, by postings of words
               (once a day)     ├──► terms(phrase)   the words of the phrase that tell why
                                └──► space, vectors  likeness of papers, for tastes and near-duplicates

A paper fits an interest by its parts (`digest.core.ranking.wording`), which must be there but for what hardly counts,
as a word that every paper of the list has: by their words and pairs of words, under any name that the lexicon has, in
other forms for less, and by related words for still less. Of papers that have as much, those come first in which it
stands together: in the title, or within a few words. So a phrase of two words and a sentence of twelve are on one
scale; likeness alone makes no match.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Final

from digest.core.models import Paper
from digest.core.ranking.lexicon import Run
from digest.core.ranking.postings import Postings
from digest.core.ranking.relevance import Background, Space, Vector
from digest.core.ranking.wording import SIDES, Part, read_wording
from digest.core.words.stemming import light_stem
from digest.core.words.word_counts import STOPWORDS, WordCounts, count, forms, word_counts, word_counts_of, words

_TITLE: Final = 1.5
"""Weight of a word in the title, of 1 for one in the abstract."""
_KEYWORD: Final = 1.5
_CATEGORY: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """How phrases are matched: as it ships, unless `digest.evaluation.phrases` leaves something out."""

    pairs: float = 4.0
    """Weight of two words side by side, of about that of the more usual one: of "endangered plants" the first tells
    nearly all, of "test time" neither."""
    stems: float = 0.85
    """Weight of a word of the same stem."""
    reversed: float = 0.7
    """Weight of two words side by side in the other order: "tool use" for "use tools"."""
    synonyms: float = 0.8
    """Weight of another name of the same thing."""
    related: float = 0.6
    """Weight of a related word, of 1 for the word itself."""
    together: float = 0.6
    """What standing together adds, and again if it is the whole interest that does."""


_OTHER_NAME: Final = 0.9
"""Weight of another name of an interest of one word: a paper on Coleoptera is one on beetles."""
_SIDE: Final = 0.35
"""Weight of a word for a side of a subject, as "evolution" in "evolution of grasses"."""
_RARER: Final = 0.1
"""Share of the rarer word in the weight of two words side by side."""
_PAIRS_OF_PARTS: Final = 0.2
"""Factor of `Matching.pairs` where an interest has several parts: together they tell enough."""
_SPELLINGS: Final = 5
"""Names of a part that are looked for."""
_MOST_RELATED: Final = 0.8
"""The most that related words are worth in place of a part."""
_LEAST: Final = 0.15
"""How much a paper must have of an interest to be thought of at all."""
_LOOKED_AT: Final = 60
"""Papers in which it is looked up where the words stand; the others have less of the interest."""
_MOST_LOOKED_AT: Final = 150
_LIKELY: Final = 0.6
"""How much a paper must have of an interest to be looked at in any case, up to `_MOST_LOOKED_AT`."""
_VERBATIM: Final = 0.97
"""How much a paper has of an interest of one part if it has it word for word."""
_ALL: Final = 0.999
"""Share of an interest from which nothing more is looked for."""
_REMEMBERED: Final = 2_000
"""Words, and whole interests, whose papers are remembered: readers write many, and many the same ones."""
_PLACES: Final = 1_000
"""Abstracts of which it is remembered where each word stands; one takes some 15 kB."""
_BETWEEN: Final = 2
"""Further words that may stand between those of an interest for it to stand together."""
_SCORE: Final = 0.7
"""Weight of how much of the interest a paper has, beside `Matching.together`."""
_SENTENCE: Final = 0.15
"""What having something of all parts adds to an interest of several, which no paper has word for word."""
_THERE: Final = 0.3, 0.75
"""Share of an interest of several parts from which a paper is thought of, and from which nothing is missing that
matters; a part weighs as its words are rare."""
_ENOUGH: Final = 0.5, 0.9
"""The same, of what stands together in a paper."""
_ALIKE: Final = 0.45, 0.75
"""Share of the words of a long interest from which likeness to it counts, and from which it counts in full."""
_PARTLY: Final = 0.3, 0.7
_NEARLY: Final = 0.44
"""Fit of a paper that has `_PARTLY` of an interest of several parts in one place: it comes before others, and is no
match for that alone."""
_NEARLY_ALL: Final = 0.5, 0.8
_TITLED: Final = 0.6
"""Fit of a paper whose title has `_NEARLY_ALL` of an interest of several parts: grasses, if not their evolution."""
_TITLE_ROOM: Final = 0.67
"""Share of an interest of several parts that a title alone has room for."""
_TOLD: Final = 6
"""Words of an interest that is so long that no paper has it side by side: likeness is enough."""
_AS_NEAR: Final = 0.25
"""Cosine to such an interest which counts as a fit of 1; few papers come as near."""
_ONCE: Final = 1.4
"""Score of one mention of an interest of one word."""
_MORE: Final = 3.0
"""What each further mention adds to it, as it is weighed by `digest.core.ranking.postings`."""
_CURVE: Final = ((0.0, 0.0), (0.7, 0.08), (1.1, 0.22), (1.5, 0.42), (1.9, 0.65), (2.15, 0.93), (2.5, 1.0))
"""Score → fit. 1.9 is one mention of the whole interest in an abstract."""


class CandidateIndex:
    """A day's papers by their words."""

    def __init__(
        self,
        papers: Sequence[Paper],
        background: Background,
        *,
        matching: Matching | None = None,
        beside: Iterable[Paper] = (),
    ) -> None:
        """Read *papers*; a paper's position is its place among them, from 0.

        Args:
            beside: Other papers of the same sources: what is usual in these tells as little as what is usual here.
        """
        self.papers: tuple[Paper, ...] = tuple(papers)
        self._matching = matching or Matching()
        self._lexicon = background.lexicon
        self._postings = Postings(len(self.papers))
        self._titles: list[array[int]] = []
        self._abstracts: list[array[int]] = []
        counts: list[WordCounts] = []
        for text in map(_Text.of, self.papers):
            self._postings.add(text.runs)
            self._titles.append(array("I", map(self._postings.__getitem__, text.title)))
            self._abstracts.append(array("I", map(self._postings.__getitem__, text.abstract)))
            counts.append(text.counts)
        self._postings.close()
        self.space = Space(background, chain(counts, map(word_counts_of, beside)))
        """How much each word says, counted in *background* and in the papers."""
        self.vectors: tuple[Vector, ...] = tuple(map(self.space.vector, counts))
        """The papers' words, one vector for each position."""
        self._forms: dict[str, list[str]] = {}
        """Stem → the words that have it."""
        for word in self._postings.words():
            self._forms.setdefault(light_stem(word), []).append(word)
        self._matched: dict[str, Mapping[int, float]] = {}
        self._words: dict[str, Mapping[int, float]] = {}
        self._standing_at: dict[int, dict[int, list[int]]] = {}
        """Position of a paper → number of a word → where it stands in the abstract."""

    def match(self, phrase: str) -> Mapping[int, float]:
        """Return how well papers fit an interest in words: position → fit, more than 0, at most 1.

        Papers that do not fit at all are left out. From `digest.core.ranking.reasons.MATCHES` a person would say that
        the paper is about it; 1 is as sure as can be. What was asked once is remembered.
        """
        found = self._matched.get(phrase)
        if found is None:
            if len(self._matched) >= _REMEMBERED:
                self._matched.clear()
            found = self._matched[phrase] = self._match(phrase)
        return found

    def terms(self, phrase: str, position: int, most: int) -> tuple[str, ...]:
        """Return up to *most* words or runs of words of an interest, as written, that tell and that a paper has.

        Runs come before single words, and of single words only those that say something by themselves; in the
        interest's order.
        """
        text = _Text.of(self.papers[position])
        there = {light_stem(word) for _, run in text.runs for word in run}
        pairs = {(light_stem(a), light_stem(b)) for _, run in text.runs for a, b in pairwise(run)}
        pairs |= {(b, a) for a, b in pairs}
        written = forms(phrase)
        found: list[Run] = []
        for part in read_wording(phrase).parts:
            for run, _ in part.wordings:
                found += _standing(run, there, pairs)
        longest = [run for run in dict.fromkeys(found) if not any(_is_within(run, other) for other in found)]
        telling = [run for run in longest if len(run) > 1 or self.space.tells(run[0])]
        best = sorted(telling, key=lambda run: (-sum(map(self.space.rarity_here, run)), run))[:most]
        return tuple(" ".join(written.get(word, word) for word in run) for run in telling if run in best)

    # -- how well

    def _match(self, phrase: str) -> dict[int, float]:
        parts = read_wording(phrase).parts
        if not parts:
            return {}
        if len(parts) > 1:
            return self._phrase(phrase, parts)
        fits: dict[int, float] = {}
        phrases = tuple(wording for wording in parts[0].wordings if len(wording[0]) > 1)
        for run, weight in parts[0].wordings:
            if len(run) == 1:
                stands_alone = weight < 1 and not self._is_written(run[0], [phrase for phrase, _ in phrases])
                _raise(fits, 1.0 if stands_alone else weight, self._word(run))
        if phrases:
            _raise(fits, 1.0, self._phrase(phrase, (Part(wordings=phrases),)))
        return fits

    def _is_written(self, word: str, phrases: Iterable[Run]) -> bool:
        """Whether a paper has *word* as it stands in one of *phrases*, beside a word of that.

        "Plant systematics" is written of, so that "plant evolution and systematics" means it; "mechanism auctions" is
        not, and auctions are an interest of their own.
        """
        pairs = {pair for phrase in phrases for pair in pairwise(phrase) if word in pair}
        return any(next(self._postings.side_by_side(*pair), None) for pair in sorted(pairs))

    def _word(self, run: Run) -> dict[int, float]:
        """Return how well papers fit a word by itself.

        It is soon mentioned; a paper about it says it more than once, or in the title.
        """
        scores = self._part(Part(wordings=((run, 1.0),)), 0.0, others=_OTHER_NAME)
        fits = {position: _curve(_ONCE + _MORE * (score - 1)) for position, score in scores.items()}
        return {position: fit for position, fit in fits.items() if fit > 0}

    def _phrase(self, phrase: str, parts: Sequence[Part]) -> dict[int, float]:
        """Return how well papers fit words that should stand together, and parts that should all be there."""
        pairs = self._matching.pairs * (1.0 if len(parts) == 1 else _PAIRS_OF_PARTS)
        scores = [self._part(part, pairs) for part in parts]
        weights = [sum(map(self._weight, part.wordings[0][0])) for part in parts]
        coverage = _coverage(scores, weights)
        if len(parts) > 1:
            coverage = {position: min(1.0, share / self._room(position)) for position, share in coverage.items()}
        matched = {p: score for p, score in _together(scores, weights, coverage).items() if score >= _LEAST}
        whole = len(parts) == 1 and pairs > 0
        fits = {
            position: _curve(_SCORE * score + (2 * self._matching.together if whole and score >= _VERBATIM else 0.0))
            for position, score in matched.items()
        }
        open_ = matched if not whole else {p: score for p, score in matched.items() if score < _VERBATIM}
        best = sorted(open_, key=lambda p: (-int(1e6 * open_[p]), p))[:_MOST_LOOKED_AT]
        best = [position for n, position in enumerate(best) if n < _LOOKED_AT or open_[position] >= _LIKELY]
        wanted = self._wanted(parts)
        width = sum(len(part.wordings[0][0]) for part in parts) + _BETWEEN
        for position in best:
            enough = min(1.0, coverage[position]) if len(parts) == 1 else _ramp(_ENOUGH, coverage[position])
            titled = _cover(self._places(position, wanted, title=True), wanted, weights, len(self._titles[position]))
            covered = max(titled, _cover(self._places(position, wanted), wanted, weights, width))
            score = _SCORE * matched[position] + self._matching.together * (covered + (enough * covered) ** 2)
            if len(parts) > 1:
                score += _SENTENCE * min(1.0, 2 * enough)
            fits[position] = _curve(score)
            if len(parts) > 1:
                _raise(fits, _NEARLY, [(position, _ramp(_PARTLY, covered / self._room(position)))])
                _raise(fits, _TITLED, [(position, _ramp(_NEARLY_ALL, titled))])
        said = {word for part in parts for run, _ in part.wordings for word in run}
        if len(said) >= _TOLD:
            _raise(fits, 1 / _AS_NEAR, self._near(phrase, said))
        return {position: min(1.0, fit) for position, fit in fits.items() if fit > 0}

    def _weight(self, word: str) -> float:
        """Return how much a word of an interest says: by its rarity, and less if it only names a side of a subject."""
        return self.space.rarity_here(word) * (_SIDE if word in SIDES else 1.0)

    def _room(self, position: int) -> float:
        """Return how much of an interest of several parts a paper has room for: less than 1 without an abstract."""
        return 1.0 if self._abstracts[position] else _TITLE_ROOM

    def _near(self, phrase: str, said: Set[str]) -> Iterator[tuple[int, float]]:
        """Yield the cosines of papers to a long interest, as far as they have enough of its words to be compared.

        Papers with little text seem nearer than they are, and count for less.
        """
        vector = self.space.vector(word_counts(phrase))
        rarity = {word: self._weight(word) for word in sorted(said)}
        whole = sum(rarity.values())
        shares: dict[int, float] = {}
        for word, weight in rarity.items():
            for position, score in self._having(word).items():
                shares[position] = shares.get(position, 0.0) + weight / whole * min(1.0, score)
        for position, share in shares.items():
            if share > _ALIKE[0]:
                paper = self.vectors[position]
                yield position, _ramp(_ALIKE, share) * min(1.0, paper.strength) * paper.cosine(vector)

    def _part(self, part: Part, pairs: float, *, others: float | None = None) -> dict[int, float]:
        """Return how much of a part papers have: 1 for one mention of all of it.

        Args:
            others: Weight of other names of the same thing; None: `Matching.synonyms`.
        """
        factor = self._matching.synonyms if others is None else others
        found: dict[int, float] = {}
        for run, weight in part.wordings:
            for number, spelled in enumerate(self._spellings(run)):
                _raise(found, weight * (factor if number else 1.0), self._run(spelled, pairs))
            if self._matching.related:
                _raise(found, weight, self._related(run))
        return found

    def _spellings(self, run: Run) -> tuple[Run, ...]:
        return self._lexicon.spellings(run, _SPELLINGS if self._matching.synonyms else 1)

    def _run(self, run: Run, pairs: float) -> dict[int, float]:
        """Return how much papers have of words that should stand side by side.

        Of several words, only papers count that have the rarest, or two of them side by side.
        """
        words = tuple(dict.fromkeys(run))
        each = {word: self._weight(word) for word in words}
        rarest, *others = sorted(words, key=lambda word: (-each[word], word))
        found = {position: each[rarest] * score for position, score in self._having(rarest).items()}
        whole = each[rarest]
        for first, second in pairwise(run) if pairs else ():
            weight = pairs * _of_pair(each[first], each[second])
            whole += weight
            for position, score in self._pair(first, second).items():
                found[position] = found.get(position, 0.0) + weight * score
        for word in others:
            weight = each[word]
            whole += weight
            for position, score in self._having(word).items():
                if position in found:
                    found[position] += weight * score
        return {position: score / whole for position, score in found.items()}

    def _having(self, word: str) -> Mapping[int, float]:
        """Return the papers that have a word, or for less another of its stem."""
        found = self._words.get(word)
        if found is None:
            if len(self._words) >= _REMEMBERED:
                self._words.clear()
            found = dict(self._postings.having(word))
            for other, factor in self._others(word)[1:]:
                _raise(found, factor, self._postings.having(other))
            self._words[word] = found
        return found

    def _pair(self, first: str, second: str) -> dict[int, float]:
        found: dict[int, float] = {}
        for one, v in self._others(first):
            for other, w in self._others(second):
                _raise(found, v * w, self._postings.side_by_side(one, other))
                if self._matching.reversed:
                    _raise(found, v * w * self._matching.reversed, self._postings.side_by_side(other, one))
        return found

    def _others(self, word: str) -> list[tuple[str, float]]:
        """Return a word and those of the same stem, each with its weight."""
        same = self._forms.get(light_stem(word), ()) if self._matching.stems else ()
        return [(word, 1.0), *((w, self._matching.stems) for w in same if w != word)]

    def _related(self, run: Run) -> dict[int, float]:
        """Return how much papers have of the words that stand near those of *run* elsewhere."""
        stems = [light_stem(word) for word in run]
        terms: list[Run] = list(pairwise(stems)) or [(stems[0],)]
        found: dict[int, float] = {}
        for term in terms:
            for other, weight in self._lexicon.related.get(term, ()):
                for position, score in self._of_stems(other).items():
                    found[position] = found.get(position, 0.0) + weight * score
        factor = self._matching.related / len(terms)
        return {position: min(_MOST_RELATED, factor * score) for position, score in found.items()}

    def _of_stems(self, run: Run) -> dict[int, float]:
        found: dict[int, float] = {}
        for one in self._forms.get(run[0], ()):
            if len(run) == 1:
                _raise(found, 1.0, self._postings.having(one))
            else:
                for other in self._forms.get(run[1], ()):
                    _raise(found, 1.0, self._postings.side_by_side(one, other))
        return found

    # -- what stands together

    def _places(self, position: int, wanted: Iterable[int], *, title: bool = False) -> list[tuple[int, int]]:
        """Return where the *wanted* words stand in an abstract, or in a title, in order; each with its number."""
        if title:
            return [(at, number) for at, number in enumerate(self._titles[position]) if number in wanted]
        there = self._standing_at.get(position)
        if there is None:
            if len(self._standing_at) >= _PLACES:
                self._standing_at.clear()
            there = self._standing_at[position] = {}
            for at, number in enumerate(self._abstracts[position]):
                there.setdefault(number, []).append(at)
        return sorted((at, number) for number in wanted for at in there.get(number, ()))

    def _wanted(self, parts: Sequence[Part]) -> dict[int, list[tuple[int, str, float]]]:
        """Return the words by their numbers: of which part each is, as what, and its share of a wording of it."""
        found: dict[int, dict[tuple[int, str], float]] = {}
        for n, part in enumerate(parts):
            for run, weight in part.wordings:
                for spelled in self._spellings(run):
                    whole = sum(map(self._weight, spelled))
                    for word in spelled:
                        for other, factor in self._others(word):
                            number = self._postings.number(other)
                            if number is not None:
                                share = weight * factor * self._weight(word) / whole
                                key = n, word
                                mine = found.setdefault(number, {})
                                mine[key] = max(mine.get(key, 0.0), share)
        return {number: [(n, word, share) for (n, word), share in by.items()] for number, by in found.items()}


def _cover(
    places: Sequence[tuple[int, int]],
    wanted: Mapping[int, Sequence[tuple[int, str, float]]],
    weights: Sequence[float],
    width: int,
) -> float:
    """Return the largest share of an interest that stands within *width* words of a text.

    Args:
        places: Where words of it stand, in order, each with its number.
    """
    whole = sum(weights)
    best, seen_until = 0.0, -1
    for n, (start, _) in enumerate(places):
        near = [number for at, number in places[n : n + width] if at - start < width]
        if n + len(near) <= seen_until:
            continue  # the window before had all of these
        seen_until = n + len(near)
        shares: dict[tuple[int, str], float] = {}
        for number in dict.fromkeys(near):
            for part, word, share in wanted[number]:
                if share > shares.get((part, word), 0.0):
                    shares[part, word] = share
        covered = [0.0] * len(weights)
        for (part, _), share in shares.items():
            covered[part] += share
        best = max(best, sum(w * min(1.0, c) for w, c in zip(weights, covered, strict=True)))
        if best >= _ALL * whole:
            break
    return best / whole


def _of_pair(first: float, second: float) -> float:
    return (1 - _RARER) * min(first, second) + _RARER * max(first, second)


def _ramp(between: tuple[float, float], share: float) -> float:
    """Return 0 up to the lower bound, 1 from the upper one, and in proportion between them."""
    low, high = between
    return min(1.0, max(0.0, (share - low) / (high - low)))


def _curve(score: float) -> float:
    for (low, fit), (high, more) in pairwise(_CURVE):
        if score < high:
            return int(1e6 * (fit + (more - fit) * (score - low) / (high - low)) + 0.5) / 1e6
    return _CURVE[-1][1]


def _coverage(scores: Sequence[Mapping[int, float]], weights: Sequence[float]) -> dict[int, float]:
    """Return the share of an interest that papers have, where they have any: its parts weigh as they are rare."""
    whole = sum(weights)
    found: dict[int, float] = {}
    for score, weight in zip(scores, weights, strict=True):
        for position, value in score.items():
            found[position] = found.get(position, 0.0) + weight / whole * min(1.0, value)
    return found


def _together(
    scores: Sequence[Mapping[int, float]], weights: Sequence[float], coverage: Mapping[int, float]
) -> dict[int, float]:
    """Return the scores of all parts as one: their mean, and less where much is missing."""
    if len(scores) == 1:
        return dict(scores[0])
    whole = sum(weights)
    found: dict[int, float] = {}
    for score, weight in zip(scores, weights, strict=True):
        for position, value in score.items():
            found[position] = found.get(position, 0.0) + weight / whole * value
    return {position: value * _ramp(_THERE, coverage[position]) for position, value in found.items()}


def _raise(found: dict[int, float], factor: float, scores: Mapping[int, float] | Iterable[tuple[int, float]]) -> None:
    """Raise what was *found* to the *scores* times *factor*, where these are higher."""
    for position, score in scores.items() if isinstance(scores, Mapping) else scores:
        value = score * factor
        if value > found.get(position, 0.0):
            found[position] = value


def _is_within(run: Run, other: Run) -> bool:
    return len(run) < len(other) and any(run == other[n : n + len(run)] for n in range(len(other) - len(run) + 1))


def _standing(run: Run, there: set[str], pairs: set[tuple[str, str]]) -> Iterator[Run]:
    """Yield the longest parts of *run* that stand side by side in a paper, in order."""
    current: list[str] = []
    for word in run:
        if current and (light_stem(current[-1]), light_stem(word)) in pairs:
            current.append(word)
            continue
        if current:
            yield tuple(current)
        current = [word] if light_stem(word) in there else []
    if current:
        yield tuple(current)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Text:
    """A paper's folded words, without stop words."""

    title: Sequence[str]
    abstract: Sequence[str]
    counts: WordCounts
    """As `digest.core.words.word_counts.word_counts_of` has them."""
    runs: Sequence[tuple[float, Sequence[str]]]

    @classmethod
    def of(cls, paper: Paper) -> _Text:
        title, abstract = words(paper.title), words(paper.abstract)
        keywords = [words(k) for k in paper.keywords]
        told, said = _telling(title), _telling(abstract)
        return cls(
            title=told,
            abstract=said,
            counts=count(chain(title, abstract, *keywords)),
            runs=(
                (_TITLE, told),
                (1.0, said),
                *((_KEYWORD, _telling(k)) for k in keywords),
                *((_CATEGORY, words(c)) for c in paper.categories),
            ),
        )


def _telling(words: Iterable[str]) -> list[str]:
    return [word for word in words if word not in STOPWORDS]
