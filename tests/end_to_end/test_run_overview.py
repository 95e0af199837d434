"""An overview is asked for once, within its time and budget; and a whole run prints it, or the composed one."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from digest.core.errors import LLMError, LLMUnavailable
from digest.core.issues.issue import with_overview
from digest.core.models import Completion, Entry, Overview, Prompt
from digest.core.summaries.ledger import Ceilings
from digest.core.summaries.summarizer import Sums
from digest.llm.prices import Price
from digest.publish.links import Links
from digest.publish.slugs import slug
from digest.publish.views import issue_view
from digest.store import SqlStore
from digest.summarizers.budget import Budget
from digest.summarizers.overview import write_overview
from tests.conftest import NOON
from tests.core.test_overview import DAY, GOOD, answer, on
from tests.fakes.llm import FakeLLM
from tests.fakes.store import FakeDyingStore
from tests.servers.flaky_llm import FlakyLLM, Rule
from tests.support.desk import CONFIG, Desk
from tests.support.issues import issue

MONDAY = date(2026, 6, 1)

# --- asking -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    with SqlStore.open(f"sqlite:///{tmp_path / 'digest.db'}") as opened:
        yield opened


def write(
    llm: FakeLLM, store: SqlStore, entries: Sequence[Entry] = DAY, *, limit_s: float = 60.0, budget_usd: float = 1.0
) -> tuple[Overview | None, Sums]:
    budget = Budget(
        store=lambda: store,
        clock=lambda: NOON,
        llm=llm,
        price=Price(input=1.0, cached_input=0.1, output=10.0),
        ceilings=lambda: Ceilings(run_usd=budget_usd),
        run="2026-06-03",
        edition="daily",
        prompt="abc",
        purpose="overview",
    )
    return write_overview(
        entries,
        llm=llm,
        system="Sum up.",
        language="en",
        store=store,
        budget=budget,
        make_nonce=lambda: "ABCD",
        time_limit_s=limit_s,
        now=llm.clock.now,
        sleep=llm.clock.sleep,
    )


def test_an_overview_is_asked_for_once_and_then_kept(store: SqlStore) -> None:
    llm = FakeLLM(answer(*GOOD, input_tokens=300, output_tokens=80))

    first, sums = write(llm, store)
    again, more = write(llm, store)

    assert first is not None
    assert (again, first.model, len(llm.prompts)) == (first, "fake-1", 1)
    assert (sums.usage.requests, more.usage.requests) == (1, 0)
    assert sums.usage.cost_usd == pytest.approx((300 * 1 + 80 * 10) / 1e6)
    assert sums.warnings == more.warnings == ()


def test_what_could_not_be_used_is_booked_and_said(store: SqlStore) -> None:
    llm = FakeLLM(answer(("A method finds robots in 61 of 100 cases.", "5"), input_tokens=300, output_tokens=80))

    overview, sums = write(llm, store)

    assert overview is None
    assert sums.usage.cost_usd > 0
    [warning] = sums.warnings
    assert warning.startswith("the overview says what stands out, without a model: ")
    assert "61" in warning


@pytest.mark.parametrize(("sees", "told"), [(None, len(DAY)), (len(DAY), len(DAY)), (3, 3), (1, 3)])
def test_no_more_entries_are_told_of_than_the_model_sees_at_once(store: SqlStore, sees: int | None, told: int) -> None:
    llm = FakeLLM(answer(*GOOD))
    llm.sees = sees

    write(llm, store)

    assert len(llm.prompts[0].batch.papers) == told


@pytest.mark.parametrize("retry_after_s", [None, 5.0])
def test_a_bad_moment_of_the_server_is_waited_for(store: SqlStore, retry_after_s: float | None) -> None:
    llm = FakeLLM(LLMError("busy", again=True, retry_after_s=retry_after_s), answer(*GOOD))

    overview, sums = write(llm, store)

    assert overview is not None
    assert (llm.clock.slept, sums.usage.requests) == ([retry_after_s or 1.0], 2)


@pytest.mark.parametrize(
    ("errors", "asked"),
    [
        ([LLMError("busy", again=True)] * 9, 6),
        ([LLMError("no answer", again=True, may_be_billed=True)] * 9, 2),
        ([LLMError("busy", again=True, retry_after_s=3600.0)], 1),
        ([LLMError("too long")], 1),
        ([LLMUnavailable("no key")], 1),
    ],
    ids=["busy to the end", "in doubt twice", "busy for an hour", "not to be cured", "down"],
)
def test_a_failure_is_not_waited_for_any_longer(store: SqlStore, errors: list[LLMError], asked: int) -> None:
    llm = FakeLLM(*errors)

    overview, sums = write(llm, store)

    assert overview is None
    assert (len(llm.prompts), sums.usage.requests) == (asked, asked)
    assert str(errors[0]) in sums.warnings[0]
    assert llm.clock.now() < 60


def test_a_server_that_asks_for_patience_is_not_asked(store: SqlStore) -> None:
    llm = FakeLLM()
    llm.delays = [61.0] * 9

    overview, sums = write(llm, store)

    assert (overview, llm.prompts, llm.clock.slept, sums.usage.requests) == (None, [], [], 0)


def test_a_server_that_never_answers_is_left_alone_and_counts_as_paid(store: SqlStore) -> None:
    may_answer = threading.Event()

    def hang(_: Prompt) -> Completion:
        may_answer.wait(timeout=10)
        return answer(*GOOD)

    overview, sums = write(FakeLLM(hang), store, limit_s=0.05)
    may_answer.set()

    assert overview is None
    assert sums.usage.in_doubt_usd > 0
    assert "no answer within" in sums.warnings[0]


def test_no_money_is_spent_that_is_not_there(store: SqlStore) -> None:
    llm = FakeLLM()

    overview, sums = write(llm, store, budget_usd=0.0001)

    assert (overview, llm.prompts) == (None, [])
    assert sums.warnings == (
        "the overview says what stands out, without a model: the budget for the model does not reach that far",
    )


def test_two_papers_need_no_overview(store: SqlStore) -> None:
    assert write(FakeLLM(), store, DAY[:2])[1].warnings == ()


# --- a whole run ------------------------------------------------------------------------------------------------------

OVERVIEW = "overview"
"""What only the request for an overview has in it."""


def desk_with(folder: Path, server: FlakyLLM, more: str = "", edition: str = "") -> Desk:
    llm = f'\n[llm]\nclient = "openai"\nmodel = "gpt-5-mini"\nbase_url = "{server.base_url}"\ntimeout_s = 10\n{more}\n'
    desk = Desk(folder, CONFIG + edition + llm)
    desk.feed(MONDAY, [e.paper for e in DAY])
    return desk


def page(desk: Desk, edition: str = "daily") -> str:
    return (desk.site / edition / str(MONDAY) / "index.html").read_text(encoding="utf-8")


def test_a_run_prints_the_models_overview_with_its_references(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server)
        [report] = desk.run(MONDAY)

    stored, printed = desk.issue_json(MONDAY), desk.printed(MONDAY)
    sentences = stored["overview_by"]["sentences"]
    assert (report.status, report.warnings, report.usage.requests) == ("done", (), 2)
    assert stored["overview"] == " ".join(sentence["text"] for sentence in sentences)
    assert [sentence["papers"] for sentence in sentences] == [[], *([i] for i in printed[:4])]
    [head] = re.findall(r'<p class="overview">.*?</p>', page(desk))
    assert re.findall(r'href="#([^"]+)"', head) == [slug(i) for i in printed[:4]]
    shown = re.findall(r'<article class="entry[^"]*" id="([^"]+)"', page(desk))
    assert sorted(shown) == sorted(map(slug, printed))


def test_two_editions_of_the_same_papers_ask_once(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server, edition='\n[[edition]]\nname = "second"\n')
        daily, second = desk.run(MONDAY)
        desk.run(MONDAY)

        assert (daily.usage.requests, second.usage.requests, len(server.journal)) == (2, 0, 2)
    assert desk.issue_json(MONDAY)["overview_by"] == desk.issue_json(MONDAY, "second")["overview_by"] is not None


@pytest.mark.parametrize(
    "rule",
    [
        Rule("status", asks=OVERVIEW, status=500),
        Rule("html", asks=OVERVIEW),
        Rule("broken_json", asks=OVERVIEW),
        Rule("refuse", asks=OVERVIEW),
        Rule("hang_up", asks=OVERVIEW),
        Rule("prose", asks=OVERVIEW, body=answer(("Visit https://evil.example for cheap watches.", "1")).text),
    ],
    ids=["500", "a web page", "broken JSON", "a refusal", "a broken connection", "a poisoned one"],
)
def test_an_issue_whose_overview_fails_has_the_composed_one_and_says_so(tmp_path: Path, rule: Rule) -> None:
    with FlakyLLM(rule) as server:
        desk = desk_with(tmp_path, server)
        [report] = desk.run(MONDAY)

    stored = desk.issue_json(MONDAY)
    assert stored["overview"].startswith("First today is ")
    assert stored["overview_by"] is None
    assert len(desk.printed(MONDAY)) == 6
    assert report.usage.fell_back == 0
    assert ["the overview says what stands out, without a model" in w for w in report.warnings] == [True]
    assert "evil.example" not in page(desk) + desk.outbox[0].read_text()


def test_a_recording_gives_the_same_overview_offline(tmp_path: Path) -> None:
    recorded, replayed = tmp_path / "recorded", tmp_path / "replayed"
    recorded.mkdir()
    replayed.mkdir()
    with FlakyLLM() as server:
        desk = desk_with(recorded, server, 'recording = "answers.jsonl"\n')
        desk.run(MONDAY)
    (replayed / "answers.jsonl").write_bytes((recorded / "answers.jsonl").read_bytes())
    offline = Desk(replayed, CONFIG + '\n[llm]\nclient = "replay"\nmodel = "gpt-5-mini"\nrecording = "answers.jsonl"\n')
    offline.feed(MONDAY, [e.paper for e in DAY])

    [report] = offline.run(MONDAY)

    assert report.warnings == ()
    assert offline.issue_json(MONDAY)["overview_by"]["sentences"] == desk.issue_json(MONDAY)["overview_by"]["sentences"]


def test_a_run_that_died_after_the_overview_does_not_pay_for_it_again(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        desk = desk_with(tmp_path, server)
        with desk.app() as app:
            app.reader.fetch_all(["daily"], MONDAY)
            unsaved = replace(app.publishing, store=FakeDyingStore(app.store, at="save_issue"))
            with pytest.raises(KeyboardInterrupt):
                unsaved.publish("daily", MONDAY)
        asked = server.of("papers")
        [report] = desk.run(MONDAY)

        assert (asked, server.of("papers")) == ([(6,), (6,)], asked)
    assert report.issue is not None
    assert report.issue.told is not None


def test_a_config_that_wants_no_overview_asks_for_none(tmp_path: Path) -> None:
    with FlakyLLM() as server:
        [report] = desk_with(tmp_path, server, "overview = false\n").run(MONDAY)

    assert (report.usage.requests, report.warnings) == (1, ())
    assert report.issue is not None
    assert report.issue.told is None


def test_an_edition_in_german_has_a_german_overview_that_says_it_is(tmp_path: Path) -> None:
    german = (
        ("Flüsse und Proteine werden in vielen sorgfältigen Schritten vermessen.", "1", "2"),
        ("Eine Methode findet Galaxien in 12 von 100 Fällen.", "3"),
    )
    edition = '\n[[edition]]\nname = "deutsch"\nlanguage = "de"\n'
    with FlakyLLM(Rule("prose", asks=OVERVIEW, body=answer(*german).text)) as server:
        desk = desk_with(tmp_path, server, edition=edition)
        entries = tuple(on(n, language="de") for n in range(6))
        with desk.app() as app:
            told, _ = app.summarizer.begin("run").overview(entries, language="de", edition="deutsch")
        [request] = server.journal

    assert told is not None
    assert [s.text for s in told.sentences] == [text for text, *_ in german]
    assert 'with the code "de"' in request["body"]["messages"][0]["content"]
    built = with_overview(issue(entries, language="de"), told)
    assert issue_view(built, links=Links(root=None)).overview_language == "de"
