"""Count the tokens of a text, with the model's vocabulary or, without it, by an upper bound.

tiktoken keeps no vocabulary of its own: it fetches one when it is first asked, with no time-out, and fails where there
is no network. So it is asked last, in another process, with a time limit, and only if one talks to the model's maker.

    bpe-openai, if installed  →  tiktoken's cached file  →  (fetch=True) tiktoken's download  →  an upper bound
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha1, sha256
from math import ceil
from os import environ
from pathlib import Path
from tempfile import gettempdir
from typing import Any, Final

from digest.core.errors import DigestError
from digest.core.walls import foreign

FETCH_S: Final = 15
_COUNTED: Final = 256
"""Texts whose number of tokens is cached: enough for the prompts under way."""
_NEWEST: Final = "o200k_base"
_LIKE_GPT_5: Final = re.compile(r"gpt-[56](?:\.\d+)?(?:-|$)")
"""Models that use the vocabulary of GPT-5, and that tiktoken's older versions do not know."""
# tiktoken's name for what it downloads; `tiktoken_ext/openai_public.py`.
_VOCABULARY_URL: Final = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
_VOCABULARY_SHA256: Final = {
    "r50k_base": "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930",
    "p50k_base": "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069",
    "cl100k_base": "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7",
    "o200k_base": "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d",
}
"""What tiktoken expects the files to hash to; from the same place."""

_FOREIGN: Final = 1.5
"""How many times as many tokens another maker's model may count: 32,000 words instead of 200,000 make a fifth more of
English, and a third more of formulas."""


@dataclass(frozen=True, slots=True)
class Counter:
    """A function that counts the tokens of a text, with the vocabulary it uses."""

    count: Callable[[str], int] = field(repr=False)
    encoding: str
    """Name of the vocabulary."""
    is_own: bool
    """The vocabulary is the model's own, as far as is known."""
    is_bound: bool
    """There is no vocabulary at hand: the number is an upper bound."""

    def __call__(self, text: str) -> int:
        return self.count(text)

    def at_most(self, text: str) -> int:
        """Return the most tokens that the model may count for *text*, also a model of another maker."""
        # The bound is so much too high that it holds for others' vocabularies as well.
        return self.count(text) if self.exact or self.is_bound else ceil(_FOREIGN * self.count(text))

    @property
    def exact(self) -> bool:
        """The model's own vocabulary is used. Otherwise the number is too high, or that of another maker's model."""
        return self.is_own and not self.is_bound

    def describe(self) -> str | None:
        """Return why the numbers are not exact, and what to do; None if they are exact."""
        if self.is_bound:
            return (
                "no vocabulary is at hand to count tokens with, so they are reckoned about four times too high: more "
                "requests are made than need be, and less of a budget is used; pip install bpe-openai brings one"
            )
        if not self.is_own:
            return (
                f"tokens are counted by OpenAI's vocabulary {self.encoding}, for the model's own is not known; "
                f"{_FOREIGN:g} times as many are reserved"
            )
        return None


@lru_cache
def counter(model: str, *, fetch: bool = False) -> Counter:
    """Return the counter for *model*; it uses OpenAI's newest vocabulary for a model that tiktoken does not know.

    Args:
        fetch: tiktoken may download the vocabulary, for up to `FETCH_S` seconds.
    """
    from tiktoken import model as models  # half a second with its dependencies

    try:
        encoding, known = models.encoding_name_for_model(model), True
    except KeyError:
        encoding, known = _NEWEST, _LIKE_GPT_5.match(model) is not None
    # What is sent as text is the same in both.
    encoding = encoding.replace("o200k_harmony", _NEWEST)
    count = _from_package(encoding) or _from_tiktoken(encoding, fetch=fetch)
    # A prompt is counted for the budget, for the limits, and for an answer that does not say.
    counted = lru_cache(_COUNTED)(count or at_most)
    return Counter(count=counted, encoding=encoding, is_own=known, is_bound=count is None)


def _from_package(encoding: str) -> Callable[[str], int] | None:
    try:
        import bpe_openai
    except ImportError:
        return None
    if encoding not in bpe_openai.list_encoding_names():
        return None
    return _counting(lambda: bpe_openai.get_encoding(encoding))


def _from_tiktoken(encoding: str, *, fetch: bool) -> Callable[[str], int] | None:
    if not _is_cached(encoding) and not (fetch and _download(encoding)):
        return None
    import tiktoken

    return _counting(lambda: tiktoken.get_encoding(encoding))


def _counting(load: Callable[[], Any]) -> Callable[[str], int] | None:
    """Return a counting function with the vocabulary that *load* gives.

    None if that fails, as there is the upper bound.
    """
    try:
        with foreign("the vocabulary", DigestError):
            vocabulary = load()
            vocabulary.encode_ordinary("")
    except DigestError:
        return None

    def count(text: str) -> int:
        try:
            with foreign("the vocabulary", DigestError):
                return len(vocabulary.encode_ordinary(text))
        except DigestError:
            return at_most(text)

    return count


def _is_cached(encoding: str) -> bool:
    """Look where tiktoken's `load.read_file_cached` looks, and as it does: a file that is not whole is downloaded anew.

    It does that whether or not it is wanted, and fails where there is no network.
    """
    folder = environ.get("TIKTOKEN_CACHE_DIR", environ.get("DATA_GYM_CACHE_DIR", f"{gettempdir()}/data-gym-cache"))
    name = sha1(_VOCABULARY_URL.format(encoding).encode(), usedforsecurity=False).hexdigest()
    if not folder or encoding not in _VOCABULARY_SHA256:
        return False
    try:
        content = (Path(folder) / name).read_bytes()
    except OSError:
        return False
    return sha256(content).hexdigest() == _VOCABULARY_SHA256[encoding]


def _download(encoding: str) -> bool:
    """Let tiktoken fill its cache; in a process that can be stopped, for the download itself has no time-out."""
    command = [sys.executable, "-c", "import sys, tiktoken; tiktoken.get_encoding(sys.argv[1])", encoding]
    try:
        done = subprocess.run(command, capture_output=True, timeout=FETCH_S, check=False)  # noqa: S603 -- ourselves
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and _is_cached(encoding)


# --- without a vocabulary ---------------------------------------------------------------------------------------------

# Each pair of common letters is a token of its own, and so is a blank with a letter. Thus of two neighbouring tokens in
# such a run one has two letters at least: no more than two tokens for three letters. Up to three digits are a token.
# Nothing takes more tokens than it has bytes. Checked against both vocabularies in the tests.
_PIECE: Final = re.compile(r"(?P<letters> ?[abcdefghilmnoprstuvwy]+)|(?P<digits>[0-9]+)|(?P<other>.)", re.DOTALL)


def at_most(text: str) -> int:
    """A number of tokens that *text* does not exceed in any of OpenAI's vocabularies; about four times too high."""
    total = 0
    for piece in _PIECE.finditer(text):
        length = piece.end() - piece.start()
        if piece["letters"]:
            total += (2 * length + 2) // 3
        elif piece["digits"]:
            total += (length + 2) // 3
        else:
            total += len(piece[0].encode("utf-8", "replace"))
    return total
