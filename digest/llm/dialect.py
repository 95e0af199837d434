"""What an OpenAI-compatible server knows of a request, found out by asking and remembered.

What one does not know is left out:

    answer in   a JSON schema  →  any JSON object  →  plain text
    limit as    max_completion_tokens or max_tokens, whichever is the more likely  →  the other one
    effort      low, for models that think first  →  not said
    cache       no writing to it, for models that charge for that  →  not said
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from digest.core.models import Prompt
from digest.core.prompts import FORMS

FORMATS: Final = ("json_schema", "json_object", "text")
"""From the one that tells a server most to the one that any server knows."""
_PLAINEST: Final = len(FORMATS) - 1
_THINKS_FIRST: Final = re.compile(r"(?:gpt-[5-9][\d.]*|o\d)(?:-|$)")
"""Models whose thinking counts as output; for summaries a little of it is enough."""
_CHARGES_WRITES: Final = re.compile(r"gpt-(?:5\.[6-9]|[6-9][\d.]*)(?:-|$)")
"""Models that charge a quarter more for input written to the prompt cache, and write by themselves where nothing is
said: https://developers.openai.com/api/docs/guides/prompt-caching. Papers are never sent twice, and the fixed part of
our prompts is shorter than what is cached at all (1,024 tokens)."""
_MAY_BE_FORM: Final = frozenset({400, 422, 500, 501})
"""What servers say to a parameter they do not know; llama.cpp's Python server says 500 to a schema."""
_COMPLAINT: Final = 2_000
"""Characters of it that are looked at; some servers quote the whole request behind it."""
_FORM: Final = re.compile(
    r"response_format|schema|json.?(?:mode|object)|max_(?:completion_)?tokens|reasoning|prompt_cache|grammar"
)
"""Words for a part of a request that a server may not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a server is taken to know."""

    format: int = 0
    """Place in `FORMATS`."""
    limits: tuple[str, ...] = ("max_completion_tokens", "max_tokens")
    """Names of the limit that it may know; the first one is used."""
    effort: bool = False
    cache: bool = False

    def arguments(self, prompt: Prompt) -> dict[str, Any]:
        """The parts of a request besides model and messages."""
        arguments: dict[str, Any] = {self.limits[0]: prompt.max_output_tokens}
        if (response_format := self.response_format(prompt.form)) is not None:
            arguments["response_format"] = response_format
        if self.effort:
            arguments["reasoning_effort"] = "low"
        if self.cache:
            arguments["prompt_cache_options"] = {"mode": "explicit"}
        return arguments

    def response_format(self, form: str) -> Mapping[str, Any] | None:
        """How the server is told what an answer of *form* looks like; None: the prompt alone says it."""
        if FORMATS[self.format] == "json_schema":
            schema = {"name": form, "strict": True, "schema": FORMS[form]}
            return {"type": "json_schema", "json_schema": schema}
        return {"type": "json_object"} if FORMATS[self.format] == "json_object" else None

    def plainer(self, complaint: str) -> Dialect | None:
        """Without what *complaint* speaks of; with a simpler format of the answer if it speaks of nothing we know."""
        if self.effort and "reasoning" in complaint:
            return replace(self, effort=False)
        if self.cache and "prompt_cache" in complaint:
            return replace(self, cache=False)
        if len(self.limits) > 1 and self.limits[0] in complaint:
            return replace(self, limits=self.limits[1:])
        return replace(self, format=self.format + 1) if self.format < _PLAINEST else None

    def joined(self, other: Dialect) -> Dialect:
        """What both know: requests side by side find out one thing each, and none is forgotten."""
        return Dialect(
            format=max(self.format, other.format),
            limits=min(self.limits, other.limits, key=len),
            effort=self.effort and other.effort,
            cache=self.cache and other.cache,
        )

    def as_learned(self) -> dict[str, Any]:
        """In a form that can be stored and read by `first_dialect`."""
        return {"format": FORMATS[self.format], "limits": list(self.limits), "effort": self.effort, "cache": self.cache}


def first_dialect(model: str, *, is_openai: bool, learned: Mapping[str, Any]) -> Dialect:
    """What the server is asked in first: what was *learned*, else all that such a server and *model* may know."""
    effort = is_openai and _THINKS_FIRST.match(model) is not None
    cache = is_openai and _CHARGES_WRITES.match(model) is not None
    # OpenAI's newer models refuse max_tokens; other servers pass over what they do not know, and would write on and on.
    limits = ("max_completion_tokens", "max_tokens") if is_openai else ("max_tokens", "max_completion_tokens")
    known, limit = learned.get("format"), learned.get("limits")
    return Dialect(
        format=FORMATS.index(known) if known in FORMATS else 0,
        limits=limits[1:] if limit == list(limits[1:]) else limits,
        effort=effort and learned.get("effort") is not False,
        cache=cache and learned.get("cache") is not False,
    )


class Interpreter:
    """Finds out a server's dialect while it is asked. Thread-safe.

    Until an answer came, a refusal may be one of the request's form, even if it says nothing of it. Then it takes
    another one, after a simpler form was answered: a server that fails may fail many requests side by side, and what is
    found out here is believed for a month.
    """

    def __init__(
        self,
        first: Dialect,
        *,
        probes: int,
        learned: Mapping[str, Any],
        learn: Callable[[Mapping[str, Any]], None],
    ) -> None:
        """Begin with *first*.

        Args:
            learned: What *first* was made of. It is not learned anew while it holds, and so has an end.
            probes: How often a server that answers nothing at all is asked in another form.
            learn: Given what was found out, in the thread of the request that did so.
        """
        self._dialect = first
        self._learn = learn
        self._is_proven = False
        """An answer has come: what is refused from now on without naming the form is not refused for it."""
        self._probes = self._probes_left = probes
        self._suspected: set[int] = set()
        """Places in `FORMATS` that may have been refused, for a simpler one was answered."""
        self._refused: set[int] = set()
        """Those that were refused by name, or again."""
        self._told: Mapping[str, Any] = first.as_learned() if learned else {}
        self._lock = threading.Lock()

    @property
    def dialect(self) -> Dialect:
        """What the next request is made in."""
        with self._lock:
            return self._dialect

    def plainer(self, dialect: Dialect, status: int, complaint: str) -> Dialect | None:
        """How to ask again what was refused in *dialect*, if it may be its form that was."""
        if status not in _MAY_BE_FORM:
            return None
        complaint = complaint[:_COMPLAINT].lower()
        is_clear = _FORM.search(complaint) is not None
        with self._lock:
            if self._is_proven and (known := dialect.joined(self._dialect)) != dialect:
                return known  # another request has found out meanwhile
            if not is_clear:
                if self._is_proven or not self._probes_left:
                    return None
                self._probes_left -= 1
            plainer = dialect.plainer(complaint)
            if plainer is not None and plainer.format > dialect.format:
                self._refused |= {dialect.format} if is_clear else self._suspected & {dialect.format}
            if plainer is not None and is_clear:
                # Even if the plainer request fails for another reason, the next one need not hear this again.
                self._dialect = self._dialect.joined(plainer)
            return plainer

    def worked(self, dialect: Dialect) -> None:
        """Keep what brought an answer."""
        with self._lock:
            refused = set(range(self._dialect.format, dialect.format))
            sure = refused <= self._refused
            if not sure:
                dialect = replace(dialect, format=self._dialect.format)
                self._suspected |= refused
                self._probes_left = self._probes
            self._is_proven = self._is_proven or sure
            self._dialect = self._dialect.joined(dialect)
            news = self._dialect.as_learned()
            if not self._is_proven or news == self._told:
                return
            self._told = news
        self._learn(news)
