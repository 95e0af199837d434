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
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from digest.core.pauses import LONGEST_S
from digest.core.words.dates import moment

_PERIODS_S: Final = (60.0, 1.0, 3600.0, 86_400.0)
"""What a limit may be per; a minute is the rule."""
_PARTS: Final = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|d|h|m|s)")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_NAMES: Final = ("x-ratelimit-{what}-{kind}", "anthropic-ratelimit-{kind}-{what}")
_PROMISE_S: Final = 60.0
"""How long a place is kept for a request that may go out and does not."""


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
            self.level = min(self.limit, self.level + self.rate * (now - self.at))
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


class Limits:
    """The requests and the tokens that one key may still use. Thread-safe."""

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Know of no limit before the first headers come."""
        self._monotonic = monotonic
        self._now = now
        self._buckets: dict[str, _Bucket] = {}
        self._paused_until = -math.inf
        self._sent: dict[int, _Sent] = {}
        """By number: what is under way, and what ended since the oldest of these began."""
        self._promised: dict[int, int] = {}
        """Key of a request that may go out, and has not yet → its number."""
        self._events = 0
        self._lock = threading.Lock()

    def delay_s(self, key: int, tokens: float) -> float:
        """How long a request of *tokens* has to wait. With 0 its place is taken: the next one's is behind it.

        Args:
            key: Names the request until it goes out; who asks again in between has one place all the same.
            tokens: What it takes in and may give out.
        """
        with self._lock:
            now = self._advanced()
            pause = self._paused_until - now
            if key in self._promised:
                return max(0.0, pause)
            costs = {"requests": 1.0, "tokens": tokens}
            waits = (bucket.wait_s(costs[kind]) for kind, bucket in self._buckets.items())
            # In whole milliseconds: who waits for less would ask again at the same moment.
            delay = min(math.ceil(max(0.0, pause, *waits) * 1000 - 1e-6) / 1000, LONGEST_S)
            if not delay:
                self._promised[key] = self._take(tokens, now)
            return delay

    def begin(self, key: int, tokens: float) -> int:
        """Count a request that goes out now; the number by which its end is `heard`. One that fails counts too."""
        with self._lock:
            now = self._advanced()
            number = self._promised.pop(key, None)
            return self._take(tokens, now) if number is None else number

    def heard(self, number: int, headers: Mapping[str, str]) -> None:
        """Note that a request has ended, and take what the headers of its answer say, if one came."""
        with self._lock:
            now = self._advanced()
            if (sent := self._sent.get(number)) is None:
                return
            self._events += 1
            sent.ended = self._events
            with_it = [o for o in self._sent.values() if o is not sent and (o.ended is None or o.ended > sent.began)]
            costs = {"requests": float(len(with_it)), "tokens": sum(other.tokens for other in with_it)}
            for kind, cost in costs.items():
                if (told := self._bucket(kind, headers, now)) is not None:
                    self._buckets[kind] = _joined(self._buckets.get(kind), told, cost=cost, latency_s=now - sent.at)
            self._forget(now)

    def pause(self, seconds: float) -> None:
        """Let nothing out for so long; a longer pause that was asked for before stays."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._monotonic() + min(seconds, LONGEST_S))

    def _advanced(self) -> float:
        now = self._monotonic()
        for bucket in self._buckets.values():
            bucket.advance(now)
        return now

    def _take(self, tokens: float, now: float) -> int:
        self._events += 1
        self._sent[self._events] = _Sent(tokens, self._events, now)
        for kind, bucket in self._buckets.items():
            bucket.level -= tokens if kind == "tokens" else 1.0
        return self._events

    def _forget(self, now: float) -> None:
        """Let go of what was promised and never sent, and of what ended before all that is under way began."""
        for key, number in list(self._promised.items()):
            if now - self._sent[number].at > _PROMISE_S:
                del self._promised[key], self._sent[number]
        oldest = min((sent.began for sent in self._sent.values() if sent.ended is None), default=self._events + 1)
        for number, sent in list(self._sent.items()):
            if sent.ended is not None and sent.ended < oldest:
                del self._sent[number]

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
