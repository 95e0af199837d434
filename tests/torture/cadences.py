"""Weeks of issues for readers in twelve time zones: each gets exactly what is due, over changes of clocks and years.

The days run with the real stages and a clock of our own. The judge knows nothing of `digest.core.subscribers.cadence`:
it is written from the words of the promise alone.

    An issue reaches a reader when it is out and the reader's clock shows the edition's time of day.
    Daily: every issue. Weekdays: one for each Monday to Friday. Weekly: one for each of that weekday. A wished day on
    which no issue arrives is served by the next that does. Nothing before a pause ends, and nothing for days within it.
    No paper twice; and who gets all there is room for misses none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from digest.app.app import App
from digest.core.models import Delivery, DeliveryState, PaperId
from digest.core.subscribers.addresses import parse_address
from digest.core.subscribers.subscriber import Origin, SubscriberState
from tests.conftest import paper
from tests.support.desk import CONFIG, Desk
from tests.torture.figures import Figure, equal

HOME: Final = ZoneInfo("Europe/Paris")
ZONES: Final = (
    "Europe/Paris",
    "Europe/London",
    "Europe/Helsinki",
    "Africa/Johannesburg",
    "America/New_York",
    "America/Los_Angeles",
    "America/Santiago",
    "America/St_Johns",
    "Asia/Kolkata",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Kiritimati",
)
CADENCES: Final = ("daily", "weekdays", "weekly:fri", "weekly:sun", "weekly:mon", "feed")
_AT: Final = time(7, 0)
_PAPERS: Final = 3
"""On each day."""


@dataclass(slots=True)
class Reader:
    """One who subscribed before the first day, and what they change later."""

    name: str
    zone: str
    cadence: str
    interests: tuple[str, ...] = ()
    changes: dict[int, dict[str, Any]] = field(default_factory=dict)
    """Number of the day → what is changed before its issue is made."""
    pk: int = 0


def readers(zones: Sequence[str], days: int) -> list[Reader]:
    """One for each zone and cadence, half of them with interests of their own; and some of each zone who change."""
    found = []
    for z, zone in enumerate(zones):
        for c, cadence in enumerate(CADENCES):
            own = ("things",) if (z + c) % 2 else ()
            found.append(Reader(f"steady-{z}-{c}", zone, cadence, own))
        other = CADENCES[(z + 1) % 5]
        found += [
            Reader(f"switch-{z}", zone, CADENCES[z % 5], (), {days // 2: {"cadence": other}}),
            Reader(f"pause-{z}", zone, CADENCES[(z + 2) % 5], ("things",), {days // 4: {"pause": 2 + z}}),
            Reader(f"wish-{z}", zone, "daily", (), {days // 3: {"interests": ("method",)}}),
        ]
    return found


def cadences(folder: Path, *, begins: date, days: int = 60, zones: Sequence[str] = ZONES) -> Iterator[Figure]:
    """Run the days, and compare what each reader got with what was due."""
    config = CONFIG.replace('timezone = "UTC"', f'timezone = "{HOME.key}"').replace('["ada@example.org"]', "[]")
    desk = Desk(folder, config.replace('name = "daily"', 'name = "daily"\ndays = "daily"\nmax_papers = 100'))
    all_days = [begins + timedelta(days=n) for n in range(days)]
    for n, day in enumerate(all_days):
        desk.feed(day, [paper(n * _PAPERS + i + 1) for i in range(_PAPERS)])
    desk.now = _confirmed(begins)
    everybody = readers(zones, days)
    with desk.app() as app:
        for one in everybody:
            one.pk = _subscribe(app, one, desk.now)
        for n, day in enumerate(all_days):
            desk.now = _moment(day, time(0, 5))
            for one in everybody:
                _change(app, one, n, day)
            desk.now = _moment(day, _AT)
            app.reader.fetch("arXiv", day)
            app.publishing.publish("daily", day)
            app.readers.make("daily", day)
        yield from _judged(app, everybody, all_days)


def _judged(app: App, everybody: Sequence[Reader], days: Sequence[date]) -> Iterator[Figure]:
    listed = {day: {paper(n * _PAPERS + i + 1).id for i in range(_PAPERS)} for n, day in enumerate(days)}
    got: dict[int, dict[date, Delivery]] = {}
    doubled = 0
    for day in days:
        for delivery in (*app.store.deliveries("daily", day), *app.store.deliveries("daily", day, channel="feed")):
            mine = got.setdefault(delivery.subscription or 0, {})
            doubled += day in mine
            mine[day] = delivery
    lacking, beyond, late, again, lost = [], [], [], [], []
    for one in everybody:
        due = due_days(one, days)
        mine = got.get(one.pk, {})
        lacking += [(one.name, str(day)) for day in due if day not in mine]
        beyond += [(one.name, str(day)) for day in mine if day not in due]
        late += [(one.name, str(day)) for day, d in mine.items() if d.channel == "mail" and not _is_on_time(one, d)]
        printed = Counter(i for day, d in mine.items() for i in _papers(app, d, day))
        again += [(one.name, i) for i, times in printed.items() if times > 1]
        if not one.changes:
            lost += [(one.name, i) for i in _covered(one, due, listed) if i not in printed]
    total = sum(map(len, got.values()))
    yield equal(f"readers in {len({r.zone for r in everybody})} zones, {len(days)} days: issues made", total > 0, True)
    yield equal("issues that were due and not made", lacking[:5], [])
    yield equal("issues that were made and not due", beyond[:5], [])
    yield equal("issues made twice", doubled, 0)
    yield equal("mails due at another moment than the reader's clock says", late[:5], [])
    yield equal("papers shown to a reader twice", again[:5], [])
    yield equal("papers that nobody showed to one who had room for all", lost[:5], [])


def due_days(one: Reader, days: Sequence[date]) -> list[date]:
    """The days whose issue is due to a reader; wished days count from that on which the reader confirmed."""
    cadence, pause_ends, found = one.cadence, None, []
    served = _confirmed(days[0]).astimezone(ZoneInfo(one.zone)).date() - timedelta(days=1)
    for n, day in enumerate(days):
        change = one.changes.get(n, {})
        cadence = change.get("cadence", cadence)
        if "pause" in change:
            pause_ends = day + timedelta(days=change["pause"])
        local = arrives(day, one.zone)[1]
        if pause_ends is not None and local < pause_ends:
            continue
        wished = [
            w
            for w in (served + timedelta(days=k) for k in range(1, (local - served).days + 1))
            if _is_wished(cadence, w) and (pause_ends is None or w >= pause_ends)
        ]
        if cadence in ("daily", "feed") or wished:
            found.append(day)
            served = local
    return found


def _is_wished(cadence: str, day: date) -> bool:
    if cadence == "weekdays":
        return day.strftime("%a") not in ("Sat", "Sun")
    return not cadence.startswith("weekly") or day.strftime("%a").lower() == cadence[-3:]


@cache
def arrives(day: date, zone: str) -> tuple[datetime, date]:
    """When the issue of a day reaches a reader, found minute by minute; and the reader's date then."""
    moment, of_reader = _moment(day, _AT), ZoneInfo(zone)
    while (local := moment.astimezone(of_reader)).time() != _AT:
        moment += timedelta(minutes=1)
    return moment, local.date()


def _is_on_time(one: Reader, delivery: Delivery) -> bool:
    at = delivery.due_at or _moment(delivery.date, _AT)
    return at == arrives(delivery.date, one.zone)[0]


def _covered(one: Reader, due: Sequence[date], listed: dict[date, set[PaperId]]) -> set[PaperId]:
    """The papers that one who never changed anything is to have seen: from the first issue on, and a first week."""
    if not due:
        return set()
    first = due[0] - timedelta(days=6 if one.cadence.startswith("weekly") else 0)
    return {i for day, ids in listed.items() if first <= day <= due[-1] for i in ids}


def _papers(app: App, delivery: Delivery, day: date) -> tuple[PaperId, ...]:
    if delivery.state is DeliveryState.SKIPPED:
        return ()
    if delivery.picks is not None:
        picks = app.store.picks(delivery.picks)
        return picks.papers if picks else ()
    issue = app.store.issue("daily", day)
    return tuple(entry.paper.id for entry in issue.entries) if issue else ()


def _subscribe(app: App, one: Reader, at: datetime) -> int:
    subscriber, _ = app.store.save_subscriber(
        parse_address(f"{one.name}@example.org"), origin=Origin.FORM, state=SubscriberState.CONFIRMED, at=at
    )
    values = {"cadence": one.cadence, "zone": one.zone, "interests": one.interests}
    return app.store.save_subscription(subscriber.pk, "daily", at=at, confirmed_at=at, **values).pk


def _change(app: App, one: Reader, n: int, day: date) -> None:
    for what, value in one.changes.get(n, {}).items():
        if what == "pause":
            app.store.change_subscription(one.pk, paused_until=day + timedelta(days=value))
        else:
            app.store.change_subscription(one.pk, **{what: value})


def _confirmed(begins: date) -> datetime:
    """When all readers confirmed."""
    return _moment(begins, time(0, 1)) - timedelta(days=1)


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=HOME).astimezone(UTC)
