"""Relevance by words (tf-idf vectors): how near papers are to each other, and to the papers a reader liked.

    word counts ──► Space ──► Vector ──┬──► Taste    how well a paper fits all that was liked, and not
                    (how much          └──► Nearest  which single paper it is nearest to
                     each word says)

Taste is a centroid (Rocchio) with three changes, each of which was measured to help (`digest.evaluation.ranking`):
long texts are not divided by their whole length, words that only one liked paper has count nearly as much as those that
many have, and the usual weights of words in any paper are subtracted. That subtraction can only lower a text's fit: a
text that merely lacks usual words, as those of another field do, fits no better than by the liked words it has.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import mul
from typing import Final, Generic, Self, TypeVar

from digest.core.errors import ConfigError
from digest.core.ranking.lexicon import Lexicon
from digest.core.words.word_counts import STOPWORDS, WordCounts

K = TypeVar("K")
Name = TypeVar("Name", int, str)

_SLOPE: Final = 0.8
"""Share of a text's own length in the length that its weights are divided by; the rest is the usual length (pivoted
normalization). 1 favours very short texts."""
EVENNESS: Final = 0.75
"""Power on a taste's words: below 1, a word of one liked paper counts beside one of all."""
USUAL: Final = 3.0
"""Factor of the usual weights of words that are subtracted from a taste."""
_DISLIKED: Final = 0.5
"""Weight of disliked papers in relation to liked ones."""
_REPEATED: Final = 1.3
"""A word's mean weight within a paper that has it, of 1 for a word that stands there once."""
_TELLING: Final = 24
"""Words of a paper by which it is looked up; its other words only decide how near it is."""
_LOOKED_AT: Final = 4
"""How many of the papers looked up are compared word by word."""
_PROSE: Final = frozenset(
    # What papers of any field are written with, as far as it is rare enough to pass for a subject.
    "able above absence accelerate accept accessible accompany accordance accordingly account accurately achieved "
    "achieving acquire act actual actually adapt add added adding addition additional additionally addressed "
    "addressing adequate adopt adopted advance advanced advantage affect affected after again against ago agree "
    "agreement aid aimed aiming alleviate allowing almost alone along already alternative although alway among amount "
    "ample analyse analyze analyzed analyzing another answer anybody anything apart apparent appear applicable apply "
    "applying appropriate approximately arise around article ask asked asking aspect assess assessed assessing assume "
    "assumed assuming assumption attempt attract author avenue average avoid avoiding aware away back baseline basic "
    "basis becoming been before begin beginning behind being believe below bench beneficial benefit beside best "
    "beyond big billion bring broad broader build building built burden call came capable careful carefully carry "
    "certain chance change changed changing characteristic characterize cheap choice choose chosen claim clear "
    "clearly close closely closer collect collected collecting com combination combine combined combining come "
    "commercial commonly comparable compare comparing comparison compatible competitive complete completely "
    "comprehensive comprise concern conclude conclusion conduct conducted confirm confirmed connect consequence "
    "consequently considerable considerably considered considering consist consistent consistently constant "
    "constitute construct constructed contain containing contrast contribute contribution convenient conventional "
    "correct correctly correspond corresponding could curate curated currently date day deal dealing decade decide "
    "decrease decreased dedicated deeper define defined defining degree deliver demand demonstrated demonstrating "
    "depend depending derive derived describe described description desirable desired detail detailed determine "
    "determined determining developed developing differ difference differently difficult difficulty direct direction "
    "directly discover discuss discussed distinct diversity done doubt down drastically drawback drive driven drop "
    "earlier early ease easier easily easy effectively efficacy efficiently effort eight either eliminate else emerge "
    "emerged emerging emphasize employ employed enabled enabling encounter encourage enhance enhanced enhancing "
    "enough ensure entire entirely equal equally especially essential essentially establish established etc evaluated "
    "evaluating eventually ever every everybody everything everywhere evident evolve exact exactly examine excellent "
    "except exhibit exist existence expand expect expected expensive experimental explain explicit explicitly exploit "
    "explored exploring extend extended extending extensively extent extra extremely facilitate fact factor fail "
    "failure fair fairly fall false familiar far fashion fast faster feasible fewer final finally firstly fit five "
    "flexible focused focusing follow followed following formal former forth forward found four fourth frequent "
    "frequently fresh full fully fundamental future gain gather generally get github give giving goal going good "
    "great greater greatly grow guide half handle handling happen hard harder hardly having heavily heavy held help "
    "helpful helping hence her here higher highest highlight highly hinder his hold hope http https huge hundred idea "
    "ideal identified identifying immediate immediately implication imply importance importantly impossible "
    "impressive improved improvement improving inability include included incomplete incorporate incorporating "
    "increase increased increasing increasingly indeed independent independently indicate individual inform initial "
    "initially inside insight inspire inspired instance instead insufficient integrate intend intended interest "
    "interesting introduced introducing introduction intuitive investigated investigating involve involved involving "
    "itself just keep keeping kept kind know knowing lacking largely larger largest last lastly late later latest "
    "latter lay leading least leave led left length less let leveraging lie likely limit limiting list literature "
    "little live longer look looking lose losing lost lot lower lowest made main mainly maintain maintaining major "
    "majority manner mark matter maybe mean meaning meaningful meanwhile measured measuring meet mention mere merely "
    "might million minimal minor minute miss missing modern moment moreover mostly motivate motivated move moving "
    "much must mutual myself name named namely near nearly necessarily necessary needed needing neither never "
    "nevertheless newly next nine no nobody none nor notable notably note nothing notion now nowaday numerous object "
    "observe observed obstacle obtain obtained obtaining obvious occur off offer offering old once onto ordinary "
    "original otherwise outcome outperforming outside overall overcome overlook own part partially particularly "
    "partly past per perfect performed performing perhap period permit perspective phenomenon pioneer play poor "
    "popular positive possess possibility possible possibly potentially powerful practical practice precise precisely "
    "predominantly preliminary presence presented presenting preserve pressing prevent previously primarily primary "
    "principle probably procedure proceed produce produced producing progress prominent promise promising promote "
    "proper properly proposing prove proven provided providing publicly purpose pursue put quantity quick quickly "
    "quite raise rapid rapidly rare rarely rather reach reached reaching read ready realistic realize really reason "
    "reasonable recognize reduced reducing reduction refer regard regarding regardless relate related relation "
    "relative relatively release released relevant reliable relying remaining remarkable remarkably remove repeat "
    "replace replaced report reported represent required requirement requiring researcher respect respectively "
    "respond rest restrict restricted resulting retain reveal revealed revealing review rich right rigorous rise "
    "roughly round run running said satisfy save saw say scarce scope score second secondly see seek seem seen seldom "
    "select sense separate separately serious serve setup seven severe severely share shared short shortcoming should "
    "showed showing side significance similar similarly simpler simplicity simplify simply simultaneously since "
    "situation six slight slightly slow slower smaller so solely solid solve solved somebody somehow something "
    "sometime somewhat soon sophisticated sought special specify spend stage stand start started starting still "
    "straightforward strength strengthen strong stronger strongly struggle studied studying subject subsequent "
    "subsequently substantial substantially success successful successfully suffer sufficient sufficiently suggest "
    "suggesting suitable suited summarize superior superiority supported suppose sure surprising surprisingly tackle "
    "tailor tailored take taken taking targeted ten tend tendency thank themselve theoretical theory thereby "
    "therefore thing think third thorough thoroughly though thousand throughout today together too took top total "
    "traditional treat tried true truly try trying turn twice typical typically ubiquitous unable uncover underlying "
    "understand understood undertake unexplored unfortunately unified unique unknown unless unlike until upon usage "
    "useful usefulness usual usually utilize utilized utilizing valid validated valuable variant variety vary varying "
    "vast verify versatile version very vice want was weak were wherea whereas wherein whether who whole whose why "
    "wide widely widespread will word worked working worse worst worth would written www year yes yet yield yielding "
    "you young your".split()
)
"""Folded words that tell nothing of what a paper is about, however rare they are."""
_ELSEWHERE: Final = 1000
"""Texts as many as which the background counts where it is asked how common a word is among them."""
_LETTER: Final = 4.0
"""Rarity of a letter or a number by itself."""
_COMMON: Final = 0.05
"""Share of papers from which a word tells nothing of what a paper is about: "test", "training"."""
_NO_LENGTH: Final = 30.0
"""The mean length of a paper's weights if no background tells it: that of an abstract."""


def is_prose(word: str) -> bool:
    """Whether a folded word is one that papers of any field are written with."""
    return word in _PROSE or word in STOPWORDS or len(word) < 2 or word.isdigit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """In how many papers of a large collection each word stands."""

    papers: int = 0
    length: float = _NO_LENGTH
    """The mean length of its papers' weights."""
    counts: Mapping[str, int] = field(default_factory=dict)
    lexicon: Lexicon = field(default_factory=Lexicon)
    """Other names and related words, for interests in words."""

    @classmethod
    def parse(cls, text: str, lexicon: Lexicon | None = None) -> Self:
        """Read `words.txt`: notes behind `#`, `papers N`, `length X`, then a count and the words that have it.

        Raises:
            ConfigError: A line has another form.
        """
        papers, length, counts = 0, _NO_LENGTH, dict[str, int]()
        for number, line in enumerate(text.splitlines(), start=1):
            first, *rest = line.split() or ["#"]
            try:
                if first == "papers":
                    papers = int(rest[0])
                elif first == "length":
                    length = float(rest[0])
                elif not first.startswith("#"):
                    counts.update(dict.fromkeys(rest, int(first)))
            except (ValueError, IndexError) as exc:
                raise ConfigError(f"words.txt, line {number}: {line[:60]!r} has no number; train it again") from exc
        return cls(papers=papers, length=length, counts=counts, lexicon=lexicon or Lexicon())


@dataclass(frozen=True, kw_only=True)  # without slots, to keep what was worked out once
class Vector:
    """A text as a vector of weights of its words."""

    weights: Mapping[str, float]
    """Weight of each folded word; the vector has length 1, or is empty."""
    strength: float
    """Factor of its weights when it is compared with a taste: about 1, more for a long text."""

    @cached_property
    def telling(self) -> Sequence[tuple[str, float]]:
        """The words by which the text is looked up, with their weights, the heaviest first."""
        return _largest(self.weights, _TELLING)

    def cosine(self, other: Vector) -> float:
        """Return the cosine of two texts: 1 for the same words equally often, 0 for none in common."""
        few, many = sorted((self.weights, other.weights), key=len)
        return sum(weight * many[word] for word, weight in few.items() if word in many)

    def shared(self, other: Vector, most: int) -> tuple[str, ...]:
        """Return up to *most* words that contribute to the cosine of two texts, the most telling first; folded."""
        worth = {word: weight * other.weights[word] for word, weight in self.weights.items() if word in other.weights}
        return tuple(word for word, _ in _largest(worth, most))


class Space:
    """Statistics of words: in how many papers each word stands, and how much it says (idf)."""

    def __init__(self, background: Background, texts: Iterable[WordCounts] = ()) -> None:
        """Count words in *background* and in *texts*: each once, in any order."""
        self._background = background
        self._counts: Counter[str] = Counter()
        self._papers = background.papers
        for one in texts:
            self._counts.update(one.keys())
            self._papers += 1
        self._rarity = _Once(lambda word: -math.log(self.share(word)))
        self._rarity_here = _Once(self._find_rarity_here)
        self._usual = _Once(lambda word: self.share(word) * self._weight(word))
        self._variance = _Once(lambda word: self.share(word) * (1 - self.share(word)) * self._weight(word) ** 2)

    def share(self, word: str) -> float:
        """Return the share of papers that have *word*, less than 1."""
        return (self._background.counts.get(word, 0) + self._counts[word] + 0.5) / (self._papers + 1)

    def _weight(self, word: str) -> float:
        """Return the mean weight of *word* in a paper that has it."""
        return self._rarity[word] * _REPEATED / self._background.length

    def rarity(self, word: str) -> float:
        """Return how rare *word* is (its idf); more than 0."""
        return self._rarity[word]

    def rarity_here(self, word: str) -> float:
        """Return how rare *word* is in general and among the texts, whichever is less; more than 0.

        "equation" tells nothing in a list of papers on differential equations.
        """
        return self._rarity_here[word]

    def _find_rarity_here(self, word: str) -> float:
        rarity = -math.log(max(self.share(word), self._share_here(word)))
        # Letters and numbers are not counted: "T" of "T cells" is not the rarest word of all.
        return min(rarity, _LETTER) if len(word) < 2 or word.isdigit() else rarity

    def _share_here(self, word: str) -> float:
        texts = self._papers - self._background.papers
        return (self._counts[word] + _ELSEWHERE * self.share(word)) / (texts + _ELSEWHERE)

    def tells(self, word: str) -> bool:
        """Whether *word* tells what a paper is about: it is rare in the background, and no word of any prose."""
        return word not in _PROSE and self._background.counts.get(word, 0) <= _COMMON * self._background.papers

    def usual(self, word: str) -> float:
        """Return the mean weight of *word* over all papers, also those without it."""
        return self._usual[word]

    def variance(self, word: str) -> float:
        """Return the variance of the weight of *word* over all papers."""
        return self._variance[word]

    @cached_property
    def usual_paper(self) -> tuple[float, float]:
        """Return mean and variance, over all papers, of a paper's nearness to the average paper (see `usualness`)."""
        weights = {word: self._usual[word] ** 2 for word in sorted(self._background.counts.keys() | self._counts)}
        return sum(weights.values()), sum(weight * self.variance(word) for word, weight in weights.items())

    def vector(self, counts: WordCounts) -> Vector:
        """Return the vector of a text's weights."""
        rarity = self._rarity
        weights = {w: rarity[w] if n == 1 else (1 + math.log(n)) * rarity[w] for w, n in counts.items()}
        length = math.sqrt(sum(map(mul, weights.values(), weights.values())))
        if not length:
            return Vector(weights={}, strength=0.0)
        usual = _SLOPE * length + (1 - _SLOPE) * self._background.length
        return Vector(weights={word: w / length for word, w in weights.items()}, strength=length / usual)


class _Once(dict[str, float]):
    """A dict that computes a word's value at its first lookup, so that later lookups are cheap."""

    def __init__(self, of: Callable[[str], float]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, word: str) -> float:
        self[word] = value = self._of(word)
        return value


class Taste:
    """The taste of a reader: weights of words learnt from liked and disliked papers."""

    def __init__(
        self,
        space: Space,
        liked: Sequence[tuple[Vector, float]],
        disliked: Sequence[tuple[Vector, float]] = (),
        *,
        evenness: float = EVENNESS,
        usual: float = USUAL,
        bounded: bool = True,
        words: int | None = None,
    ) -> None:
        """Learn from vectors of papers, each with a weight of more than 0; at least one must be liked.

        Disliked papers count in full from five papers on; fewer count less.

        Args:
            evenness: See `EVENNESS`; 1 gives a plain centroid.
            usual: See `USUAL`; 0 subtracts nothing.
            bounded: Whether a text fits no better than by the liked words it has.
            words: How many liked words are kept, the heaviest; None for all.
        """
        mean = _centroid(liked)
        if words is not None and len(mean) > words:
            mean = dict(_largest(mean, words))
        even = {word: weight**evenness for word, weight in mean.items()}
        scale = sum(mean.values()) / (sum(even.values()) or 1.0)
        likes = {word: weight * scale for word, weight in even.items()}
        against = _DISLIKED * min(1.0, sum(weight for _, weight in disliked) / 5)
        dislikes = {word: against * weight for word, weight in _centroid(disliked).items()}
        self.words: Mapping[str, float] = {
            word: likes.get(word, 0.0) - dislikes.get(word, 0.0) for word in likes | dislikes
        }
        """What each word of a text adds; below 0 for what is not liked. Whatever is usual is still to be taken off."""
        self._usual, self._is_bounded = usual, bounded
        self._weights = _Once(lambda word: -usual * space.usual(word))
        for word, weight in self.words.items():
            self._weights[word] += weight
        # Tastes differ in width: what is near to one of forty papers is measured by how near any paper is to them.
        met = sum(weight * space.usual(word) for word, weight in self.words.items())
        varies = sum((self._weights[w] ** 2 - (usual * space.usual(w)) ** 2) * space.variance(w) for w in self.words)
        all_met, all_varies = space.usual_paper
        self._expected = met - usual * all_met
        self._deviation = math.sqrt(max(0.0, varies + usual**2 * all_varies)) or 1.0
        # The same for the liked words alone, of which a text must have its share.
        self._liked = _Once(lambda _: 0.0)
        self._liked.update(self.words)
        self._expected_liked = met
        varies_liked = sum(weight**2 * space.variance(word) for word, weight in self.words.items())
        self._deviation_liked = math.sqrt(max(0.0, varies_liked)) or 1.0
        self._telling = frozenset(word for word in self.words if self._weights[word] > 0 and space.tells(word))

    def fit(self, vector: Vector) -> float:
        """Return how much nearer a text is than usual: about 0 for most, 4 for the nearest of a hundred, 10 for a twin.

        The unit is the standard deviation if words occurred independently of each other; the real one is half as large
        again.
        """
        words, values = vector.weights, vector.weights.values()
        nearness: float = vector.strength * sum(map(mul, map(self._weights.__getitem__, words), values))
        liked: float = vector.strength * sum(map(mul, map(self._liked.__getitem__, words), values))
        return self._bounded((nearness - self._expected) / self._deviation, liked)

    def _bounded(self, fit: float, liked: float) -> float:
        """Return *fit*, limited to what the liked words in the text allow."""
        return min(fit, (liked - self._expected_liked) / self._deviation_liked) if self._is_bounded else fit

    @property
    def telling(self) -> frozenset[str]:
        """The liked words that tell what a paper is about; texts without one cannot be near."""
        return self._telling

    def shared(self, vector: Vector, most: int) -> tuple[str, ...]:
        """Return up to *most* telling words by which a text fits the taste, the most telling first; folded."""
        worth = {w: self._weights[w] * weight for w, weight in vector.weights.items() if w in self._telling}
        return tuple(word for word, _ in _largest(worth, most))

    def fits(self, liked: Iterable[float], usualness: Iterable[float]) -> list[float]:
        """Compute `fit` for many texts from the sums of liked words that an index gives.

        Args:
            liked: For each text, the sum over its words of `words` times weight and strength.
            usualness: For each text, see `usualness`.
        """
        usual, expected, deviation = self._usual, self._expected, self._deviation
        return [
            self._bounded((share - usual * use - expected) / deviation, share)
            for share, use in zip(liked, usualness, strict=True)
        ]


def usualness(vector: Vector, space: Space) -> float:
    """Return how near a text is to the average paper: the sum of its weights times the usual weights of its words."""
    return vector.strength * sum(w * space.usual(word) for word, w in vector.weights.items())


def _centroid(marked: Sequence[tuple[Vector, float]]) -> dict[str, float]:
    total = sum(weight for _, weight in marked)
    weights: dict[str, float] = {}
    for vector, weight in marked:
        factor = vector.strength * weight / total
        for word, w in vector.weights.items():
            weights[word] = weights.get(word, 0.0) + factor * w
    return weights


class Nearest(Generic[K]):
    """An index that finds the nearest of many texts by their most telling words, without comparing with each."""

    def __init__(self, texts: Iterable[tuple[K, Vector]] = ()) -> None:
        """Index *texts*, each under its key."""
        self._texts: list[tuple[K, Vector]] = []
        self._having: dict[str, list[tuple[int, float]]] = {}
        for key, vector in texts:
            self.add(key, vector)

    def add(self, key: K, vector: Vector) -> None:
        """Index one more text."""
        for word, weight in vector.telling:
            self._having.setdefault(word, []).append((len(self._texts), weight))
        self._texts.append((key, vector))

    def find(self, vector: Vector) -> tuple[K, float] | None:
        """Return the key of the nearest text and its cosine; None if no text shares a telling word.

        Of equally near texts, the one indexed first.
        """
        if not self._texts:
            return None
        found: dict[int, float] = {}
        for word, weight in vector.telling:
            for number, other in self._having.get(word, ()):
                found[number] = found.get(number, 0.0) + weight * other
        likely = _largest(found, _LOOKED_AT)
        if not likely:
            return None
        number, cosine = max(
            ((n, vector.cosine(self._texts[n][1])) for n, _ in likely), key=lambda item: (item[1], -item[0])
        )
        return self._texts[number][0], cosine


def _largest(values: Mapping[Name, float], most: int) -> list[tuple[Name, float]]:
    """Return the *most* largest values with their keys; of equal values, those with the smallest keys."""
    # Few are as large as the last of them: only these are worth putting in order.
    least = sorted(values.values())[-most] if len(values) > most else -math.inf
    return sorted(((k, v) for k, v in values.items() if v >= least), key=lambda item: (-item[1], item[0]))[:most]
