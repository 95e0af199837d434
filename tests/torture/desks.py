"""A config.toml whose sources are addresses of the fault server, and runs of it at simulated moments."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from digest.app.app import App
from digest.core.models import SourceReport
from digest.core.topics.fold import Taxonomy
from digest.stages.report import Report, Stage
from tests.conftest import ROOT
from tests.servers.flaky_feed import FlakyFeed
from tests.support.desk import Desk

_ARXIV: Final = ("arxiv", "api", "oai")
_HEAD: Final = '[digest]\ntitle = "Torture"\ntimezone = "UTC"\n'


def config(urls: Mapping[str, str], *, network: str = "", edition: str = "") -> str:
    """A config.toml with a source for each of *urls*, by name, and one edition that prints everything.

    Args:
        network: Lines of `[network]`.
        edition: Further lines of the edition.
    """
    sources = "".join(
        f'\n[[source]]\nname = "{name}"\nkind = "{_kind(url)}"\nurl = "{url}"\n' for name, url in urls.items()
    )
    daily = '\n[[edition]]\nname = "daily"\ndays = "daily"\nmax_papers = 100000\n'
    return f"{_HEAD}{f'{chr(10)}[network]{chr(10)}{network}{chr(10)}' if network else ''}{sources}{daily}{edition}\n"


def _kind(url: str) -> str:
    return "arxiv" if url.partition("?")[0].rpartition(".")[2] in _ARXIV else "feed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a run in a process of its own came to."""

    wall_s: float
    cpu_s: float
    peak_mb: float
    sources: Mapping[str, Mapping[str, Any]]
    """By name, as `--json` has them."""
    papers: int
    """In the issue."""


# Not `ru_maxrss`: a process inherits that of the one it was forked from.
_MEASURED: Final = """
import atexit, pathlib, re, sys, time
status = pathlib.Path("/proc/self/status")
peak_kb = lambda: re.search(r"VmHWM:\\s*(\\d+)", status.read_text())[1]
atexit.register(lambda: print(time.process_time(), peak_kb(), file=sys.stderr))
from digest.cli.main import main
main()
"""


class FeedDesk(Desk):
    """Runs against a server, whose clock goes with the desk's."""

    def __init__(self, folder: Path, server: FlakyFeed, urls: Mapping[str, str], **parts: str) -> None:
        """Put the config.toml into *folder*, which is made.

        Args:
            urls: Name of a source → its address; one that begins with `/` is the server's.
            parts: As `config` takes them.
        """
        folder.mkdir(parents=True, exist_ok=True)
        whole = {name: server.url(url) if url.startswith("/") else url for name, url in urls.items()}
        super().__init__(folder, config(whole, **parts))
        self.server = server
        self.arrange: Callable[[App], None] = lambda app: None
        """Done to each app before it runs."""
        self._taxonomy: Taxonomy | None = None

    def run_at(self, moment: datetime, *, until: Stage = Stage.SITE) -> Report:
        """One run at that moment, by everybody's clock."""
        self.now = moment
        self.server.set_clock(moment)
        with self.app() as app:
            # The only thing that runs share: reading it anew would be half of their time.
            app.__dict__["taxonomy"] = self._taxonomy = self._taxonomy or app.taxonomy
            self.arrange(app)
            [report] = app.run((), moment.date(), until=until, send=False)
            return report

    def run_days(self, days: Sequence[date], *, hour: int = 8) -> list[Report]:
        """A run on each of *days*."""
        return [self.run_at(datetime(d.year, d.month, d.day, hour, tzinfo=UTC)) for d in days]

    def measure(self, day: date, *, until: Stage = Stage.FETCH) -> Measured:
        """One run in a process of its own, with the real clock. Linux alone says what memory it took."""
        command = [sys.executable, "-c", _MEASURED, "run", "--json", "--no-send"]
        options = ["--config", str(self.folder / "config.toml"), "--date", str(day), "--until", until.value]
        began = time.perf_counter()
        done = subprocess.run(
            [*command, *options],
            capture_output=True,
            text=True,
            timeout=600,
            # What the programs of one person share lies there.
            env={**os.environ, "PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(self.folder.parent / "cache")},
            check=False,
        )
        wall = time.perf_counter() - began
        try:
            [report] = json.loads(done.stdout)
        except ValueError as exc:
            raise RuntimeError(f"the run ended with {done.returncode}: {done.stderr[-2000:]}") from exc
        *_, cpu_s, peak_kb = done.stderr.split()
        return Measured(
            wall_s=wall,
            cpu_s=float(cpu_s),
            peak_mb=int(peak_kb) / 1024,
            sources={source["name"]: source for source in report["sources"]},
            papers=report["issue"]["papers"] if report["issue"] else 0,
        )


def states(report: Report) -> dict[str, str]:
    """How each source of a run stands."""
    return {source.name: source.state.value for source in report.sources}


def source(report: Report, name: str) -> SourceReport:
    """One source of a run."""
    return next(s for s in report.sources if s.name == name)


def titles(report: Report) -> list[str]:
    """Of the papers that a run printed."""
    return [entry.paper.title for entry in report.issue.entries] if report.issue else []


def days_from(first: date, count: int) -> list[date]:
    """So many days in a row."""
    return [first + timedelta(days=n) for n in range(count)]
