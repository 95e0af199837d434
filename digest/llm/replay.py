"""Record a model's answers in a file, and replay them later without network, key or cost.

One JSON object a line: `{"system", "nonce", "user", "form", "concurrency", "blocks", "completion"}`, where `blocks` are
the papers as the model saw them, in their order, and `concurrency` is how many requests went out side by side: how
papers are cut into batches depends on it.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Final, TypeAlias

from digest.core.errors import ConfigError, LLMError, LLMUnavailable
from digest.core.models import Completion, Prompt
from digest.core.ports import LLM
from digest.core.summaries.answers import Answer, read_answers
from digest.core.summaries.prompts import BRIEFS, SUMMARIES, block
from digest.llm import tokens

_Key: TypeAlias = tuple[str, str, str]
"""Form, system message, and user message without its nonce."""
_OF_PAPERS: Final = (SUMMARIES, BRIEFS)
"""Forms of answers that can be put together anew from what was recorded of each paper."""
_FIELDS: Final = frozenset(each.name for each in fields(Completion))


class RecordingLLM:
    """A client that passes requests on to another client, and records requests and answers.

    Failures are not recorded.
    """

    def __init__(self, inner: LLM, path: Path) -> None:
        """Nothing is written before the first answer; further ones are appended."""
        self.client = inner.client
        self.model = inner.model
        self.concurrency = inner.concurrency
        self._inner = inner
        self._path = path
        self._lock = threading.Lock()

    @property
    def counter(self) -> tokens.Counter | None:
        """The token counter of the inner client."""
        return getattr(self._inner, "counter", None)

    @property
    def context_tokens(self) -> int | None:
        """The context window of the inner client's model, in tokens; None if not known."""
        return getattr(self._inner, "context_tokens", None)

    @property
    def cut(self) -> object:
        """The prompt that the inner client's server is known to have cut, if any."""
        return getattr(self._inner, "cut", None)

    def close(self) -> None:
        """Close the inner client, if it holds connections."""
        close = getattr(self._inner, "close", None)
        if close is not None:
            close()

    def count_tokens(self, text: str) -> int:
        """See `digest.core.ports.LLM`."""
        return self._inner.count_tokens(text)

    def most_input_tokens(self, prompt: Prompt) -> int:
        """See `digest.core.ports.LLM`."""
        return self._inner.most_input_tokens(prompt)

    def fits(self, prompt: Prompt) -> bool:
        """See `digest.core.ports.LLM`."""
        return self._inner.fits(prompt)

    def delay_s(self, prompt: Prompt) -> float:
        """See `digest.core.ports.LLM`."""
        return self._inner.delay_s(prompt)

    def complete(self, prompt: Prompt) -> Completion:
        """See `digest.core.ports.LLM`."""
        completion = self._inner.complete(prompt)
        line = {
            "system": prompt.system,
            "nonce": prompt.nonce,
            "user": prompt.user,
            "form": prompt.form,
            "concurrency": self.concurrency,
            "blocks": [block(paper) for paper in prompt.batch.papers],
            "completion": asdict(completion),
        }
        self._append(json.dumps(line).encode())
        return completion

    def _append(self, line: bytes) -> None:
        try:
            with self._lock, self._path.open("ab+") as file:
                if file.tell():
                    file.seek(-1, 2)
                    # The last run was killed in the middle of a line.
                    line = line if file.read(1) == b"\n" else b"\n" + line
                file.write(line + b"\n")
        except OSError as error:
            # Better to stop than to pay for answers that cannot be recorded.
            said = f"answers cannot be recorded in {self._path}: {error.strerror}"
            raise LLMUnavailable(said, may_be_billed=True) from error


class ReplayLLM:
    """A client that answers from a recording.

    The same request gets the same answer. If batches are cut in another way, the answer is put together from the
    recorded summaries of each paper under the same system prompt; a paper that is not in the recording is missing in
    the answer. Only summaries can be put together.
    """

    client = "replay"

    def __init__(self, path: Path, *, model: str) -> None:
        """Read the recording.

        Raises:
            ConfigError: The file is not there.
        """
        self.model = model
        self.concurrency = 1
        """That of the recording."""
        self.damaged = 0
        """Lines that could not be read; one is usual after a run that was killed."""
        self._path = path
        self._requests: dict[_Key, list[Completion]] = {}
        self._answers: dict[tuple[str, str], Answer] = {}
        self._given: Counter[_Key] = Counter()
        self._lock = threading.Lock()
        try:
            lines = path.read_bytes().splitlines()
        except OSError as error:
            raise ConfigError(
                f"the recording {path} cannot be read: {error.strerror}; check [llm] recording"
            ) from error
        for line in lines:
            try:
                self._take(json.loads(line))
            except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
                self.damaged += 1

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks on the recording, a sentence each."""
        if not self.damaged:
            return ()
        lines = "a line" if self.damaged == 1 else f"{self.damaged} lines"
        return (f"{lines} of the recording {self._path} could not be read: what was answered there is missing",)

    def _take(self, entry: Mapping[str, Any]) -> None:
        completion = Completion(**{k: v for k, v in entry["completion"].items() if k in _FIELDS})
        system, form, blocks = entry["system"], entry.get("form", SUMMARIES), list(entry["blocks"])
        user = _without_nonce(entry["user"], entry["nonce"])
        # What was asked again was refused before: the last word on a paper counts.
        for answer in read_answers(completion.text) if form in _OF_PAPERS else ():
            if answer.id.isdecimal() and 0 < int(answer.id) <= len(blocks):
                self._answers[system, blocks[int(answer.id) - 1]] = answer
        self._requests.setdefault((form, system, user), []).append(completion)
        self.concurrency = max(1, int(entry.get("concurrency", 1)))

    @cached_property
    def _counter(self) -> tokens.Counter:
        return tokens.counter(self.model)

    def count_tokens(self, text: str) -> int:
        """See `digest.core.ports.LLM`."""
        return self._counter(text)

    def most_input_tokens(self, prompt: Prompt) -> int:
        """See `digest.core.ports.LLM`."""
        return self._counter.at_most(prompt.system) + self._counter.at_most(prompt.user)

    def fits(self, prompt: Prompt) -> bool:  # noqa: ARG002 -- a recording has no limits
        """See `digest.core.ports.LLM`."""
        return True

    def delay_s(self, prompt: Prompt) -> float:  # noqa: ARG002 -- a recording has no limits
        """See `digest.core.ports.LLM`."""
        return 0.0

    def complete(self, prompt: Prompt) -> Completion:
        """See `digest.core.ports.LLM`."""
        key = prompt.form, prompt.system, _without_nonce(prompt.user, prompt.nonce)
        if recorded := self._requests.get(key):
            with self._lock:
                turn = self._given[key]
                self._given[key] += 1
            return recorded[min(turn, len(recorded) - 1)]
        if prompt.form not in _OF_PAPERS:
            raise LLMError(f"the recording {self._path.name} has no answer to this")
        papers = []
        for place, paper in enumerate(prompt.batch.papers, 1):
            if answer := self._answers.get((prompt.system, block(paper))):
                papers.append({**asdict(answer), "id": str(place)})
        return Completion(text=json.dumps({"papers": papers}), model=self.model or None)


def _without_nonce(user: str, nonce: str) -> str:
    """Return the user message without its nonce, which differs in each request."""
    return re.sub(rf"^(#\S+) {re.escape(nonce)}$", r"\1", user, flags=re.MULTILINE)
