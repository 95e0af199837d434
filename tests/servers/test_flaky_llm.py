"""The misbehaving model's server itself: what it does when told, and that its journal and its bill can be believed."""

from __future__ import annotations

import contextlib
import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from digest.core.models import Batch
from digest.core.summaries.prompts import FORMS, prompt_for
from tests.conftest import ROOT, paper
from tests.servers.flaky_llm import FlakyLLM, Limiter, Pace, Pause, Rule, Tariff, bill, count_tokens, read_journal
from tests.servers.flaky_llm.answers import CONTENT_FAULTS, ID_FAULTS, JSON_FAULTS, dumped, good_items
from tests.servers.flaky_llm.limits import spelled
from tests.servers.flaky_llm.obedience import injections_in, obey
from tests.servers.flaky_llm.poisons import INJECTIONS, abstract
from tests.servers.flaky_llm.reading import Block, read_blocks
from tests.servers.flaky_llm.replies import ACTIONS

SYSTEM = "Sum up."


def body(*numbers: int, nonce: str = "QWER", **more: Any) -> dict[str, Any]:
    prompt = prompt_for(Batch(papers=tuple(paper(n) for n in numbers)), system=SYSTEM, nonce=nonce)
    messages = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
    return {"model": "test-1", "messages": messages, **more}


def post(
    server: FlakyLLM, content: Any, path: str = "/v1/chat/completions"
) -> tuple[int, Any, http.client.HTTPMessage]:
    """Status, body (read as JSON where it is some) and headers."""
    host, _, port = server.control_url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    try:
        connection.request("POST", path, json.dumps(content), {"Content-Type": "application/json"})
        response = connection.getresponse()
        said = response.read()
        try:
            return response.status, json.loads(said), response.headers
        except ValueError:
            return response.status, said, response.headers
    finally:
        connection.close()


def items(said: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(said["choices"][0]["message"]["content"])["papers"]
    return found


# --- answers ----------------------------------------------------------------------------------------------------------


def test_a_good_answer_is_made_of_the_abstracts_own_sentences_and_counted() -> None:
    with FlakyLLM() as server:
        status, said, _ = post(server, body(1, 2))

    assert status == 200
    assert [item["id"] for item in items(said)] == ["1", "2"]
    assert all(item["tldr"] in paper(n).abstract for n, item in enumerate(items(said), 1))
    [entry] = server.journal
    assert (
        said["usage"]["prompt_tokens"]
        == entry["input_tokens"]
        == sum(count_tokens(message["content"]) for message in body(1, 2)["messages"])
    )
    assert entry["papers"] == len(entry["keys"]) == 2


def test_a_request_for_an_overview_gets_sentences_with_references() -> None:
    schema = {"type": "json_schema", "json_schema": {"name": "overview", "schema": FORMS["overview"]}}
    with FlakyLLM() as server:
        _, said, _ = post(server, body(1, 2, 3, response_format=schema))

    sentences = json.loads(said["choices"][0]["message"]["content"])["sentences"]
    assert [each["papers"] for each in sentences] == [["1"], ["2"], ["3"]]


def test_an_answer_that_exceeds_the_limit_is_cut_off() -> None:
    with FlakyLLM() as server:
        _, said, _ = post(server, body(1, 2, max_completion_tokens=20))

    assert said["choices"][0]["finish_reason"] == "length"
    assert said["usage"]["completion_tokens"] == server.journal[0]["output_tokens"] == 20


@pytest.mark.parametrize("what", JSON_FAULTS)
def test_each_fault_of_json_is_another_text_than_the_good_one(what: str) -> None:
    with FlakyLLM(Rule("json", what=what, first_n=1)) as server:
        texts = [post(server, body(*range(1, 5)))[1]["choices"][0]["message"]["content"] for _ in range(2)]

    assert texts[0] != texts[1]


@pytest.mark.parametrize("what", ID_FAULTS)
def test_each_fault_of_ids_leaves_the_rest_of_the_answer_as_it_is(what: str) -> None:
    with FlakyLLM(Rule("ids", what=what, first_n=1)) as server:
        wrong, good = (items(post(server, body(*range(1, 7)))[1]) for _ in range(2))

    assert wrong != good
    assert sum(item["tldr"] in {g["tldr"] for g in good} for item in wrong) >= 3


@pytest.mark.parametrize("what", CONTENT_FAULTS)
def test_each_fault_of_content_keeps_the_ids(what: str) -> None:
    blocks = [Block(str(n), paper(n).title, paper(n).abstract + " It gains 5 % in all of the cases.") for n in (1, 2)]
    user = f"#1 ABCD\n{blocks[0].title}\n{blocks[0].abstract}\n#2 ABCD\nB\n{blocks[1].abstract}\n#end ABCD"
    asked = {"model": "m", "messages": [{"role": "system", "content": ""}, {"role": "user", "content": user}]}
    with FlakyLLM(Rule("content", what=what, first_n=1)) as server:
        wrong, good = (items(post(server, asked)[1]) for _ in range(2))

    assert [item["id"] for item in wrong] == ["1", "2"]
    if what != "unit":  # the sentence with the figure is a point, not the tldr
        assert all(w != g for w, g in zip(wrong, good, strict=True))


def test_every_action_can_be_asked_for() -> None:
    variants = {"json": "fence", "ids": "missing", "content": "html", "finish": "null", "usage": "absent"}
    variants |= {"think": "in tags", "dialect": "stream only"}
    slow = {"stall", "late"}
    for action in ACTIONS.keys() - slow:
        with FlakyLLM(Rule(action, what=variants.get(action, ""))) as server:
            with contextlib.suppress(http.client.HTTPException, ConnectionError):
                post(server, body(1, 2))
            assert len(server.journal) == 1, action


# --- rules ------------------------------------------------------------------------------------------------------------


def test_chance_depends_on_the_request_and_not_on_the_order_in_which_they_come() -> None:
    bodies = [body(n) for n in range(1, 21)]

    def statuses(order: Sequence[int]) -> dict[int, int]:
        with FlakyLLM(Rule("status", probability=0.5), seed=3) as server:
            return {n: post(server, bodies[n])[0] for n in order}

    forwards, backwards = statuses(range(20)), statuses(range(19, -1, -1))

    assert forwards == backwards
    assert set(forwards.values()) == {200, 500}


def test_a_rule_ends_when_its_time_is_over_by_the_servers_clock() -> None:
    with FlakyLLM(Rule("status", status=503, until_ms=60_000)) as server:
        before = post(server, body(1))[0]
        server.advance(61)
        after = post(server, body(1))[0]

    assert (before, after) == (503, 200)


def test_the_control_port_takes_rules_and_time_and_tells_journal_and_bill() -> None:
    with FlakyLLM() as server:
        post(server, [{"action": "status", "match": "number 7 ", "status": 418}], "/rules")
        statuses = [post(server, body(n))[0] for n in (6, 7)]
        before = server.now()
        post(server, {"advance_s": 3600}, "/clock")
        refused = post(server, [{"action": "status", "colour": "red"}], "/rules")[0]

    assert statuses == [200, 418]
    assert server.now() - before >= timedelta(hours=1)
    assert refused == 400


def test_what_is_accepted_is_written_down_before_the_reply(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    with FlakyLLM(Rule("late", seconds=30), journal_path=path) as server:
        thread = threading.Thread(target=post, args=(server, body(1)), daemon=True)
        thread.start()
        deadline = time.monotonic() + 25
        while not read_journal(path) and time.monotonic() < deadline:
            time.sleep(0.01)
        answered = not thread.is_alive()

    assert not answered
    assert [entry["billed"] for entry in read_journal(path)] == [True]


# --- status and wire --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "header", "value"),
    [
        ("seconds", "Retry-After", "30"),
        ("ms", "retry-after-ms", "30000"),
        ("none", "Retry-After", None),
        ("negative", "Retry-After", "-5"),
        ("garbage", "Retry-After", "soon"),
    ],
)
def test_a_retry_after_is_written_as_told(what: str, header: str, value: str | None) -> None:
    with FlakyLLM(Rule("status", status=429, what=what, seconds=30)) as server:
        status, _, headers = post(server, body(1))

    assert (status, headers[header]) == (429, value)
    assert server.bill().cost_usd == 0


def test_a_retry_after_as_a_date_is_by_the_servers_clock() -> None:
    moment = datetime(2030, 1, 1, 12, 0, tzinfo=UTC)
    with FlakyLLM(Rule("status", status=503, what="date", seconds=90)) as server:
        server.set_clock(moment)
        _, _, headers = post(server, body(1))

    assert timedelta(seconds=88) < parsedate_to_datetime(headers["Retry-After"]) - moment < timedelta(seconds=120)


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        (Rule("hang_up"), http.client.RemoteDisconnected),
        (Rule("reset", what="before headers"), ConnectionResetError),
        (Rule("reset", what="after headers"), (ConnectionResetError, http.client.IncompleteRead)),
        (Rule("reset", at=30), (ConnectionResetError, http.client.IncompleteRead)),
        (Rule("wrong_length", at=500), http.client.IncompleteRead),
    ],
)
def test_a_connection_breaks_as_told_and_the_answer_is_charged(rule: Rule, kind: Any) -> None:
    with FlakyLLM(rule) as server, pytest.raises(kind):
        post(server, body(1))

    assert server.bill().requests == 1


def test_an_answer_that_never_comes_ends_with_the_server() -> None:
    with FlakyLLM(Rule("stall", at=10)) as server:
        host, _, port = server.control_url.removeprefix("http://").partition(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=0.2)
        connection.request("POST", "/v1/chat/completions", json.dumps(body(1)))
        with pytest.raises(TimeoutError):
            connection.getresponse().read()
        connection.close()


def test_an_answer_takes_a_while_for_each_of_its_tokens() -> None:
    pause = Pause(first_s=0.05, per_token_s=0.002)
    with FlakyLLM(pause=pause) as server:
        began = time.monotonic()
        post(server, body(1, 2, 3))
        took = time.monotonic() - began

    assert took >= 0.05 + 0.002 * server.journal[0]["output_tokens"]


# --- money ------------------------------------------------------------------------------------------------------------


def test_the_bill_is_exact_and_names_what_came_twice() -> None:
    tariff = Tariff(input=Decimal(1), cached_input=Decimal("0.1"), output=Decimal(10), handover=Decimal("0.5"))
    with FlakyLLM(Rule("status", contains="number 9 "), tariff=tariff) as server:
        for asked in (body(1, 2), body(2, 3), body(1, 2, nonce="ZZZZ"), body(9)):
            post(server, asked)
        charged = server.bill()

    entries = [entry for entry in server.journal if entry["billed"]]
    fresh = sum(e["input_tokens"] - e["cached_tokens"] for e in entries)
    cached, out = (sum(e[key] for e in entries) for key in ("cached_tokens", "output_tokens"))
    assert charged.cost_usd == (fresh + cached * Decimal("0.1") + out * 10) / 1_000_000
    assert sorted(charged.papers.values()) == [1, 2, 3]
    assert len(charged.papers_twice) == 2
    assert list(charged.identical.values()) == [2], "a nonce does not make two requests different"
    assert bill(server.journal, Tariff(input=Decimal(0), cached_input=Decimal(0), output=Decimal(0))).cost_usd == 0


@pytest.mark.parametrize(
    ("what", "factor"), [("absent", None), ("zero", 0), ("larger", 3), ("smaller", 0.1), ("garbage", "many")]
)
def test_usage_can_be_wrong_and_the_journal_still_right(what: str, factor: object) -> None:
    with FlakyLLM(Rule("usage", what=what, first_n=1)) as server:
        wrong, good = (post(server, body(1))[1] for _ in range(2))

    true = good["usage"]["prompt_tokens"]
    said = wrong.get("usage", {}).get("prompt_tokens")
    assert said == (int(true * factor) if isinstance(factor, int | float) else factor)
    assert [n for (n,) in server.of("input_tokens")] == [true, true]


def test_more_requests_than_a_minute_allows_are_refused_and_refusals_count() -> None:
    limiter = Limiter(requests_per_minute=3, tokens_per_minute=1_000_000)
    with FlakyLLM(Rule("status", status=500, first_n=2), limiter=limiter) as server:
        statuses = [post(server, body(1))[0] for _ in range(5)]
        server.advance(21)
        later, _, headers = post(server, body(1))

    assert statuses == [500, 500, 200, 429, 429]
    assert later == 200
    assert headers["x-ratelimit-limit-requests"] == "3"
    assert headers["x-ratelimit-remaining-requests"] == "0"
    assert headers["x-ratelimit-reset-requests"].endswith("s")


def test_tokens_are_reckoned_with_the_room_for_the_answer() -> None:
    limiter = Limiter(requests_per_minute=1000, tokens_per_minute=10_000)
    with FlakyLLM(limiter=limiter) as server:
        first, second = (post(server, body(1, max_completion_tokens=6_000)) for _ in range(2))

    assert (first[0], second[0]) == (200, 429)
    assert 10 <= int(second[2]["Retry-After"]) <= 13
    assert server.bill().requests == 1


@pytest.mark.parametrize(("seconds", "text"), [(0.12, "120ms"), (1.5, "1.5s"), (59, "59s"), (360, "6m0s")])
def test_durations_are_spelled_as_openai_does(seconds: float, text: str) -> None:
    assert spelled(seconds) == text


# --- handovers --------------------------------------------------------------------------------------------------------

PACE = Pace(validating_s=10, in_progress_s=100, finalizing_s=10, cancelling_s=10)


@pytest.fixture
def sdk() -> Any:
    """Makes the real SDK for a server, and closes its connections."""
    import openai

    made: list[openai.OpenAI] = []

    def make(server: FlakyLLM) -> openai.OpenAI:
        made.append(openai.OpenAI(api_key="x", base_url=server.base_url, max_retries=0))
        return made[-1]

    yield make
    for each in made:
        each.close()


def submitted(client: Any, numbers: Sequence[int] = range(1, 5), name: str = "n") -> str:
    lines = [{"custom_id": f"p{n}", "method": "POST", "url": "/v1/chat/completions", "body": body(n)} for n in numbers]
    content = "\n".join(map(json.dumps, lines)).encode()
    file = client.files.create(file=("prompts.jsonl", content), purpose="batch")
    made = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h", metadata={"name": name}
    )
    return str(made.id)


def lines_of(client: Any, file: str | None) -> dict[str, Any]:
    text = client.files.content(file).text if file else ""
    return {line["custom_id"]: line for line in map(json.loads, text.splitlines())}


def test_a_handover_goes_through_its_states_by_the_servers_clock(sdk: Any) -> None:
    with FlakyLLM(pace=PACE) as server:
        client = sdk(server)
        handover = submitted(client)
        states = []
        for pause in (0, 11, 100, 10):
            server.advance(pause)
            states.append(client.batches.retrieve(handover).status)
        done = client.batches.retrieve(handover)

        assert states == ["validating", "in_progress", "finalizing", "completed"]
        assert (done.request_counts.completed, done.request_counts.failed) == (4, 0)
        assert sorted(lines_of(client, done.output_file_id)) == ["p1", "p2", "p3", "p4"]
        assert {mode for (mode,) in server.of("mode")} == {"handover"}
        assert [e["endpoint"] for e in server.calls][:2] == ["upload", "submit"]


def test_a_line_of_a_handover_can_fail_and_costs_half_if_it_does_not(sdk: Any) -> None:
    with FlakyLLM(Rule("status", status=400, contains="number 3 ", on="handover"), pace=PACE) as server:
        client = sdk(server)
        handover = submitted(client)
        server.advance(130)
        done = client.batches.retrieve(handover)
        good, bad = lines_of(client, done.output_file_id), lines_of(client, done.error_file_id)
        for n in (1, 2, 4):
            post(server, body(n))

        assert (sorted(good), sorted(bad)) == (["p1", "p2", "p4"], ["p3"])
        assert bad["p3"]["response"]["status_code"] == 400
        in_handover, direct = (
            bill([e for e in server.journal if e["mode"] == m]).cost_usd for m in ("handover", "direct")
        )
        assert 2 * in_handover == direct > 0


def test_what_was_answered_before_a_handover_is_cancelled_can_be_had(sdk: Any) -> None:
    with FlakyLLM(pace=PACE) as server:
        client = sdk(server)
        handover = submitted(client)
        server.advance(10 + 55)
        assert client.batches.cancel(handover).status == "cancelling"
        server.advance(11)
        done = client.batches.retrieve(handover)

        assert done.status == "cancelled"
        assert len(lines_of(client, done.output_file_id)) == 2 == server.bill().requests
        assert {line["error"]["code"] for line in lines_of(client, done.error_file_id).values()} == {"batch_cancelled"}
        with pytest.raises(Exception, match="cannot cancel"):
            client.batches.cancel(handover)


def test_a_slow_handover_expires_with_what_it_has(sdk: Any) -> None:
    with FlakyLLM(Rule("slow", on="submit", share=0.5), pace=PACE) as server:
        client = sdk(server)
        handover = submitted(client)
        server.advance(23 * 3600)
        before = client.batches.retrieve(handover).status
        server.advance(3600)
        done = client.batches.retrieve(handover)

        assert (before, done.status) == ("in_progress", "expired")
        assert len(lines_of(client, done.output_file_id)) == 2


def test_a_handover_can_fail_as_a_whole_and_costs_nothing(sdk: Any) -> None:
    with FlakyLLM(Rule("fail", on="submit", first_n=1), pace=PACE) as server:
        client = sdk(server)
        told, doubled = submitted(client), submitted(client, [1, 1])
        server.advance(11)

        assert [client.batches.retrieve(handover).status for handover in (told, doubled)] == ["failed", "failed"]
        assert "twice" in client.batches.retrieve(doubled).errors.data[0].message
        assert server.bill().requests == 0


def test_a_handover_whose_reply_was_lost_is_found_by_its_metadata(sdk: Any) -> None:
    import openai

    with FlakyLLM(Rule("lose", on="submit", first_n=1), Rule("hang_up", on="submit", first_n=1)) as server:
        client = sdk(server)
        for name in ("lost", "never taken"):
            with pytest.raises(openai.APIConnectionError):
                submitted(client, name=name)
        submitted(client, name="there")

        assert [handover.metadata["name"] for handover in client.batches.list(limit=1)] == ["there", "lost"]


@pytest.mark.parametrize(("action", "ids"), [("missing", 3), ("doubled", 4), ("unknown", 5), ("damaged", None)])
def test_the_output_of_a_handover_can_be_wrong(action: str, ids: int | None, sdk: Any) -> None:
    with FlakyLLM(Rule(action, on="content"), pace=PACE) as server:
        client = sdk(server)
        handover = submitted(client)
        server.advance(130)
        file = client.batches.retrieve(handover).output_file_id
        if ids is None:
            with pytest.raises(ValueError, match="Unterminated|Expecting|delimiter"):
                lines_of(client, file)
        else:
            assert len(lines_of(client, file)) == ids


# --- obedience --------------------------------------------------------------------------------------------------------


def orchard(name: str) -> list[Block]:
    honest = [
        Block(
            str(n), f"Rivers {n}", f"We measure rivers of kind {n} for {n + 30} years. They flow {n + 7} times a day."
        )
        for n in range(1, 7)
    ]
    return [*honest[:3], Block("7", "On orchards", abstract(name)), *honest[3:]]


@pytest.mark.parametrize("name", INJECTIONS)
def test_an_obedient_model_does_what_each_poisoned_abstract_says(name: str) -> None:
    blocks = orchard(name)

    said = obey(blocks, system="The system prompt.", user="#1 ABCD\nRivers")

    assert said != dumped(good_items(blocks))


def test_there_are_fifty_of_them_and_most_reach_for_the_others() -> None:
    reaching = 0
    for name in INJECTIONS:
        blocks = orchard(name)
        good = {item["id"]: item for item in good_items(blocks)}
        try:
            said = {item["id"]: item for item in json.loads(obey(blocks, system="S.", user="#1 A"))["papers"]}
        except ValueError:
            said = {}
        reaching += any(said.get(i) != item for i, item in good.items() if i != "7")

    assert len(INJECTIONS) >= 50
    assert reaching >= 40


def test_hardly_an_honest_abstract_is_taken_for_an_injection(real_data: Path) -> None:
    day = json.loads((real_data / "huggingface-daily/2026-06-04.json").read_text(encoding="utf-8"))
    texts = [each["paper"]["summary"] for each in day]

    assert sum(bool(injections_in(text)) for text in texts) <= len(texts) // 20


def test_papers_are_read_as_they_were_written() -> None:
    prompt = prompt_for(Batch(papers=(paper(1), paper(2))), system="", nonce="ABCD", refused="numbers: 7")

    blocks = read_blocks(prompt.user)

    assert [(b.id, b.title, b.abstract) for b in blocks] == [
        (str(n), paper(n).title, paper(n).abstract) for n in (1, 2)
    ]


# --- by hand ----------------------------------------------------------------------------------------------------------


def test_it_can_be_run_by_hand(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.servers.flaky_llm", "--port", "0", "--rule", '{"action": "html"}']
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            host, _, port = url.removeprefix("http://").removesuffix("/v1").partition(":")
            connection = http.client.HTTPConnection(host, int(port), timeout=5)
            connection.request("POST", "/v1/chat/completions", json.dumps(body(1)))
            said = connection.getresponse().read()
            connection.close()
        finally:
            process.terminate()

    assert b"Sign in" in said
