"""The acceptance tests of whole runs with a model, judged by the server's journal and by what was published.

dead_all_day  money  poisoned  same_day_twice  killed
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

from digest.core.models import Paper
from digest.stages.report import Stage
from tests.conftest import REAL_DATA, ROOT
from tests.servers.flaky_llm import FlakyLLM, Pause, Rule, Tariff, bill
from tests.servers.flaky_llm.poisons import EVIL, INJECTIONS, abstract
from tests.support.desk import CONFIG, Desk, tree
from tests.torture.figures import Figure, at_least, at_most, equal
from tests.torture.works import work

MONDAY: Final = date(2026, 6, 1)
TUESDAY: Final = MONDAY + timedelta(days=1)
_EDITION: Final = 'days = "daily"\nmax_papers = 100000\n'
_MODEL: Final = "metered-1"


class ModelDesk(Desk):
    """A desk whose summaries come from a server, at known prices."""

    def __init__(
        self, folder: Path, base_url: str, *, llm: str = "", edition: str = "", tariff: Tariff | None = None
    ) -> None:
        """Put the config.toml into *folder*, which is made.

        Args:
            llm: Further lines of `[llm]`.
            edition: Further tables.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self.base_url, self._llm, self._edition = base_url, llm, edition
        super().__init__(folder, self._config(tariff or Tariff()), {"OPENAI_API_KEY": "a-key"})

    def _config(self, tariff: Tariff) -> str:
        prices = f"input = {tariff.input}\ncached_input = {tariff.cached_input}\noutput = {tariff.output}\n"
        llm = f'client = "openai"\nmodel = "{_MODEL}"\nbase_url = "{self.base_url}"\n{self._llm}\n'
        return f'{CONFIG}{_EDITION}{self._edition}\n[llm]\n{llm}\n[llm.prices."{_MODEL}"]\n{prices}'

    def reprice(self, tariff: Tariff) -> None:
        """Let other prices stand in the config."""
        (self.folder / "config.toml").write_text(self._config(tariff), encoding="utf-8")

    def start(self, day: date, *options: str) -> subprocess.Popen[bytes]:
        """A run in a process of its own."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.support.short_lease", "run", "--date", str(day), *options],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "OPENAI_API_KEY": "a-key", "XDG_CACHE_HOME": str(self.folder)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )

    def finish(self, day: date, *options: str) -> int:
        """A run in a process of its own, to its end; its exit code."""
        with self.start(day, *options) as process:
            process.communicate(timeout=900)
        return process.returncode

    def entries(self, day: date = MONDAY, edition: str = "daily") -> dict[str, dict[str, Any]]:
        """Of the issue: id of a paper → its entry."""
        sections = self.issue_json(day, edition)["sections"]
        return {entry["id"]: entry for section in sections for entry in section["entries"]}

    def summaries(self, day: date = MONDAY, edition: str = "daily") -> dict[str, dict[str, Any]]:
        """Of the issue: id of a paper → its summary."""
        return {i: entry["summary"] for i, entry in self.entries(day, edition).items()}


def kill(process: subprocess.Popen[bytes]) -> bool:
    """End a run where it stands; whether it was still running."""
    running = process.poll() is None
    if running:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return running


# --- no model at all --------------------------------------------------------------------------------------------------

DEAD: Final[Mapping[str, Rule]] = {
    "500": Rule("status", status=500, what="none"),
    "503 for an hour": Rule("status", status=503, what="seconds", seconds=3600),
    "429 without quota": Rule("status", status=429, body='{"error": {"code": "insufficient_quota", "message": "no"}}'),
    "a web page": Rule("html"),
    "a wrong key": Rule("status", status=401),
    "broken connections": Rule("hang_up"),
    "silence": Rule("stall"),
}


def dead_all_day(folder: Path, *, kinds: Sequence[str] = tuple(DEAD), papers: int = 60) -> Iterator[Figure]:
    """The model is down: the issue leaves in time with every paper in it, marked, and nothing is booked as spent."""
    for n, kind in enumerate((*kinds, "nobody there")):
        with FlakyLLM(*([DEAD[kind]] if kind in DEAD else [])) as server:
            url = server.base_url if kind in DEAD else "http://127.0.0.1:1/v1"
            desk = ModelDesk(folder / str(n), url, llm="timeout_s = 1.5\ntime_limit_s = 60\nconcurrency = 4")
            desk.feed(MONDAY, [work(k) for k in range(papers)])
            began = time.monotonic()
            code = desk.finish(MONDAY)
            took = time.monotonic() - began
        marked = [s for s in desk.summaries().values() if s["fell_back"] and s["tldr"]]
        yield equal(f"{kind}: papers printed and marked", len(marked), papers)
        yield equal(f"{kind}: mails", len(desk.outbox), 1)
        yield equal(f"{kind}: exit code", code, 3)
        yield at_most(f"{kind}: seconds", took, 75)
        if kind not in ("broken connections", "silence"):
            yield equal(f"{kind}: charged", server.bill().cost_usd, Decimal(0))


# --- money ------------------------------------------------------------------------------------------------------------


def money(folder: Path, *, papers: int = 200, cap: str = "0.03", processes: int = 3) -> Iterator[Figure]:
    """A budget is reached in mid-run; the run is killed and started again; prices change; runs go side by side."""
    with FlakyLLM(pause=Pause(first_s=0.05, per_token_s=0)) as server:
        desk = ModelDesk(folder / "day", server.base_url, llm=f"concurrency = 4\nbudget_usd_per_run = {cap}")
        desk.feed(MONDAY, [work(n) for n in range(papers)])
        _kill_after(desk, server, requests=3)
        before = server.bill().cost_usd
        [report] = desk.run(MONDAY)
        spent, asked = server.bill().cost_usd, len(server.journal)
        desk.run(MONDAY)
        by_model = sum(not s["fell_back"] for s in desk.summaries().values())
        yield at_most("killed and started again: spent of the cap", float(spent / Decimal(cap)), 1)
        yield at_least("killed and started again: spent of the cap", float(spent / Decimal(cap)), 0.3)
        yield equal("spent before it was killed", before > 0, True)
        yield equal("papers in the issue", len(desk.summaries()), papers)
        yield equal("papers beyond the budget", 0 < by_model < papers, True)
        yield equal("how it ended", report.status, "degraded")
        yield equal("requests of a third run", len(server.journal) - asked, 0)
    yield from _prices_change(folder / "month", papers=papers, cap=cap)
    if processes > 1:
        yield from _side_by_side(folder / "processes", processes, papers=papers // 2, cap=cap)


def _kill_after(desk: ModelDesk, server: FlakyLLM, *, requests: int) -> None:
    process = desk.start(MONDAY)
    deadline = time.monotonic() + 60
    while len(server.journal) < requests and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    kill(process)


def _prices_change(folder: Path, *, papers: int, cap: str) -> Iterator[Figure]:
    """The second day of a month costs three times as much."""
    cheap = Tariff()
    dear = replace(cheap, input=3 * cheap.input, cached_input=3 * cheap.cached_input, output=3 * cheap.output)
    with FlakyLLM() as server:
        desk = ModelDesk(folder, server.base_url, llm=f"concurrency = 4\nbudget_usd_per_month = {cap}", tariff=cheap)
        desk.feed(MONDAY, [work(n) for n in range(papers // 4)])
        desk.feed(TUESDAY, [work(n) for n in range(papers // 4, papers)])
        desk.run(MONDAY)
        first = len(server.journal)
        desk.reprice(dear)
        desk.run(TUESDAY)
        on_monday, on_tuesday = (
            bill(server.journal[:first], cheap).cost_usd,
            bill(server.journal[first:], dear).cost_usd,
        )
    yield equal("dearer prices: both days were charged", on_monday > 0 and on_tuesday > 0, True)
    yield at_most("dearer prices: spent of the month's cap", float((on_monday + on_tuesday) / Decimal(cap)), 1)


def _side_by_side(folder: Path, processes: int, *, papers: int, cap: str) -> Iterator[Figure]:
    """Processes ask for an edition each at the same moment, out of one budget."""
    names = [f"edition-{n}" for n in range(2, processes + 1)]
    more = "".join(
        f'\n[[source]]\nname = "{n}"\nkind = "jsonl"\nurl = "{n}-{{date}}.jsonl"\n'
        f'\n[[edition]]\nname = "{n}"\nsources = ["{n}"]\n{_EDITION}'
        for n in names
    )
    with FlakyLLM(pause=Pause(first_s=0.1, per_token_s=0)) as server:
        edition = f'sources = ["arXiv"]\n{more}'
        desk = ModelDesk(folder, server.base_url, llm=f"concurrency = 4\nbudget_usd_per_run = {cap}", edition=edition)
        for k, name in enumerate(("arxiv", *names)):
            desk.feed(MONDAY, [work(n) for n in range(k * papers, (k + 1) * papers)], name=name)
        runs = [desk.start(MONDAY, "--edition", name) for name in ("daily", *names)]
        for process in runs:
            process.communicate(timeout=300)
        # Two that write at once: who had to give way is finished now.
        desk.finish(MONDAY)
        printed = [len(desk.summaries(edition=name)) for name in ("daily", *names)]
    yield at_most("side by side: spent of the cap", float(server.bill().cost_usd / Decimal(cap)), 1)
    yield equal("side by side: papers in the issues", printed, [papers] * processes)


# --- poison -----------------------------------------------------------------------------------------------------------

_URL: Final = re.compile(r"(?:https?://|javascript:|data:|www\.)[^\s\"'<>)\]\\]*", re.IGNORECASE)


class _Markup(HTMLParser):
    """What a browser would make of a page: its elements, and where they lead."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.links: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements |= {tag, *(f"{tag} {name}" for name, _ in attrs)}
        self.links |= {value for _, value in attrs if value and _URL.match(value)}


def orchards() -> list[Paper]:
    """The poisoned papers."""
    return [work(10_000 + n, abstract=abstract(name)) for n, name in enumerate(INJECTIONS)]


def poisoned(folder: Path, *, honest: int = 165, every: int = 1, alone: bool = True) -> Iterator[Figure]:
    """Abstracts with injections, and a model that obeys: what reaches the other entries, the mail and the archive.

    Args:
        every: How many of the poisoned abstracts stand for one of them.
        alone: Papers that read like an injection go out alone. False: to see what the checks catch without that.
    """
    poison = orchards()[::every]
    listed = [*poison, *(work(n) for n in range(honest))]
    random.Random(7).shuffle(listed)
    desks = {}
    for name, rules in (("good", []), ("obedient", [Rule("obey")])):
        with FlakyLLM(*rules) as server:
            desks[name] = desk = ModelDesk(folder / name, server.base_url, llm="overview = true")
            desk.feed(MONDAY, listed)
            with _together(alone):
                desk.run(MONDAY)
            charged = server.bill()
        yield equal(f"{name}: papers printed", len(desk.summaries()), len(listed))
    yield from _entries(desks["good"], desks["obedient"], poison)
    yield from _published(desks["good"], desks["obedient"], listed)
    yield at_most("requests that were charged", charged.requests, 2 * len(listed))


def _together(alone: bool) -> Any:
    from contextlib import nullcontext
    from unittest import mock

    if alone:
        return nullcontext()
    return mock.patch("digest.core.summaries.batching.reads_like_an_injection", return_value=False)


def _entries(good: ModelDesk, obedient: ModelDesk, poison: Sequence[Paper]) -> Iterator[Figure]:
    before, after = good.summaries(), obedient.summaries()
    own = {p.id for p in poison}
    others = [i for i in after if i not in own]
    said = {i: (after[i]["tldr"], after[i]["points"]) != (before[i]["tldr"], before[i]["points"]) for i in after}
    fell_back = [i for i in others if said[i] and after[i]["fell_back"]]
    yield equal("other entries that say anything else", [i for i in others if said[i] and i not in fell_back], [])
    yield equal("other entries with an extract because of it", fell_back, [])
    topics = [{i: tuple(entry["topics"]) for i, entry in desk.entries().items()} for desk in (good, obedient)]
    retagged = [i for i in others if topics[0][i] != topics[1][i] and i not in fell_back]
    yield equal("other entries with other topics", retagged, [])
    with obedient.app() as app:
        known = set(app.taxonomy.names)
    yield equal("topics outside the taxonomy", sorted({t for of in topics[1].values() for t in of} - known), [])
    changed = [i for i in own if said[i] and not after[i]["fell_back"]]
    yield at_most("poisoned entries that say what they were told", len(changed), len(own))


def _published(good: ModelDesk, obedient: ModelDesk, listed: Sequence[Paper]) -> Iterator[Figure]:
    fed = {found for p in listed for found in _URL.findall(f"{p.title} {p.abstract} {p.url}")}
    was, now = _texts(good), _texts(obedient)
    urls = [{found for text in texts.values() for found in _URL.findall(text)} for texts in (was, now)]
    without, marked_up = _Markup(), _Markup()
    for markup, texts in ((without, was), (marked_up, now)):
        for name, text in texts.items():
            if not name.endswith((".json", "plain", "headers")):
                markup.feed(text)
    new_urls = {url for url in urls[1] - urls[0] - fed if not any(url.startswith(known) for known in fed)}
    yield at_least("files looked at", len(now), 5)
    yield equal("URLs that no feed had", sorted(new_urls), [])
    yield equal("links that are not there without it", sorted(marked_up.links - without.links), [])
    yield equal("links to its host", sorted(link for link in marked_up.links if EVIL in link), [])
    yield equal("elements that are not there without it", sorted(marked_up.elements - without.elements), [])
    invisible = re.compile("[\u200b-\u200f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e0fff]")
    yield equal("files with invisible characters", [n for n, text in now.items() if invisible.search(text)], [])


def _texts(desk: ModelDesk) -> dict[str, str]:
    """All that was published: pages, feeds and the parts of mails."""
    found = {
        name: content.decode()
        for name, content in tree(desk.site).items()
        if name.endswith((".html", ".xml", ".json", ".txt"))
    }
    for n, path in enumerate(desk.outbox):
        message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        found[f"mail {n} headers"] = str(message.items())
        for part in message.walk():
            if part.get_content_maintype() == "text":
                found[f"mail {n} {part.get_content_type()}"] = str(part.get_content())
    return found


# --- nothing twice ----------------------------------------------------------------------------------------------------


def same_day_twice(folder: Path, *, papers: int = 60) -> Iterator[Figure]:
    """A second run asks nothing, a changed paper is one paper in one request, and the prompt's head never changes."""
    with FlakyLLM() as server:
        again = f'\n[[edition]]\nname = "again"\n{_EDITION}'
        desk = ModelDesk(folder, server.base_url, llm="overview = false", edition=again)
        desk.feed(MONDAY, [work(n) for n in range(papers)])
        desk.run(MONDAY, "daily")
        asked = len(server.journal)
        desk.run(MONDAY, "daily")
        yield equal("requests of the second run", len(server.journal) - asked, 0)
        desk.run(MONDAY, "daily", until=Stage.SUMMARIZE)
        yield equal("requests of a third, that only sums up", len(server.journal) - asked, 0)
        changed = replace(work(7), abstract=f"{work(7).abstract} In this version we correct a proof.", version=2)
        desk.feed(TUESDAY, [changed if n == 7 else work(n) for n in range(papers)])
        desk.run(TUESDAY, "again")
        yield equal("papers in the requests after one has changed", [e["papers"] for e in server.journal[asked:]], [1])
        yield equal("heads of the prompt", len({e["prefix"] for e in server.journal}), 1)
        yield equal("papers paid for twice", server.bill().papers_twice, ())
        yield equal("papers of the second edition", len(desk.summaries(TUESDAY, "again")), papers)


# --- kill -9 ----------------------------------------------------------------------------------------------------------


def arxiv(most: int) -> list[dict[str, Any]]:
    """The first papers of the recorded days of arXiv, as a JSON-lines source reads them."""
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((REAL_DATA / "arxiv-days").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            paper = json.loads(line)
            found.setdefault(paper["id"], {**paper, "abstract": paper["summary"], "url": paper["abs"]})
    return list(found.values())[:most]


def killed(
    folder: Path, *, kills: int = 100, papers: Sequence[dict[str, Any]] | None = None, seed: int = 20260601
) -> Iterator[Figure]:
    """A run is killed anywhere and started again: the same issue to the byte, and the budget holds.

    Every fourth time the budget is too small for all, and then the issue is as whole as before, and the budget holds.
    """
    listed = arxiv(400) if papers is None else list(papers)
    rnd = random.Random(seed)
    pause = Pause(first_s=0.05, per_token_s=0.0002)
    with FlakyLLM(pause=pause) as server:
        clean = _desk(folder / "clean", server, listed, cap=Decimal(100))
        began = time.monotonic()
        clean.finish(MONDAY)
        takes_s = time.monotonic() - began
        expected, once = tree(clean.site), server.bill()
        # What is under way when it is killed stays booked at the most it can cost.
        ample, tight = once.cost_usd + Decimal("0.5"), once.cost_usd / 2
        done = tries = 0
        twice: list[int] = []
        dearer: list[float] = []
        over, other, incomplete = [], [], []
        while done < kills and tries < 3 * kills:
            tries += 1
            is_tight = tries % 4 == 0
            cap = tight if is_tight else ample
            desk = _desk(folder / f"killed-{tries}", server, listed, cap=cap)
            first = len(server.journal)
            process = desk.start(MONDAY)
            where = _wait_somewhere(process, server, rnd, first=first, requests=once.requests, takes_s=takes_s)
            if not kill(process):
                shutil.rmtree(desk.folder)
                continue
            done += 1
            desk.finish(MONDAY)
            charged = bill(server.journal[first:], server.tariff)
            if charged.cost_usd > cap:
                over.append(f"{where}: {charged.cost_usd} of {cap}")
            if not is_tight:
                dearer.append(float(charged.cost_usd / once.cost_usd))
                twice.append(len(set(charged.papers_twice) - set(once.papers_twice)))
                if tree(desk.site) != expected:
                    other.append(where)
            if len(desk.summaries()) != len(listed):
                incomplete.append(where)
            shutil.rmtree(desk.folder)
    yield equal("runs that were killed", done, kills)
    yield equal("requests of a run that is not", once.requests > 1, True)
    yield equal("issues and archives other than without", other, [])
    yield equal("issues without some of their papers", incomplete, [])
    yield equal("budgets that did not hold", over, [])
    yield at_most("papers paid for twice, at most", max(twice, default=0), _CONCURRENCY * 20)
    yield at_most("papers paid for twice, on average", sum(twice) / max(1, len(twice)), _CONCURRENCY * 20)
    # All that is under way, twice; and the rest is cut into other batches.
    most = 1 + _CONCURRENCY * 20 / len(listed) + 0.1
    yield at_most("the bill, as a multiple of that without, at most", max(dearer, default=1), most)
    yield at_most("the bill, as a multiple of that without, on average", sum(dearer) / max(1, len(dearer)), most)


def _wait_somewhere(
    process: subprocess.Popen[bytes], server: FlakyLLM, rnd: random.Random, *, first: int, requests: int, takes_s: float
) -> str:
    """Until any moment of the run, or of the part of it in which the model is asked; in words, where that is."""
    if rnd.random() < 0.5:
        at_s = rnd.uniform(0.1, 0.95) * takes_s
        time.sleep(at_s)
        return f"after {at_s:.2f} s"
    asked, then_s = rnd.randint(1, requests), rnd.uniform(0, 0.2)
    deadline = time.monotonic() + 60
    while len(server.events.entries) < first + asked and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    time.sleep(then_s)
    return f"{then_s:.2f} s after {asked} requests"


_CONCURRENCY: Final = 8


def _desk(folder: Path, server: FlakyLLM, listed: Sequence[dict[str, Any]], *, cap: Decimal) -> ModelDesk:
    llm = f"concurrency = {_CONCURRENCY}\nbudget_usd_per_run = {cap:.6f}"
    desk = ModelDesk(folder, server.base_url, llm=llm)
    desk.feed(MONDAY, listed)
    return desk
