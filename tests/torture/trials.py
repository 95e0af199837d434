"""The acceptance tests of fetching, each a function from its sizes to figures. The server's journal is the judge.

bombs  attacks  polling  politeness  retry_after  gone  missing  redirects  slow_sources  month  outage
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Final
from unittest import mock

from digest.app.app import App
from digest.core.models import Parsed
from digest.sources.door.http import Door
from digest.sources.door.politeness import HostPoliteness
from digest.sources.feed import FeedSource
from digest.stages.report import Report, Stage
from tests.servers.flaky_feed import FlakyFeed, Rule, items
from tests.servers.flaky_feed.documents import ATTACKS
from tests.servers.flaky_feed.replies import packed_blanks
from tests.torture.desks import FeedDesk, Measured, days_from, source, states, titles
from tests.torture.figures import Figure, at_least, at_most, equal
from tests.torture.months import FIRST_DAY, PATHS, Month, number

_MONDAY: Final = datetime(2026, 6, 1, 8, tzinfo=UTC)
_GOOD: Final = {f"good {n}": f"/good-{n}.rss" for n in range(1, 4)}
_PAPERS: Final = 20
"""In a list that was not published: the server's own choice."""


def _patient(app: App, sleep: Callable[[float], None] = lambda _: None) -> None:
    """Let an app fetch by its own clock, without really waiting between two attempts."""
    enter(app, Door(base=app.config.base, now=app.host.clock, sleep=sleep))


def enter(app: App, door: Door) -> None:
    """Let an app use this door."""
    app.__dict__["door"] = app._open.enter_context(door)


def _asked_at(server: FlakyFeed, path: str) -> list[datetime]:
    """The moments, by everybody's clock, at which *path* was asked for."""
    return [datetime.fromisoformat(r["at"]) for r in server.journal.requests(path)]


# --- hostile servers --------------------------------------------------------------------------------------------------

_PACKINGS: Final = ("gzip", "deflate", "bare", "stacked", "brotli")
BOMBS: Final[Mapping[str, Rule]] = {
    **{
        f"{what} bomb": Rule("bomb", match="/bad*", what=what)
        for what in ("gzip", "deflate", "bare", "stacked", "brotli")
    },
    "endless body": Rule("endless", match="/bad*"),
    "length too long": Rule("long_length", match="/bad*", at=5_000_000),
    "length too short": Rule("short_length", match="/bad*"),
    "not packed at all": Rule("packed", match="/bad*", what="plain"),
    "packed garbage": Rule("packed", match="/bad*", what="garbage"),
}


def bombs(folder: Path, names: Sequence[str] = tuple(BOMBS), *, most_s: float = 2.0) -> Iterator[Figure]:
    """A body that blows up costs its own source, 64 MB and two seconds at most, and the others nothing."""
    with FlakyFeed() as server:
        for name in set(names) & {f"{what} bomb" for what in _PACKINGS}:
            packed_blanks(BOMBS[name].what)  # takes the server a second, which is not the program's
        plain = FeedDesk(folder / "plain", server, _GOOD).measure(_MONDAY.date())
        for name in names:
            server.rules(BOMBS[name])
            run = _quickest(FeedDesk(folder / name, server, {"bad": "/bad.rss", **_GOOD}), plain, most_s)
            yield equal(f"{name}: state", run.sources["bad"]["state"], "failed")
            yield equal(
                f"{name}: papers of the others", [run.sources[n]["listed"] for n in _GOOD], [_PAPERS] * len(_GOOD)
            )
            yield at_most(f"{name}: more memory, MB", run.peak_mb - plain.peak_mb, 64)
            # What was cut off is asked for twice more, a second and two later.
            yield at_most(f"{name}: more seconds", run.wall_s - plain.wall_s, most_s + (4 if "too long" in name else 0))


def _quickest(desk: FeedDesk, plain: Measured, most_s: float) -> Measured:
    """A run at most so many seconds longer than a plain one, or the quickest of three: others work here too."""
    runs: list[Measured] = []
    while len(runs) < 3 and (not runs or runs[-1].wall_s - plain.wall_s > most_s):
        runs.append(desk.measure(_MONDAY.date()))
        (desk.folder / "var" / "digest.db").unlink()
    return min(runs, key=lambda run: run.wall_s)


def attacks(folder: Path, names: Sequence[str] = tuple(ATTACKS), *, apart: bool = False) -> Iterator[Figure]:
    """XML as a weapon expands nothing, opens nothing, and takes no other feed with it.

    Args:
        apart: Measure time and memory of each in a process of its own.
    """
    with FlakyFeed(*(Rule("document", match=f"/{name}.rss", what=name) for name in names)) as server:
        desk = FeedDesk(folder / "all", server, {**{name: f"/{name}.rss" for name in names}, **_GOOD})
        report = desk.run_at(_MONDAY)
        printed = (
            "\n".join(f"{e.paper.title}\n{e.paper.abstract}" for e in report.issue.entries) if report.issue else ""
        )
        yield equal("touches of the canary", len(server.journal.touches()), 0)
        yield equal("papers of the others", [source(report, n).listed for n in _GOOD], [_PAPERS] * len(_GOOD))
        yield equal("words out of entities", [w for w in ("lollol", "AAAA", "root:") if w in printed], [])
        yield at_most("longest title printed", max(map(len, titles(report))), 1_000)
        if apart:
            yield from _apart(folder, server, names)


def _apart(folder: Path, server: FlakyFeed, names: Sequence[str]) -> Iterator[Figure]:
    plain = FeedDesk(folder / "plain", server, _GOOD).measure(_MONDAY.date())
    for name in names:
        run = FeedDesk(folder / name, server, {name: f"/{name}.rss", **_GOOD}).measure(_MONDAY.date())
        state, error = run.sources[name]["state"], run.sources[name]["error"]
        yield at_most(f"{name}: more seconds of CPU ({state}: {str(error)[:50]})", run.cpu_s - plain.cpu_s, 1)
        yield at_most(f"{name}: more memory, MB", run.peak_mb - plain.peak_mb, 50)


# --- manners ----------------------------------------------------------------------------------------------------------

_HONOURED: Final = ("both", "strong", "weak", "odd", "unquoted", "modified", "bare", "fresh")


def polling(folder: Path, *, polls: int = 30) -> Iterator[Figure]:
    """An unchanged feed is asked with its own validators, byte for byte, and its 304 is not parsed."""
    parsed: Counter[str] = Counter()
    parse = FeedSource.parse

    def counted(self: FeedSource, content: bytes, *, url: str) -> Parsed:
        parsed[self.name] += 1
        return parse(self, content, url=url)

    rules = [Rule("cache", match=f"/{mode}.rss", what=mode) for mode in _HONOURED]
    with FlakyFeed(*rules) as server, mock.patch.object(FeedSource, "parse", counted):
        desk = FeedDesk(folder, server, {mode: f"/{mode}.rss" for mode in _HONOURED})
        reports = [desk.run_at(_MONDAY + timedelta(days=n), until=Stage.PUBLISH) for n in range(polls)]
        for mode in _HONOURED:
            first, *later = server.journal.requests(f"/{mode}.rss")
            same = [r["headers"].get("if-none-match") == first["reply_headers"].get("ETag") for r in later]
            date_too = [
                r["headers"].get("if-modified-since") == first["reply_headers"].get("Last-Modified") for r in later
            ]
            yield equal(f"{mode}: conditional polls", sum(r["conditional"] for r in later), polls - 1)
            yield equal(f"{mode}: validators as sent", (sum(same), sum(date_too)), (polls - 1, polls - 1))
            yield equal(f"{mode}: answers 304", sum(r["status"] == 304 for r in later), polls - 1)
            yield equal(f"{mode}: times parsed", parsed[mode], 1)
        yield equal("papers printed after the first day", sum(len(titles(r)) for r in reports[1:]), 0)


def politeness(folder: Path, *, requests: int = 50, programs: int = 2, gap_s: float | None = None) -> Iterator[Figure]:
    """Several sources of several programs ask three hosts of arXiv: one at a time, three seconds apart.

    Args:
        gap_s: Wait only so long, in one program within this process, for tests that cannot wait.
    """
    programs = 1 if gap_s is not None else programs
    pages = requests // programs - 2
    with FlakyFeed() as server:
        server.publish("all", items(pages, arxiv=True, words=15))
        urls = {
            "search": "http://export.arxiv.org/all.api?search_query=all&start=0&max_results=1",
            "list": "http://rss.arxiv.org/arxiv-list.arxiv",
            "old": "http://arxiv.org/arxiv-old.arxiv",
        }
        proxy = server.url("")
        desks = [FeedDesk(folder / str(n), server, urls, network=f'proxy = "{proxy}"') for n in range(programs)]
        if gap_s is None:
            with ThreadPoolExecutor(programs) as pool:
                found = [run.sources["search"]["listed"] for run in pool.map(lambda d: d.measure(FIRST_DAY), desks)]
        else:
            politeness = HostPoliteness(gap_s=gap_s)
            desks[0].arrange = lambda app: enter(app, Door(proxy=proxy, politeness=politeness))
            found = [source(desks[0].run_at(_MONDAY, until=Stage.FETCH), "search").listed]
        manners = server.journal.manners(lambda host: "arXiv")["arXiv"]
        yield equal("requests", manners.requests, programs * (pages + 2))
        yield equal("papers that each program read", found, [pages] * programs)
        yield equal("requests at once", manners.most_at_once, 1)
        # The server sees a reply's end a moment after the client does.
        yield at_least("shortest gap, s", manners.shortest_gap_s or 0.0, (gap_s or 3.0) - 0.02)


_WAITS_H: Final[Mapping[str, tuple[float, float]]] = {
    "seconds": (2, 3),
    "date": (2, 3),
    "rfc850": (2, 3),
    "years": (24, 25),
    "far": (24, 25),
    "huge": (0, 25),
    "past": (0, 1),
    "zero": (0, 1),
    "negative": (0, 1),
    "garbage": (0, 1),
    "empty": (0, 1),
}
"""Form of Retry-After → hours after which the next run may ask again, and after which it must have."""


def retry_after(folder: Path, *, status: int = 429, hours: Sequence[int] = range(27)) -> Iterator[Figure]:
    """No request before the moment the server named; nonsense counts as nothing; nobody is waited for over a day."""
    rules = [
        Rule("status", match=f"//{form}.example/*", status=status, what=form, seconds=7_200, until_ms=60_000)
        for form in _WAITS_H
    ]
    with FlakyFeed() as server:
        server.set_clock(_MONDAY)
        server.rules(*rules)
        proxy = server.url("")
        urls = {form: f"http://{form}.example/{form}.rss" for form in _WAITS_H}
        desk = FeedDesk(folder, server, urls, network=f'proxy = "{proxy}"')
        desk.arrange = lambda app: enter(app, Door(proxy=proxy, now=app.host.clock, sleep=lambda _: None))
        for hour in hours:
            desk.run_at(_MONDAY + timedelta(hours=hour), until=Stage.FETCH)
        for form, (least, most) in _WAITS_H.items():
            first, *later = _asked_at(server, f"/{form}.rss")
            again = next((at - first for at in later if at - first > timedelta(minutes=5)), timedelta(days=9))
            waited = round(again / timedelta(hours=1), 2)
            yield at_least(f"{status} {form}: hours until it was asked again", waited, least)
            yield at_most(f"{status} {form}: the same", waited, most + 0.1)


# --- addresses that fail ----------------------------------------------------------------------------------------------


def gone(folder: Path, *, days: int = 5) -> Iterator[Figure]:
    """A feed that is gone for good is asked once, named, and left alone until its address changes."""
    with FlakyFeed(Rule("status", match="/bad*", status=410)) as server:
        desk = FeedDesk(folder, server, {"bad": "/bad.rss", **_GOOD})
        reports = desk.run_days(days_from(FIRST_DAY, days))
        yield equal("requests in all", len(server.journal.requests("/bad.rss")), 1)
        yield equal("states", {states(r)["bad"] for r in reports}, {"failed"})
        told = [n for n, r in enumerate(reports, 1) if _tells(r, "bad")]
        yield equal("days on which people are told", told, [1, 3])
        moved = FeedDesk(folder, server, {"bad": "/new.rss", **_GOOD})
        report = moved.run_days(days_from(FIRST_DAY + timedelta(days=days), 1))[0]
        yield equal("after its address was corrected", states(report)["bad"], "fresh")


def missing(folder: Path, *, days: int = 5, hours: Sequence[int] = range(16)) -> Iterator[Figure]:
    """A feed that is 404 for days is asked ever more rarely, and explained on the first and third day and when back."""
    with FlakyFeed(Rule("status", match="/bad*", status=404)) as server:
        desk = FeedDesk(folder, server, {"bad": "/bad.rss", **_GOOD})
        reports: list[Report] = []
        for n in range(days):
            # The lists of the others grow, so that there is an issue on every day.
            for path in _GOOD.values():
                name = path.strip("/").partition(".")[0]
                server.publish(name, items(n + 1, start=len(name) * 1_000 + int(name[-1]) * 100))
            of_day = [desk.run_at(_MONDAY + timedelta(days=n, hours=h), until=Stage.PUBLISH) for h in hours]
            reports.append(of_day[0])
        asked = _asked_at(server, "/bad.rss")
        gaps = [round((b - a) / timedelta(hours=1)) for a, b in pairwise(asked)]
        yield at_most("requests in all", len(asked), 6 + days)
        yield equal("gaps do not shrink", gaps, sorted(gaps))
        yield at_least("the first of them, h", gaps[0], 1)
        yield at_most("the longest of them, h", max(gaps), 48)
        yield equal("days on which people are told", [n for n, r in enumerate(reports, 1) if _tells(r, "bad")], [1, 3])
        server.rules()
        back = [desk.run_at(_MONDAY + timedelta(days=days + n), until=Stage.PUBLISH) for n in range(3)]
        when = [n for n, r in enumerate(back) if source(r, "bad").back_after]
        yield equal("days on which it is said to be back", len(when), 1)


def _tells(report: Report, name: str) -> bool:
    """Whether a run says what is the matter with a source, and not only that something is."""
    error = source(report, name).error
    return any(error in warning for warning in report.warnings) if error else False


def redirects(folder: Path) -> Iterator[Figure]:
    """Five redirects are followed and no sixth, none in a circle, none from https to http, none to private places."""
    with FlakyFeed(tls=True) as server:
        assert server.ca_pem is not None
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ca.pem").write_bytes(server.ca_pem)
        server.rules(
            Rule("redirect", match="/five.rss*", hops=5),
            Rule("redirect", match="/six.rss*", hops=6),
            Rule("loop", match="/loop.rss*"),
            Rule("downgrade", match="/downgrade.rss"),
            Rule("redirect", match="/private.rss", to=f"{server.canary_url}feed.rss"),
            Rule("redirect", match="/file.rss", to="file:///etc/passwd"),
        )
        urls = {name: f"/{name}.rss" for name in ("five", "six", "loop", "private", "file")}
        urls["downgrade"] = server.url("/downgrade.rss", scheme="https")
        desk = FeedDesk(folder, server, {**urls, **_GOOD}, network='ca_file = "ca.pem"')
        found = states(desk.run_at(_MONDAY, until=Stage.PUBLISH))
        journal = server.journal
        yield equal("five hops", found["five"], "fresh")
        yield equal("six hops", (found["six"], len(journal.requests("/six.rss"))), ("failed", 6))
        yield equal("a circle", (found["loop"], len(journal.requests("/loop.rss"))), ("failed", 2))
        yield equal("https to http", (found["downgrade"], len(journal.requests("/downgrade.rss"))), ("failed", 1))
        yield equal("to a private place", (found["private"], len(journal.touches())), ("failed", 0))
        yield equal("to a file", found["file"], "failed")
        yield equal("the others", [found[n] for n in _GOOD], ["fresh"] * len(_GOOD))


def slow_sources(folder: Path, *, sources: int = 20, most_s: float = 60.0) -> Iterator[Figure]:
    """A byte a second, a handshake that hangs and a reset in mid-body cost a run one deadline, the others nothing."""
    good = {f"feed {n}": f"/feed-{n}.rss" for n in range(1, sources - 2)}
    with FlakyFeed(Rule("drip", match="/drip.rss"), Rule("reset", match="/reset.rss", at=9_000)) as server:
        plain = FeedDesk(folder / "plain", server, good)
        began = datetime.now(UTC)
        plain.run_at(_MONDAY, until=Stage.PUBLISH)
        plain_s = (datetime.now(UTC) - began).total_seconds()
        bad = {"drip": "/drip.rss", "hang": server.stalled_url, "reset": "/reset.rss"}
        desk = FeedDesk(folder / "slow", server, {**bad, **good})
        began = datetime.now(UTC)
        report = desk.run_at(_MONDAY, until=Stage.PUBLISH)
        took = (datetime.now(UTC) - began).total_seconds()
        yield at_most("more seconds than without them", took - plain_s, most_s)
        yield equal("states of the three", [states(report)[n] for n in bad], ["failed"] * 3)
        yield equal("papers taken from cut-off bodies", sum(source(report, n).listed for n in bad), 0)
        yield equal("others that are whole", sum(source(report, n).listed == _PAPERS for n in good), len(good))
        yield equal("handshakes that hung", "stalled" in {e["event"] for e in server.journal.entries}, True)


# --- nothing twice, nothing lost --------------------------------------------------------------------------------------


def month(folder: Path, *, plan: Month | None = None) -> Iterator[Figure]:
    """Thirty days of feeds that tell of the same works in other words, and replay: each is printed once."""
    plan = plan or Month()
    printed: Counter[int] = Counter()
    revised: Counter[str] = Counter()
    with FlakyFeed() as server:
        desk = FeedDesk(folder, server, PATHS, edition='changes = ["revised"]')
        for day in plan.dates():
            plan.publish(server, day)
            report = desk.run_at(datetime(day.year, day.month, day.day, 8, tzinfo=UTC), until=Stage.PUBLISH)
            printed.update(map(number, titles(report)))
            revised.update(change.id for change in (report.issue.changes if report.issue else ()))
        works = plan.works_until(day)
        yield equal("works listed", len(works) > 100, True)
        yield equal("works printed", len(printed), len(works))
        yield equal("repeated", sorted(n for n, times in printed.items() if times > 1), [])
        yield equal("dropped", sorted(works - set(printed)), [])
        yield equal("never listed", sorted(set(printed) - works), [])
        yield at_least("second versions told of", len(revised), 1)
        yield equal("told of twice", [i for i, times in revised.items() if times > 1], [])


def outage(folder: Path) -> Iterator[Figure]:
    """Three of eight feeds are down for a day: five are printed, three are named, and nothing is lost in the end."""
    names = [f"feed {n}" for n in range(1, 9)]
    down = (
        Rule("status", match="/feed-1.*", status=503),
        Rule("hang_up", match="/feed-2.*"),
        Rule("document", match="/feed-3.*", what="captcha"),
    )
    listed: dict[str, list[int]] = {name: [] for name in names}
    printed: Counter[int] = Counter()
    with FlakyFeed() as server:
        desk = FeedDesk(folder, server, {name: f"/feed-{n}.rss" for n, name in enumerate(names, 1)})
        desk.arrange = _patient
        reports = []
        for n, rules in enumerate(((), down, ())):
            for k, name in enumerate(names):
                # Two days are in the window of each feed.
                today = items(15 * (2 if n else 1), start=1_000 * k + 15 * max(0, n - 1))
                listed[name] += [i.n for i in today]
                server.publish(name.replace(" ", "-"), today)
            server.rules(*rules)
            reports.append(desk.run_at(_MONDAY + timedelta(days=n), until=Stage.SITE if rules else Stage.PUBLISH))
            printed.update(map(number, titles(reports[-1])))
        during, page = reports[1], (desk.site / "daily" / "2026-06-02" / "index.html").read_text(encoding="utf-8")
        found = states(during)
        yield equal("states on the day", [found[n] for n in names], ["failed"] * 3 + ["fresh"] * 5)
        yield equal("papers on the day", len(titles(during)), 5 * 15)
        yield equal("named on the page", [n for n in names if f"{n} failed" in page], names[:3])
        yield equal("lost in the end", sorted({i for of in listed.values() for i in of} - set(printed)), [])
        yield equal("printed twice", [n for n, times in printed.items() if times > 1], [])
