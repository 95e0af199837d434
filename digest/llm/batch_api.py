"""Client of OpenAI's Batch API, and of servers with the same: requests in a file, answered within a day, at half price.

    submit   POST /files (JSON lines)  →  POST /batches       sent once: it may have counted although no reply came
    find     GET /batches, by the metadata of the one that was sent
    poll     GET /batches/ID           →  GET /files/ID/content, of the answers and of the errors, when it is over
    cancel   POST /batches/ID/cancel

A line of the answers names its request by `custom_id`. Lines come in any order; a line that is no answer to one of our
requests is skipped, and counted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from digest.core.errors import LLMError, LLMUnavailable
from digest.core.models import Completion, Prompt
from digest.core.ports import HandoverAnswer
from digest.core.walls import foreign
from digest.core.words.text import excerpt
from digest.llm.faults import message_of
from digest.llm.openai import OpenAILLM

if TYPE_CHECKING:
    import openai

_ENDPOINT: Final = "/v1/chat/completions"
MOST_REQUESTS: Final = 50_000
"""Requests in one file, by OpenAI's rules."""
MOST_BYTES: Final = 200_000_000
"""Size of one file, by OpenAI's rules."""
_NAME: Final = "digest_job"
"""The key of a batch's metadata under which the handover's name stands. It stays: open handovers are found by it."""
_OVER: Final = frozenset({"completed", "failed", "expired", "cancelled"})
"""States of a batch that is over. A state that is not known is not over; the caller limits how long it waits."""
_PAGES: Final = 100
"""Most pages, of a hundred handovers each, newest first, that are looked through for one."""
_NOT_OFFERED: Final = frozenset({404, 405, 501})


class OpenAIBatch:
    """The Batch API of the server that *llm* talks to."""

    def __init__(self, llm: OpenAILLM, *, most_bytes: int = MOST_BYTES) -> None:
        """Nothing is opened before the first request; connections are those of *llm*, and closed with it.

        Args:
            most_bytes: Most bytes of the file of requests that the server takes for one handover.
        """
        self._llm = llm
        self._most_bytes = most_bytes

    # -- port

    def submit(self, name: str, prompts: Sequence[Prompt]) -> str:
        """See `digest.core.ports.BatchLLM`."""
        content = b"".join(self._lines(prompts))
        if len(prompts) > MOST_REQUESTS or len(content) > self._most_bytes:
            raise LLMError(f"{len(prompts)} requests of {len(content)} bytes are too many for one handover")
        file = self._ask(
            lambda sdk: sdk.files.with_raw_response.create(file=(f"{name}.jsonl", content), purpose="batch"),
            refused=self._not_offered,
        )
        handover = self._ask(
            lambda sdk: sdk.batches.with_raw_response.create(
                input_file_id=_id(file), endpoint=_ENDPOINT, completion_window="24h", metadata={_NAME: name}
            ),
            refused=self._not_offered,
            creates=True,
        )
        return _id(handover)

    def find(self, name: str) -> str | None:
        """See `digest.core.ports.BatchLLM`."""
        return next((_id(found) for found in self._all() if _mapping(found.get("metadata")).get(_NAME) == name), None)

    def poll(self, provider_id: str) -> HandoverAnswer:
        """See `digest.core.ports.BatchLLM`."""
        handover = self._ask(lambda sdk: sdk.batches.with_raw_response.retrieve(provider_id))
        state, said = str(handover.get("status")), _said(handover)
        files = [handover[key] for key in ("output_file_id", "error_file_id") if isinstance(handover.get(key), str)]
        answered = _mapping(handover.get("request_counts")).get("completed")
        answered = answered if isinstance(answered, int) else 0
        if state not in _OVER or (answered and not handover.get("output_file_id")):
            # There are answers, and their file is still being written.
            return HandoverAnswer(is_over=False, completions={}, said=said)
        completions: dict[int, Completion | LLMError] = {}
        damaged = 0
        for file in files:
            came, bad = self._read(self._content(file))
            completions = {**came, **completions}
            damaged += bad
        good = sum(isinstance(came, Completion) for came in completions.values())
        return HandoverAnswer(is_over=True, completions=completions, unread=max(damaged, answered - good), said=said)

    def cancel(self, provider_id: str) -> None:
        """See `digest.core.ports.BatchLLM`."""
        self._ask(lambda sdk: sdk.batches.with_raw_response.cancel(provider_id))

    # -- files

    def _lines(self, prompts: Sequence[Prompt]) -> Iterator[bytes]:
        for number, prompt in enumerate(prompts):
            line = {
                "custom_id": str(number),
                "method": "POST",
                "url": _ENDPOINT,
                "body": self._llm.body_for_handover(prompt),
            }
            yield json.dumps(line).encode() + b"\n"

    def _read(self, content: bytes) -> tuple[dict[int, Completion | LLMError], int]:
        """Parse a file of answers or errors.

        The result of each request by its number, and how many lines are useless.
        """
        found: dict[int, Completion | LLMError] = {}
        damaged = 0
        for line in content.splitlines():
            if not line.strip():
                continue
            try:
                entry = _mapping(json.loads(line))
            except (ValueError, RecursionError):
                entry = {}
            number = str(entry.get("custom_id"))
            if not (number.isascii() and number.isdecimal()) or len(number) > 9:
                damaged += 1
                continue
            came = self._understood(entry)
            if not isinstance(found.get(int(number)), Completion):
                found[int(number)] = came
        return found, damaged

    def _understood(self, entry: Mapping[str, Any]) -> Completion | LLMError:
        response = _mapping(entry.get("response"))
        status = response.get("status_code")
        if status == 200:
            try:
                return self._llm.answer(response.get("body"))
            except LLMError as error:
                # It was answered, and so it was billed.
                return LLMError(str(error), may_be_billed=True)
        said = (
            _message(entry.get("error")) or _message(_mapping(response.get("body")).get("error")) or "no reason given"
        )
        return LLMError(f"its handover failed at it: {excerpt(said)}" + (f" ({status})" if status else ""))

    # -- asking

    def _all(self) -> Iterator[Mapping[str, Any]]:
        """The handovers that the server knows, newest first."""
        after = ""
        for _ in range(_PAGES):
            page = self._ask(partial(_page, after=after))
            data = page.get("data")
            handovers = [entry for entry in data if isinstance(entry, Mapping)] if isinstance(data, list) else []
            yield from handovers
            if not handovers or not page.get("has_more"):
                return
            after = _id(handovers[-1])
        raise LLMError(f"{self._llm.server.where} has too many handovers to find one among them")

    def _content(self, file: str) -> bytes:
        import openai

        try:
            with self._walled():
                response = self._llm.sdk.files.with_raw_response.content(file)
                return response.http_response.content
        except openai.OpenAIError as error:
            raise self._translated(error) from error

    def _ask(
        self,
        send: Callable[[openai.OpenAI], Any],
        *,
        refused: Callable[[openai.APIStatusError], LLMError | None] = lambda _: None,
        creates: bool = False,
    ) -> Mapping[str, Any]:
        """Send one request, once, and read the JSON object that it is answered with.

        Args:
            refused: Translates an error that means something else here than for a completion; None: as usual.
            creates: The request may have had an effect although it failed.
        """
        import openai

        try:
            with self._walled(may_be_billed=creates):
                text = send(self._llm.sdk).http_response.text
        except openai.APIStatusError as error:
            fault = refused(error) or self._translated(error)
            raise _doubted(fault, creates and (fault.may_be_billed or error.status_code >= 500)) from error
        except openai.OpenAIError as error:
            fault = self._translated(error)
            raise _doubted(fault, creates and fault.may_be_billed) from error
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, Mapping):
            raise _doubted(self._llm.server.no_json(text), creates)
        return answer

    def _walled(self, *, may_be_billed: bool = False) -> AbstractContextManager[None]:
        """A wall around the SDK, which turns what it throws besides its own errors into an `LLMError`."""
        import openai

        def tripped(said: str) -> LLMError:
            return LLMError(f"{self._llm.server.where} could not be asked: {said}", may_be_billed=may_be_billed)

        return foreign("the OpenAI SDK", tripped, announced=(openai.OpenAIError,))

    def _translated(self, error: openai.OpenAIError) -> LLMError:
        import openai

        if isinstance(error, openai.APIStatusError) and error.status_code == 404:
            # Not always for good: what was made a moment ago is not known at once everywhere.
            server = self._llm.server
            return LLMError(
                f"{server.where} does not know the handover ({server.quoted(message_of(error.body))})", again=True
            )
        return self._llm.translated(error)

    def _not_offered(self, error: openai.APIStatusError) -> LLMError | None:
        if error.status_code not in _NOT_OFFERED:
            return None
        server = self._llm.server
        return LLMUnavailable(
            f"{server.where} takes no jobs ({server.quoted(message_of(error.body))}); "
            f'set [llm] mode = "direct", or a base_url that offers /v1/batches'
        )


def _doubted(error: LLMError, may_count: bool) -> LLMError:
    """The same error, with `may_be_billed` set to *may_count*, which is known better here."""
    error.may_be_billed = may_count
    return error


def _page(sdk: openai.OpenAI, *, after: str) -> Any:
    batches = sdk.batches.with_raw_response
    return batches.list(limit=100, after=after) if after else batches.list(limit=100)


def _id(thing: Mapping[str, Any]) -> str:
    found = thing.get("id")
    if not isinstance(found, str) or not found:
        said = excerpt(json.dumps(thing, default=str))
        raise LLMError(f"the server answered without an id ({said})", again=True, may_be_billed=True)
    return found


def _said(handover: Mapping[str, Any]) -> str:
    """The state of a handover, with the reason if it failed."""
    data = _mapping(handover.get("errors")).get("data")
    reason = _message(data[0]) if isinstance(data, list) and data else ""
    return excerpt(f"{handover.get('status')}: {reason}" if reason else str(handover.get("status")))


def _message(error: object) -> str:
    said = _mapping(error).get("message") or _mapping(error).get("code")
    return said if isinstance(said, str) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
