"""Any server that speaks OpenAI's chat completions: OpenAI itself, vLLM, llama.cpp, Ollama, a gateway.

They differ in what they know of a request, so what one does not know is left out and that is remembered:

    answer in   a JSON schema  →  any JSON object  →  plain text
    limit as    max_completion_tokens  →  max_tokens
    effort      low, for models that think first  →  not said

The SDK sends and tries again; the body is read here, for the SDK takes a web page with status 200 for an answer, and
loses an answer together with its usage when something in it is not as it should be.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from digest.core.errors import LLMError, LLMUnavailable
from digest.core.models import Completion, Prompt
from digest.core.prompts import FORMS
from digest.core.text import excerpt
from digest.llm.tokens import Counter, counter

if TYPE_CHECKING:
    import httpx2
    import openai

_RETRIES: Final = 2
"""The SDK's, for time-outs, lost connections, 408, 409, 429 and 5xx; it heeds a Retry-After of up to 120 s."""
_CONNECT_S: Final = 5.0
_OPENAI_URL: Final = "https://api.openai.com/v1"
_THINKS_FIRST: Final = re.compile(r"(?:gpt-5[\d.]*|o\d)(?:-|$)")
"""Models whose thinking counts as output; for summaries a little of it is enough."""
_NOT_KNOWN: Final = frozenset({400, 422, 500, 501})
"""What servers say to a parameter they do not know; llama.cpp's Python server says 500 to a schema."""

_FORM: Final = re.compile(r"response_format|schema|json.?(?:mode|object)|max_completion_tokens|reasoning")
"""Words for a part of a request that a server may not know."""


def _formats(form: str) -> tuple[dict[str, Any] | None, ...]:
    return (
        {"type": "json_schema", "json_schema": {"name": form, "strict": True, "schema": FORMS[form]}},
        {"type": "json_object"},
        None,
    )


_PLAINEST: Final = 2
"""The last place of `_formats`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dialect:
    """What a server is taken to know."""

    format: int = 0
    """Place in `_formats`."""
    limit: str = "max_completion_tokens"
    effort: str | None = None

    def arguments(self, prompt: Prompt) -> dict[str, Any]:
        arguments: dict[str, Any] = {self.limit: prompt.max_output_tokens}
        if (response_format := _formats(prompt.form)[self.format]) is not None:
            arguments["response_format"] = response_format
        if self.effort is not None:
            arguments["reasoning_effort"] = self.effort
        return arguments

    def plainer(self, complaint: str) -> _Dialect | None:
        """Without what *complaint* speaks of; with a simpler format of the answer if it speaks of nothing we know."""
        if self.effort is not None and "reasoning" in complaint:
            return replace(self, effort=None)
        if self.limit != "max_tokens" and "max_completion_tokens" in complaint:
            return replace(self, limit="max_tokens")
        if self.format < _PLAINEST:
            return replace(self, format=self.format + 1)
        return None

    def joined(self, other: _Dialect) -> _Dialect:
        """What both know: requests side by side find out one thing each, and none is forgotten."""
        return _Dialect(
            format=max(self.format, other.format),
            limit=self.limit if self.limit == other.limit else "max_tokens",
            effort=self.effort if self.effort == other.effort else None,
        )


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
        http_client: httpx2.Client | None = None,
    ) -> None:
        """Nothing is opened, and the SDK not imported, before the first request.

        Args:
            api_key: Sent to the server, and shown nowhere. Any word will do for a server that asks for none.
            base_url: Usually ends in `/v1`. None: OpenAI's.
            timeout_s: For one attempt; the SDK makes up to three.
            http_client: Sends the requests; closed with this.
        """
        self.model = model
        self.concurrency = concurrency
        self._api_key = api_key.strip()
        self._base_url = base_url
        self._timeout_s = timeout_s
        self._http_client = http_client
        self._dialect = _Dialect(effort="low" if base_url is None and _THINKS_FIRST.match(model) else None)
        self._is_proven = False
        """An answer has come: what is refused from now on is not refused for its form."""
        self._probes_left = max(3, concurrency)
        """A server that answers nothing at all is not tried in every form for every request."""
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"OpenAILLM({self.model!r}, base_url={self._base_url!r})"

    @property
    def _where(self) -> str:
        return self._base_url or "OpenAI"

    # -- port

    @cached_property
    def _counter(self) -> Counter:
        # The vocabulary of OpenAI's models is worth a download where they are used.
        return counter(self.model, fetch=self._base_url is None)

    def count_tokens(self, text: str) -> int:
        """See `digest.core.ports.LLM`. For another maker's model it is what OpenAI's newest would count."""
        return self._counter(text)

    def most_input_tokens(self, prompt: Prompt) -> int:
        """See `digest.core.ports.LLM`."""
        return self.count_tokens(prompt.system) + self.count_tokens(prompt.user)

    def delay_s(self, prompt: Prompt) -> float:  # noqa: ARG002
        """See `digest.core.ports.LLM`."""
        return 0.0

    def complete(self, prompt: Prompt) -> Completion:
        """See `digest.core.ports.LLM`."""
        import openai

        with self._lock:
            client, dialect = self._sdk, self._dialect
        first: openai.APIStatusError | None = None
        while True:
            try:
                body = self._send(client, prompt, dialect)
            except openai.APIStatusError as error:
                first = first or error
                plainer = self._plainer(dialect, error)
                if plainer is None:
                    raise self._translated(first) from first
                # Whether this helps shows at the first attempt.
                client, dialect = client.with_options(max_retries=0), plainer
            except openai.OpenAIError as error:
                raise self._translated(error) from error
            else:
                completion = self._completion(body, prompt)
                self._remember(dialect, completion, prompt)
                return completion

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            if "_sdk" in self.__dict__:
                self._sdk.close()

    # -- sending

    @cached_property
    def _sdk(self) -> openai.OpenAI:
        import httpx2
        import openai

        # A key with a line break in it would be quoted by the error of the HTTP library.
        if not re.fullmatch(r"[\x21-\x7e]+", self._api_key):
            raise LLMUnavailable(
                f"the key for {self._where} is empty, or has blanks or non-ASCII characters in it; "
                f"check the variable that [llm] api_key_env names"
            )
        http_client = self._http_client or openai.DefaultHttpxClient()
        http_client.event_hooks["response"].append(_give_up_without_quota)
        return openai.OpenAI(
            api_key=self._api_key,
            base_url=self._base_url or _OPENAI_URL,
            timeout=httpx2.Timeout(self._timeout_s, connect=_CONNECT_S),
            max_retries=_RETRIES,
            http_client=http_client,
        )

    def _send(self, client: openai.OpenAI, prompt: Prompt, dialect: _Dialect) -> Any:
        response = client.chat.completions.with_raw_response.create(
            model=self.model,
            messages=[{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}],
            **dialect.arguments(prompt),
        )
        text = response.http_response.text
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            what = "a web page" if text.lstrip()[:1] == "<" else "something that is not JSON"
            raise LLMError(
                f"{self._where} answered with {what} ({self._quoted(text)}); "
                f"check [llm] base_url, which usually ends in /v1"
            ) from error

    def _plainer(self, dialect: _Dialect, error: openai.APIStatusError) -> _Dialect | None:
        """How to ask again, if it may be the form of the request that was refused."""
        if error.status_code not in _NOT_KNOWN:
            return None
        complaint = _message(error.body).lower()
        with self._lock:
            if self._is_proven and (known := dialect.joined(self._dialect)) != dialect:
                # Another request has found out meanwhile.
                return known
            if not _FORM.search(complaint):
                if self._is_proven or not self._probes_left:
                    return None
                self._probes_left -= 1
        return dialect.plainer(complaint)

    def _remember(self, dialect: _Dialect, completion: Completion, prompt: Prompt) -> None:
        """Keep the form that worked; a limit that a foreign server passed over is called by its older name."""
        ignored = completion.finish_reason == "length" and 2 * completion.output_tokens < prompt.max_output_tokens
        if ignored and self._base_url is not None:
            dialect = replace(dialect, limit="max_tokens")
        with self._lock:
            self._dialect, self._is_proven = self._dialect.joined(dialect), True

    # -- understanding

    def _completion(self, body: Any, prompt: Prompt) -> Completion:
        """What is in *body*; a server that does not say what it counted is counted after."""
        choices = body.get("choices") if isinstance(body, Mapping) else None
        if not isinstance(choices, list) or not choices or not isinstance(choices[0], Mapping):
            raise LLMError(f"{self._where} sent no answer ({self._quoted(_message(body))})")
        message = choices[0].get("message")
        message = message if isinstance(message, Mapping) else {}
        text = _text(message.get("content"))
        usage = body.get("usage")
        usage = usage if isinstance(usage, Mapping) else {}
        details = usage.get("prompt_tokens_details")
        cached = _count(details.get("cached_tokens")) if isinstance(details, Mapping) else None
        input_tokens, output_tokens = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
        if input_tokens is None:
            input_tokens = self.count_tokens(prompt.system) + self.count_tokens(prompt.user)
        return Completion(
            text=text,
            model=body["model"] if isinstance(body.get("model"), str) else None,
            finish_reason="refusal"
            if not text and message.get("refusal")
            else str(choices[0].get("finish_reason") or "stop"),
            input_tokens=input_tokens,
            output_tokens=self.count_tokens(text) if output_tokens is None else output_tokens,
            cached_tokens=min(cached or 0, input_tokens),
        )

    def _translated(self, error: openai.OpenAIError) -> LLMError:
        """Our error for the SDK's, in a sentence that says what to do."""
        import httpx2
        import openai

        where = self._where
        if isinstance(error, openai.APITimeoutError) and not isinstance(error.__cause__, httpx2.ConnectTimeout):
            return LLMError(f"{where} gave no answer within {self._timeout_s:g} s")
        if isinstance(error, openai.APIConnectionError):
            if isinstance(error.__cause__, (httpx2.ConnectError, httpx2.ConnectTimeout)) and not self._is_proven:
                return LLMUnavailable(f"{where} cannot be reached; is the server running, and [llm] base_url right?")
            return LLMError(f"the connection to {where} broke")
        if not isinstance(error, openai.APIStatusError):
            return LLMUnavailable(f"{where} cannot be asked: {type(error).__name__}")
        # What a server says to a wrong key may quote the key.
        if error.status_code == 401:
            return LLMUnavailable(f"{where} did not accept the key; check the variable that [llm] api_key_env names")
        said = self._quoted(_message(error.body))
        if error.status_code == 403:
            return LLMUnavailable(f"{where} does not let this key use {self.model} ({said})")
        if error.status_code == 404:
            return LLMUnavailable(f"{where} has no model {self.model} ({said}); check [llm] model and base_url")
        if error.status_code == 402 or _is_out_of_quota(error.response):
            return LLMUnavailable(f"the quota at {where} is used up ({said}); add credit, or wait for the next period")
        if error.status_code == 429:
            return LLMError(f"{where} takes no more requests for now ({said}); lower [llm] concurrency")
        return LLMError(f"{where} answered {error.status_code} ({said})")

    def _quoted(self, said: str) -> str:
        """The beginning of what a server said, without the key."""
        return excerpt(said.replace(self._api_key, "…") if len(self._api_key) > 8 else said)


def _is_out_of_quota(response: httpx2.Response) -> bool:
    """A 429 that waiting does not cure."""
    return response.status_code == 429 and re.search("insufficient_quota|billing_", response.text) is not None


def _give_up_without_quota(response: httpx2.Response) -> None:
    """Keep the SDK from asking twice more where there is no money left."""
    if response.status_code == 429:
        response.read()
        if _is_out_of_quota(response):
            response.headers["x-should-retry"] = "false"


def _message(body: object) -> str:
    """What a server says of its error, in whichever of the usual places."""
    for key in ("error", "message", "detail"):
        if isinstance(body, Mapping) and body.get(key):
            body = body[key]
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str)


def _text(content: object) -> str:
    """The answer's text; some servers send it in parts."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, Mapping))
    return content if isinstance(content, str) else ""


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
