"""Whose summary is this? Its words against the abstracts of its batch, without a model and without knowing the field.

Two questions, for the sentence and for the points of a summary: does it fit its own abstract as well as any other of
the batch, and does each sentence have enough in common with it at all? The first finds summaries that were exchanged,
the second those of no paper, and a sentence that an abstract had a model add ("Visit our shop").

The limits were chosen on one half of what models (Hugging Face) and people (SciTLDR) wrote. On the other half none of
724 summaries by a model has too little in common with its abstract, and one in fifty of people, who tell of more than
the abstract. They are for a summary in the abstract's own language: between two languages only names, acronyms and
figures are the same, so that there only a better fit elsewhere counts.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from digest.core.words.sentences import split

_AS_GOOD_AS: Final = 0.7
_SUPPORTED: Final = 0.28
_FEWEST_STEMS: Final = 4
_WORD: Final = re.compile(r"[^\W_]+")
# English endings are cut off with everything else behind it.
_STEM: Final = 6
_COMMON: Final = frozenset(
    (
        "about above across after all also among and any are been being between both but can could did does each for "
        "from further given has have how however into its may more most new not one only other our out over own paper "
        "present propose result same several show some such than that the their them then there these they this those "
        "through thus two under use used using very via was well were when where whether which while who will with "
        "within without work would study approach method model problem"
    ).split()
)
_USUAL: Final = frozenset(
    """
    accura achiev adapti additi addres advanc agent agents alignm analys annota answer applic approa archit art
    assess attent augmen automa availa averag aware based baseli behavi benchm best capabi captur challe classi code
    com combin compar compet comple compre comput condit consis constr contex contin contro conver correc critic
    cross curren data datase degrad demons depend deploy design detect develo differ dimens direct distri divers
    domain driven due dynami effect effici enable enabli encode enhanc enviro establ estima evalua even eviden
    exhibi existi experi expert explic extens extrac featur fideli findin fine first founda four framew free full
    gains gap genera geomet github graine ground guided high https human identi image images improv includ increa
    infere inform integr intera interp introd key knowle langua large learni level levera lightw limita limite llm
    llms long low mainta measur mechan method metric modeli models module multi multim multip natura networ non
    novel object observ often open operat optimi outper output paradi parame partic patter per perfor pipeli practi
    precis predic preser prior proces produc progre prompt propos provid public qualit questi rather real reason
    recent recons reduce refine relati reliab rely remain repres requir resear result retrie reveal robust scalab
    scale scenar score segmen select self semant sequen set settin signal signif single source space spatia specif
    standa state strate strong struct substa sugges superv suppor synthe system target task tasks tempor test text
    three time token toward traine traini transf tuning unders valida verifi video vision visual weight world yet
    zero
    """.split()
)
"""Stems that stand in so many abstracts of computing that they tell little of which one is meant."""
_USUAL_WEIGHT: Final = 0.2


def complaint(
    tldr: str, points: Sequence[str], own: str, others: Sequence[str], *, is_foreign: bool
) -> tuple[int | None, str] | None:
    """Why a summary is not about the paper whose title and abstract are *own*; None: it is.

    Args:
        others: The titles and abstracts of the other papers of its batch.
        is_foreign: The summary is in another language than the abstract.

    Returns:
        The place in *others* of the one it fits better, if any, and the reason in words.
    """
    sources = [stems(own), *map(stems, others)]
    for text in filter(None, (tldr, "\n".join(points))):
        if (better := _better(stems(text), sources)) is not None:
            return better - 1, "it fits another paper better"
    if is_foreign:
        return None
    for text in (tldr, *points):
        for sentence in split(text):
            if not _is_supported(stems(sentence), sources[0]):
                return None, f"“{_excerpt(sentence)}” has next to no words in common with the abstract"
    return None


def _better(said: frozenset[str], sources: Sequence[frozenset[str]]) -> int | None:
    """The source that has clearly more of what is *said* than the first."""
    in_common = [said & source for source in sources]
    spread = Counter(itertools.chain.from_iterable(in_common))
    weights = {stem: _weight(count, len(sources)) for stem, count in spread.items()}
    # In a fixed order: the last digit of a sum of floats depends on it.
    fits = [sum(sorted(weights[stem] for stem in common)) for common in in_common]
    best = max(fits)
    return fits.index(best) if fits[0] < _AS_GOOD_AS * best else None


def _weight(abstracts: int, of: int) -> float:
    """How much a word tells that stands in so many of the batch's abstracts: little if it is in all of them."""
    return 0.1 + math.log((of + 1) / abstracts)


def _is_supported(said: frozenset[str], own: frozenset[str]) -> bool:
    if len(said) < _FEWEST_STEMS:
        return len(said) < 2 or bool(said & own)
    return _tell(said & own) >= _SUPPORTED * _tell(said)


def _tell(words: frozenset[str]) -> float:
    return sum(_USUAL_WEIGHT if stem in _USUAL else 1.0 for stem in words)


def telling(text: str) -> frozenset[str]:
    """The stems of *text* that are not usual in the field."""
    return stems(text) - _USUAL


def _excerpt(sentence: str) -> str:
    return sentence if len(sentence) <= 60 else f"{sentence[:59]}…"


@lru_cache(maxsize=512)
def stems(text: str) -> frozenset[str]:
    """The beginnings of the words of *text* that say something."""
    return frozenset(
        word[:_STEM]
        for word in _WORD.findall(text.lower())
        if (len(word) > 2 or not word.isascii() or word.isdigit()) and word not in _COMMON
    )
