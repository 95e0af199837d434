"""The dialect of an OpenAI-compatible server: which parameters of a request it accepts, found out by asking and stored.

A parameter that a server refuses is left out, or sent in another way:

    answer in   a JSON schema  →  any JSON object  →  plain text
    limit as    max_completion_tokens or max_tokens, whichever is the more likely  →  the other one
    limit of    what the answer may need  →  what the server allows at the most
    system      a message of its own  →  the beginning of the user's
    effort      as configured; low, for OpenAI's models that think first  →  not said
    tier        as configured  →  not said
    cache       no writing to it, for models that charge for that  →  not said
    answer      as a whole  →  as a stream, with its usage  →  as a stream
    window      not known  →  so many tokens for prompt and answer together
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from digest.core.models import Prompt
from digest.core.summaries.prompts import FORMS

FORMATS: Final = ("json_schema", "json_object", "text")
"""Formats of an answer, from the strictest to the one that any server knows."""
_PLAINEST: Final = len(FORMATS) - 1
STREAMS: Final = ("", "usage", "plain")
"""How an answer is sent: whole; as a stream that ends with its usage; as a plain stream."""
LEAST_WINDOW: Final = 512
"""Tokens; no server's context is smaller, and a number below it means something else."""
_LEAST_OUTPUT: Final = 64
_THINKS_FIRST: Final = re.compile(r"(?:gpt-[5-9][\d.]*|o\d)(?:-|$)")
"""Models whose thinking counts as output; for summaries a little of it is enough."""
_CHARGES_WRITES: Final = re.compile(r"gpt-(?:5\.[6-9]|[6-9][\d.]*)(?:-|$)")
"""Models that charge a quarter more for input written to the prompt cache, and write by themselves where nothing is
said: https://developers.openai.com/api/docs/guides/prompt-caching. Papers are never sent twice, and the fixed part of
our prompts is shorter than what is cached at all (1,024 tokens)."""
_MAY_BE_FORM: Final = frozenset({400, 422, 500, 501})
"""Statuses with which servers refuse an unknown parameter; llama.cpp's Python server answers 500 to a schema."""
_COMPLAINT: Final = 2_000
"""Characters of an error message that are looked at; some servers quote the whole request behind it."""
_FORM: Final = re.compile(
    r"response_format|schema|json.?(?:mode|object)|max_(?:completion_)?tokens|reasoning|service_tier|prompt_cache|grammar"
)
"""Words for a part of a request that a server may not know."""
_NO_SYSTEM: Final = re.compile(
    r"(?:system|developer)\W{1,3}(?:role|message|prompt|instruction)s?\b[^.{}]{0,30}\b(?:not|un\w+|disabled)\b"
    r"|(?:unknown|unsupported|invalid|unexpected) (?:message )?role\W{1,3}system"
    r"|\brole does not support\W{1,3}system|roles? must alternate"
    r"|only (?:the )?\W?user\W?(?:,| and) \W?assistant\W? roles?"
)
"""Gemma's and Mistral's chat templates know no system message."""
_STREAM_ONLY: Final = re.compile(
    r"\b(?:only|must|required?|requires|need(?:s|ed)?|enable|set)\b[^.]{0,40}\bstream|non.?stream\w*"
    r"|\bstream\w*\W[^.]{0,30}\b(?:only|required|must be (?:set )?(?:to )?true|is not true)|stream\W{0,2}=\W{0,2}false"
)
"""As Qwen's thinking models answer on DashScope."""
_OUT_OF_RANGE: Final = re.compile(
    r"range|at most|less than|<=|≤|exceed|too (?:large|high|big)|maximum|between|above|larger|greater"
    r"|limit(?:ed)? to| > \d"
)
"""Words of a message that refuses the value of a limit, not its name."""
_UNKNOWN: Final = re.compile(
    r"unsupported|unrecogni[sz]ed|unknown|unexpected|not (?:supported|permitted|allowed)|extra|instead"
)
_NUMBER: Final = re.compile(r"(?<![\w.-])\d{2,7}(?![\w-]|\.\d)")
_WINDOW: Final = re.compile(
    r"(?:context.{0,20}?(?:length|window|size)|n_ctx|max_model_len)\D{0,40}?(\d{1,3}(?:,\d{3})+|\d{3,7})(?!\w)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """The parameters that a server is assumed to accept, and its limits."""

    format: int = 0
    """The format of answers, as an index of `FORMATS`."""
    limits: tuple[str, ...] = ("max_completion_tokens", "max_tokens")
    """Names of the output limit that the server may know; the first one is used."""
    effort: str = ""
    """The reasoning effort that is asked for; empty: the parameter is not sent."""
    tier: str = ""
    """Which of the provider's tiers is asked for."""
    cache: bool = False
    system: bool = True
    stream: int = 0
    """How answers are sent, as an index of `STREAMS`."""
    most_output: int | None = None
    """The highest output limit that the server allows; None: not known."""
    window: int | None = None
    """Tokens that its model sees at once, prompt and answer together; None: not known."""
    refused: frozenset[str] = frozenset()
    """Parameters that the server refused: `effort=low`, `tier=flex`, `cache`."""

    def arguments(self, prompt: Prompt, *, room: int | None = None) -> dict[str, Any]:
        """The parts of a request besides model and messages.

        Args:
            room: Tokens that the model's context leaves for an answer; None: that is not known.
        """
        most = [n for n in (prompt.max_output_tokens, self.most_output, room) if n is not None]
        arguments: dict[str, Any] = {self.limits[0]: max(_LEAST_OUTPUT, min(most))}
        if (response_format := self.response_format(prompt.form)) is not None:
            arguments["response_format"] = response_format
        if self.effort:
            arguments["reasoning_effort"] = self.effort
        if self.tier:
            arguments["service_tier"] = self.tier
        if self.cache:
            arguments["prompt_cache_options"] = {"mode": "explicit"}
        if STREAMS[self.stream]:
            arguments["stream"] = True
        if STREAMS[self.stream] == "usage":
            arguments["stream_options"] = {"include_usage": True}
        return arguments

    def messages(self, prompt: Prompt) -> list[dict[str, str]]:
        """Return the messages of a request."""
        if not self.system:
            return [{"role": "user", "content": f"{prompt.system}\n\n{prompt.user}"}]
        return [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]

    def response_format(self, form: str) -> Mapping[str, Any] | None:
        """Return the parameter `response_format` for answers of *form*; None: only the prompt describes the form."""
        if FORMATS[self.format] == "json_schema":
            schema = {"name": form, "strict": True, "schema": FORMS[form]}
            return {"type": "json_schema", "json_schema": schema}
        return {"type": "json_object"} if FORMATS[self.format] == "json_object" else None

    def adapted(self, complaint: str, *, limit: int) -> Dialect | None:
        """Return the dialect without the parameter that *complaint* names, or with another form of it; else None.

        Args:
            complaint: In lower case.
            limit: What was sent as the limit of the answer.
        """
        if self.stream and "stream_options" in complaint:
            return replace(self, stream=len(STREAMS) - 1)
        if not self.stream and _STREAM_ONLY.search(complaint):
            return replace(self, stream=1)
        if self.effort and "reasoning" in complaint:
            return replace(self, effort="", refused=self.refused | {f"effort={self.effort}"})
        if self.tier and ("service_tier" in complaint or self.tier in complaint):
            return replace(self, tier="", refused=self.refused | {f"tier={self.tier}"})
        if self.cache and "prompt_cache" in complaint:
            return replace(self, cache=False, refused=self.refused | {"cache"})
        if self.limits[0] in complaint and (lower := _lower(complaint, self.limits[0], limit)) is not None:
            return replace(self, most_output=lower)
        if len(self.limits) > 1 and self.limits[0] in complaint:
            return replace(self, limits=self.limits[1:])
        if self.system and _NO_SYSTEM.search(complaint):
            return replace(self, system=False)
        return None

    def plainer(self, complaint: str, *, limit: int) -> Dialect | None:
        """Return the dialect without the parameter that *complaint* names.

        If it names none, with a simpler format of answers.
        """
        if adapted := self.adapted(complaint, limit=limit):
            return adapted
        return replace(self, format=self.format + 1) if self.format < _PLAINEST else None

    def joined(self, other: Dialect) -> Dialect:
        """Combine two dialects: parallel requests find out one thing each, and all of these are kept."""
        return Dialect(
            format=max(self.format, other.format),
            limits=min(self.limits, other.limits, key=len),
            effort=min(self.effort, other.effort),
            tier=min(self.tier, other.tier),
            cache=self.cache and other.cache,
            system=self.system and other.system,
            stream=max(self.stream, other.stream),
            most_output=_least(self.most_output, other.most_output),
            window=_least(self.window, other.window),
            refused=self.refused | other.refused,
        )

    def as_learned(self) -> dict[str, Any]:
        """Return the dialect as JSON values, to be stored and read by `first_dialect`."""
        learned: dict[str, Any] = {"format": FORMATS[self.format], "limits": list(self.limits)}
        if self.refused:
            learned["refused"] = sorted(self.refused)
        if not self.system:
            learned["system"] = False
        if self.stream:
            learned["stream"] = STREAMS[self.stream]
        if self.most_output is not None:
            learned["most_output"] = self.most_output
        if self.window is not None:
            learned["window"] = self.window
        return learned


def _lower(complaint: str, name: str, limit: int) -> int | None:
    """Return the output limit that the server allows, if the value was refused.

    None if the *name* of the parameter was.
    """
    at = complaint.index(name)
    # Some quote the request behind it, and in that there is any word.
    said = complaint[max(0, at - 120) : at + len(name) + 160]
    allowed = [n for n in map(int, _NUMBER.findall(said)) if _LEAST_OUTPUT <= n < limit]
    if not _OUT_OF_RANGE.search(said) or (not allowed and _UNKNOWN.search(said)):
        return None
    lower = max(allowed) if allowed else limit // 2
    return lower if _LEAST_OUTPUT <= lower < limit else None


def window_in(complaint: str) -> int | None:
    """Return the model's context window in tokens, if an error message states it; else None."""
    found = _WINDOW.search(complaint[:_COMPLAINT].lower())
    window = int(found[1].replace(",", "")) if found else 0
    return window if window >= LEAST_WINDOW else None


def first_dialect(
    model: str, *, is_openai: bool, learned: Mapping[str, Any], effort: str = "", tier: str = ""
) -> Dialect:
    """Return the dialect of the first request.

    The *learned* one, else all parameters that server and *model* may know.
    """
    listed = learned.get("refused")
    refused = frozenset(each for each in listed if isinstance(each, str)) if isinstance(listed, list) else frozenset()
    effort = effort or ("low" if is_openai and _THINKS_FIRST.match(model) is not None else "")
    cache = is_openai and _CHARGES_WRITES.match(model) is not None
    # OpenAI's newer models refuse max_tokens; other servers pass over what they do not know, and would write on and on.
    limits = ("max_completion_tokens", "max_tokens") if is_openai else ("max_tokens", "max_completion_tokens")
    known, limit, stream = learned.get("format"), learned.get("limits"), learned.get("stream")
    return Dialect(
        format=FORMATS.index(known) if known in FORMATS else 0,
        limits=limits[1:] if limit == list(limits[1:]) else limits,
        effort="" if f"effort={effort}" in refused else effort,
        tier="" if f"tier={tier}" in refused else tier,
        cache=cache and "cache" not in refused,
        system=learned.get("system") is not False,
        stream=STREAMS.index(stream) if stream in STREAMS else 0,
        most_output=_number(learned.get("most_output"), least=_LEAST_OUTPUT),
        window=_number(learned.get("window"), least=LEAST_WINDOW),
        refused=refused,
    )


def _number(value: object, *, least: int) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= least else None


def _least(one: int | None, other: int | None) -> int | None:
    return min((n for n in (one, other) if n is not None), default=None)


class Interpreter:
    """Finds out a server's dialect from its refusals. Thread-safe.

    Until the first answer came, any refusal may be due to the form of the request, even if the message does not say so.
    A simpler form is kept only after it was answered, and learned for a month: a failing server may refuse many
    parallel requests.
    """

    def __init__(
        self,
        first: Dialect,
        *,
        probes: int,
        learned: Mapping[str, Any],
        learn: Callable[[Mapping[str, Any]], None],
    ) -> None:
        """Begin with the dialect *first*.

        Args:
            learned: What *first* was made from. It is not stored again while it holds, so that it expires.
            probes: How often a server that refuses everything is asked in another form.
            learn: Stores a new dialect; called in the thread of the request that found it.
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
        """The dialect of the next request."""
        with self._lock:
            return self._dialect

    def plainer(self, dialect: Dialect, status: int, complaint: str, *, limit: int = 0) -> Dialect | None:
        """Return the dialect in which to repeat a request refused in *dialect*; None if its form is not the cause.

        Args:
            limit: What was sent as the limit of the answer.
        """
        if status not in _MAY_BE_FORM:
            return None
        complaint = complaint[:_COMPLAINT].lower()
        with self._lock:
            if self._is_proven and (known := dialect.joined(self._dialect)) != dialect:
                return known  # another request has found out meanwhile
            plainer = dialect.adapted(complaint, limit=limit)
            is_clear = plainer is not None or _FORM.search(complaint) is not None
            if not is_clear:
                if self._is_proven or not self._probes_left:
                    return None
                self._probes_left -= 1
            plainer = plainer or dialect.plainer(complaint, limit=limit)
            if plainer is not None and plainer.format > dialect.format:
                self._refused |= {dialect.format} if is_clear else self._suspected & {dialect.format}
            if plainer is not None and is_clear:
                # Even if the plainer request fails for another reason, the next one need not hear this again.
                self._dialect = self._dialect.joined(plainer)
            return plainer

    def narrow(self, window: int) -> None:
        """Note that the model sees no more than *window* tokens at once; it is learned with the next answer."""
        with self._lock:
            self._dialect = replace(self._dialect, window=_least(self._dialect.window, window))

    def worked(self, dialect: Dialect) -> None:
        """Keep *dialect*, which brought an answer."""
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
