"""Ports: the protocols of sources, models and mailers that adapters implement. `digest.app.app` decides which ones.

Source  (bytes → records)      Witness  (is the list whole?)
LLM     (prompt → completion)  BatchLLM (prompts → completions, later)
Mailer  (mail → a mail server)

A port that only one module needs, as those for the store, is declared in that module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from digest.core.errors import LLMError
from digest.core.lists.calendar import Calendar
from digest.core.models import (
    Census,
    Completion,
    Mail,
    Parsed,
    Prompt,
)

Clock = Callable[[], datetime]
"""Gives the present moment, aware, in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoverAnswer:
    """How a handover stands with its provider, and what it brought so far."""

    is_over: bool
    """Whether the handover has ended, so that no more answers will come."""
    completions: Mapping[int, Completion | LLMError]
    """Number of a prompt → its answer or its error; empty until the handover is over. A prompt that is missing then was
    neither answered nor billed, unless `unread` says that answers were damaged."""
    unread: int = 0
    """How many answers are damaged or not there. If any are, a prompt without an answer may still have been billed."""
    said: str = ""
    """The provider's own word for its state, for people: `in_progress`, `expired`."""


class Source(Protocol):
    """A configured place that papers come from."""

    name: str
    kind: str
    calendar: Calendar
    """When its lists come out."""
    rereads: tuple[int, ...]
    """Ages in days at which a list is read again because it or its votes grow; sorted. Mostly empty."""
    witness: Witness | None
    """The second place that can tell whether a list is complete; None where there is no such place."""

    def url_for(self, day: date) -> str:
        """The first URL or path to read for the list of *day*, which is today."""
        ...

    def past_url(self, day: date) -> str | None:
        """The URL or path of the list of *day*, a day in the past; None if it cannot be had any more."""
        ...

    def parse(self, content: bytes, *, url: str) -> Parsed:
        """Understand one document. Pure: no network, no clock.

        Raises:
            SourceError: The document as a whole is not what this kind of source gives (HTML, an error page, cut off).
        """
        ...


class Witness(Protocol):
    """A second place that says what the list of a day should hold."""

    name: str
    """For people: "arXiv's listing"."""

    def urls(self, day: date) -> tuple[str, ...]:
        """What to read for *day*, which is today."""
        ...

    def parse(self, content: bytes, *, url: str) -> Census:
        """Understand one document. Pure.

        Raises:
            SourceError: It is not what was expected; the list then stands without a witness.
        """
        ...


class LLM(Protocol):
    """A language model. The summarizer that needs none is `digest.core.extracts.extractive`."""

    client: str
    """`openai` or `replay`."""
    model: str
    concurrency: int
    """Requests at once; at least 1."""

    def count_tokens(self, text: str) -> int:
        """Tokens of *text* for this model; never too low."""
        ...

    def most_input_tokens(self, prompt: Prompt) -> int:
        """The most input tokens that *prompt* can be billed for, with those that client and provider add to it."""
        ...

    def fits(self, prompt: Prompt) -> bool:
        """Whether *prompt* and an answer of usual length fit in the model's context window, as far as that is known."""
        ...

    def delay_s(self, prompt: Prompt) -> float:
        """Seconds that *prompt* has to wait for the provider's rate limits and `Retry-After`; 0: it may go out now."""
        ...

    def complete(self, prompt: Prompt) -> Completion:
        """Send one prompt once, without retrying. Thread-safe.

        Raises:
            LLMUnavailable: No further request of this run can succeed.
            LLMError: This one failed; the error says whether trying again may help, and when.
        """
        ...


class BatchLLM(Protocol):
    """A provider that answers many prompts together, later, and cheaper."""

    def submit(self, name: str, prompts: Sequence[Prompt]) -> str:
        """Hand *prompts* over and return the provider's id of the handover.

        *name* must be unguessable and new: after a crash, `find` looks for the handover by it.

        Raises:
            LLMUnavailable: The provider takes no handovers, or cannot be asked at all.
            LLMError: The handover could not be submitted now.
        """
        ...

    def find(self, name: str) -> str | None:
        """The provider's id of the handover that was submitted under *name*; None if it never arrived.

        Raises:
            LLMError: The provider can't be asked.
        """
        ...

    def poll(self, provider_id: str) -> HandoverAnswer:
        """How the handover stands, and what it brought if it is over.

        Raises:
            LLMError: The provider can't be asked, or does not know the handover.
        """
        ...

    def cancel(self, provider_id: str) -> None:
        """Ask for an early end; what is answered until then is paid for and can be had by `poll`.

        Raises:
            LLMError: The provider can't be asked, or the handover is over already.
        """
        ...


class Mailer(Protocol):
    """Hands a mail to a server or folder that delivers it."""

    def send(self, mail: Mail, *, before_dot: Callable[[], None]) -> None:
        """Deliver *mail*; return once it is taken for good.

        Args:
            before_dot: Called when all of the body is out and only the final full stop is missing.

        Raises:
            RefusedError: The mail was refused for good.
            InDoubtError: The answer to the final dot never came.
            DeliveryError: Provably not delivered; may be tried again.
        """
        ...
