"""Any server that speaks OpenAI's chat completions: OpenAI itself, vLLM, llama.cpp, Ollama, a gateway.

    Prompt ──► dialect   what this server knows of a request
           ──► the SDK   sends it, once
           ──► wire      for a limited time and size
           ──► faults    the error, if it failed, or
           ──► reading   the text of the answer
           ──► Completion, with what the server counted

The SDK only sends: by itself it retries requests that cannot succeed and gives up others that can, takes a web page
with status 200 for an answer, and loses an answer with its usage if any part of it has another form. So the body is
read here, and the caller decides whether to try again.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from digest.core.errors import LLMError, LLMUnavailable
from digest.core.models import Completion, Prompt
from digest.core.private import without_password
from digest.core.summaries.prompts import ANSWER_TOKENS
from digest.core.walls import foreign
from digest.core.words.invisible import printable
from digest.core.words.text import excerpt
from digest.llm.dialect import Dialect, Interpreter, first_dialect, window_in
from digest.llm.faults import Counterpart, is_too_long, message_of
from digest.llm.limits import Limits
from digest.llm.reading import is_stream, joined, mapping, said_in
from digest.llm.tokens import Counter, counter
from digest.llm.window import Cut, CutWatch

if TYPE_CHECKING:
    import httpx2
    import openai

_CONNECT_S: Final = 5.0
_OPENAI_URL: Final = "https://api.openai.com/v1"
_CHAT_TOKENS: Final = 24
"""What a provider adds to two messages: https://cookbook.openai.com/examples/how_to_count_tokens_with_tiktoken counts
eleven."""
_SCHEMA_TOKENS: Final = 64
"""Tokens that a provider may add to a schema."""
_PAGES: Final = 3
"""Web pages in place of answers, before any answer came, that may be a gateway's temporary fault."""
_ENDS: Final[Mapping[str, str]] = {
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "safety": "content_filter",
    "recitation": "content_filter",
}
"""Other servers' words for how an answer ended."""


_OTHERS: Final = 1.2
"""How many times as many tokens another maker's model counts, as a rule."""
_LETTERS: Final = 4.5
"""Letters of a token in abstracts, for estimates without a vocabulary."""
_HEADERS: Final = frozenset(
    (
        "accept accept-encoding authorization connection content-length content-type host transfer-encoding user-agent "
        "x-stainless-raw-response"
    ).split()
)
"""What goes out besides what the config says; by the last one the SDK knows its own request again."""
_FULL: Final = re.compile(r"resource\W?(?:\w+\W+){0,2}unavailable|capacity|\bflex\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Options of requests from `[llm]`, besides server, key and model."""

    effort: str = ""
    """How much a model is to think; empty: little, where OpenAI's think first."""
    service_tier: str = ""
    context_tokens: int | None = None
    """What the model sees at once, prompt and answer together; None: as found out."""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Further parts of each request."""
    organization: str = ""
    project: str = ""


DEFAULTS: Final = Options()


class OpenAILLM:
    """A model behind an OpenAI-compatible server."""

    client = "openai"

    def __init__(
        self,
        model: str,
        *,
        api_key: str,
        base_url: str | None = None,
        concurrency: int = 8,
        timeout_s: float = 120.0,
        options: Options = DEFAULTS,
        learned: Mapping[str, Any] | None = None,
        learn: Callable[[Mapping[str, Any]], None] = lambda _: None,
        transport: httpx2.BaseTransport | None = None,
        limits: Limits | None = None,
        proxy: str | None = None,
        ca_file: Path | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Nothing is opened, and the SDK not imported, before the first request.

        Args:
            api_key: Sent to the server, and shown nowhere. Any word will do for a server that asks for none.
            base_url: Usually ends in `/v1`. None: OpenAI's.
            timeout_s: For one attempt from its beginning to the last byte of the answer.
            options: What else the config says of requests.
            learned: What `learn` was given in an earlier run, for the same server and model.
            learn: Given what was found out about the server, in the thread of the request that did so.
            transport: Sends the requests; closed with this.
            limits: What the provider lets through; None: as this client finds out by itself.
            proxy: As `[network] proxy` has it; see `digest.llm.wire.way_to`.
            ca_file: Certificate authorities besides those of the system, as PEM.
            now: For servers that name a moment.
        """
        self.model = model
        self.concurrency = concurrency
        self._api_key = api_key.strip()
        self._base_url = base_url
        self._options = options
        self._timeout_s = timeout_s
        self._transport = transport
        self._proxy, self._ca_file = proxy, ca_file
        self._now = now
        self._limits = limits or Limits(now=now)
        where = without_password(base_url).partition("?")[0] if base_url else "OpenAI"
        self.server = Counterpart(where=where, model=model, key=self._api_key)
        """Whom errors speak of."""
        self._is_openai = is_openai(base_url)
        known = learned or {}
        first = first_dialect(
            model, is_openai=self._is_openai, learned=known, effort=options.effort, tier=options.service_tier
        )
        if options.context_tokens is not None:
            # Whoever says how large it is may have made it larger since it was found out.
            first = replace(first, window=None)
        # OpenAI names what it does not know; its other errors have nothing to do with a request's form.
        probes = 0 if self._is_openai else max(3, concurrency)
        self._interpreter = Interpreter(first, probes=probes, learned=known, learn=learn)
        self._watch = CutWatch()
        self._was_reached = False
        """Something came from the server: that it cannot be reached now will pass."""
        self._has_answered = bool(known)
        """It is a model's server: that it sends web pages now will pass."""
        self._pages_left = _PAGES
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"OpenAILLM({self.model!r}, base_url={self._base_url!r})"

    # -- port

    @cached_property
    def counter(self) -> Counter:
        """Counts the model's tokens."""
        # The vocabulary of OpenAI's models is worth a download where they are used.
        return counter(self.model, fetch=self._is_openai)

    def count_tokens(self, text: str) -> int:
        """See `digest.core.ports.LLM`. For another maker's model it is what OpenAI's newest would count."""
        return self.counter(text)

    def most_input_tokens(self, prompt: Prompt) -> int:
        """See `digest.core.ports.LLM`."""
        tokens = self.counter.at_most(prompt.system) + self.counter.at_most(prompt.user) + _CHAT_TOKENS
        told = self._interpreter.dialect.response_format(prompt.form)
        return tokens if told is None else tokens + self.counter.at_most(json.dumps(told)) + _SCHEMA_TOKENS

    @property
    def context_tokens(self) -> int | None:
        """Tokens that the server's model sees at once, prompt and answer together; None: that is not known."""
        told = (self._options.context_tokens, self._interpreter.dialect.window, self._watch.window)
        return min((n for n in told if n is not None), default=None)

    @property
    def cut(self) -> Cut | None:
        """A prompt that the server cut silently; None if there is none."""
        return self._watch.cut

    def fits(self, prompt: Prompt) -> bool:
        """See `digest.core.ports.LLM`."""
        window = self.context_tokens
        return window is None or self._likely_tokens(prompt) + _usual_answer(prompt) <= window

    def _likely_tokens(self, prompt: Prompt) -> int:
        """Estimate the tokens that the server's model will count for *prompt*, rather a little too many."""
        counted = self._counted(prompt)
        return counted + _CHAT_TOKENS if self.counter.exact else ceil(_OTHERS * counted) + _CHAT_TOKENS

    def _counted(self, prompt: Prompt) -> int:
        """Return our own count of *prompt*'s tokens, an estimate and not the upper bound."""
        if self.counter.is_bound:
            return int((len(prompt.system) + len(prompt.user)) / _LETTERS)
        return self.count_tokens(prompt.system) + self.count_tokens(prompt.user)

    def delay_s(self, prompt: Prompt) -> float:
        """See `digest.core.ports.LLM`. With 0 the prompt's place under the limits is taken."""
        return self._limits.delay_s(_name_of(prompt), self._weight(prompt))

    def complete(self, prompt: Prompt) -> Completion:
        """See `digest.core.ports.LLM`. Until the server's dialect is known, it may be asked in several forms."""
        import openai

        dialect = self._interpreter.dialect
        tier = ""
        while True:
            try:
                body = self._send(prompt, dialect)
                break
            except openai.APIStatusError as error:
                if dialect.tier and _is_full(error):
                    # Nothing is charged for this, and the standard tier has room; the next request asks again.
                    tier, dialect = dialect.tier, replace(dialect, tier="")
                    continue
                fault = self.translated(error)
                plainer = self._plainer(dialect, error, fault, prompt)
                if plainer is None:
                    raise fault from error
                dialect = plainer
            except openai.OpenAIError as error:
                raise self.translated(error) from error
        completion = self.answer(body, prompt)
        self._has_answered = True
        self._interpreter.worked(replace(dialect, tier=tier or dialect.tier))
        return completion

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if "sdk" in self.__dict__:
                self.sdk.close()

    # -- for the Batch API, which sends the same requests in another way

    def body(self, prompt: Prompt, dialect: Dialect | None = None) -> dict[str, Any]:
        """Return the request as JSON values."""
        dialect = dialect or self._interpreter.dialect
        window = self.context_tokens
        room = window - self._likely_tokens(prompt) if window is not None and self.fits(prompt) else None
        return {
            **self._options.extra_body,
            "model": self.model,
            "messages": dialect.messages(prompt),
            **dialect.arguments(prompt, room=room),
        }

    def body_for_handover(self, prompt: Prompt) -> dict[str, Any]:
        """The body for a request of a handover, which has no service tier and is no stream."""
        return self.body(prompt, replace(self._interpreter.dialect, tier="", stream=0))

    def answer(self, body: object, prompt: Prompt | None = None) -> Completion:
        """Read the answer in *body*, the JSON of a chat completion.

        Args:
            prompt: The request. With it, tokens that the server does not report, or reports wrongly, are counted
                here; without it they are 0.

        Raises:
            LLMError: There is no answer in it.
        """
        choices = mapping(body).get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else None
        if not isinstance(body, Mapping) or not isinstance(choice, Mapping):
            raise self._heeded(self.server.no_answer(body, now=self._now()))
        message = mapping(choice.get("message"))
        text = said_in(message)
        usage = mapping(body.get("usage"))
        details = mapping(usage.get("prompt_tokens_details"))
        input_tokens, output_tokens = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
        if prompt is not None:
            self._note_cut(prompt, input_tokens)
            asked = self.count_tokens(prompt.system) + self.count_tokens(prompt.user)
            least = asked // _LEAST_SHARE[self.counter.is_bound]
            input_tokens = _believed(input_tokens, counted=asked, least=least, most=self.most_input_tokens(prompt))
            said = self.count_tokens(text)
            least = said // _LEAST_SHARE[self.counter.is_bound]
            output_tokens = _believed(output_tokens, counted=said, least=least, most=prompt.max_output_tokens)
        input_tokens = input_tokens or 0
        cached = min(_count(details.get("cached_tokens")) or 0, input_tokens)
        tier = body.get("service_tier")
        return Completion(
            text=text,
            model=excerpt(printable(body["model"])) if isinstance(body.get("model"), str) else None,
            finish_reason="refusal" if not text and message.get("refusal") else _end(choice, text),
            input_tokens=input_tokens,
            output_tokens=output_tokens or 0,
            cached_tokens=cached,
            cache_write_tokens=min(_count(details.get("cache_write_tokens")) or 0, input_tokens - cached),
            tier=tier.lower() if isinstance(tier, str) else None,
        )

    def _note_cut(self, prompt: Prompt, said: int | None) -> None:
        self._watch.heard(self._counted(prompt), said)
        if (cut := self._watch.cut) is not None:
            self._interpreter.narrow(cut.window)

    def translated(self, error: openai.OpenAIError) -> LLMError:
        """Our error for the SDK's, in a sentence that says what to do; a pause that was asked for is kept from now."""
        import openai

        from digest.llm.wire import was_sent

        if isinstance(error, openai.APIStatusError):
            answer = error.response
            fault = self.server.refused(
                error.status_code, error.body, answer.headers, now=self._now(), text=answer.text
            )
            return self._heeded(fault)
        if isinstance(error, openai.APIConnectionError):
            cause = error.__cause__
            return self.server.broke(
                cause, was_sent=was_sent(cause), was_reached=self._was_reached, timeout_s=self._timeout_s
            )
        return LLMUnavailable(f"{self.server.where} cannot be asked: {type(error).__name__}")

    @cached_property
    def sdk(self) -> openai.OpenAI:
        """The SDK's client: it sends each request once."""
        import httpx2
        import openai

        from digest.llm.wire import UnusableError, Wire, open_wire

        # A key with a line break in it would be quoted by the error of the HTTP library.
        if not re.fullmatch(r"[\x21-\x7e]+", self._api_key):
            raise LLMUnavailable(
                f"the key for {self.server.where} is empty, or has blanks or non-ASCII characters in it; "
                f"check the variable that [llm] api_key_env names"
            )
        url, query = _split(self._base_url or _OPENAI_URL)
        if self._transport is not None:
            wire = Wire(self._transport, timeout_s=self._timeout_s)
        else:
            try:
                wire = open_wire(url, timeout_s=self._timeout_s, proxy=self._proxy, ca_file=self._ca_file)
            except UnusableError as exc:
                raise LLMUnavailable(f"{self.server.where} cannot be asked: {exc}") from exc
        with foreign("the OpenAI SDK", lambda said: LLMUnavailable(f"{self.server.where} cannot be asked: {said}")):
            return openai.OpenAI(
                api_key=self._api_key,
                base_url=url,
                # Azure's: the SDK would put the path behind it.
                default_query=query,
                timeout=httpx2.Timeout(self._timeout_s, connect=min(_CONNECT_S, self._timeout_s)),
                max_retries=0,
                # An answer is small, and one that was packed in a damaged way is paid for all the same.
                default_headers=self._headers(query),
                http_client=httpx2.Client(
                    transport=wire,
                    follow_redirects=False,
                    trust_env=False,
                    event_hooks={"request": [self._take_out_what_is_not_ours]},
                ),
            )

    def _headers(self, query: Mapping[str, str]) -> dict[str, str]:
        headers = {"Accept-Encoding": "identity"}
        if "api-version" in query:
            headers["api-key"] = self._api_key  # as Azure wants it
        if self._options.organization:
            headers["OpenAI-Organization"] = self._options.organization
        if self._options.project:
            headers["OpenAI-Project"] = self._options.project
        return headers

    def _take_out_what_is_not_ours(self, request: httpx2.Request) -> None:
        """Remove the headers that the SDK adds: those from variables such as OPENAI_ORG_ID and OPENAI_CUSTOM_HEADERS,
        which it sends to any server, and those that describe this machine."""
        ours = {name.lower() for name in self._headers(request.url.params)} | _HEADERS
        for name in [name for name in request.headers if name.lower() not in ours]:
            del request.headers[name]
        if not self._options.organization:
            request.headers.pop("OpenAI-Organization", None)
        if not self._options.project:
            request.headers.pop("OpenAI-Project", None)
        request.headers["Authorization"] = f"Bearer {self._api_key}"

    # -- sending

    def _send(self, prompt: Prompt, dialect: Dialect) -> object:
        """Send *prompt* once; the JSON that it is answered with."""
        import httpx2
        import openai

        with self._lock:
            sdk = self.sdk
        number = self._limits.begin(_name_of(prompt), self._weight(prompt))
        response: httpx2.Response | None = None
        try:
            with foreign("the OpenAI SDK", self._tripped, announced=(openai.OpenAIError,)):
                response = sdk.post("/chat/completions", body=self.body(prompt, dialect), cast_to=httpx2.Response)
        except openai.APIStatusError as error:
            response = error.response
            raise
        finally:
            self._was_reached = self._was_reached or response is not None
            self._limits.heard(number, {} if response is None else response.headers)
        try:
            return joined(response.text) if is_stream(response.text) else json.loads(response.text)
        except (ValueError, RecursionError) as error:
            raise self._no_json(response.text) from error

    def _tripped(self, said: str) -> LLMError:
        """Return the error for an unexpected exception of the SDK.

        Then it is not known whether the request is billed.
        """
        return LLMError(f"{self.server.where} could not be asked: {said}", may_be_billed=True)

    def _no_json(self, text: str) -> LLMError:
        fault = self.server.no_json(text)
        if fault.may_be_billed or self._has_answered:
            return fault
        with self._lock:
            self._pages_left -= 1
            # Nothing but web pages has ever come from there: it is another server, or one before it wants a login.
            return fault if self._pages_left >= 0 else LLMUnavailable(str(fault))

    def _heeded(self, fault: LLMError) -> LLMError:
        if fault.retry_after_s is not None:
            self._limits.pause(fault.retry_after_s)
        return fault

    def _weight(self, prompt: Prompt) -> int:
        """Return the tokens of *prompt* under a rate limit: providers count the room for the answer as used."""
        return self.most_input_tokens(prompt) + prompt.max_output_tokens

    def _plainer(
        self, dialect: Dialect, error: openai.APIStatusError, fault: LLMError, prompt: Prompt
    ) -> Dialect | None:
        """Return the dialect for another try, if the form of the request may have been refused; else None."""
        said = message_of(error.body)
        # What is too large may be the room for the answer alone: that is a matter of form.
        if is_too_long(error.body) and (window_in(said) is not None or dialect.limits[0] not in said):
            return self._narrower(dialect, json.dumps(error.body, default=str), prompt)
        # Who asks to be left alone, for more than a moment, does not mean the form.
        if isinstance(fault, LLMUnavailable) or (fault.retry_after_s or 0) > 1:
            return None
        limit = self.body(prompt, dialect)[dialect.limits[0]]
        return self._interpreter.plainer(dialect, error.status_code, said, limit=limit)

    def _narrower(self, dialect: Dialect, said: str, prompt: Prompt) -> Dialect | None:
        """Return the dialect with less room for the answer, if only that exceeds the model's context; else None."""
        window = window_in(said)
        if window is None or window == dialect.window:
            return None
        self._interpreter.narrow(window)
        return replace(dialect, window=window) if self.fits(prompt) else None


def is_openai(base_url: str | None) -> bool:
    """Whether OpenAI itself is asked there, in one of its regions or another."""
    host = urlsplit(base_url or _OPENAI_URL).hostname or ""
    return host == "api.openai.com" or host.endswith(".api.openai.com")


def _split(base_url: str) -> tuple[str, dict[str, str]]:
    """Split a URL into the address and its query parameters."""
    parts = urlsplit(base_url)
    return urlunsplit(parts._replace(query="", fragment="")), dict(parse_qsl(parts.query, keep_blank_values=True))


def _is_full(error: openai.APIStatusError) -> bool:
    """Whether the provider has no room in the tier that was asked for."""
    said = json.dumps(error.body, default=str) if error.body else error.response.text
    return error.status_code in (429, 498, 503) and _FULL.search(said[:2_000]) is not None


def _end(choice: Mapping[str, Any], text: str) -> str:
    """How an answer ended, in OpenAI's words."""
    end = choice.get("finish_reason")
    end = end.lower() if isinstance(end, str) and end else "stop"
    # The call of a tool is an answer, where it has one in it.
    return "stop" if end in ("tool_calls", "function_call") and text.strip() else _ENDS.get(end, end)


def _name_of(prompt: Prompt) -> str:
    """Return a name of the request that no other one has at the same time, because its nonce is part of it."""
    return hashlib.sha256(prompt.user.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def _usual_answer(prompt: Prompt) -> int:
    return min(ANSWER_TOKENS * len(prompt.batch.papers), prompt.max_output_tokens)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


_LEAST_SHARE: Final = {False: 4, True: 16}
"""Of our count, what a server may say it counted: other vocabularies differ by less than four times, and without a
vocabulary (`Counter.is_bound`) our count is itself up to four times too high."""


def _believed(said: int | None, *, counted: int, least: int, most: int) -> int:
    """Return the tokens that a server reports, unless they are impossible; then our own count."""
    return counted if said is None or not least <= said <= 4 * max(counted, most) + 1_000 else said
