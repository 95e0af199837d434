"""What the model cost, and what a run would cost: sums, tables of 80 columns, JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.app.app import App
from digest.app.host import Host
from digest.app.usecases import estimator, examine
from digest.cli.show.money import checks_lines, cost_json, cost_lines, estimate_json, estimate_lines
from digest.core.models import Edition
from digest.core.summaries.ledger import Ceilings, CheckCount, RequestResult
from digest.llm.tokens import Counter, at_most
from digest.publish.amounts import tokens, usd
from digest.stages.report import Stage
from digest.store import SqlStore
from digest.usecases.cost import OUTPUT_PER_PAPER, CostReport, cost_report
from tests.conftest import paper
from tests.end_to_end.test_run_llm import MONDAY, TUESDAY, desk_with, on
from tests.servers.flaky_llm import FlakyLLM
from tests.support.desk import CONFIG, Desk
from tests.support.shell import digest
from tests.support.store_values import plan

JUNE = datetime(2026, 6, 3, 7, tzinfo=UTC)


def booked(
    store: SqlStore, at: datetime = JUNE, cost: float | None = 0.01, most: float | None = 0.02, **more: Any
) -> None:
    """A request on five papers, settled."""
    result = {"input_tokens": 1400, "cached_tokens": 700, "output_tokens": 550, "cost_usd": cost, "outcome": "ok"}
    result |= {name: more.pop(name) for name in set(more) & set(result)}
    summaries, failed = more.pop("summaries", 5), more.pop("failed", {})
    number = store.reserve_request(
        plan(most, at=at, **{"run": str(at.date()), "model": "gpt-5-mini", **more}), Ceilings()
    )
    assert number is not None
    store.settle_request(number, RequestResult(**result), summaries=summaries, failed=failed)


def cost_of(app: App, days: int = 30, month: date | None = None) -> CostReport:
    return cost_report(app.store, app.config, today=app.today(), days=days, month=month)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    llm = '\n[llm]\nclient = "openai"\nmodel = "gpt-5-mini"\nbase_url = "http://127.0.0.1:9/v1"\n'
    return Desk(tmp_path, CONFIG + llm + "budget_usd_per_run = 0.05\nbudget_usd_per_month = 2\noverview = false\n")


@pytest.fixture
def server() -> Iterator[FlakyLLM]:
    with FlakyLLM() as server:
        yield server


# -- what it cost


def test_a_bill_has_a_row_for_each_day_model_and_mode(desk: Desk) -> None:
    with desk.app() as app:
        booked(app.store)
        booked(app.store, summaries=4, failed={"numbers": 1})
        booked(app.store, mode="batch", cost=0.005)
        booked(app.store, at=JUNE - timedelta(days=1))
        booked(app.store, at=JUNE - timedelta(days=30))
        found = cost_of(app)

    rows = [(str(r.day), r.mode, r.requests, r.summaries, r.cost_usd) for r in found.rows]
    assert rows == [
        ("2026-06-02", "direct", 1, 5, 0.01),
        ("2026-06-03", "batch", 1, 5, 0.005),
        ("2026-06-03", "direct", 2, 9, 0.02),
    ]
    assert (found.of_month.spent_usd, found.of_month.left_usd) == (pytest.approx(0.035), pytest.approx(1.965))
    assert found.of_run is not None
    assert (found.of_run.spent_usd, found.of_run.left_usd) == (pytest.approx(0.025), pytest.approx(0.025))


def test_a_day_begins_at_midnight_where_the_reader_is(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONFIG.replace('"UTC"', '"Asia/Tokyo"'))
    desk.now = datetime(2026, 5, 31, 23, tzinfo=UTC)
    with desk.app() as app:
        booked(app.store, at=datetime(2026, 5, 31, 14, 59, tzinfo=UTC))
        booked(app.store, at=datetime(2026, 5, 31, 15, 0, tzinfo=UTC))
        found = cost_of(app, days=1)

    assert [(str(r.day), r.requests) for r in found.rows] == [("2026-06-01", 1)]
    assert found.of_month.spent_usd == 0.01


def test_a_month_of_the_past_has_its_own_budget_line(desk: Desk) -> None:
    with desk.app() as app:
        booked(app.store)
        booked(app.store, at=datetime(2026, 2, 28, 23, tzinfo=UTC))
        found = cost_of(app, month=date(2026, 2, 1))

    assert (str(found.since), str(found.until), len(found.rows)) == ("2026-02-01", "2026-02-28", 1)
    assert found.of_run is None
    assert "February 2026: $0.01 of $2.00, $1.99 left" in cost_lines(found)


def test_a_run_of_another_day_is_not_said_to_be_todays(desk: Desk) -> None:
    with desk.app() as app:
        booked(app.store, run="2026-03-02")
        lines = cost_lines(cost_of(app))

    assert "June 2026: $0.01 of $2.00, $1.99 left" in lines
    assert "Runs of 2026-06-03: $0.00 of $0.05, $0.05 left" in lines


def test_the_table_is_aligned_and_fits_eighty_columns(desk: Desk) -> None:
    with desk.app() as app:
        for day in range(3):
            for cost in (12.5, 0.0004):
                booked(app.store, at=JUNE - timedelta(days=day), cost=cost, input_tokens=9_876_543, papers=2000)
        booked(app.store, cost=None, most=0.021, summaries=0, output_tokens=0, outcome="no answer")
        booked(app.store, cost=None, most=None, model="own-model")
        lines = cost_lines(cost_of(app))

    table = lines[2 : lines.index("", lines.index("") + 1)]
    assert max(map(len, table)) <= 80
    ends = {len(line) for line in table if line.startswith(("day", "2026")) and "?" not in line}
    assert len(ends) == 1, table
    assert any(line.startswith("2026-06-03 ") and "$0.0210" in line for line in table)
    assert next(line for line in lines if line.startswith("all"))
    assert any(line.startswith("In doubt: $0.021 ") for line in lines)
    assert any("What 1 request cost is not in these sums: no price is known for own-model;" in line for line in lines)


def test_a_column_that_says_nothing_is_left_out(desk: Desk) -> None:
    with desk.app() as app:
        booked(app.store, cached_tokens=0)
        [head] = [line for line in cost_lines(cost_of(app)) if line.startswith("day")]

    assert head.split() == ["day", "requests", "papers", "in", "out", "cost", "a", "paper"]


@pytest.mark.parametrize(
    ("llm", "why"),
    [
        ("", "summaries are extracts of the abstracts, which cost nothing."),
        ('[llm]\nclient = "replay"\nmodel = "m"\nrecording = "r"\n', "answers come from a recording"),
        ('[llm]\nclient = "openai"\nmodel = "m"\n', "the model was not asked."),
    ],
)
def test_a_bill_of_nothing_says_why(tmp_path: Path, llm: str, why: str) -> None:
    with Desk(tmp_path, f"{CONFIG}\n{llm}").app() as app:
        found = cost_of(app)

    assert why in cost_lines(found)[0]
    assert cost_json(found)["total"] is None


def test_a_bill_as_json_has_exact_numbers(desk: Desk) -> None:
    with desk.app() as app:
        booked(app.store)
        booked(app.store, cost=None, most=0.0201, summaries=0, outcome="no answer")
        document = cost_json(cost_of(app))

    [row] = document["rows"]
    assert (row["requests"], row["failed"], row["input_tokens"], row["cached_tokens"]) == (2, 1, 2800, 1400)
    assert (row["cost_usd"], row["in_doubt_usd"], row["cost_usd_per_summary"]) == (0.01, 0.0201, 0.002)
    assert document["total"]["cost_usd"] == 0.01
    assert document["month"] == {
        "month": "2026-06",
        "spent_usd": pytest.approx(0.0301),
        "budget_usd": 2.0,
        "left_usd": pytest.approx(1.9699),
    }
    assert document["prices"]["model"] == "gpt-5-mini"
    assert date.fromisoformat(document["prices"]["of"])


def test_a_request_that_is_under_way_is_in_doubt_and_not_failed(desk: Desk) -> None:
    with desk.app() as app:
        app.store.reserve_request(plan(0.02, at=JUNE, model="gpt-5-mini"), Ceilings())
        [row] = cost_of(app).rows

    assert (row.failed, row.in_doubt_usd, row.unpriced) == (0, 0.02, 0)


def test_an_overview_is_paid_for_and_counts_no_papers(desk: Desk) -> None:
    with desk.app() as app:
        booked(app.store)
        booked(app.store, purpose="overview", papers=30, summaries=0, cost=0.001)
        [row] = cost_of(app).rows

    assert (row.requests, row.failed, row.papers, row.summaries, row.cost_usd) == (2, 0, 5, 5, 0.011)


def test_checks_are_told_with_their_share() -> None:
    def of(check: str, failed: int, prompt: str = "0123456789abcdef") -> CheckCount:
        return CheckCount(client="openai", model="m", prompt=prompt, check=check, failed=failed, asked=400)

    assert checks_lines([of("missing", 1), of("numbers", 12), of("plain", 2, prompt="")]) == [
        "m, prompt 01234567: missing 1 of 400 (0.2 %), numbers 12 of 400 (3 %)",
        "m, prompt not known: plain 2 of 400 (0.5 %)",
    ]


def test_numbers_are_as_short_as_they_can_be_and_still_true() -> None:
    assert [tokens(n) for n in (0, 999, 1000, 141_234, 999_499, 999_500, 12_345_678)] == [
        "0",
        "999",
        "1k",
        "141k",
        "999k",
        "1.0M",
        "12.3M",
    ]
    dollars = {0: "$0.00", 0.00001: "<$0.0001", 0.00421: "$0.0042", 0.012: "$0.012", 0.5: "$0.50", 1234.5: "$1,234.50"}
    assert {n: usd(n) for n in dollars} == dollars
    assert usd(0.99996) == "$1.00"


# -- estimates


def test_an_estimate_asks_nobody_makes_no_issue_and_sends_no_mail(tmp_path: Path, server: FlakyLLM) -> None:
    desk = desk_with(tmp_path, server)
    with desk.app() as app:
        found = estimator(app).estimate(app.config.editions_named([]), MONDAY)

    [daily] = found.editions
    assert (daily.papers, daily.stored, daily.beyond) == (30, 0, 0)
    assert daily.requests > 0
    assert server.journal == []
    assert desk.outbox == []
    with desk.app() as app:
        assert app.store.issue_dates() == ()
        assert app.store.spent_usd(JUNE - timedelta(days=30)) == 0


def test_a_run_costs_what_was_estimated(tmp_path: Path, server: FlakyLLM) -> None:
    desk = desk_with(tmp_path, server, "overview = false")
    with desk.app() as app:
        [daily] = estimator(app).estimate(app.config.editions_named([]), MONDAY).editions

    [report] = desk.run(MONDAY)

    assert report.usage.requests == daily.requests
    assert daily.output_tokens == 30 * OUTPUT_PER_PAPER
    assert daily.most_usd is not None
    assert 0 < report.usage.cost_usd < daily.most_usd
    assert report.usage.input_tokens == pytest.approx(daily.input_tokens, rel=0.25)


def test_a_run_costs_what_was_estimated_without_a_vocabulary_too(
    tmp_path: Path, server: FlakyLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound = Counter(count=at_most, encoding="o200k_base", is_own=True, is_bound=True)
    monkeypatch.setattr("digest.llm.openai.counter", lambda *_, **__: bound)
    desk = desk_with(tmp_path, server, "overview = false")
    with desk.app() as app:
        [daily] = estimator(app).estimate(app.config.editions_named([]), MONDAY).editions

    [report] = desk.run(MONDAY)

    assert daily.input_tokens / 2 < report.usage.input_tokens < daily.input_tokens * 2
    assert daily.likely_usd is not None
    assert daily.likely_usd / 2 < report.usage.cost_usd < daily.likely_usd * 2


def test_an_estimate_for_a_recording_is_nothing(tmp_path: Path, server: FlakyLLM) -> None:
    desk = desk_with(tmp_path, server, 'recording = "answers.jsonl"')
    desk.run(MONDAY, until=Stage.SUMMARIZE)
    config = desk.folder / "config.toml"
    config.write_text(config.read_text().replace('client = "openai"', 'client = "replay"'))
    with desk.app() as app:
        lines = estimate_lines(estimator(app).estimate(app.config.editions_named([]), MONDAY))

    assert any(line.endswith(" requests: answers come from a recording, which costs nothing") for line in lines)
    assert "$" not in "".join(lines)


def test_an_estimate_says_what_handing_over_early_would_save(tmp_path: Path, server: FlakyLLM) -> None:
    desk = desk_with(tmp_path, server, 'mode = "batch"')
    with desk.app() as app:
        lines = estimate_lines(estimator(app).estimate(app.config.editions_named([]), MONDAY))

    assert 'Summaries that are handed over in time, for mode = "batch", cost 50 % of that.' in lines


def test_what_a_model_wrote_so_far_is_what_it_will_write(desk: Desk) -> None:
    desk.feed(MONDAY, [on(n) for n in range(10)])
    with desk.app() as app:
        booked(app.store, output_tokens=5 * 321)
        [daily] = estimator(app).estimate(app.config.editions_named([]), MONDAY).editions

    assert daily.output_tokens == 10 * 321


def test_summaries_that_are_there_are_not_paid_for_again(tmp_path: Path, server: FlakyLLM) -> None:
    second = '\n[[edition]]\nname = "second"\n'
    desk = desk_with(tmp_path, server, "overview = false", edition=second)
    with desk.app() as app:
        before = estimator(app).estimate(app.config.editions_named([]), MONDAY)
    desk.run(MONDAY, "daily")
    desk.feed(TUESDAY, [on(n) for n in range(25, 40)])
    with desk.app() as app:
        after = estimator(app).estimate(app.config.editions_named([]), MONDAY)

    assert [(e.stored, bool(e.requests)) for e in before.editions] == [(0, True), (30, False)]
    assert [(e.is_out, e.stored, e.requests) for e in after.editions] == [(True, 0, 0), (False, 30, 0)]
    assert any("daily: its issue is made" in line for line in estimate_lines(after))


def test_papers_that_the_budget_would_not_reach_are_counted(tmp_path: Path, server: FlakyLLM) -> None:
    budget = "budget_usd_per_run = 0.004\nmax_papers_per_request = 5\nconcurrency = 1\noverview = false\n"
    desk = desk_with(tmp_path, server, budget)
    with desk.app() as app:
        booked(app.store, at=JUNE - timedelta(days=9), output_tokens=5 * 50)
        found = estimator(app).estimate(app.config.editions_named([]), MONDAY)

    [report] = desk.run(MONDAY)

    [daily] = found.editions
    assert 0 < daily.beyond < 30
    # A guess of what the answers cost decides where it ends: it may be a request further.
    assert abs(report.usage.fell_back - daily.beyond) <= 5
    assert f"! The budget would not reach {daily.beyond} papers: they would get extracts." in estimate_lines(found)


def test_an_estimate_of_extracts_is_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.feed(MONDAY, [paper(1), paper(2)])
    with desk.app() as app:
        found = estimator(app).estimate(app.config.editions_named([]), MONDAY)

    assert (found.likely_usd, found.most_usd) == (0.0, 0.0)
    assert "daily: 2 papers; no request: summaries are extracts of the abstracts, which cost nothing" in estimate_lines(
        found
    )
    assert estimate_json(found)["editions"][0]["requests"] == 0


def test_an_estimate_without_a_price_says_so(tmp_path: Path, server: FlakyLLM) -> None:
    desk = desk_with(tmp_path, server, "budget_usd_per_run = 1\n")
    config = desk.folder / "config.toml"
    config.write_text(config.read_text().replace("gpt-5-mini", "own-model"))
    with desk.app() as app:
        found = estimator(app).estimate(app.config.editions_named([]), MONDAY)

    assert estimate_json(found)["likely_usd"] is None
    assert any(
        "what it would cost cannot be said: no price is known for own-model" in line for line in estimate_lines(found)
    )


def test_the_lists_that_an_estimate_read_are_not_read_again(tmp_path: Path, server: FlakyLLM) -> None:
    desk = desk_with(tmp_path, server)
    with desk.app() as app:
        estimator(app).estimate(app.config.editions_named([]), MONDAY)
    (tmp_path / f"arxiv-{MONDAY}.jsonl").unlink()

    [report] = desk.run(MONDAY, until=Stage.SUMMARIZE)

    assert report.sources[0].listed == 30
    assert report.usage.requests > 0


def test_a_source_that_could_not_be_read_is_named(desk: Desk) -> None:
    with desk.app() as app:
        found = estimator(app).estimate(app.config.editions_named([]), MONDAY)

    assert any(line.startswith("! arXiv: ") for line in estimate_lines(found))


def test_the_editions_of_an_estimate_share_a_budget(tmp_path: Path, server: FlakyLLM) -> None:
    other = '\n[[source]]\nname = "Other"\nkind = "jsonl"\nurl = "other-{date}.jsonl"\n'
    second = 'sources = ["arXiv"]\n' + other + '\n[[edition]]\nname = "second"\nsources = ["Other"]\n'
    desk = desk_with(tmp_path, server, "budget_usd_per_run = 0.004\nmax_papers_per_request = 5\n", second)
    desk.feed(MONDAY, [on(n) for n in range(30, 40)], name="other")
    with desk.app() as app:
        editions: list[Edition] = app.config.editions_named([])
        both = estimator(app).estimate(editions, MONDAY)
        alone = estimator(app).estimate(editions[1:], MONDAY)

    assert both.editions[1].beyond == 10
    assert alone.editions[0].beyond < 10


# -- the doctor


BUDGETS = "budget_usd_per_run = 0.05\nbudget_usd_per_month = 2\n"


@pytest.mark.parametrize(
    ("llm", "subject", "level", "said"),
    [
        (f'model = "gpt-5-mini"\n{BUDGETS}', "prices", "good", "gpt-5-mini, as of 20"),
        (f'model = "gpt-5-mini"\n{BUDGETS}', "budget", "good", "$0.05 a run, $2.00 a month"),
        ('model = "gpt-5-mini"\n', "budget", "doubtful", "none is set: what the model costs has no ceiling"),
        ('model = "own"\nbase_url = "http://127.0.0.1:9/v1"\n', "budget", "good", "none is set"),
        ('model = "own"\nbase_url = "http://127.0.0.1:9/v1"\n', "prices", "doubtful", "no price is known for own"),
        (f'model = "own"\nbase_url = "http://127.0.0.1:9/v1"\n{BUDGETS}', "prices", "wrong", "so no budget can hold"),
        ('model = "gpt-5-mini"\n', "tokens", "good", "counted by"),
    ],
)
def test_the_doctor_looks_at_prices_budgets_and_tokens(
    tmp_path: Path, llm: str, subject: str, level: str, said: str
) -> None:
    pytest.importorskip("bpe_openai")
    desk = Desk(tmp_path, f'{CONFIG}\n[llm]\nclient = "openai"\n{llm}')

    found = examine(desk.folder / "config.toml", Host(environment={"OPENAI_API_KEY": "k"}), offline=True)

    [one] = [finding for finding in found if finding.subject == subject]
    assert one.level == level
    assert said in one.said


@pytest.mark.parametrize(("text", "said"), [("  \n", "is empty"), ("Say {{ nothing", "unexpected end of template")])
def test_the_doctor_finds_a_prompt_that_cannot_be_used(desk: Desk, text: str, said: str) -> None:
    (desk.folder / "prompts").mkdir()
    (desk.folder / "prompts" / "summarize.txt").write_text(text)

    found = examine(desk.folder / "config.toml", Host(environment={}), offline=True)

    [one] = [finding for finding in found if finding.subject == "prompts"]
    assert one.level == "wrong"
    assert "prompts/summarize.txt" in one.said
    assert said in one.said


def test_the_doctor_does_not_speak_of_a_key_that_is_not_there(desk: Desk) -> None:
    found = examine(desk.folder / "config.toml", Host(environment={}), offline=True)

    [one] = [finding for finding in found if finding.subject == "model"]
    assert one.said.endswith("/v1, without a key, for OPENAI_API_KEY is not set")


def test_what_the_doctor_asks_the_model_is_booked_and_within_the_budget(tmp_path: Path) -> None:
    def looked() -> tuple[str, str]:
        host = Host(environment={}, clock=lambda: JUNE)
        found = examine(desk.folder / "config.toml", host, offline=False)
        [one] = [finding for finding in found if finding.subject == "model server"]
        return one.level, one.said

    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server, "budget_usd_per_month = 1.00\n")
        first = looked()
        with desk.app() as app:
            [row] = cost_of(app, month=date(2026, 6, 1)).rows
            booked(app.store, cost=0.9999)
        second = looked()

    assert first[0] == "good"
    assert first[1].startswith("gpt-5-mini answers (")
    assert second[0] == "doubtful"
    assert second[1].startswith("not asked, for its budget is used up")
    assert (len(server.journal), row.requests, row.failed, row.papers) == (1, 1, 0, 0)
    assert row.cost_usd > 0


# -- the commands


def test_the_commands_print_for_people_and_for_programs(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.feed(MONDAY, [paper(1), paper(2)])

    cost = digest("cost", "--month", "2026-06", cwd=tmp_path)
    as_json = digest("cost", "--days", "7", "--json", cwd=tmp_path)
    estimated = digest("run", "--estimate", "--date", str(MONDAY), "--json", cwd=tmp_path)
    misused = digest("cost", "--month", "June", cwd=tmp_path)

    assert cost.stdout.startswith("No request to a model from 2026-06-01 to 2026-06-30: ")
    assert json.loads(as_json.stdout)["rows"] == []
    assert json.loads(estimated.stdout)["editions"][0]["papers"] == 2
    assert (misused.returncode, "'June' is not a month such as 2026-06" in misused.stderr) == (2, True)
    assert (cost.returncode, as_json.returncode, estimated.returncode) == (0, 0, 0)
    assert desk.outbox == []
