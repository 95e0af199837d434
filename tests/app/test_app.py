"""The wiring: parts are made when they are asked for, once, whichever threads ask; and runs in threads don't mix."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path

from digest.app.app import App
from digest.app.parts import part
from digest.stages.report import Report, Stage
from tests.conftest import paper
from tests.servers.flaky_llm import FlakyLLM
from tests.support.desk import CONFIG, Desk

MONDAY = date(2026, 6, 1)
THREADS = 8


class Counted(App):
    """An app with a part that takes its time, and one made of it."""

    made: list[str]

    @part
    def slow(self) -> object:
        self.made.append("slow")
        time.sleep(0.05)
        return object()

    @part
    def upon_it(self) -> tuple[object]:
        self.made.append("upon it")
        return (self.slow,)


def test_threads_that_ask_at_once_get_the_same_part(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    with desk.app() as app:
        counted = Counted(app.config, app.host)
        counted.made = []
        barrier = threading.Barrier(THREADS)

        def ask(n: int) -> object:
            barrier.wait(timeout=20)
            return counted.upon_it[0] if n % 2 else counted.slow

        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(ask, range(THREADS)))

    assert len({id(one) for one in found}) == 1
    assert sorted(counted.made) == ["slow", "upon it"]


def test_every_part_of_an_app_is_made_once(tmp_path: Path) -> None:
    names = [name for cls in (App, *App.__bases__) for name, value in vars(cls).items() if isinstance(value, part)]
    with Desk(tmp_path).app() as app:
        barrier = threading.Barrier(THREADS)

        def ask(n: int) -> dict[str, int]:
            barrier.wait(timeout=20)
            turned = names[n:] + names[:n]
            return {name: id(getattr(app, name)) for name in turned}

        with ThreadPoolExecutor(THREADS) as pool:
            found = list(pool.map(ask, range(THREADS)))

    assert {"store", "run", "summarizer"} <= set(names)
    assert all(one == found[0] for one in found)


def test_two_runs_in_two_threads_of_one_app_keep_apart(tmp_path: Path) -> None:
    second = '\n[[source]]\nname = "Other"\nkind = "jsonl"\nurl = "other-{date}.jsonl"\n'
    editions = CONFIG.replace('name = "daily"', 'name = "daily"\nsources = ["arXiv"]')
    editions += f'\n[[edition]]\nname = "weekly"\nsources = ["Other"]\nlanguage = "de"\n{second}'
    with FlakyLLM() as server:
        llm = f'\n[llm]\nclient = "openai"\nmodel = "gpt-5-mini"\nbase_url = "{server.base_url}"\noverview = false\n'
        desk = Desk(tmp_path, editions + llm, {"OPENAI_API_KEY": "a-key"})
        desk.feed(MONDAY, [paper(n) for n in range(1, 5)])
        desk.feed(MONDAY, [paper(n) for n in range(11, 18)], name="other")
        desk.now = desk.now.replace(day=MONDAY.day)
        with desk.app() as app:
            # Without the lease that keeps a second run waiting, so that they are really under way together.
            run = replace(app.run, lease=lambda _: nullcontext())

            def of(edition: str) -> Report:
                [report] = run((edition,), MONDAY, until=Stage.PUBLISH)
                return report

            with ThreadPoolExecutor(2) as pool:
                daily, weekly = pool.map(of, ("daily", "weekly"))

    assert [[s.name for s in report.sources] for report in (daily, weekly)] == [["arXiv"], ["Other"]]
    assert [len(r.issue.entries) if r.issue else 0 for r in (daily, weekly)] == [4, 7]
    assert not [w for w in daily.warnings if "weekly" in w or "Other" in w]
    assert not [w for w in weekly.warnings if "daily" in w or "arXiv" in w]


def test_synonyms_beside_the_config_take_the_place_of_those_that_ship(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    (tmp_path / "synonyms.txt").write_text("wadi = ephemeral stream\n")

    with desk.app() as app:
        same = app.background.lexicon.same

    assert same[("wadi",)] == (("ephemeral", "stream"),)
    assert ("drone",) not in same
