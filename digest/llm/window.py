"""Detect servers that cut prompts silently, by the number of tokens that they report.

Ollama's context has 4,096 tokens where nobody set another, and a longer prompt loses its beginning or its middle; the
answer has status 200 and says that 2,050 tokens were read. So what a server counted is compared with our own count:

    less than four fifths of it             perhaps a cut: what follows is made smaller, which costs little
    the same number again                   a cut
    after that, for less, about as many     a cut: it counts as we do
    another number, too small as well       it counts in another way, or not at all
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Final

from digest.llm.dialect import LEAST_WINDOW

_SHARE: Final = 0.8
"""Of our count; other vocabularies, of fewer words, count more than OpenAI's newest, and hardly any a fifth less."""
_LEAST: Final = 1_000
"""Tokens of our own count below which nothing is said: there a served cache is a large part of it."""
_NEARER: Final = 0.12
"""Share of our count by which the server's count of a smaller prompt must come nearer, if the earlier one was cut."""
_SAME: Final = 16
_HALF: Final = 512
"""Ollama keeps half of its context and two tokens: https://github.com/ollama/ollama/issues/17427"""


@dataclass(frozen=True, slots=True)
class Cut:
    """A prompt that the server cut."""

    tokens: int
    """About how many tokens the prompt had."""
    seen: int
    """How many tokens the model saw."""

    @property
    def window(self) -> int:
        """The context window, in tokens, that explains the cut."""
        half = self.seen - 2
        return 2 * half if half >= _HALF and half % _HALF == 0 else self.seen


class CutWatch:
    """Compares the server's counts of tokens with ours over a run. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cut: Cut | None = None
        self._is_sure = False
        self._is_off = False

    @property
    def window(self) -> int | None:
        """The context window, in tokens, that prompts should fit into; None if no prompt seems to have been cut."""
        return None if self._cut is None or self._is_off else self._cut.window

    @property
    def cut(self) -> Cut | None:
        """A prompt that was certainly cut; None if there is none."""
        return self._cut if self._is_sure and not self._is_off else None

    def heard(self, tokens: int, said: int | None) -> None:
        """Compare the counts of one prompt.

        Args:
            tokens: Our count, which must be an estimate and not an upper bound.
            said: The server's count; None: it reports none.
        """
        with self._lock:
            if self._is_off or not said or not tokens:
                return
            known, share = self._cut, said / tokens
            if share >= _SHARE or tokens < _LEAST:
                if known is not None and share >= max(_SHARE, known.seen / known.tokens + _NEARER):
                    self._is_sure = True
            elif said < LEAST_WINDOW:
                self._is_off = not self._is_sure
            elif known is None:
                self._cut = Cut(tokens, said)
            elif abs(said - known.seen) <= _SAME:
                self._is_sure = True
            elif not self._is_sure:
                self._is_off = True
