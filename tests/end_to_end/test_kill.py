"""`kill -9` anywhere in a run, then the run again: the same issue and the same archive, to the byte."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

from tests.conftest import ROOT, paper
from tests.support.desk import CONFIG, Desk, line, tree

KILLS = int(os.environ.get("DIGEST_TEST_KILLS", "6"))
MONDAY = date(2026, 6, 1)
TUESDAY = MONDAY + timedelta(days=1)
TWO_SOURCES = CONFIG.replace(
    "[[edition]]", '[[source]]\nname = "Votes"\nkind = "jsonl"\nurl = "votes-{date}.jsonl"\n\n[[edition]]'
)


def prepare(folder: Path) -> Desk:
    """A desk whose first day is done, with a second day of 60 papers from two sources to come."""
    folder.mkdir()
    desk = Desk(folder, TWO_SOURCES + 'max_papers = 40\ninterests = ["number 7"]\n')
    desk.feed(MONDAY, [paper(n) for n in range(1, 11)])
    desk.feed(MONDAY, [line(paper(3), upvotes=3)], name="votes")
    desk.feed(TUESDAY, [paper(n) for n in range(5, 60)])
    desk.feed(TUESDAY, [line(paper(n), upvotes=n) for n in range(50, 66)], name="votes")
    desk.run(MONDAY)
    return desk


def start(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.support.short_lease", "run", "--date", str(TUESDAY)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def test_a_run_killed_anywhere_is_finished_by_the_next_to_the_same_bytes(tmp_path: Path) -> None:
    undisturbed = prepare(tmp_path / "undisturbed")
    began = time.monotonic()
    assert start(undisturbed.folder).wait() == 0
    takes_s = time.monotonic() - began
    expected = tree(undisturbed.site)
    rng = random.Random(20260602)

    killed = tries = 0
    while killed < KILLS and tries < 5 * KILLS:
        n = tries = tries + 1
        desk = prepare(tmp_path / f"killed-{n}")
        run = start(desk.folder)
        time.sleep(rng.uniform(0.05, 0.9) * takes_s)
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            killed += 1
        run.wait()
        assert start(desk.folder).wait() == 0

        assert tree(desk.site) == expected
        assert len(desk.outbox) == 2
        assert not list(desk.folder.rglob("*.part")), "a half-written file is left behind"
        shutil.rmtree(desk.folder)
    assert killed == KILLS
    print(f"{killed} of {tries} runs were killed; undisturbed one takes {takes_s:.1f} s")
