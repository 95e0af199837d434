"""The client for OpenAI-compatible servers, with the real SDK against a server on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from digest.core.errors import LLMError, LLMUnavailable
from digest.core.models import Paper, PaperId, Summary
from digest.core.summaries.batching import Batching
from digest.core.summaries.summarize import Outcome, summarize
from digest.llm.dialect import Interpreter, first_dialect
from digest.llm.openai import OpenAILLM
from digest.llm.tokens import Counter, at_most
from tests.conftest import ROOT
from tests.servers.flaky_llm import FlakyLLM, Limiter, Rule
from tests.support.clients import KEY, NOWHERE, prompt


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
    assert set(entry["body"]) == {"model", "messages", "response_format", "max_tokens"}
    assert entry["body"]["messages"][0] == {"role": "system", "content": "Sum up, as JSON."}
    assert entry["body"]["response_format"]["json_schema"]["strict"] is True
    assert entry["headers"]["authorization"] == f"Bearer {KEY}"


def test_a_model_that_thinks_first_is_asked_to_think_little() -> None:
    assert OpenAILLM("gpt-5-mini", api_key=KEY).body(prompt())["reasoning_effort"] == "low"
    assert OpenAILLM("gpt-6.1-sol", api_key=KEY).body(prompt())["reasoning_effort"] == "low"
    assert "reasoning_effort" not in OpenAILLM("gpt-4.1-mini", api_key=KEY).body(prompt())
    assert "reasoning_effort" not in OpenAILLM("gpt-5-mini", api_key=KEY, base_url=NOWHERE).body(prompt())


def test_a_model_that_charges_for_its_cache_is_told_not_to_write_to_it() -> None:
    quiet = {"mode": "explicit"}

    assert OpenAILLM("gpt-6-luna", api_key=KEY).body(prompt())["prompt_cache_options"] == quiet
    assert OpenAILLM("gpt-5.6-luna", api_key=KEY).body(prompt())["prompt_cache_options"] == quiet
    assert "prompt_cache_options" not in OpenAILLM("gpt-5.4-mini", api_key=KEY).body(prompt())
    assert "prompt_cache_options" not in OpenAILLM("gpt-6-luna", api_key=KEY, base_url=NOWHERE).body(prompt())


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

    llm = OpenAILLM("gpt-5-mini", api_key=KEY, transport=httpx2.MockTransport(answer))
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
        answers = [llm.complete(prompt()).text for _ in range(3)]

    assert answers[0] == answers[1] == answers[2] != ""
    assert formats(server)[-1] == then
    assert len(server.journal) <= 7


def test_one_fault_that_names_no_form_does_not_make_the_server_a_simpler_one(client_of: Any) -> None:
    with FlakyLLM(Rule("status", status=500, first_n=1)) as server:
        llm = client_of(server)
        llm.complete(prompt())
        llm.complete(prompt())

    assert formats(server) == ["json_schema", "json_object", "json_schema"]


def test_a_form_that_is_refused_by_name_is_not_tried_again_even_if_nothing_else_works(client_of: Any) -> None:
    said = '{"error": {"message": "response_format: json_schema is not supported"}}'
    with FlakyLLM(
        Rule("status", asks="json_schema", status=400, body=said),
        Rule("status", status=400, body='{"error": "this is more than the context length"}'),
    ) as server:
        llm = client_of(server)
        for _ in range(2):
            with pytest.raises(LLMError, match="too long"):
                llm.complete(prompt())

    assert formats(server) == ["json_schema", "json_object", "json_object"]


def test_who_asks_for_a_pause_is_not_asked_in_another_form(client_of: Any) -> None:
    with FlakyLLM(Rule("status", status=500, what="seconds", seconds=30)) as server:
        llm = client_of(server)
        with pytest.raises(LLMError) as caught:
            llm.complete(prompt())

    assert (caught.value.again, caught.value.retry_after_s, len(server.journal)) == (True, 30.0, 1)
    assert 29 < llm.delay_s(prompt(3)) <= 30


def test_what_was_found_out_is_remembered_over_runs(client_of: Any) -> None:
    rules = [
        Rule("status", asks="json_schema", status=400, body='{"error": "response_format json_schema is unknown"}'),
        Rule("status", asks='"max_tokens"', status=400, body='{"error": "max_tokens: extra"}'),
    ]
    learned: list[Any] = []
    with FlakyLLM(*rules) as server:
        first = client_of(server, learn=learned.append)
        first.complete(prompt())
        first.complete(prompt())
        asked = len(server.journal)
        client_of(server, learned=json.loads(json.dumps(learned[-1])), learn=learned.append).complete(prompt())

    assert learned == [{"format": "json_object", "limits": ["max_completion_tokens"]}]
    assert (asked, len(server.journal)) == (4, 5)


@pytest.mark.parametrize(
    "learned", [{}, {"format": "xml", "limits": 7, "effort": "much"}, {"format": ["json_object"]}, {"form": None}]
)
def test_what_was_not_learned_is_found_out(learned: Any, client_of: Any) -> None:
    with FlakyLLM() as server:
        client_of(server, learned=learned).complete(prompt())

    assert formats(server) == ["json_schema"]


def test_each_form_of_answer_has_its_own_schema(client_of: Any) -> None:
    overview = replace(prompt(), form="overview")

    told = client_of(NOWHERE).body(overview)["response_format"]["json_schema"]

    assert told["name"] == "overview"
    assert "sentences" in told["schema"]["properties"]


def test_requests_side_by_side_find_the_dialect_out_together(client_of: Any) -> None:
    said = '{"error": {"message": "Internal Server Error"}}'
    with FlakyLLM(Rule("status", asks="json_schema", status=500, body=said)) as server:
        llm = client_of(server, concurrency=16)
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(llm.complete, [prompt(n) for n in range(1, 17)]))
        before = len(server.journal)
        llm.complete(prompt())
        llm.complete(prompt())

    assert all(answer.text for answer in answers)
    assert before <= 2 * 16
    # Those that began a little later may have confirmed already what the first ones suspected.
    assert formats(server)[before:] in (["json_object"] * 2, ["json_schema", "json_object", "json_object"])


def test_a_moment_in_which_a_server_fails_everybody_does_not_make_it_a_simpler_one() -> None:
    learned: list[Any] = []
    first = first_dialect("m", is_openai=False, learned={})
    interpreter = Interpreter(first, probes=8, learned={}, learn=learned.append)

    asked_again = [interpreter.plainer(first, 500, "Internal Server Error") for _ in range(8)]
    for plainer in asked_again:
        assert plainer is not None
        interpreter.worked(plainer)
    suspected = interpreter.dialect
    interpreter.worked(first)

    assert suspected == first
    assert [known["format"] for known in learned] == ["json_schema"]


def test_openai_is_not_asked_in_another_form_for_an_error_that_names_none() -> None:
    sent: list[Any] = []

    def fail(request: httpx2.Request) -> httpx2.Response:
        sent.append(json.loads(request.content))
        return httpx2.Response(500, json={"error": {"message": "The server had an error"}})

    llm = OpenAILLM("gpt-5-mini", api_key=KEY, transport=httpx2.MockTransport(fail))
    with pytest.raises(LLMError, match="500"):
        llm.complete(prompt())

    assert [body["response_format"]["type"] for body in sent] == ["json_schema"]


def test_the_limit_has_the_name_that_a_server_most_likely_knows() -> None:
    assert "max_completion_tokens" in OpenAILLM("gpt-5-mini", api_key=KEY).body(prompt())
    assert "max_completion_tokens" in OpenAILLM("m", api_key=KEY, base_url="https://api.openai.com/v1").body(prompt())
    assert "max_tokens" in OpenAILLM("llama-3", api_key=KEY, base_url=NOWHERE).body(prompt())


def test_a_server_that_wants_the_limits_other_name_gets_it(client_of: Any) -> None:
    said = "'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    refusal = Rule("status", asks='"max_tokens"', status=400, body=json.dumps({"error": {"message": said}}))
    with FlakyLLM(refusal) as server:
        llm = client_of(server)
        llm.complete(prompt())
        llm.complete(prompt())

    assert ["max_tokens" in entry["body"] for entry in server.journal] == [True, False, False]
    assert formats(server) == ["json_schema"] * 3


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

    assert len(server.journal) <= 6 + 3


# --- odd answers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "text", "finish_reason"),
    [
        ({"message": {"content": None, "refusal": "No."}, "finish_reason": "stop"}, "", "refusal"),
        ({"message": {"content": None}, "finish_reason": "content_filter"}, "", "content_filter"),
        ({"message": {"content": [{"type": "text", "text": "a"}, {"text": "b"}, 7]}}, "ab", "stop"),
        ({"message": {"content": "cut"}, "finish_reason": "length"}, "cut", "length"),
        ({"message": None, "finish_reason": None}, "", "stop"),
        ({"message": {"content": ""}, "finish_reason": "stop"}, "", "stop"),
        ({"message": {"content": None, "tool_calls": []}, "finish_reason": "tool_calls"}, "", "tool_calls"),
        ({"message": {"content": "a"}, "finish_reason": 7}, "a", "stop"),
        ({"message": {"content": "a"}}, "a", "stop"),
        ({"message": {"content": "a"}, "finish_reason": "MAX_TOKENS"}, "a", "length"),
        ({"message": {"content": "a"}, "finish_reason": "end_turn"}, "a", "stop"),
    ],
)
def test_odd_answers_are_answers_all_the_same(
    body: dict[str, Any], text: str, finish_reason: str, client_of: Any
) -> None:
    with FlakyLLM(Rule("body", body=json.dumps({"choices": [body]}))) as server:
        answer = client_of(server).complete(prompt())

    assert (answer.text, answer.finish_reason, answer.model) == (text, finish_reason, None)


def test_a_server_is_believed_that_counts_much_less_than_the_bound(
    client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    bound = Counter(count=at_most, encoding="o200k_base", is_own=True, is_bound=True)
    monkeypatch.setattr("digest.llm.openai.counter", lambda *_, **__: bound)
    client, asked, text = client_of(NOWHERE), prompt(), "Nine words or so are what is said here."
    few = at_most(asked.system + asked.user) // 5
    usage = {"prompt_tokens": few, "completion_tokens": at_most(text) // 5}

    answer = client.answer({"choices": [{"message": {"content": text}}], "usage": usage}, asked)

    assert (answer.input_tokens, answer.output_tokens) == (few, at_most(text) // 5)


@pytest.mark.parametrize(
    "usage",
    [
        None,
        {},
        {"prompt_tokens": -1, "completion_tokens": "9"},
        {"prompt_tokens": True},
        {"prompt_tokens": 0, "completion_tokens": 0},
        {"prompt_tokens": 10**12, "completion_tokens": 10**12},
        {"prompt_tokens": None, "completion_tokens": 1.5, "prompt_tokens_details": [1]},
        7,
    ],
)
def test_a_server_that_does_not_count_is_counted_after(usage: object, client_of: Any) -> None:
    body = {"choices": [{"message": {"content": "Nine words or so are what is said here."}}], "usage": usage}
    with FlakyLLM(Rule("body", body=json.dumps(body))) as server:
        answer = client_of(server).complete(prompt())

    assert 30 < answer.input_tokens < 1000
    assert 5 < answer.output_tokens < 100
    assert answer.cached_tokens == 0


def test_what_was_written_to_the_cache_is_told(client_of: Any) -> None:
    details = {"cached_tokens": 20, "cache_write_tokens": 50}
    usage = {"prompt_tokens": 90, "completion_tokens": 2, "prompt_tokens_details": details}
    body = {"choices": [{"message": {"content": "{}"}}], "usage": usage}
    with FlakyLLM(Rule("body", body=json.dumps(body))) as server:
        answer = client_of(server).complete(prompt())

    assert (answer.input_tokens, answer.cached_tokens, answer.cache_write_tokens) == (90, 20, 50)


# --- what is billed ---------------------------------------------------------------------------------------------------


def test_no_prompt_is_billed_at_more_than_its_most(client_of: Any) -> None:
    pytest.importorskip("bpe_openai")
    exact, foreign = OpenAILLM("gpt-5-mini", api_key=KEY), client_of(NOWHERE)
    asked = prompt(*range(1, 21))
    counted = exact.count_tokens(asked.system) + exact.count_tokens(asked.user)
    schema = exact.count_tokens(json.dumps(exact.body(asked)["response_format"]))

    assert counted + schema + 11 < exact.most_input_tokens(asked) < counted + schema + 200
    assert foreign.most_input_tokens(asked) >= 1.5 * (counted + schema)
    assert client_of(NOWHERE, learned={"format": "text"}).most_input_tokens(asked) < foreign.most_input_tokens(asked)


def test_the_limits_that_a_server_tells_are_kept_to(client_of: Any) -> None:
    weight = client_of(NOWHERE).most_input_tokens(prompt(1)) + prompt(1).max_output_tokens
    limiter = Limiter(requests_per_minute=1000, tokens_per_minute=4 * weight)
    with FlakyLLM(limiter=limiter) as server:
        llm = client_of(server)
        llm.complete(prompt(1))
        prompts = [prompt(n) for n in range(2, 6)]
        waits = [llm.delay_s(each) for each in prompts]

    assert [wait == 0 for wait in waits] == [True, True, True, False]
    assert 1 < waits[-1] < 60


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
    slept = [0.0]

    def sleep(seconds: float) -> None:
        slept[0] += seconds

    return summarize(
        papers,
        llm=llm,
        system="Sum up, as JSON.",
        fold_topics=lambda words: ((), tuple(words)),
        fallback=lambda paper: Summary(tldr=paper.title, client="extractive"),
        make_nonce=lambda: "abcd",
        batching=Batching(tokens=6000),
        language="en",
        now=lambda: time.monotonic() + slept[0],
        sleep=sleep,
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


def test_a_server_that_has_never_sent_anything_but_web_pages_is_no_models(client_of: Any) -> None:
    def failures(llm: OpenAILLM) -> list[type[LLMError]]:
        found = []
        for _ in range(5):
            with pytest.raises(LLMError, match="a web page") as caught:
                llm.complete(prompt())
            found.append(type(caught.value))
        return found

    with FlakyLLM(Rule("html")) as server:
        unknown = failures(client_of(server, concurrency=2))
        known = failures(client_of(server, concurrency=2, learned={"format": "json_schema"}))

    assert unknown == [LLMError] * 3 + [LLMUnavailable] * 2
    assert known == [LLMError] * 5
