"""What went wrong with a request → the error that says so: in words, and whether to try again, when, at what cost."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from digest.core.certificates import certificate_error, certificate_fault
from digest.core.errors import LLMError, LLMUnavailable
from digest.core.pauses import LONGEST_S, retry_after
from digest.core.text import excerpt

_PASSING: Final = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529})
"""It lies with the server or the moment; 52x are a gateway's."""
_LOST_BEHIND_GATEWAY: Final = frozenset({502, 504, 520, 524})
"""A gateway gave up on the model's server, which may be at work all the same."""
_QUOTA: Final = re.compile(r"insufficient_quota|billing_|exceeded your current quota|credit balance", re.IGNORECASE)
_TOO_LONG: Final = re.compile(
    r"context.?(?:length|window|size)|maximum context|too (?:long|large|many tokens)|max_model_len", re.IGNORECASE
)
_FLAGGED: Final = re.compile(r"moderat|flagged|content.?(?:policy|filter)|safety", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """Whom errors speak of."""

    where: str
    """The server, for people."""
    model: str
    key: str
    """Never shown, although servers quote it."""

    def quoted(self, said: str) -> str:
        """The beginning of what the server said, without the key."""
        return excerpt(said.replace(self.key, "…") if len(self.key) > 8 else said)

    def refused(self, status: int, body: object, headers: Mapping[str, str], *, now: datetime) -> LLMError:
        """The error for an answer with a *status* that is none of success."""
        message = message_of(body)
        said, where = self.quoted(message), self.where
        raw = body if isinstance(body, str) else json.dumps(body, default=str)
        if hopeless := self._hopeless(status, said, raw, headers):
            return LLMUnavailable(hopeless)
        again = headers.get("x-should-retry", "true" if status in _PASSING else "false").strip().lower() == "true"
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
            retry_after_s=pause_of(headers, now) if again else None,
            may_be_billed=status in _LOST_BEHIND_GATEWAY,
        )

    def _hopeless(self, status: int, said: str, raw: str, headers: Mapping[str, str]) -> str | None:
        """Why nothing can be had of the server with this configuration; None if something may."""
        where = self.where
        if status == 401:  # what a server says to a wrong key may quote the key
            return f"{where} did not accept the key; check the variable that [llm] api_key_env names"
        if status == 402 or (400 <= status < 500 and _QUOTA.search(raw)):
            return f"the quota at {where} is used up ({said}); add credit, or wait for the next period"
        if status == 403 and not _FLAGGED.search(raw):
            return f"{where} does not let this key use {self.model} ({said})"
        if status == 404:
            return f"{where} has no model {self.model} ({said}); check [llm] model and base_url"
        if 300 <= status < 400:
            return f"{where} has moved to {excerpt(headers.get('location', '?'))}; set [llm] base_url to that"
        return None

    def broke(self, cause: BaseException | None, *, was_sent: bool, was_reached: bool, timeout_s: float) -> LLMError:
        """The error for a connection that broke or never came about; *cause* is the HTTP library's."""
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
        """The error for an answer with a status of success that is not what any model's server sends."""
        is_page = text.lstrip()[:1] == "<"
        what = "a web page" if is_page else "something that is not JSON"
        hint = "check [llm] base_url, which usually ends in /v1"
        return LLMError(
            f"{self.where} answered with {what} ({self.quoted(text)}); {hint}",
            again=True,
            # A page is a gateway's or a portal's; broken JSON may be what is left of an answer.
            may_be_billed=not is_page,
        )

    def no_answer(self, body: object, *, now: datetime) -> LLMError:
        """The error for JSON without an answer in it; some gateways send the error of another server this way."""
        error = body.get("error") if isinstance(body, Mapping) else None
        code = error.get("code") if isinstance(error, Mapping) else None
        if isinstance(code, int) and 400 <= code < 600:
            return self.refused(code, body, {}, now=now)
        said = self.quoted(message_of(body))
        return LLMError(f"{self.where} sent no answer ({said})", again=True, may_be_billed=not error)


def is_too_long(body: object) -> bool:
    """Whether an error says that the request is larger than the model takes."""
    return _TOO_LONG.search(body if isinstance(body, str) else json.dumps(body, default=str)) is not None


def pause_of(headers: Mapping[str, str], now: datetime) -> float | None:
    """How long the server asks to be left alone, a day at most; None: it says nothing of use."""
    milliseconds = headers.get("retry-after-ms", "").strip()
    if re.fullmatch(r"\d{1,15}(?:\.\d*)?", milliseconds) and float(milliseconds):
        return min(float(milliseconds) / 1000, LONGEST_S)
    return retry_after(headers.get("retry-after", ""), now)


def message_of(body: object) -> str:
    """What a server says of its error, in whichever of the usual places."""
    for key in ("error", "message", "detail"):
        if isinstance(body, Mapping) and body.get(key):
            body = body[key]
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str)
