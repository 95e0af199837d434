"""What the site counts: requests by place, and what the store says of subscribers and mails. No address is in it.

The text is what Prometheus reads: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from starlette.responses import PlainTextResponse, Response

from digest.core.errors import StoreError
from digest.web.front import Front
from digest.web.places import Place
from digest.web.visits import Visit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

S = TypeVar("S", bound=str)

_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
_UP_TO_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.5, 1.0, 2.5, 5.0, 10.0)
_LATELY: Final = timedelta(days=7)
"""Of the issues of so many days deliveries are counted."""
_NOT_KEPT: Final = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


class Counts:
    """Requests of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, str, int]] = Counter()
        self._durations: Counter[tuple[str, int]] = Counter()
        self._seconds: Counter[str] = Counter()

    def add(self, place: str, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        with self._lock:
            self._requests[place, method if method in _METHODS else "other", status] += 1
            self._durations[place, bisect_left(_UP_TO_S, seconds)] += 1
            self._seconds[place] += seconds  # type: ignore[assignment]  # a Counter adds what it is given

    def lines(self) -> Iterator[str]:
        """The counts in Prometheus's text."""
        with self._lock:
            requests, durations, seconds = dict(self._requests), dict(self._durations), dict(self._seconds)
        yield from _metric(
            "digest_requests_total",
            "counter",
            "Requests, by the pattern of their path.",
            ({"place": p, "method": m, "status": str(s)} for p, m, s in sorted(requests)),
            (requests[key] for key in sorted(requests)),
        )
        name = "digest_request_seconds"
        yield f"# HELP {name} How long answers took."
        yield f"# TYPE {name} histogram"
        for place in sorted(seconds):
            below = 0
            for n, up_to in enumerate((*map(str, _UP_TO_S), "+Inf")):
                below += durations.get((place, n), 0)
                yield _line(f"{name}_bucket", {"place": place, "le": up_to}, below)
            yield _line(f"{name}_sum", {"place": place}, round(seconds[place], 6))
            yield _line(f"{name}_count", {"place": place}, below)


class Counting:
    """Middleware that counts requests."""

    def __init__(self, app: ASGIApp, *, counts: Counts) -> None:
        self._app, self._counts = app, counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on, and count it when its answer is out."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            place = scope.get("digest.place", "other")
            self._counts.add(place, scope["method"], status, time.perf_counter() - began)


class Watching:
    """Answers programs that watch the site."""

    def __init__(self, front: Front, counts: Counts) -> None:
        self._front, self._counts = front, counts

    def places(self) -> list[Place]:
        """The places."""
        return [Place(path="/healthz", get=self.health), Place(path="/metrics", get=self.metrics)]

    def health(self, visit: Visit) -> Response:  # noqa: ARG002 -- it is a handler
        """Whether the store answers."""
        try:
            self._front.app.store.ping()
        except StoreError:
            return PlainTextResponse("the store does not answer\n", status_code=503, headers=_NOT_KEPT)
        return PlainTextResponse("ok\n", headers=_NOT_KEPT)

    def metrics(self, visit: Visit) -> Response:  # noqa: ARG002 -- it is a handler
        """Numbers, in Prometheus's text."""
        lines = [*self._counts.lines(), *self._stored()]
        return PlainTextResponse(
            "\n".join(lines) + "\n",
            media_type="text/plain; version=0.0.4; charset=utf-8",
            headers=_NOT_KEPT,
        )

    def _stored(self) -> Iterator[str]:
        app = self._front.app
        store, today, now = app.store, app.today(), app.host.clock()
        yield from _states("digest_subscribers", "Subscribers, by state.", store.count_subscribers())
        yield from _states("digest_notices", "Mails about subscriptions themselves.", store.count_notices())
        counted = {
            (edition.name, state): n
            for edition in app.config.editions
            for state, n in store.count_deliveries(edition.name, since=today - _LATELY, until=today).items()
        }
        yield from _metric(
            "digest_deliveries",
            "gauge",
            f"Deliveries of the issues of the last {_LATELY.days} days.",
            ({"edition": edition, "state": state} for edition, state in sorted(counted)),
            (counted[key] for key in sorted(counted)),
        )
        ages = {
            edition.name: (today - max(day for _, day, _ in dates)).days
            for edition in app.config.editions
            if (dates := store.issue_dates(edition.name))
        }
        yield from _metric(
            "digest_last_issue_age_days",
            "gauge",
            "Days since the day of the newest issue.",
            ({"edition": name} for name in sorted(ages)),
            (ages[name] for name in sorted(ages)),
        )
        refused = store.count_attempts("notice of a network refused", since=now - timedelta(hours=1))
        yield from _metric(
            "digest_sign_ups_refused_last_hour", "gauge", "Forms that a limit of a network refused.", [{}], [refused]
        )


def _states(name: str, said: str, counts: Mapping[S, int]) -> Iterator[str]:
    states = sorted(counts)
    yield from _metric(name, "gauge", said, ({"state": state} for state in states), (counts[s] for s in states))


def _metric(
    name: str, kind: str, said: str, labels: Iterable[Mapping[str, str]], values: Iterable[float]
) -> Iterator[str]:
    yield f"# HELP {name} {said}"
    yield f"# TYPE {name} {kind}"
    for some, value in zip(labels, values, strict=True):
        yield _line(name, some, value)


def _line(name: str, labels: Mapping[str, str], value: float) -> str:
    # Names of editions are letters, digits and hyphens; patterns of paths are ours.
    said = ",".join(f'{key}="{text}"' for key, text in labels.items())
    return f"{name}{{{said}}} {value}" if said else f"{name} {value}"
