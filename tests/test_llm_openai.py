"""The client for OpenAI-compatible servers, with the real SDK against a server on loopback."""

from __future__ import annotations

import json
import logging
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from digest.core.errors import LLMError, LLMUnavailable
from digest.core.models import Batch, Paper, PaperId, Prompt, Summary
from digest.core.summarize import Outcome, prompt_for, summarize
from digest.llm import openai as module
from digest.llm.openai import OpenAILLM
from tests.conftest import ROOT, paper
from tests.servers.flaky_llm import FlakyLLM, Rule

KEY = "sk-a-very-secret-key"


@pytest.fixture
def clients() -> Iterator[list[OpenAILLM]]:
    opened: list[OpenAILLM] = []
    yield opened
    for client in opened:
        client.close()


@pytest.fixture
def client_of(clients: list[OpenAILLM]) -> Any:
    def make(server: FlakyLLM | str, **changes: Any) -> OpenAILLM:
        url = server if isinstance(server, str) else server.base_url
        clients.append(OpenAILLM("test-1", **{"api_key": KEY, "base_url": url, "timeout_s": 20.0, **changes}))
        return clients[-1]

    return make


def prompt(*numbers: int) -> Prompt:
    batch = Batch(papers=tuple(paper(n) for n in numbers or (1, 2)))
    return prompt_for(batch, system="Sum up, as JSON.", nonce="abcd")


def formats(server: FlakyLLM) -> list[str | None]:
    return [entry["body"].get("response_format", {}).get("type") for entry in server.journal]


# --- a server that behaves --------------------------------------------------------------------------------------------


def test_an_answer_comes_with_what_it_cost(client_of: Any) -> None:
    with FlakyLLM() as server:
        answer = client_of(server).complete(prompt())

    ((status, input_tokens, output_tokens),) = server.of("status", "input_tokens", "output_tokens")
    assert status == 200
    assert [item["id"] for item in json.loads(answer.text)["papers"]] == ["1", "2"]
    assert (answer.model, answer.finish_reason) == ("test-1", "stop")
    assert (answer.input_tokens, answer.output_tokens) == (input_tokens, output_tokens)
    assert 0 < answer.cached_tokens < answer.input_tokens


def test_the_request_holds_what_is_needed_and_no_more(client_of: Any) -> None:
    with FlakyLLM() as server:
        client_of(server).complete(prompt())

    (entry,) = server.journal
    assert set(entry["body"]) == {"model", "messages", "response_format", "max_completion_tokens"}
    assert entry["body"]["messages"][0] == {"role": "system", "content": "Sum up, as JSON."}
    assert entry["body"]["response_format"]["json_schema"]["strict"] is True
    assert entry["headers"]["authorization"] == f"Bearer {KEY}"


def test_a_model_that_thinks_first_is_asked_to_think_little() -> None:
    assert OpenAILLM("gpt-5-mini", api_key=KEY)._dialect.effort == "low"
    assert OpenAILLM("gpt-4.1-mini", api_key=KEY)._dialect.effort is None
    assert OpenAILLM("gpt-5-mini", api_key=KEY, base_url="http://127.0.0.1/v1")._dialect.effort is None


def test_a_model_that_does_not_know_of_effort_is_asked_without() -> None:
    asked: list[dict[str, Any]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(json.loads(request.content))
        if "reasoning_effort" in asked[-1]:
            return httpx2.Response(400, json={"error": {"message": "Unrecognized argument: reasoning_effort"}})
        return httpx2.Response(
            200,
            json={"choices": [{"message": {"content": "{}"}}], "usage": {"prompt_tokens": 1, "completion_tokens": 1}},
        )

    llm = OpenAILLM("gpt-5-mini", api_key=KEY, http_client=httpx2.Client(transport=httpx2.MockTransport(answer)))
    llm.complete(prompt())
    llm.close()

    assert [body.get("reasoning_effort") for body in asked] == ["low", None]
    assert all("response_format" in body for body in asked)


def test_making_a_client_does_not_import_the_sdk() -> None:
    code = (
        "import sys; from digest.llm.openai import OpenAILLM; OpenAILLM('gpt-5-mini', api_key='x');"
        "print([m for m in ('openai', 'httpx2', 'tiktoken') if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)

    assert done.stdout.strip() == "[]"


# --- servers that know less -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "then"),
    [
        (
            Rule("status", asks="json_schema", status=500, body='{"error": {"message": "Internal Server Error"}}'),
            "json_object",
        ),
        (
            Rule("status", asks="json_schema", status=400, body='{"error": "unsupported response_format"}'),
            "json_object",
        ),
        (Rule("status", asks="response_format", status=422, body="Unprocessable"), None),
    ],
)
def test_a_server_without_schemas_is_asked_without_and_that_is_remembered(
    rule: Rule, then: str | None, client_of: Any
) -> None:
    with FlakyLLM(rule) as server:
        llm = client_of(server)
        first, second = llm.complete(prompt()), llm.complete(prompt())

    assert first.text == second.text != ""
    assert formats(server)[-2:] == [then, then]
    assert len(server.journal) <= 6


def test_a_server_that_knows_only_max_tokens_gets_max_tokens(client_of: Any) -> None:
    said = '{"error": {"message": "Unrecognized request argument supplied: max_completion_tokens"}}'
    with FlakyLLM(Rule("status", asks="max_completion_tokens", status=400, body=said)) as server:
        llm = client_of(server)
        llm.complete(prompt())
        llm.complete(prompt())

    assert ["max_tokens" in entry["body"] for entry in server.journal] == [False, True, True]
    assert formats(server) == ["json_schema"] * 3


def test_a_server_that_passes_the_limit_over_is_told_by_its_older_name(client_of: Any) -> None:
    with FlakyLLM(Rule("cut_json", first_n=1)) as server:
        llm = client_of(server)
        assert llm.complete(prompt()).finish_reason == "length"
        llm.complete(prompt())

    assert "max_tokens" in server.journal[1]["body"]


def test_a_refusal_after_the_first_success_is_not_put_down_to_the_schema(client_of: Any) -> None:
    with FlakyLLM(Rule("well", first_n=1), Rule("status", status=400, body='{"error": "too long"}')) as server:
        llm = client_of(server)
        llm.complete(prompt())
        with pytest.raises(LLMError, match="too long"):
            llm.complete(prompt())

    assert formats(server) == ["json_schema", "json_schema"]


def test_a_server_that_fails_at_everything_is_not_tried_in_every_form_for_ever(client_of: Any) -> None:
    with FlakyLLM(Rule("status", status=500)) as server:
        llm = client_of(server, concurrency=1)
        for _ in range(6):
            with pytest.raises(LLMError, match="500"):
                llm.complete(prompt())

    assert len(server.journal) <= 6 * 3 + 3 * 2


# --- answers that are none --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "kind", "says"),
    [
        (
            Rule("status", status=401, body=f'{{"error": {{"message": "bad key {KEY}"}}}}'),
            LLMUnavailable,
            "api_key_env",
        ),
        (Rule("status", status=402), LLMUnavailable, "quota"),
        (Rule("status", status=403), LLMUnavailable, "test-1"),
        (Rule("status", status=404), LLMUnavailable, r"\[llm\] model"),
        (Rule("status", status=429, body='{"error": {"code": "insufficient_quota"}}'), LLMUnavailable, "quota"),
        (Rule("status", status=429), LLMError, "concurrency"),
        (Rule("status", status=400, body='{"error": {"code": "context_length_exceeded"}}'), LLMError, "context_length"),
        (Rule("status", status=413), LLMError, "413"),
        (Rule("status", status=502, body="<html>Bad gateway</html>"), LLMError, "502"),
        (Rule("html"), LLMError, "a web page .*base_url"),
        (Rule("body", body="OK"), LLMError, "not JSON"),
        (Rule("body", body="[" * 100_000), LLMError, "not JSON"),
        (Rule("body", body='{"error": {"message": "upstream is down"}}'), LLMError, "upstream is down"),
        (Rule("body", body='{"choices": []}'), LLMError, "no answer"),
        (Rule("body", body='{"choices": null}'), LLMError, "no answer"),
        (Rule("body", body="[1]"), LLMError, "no answer"),
        (Rule("body", body="null"), LLMError, "no answer"),
    ],
)
def test_what_is_wrong_is_said_and_whether_to_go_on(
    rule: Rule, kind: type[LLMError], says: str, client_of: Any
) -> None:
    with FlakyLLM(rule) as server, pytest.raises(LLMError, match=says) as caught:
        client_of(server).complete(prompt())

    assert type(caught.value) is kind
    assert KEY not in str(caught.value)
    assert str(caught.value).count("\n") == 0


def test_without_quota_nothing_is_tried_again(client_of: Any) -> None:
    quota = Rule("status", status=429, body='{"error": {"code": "insufficient_quota", "message": "You exceeded"}}')
    with FlakyLLM(quota) as server, pytest.raises(LLMUnavailable):
        client_of(server).complete(prompt())

    assert len(server.journal) == 1


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_passing_fault_is_waited_out(status: int, client_of: Any) -> None:
    with FlakyLLM(Rule("status", status=status, first_n=2)) as server:
        assert client_of(server).complete(prompt()).text

    assert [status for (status,) in server.of("status")] == [status, status, 200]


@pytest.mark.parametrize(
    ("body", "text", "finish_reason"),
    [
        ({"message": {"content": None, "refusal": "No."}, "finish_reason": "stop"}, "", "refusal"),
        ({"message": {"content": None}, "finish_reason": "content_filter"}, "", "content_filter"),
        ({"message": {"content": [{"type": "text", "text": "a"}, {"text": "b"}, 7]}}, "ab", "stop"),
        ({"message": {"content": "cut"}, "finish_reason": "length"}, "cut", "length"),
        ({"message": None, "finish_reason": None}, "", "stop"),
    ],
)
def test_odd_answers_are_answers_all_the_same(
    body: dict[str, Any], text: str, finish_reason: str, client_of: Any
) -> None:
    with FlakyLLM(Rule("body", body=json.dumps({"choices": [body]}))) as server:
        answer = client_of(server).complete(prompt())

    assert (answer.text, answer.finish_reason, answer.model) == (text, finish_reason, None)


@pytest.mark.parametrize(
    "usage", [None, {}, {"prompt_tokens": -1, "completion_tokens": "9"}, {"prompt_tokens": True}, 7]
)
def test_a_server_that_does_not_count_is_counted_after(usage: object, client_of: Any) -> None:
    body = {"choices": [{"message": {"content": "Nine words or so are what is said here."}}], "usage": usage}
    with FlakyLLM(Rule("body", body=json.dumps(body))) as server:
        answer = client_of(server).complete(prompt())

    assert answer.input_tokens > 30
    assert answer.output_tokens > 5
    assert answer.cached_tokens == 0


def test_no_server_at_all_is_unavailable(client_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RETRIES", 0)  # the SDK would wait between its tries
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/v1"

        with pytest.raises(LLMUnavailable, match="cannot be reached"):
            client_of(url).complete(prompt())


def test_a_connection_that_breaks_is_one_request_that_failed(client_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RETRIES", 0)
    with FlakyLLM(Rule("hang_up")) as server, pytest.raises(LLMError, match="broke") as caught:
        client_of(server).complete(prompt())

    assert type(caught.value) is LLMError


def test_an_answer_that_takes_too_long_is_one_request_that_failed(
    client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_RETRIES", 0)
    with FlakyLLM(Rule("late", share=0.5)) as server, pytest.raises(LLMError, match=r"within 0\.1 s") as caught:
        client_of(server, timeout_s=0.1).complete(prompt())

    assert type(caught.value) is LLMError


# --- the key ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["", "sk with blanks", "sk-\nX-Evil: 1", "sk-“quoted”"])
def test_a_key_that_no_header_can_hold_is_refused_without_being_shown(key: str, client_of: Any) -> None:
    with FlakyLLM() as server, pytest.raises(LLMUnavailable, match="api_key_env") as caught:
        client_of(server, api_key=key).complete(prompt())

    assert not key or key not in str(caught.value)
    assert server.journal == []


def test_a_line_end_behind_the_key_is_no_part_of_it(client_of: Any) -> None:
    with FlakyLLM() as server:
        client_of(server, api_key=f"{KEY}\n").complete(prompt())

    assert server.journal[0]["headers"]["authorization"] == f"Bearer {KEY}"


def test_the_key_is_shown_nowhere(client_of: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with FlakyLLM(Rule("status", status=400, body=f'{{"error": "x {KEY} y"}}')) as server:
        llm = client_of(server)
        with pytest.raises(LLMError) as caught:
            llm.complete(prompt())

    assert KEY not in f"{llm!r} {caught.value} {caplog.text}"


# --- a day of thirty papers -------------------------------------------------------------------------------------------


def thirty(real_data: Path) -> list[Paper]:
    day = json.loads((real_data / "huggingface-daily/2026-06-04.json").read_text(encoding="utf-8"))
    return [
        Paper(
            id=PaperId(f"arxiv:{each['paper']['id']}"), title=each["paper"]["title"], abstract=each["paper"]["summary"]
        )
        for each in day[:30]
    ]


def issue(llm: OpenAILLM, papers: list[Paper]) -> Outcome:
    return summarize(
        papers,
        llm=llm,
        system="Sum up, as JSON.",
        fold_topics=lambda words: ((), tuple(words)),
        fallback=lambda paper: Summary(tldr=paper.title, client="extractive"),
        make_nonce=lambda: "abcd",
        batch_tokens=6000,
        language="en",
    )


@pytest.mark.parametrize(
    ("rule", "at_most_requests", "falls_back"),
    [
        (None, 12, False),
        (Rule("fence"), 12, False),
        (Rule("drop_ids"), 36, False),
        (Rule("swap_ids"), 12 + 30, False),
        (Rule("broken_json"), 40, True),
        (Rule("cut_json", share=0.8), 60, True),
        (Rule("html"), 40, True),
        (Rule("refuse"), 40, True),
        (Rule("status", status=500), 20 * 3 + 10 * 2, True),
        (Rule("status", status=429, headers={"Retry-After": "0"}), 60, True),
    ],
)
def test_every_paper_of_a_day_comes_out_whatever_the_server_does(
    rule: Rule | None, at_most_requests: int, falls_back: bool, real_data: Path, client_of: Any
) -> None:
    papers = thirty(real_data)

    with FlakyLLM(*([rule] if rule else [])) as server:
        outcome = issue(client_of(server), papers)

    assert list(outcome.summaries) == [p.id for p in papers]
    assert all(summary.tldr for summary in outcome.summaries.values())
    assert bool(outcome.usage.fell_back) is falls_back
    assert len(server.journal) <= at_most_requests
    assert bool(outcome.warnings) is falls_back


def test_a_good_days_tokens_are_what_the_server_counted(real_data: Path, client_of: Any) -> None:
    with FlakyLLM() as server:
        outcome = issue(client_of(server), thirty(real_data))

    assert outcome.usage.requests == len(server.journal)
    assert outcome.usage.input_tokens == sum(n for (n,) in server.of("input_tokens"))
    assert outcome.usage.output_tokens == sum(n for (n,) in server.of("output_tokens"))
