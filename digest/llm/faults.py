"""Translate failed model requests into errors: a sentence, when to try again, and whether they may be billed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from digest.core.certificates import certificate_error, certificate_fault
from digest.core.errors import LLMError, LLMUnavailable
from digest.core.pauses import LONGEST_S, retry_after
from digest.core.private import without_password
from digest.core.words.text import excerpt

_PASSING: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529, 498})
"""Statuses of temporary faults of a server; 52x are a gateway's, 498 is Groq's for a tier that is full."""
_LOST_BEHIND_GATEWAY: Final = frozenset({502, 504, 520, 524})
"""Statuses with which a gateway gives up on the model's server, which may still be working on the request."""
_QUOTA: Final = re.compile(r"insufficient_quota|billing_|exceeded your current quota|credit balance", re.IGNORECASE)
_A_PAUSE_S: Final = 1.0
"""A server that asks for a pause of at least so many seconds does not refuse for ever."""
_SCOPE: Final = re.compile(
    r"scope|permission|not (?:allowed|authori[sz]ed|entitled)|insufficient|forbidden|\brole\b", re.IGNORECASE
)
_OTHER_TENANT: Final = re.compile(r"organi[sz]ation|project|tenant", re.IGNORECASE)
_KEY_LIKE: Final = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|key|api)[-_][\w*.…-]{6,}|\bAIza[\w-]{10,}|[^\s*]{0,60}\*{3,}\S*|\bBearer \S+"
)
"""Matches API keys in messages: servers quote the key that they refuse, with or without stars."""
_NO_PLACE: Final = re.compile(
    r"page not found|^\W*(?:404\W+)?not found\W*$|file not found|cannot (?:post|get)|unexpected endpoint"
    r"|no (?:such )?route|(?:unknown|invalid|no such) (?:endpoint|path|url|request url)|method not allowed|^\s*<",
    re.IGNORECASE,
)
"""Messages of a 404 that mean the URL, not the model."""
_KEPT_WAITING: Final = re.compile(
    r"(?:retry|try)(?: your request)?(?: again)?(?: in| after)(?: about)? "
    r"(?P<text>\d[\d.]* ?[a-z]{0,12}(?: ?\d[\d.]* ?[a-z]{1,12}){0,2})"
    r"|(?:retry.?delay|retry.?after(?:.?(?P<ms>ms|milliseconds)|.?s(?:ec(?:ond)?s?)?)?|estimated_time)[\W_]{1,12}"
    r"(?P<key>\d[\d.]*)(?P<key_unit>ms|s\b)?",
    re.IGNORECASE,
)
"""A pause that stands in the body: Gemini's RetryInfo, OpenAI's and Groq's "try again in 7m12s", Hugging Face's
estimated_time while a model is loaded."""
_SPAN: Final = re.compile(
    r"(\d[\d.]*) ?(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h)?(?![a-z])", re.IGNORECASE
)
_QUOTED: Final = 4_000
"""Characters of a server's message that are kept for people."""
_LONGEST_BODY: Final = 20_000
_TOO_LONG: Final = re.compile(
    r"context.?(?:length|window|size)|maximum context|too (?:long|large|many tokens)|max_model_len", re.IGNORECASE
)
_VERSIONED: Final = re.compile(r"/v\d+\w*(?:/|$)|/openai(?:/|$)|/api(?:/|$)")
NO_KEY: Final = "none"
"""Stands for the key where there is none."""
_FLAGGED: Final = re.compile(r"moderat|flagged|content.?(?:policy|filter)|safety", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """The server that errors are about."""

    where: str
    """The server, for people."""
    model: str
    key: str
    """The API key, which is removed from messages that quote it."""

    def quoted(self, said: str) -> str:
        """Return the beginning of the server's message *said*, without the key."""
        said = said[:_QUOTED]
        without = said.replace(self.key, "…") if len(self.key) > 8 else said
        return excerpt(_KEY_LIKE.sub("…", without))

    def refused(
        self, status: int, body: object, headers: Mapping[str, str], *, now: datetime, text: str = ""
    ) -> LLMError:
        """Return the error for an answer with a *status* other than success.

        Args:
            text: The whole answer, if *body* is only a part of it.
        """
        message = message_of(body)
        said, where = self.quoted(message), self.where
        raw = body if isinstance(body, str) else json.dumps(body, default=str)
        pause_s = pause_of(headers, now)
        if pause_s is None and (status in _PASSING or status == 403):
            pause_s = pause_in(text or raw)
        if hopeless := self._hopeless(status, said, raw, headers, pause_s):
            return LLMUnavailable(hopeless)
        passes = status in _PASSING or (status == 403 and (pause_s or 0.0) >= _A_PAUSE_S)
        again = headers.get("x-should-retry", "true" if passes else "false").strip().lower() == "true"
        if status == 429:
            text = f"{where} takes no more requests for now ({said}); lower [llm] concurrency"
        elif status == 413 or (not again and is_too_long(raw)):
            text = f"the request is too long for {self.model} at {where} ({said}); lower [llm] batch_tokens"
        elif not again and _FLAGGED.search(raw):
            text = f"{where} refused what was asked for its content ({said})"
        else:
            text = f"{where} answered {status} ({said})"
        return LLMError(
            text,
            again=again,
            retry_after_s=pause_s if again else None,
            may_be_billed=status in _LOST_BEHIND_GATEWAY,
        )

    def _hopeless(
        self, status: int, said: str, raw: str, headers: Mapping[str, str], pause_s: float | None
    ) -> str | None:
        """Return why no request can succeed with this configuration; None if one may.

        Args:
            pause_s: The pause that the server asks for; after it a request may succeed.
        """
        where, is_passing = self.where, pause_s is not None and pause_s >= _A_PAUSE_S
        if status == 401:
            return self._not_let_in(said)
        # Gemini says that the quota is exceeded where it means that of this minute.
        if status == 402 or (400 <= status < 500 and _QUOTA.search(raw) and not is_passing):
            return f"the quota at {where} is used up ({said}); add credit, or wait for the next period"
        if status == 403 and not _FLAGGED.search(raw) and not is_passing:
            return f"{where} does not let this key use {self.model} ({said})"
        if status == 405 or (status == 404 and self._is_no_place(said)):
            return f"{where} has nothing at that address ({said}); {self.address_hint}"
        if status == 404:
            return f"{where} has no model {self.model} ({said}); check [llm] model and base_url"
        if 300 <= status < 400:
            there = excerpt(without_password(headers.get("location", "?")))
            return f"{where} has moved to {there}; set [llm] base_url to that"
        return None

    def _not_let_in(self, said: str) -> str:
        """Return what to do about a 401, which is not always due to a wrong key."""
        where = self.where
        if self.key == NO_KEY:
            return f"{where} wants a key ({said}); put one into the variable that [llm] api_key_env names"
        if _SCOPE.search(said):
            return (
                f"{where} knows the key, but it may not do this ({said}); give it the right to use {self.model} "
                f"there, or put another one into the variable that [llm] api_key_env names"
            )
        if _OTHER_TENANT.search(said):
            return (
                f"{where} did not accept the key ({said}); check the variable that [llm] api_key_env names, and "
                f"[llm] organization and project"
            )
        return f"{where} did not accept the key ({said}); check the variable that [llm] api_key_env names"

    def _is_no_place(self, said: str) -> bool:
        """Whether a 404 means the URL and not the model."""
        if _NO_PLACE.search(said):
            return True
        return not self.has_version and self.model not in said and "model" not in said.lower()

    @property
    def has_version(self) -> bool:
        """Whether the URL has a version or a deployment in it, as that of an API does."""
        if "://" not in self.where:
            return True
        path = urlsplit(self.where).path.rstrip("/")
        return _VERSIONED.search(path) is not None and not path.endswith("/chat/completions")

    @property
    def address_hint(self) -> str:
        """How [llm] base_url should look."""
        address = self.where.partition("?")[0].rstrip("/")
        bare = address.removesuffix("/chat/completions")
        if bare != address:
            return f"[llm] base_url ends before /chat/completions, as in {bare}"
        if "://" in address and not self.has_version:
            return f"check [llm] base_url, which usually ends in /v1, as in {address}/v1"
        return "check [llm] base_url, which usually ends in /v1"

    def broke(self, cause: BaseException | None, *, was_sent: bool, was_reached: bool, timeout_s: float) -> LLMError:
        """Return the error for a connection that broke or could not be made.

        *cause* is the HTTP library's exception.
        """
        import httpx2

        from digest.llm.wire import TooLargeError

        where = self.where
        if (fault := certificate_error(cause)) is not None:
            return LLMUnavailable(f"{where} {certificate_fault(fault, setting='[network] ca_file')}")
        if isinstance(cause, httpx2.ProxyError) and not was_reached:
            return LLMUnavailable(f"{where} cannot be reached: {excerpt(str(cause))} did not let it through")
        if not was_sent and not was_reached:
            return LLMUnavailable(f"{where} cannot be reached; is the server running, and [llm] base_url right?")
        if isinstance(cause, TooLargeError):
            return LLMError(f"{where} answered without end: {cause}", may_be_billed=True)
        if isinstance(cause, httpx2.TimeoutException) and was_sent:
            return LLMError(f"{where} gave no answer within {timeout_s:g} s", again=True, may_be_billed=True)
        if isinstance(cause, httpx2.DecodingError):
            return LLMError(f"the answer of {where} is packed in a damaged way", again=True, may_be_billed=True)
        return LLMError(f"the connection to {where} broke", again=True, may_be_billed=was_sent)

    def no_json(self, text: str) -> LLMError:
        """Return the error for an answer that has a status of success and is no JSON."""
        is_page = text.lstrip()[:1] == "<"
        what = "a web page" if is_page else "something that is not JSON"
        return LLMError(
            f"{self.where} answered with {what} ({self.quoted(text)}); {self.address_hint}",
            again=True,
            # A page is a gateway's or a portal's; broken JSON may be what is left of an answer.
            may_be_billed=not is_page,
        )

    def no_answer(self, body: object, *, now: datetime) -> LLMError:
        """Return the error for JSON without an answer in it; some gateways send another server's error this way."""
        error = body.get("error") if isinstance(body, Mapping) else None
        code = error.get("code") if isinstance(error, Mapping) else None
        if isinstance(code, int) and 400 <= code < 600:
            return self.refused(code, body, {}, now=now)
        said = self.quoted(message_of(body))
        if error and _NO_PLACE.search(said):  # LM Studio says so with status 200
            return LLMUnavailable(f"{self.where} has nothing at that address ({said}); {self.address_hint}")
        return LLMError(f"{self.where} sent no answer ({said})", again=True, may_be_billed=not error)


def is_too_long(body: object) -> bool:
    """Whether an error says that the request is larger than the model takes."""
    return _TOO_LONG.search(body if isinstance(body, str) else json.dumps(body, default=str)) is not None


def pause_of(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds for which the server's headers ask to be left alone, a day at most.

    None if they say nothing.
    """
    milliseconds = headers.get("retry-after-ms", "").strip()
    if re.fullmatch(r"\d{1,15}(?:\.\d*)?", milliseconds) and float(milliseconds):
        return min(float(milliseconds) / 1000, LONGEST_S)
    return retry_after(headers.get("retry-after", ""), now)


def pause_in(body: str) -> float | None:
    """Return the seconds for which an error's body asks to be left alone; None if it says nothing."""
    for found in _KEPT_WAITING.finditer(body[:_LONGEST_BODY]):
        if found["text"]:
            seconds = sum(_seconds(number, unit) for number, unit in _SPAN.findall(found["text"]))
        else:
            seconds = _seconds(found["key"], "ms" if found["ms"] else found["key_unit"] or "s")
        if seconds > 0:
            return min(seconds, LONGEST_S)
    return None


def _seconds(number: str, unit: str) -> float:
    try:
        amount = float(number.rstrip("."))
    except ValueError:  # 1.2.3
        return 0.0
    unit = unit.lower()
    if unit.startswith(("ms", "milli")):
        return amount / 1000
    return amount * {"m": 60.0, "h": 3600.0}.get(unit[:1], 1.0)


def message_of(body: object) -> str:
    """Return the message of an error's body, from any of the usual places; Gemini's is in a list."""
    if isinstance(body, list) and body:
        body = body[0]
    for key in ("error", "message", "detail"):
        if isinstance(body, Mapping) and body.get(key):
            body = body[key]
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str)
