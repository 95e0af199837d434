"""Requests and tokens per minute, as OpenAI counts them: what fails counts too."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

_MINUTE_S = 60.0


@dataclass(slots=True)
class Bucket:
    """Fills up evenly; holds a minute's worth."""

    per_minute: int
    left: float = field(init=False)
    seen_at: float | None = None

    def __post_init__(self) -> None:
        self.left = float(self.per_minute)

    def fill(self, now: float) -> None:
        if self.seen_at is not None:
            refill = max(0.0, now - self.seen_at) * self.per_minute / _MINUTE_S
            self.left = min(float(self.per_minute), self.left + refill)
        self.seen_at = now

    def wait_s(self, amount: float) -> float:
        """Until there is so much; what is more than a minute's worth never is, and waits for a full bucket."""
        return max(0.0, (min(amount, self.per_minute) - self.left) / self.per_minute * _MINUTE_S)

    @property
    def reset_s(self) -> float:
        """Until it is full."""
        return (self.per_minute - self.left) / self.per_minute * _MINUTE_S


class Limiter:
    """Both limits together. Not thread-safe."""

    def __init__(self, *, requests_per_minute: int, tokens_per_minute: int) -> None:
        self._requests, self._tokens = Bucket(requests_per_minute), Bucket(tokens_per_minute)

    def take(self, tokens: int, now: float) -> float:
        """Let a request in, and give 0; or give the seconds after which to come again, and count it all the same."""
        self._requests.fill(now)
        self._tokens.fill(now)
        wait_s = max(self._requests.wait_s(1), self._tokens.wait_s(tokens))
        # A refused request uses up no tokens, but it is a request.
        self._requests.left = max(0.0, self._requests.left - 1)
        if wait_s == 0:
            self._tokens.left = max(0.0, self._tokens.left - tokens)
        return wait_s

    def headers(self) -> dict[str, str]:
        """What the client is told with every reply."""
        named = (("requests", self._requests), ("tokens", self._tokens))
        return {
            **{f"x-ratelimit-limit-{name}": str(bucket.per_minute) for name, bucket in named},
            **{f"x-ratelimit-remaining-{name}": str(int(bucket.left)) for name, bucket in named},
            **{f"x-ratelimit-reset-{name}": spelled(bucket.reset_s) for name, bucket in named},
        }


def spelled(seconds: float) -> str:
    """As OpenAI writes durations: `120ms`, `1.5s`, `6m0s`."""
    if seconds < 1:
        return f"{math.ceil(seconds * 1000)}ms"
    minutes, rest = divmod(round(seconds, 3), 60)
    return f"{int(minutes)}m{rest:g}s" if minutes else f"{rest:g}s"
