"""What readers' issues cost: `python -m tests.bench.readers [READERS [DAYS]]`.

For 1,000 and 20,000 subscribers, each in a process of its own: the time of the processor that a reader takes, from the
subscription to the stored picks, and the most memory. Every reader has five interests of their own, drawn by seed from
titles and keywords of recorded papers; each day has 300 candidates, and an issue 30 places. Growth is told by the two
sizes side by side: a reader may not cost more because there are more of them.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from digest.app.app import App
from digest.store import tables
from tests.bench.ranking import read_papers
from tests.conftest import REAL_DATA, ROOT
from tests.support.desk import CONFIG, Desk

_MONDAY = date(2026, 6, 1)
_CANDIDATES = 300
_INTERESTS = 5


def main() -> None:
    """Print a line for each size and day, or for the one that is asked for."""
    if not (REAL_DATA / "arxiv-days").is_dir():
        sys.exit(f"recorded lists are not at {REAL_DATA} (set DIGEST_TEST_DATA)")
    if len(sys.argv) > 1:
        one_size(int(sys.argv[1]), days=int(sys.argv[2]) if len(sys.argv) > 2 else 1)
        return
    for readers in (1_000, 20_000):
        subprocess.run([sys.executable, "-m", "tests.bench.readers", str(readers), "2"], cwd=ROOT, check=True)


def one_size(readers: int, *, days: int) -> None:
    """Print what the issues of *readers* cost on each of *days*, the first without a history."""
    papers = read_papers()
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), CONFIG.replace('["ada@example.org"]', "[]"))
        for n in range(days):
            desk.feed(_MONDAY + timedelta(days=n), papers[n * _CANDIDATES : (n + 1) * _CANDIDATES])
        desk.now = _at(_MONDAY, hour=1)
        with desk.app() as app:
            subscribe(app, readers, [one.title for one in papers[-2_000:]])
        for n in range(days):
            day = _MONDAY + timedelta(days=n)
            desk.now = _at(day, hour=8)
            with desk.app() as app:
                app.reader.fetch("arXiv", day)
                app.publishing.publish("daily", day)
                before, began = peak_mb(), time.process_time()
                made = app.readers.make("daily", day)
                took = time.process_time() - began
            print(
                f"{readers:,} readers, day {n + 1}: {took:.1f} s, {1000 * took / readers:.2f} ms a reader; "
                f"{made.personal:,} personal, {made.shared:,} share theirs; "
                f"memory {before:.0f} MB before, at most {peak_mb():.0f} MB",
                flush=True,
            )


def subscribe(app: App, readers: int, titles: list[str], *, seed: int = 1) -> None:
    """Put *readers* into the store, each with interests of two or three words out of titles."""
    draw = random.Random(seed)
    moment = _at(_MONDAY, hour=1)
    with app.store._write("subscribers") as connection:
        for pk in range(1, readers + 1):
            person = {"pk": pk, "address": f"reader{pk}@example.org", "key": f"reader{pk}@example.org"}
            state = {"state": "confirmed", "since": moment, "origin": "form", "links": 0, "soft_bounces": 0}
            connection.execute(insert(tables.subscriber).values(**person, **state))
            wishes = {"interests": [phrase(draw.choice(titles), draw) for _ in range(_INTERESTS)], "avoid": []}
            rest = {"cadence": "daily", "language": "", "zone": "", "feed": 0, "is_listed": False}
            row = {"pk": pk, "subscriber_pk": pk, "edition": "daily", "since": moment, "confirmed_at": moment}
            connection.execute(insert(tables.subscription).values(**row, **wishes, **rest))


def phrase(title: str, draw: random.Random) -> str:
    """Two or three words that stand side by side in a title."""
    words = re.findall(r"[\w-]+", title)
    long = draw.choice((2, 3))
    start = draw.randrange(max(1, len(words) - long))
    return " ".join(words[start : start + long])


def peak_mb() -> float:
    """The most memory that this process has had. Not `ru_maxrss`, which a process inherits."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s*(\d+)", status)
    return int(found[1]) / 1024 if found else 0.0


def _at(day: date, *, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC)


if __name__ == "__main__":
    main()
