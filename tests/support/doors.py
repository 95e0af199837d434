"""What tests of the door share: a door on a network of its own, and what answers there."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import httpcore2
import httpx2

from digest.sources.door.http import Door
from tests.fakes.clock import FakeClock

Handler = Callable[[httpx2.Request], httpx2.Response]

PUBLIC = "93.184.216.34"


def door(handler: Handler, clock: FakeClock | None = None, **options: object) -> Door:
    clock = clock or FakeClock()
    return Door(
        transport=httpx2.MockTransport(handler),
        monotonic=clock.now,
        sleep=clock.sleep,
        now=clock,
        **options,  # type: ignore[arg-type]
    )


def answers(*responses: httpx2.Response) -> tuple[Handler, list[httpx2.Request]]:
    """A server that gives these answers in turn, and what it was asked."""
    asked: list[httpx2.Request] = []
    waiting = list(responses)

    def handler(request: httpx2.Request) -> httpx2.Response:
        asked.append(request)
        return waiting.pop(0) if len(waiting) > 1 else waiting[0]

    return handler, asked


def led_to(
    ports: Mapping[str, int], log: list[str] | None = None
) -> Callable[[str, int, float], httpcore2.NetworkStream]:
    """A dialler that reaches IP addresses, which are not to be had here, at ports of loopback; others as they are."""

    def connect(address: str, port: int, timeout: float) -> httpcore2.NetworkStream:
        if log is not None:
            log.append(address)
        there = ("127.0.0.1", ports[address]) if address in ports else (address, port)
        return httpcore2.SyncBackend().connect_tcp(*there, timeout)

    return connect
