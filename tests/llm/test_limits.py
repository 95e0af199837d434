"""What a provider lets through in a minute, understood from its headers and kept to."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from functools import partial

import pytest

from digest.llm.limits import Limits, seconds_of
from tests.conftest import NOON
from tests.fakes.clock import FakeClock
from tests.servers.flaky_llm import Limiter


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def limits(clock: FakeClock) -> Limits:
    return Limits(monotonic=clock.now, now=lambda: NOON)


def headers(
    kind: str = "tokens", *, limit: object = 6000, remaining: object, reset: object, maker: str = "x-ratelimit"
) -> dict[str, str]:
    names = (
        [f"{maker}-{what}-{kind}" for what in ("limit", "remaining", "reset")]
        if maker == "x-ratelimit"
        else [f"{maker}-{kind}-{what}" for what in ("limit", "remaining", "reset")]
    )
    return dict(zip(names, (str(limit), str(remaining), str(reset)), strict=True))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1s", 1.0),
        ("6m0s", 360.0),
        ("120ms", 0.12),
        ("2m59.56s", 179.56),
        ("1h2m3s", 3723.0),
        ("1d", 86_400.0),
        ("7.66s", 7.66),
        ("7.66", 7.66),
        ("59", 59.0),
        ("0", 0.0),
        (" 12ms ", 0.012),
        ("2026-06-03T12:00:30Z", 30.0),
        ("2026-06-03T11:00:30Z", 0.0),
        ("soon", None),
        ("", None),
        ("-1", None),
        ("1s later", None),
        ("NaN", None),
        ("1e9", None),
        ("s", None),
        ("9" * 100_000 + "s", None),
    ],
)
def test_a_duration_is_read_in_every_spelling(text: str, seconds: float | None) -> None:
    found = seconds_of(text, NOON)

    assert found == (seconds if seconds is None else pytest.approx(seconds))


# --- one request after the other --------------------------------------------------------------------------------------


def test_without_headers_nothing_waits(limits: Limits) -> None:
    for key in range(100):
        assert limits.delay_s(key, 10**9) == 0
        limits.heard(limits.begin(key, 10**9), {"content-type": "application/json"})


def test_what_is_left_goes_out_and_the_next_one_waits_for_what_comes_back(limits: Limits) -> None:
    limits.heard(limits.begin(1, 4000), headers(remaining=2000, reset="40s"))

    assert limits.delay_s(2, 2000) == 0
    # A hundred tokens come back in a second.
    assert limits.delay_s(3, 1000) == pytest.approx(10)
    assert limits.delay_s(4, 500) == pytest.approx(5)


def test_time_brings_back_what_was_used(limits: Limits, clock: FakeClock) -> None:
    limits.heard(limits.begin(1, 4000), headers(remaining=0, reset="60s"))
    waits = [limits.delay_s(2, 3000)]

    clock.advance(seconds=20)
    waits.append(limits.delay_s(2, 3000))
    clock.advance(seconds=10)
    waits.append(limits.delay_s(2, 3000))

    assert waits == [pytest.approx(30), pytest.approx(10), 0]


def test_the_place_is_taken_once_however_often_it_is_asked_about(limits: Limits) -> None:
    limits.heard(limits.begin(1, 4000), headers(remaining=2000, reset="40s"))

    assert [limits.delay_s(2, 1000) for _ in range(5)] == [0] * 5
    limits.begin(2, 1000)
    assert limits.delay_s(3, 1000) == 0
    assert limits.delay_s(4, 1000) > 0


def test_what_is_under_way_counts_when_headers_come(limits: Limits) -> None:
    first, *_ = [limits.begin(key, 1000) for key in range(4)]

    # As the server saw it when the first of four arrived.
    limits.heard(first, headers(remaining=5000, reset="10s"))

    assert limits.delay_s(10, 2000) == 0
    assert limits.delay_s(11, 100) == pytest.approx(1)


def test_of_two_under_way_together_either_may_have_come_first(limits: Limits) -> None:
    first, second = limits.begin(1, 1000), limits.begin(2, 1000)

    limits.heard(second, headers(remaining=5000, reset="10s"))

    # The other one is perhaps not counted yet.
    assert limits.delay_s(3, 4000) == 0
    assert limits.delay_s(4, 100) == pytest.approx(1)
    limits.heard(first, headers(remaining=4000, reset="20s"))
    assert limits.delay_s(4, 100) == pytest.approx(1)


def test_who_else_uses_the_key_is_noticed(limits: Limits, clock: FakeClock) -> None:
    limits.heard(limits.begin(1, 1000), headers(remaining=5000, reset="10s"))
    number = limits.begin(2, 1000)
    clock.advance(seconds=1)
    limits.heard(number, headers(remaining=0, reset="60s"))

    assert limits.delay_s(3, 1000) == pytest.approx(9)


def test_a_place_that_is_not_taken_up_is_given_away(limits: Limits, clock: FakeClock) -> None:
    limits.heard(limits.begin(1, 1000), headers(remaining=6000, reset="0s"))
    assert limits.delay_s(2, 6000) == 0
    clock.advance(seconds=61)
    limits.heard(limits.begin(3, 0), headers(remaining=6000, reset="0s"))

    assert limits.delay_s(4, 6000) == 0


def test_a_request_that_failed_counts_too(limits: Limits) -> None:
    limits.heard(limits.begin(1, 10), headers("requests", limit=60, remaining=2, reset="58s"))
    limits.begin(2, 10)
    limits.begin(3, 10)

    assert limits.delay_s(4, 10) == pytest.approx(1)


def test_both_limits_hold(limits: Limits) -> None:
    told = headers("requests", limit=60, remaining=0, reset="60s") | headers(remaining=6000, reset="0s")
    limits.heard(limits.begin(1, 10), told)

    assert limits.delay_s(2, 10) == pytest.approx(1)


def test_a_request_larger_than_the_limit_waits_for_all_there_is_and_no_longer(limits: Limits) -> None:
    limits.heard(limits.begin(1, 10), headers(remaining=3000, reset="30s"))

    assert limits.delay_s(2, 10**9) == pytest.approx(30)


def test_a_limit_per_day_is_not_taken_for_one_per_minute(limits: Limits) -> None:
    # 200 a day; one more comes back every 432 seconds.
    limits.heard(limits.begin(1, 10), headers("requests", limit=200, remaining=0, reset="24h0m0s"))

    assert limits.delay_s(2, 10) == pytest.approx(432)


def test_what_comes_back_all_at_once_is_waited_for(limits: Limits, clock: FakeClock) -> None:
    limits.heard(limits.begin(1, 10), headers(limit=6000, remaining=500, reset="7.66s"))
    waits = [limits.delay_s(2, 1000)]

    clock.advance(seconds=8)
    waits += [limits.delay_s(2, 1000), limits.delay_s(3, 5000), limits.delay_s(4, 1)]

    assert waits == [pytest.approx(7.66), 0, 0, pytest.approx(60)]


def test_another_makers_headers_are_understood(limits: Limits) -> None:
    told = headers(limit=6000, remaining=0, reset="2026-06-03T12:01:00Z", maker="anthropic-ratelimit")
    limits.heard(limits.begin(1, 10), told)

    assert limits.delay_s(2, 100) == pytest.approx(1)


@pytest.mark.parametrize(
    "odd",
    [
        headers(limit=-1, remaining=-1, reset=0),
        headers(limit=0, remaining=0, reset="1s"),
        headers(limit="many", remaining="some", reset="soon"),
        headers(limit="6000", remaining="", reset=""),
        headers(limit="٣", remaining="٣", reset="1s"),
        headers(limit="9" * 400, remaining="1", reset="1s"),
        {"x-ratelimit-remaining-tokens": "0"},
    ],
)
def test_headers_that_make_no_sense_limit_nothing(odd: dict[str, str], limits: Limits) -> None:
    limits.heard(limits.begin(1, 10), odd)

    assert limits.delay_s(2, 10**6) == 0


def test_without_a_reset_a_limit_is_per_minute(limits: Limits) -> None:
    limits.heard(limits.begin(1, 10), headers(limit=6000, remaining=0, reset=""))

    assert limits.delay_s(2, 100) == pytest.approx(1)


def test_no_wait_is_longer_than_a_day(limits: Limits) -> None:
    limits.pause(10**9)

    assert limits.delay_s(1, 1) == 86_400


def test_of_two_pauses_the_longer_one_holds(limits: Limits, clock: FakeClock) -> None:
    limits.pause(30)
    limits.pause(5)
    clock.advance(seconds=10)

    assert limits.delay_s(1, 1) == 20


def test_a_pause_holds_for_who_has_its_place_already(limits: Limits) -> None:
    assert limits.delay_s(1, 1) == 0
    limits.pause(30)

    assert limits.delay_s(1, 1) == 30


# --- a whole run ------------------------------------------------------------------------------------------------------


def simulated(
    *,
    requests: int,
    tokens_of: Callable[[int], int],
    at_once: int,
    requests_per_minute: int,
    tokens_per_minute: int,
    counted: float = 1.0,
    seed: int = 0,
) -> tuple[float, int, int]:
    """A run of clients side by side against real buckets, in no real time.

    Returns:
        How many seconds it took; how many were refused that went out before and after the first headers came.
    """
    clock, rnd = FakeClock(), random.Random(seed)
    limits = Limits(monotonic=clock.now, now=lambda: NOON)
    server = Limiter(requests_per_minute=requests_per_minute, tokens_per_minute=tokens_per_minute)
    events = itertools.count()
    waiting = list(range(requests))
    queue: list[tuple[float, int, Callable[[], None]]] = []
    under_way, knows, early, late, began = 0, False, 0, 0, clock.now()

    def arrive(key: int, number: int, sent_knowing: bool) -> None:
        nonlocal early, late
        refused = server.take(int(counted * tokens_of(key)), clock.now()) > 0
        early, late = early + (refused and not sent_knowing), late + (refused and sent_knowing)
        told = server.headers()
        latency = 0.05 if refused else rnd.uniform(2, 20)
        heapq.heappush(queue, (clock.now() + latency, next(events), lambda: reply(key, number, refused, told)))

    def reply(key: int, number: int, refused: bool, told: dict[str, str]) -> None:
        nonlocal under_way, knows
        limits.heard(number, told)
        under_way, knows = under_way - 1, True
        if refused:
            waiting.append(key)

    while waiting or queue:
        delay = 0.0
        while waiting and under_way < at_once:
            if delay := limits.delay_s(waiting[0], tokens_of(waiting[0])):
                break
            key = waiting.pop(0)
            arrival = partial(arrive, key, limits.begin(key, tokens_of(key)), knows)
            heapq.heappush(queue, (clock.now() + rnd.uniform(0, 0.5), next(events), arrival))
            under_way += 1
        if queue and (not delay or queue[0][0] <= clock.now() + delay):
            at, _, happen = heapq.heappop(queue)
            clock.reach(at)
            happen()
        else:
            clock.advance(seconds=delay)
    return clock.now() - began, early, late


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize(
    ("requests_per_minute", "tokens_per_minute"), [(10_000, 200_000), (60, 10**7), (100, 300_000), (500, 40_000)]
)
def test_no_request_is_refused_once_the_limits_are_known(
    requests_per_minute: int, tokens_per_minute: int, seed: int
) -> None:
    rnd = random.Random(seed)
    sizes = [rnd.randint(3000, 15_000) for _ in range(200)]

    took, _, late = simulated(
        requests=200,
        tokens_of=lambda key: sizes[key],
        at_once=32,
        requests_per_minute=requests_per_minute,
        tokens_per_minute=tokens_per_minute,
        seed=seed,
    )

    least_s = 60 * max(sum(sizes) / tokens_per_minute - 1, 200 / requests_per_minute - 1)
    assert late == 0
    assert took <= 1.25 * least_s + 120


def test_a_provider_that_counts_less_than_we_do_is_used_to_the_full() -> None:
    # The room for the answer is not all used, and some providers give back what was not.
    took, _, late = simulated(
        requests=200,
        tokens_of=lambda _: 15_000,
        at_once=32,
        requests_per_minute=10_000,
        tokens_per_minute=200_000,
        counted=0.5,
    )

    assert late == 0
    assert took <= 1.25 * 60 * (200 * 7500 / 200_000 - 1) + 120
