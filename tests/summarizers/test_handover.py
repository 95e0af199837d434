"""Papers handed over hours before: whatever the provider does, wherever a run dies, none is lost or paid for twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from digest import assets
from digest.app.app import App
from digest.app.summarizers import make_handovers
from digest.cli.show.status import print_status, status_json
from digest.core.models import Entry, Paper
from digest.core.summaries.handover import Haste, haste, is_given_up, last_call, never_came
from digest.core.summaries.ledger import Handover, HandoverState
from digest.core.topics.fold import Taxonomy
from digest.stages.report import Report, Stage
from digest.summarizers.handover import Handovers
from digest.usecases.status import status_of
from tests.conftest import paper
from tests.servers.flaky_llm import FlakyLLM, Pace, Rule
from tests.support.desk import CONFIG, Desk

MONDAY = date(2026, 6, 1)
LATE = '[[source]]\nname = "late"\nkind = "jsonl"\nurl = "late-{date}.jsonl"\n'
"""A list that comes out later than the other."""
SUBJECTS = ("rivers", "proteins", "galaxies", "markets", "robots", "poems", "bridges", "viruses", "glaciers", "engines")


def on(n: int) -> Paper:
    """A paper on a subject of its own: summaries are checked against the other abstracts of their request."""
    subject = SUBJECTS[n % len(SUBJECTS)] + ("" if n < len(SUBJECTS) else f" of kind {n}")
    return paper(
        n,
        title=f"A study of {subject}",
        abstract=f"Little is known about {subject}. We propose a method that measures {subject} by {n} careful steps. "
        f"It finds {subject} in {10 + n} of 100 cases.",
    )


class Office:
    """A config in the mode `batch`, and its provider; both on one clock. Each run is a process of its own."""

    def __init__(
        self, folder: Path, server: FlakyLLM, *, papers: int = 20, batch: int = 5, more: str = "", tables: str = ""
    ) -> None:
        llm = (
            f'client = "openai"\nmodel = "gpt-5-mini"\nbase_url = "{server.base_url}"\nmode = "batch"\noverview = false'
        )
        self.server = server
        self.desk = Desk(
            folder, f"{CONFIG}{tables}\n[llm]\n{llm}\nmax_papers_per_request = {batch}\ntimeout_s = 5\n{more}\n"
        )
        self.feed(range(papers))
        self.slept_s = 0.0

    def feed(self, papers: Iterable[int], name: str = "arxiv") -> None:
        self.desk.feed(MONDAY, [on(n) for n in papers], name)

    @contextmanager
    def app(self, hour: int, minute: int = 0, *, day: date = MONDAY) -> Iterator[App]:
        """The app at that time."""
        self.set_clock(hour, minute, day=day)
        with self.desk.app() as app:
            app.taxonomy = taxonomy()
            if app.handovers is not None:
                app.handovers = self.handovers_of(app)
            yield app

    def set_clock(self, hour: int, minute: int = 0, *, day: date = MONDAY) -> None:
        """Let it be that time, for the server too."""
        self.desk.now = datetime.combine(day, time(hour, minute), tzinfo=UTC)
        self.server.set_clock(self.desk.now)

    def handovers_of(self, app: App) -> Handovers:
        """The handovers of *app* as a process knows them that has just begun, on the server's clock."""
        made = make_handovers(
            app.config,
            app.summarizer,
            app.summarizing,
            store=app.store,
            clock=app.host.clock,
            progress=lambda _: None,
        )
        assert made is not None
        return replace(made, now=lambda: self.server.now().timestamp(), sleep=self.sleep)

    def sleep(self, seconds: float) -> None:
        self.slept_s += seconds
        self.desk.now += timedelta(seconds=seconds)
        self.server.advance(seconds)

    def prepare(self, hour: int, minute: int = 0, *, day: date = MONDAY) -> Report:
        """`digest run --until summarize`."""
        with self.app(hour, minute, day=day) as app:
            return app.run((), MONDAY, until=Stage.SUMMARIZE)[0]

    def run(self, hour: int = 7, minute: int = 0, *, until: Stage = Stage.PUBLISH) -> Report:
        """`digest run`; pages and mails are another matter."""
        with self.app(hour, minute) as app:
            return app.run((), MONDAY, until=until)[0]

    def handovers(self) -> tuple[Handover, ...]:
        with self.desk.app() as app:
            return app.store.open_handovers()

    def spent_usd(self) -> Decimal:
        """What the ledger counts, in full."""
        with self.desk.app() as app:
            return Decimal(str(app.store.spent_usd(datetime(2020, 1, 1, tzinfo=UTC))))

    def asked(self, mode: str) -> list[int]:
        """How many papers stood in each request that was answered that way."""
        return [entry["papers"] for entry in self.server.journal if entry["mode"] == mode]

    def calls(self, endpoint: str) -> int:
        return sum(call["endpoint"] == endpoint for call in self.server.calls)

    def printed(self) -> tuple[Entry, ...]:
        with self.desk.app() as app:
            issue = app.store.issue("daily", MONDAY)
            return issue.entries if issue else ()

    def fell_back(self) -> list[str]:
        return [e.summary.fell_back for e in self.printed() if e.summary.fell_back]


@cache
def taxonomy() -> Taxonomy:
    """It takes longer to read than all else that these runs do."""
    return Taxonomy.parse(assets.read_text("taxonomy.toml", Path()))


@pytest.fixture
def server() -> Iterator[FlakyLLM]:
    with FlakyLLM(count=lambda text: len(text) // 5 + 1) as running:
        yield running


def is_paid_exactly(office: Office) -> bool:
    """Whether the ledger says, to a billionth of a dollar for each request, what the server charges."""
    bill = office.server.bill()
    return Decimal(0) <= office.spent_usd() - bill.cost_usd <= bill.requests * Decimal("1e-9")


# --- a day on which all goes well -------------------------------------------------------------------------------------


def test_papers_that_were_handed_over_cost_half_and_nothing_is_asked_directly(tmp_path: Path, server: FlakyLLM) -> None:
    office = Office(tmp_path, server)

    early = office.prepare(3)
    later = office.prepare(4)
    final = office.run(7, until=Stage.DELIVER)

    assert early.warnings == ("20 papers were handed over; the answers are awaited until 06:50",)
    assert (early.status, later.status, final.status) == ("done", "done", "done")
    assert later.warnings == final.warnings == ()
    assert final.issue is not None
    assert len(final.issue.entries) == 20
    assert office.fell_back() == []
    assert (office.asked("direct"), sum(office.asked("handover"))) == ([], 20)
    assert is_paid_exactly(office)
    whole = replace(server.tariff, handover=Decimal(1))
    assert server.bill().cost_usd * 2 == sum(whole.cost_usd(entry) for entry in server.journal)
    assert later.usage.cost_usd == pytest.approx(float(server.bill().cost_usd))
    assert office.handovers() == ()


def test_a_second_run_hands_over_only_what_is_new(tmp_path: Path, server: FlakyLLM) -> None:
    office = Office(tmp_path, server, tables=LATE)
    office.prepare(3)
    again = office.prepare(3, 5)
    office.feed(range(20, 23), "late")
    more = office.prepare(3, 10)

    assert again.warnings[-1] == "20 papers were handed over; the answers are awaited until 06:50"
    assert more.warnings[-1] == "23 papers were handed over; the answers are awaited until 06:50"
    assert office.calls("submit") == 2
    assert [sum(len(p.batch.papers) for p in handover.prompts) for handover in office.handovers()] == [20, 3]


@pytest.mark.parametrize("minutes", [0, 2, 9, 10, 20])
def test_a_handover_is_taken_up_in_whichever_state_it_is(tmp_path: Path, server: FlakyLLM, minutes: int) -> None:
    office = Office(tmp_path, server)
    office.prepare(3)

    office.prepare(3, minutes)
    final = office.run(7)

    assert final.status == "done"
    assert server.bill().papers_twice == ()
    assert (office.asked("direct"), sum(office.asked("handover"))) == ([], 20)
    assert is_paid_exactly(office)


def test_leads_and_the_rest_are_handed_over_apart_where_only_leads_get_points(tmp_path: Path, server: FlakyLLM) -> None:
    office = Office(tmp_path, server, more='points = "leads"')
    office.prepare(3)
    handed = office.handovers()
    office.prepare(3, 5)
    final = office.run(7)

    assert [sum(len(p.batch.papers) for p in handover.prompts) for handover in handed] == [5, 15]
    assert len({handover.prompt for handover in handed}) == 2
    assert final.issue is not None
    assert {e.paper.id for e in office.printed() if e.summary.points} == set(final.issue.leads)
    assert (office.asked("direct"), sum(office.asked("handover"))) == ([], 20)
    assert server.bill().papers_twice == ()
    assert is_paid_exactly(office)


def test_what_was_handed_over_with_points_is_awaited_where_a_sentence_would_do(
    tmp_path: Path, server: FlakyLLM
) -> None:
    office = Office(tmp_path, server, more='points = "all"')
    office.prepare(3)
    config = office.desk.folder / "config.toml"
    config.write_text(config.read_text(encoding="utf-8").replace('points = "all"', 'points = "leads"'))
    again = office.prepare(3, 5)

    assert again.warnings[-1] == "20 papers were handed over; the answers are awaited until 06:50"
    assert office.calls("submit") == 1


def test_two_editions_share_what_was_handed_over(tmp_path: Path, server: FlakyLLM) -> None:
    office = Office(tmp_path, server, tables='\n[[edition]]\nname = "second"\nat = "08:00"\n')
    office.prepare(3)
    assert office.calls("submit") == 1

    with office.app(7) as app:
        reports = app.run((), MONDAY, until=Stage.PUBLISH)

    assert [len(r.issue.entries) for r in reports if r.issue] == [20, 20]
    assert server.bill().papers_twice == ()


def test_a_paper_without_an_abstract_is_not_handed_over(tmp_path: Path, server: FlakyLLM) -> None:
    office = Office(tmp_path, server, papers=0)
    office.desk.feed(MONDAY, [paper(1, abstract="")])

    early, final = office.prepare(3), office.run()

    assert (early.warnings, office.handovers(), office.calls("upload")) == ((), (), 0)
    assert final.issue is not None
    assert len(final.issue.entries) == 1


def test_a_list_that_is_not_out_yet_is_handed_over_when_it_is(tmp_path: Path, server: FlakyLLM) -> None:
    office = Office(tmp_path, server)
    list_of_today = tmp_path / f"arxiv-{MONDAY}.jsonl"
    away = list_of_today.rename(tmp_path / "later")

    office.prepare(3)
    assert office.calls("submit") == 0
    away.rename(list_of_today)
    office.prepare(4)
    office.run(7)

    assert (office.calls("submit"), office.asked("direct")) == (1, [])


def test_the_evening_before_it_is_the_next_days_issue_that_is_prepared(tmp_path: Path, server: FlakyLLM) -> None:
    office = Office(tmp_path, server, tables='at = "00:10"\n')
    tuesday = MONDAY + timedelta(days=1)
    with office.app(0, 10) as app:
        app.run((), MONDAY - timedelta(days=1), until=Stage.PUBLISH)
    asked = len(server.journal)

    with office.app(21) as app:
        [early] = app.run.prepare((), tuesday)
    with office.app(0, 10, day=tuesday) as app:
        [final] = app.run((), tuesday, until=Stage.PUBLISH)

    assert early.warnings == ("20 papers were handed over; the answers are awaited until 00:00",)
    assert final.issue is not None
    assert (final.issue.date, len(final.issue.entries)) == (tuesday, 20)
    assert {entry["mode"] for entry in server.journal[asked:]} == {"handover"}
    assert is_paid_exactly(office)


# --- the hour comes ---------------------------------------------------------------------------------------------------


def test_at_the_hour_a_handover_is_ended_and_the_rest_asked_directly(tmp_path: Path, server: FlakyLLM) -> None:
    server.handovers.pace = Pace(in_progress_s=4 * 3600 * 2)
    office = Office(tmp_path, server)
    office.prepare(3)

    final = office.run(7)

    assert final.issue is not None
    assert len(final.issue.entries) == 20
    assert office.fell_back() == []
    assert 0 < sum(office.asked("handover")) < 20
    assert sum(office.asked("handover")) + sum(office.asked("direct")) == 20
    assert server.bill().papers_twice == ()
    assert final.warnings == ()
    assert office.slept_s <= 60
    assert is_paid_exactly(office)


def test_in_the_last_minutes_handovers_are_ended_and_their_papers_left_to_them(
    tmp_path: Path, server: FlakyLLM
) -> None:
    server.handovers.pace = Pace(in_progress_s=8 * 3600, cancelling_s=400)
    office = Office(tmp_path, server, tables=LATE)
    office.prepare(3)
    office.feed(range(20, 25), "late")

    soon = office.prepare(6, 51)
    assert soon.warnings == ("20 papers were handed over; the answers are awaited until 07:00",)
    assert (sum(office.asked("direct")), office.calls("cancel"), office.slept_s) == (5, 1, 0)
    office.prepare(6, 58)
    final = office.run(7)

    assert office.fell_back() == []
    assert final.warnings == ()
    assert sum(office.asked("handover")) + sum(office.asked("direct")) == 25
    assert server.bill().papers_twice == ()
    assert office.slept_s == 0
    assert is_paid_exactly(office)


def test_a_handover_that_does_not_end_may_be_paid_twice_and_that_is_said(tmp_path: Path, server: FlakyLLM) -> None:
    server.handovers.pace = Pace(in_progress_s=8 * 3600, cancelling_s=3600)
    office = Office(tmp_path, server)
    office.prepare(3)

    final = office.run(7)

    assert final.warnings == (
        "20 papers were asked for directly before the provider had ended their job: they may be paid for twice",
    )
    assert sum(office.asked("direct")) == 20
    assert office.fell_back() == []
    assert 50 <= office.slept_s <= 60
    assert len(office.handovers()) == 1
    assert office.spent_usd() > server.bill().cost_usd

    office.prepare(9)
    assert office.handovers() == ()
    assert is_paid_exactly(office)


def test_status_says_what_is_reserved_for_a_handover_and_awaited(
    tmp_path: Path, server: FlakyLLM, capsys: pytest.CaptureFixture[str]
) -> None:
    office = Office(tmp_path, server)
    office.prepare(3)

    with office.app(4) as app:
        found = status_of(app.store, app.config, now=app.host.clock(), summarizer=lambda: app.summarizer)
    print_status(found)

    told = status_json(found)
    assert told["awaited_usd_this_month"] == told["cost_usd_this_month"] > 0
    assert told["in_doubt_usd_this_month"] == 0
    assert "of it reserved for open jobs" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("what", ["cancel", "poll"])
def test_a_provider_that_is_away_at_the_hour_holds_up_no_issue(tmp_path: Path, server: FlakyLLM, what: str) -> None:
    office = Office(tmp_path, server)
    office.prepare(6, 45)
    server.rules(Rule("status", status=503, on=what))

    final = office.run(7)

    assert final.issue is not None
    assert office.fell_back() == []
    assert office.slept_s <= 60


def test_a_run_of_a_past_day_asks_directly(tmp_path: Path, server: FlakyLLM) -> None:
    office = Office(tmp_path, server)

    with office.app(9, day=MONDAY + timedelta(days=1)) as app:
        [report] = app.run((), MONDAY, until=Stage.SUMMARIZE)

    assert (report.warnings, sum(office.asked("direct")), office.calls("submit")) == ((), 20, 0)


def test_a_handover_that_is_open_when_the_mode_changes_is_still_taken(tmp_path: Path, server: FlakyLLM) -> None:
    office = Office(tmp_path, server)
    office.prepare(3)
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace('mode = "batch"', 'mode = "direct"'))

    office.run(7)

    assert (office.asked("direct"), office.handovers()) == ([], ())
    with office.app(8) as app:
        assert app.handovers is None


def test_a_handover_keeps_its_model_and_price_when_the_config_changes(tmp_path: Path, server: FlakyLLM) -> None:
    office = Office(tmp_path, server)
    office.prepare(3)
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace('"gpt-5-mini"', '"gpt-5-nano"'))

    office.prepare(4)

    assert office.handovers()[0].model == "gpt-5-nano"
    config.write_text(config.read_text().replace('"gpt-5-nano"', '"gpt-5-mini"'))
    final = office.run(7)
    assert final.usage.from_cache == 20
    of_mini = [entry for entry in server.journal if entry["body"]["model"] == "gpt-5-mini"]
    assert {entry["mode"] for entry in of_mini} == {"handover"}
    assert sum(entry["papers"] for entry in of_mini) == 20


# --- what a handover does not bring -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "rule",
    [
        Rule("status", on="handover", status=400, first_n=1),
        Rule("ids", on="handover", what="missing", first_n=1),
        Rule("refuse", on="handover", first_n=1),
        Rule("broken_json", on="handover", first_n=1),
        Rule("swap_ids", on="handover", first_n=1),
        Rule("slow", on="submit", share=0.5),
        Rule("fail", on="submit"),
        Rule("missing", on="content"),
        Rule("damaged", on="content"),
        Rule("doubled", on="content"),
        Rule("unknown", on="content"),
    ],
    ids=lambda rule: f"{rule.action} {rule.on}",
)
def test_what_a_handover_does_not_bring_is_asked_directly(tmp_path: Path, server: FlakyLLM, rule: Rule) -> None:
    server.rules(rule)
    office = Office(tmp_path, server)
    office.prepare(3)
    office.prepare(4)

    final = office.run(7)

    assert final.issue is not None
    assert len(final.issue.entries) == 20
    assert office.fell_back() == []
    assert office.calls("submit") <= 2
    assert office.spent_usd() >= server.bill().cost_usd
    if rule.on != "content":
        assert is_paid_exactly(office)


def test_what_a_handover_failed_at_is_not_given_to_another_by_the_same_process(
    tmp_path: Path, server: FlakyLLM
) -> None:
    server.rules(Rule("refuse", on="handover"))
    office = Office(tmp_path, server)

    with office.app(3) as app:
        for hour in range(3, 6):
            office.set_clock(hour)
            app.run.prepare((), MONDAY)

    assert office.calls("submit") == 1


def test_what_a_handover_did_not_bring_is_handed_over_by_no_later_run(tmp_path: Path, server: FlakyLLM) -> None:
    server.rules(Rule("refuse", on="handover", first_n=1))
    office = Office(tmp_path, server)
    office.prepare(3)
    office.prepare(4)
    handed_over = office.calls("submit")

    later = office.prepare(5)

    assert (office.handovers(), office.calls("submit")) == ((), handed_over)
    assert later.warnings == ()
    office.run(7)
    assert office.fell_back() == []


def test_a_handover_that_cannot_be_asked_about_is_given_up_in_the_end_and_stays_booked(
    tmp_path: Path, server: FlakyLLM
) -> None:
    office = Office(tmp_path, server)
    office.prepare(3)
    reserved = office.spent_usd()
    server.rules(Rule("status", status=500, on="poll"))

    [warning] = [w for w in office.prepare(5).warnings if "could not be asked about" in w]
    assert warning.startswith("what was handed over on 2026-06-01 at 03:00 (20 papers) could not be asked about: ")
    assert office.handovers() != ()
    office.prepare(4, 1, day=MONDAY + timedelta(days=1))

    assert office.handovers() == ()
    assert office.spent_usd() >= reserved


def test_a_handover_without_an_end_is_given_up_after_a_day_and_stays_booked(tmp_path: Path, server: FlakyLLM) -> None:
    server.handovers.pace = Pace(in_progress_s=100 * 3600, cancelling_s=100 * 3600)
    office = Office(tmp_path, server)
    office.prepare(3)
    reserved = office.spent_usd()

    office.prepare(3, 59, day=MONDAY + timedelta(days=1))
    office.prepare(4, 0, day=MONDAY + timedelta(days=1))

    assert office.handovers() == ()
    assert office.calls("cancel") >= 1
    assert office.spent_usd() >= reserved


@pytest.mark.parametrize("is_over", [never_came, is_given_up])
def test_a_handover_that_a_wrong_clock_handed_over_years_ahead_is_not_waited_for(
    tmp_path: Path, server: FlakyLLM, is_over: Callable[[Handover, datetime], bool]
) -> None:
    office = Office(tmp_path, server)
    office.prepare(3)

    [handover] = office.handovers()

    assert not is_over(handover, handover.submitted_at)
    assert is_over(replace(handover, submitted_at=handover.submitted_at + timedelta(days=1400)), handover.submitted_at)


def test_a_damaged_line_of_answers_may_have_been_billed(tmp_path: Path, server: FlakyLLM) -> None:
    server.rules(Rule("missing", on="content"))
    office = Office(tmp_path, server)
    office.prepare(3)

    report = office.prepare(4)

    assert report.usage.in_doubt_usd > 0
    assert office.spent_usd() > server.bill().cost_usd


# --- handing over fails -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("endpoint", ["upload", "submit"])
def test_a_provider_without_handovers_is_asked_directly_and_that_is_said(
    tmp_path: Path, server: FlakyLLM, endpoint: str
) -> None:
    server.rules(Rule("status", status=404, on=endpoint))
    office = Office(tmp_path, server)

    early, final = office.prepare(3), office.run(7)

    [warning] = early.warnings
    assert warning.startswith("20 papers were not handed over: http://127.0.0.1")
    assert 'mode = "direct"' in warning
    assert (office.handovers(), sum(office.asked("direct"))) == ((), 20)
    assert final.issue is not None
    assert office.fell_back() == []
    assert is_paid_exactly(office)


def test_a_provider_without_handovers_is_left_alone_for_an_hour(tmp_path: Path, server: FlakyLLM) -> None:
    server.rules(Rule("status", status=404, on="upload"))
    office = Office(tmp_path, server)

    with office.app(3) as app:
        for minute in range(0, 60, 5):
            office.set_clock(3, minute)
            app.run.prepare((), MONDAY, read=not minute)

    assert office.calls("upload") == 1


def test_what_could_not_be_handed_over_is_offered_again(tmp_path: Path, server: FlakyLLM) -> None:
    server.rules(Rule("status", status=429, on="upload", first_n=1))
    office = Office(tmp_path, server)

    assert "not handed over" in office.prepare(3).warnings[0]
    assert office.prepare(3, 5).warnings == ("20 papers were handed over; the answers are awaited until 06:50",)
    office.run(7)

    assert office.asked("direct") == []
    assert is_paid_exactly(office)


def test_a_lost_receipt_is_looked_for_and_the_handover_not_sent_again(tmp_path: Path, server: FlakyLLM) -> None:
    server.rules(Rule("lose", on="submit", first_n=1))
    office = Office(tmp_path, server)

    assert "did not say whether it took a job" in office.prepare(3).warnings[0]
    assert [handover.state for handover in office.handovers()] == [HandoverState.SUBMITTING]
    office.prepare(3, 5)
    assert [handover.state for handover in office.handovers()] == [HandoverState.OPEN]
    office.run(7)

    assert (office.calls("submit"), office.asked("direct")) == (1, [])
    assert server.bill().papers_twice == ()
    assert is_paid_exactly(office)


def test_a_handover_that_never_arrived_is_made_anew_after_ten_minutes(tmp_path: Path, server: FlakyLLM) -> None:
    server.rules(Rule("hang_up", on="submit", first_n=1))
    office = Office(tmp_path, server)
    office.prepare(3)

    office.prepare(3, 5)
    assert office.calls("submit") == 1
    office.prepare(3, 10)
    assert office.calls("submit") == 2
    office.run(7)

    assert office.asked("direct") == []
    assert server.bill().papers_twice == ()
    assert is_paid_exactly(office)


def test_a_handover_that_turns_up_after_its_papers_were_asked_directly_is_cancelled(
    tmp_path: Path, server: FlakyLLM
) -> None:
    server.handovers.pace = Pace(in_progress_s=8 * 3600)
    server.rules(Rule("lose", on="submit", first_n=1))
    office = Office(tmp_path, server)
    office.prepare(6, 45)
    server.rules(Rule("status", status=503, on="list"))
    final = office.run(7)
    assert "may be paid for twice" in final.warnings[-1]

    server.rules()
    office.prepare(7, 5)
    assert office.calls("cancel") == 1
    office.prepare(7, 15)

    assert office.handovers() == ()
    assert is_paid_exactly(office)


def test_the_budget_decides_how_much_is_handed_over(tmp_path: Path, server: FlakyLLM) -> None:
    office = Office(tmp_path, server, more="budget_usd_per_run = 0.0080")
    early = office.prepare(3)
    handed = [sum(len(p.batch.papers) for p in handover.prompts) for handover in office.handovers()]
    final = office.run(7)

    assert "handed over" in early.warnings[-1]
    assert 0 < sum(handed) < 20
    assert office.spent_usd() <= Decimal("0.0080")
    assert server.bill().cost_usd <= Decimal("0.0080")
    assert final.issue is not None
    assert len(final.issue.entries) == 20


def test_a_budget_that_reaches_for_nothing_hands_nothing_over(tmp_path: Path, server: FlakyLLM) -> None:
    office = Office(tmp_path, server, more="budget_usd_per_run = 0.000001")

    report = office.prepare(3)

    assert report.warnings == ("20 papers were not handed over: the budget for the model does not reach that far",)
    assert (office.handovers(), office.calls("upload"), office.spent_usd()) == ((), 0, 0)


# --- a run dies -------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """What `kill -9` is to a test."""


STEPS = (
    ("store", "save_handover", 1, 0.5),
    ("batch", "submit", 1, 0.5),
    ("store", "mark_handover", 1, 0.5),
    ("store", "mark_handover", 2, 0.5),
    ("store", "mark_handover", 2, 8),
    ("batch", "poll", 1, 0.5),
    ("batch", "poll", 3, 8),
    ("batch", "cancel", 1, 8),
    ("store", "save_summaries", 1, 0.5),
    ("store", "save_summaries", 2, 8),
    ("store", "settle_request", 1, 0.5),
    ("store", "settle_request", 3, 8),
)
"""A part of the flow, one of its steps, at which time it dies there, and how many hours the handover takes."""


class Dying:
    """Passes everything on to *inner*, and dies just before or just after one of its steps."""

    def __init__(self, inner: Any, name: str, *, before: bool, countdown: list[int]) -> None:
        self.inner, self.name, self.before, self.countdown = inner, name, before, countdown

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        return self._dying(found) if name == self.name else found

    def _dying(self, step: Callable[..., Any]) -> Callable[..., Any]:
        def die(*args: Any, **more: Any) -> Any:
            self.countdown[0] -= 1
            if self.before and not self.countdown[0]:
                raise Killed
            found = step(*args, **more)
            if not self.countdown[0]:
                raise Killed
            return found

        return die


def die_and_go_on(office: Office, part: str, step: str, nth: int, *, before: bool) -> bool:
    """The hours before an issue and its making, each with a new process's memory; whether one of them died."""
    countdown = [nth]
    with office.app(3) as app:
        [edition] = app.config.editions_named([])
        at = datetime.combine(MONDAY, edition.at, tzinfo=UTC)
        app.reader.fetch_all([edition.name], MONDAY)
        for hour, minute in [(3, 0), (3, 5), (3, 30), (3, 45), (4, 40), (6, 52), (7, 0), (7, 5)]:
            office.set_clock(hour, minute)
            handovers = office.handovers_of(app)
            dying = Dying(getattr(handovers, part), step, before=before, countdown=countdown)
            handover_run = replace(handovers, **cast(Any, {part: dying})).begin(str(MONDAY))
            try:
                handover_run.collect()
                how = haste(office.desk.now, at, is_final=hour >= 7)
                handover_run.summarize(
                    edition, MONDAY, app.choosing.to_summarize(edition.name, MONDAY), haste=how, at=at
                )
                if hour >= 7:
                    app.publishing.publish(edition.name, MONDAY, writing=handover_run.writing)
            except Killed:
                continue
    return countdown[0] <= 0


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("part", "step", "nth", "hours"), STEPS, ids=lambda value: str(value))
def test_a_run_that_dies_anywhere_is_finished_by_the_next_and_nothing_is_paid_twice(
    tmp_path: Path, server: FlakyLLM, part: str, step: str, nth: int, hours: float, before: bool
) -> None:
    server.handovers.pace = Pace(in_progress_s=hours * 3600)
    office = Office(tmp_path, server, papers=8, batch=2)

    assert die_and_go_on(office, part, step, nth, before=before)
    assert (len(office.printed()), office.fell_back(), office.handovers()) == (8, [], ())
    assert server.bill().papers_twice == ()
    assert len(server.bill().papers) == 8
    assert is_paid_exactly(office)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("action", ["lose", "hang_up"])
def test_a_run_that_dies_looking_for_a_lost_receipt_is_finished_by_the_next(
    tmp_path: Path, server: FlakyLLM, action: str, before: bool
) -> None:
    server.rules(Rule(action, on="submit", first_n=1))
    office = Office(tmp_path, server)

    assert die_and_go_on(office, "batch", "find", 1, before=before)
    assert (len(office.printed()), office.fell_back(), office.handovers()) == (20, [], ())
    assert server.bill().papers_twice == ()
    assert is_paid_exactly(office)


# --- decisions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "now", "expected"),
    [
        ((7, 0), (3, 0), Haste.LATER),
        ((7, 0), (6, 49), Haste.LATER),
        ((7, 0), (6, 50), Haste.SOON),
        ((7, 0), (6, 59), Haste.SOON),
        ((7, 0), (7, 0), Haste.NOW),
        ((7, 0), (23, 0), Haste.NOW),
    ],
)
def test_there_is_time_until_ten_minutes_before(at: tuple[int, int], now: tuple[int, int], expected: Haste) -> None:
    def moment(clock: tuple[int, int]) -> datetime:
        return datetime.combine(MONDAY, time(*clock), tzinfo=UTC)

    assert haste(moment(now), moment(at), is_final=False) is expected
    assert haste(moment(now), moment(at), is_final=True) is Haste.NOW


def test_ten_minutes_before_are_ten_minutes_when_the_clocks_change() -> None:
    paris = ZoneInfo("Europe/Paris")
    # On that night 02:00 is followed by 03:00.
    at = datetime(2026, 3, 29, 3, 5, tzinfo=paris)

    assert at - timedelta(minutes=10) != last_call(at)
    assert last_call(at) == datetime(2026, 3, 29, 0, 55, tzinfo=UTC)
    assert last_call(at).astimezone(paris).hour == 1
