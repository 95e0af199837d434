"""Summaries of an earlier prompt: counted, found, and written anew within bounds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from digest.app.app import App
from digest.cli.main import cli
from digest.core.models import Summary, SummaryKey
from digest.store import SqlStore
from digest.usecases import renew as work
from digest.usecases.renew import Renewal
from digest.usecases.status import status_of
from tests.conftest import paper
from tests.end_to_end.test_run_llm import MONDAY, TUESDAY, desk_with, on, summaries
from tests.servers.flaky_llm import FlakyLLM, Rule
from tests.support.desk import Desk
from tests.support.shell import digest
from tests.support.store_values import DAY, publish, read

pytest_plugins = ("tests.support.store_fixtures",)


def change_the_prompt(desk: Desk) -> None:
    (desk.folder / "prompts").mkdir(exist_ok=True)
    text = "Say it in other words, as JSON, in the language {{ language }}."
    (desk.folder / "prompts" / "summarize.txt").write_text(text, encoding="utf-8")


def renew(app: App, *, limit: int) -> Renewal:
    return work.renew(
        app.store,
        app.config.editions,
        app.summarizer,
        limit=limit,
        sleep=app.host.sleep,
        progress=app.host.progress,
    )


def count_outdated(app: App) -> int:
    return work.count_outdated(app.store, app.config.editions, lambda: app.summarizer)


def test_with_the_same_prompt_nothing_is_outdated(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server)
        desk.run(MONDAY)
        asked = len(server.journal)
        with desk.app() as app:
            assert count_outdated(app) == 0
            assert renew(app, limit=10) == Renewal(renewed=0, left=0, sums=())
        assert len(server.journal) == asked


def test_a_changed_prompt_renews_so_many_the_newest_first(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server)
        desk.feed(TUESDAY, [on(n) for n in range(30, 45)])
        desk.run(MONDAY)
        desk.run(TUESDAY)
        change_the_prompt(desk)
        asked = len(server.journal)
        with desk.app() as app:
            counted = count_outdated(app)
            first = renew(app, limit=20)
            sent = [server.journal[n] for n in range(asked, len(server.journal))]
            rest = renew(app, limit=100)

    assert counted == 45
    assert (first.renewed, first.left) == (20, 25)
    assert (rest.renewed, rest.left) == (25, 0)
    assert sum(s.usage.requests for s in first.sums) == len(sent)


def test_issues_that_are_out_stay_as_they_are(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server)
        desk.run(MONDAY)
        before = summaries(desk)
        change_the_prompt(desk)
        with desk.app() as app:
            renew(app, limit=100)
            app.site.draw(["daily"])

    assert summaries(desk) == before


def test_what_the_model_cannot_do_now_keeps_its_earlier_summary(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server)
        desk.run(MONDAY)
        change_the_prompt(desk)
    with FlakyLLM(Rule("status", status=400)) as broken:
        config = desk.folder / "config.toml"
        config.write_text(config.read_text().replace(server.base_url, broken.base_url))
        with desk.app() as app:
            done = renew(app, limit=10)

    assert (done.renewed, done.left) == (0, 30)
    [sums] = done.sums
    assert sums.usage.fell_back == 10
    assert "extract" not in " ".join(sums.warnings)
    assert sum(int(warning.split()[0]) for warning in sums.warnings if "earlier summary: " in warning) == 10


def test_a_renewal_keeps_the_budget(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server)
        desk.run(MONDAY)
        config = desk.folder / "config.toml"
        config.write_text(config.read_text() + "budget_usd_per_run = 0.004\nconcurrency = 1\n")
        change_the_prompt(desk)
        with desk.app() as app:
            done = renew(app, limit=100)

    assert 0 < sum(s.usage.cost_usd for s in done.sums) <= 0.004
    assert done.left > 0


def test_status_counts_them_and_says_what_renewing_costs(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server)
        desk.run(MONDAY)
        change_the_prompt(desk)
        desk.now = datetime(2026, 6, 1, 10, tzinfo=UTC)
        with desk.app() as app:
            found = status_of(app.store, app.config, now=app.host.clock(), summarizer=lambda: app.summarizer)

    assert found.outdated == 30
    assert found.usd_per_summary is not None
    assert 0 < found.usd_per_summary < 0.01


@pytest.mark.parametrize("arguments", [(), ("--stale", "2603.00001")])
def test_a_target_or_stale_but_not_both_or_neither(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = digest("summarize", *arguments, cwd=tmp_path)

    assert done.returncode == 2
    assert "name a TARGET, or give --stale alone" in done.stderr


def test_the_command_says_what_it_renewed(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server)
        desk.run(MONDAY)
        change_the_prompt(desk)
        in_words = digest("summarize", "--stale", "--limit", "10", cwd=tmp_path)
        as_json = digest("summarize", "--stale", "--limit", "5", "--json", cwd=tmp_path)

    assert in_words.returncode == 0, in_words.stderr
    assert in_words.stdout.startswith("10 summaries were renewed, for $0.")
    assert "20 are still of an earlier prompt" in in_words.stdout
    document = json.loads(as_json.stdout)
    assert (document["renewed"], document["left"], document["warnings"]) == (5, 15, [])


def test_the_help_says_that_issues_stay() -> None:
    assert "Issues that are out stay as they are" in (cli.commands["summarize"].help or "")


# -- the store


def key(n: int, prompt: str, **changes: Any) -> SummaryKey:
    from digest.core.identity.ids import content_hash

    content = content_hash(paper(n).title, paper(n).abstract)
    values: dict[str, Any] = {"content": content, "client": "openai", "model": "m", "prompt": prompt, "language": "en"}
    return SummaryKey(**{**values, **changes})


def test_only_printed_papers_with_a_models_summary_of_another_prompt_are_outdated(store: SqlStore) -> None:
    said = Summary(tldr="It works.", client="openai")
    read(store, *(paper(n) for n in range(1, 8)))
    publish(store, *(paper(n) for n in range(1, 7)))
    keys = [
        key(1, "old"),
        key(2, "old"),
        key(2, "new"),
        key(3, "new"),
        key(4, "old", stood_in_on=DAY),
        key(5, "old", model="other"),
        key(6, "old", language="de"),
        key(7, "old"),  # read, but in no issue
    ]
    store.save_summaries(dict.fromkeys(keys, said))

    found = store.outdated(["daily"], key(0, "new", content=""), prompts={"new"})

    assert found == ((paper(1), DAY),)
    assert store.outdated(["weekly"], key(0, "new", content=""), prompts={"new"}) == ()
    assert [p.id for p, _ in store.outdated(["daily"], key(0, "new", content="", language="de"), prompts={"new"})] == [
        paper(6).id
    ]
