"""Rate limits of a provider, read from its headers, and how long the next request has to wait for them.

    x-ratelimit-limit-tokens: 200000   x-ratelimit-remaining-tokens: 149984   x-ratelimit-reset-tokens: 15.005s

The headers of an answer tell what was left when its request arrived, at an unknown moment: of two requests under way
together either may have come first. So the costs of all requests under way with it are subtracted, which gives a lower
bound of what is left. The highest such bound is kept, minus what is sent since, plus what has been refilled.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from digest.core.errors import StoreError
from digest.core.pauses import LONGEST_S
from digest.core.words.dates import moment

T = TypeVar("T")

_PERIODS_S: Final = (60.0, 1.0, 3600.0, 86_400.0)
"""What a limit may be per; a minute is the rule."""
_PARTS: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|d|h|m|s)")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_NAMES: Final = ("x-ratelimit-{what}-{kind}", "anthropic-ratelimit-{kind}-{what}")
_PROMISE_S: Final = 60.0
"""How long room is reserved for a request that was allowed to go out and does not."""
_LONGEST_REQUEST_S: Final = 3600.0
"""A request under way for longer counts as ended: the process that sent it has died."""


def seconds_of(text: str, now: datetime) -> float | None:
    """Parse a duration in a provider's spelling into seconds: `6m0s`, `120ms`, `7.66`, or a moment.

    None if it is neither.
    """
    text = text.strip()
    if len(text) > 40:
        return None
    if re.fullmatch(r"\d+(?:\.\d*)?", text):
        return float(text)
    if text and not _PARTS.sub("", text):
        return sum(float(number) * _UNITS[unit] for number, unit in _PARTS.findall(text))
    then = moment(text) if "T" in text else None
    return None if then is None else max(0.0, (then - now).total_seconds())


@dataclass(slots=True)
class _Bucket:
    """A token bucket for one limit (requests or tokens): used up by requests, refilled with time."""

    limit: float
    level: float
    """How much is left; below 0 if requests under way need more than there was."""
    at: float
    """The moment for which `level` holds."""
    rate: float | None
    """How much is refilled in a second. None: everything at once, at `full_at`."""
    full_at: float

    def advance(self, now: float) -> None:
        if self.rate is not None:
            self.level = min(self.limit, self.level + self.rate * max(0.0, now - self.at))
        elif now >= self.full_at:
            # The next window's end is told by the next answer.
            self.level, self.full_at = self.limit, now + _PERIODS_S[0]
        self.at = now

    def wait_s(self, cost: float) -> float:
        """Return the seconds from `at` until *cost* is left, or the whole limit if *cost* is more."""
        missing = min(cost, self.limit) - self.level
        if missing <= 0:
            return 0.0
        return missing / self.rate if self.rate is not None else max(0.0, self.full_at - self.at)


@dataclass(slots=True)
class _Sent:
    """A request that was sent."""

    tokens: float
    began: int
    """Number of the event; events are counted, for a clock may stand still between two of them."""
    at: float
    ended: int | None = None


@dataclass(slots=True)
class _State:
    """The known limits of a provider, and our requests under way there."""

    buckets: dict[str, _Bucket] = field(default_factory=dict)
    paused_until: float = -math.inf
    sent: dict[int, _Sent] = field(default_factory=dict)
    """By number: what is under way, and what ended since the oldest of these began."""
    promised: dict[str, int] = field(default_factory=dict)
    """Key of a request that may go out, and has not yet → its number."""
    events: int = 0

    def advance(self, now: float) -> None:
        for bucket in self.buckets.values():
            bucket.advance(now)

    def take(self, tokens: float, now: float) -> int:
        self.events += 1
        self.sent[self.events] = _Sent(tokens, self.events, now)
        for kind, bucket in self.buckets.items():
            bucket.level -= tokens if kind == "tokens" else 1.0
        return self.events

    def forget(self, now: float) -> None:
        """Drop requests that were allowed and never sent, that ended before all requests under way began, or whose
        process has died."""
        for key, number in list(self.promised.items()):
            if number not in self.sent or now - self.sent[number].at > _PROMISE_S:
                del self.promised[key]
                self.sent.pop(number, None)
        for number, sent in list(self.sent.items()):
            if sent.ended is None and now - sent.at > _LONGEST_REQUEST_S:
                del self.sent[number]
        oldest = min((sent.began for sent in self.sent.values() if sent.ended is None), default=self.events + 1)
        for number, sent in list(self.sent.items()):
            if sent.ended is not None and sent.ended < oldest:
                del self.sent[number]

    def dump(self) -> dict[str, Any]:
        """Return the state as JSON values, to be read by `load`."""
        return {
            "buckets": {kind: asdict(bucket) for kind, bucket in self.buckets.items()},
            "paused_until": None if self.paused_until == -math.inf else self.paused_until,
            "sent": [[number, asdict(sent)] for number, sent in self.sent.items()],
            "promised": self.promised,
            "events": self.events,
        }

    @classmethod
    def load(cls, told: Mapping[str, Any]) -> _State:
        """Return the state from the result of `dump`; from an empty mapping, the initial state without limits."""
        if not told:
            return cls()
        paused_until = told["paused_until"]
        return cls(
            buckets={kind: _Bucket(**bucket) for kind, bucket in told["buckets"].items()},
            paused_until=-math.inf if paused_until is None else paused_until,
            sent={number: _Sent(**sent) for number, sent in told["sent"]},
            promised=dict(told["promised"]),
            events=told["events"],
        )


Change = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""A change of the shared state of a provider's limits: old state → new state."""


class Limits:
    """The rate limits of one API key: requests and tokens that may still be used. Thread-safe.

    If several machines use the key, they share their state, and each counts the others' requests under way.
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        shared: Callable[[Change], None] | None = None,
    ) -> None:
        """No limit is known before the first headers come.

        Args:
            shared: Applies a change to the state that all machines share, one change after the other. Without it, or
                if it raises a `StoreError`, the state is this object's own.
        """
        self._monotonic = monotonic
        self._now = now
        self._shared = shared
        self._state = _State()
        self._lock = threading.Lock()

    def delay_s(self, key: str | int, tokens: float) -> float:
        """Return the seconds that a request of *tokens* has to wait; with 0 its room is reserved.

        Args:
            key: Names the request until it is sent; asking again for the same key reserves nothing more.
            tokens: Input tokens, and the most output tokens.
        """

        def ask(state: _State, now: float) -> float:
            pause = state.paused_until - now
            if str(key) in state.promised:
                return max(0.0, pause)
            costs = {"requests": 1.0, "tokens": tokens}
            waits = (bucket.wait_s(costs[kind]) for kind, bucket in state.buckets.items())
            # In whole milliseconds: who waits for less would ask again at the same moment.
            delay = min(math.ceil(max(0.0, pause, *waits) * 1000 - 1e-6) / 1000, LONGEST_S)
            if not delay:
                state.promised[str(key)] = state.take(tokens, now)
            return delay

        return self._change(ask)

    def begin(self, key: str | int, tokens: float) -> int:
        """Count a request that is sent now, and return the number for `heard`. A request that fails counts too."""

        def count(state: _State, now: float) -> int:
            number = state.promised.pop(str(key), None)
            return state.take(tokens, now) if number is None else number

        return self._change(count)

    def heard(self, number: int, headers: Mapping[str, str]) -> None:
        """Note that a request has ended, and read the limits from the headers of its answer, if one came."""

        def note(state: _State, now: float) -> None:
            if (sent := state.sent.get(number)) is None:
                return
            state.events += 1
            sent.ended = state.events
            with_it = [o for o in state.sent.values() if o is not sent and (o.ended is None or o.ended > sent.began)]
            costs = {"requests": float(len(with_it)), "tokens": sum(other.tokens for other in with_it)}
            for kind, cost in costs.items():
                if (told := self._bucket(kind, headers, now)) is not None:
                    state.buckets[kind] = _joined(state.buckets.get(kind), told, cost=cost, latency_s=now - sent.at)
            state.forget(now)

        self._change(note)

    def pause(self, seconds: float) -> None:
        """Let no request out for *seconds*; a longer pause that was asked for before stays."""

        def wait(state: _State, now: float) -> None:
            state.paused_until = max(state.paused_until, now + min(seconds, LONGEST_S))

        self._change(wait)

    def _change(self, act: Callable[[_State, float], T]) -> T:
        """Apply *act* to the state and the present time, and return its result."""
        with self._lock:
            if self._shared is not None:
                came: list[T] = []

                def change(told: Mapping[str, Any]) -> Mapping[str, Any]:
                    # The clocks of machines that start at different times have nothing in common but the date.
                    state, now = _State.load(told), self._now().timestamp()
                    state.advance(now)
                    came[:] = [act(state, now)]
                    return state.dump()

                # The answer that headers came with is paid for, and must not be lost for them.
                with suppress(StoreError):
                    self._shared(change)
                    return came[0]
            now = self._monotonic()
            self._state.advance(now)
            return act(self._state, now)

    def _bucket(self, kind: str, headers: Mapping[str, str], now: float) -> _Bucket | None:
        for name in _NAMES:
            limit, remaining, reset = (
                headers.get(name.format(what=what, kind=kind), "") for what in ("limit", "remaining", "reset")
            )
            if not (re.fullmatch(r"\d{1,15}", limit) and re.fullmatch(r"\d{1,15}", remaining) and int(limit)):
                continue  # some say -1 where they have none
            most, left = float(limit), float(remaining)
            until = seconds_of(reset, self._now())
            return _Bucket(most, left, now, _rate(most, left, until), now + (until or 0.0))
        return None


def _joined(known: _Bucket | None, told: _Bucket, *, cost: float, latency_s: float) -> _Bucket:
    """Return the *known* bucket, corrected by what the headers of an answer *told*.

    Args:
        cost: Cost of the requests that were under way with the answered one.
        latency_s: The most seconds ago that the headers' values held.
    """
    least, most = told.level - cost, told.level + (told.rate or 0.0) * latency_s
    if known is not None and known.limit == told.limit:
        # Above the most only where somebody else uses the key.
        told.level = min(max(known.level, least), most)
    else:
        told.level = least
    return told


def _rate(limit: float, remaining: float, reset_s: float | None) -> float | None:
    """Return how much is refilled in a second, by the time until the limit is full.

    None if it is not refilled steadily.
    """
    used = max(0.0, limit - remaining)
    if not reset_s or not used:
        return limit / _PERIODS_S[0]
    rounded = 1.0 if reset_s == int(reset_s) else 0.005
    for period in _PERIODS_S:
        expected = used / limit * period
        if abs(reset_s - expected) <= max(0.05 * expected, rounded):
            return limit / period
    return None
