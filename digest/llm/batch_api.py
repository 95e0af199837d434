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
from digest.core.ports import JobAnswer
from digest.core.walls import foreign
from digest.core.words.text import excerpt
from digest.llm.faults import message_of
from digest.llm.openai import OpenAILLM

if TYPE_CHECKING:
    import openai

_ENDPOINT: Final = "/v1/chat/completions"
MOST_REQUESTS: Final = 50_000
"""Most requests in one file, by OpenAI's rules; so is the next constant."""
MOST_BYTES: Final = 200_000_000
_NAME: Final = "digest_job"
"""The key of a job's metadata that holds its name."""
_OVER: Final = frozenset({"completed", "failed", "expired", "cancelled"})
"""States of a job that has ended. An unknown state counts as not ended: the caller has a time limit."""
_PAGES: Final = 100
"""Pages of a hundred jobs each, newest first, in which a job is looked for."""
_NOT_OFFERED: Final = frozenset({404, 405, 501})


class OpenAIBatch:
    """The Batch API of the server that *llm* talks to."""

    def __init__(self, llm: OpenAILLM, *, most_bytes: int = MOST_BYTES) -> None:
        """Nothing is opened before the first request; connections are those of *llm*, and closed with it.

        Args:
            most_bytes: What a server takes for one job.
        """
        self._llm = llm
        self._most_bytes = most_bytes

    # -- port

    def submit(self, name: str, prompts: Sequence[Prompt]) -> str:
        """See `digest.core.ports.BatchLLM`."""
        content = b"".join(self._lines(prompts))
        if len(prompts) > MOST_REQUESTS or len(content) > self._most_bytes:
            raise LLMError(f"{len(prompts)} requests of {len(content)} bytes are too many for one job")
        file = self._ask(
            lambda sdk: sdk.files.with_raw_response.create(file=(f"{name}.jsonl", content), purpose="batch"),
            refused=self._not_offered,
        )
        job = self._ask(
            lambda sdk: sdk.batches.with_raw_response.create(
                input_file_id=_id(file), endpoint=_ENDPOINT, completion_window="24h", metadata={_NAME: name}
            ),
            refused=self._not_offered,
            creates=True,
        )
        return _id(job)

    def find(self, name: str) -> str | None:
        """See `digest.core.ports.BatchLLM`."""
        return next((_id(job) for job in self._all() if _mapping(job.get("metadata")).get(_NAME) == name), None)

    def poll(self, provider_id: str) -> JobAnswer:
        """See `digest.core.ports.BatchLLM`."""
        job = self._ask(lambda sdk: sdk.batches.with_raw_response.retrieve(provider_id))
        state, said = str(job.get("status")), _said(job)
        files = [job[key] for key in ("output_file_id", "error_file_id") if isinstance(job.get(key), str)]
        answered = _mapping(job.get("request_counts")).get("completed")
        answered = answered if isinstance(answered, int) else 0
        if state not in _OVER or (answered and not job.get("output_file_id")):
            # There are answers, and their file is still being written.
            return JobAnswer(is_over=False, completions={}, said=said)
        completions: dict[int, Completion | LLMError] = {}
        damaged = 0
        for file in files:
            came, bad = self._read(self._content(file))
            completions = {**came, **completions}
            damaged += bad
        good = sum(isinstance(came, Completion) for came in completions.values())
        return JobAnswer(is_over=True, completions=completions, unread=max(damaged, answered - good), said=said)

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
                "body": self._llm.body_for_job(prompt),
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
        return LLMError(f"its job failed at it: {excerpt(said)}" + (f" ({status})" if status else ""))

    # -- asking

    def _all(self) -> Iterator[Mapping[str, Any]]:
        """Yield the jobs that the server lists, newest first."""
        after = ""
        for _ in range(_PAGES):
            page = self._ask(partial(_page, after=after))
            data = page.get("data")
            jobs = [job for job in data if isinstance(job, Mapping)] if isinstance(data, list) else []
            yield from jobs
            if not jobs or not page.get("has_more"):
                return
            after = _id(jobs[-1])
        raise LLMError(f"{self._llm.server.where} has too many jobs to find one among them")

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
        """Return a wall around a call of the SDK, for exceptions besides its own errors."""
        import openai

        def tripped(said: str) -> LLMError:
            return LLMError(f"{self._llm.server.where} could not be asked: {said}", may_be_billed=may_be_billed)

        return foreign("the OpenAI SDK", tripped, announced=(openai.OpenAIError,))

    def _translated(self, error: openai.OpenAIError) -> LLMError:
        import openai

        if isinstance(error, openai.APIStatusError) and error.status_code == 404:
            # Not always for good: what was made a moment ago is not known at once everywhere.
            return LLMError(
                f"{self._llm.server.where} does not know the job ({self._llm.server.quoted(message_of(error.body))})",
                again=True,
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
    """Return *error* with *may_count*: whether the request may have had an effect and be billed."""
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


def _said(job: Mapping[str, Any]) -> str:
    """The state of a job, with the reason if it failed."""
    data = _mapping(job.get("errors")).get("data")
    reason = _message(data[0]) if isinstance(data, list) and data else ""
    return excerpt(f"{job.get('status')}: {reason}" if reason else str(job.get("status")))


def _message(error: object) -> str:
    said = _mapping(error).get("message") or _mapping(error).get("code")
    return said if isinstance(said, str) else ""


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
