"""What a provider lets through in a minute, by its own headers, and what that means for the next request.

    x-ratelimit-limit-tokens: 200000   x-ratelimit-remaining-tokens: 149984   x-ratelimit-reset-tokens: 15.005s

The headers of an answer say how things stood when its request arrived, and nobody knows when that was: of two that are
under way together either may have come first. So all that were under way with it are taken off, which gives a number
that what is left is not below. The highest such number is kept: less what goes out, and with what comes back.
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
"""How long a place is kept for a request that may go out and does not."""
_LONGEST_REQUEST_S: Final = 3600.0
"""What has been under way for longer has ended, and nobody was left to say so."""


def seconds_of(text: str, now: datetime) -> float | None:
    """A duration in a provider's spelling: `6m0s`, `120ms`, `7.66`, or the moment itself. None if it is none."""
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
    """So many of something, used up by requests and coming back with time."""

    limit: float
    level: float
    """What is left; below 0 when more is under way than there was."""
    at: float
    """When `level` was right."""
    rate: float | None
    """What comes back in a second. None: everything at once, at `full_at`."""
    full_at: float

    def advance(self, now: float) -> None:
        if self.rate is not None:
            self.level = min(self.limit, self.level + self.rate * max(0.0, now - self.at))
        elif now >= self.full_at:
            # The next window's end is told by the next answer.
            self.level, self.full_at = self.limit, now + _PERIODS_S[0]
        self.at = now

    def wait_s(self, cost: float) -> float:
        """How long until *cost* is there, or all there ever is; as of `at`."""
        missing = min(cost, self.limit) - self.level
        if missing <= 0:
            return 0.0
        return missing / self.rate if self.rate is not None else max(0.0, self.full_at - self.at)


@dataclass(slots=True)
class _Sent:
    """A request that goes out."""

    tokens: float
    began: int
    """Number of the event; events are counted, for a clock may stand still between two of them."""
    at: float
    ended: int | None = None


@dataclass(slots=True)
class _State:
    """What is known of a provider, and what of ours is under way there."""

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
        """Let go of what was promised and never sent, of what ended before all that is under way began, and of what
        somebody sent who has died since."""
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
        """What `load` takes, of what JSON has."""
        return {
            "buckets": {kind: asdict(bucket) for kind, bucket in self.buckets.items()},
            "paused_until": None if self.paused_until == -math.inf else self.paused_until,
            "sent": [[number, asdict(sent)] for number, sent in self.sent.items()],
            "promised": self.promised,
            "events": self.events,
        }

    @classmethod
    def load(cls, told: Mapping[str, Any]) -> _State:
        """What `dump` gave; out of an empty mapping, what one knows at first."""
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
"""What is known of a provider's limits → the same after something happened."""


class Limits:
    """The requests and the tokens that one key may still use. Thread-safe.

    Where several machines use the key, they share what they know, and each counts what the others have under way.
    """

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        shared: Callable[[Change], None] | None = None,
    ) -> None:
        """Know of no limit before the first headers come.

        Args:
            shared: Makes a change of what all machines know, one after the other. If that raises a `StoreError`, or
                without it, this object knows alone.
        """
        self._monotonic = monotonic
        self._now = now
        self._shared = shared
        self._state = _State()
        self._lock = threading.Lock()

    def delay_s(self, key: str | int, tokens: float) -> float:
        """How long a request of *tokens* has to wait. With 0 its place is taken: the next one's is behind it.

        Args:
            key: Names the request until it goes out; who asks again in between has one place all the same.
            tokens: What it takes in and may give out.
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
        """Count a request that goes out now; the number by which its end is `heard`. One that fails counts too."""

        def count(state: _State, now: float) -> int:
            number = state.promised.pop(str(key), None)
            return state.take(tokens, now) if number is None else number

        return self._change(count)

    def heard(self, number: int, headers: Mapping[str, str]) -> None:
        """Note that a request has ended, and take what the headers of its answer say, if one came."""

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
        """Let nothing out for so long; a longer pause that was asked for before stays."""

        def wait(state: _State, now: float) -> None:
            state.paused_until = max(state.paused_until, now + min(seconds, LONGEST_S))

        self._change(wait)

    def _change(self, act: Callable[[_State, float], T]) -> T:
        """What *act* comes to, of what is known at its moment."""
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
    """What is *known*, put right by what an answer *told*.

    Args:
        cost: Of what was under way with its request.
        latency_s: How long ago things stood as told, at the most.
    """
    least, most = told.level - cost, told.level + (told.rate or 0.0) * latency_s
    if known is not None and known.limit == told.limit:
        # Above the most only where somebody else uses the key.
        told.level = min(max(known.level, least), most)
    else:
        told.level = least
    return told


def _rate(limit: float, remaining: float, reset_s: float | None) -> float | None:
    """What comes back in a second, if it comes back steadily: then the time until all is there says how fast."""
    used = max(0.0, limit - remaining)
    if not reset_s or not used:
        return limit / _PERIODS_S[0]
    rounded = 1.0 if reset_s == int(reset_s) else 0.005
    for period in _PERIODS_S:
        expected = used / limit * period
        if abs(reset_s - expected) <= max(0.05 * expected, rounded):
            return limit / period
    return None
