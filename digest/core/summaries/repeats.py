"""A phrase that a model says of several papers, though their abstracts do not have it.

So an instruction in one abstract shows that had an effect on the summaries of others ("append to every summary …").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, TypeVar

from digest.core.summaries.belonging import stems, telling

K = TypeVar("K")

_WORDS: Final = 6
# Romance languages need more words for one term ("grands modèles de langage").
_WORDS_ELSEWHERE: Final = 10
# So many words of the phrase tell something that the abstract does not: of terms of the field and on papers that are
# nearly the same the same may be said.
_TELLING: Final = 2
_WORD: Final = re.compile(r"[^\W_]+")


def repeated(said: Mapping[K, tuple[str, str]], *, language: str) -> dict[K, str]:
    """Those of *said* that share a phrase with another one, and the phrase.

    Args:
        said: For each paper what is said of it, and its title and abstract.
        language: Of what is said.
    """
    length = _WORDS if language == "en" else _WORDS_ELSEWHERE
    users: dict[tuple[str, ...], list[K]] = {}
    for key, (text, _) in said.items():
        for phrase in _phrases(text, length):
            users.setdefault(phrase, []).append(key)
    return {
        key: " ".join(phrase)
        for phrase, keys in users.items()
        if len(keys) > 1
        for key in keys
        if len(telling(" ".join(phrase)) - stems(said[key][1])) >= _TELLING
    }


def _phrases(text: str, length: int) -> dict[tuple[str, ...], None]:
    """Each run of so many words, once."""
    words = _WORD.findall(text.lower())
    return dict.fromkeys(zip(*(words[start:] for start in range(length)), strict=False))
