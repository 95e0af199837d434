"""What servers do not know of a request is found out, said in another way, and remembered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from digest.core.errors import LLMError
from digest.core.models import Prompt
from digest.core.summaries.answers import read_answers
from digest.llm.dialect import Dialect, first_dialect, window_in
from digest.llm.openai import OpenAILLM, Options
from tests.servers.flaky_llm import FlakyLLM, Rule
from tests.support.clients import KEY, NOWHERE, prompt

LIMIT = prompt().max_output_tokens


@pytest.mark.parametrize(
    ("what", "asked", "learned"),
    [
        ("no system role", 2, {"system": False}),
        ("roles must alternate", 2, {"system": False}),
        ("range of max_tokens", 2, {"most_output": 512}),
        ("max_tokens too large", 2, {"most_output": 512}),
        ("stream only", 2, {"stream": "usage"}),
        ("stream without usage", 3, {"stream": "plain"}),
        ("no effort", 2, {"refused": ["effort=none"]}),
        ("no flex", 2, {"refused": ["tier=flex"]}),
    ],
)
def test_what_a_server_does_not_know_is_said_in_another_way_and_remembered(
    what: str, asked: int, learned: Mapping[str, Any], client_of: Any
) -> None:
    options = Options(effort="none", service_tier="flex")
    told: list[Any] = []
    with FlakyLLM(Rule("dialect", what=what, at=512)) as server:
        first = client_of(server, learn=told.append, options=options)
        texts = [first.complete(prompt()).text for _ in range(2)]
        before = len(server.journal)
        known = json.loads(json.dumps(told[-1]))
        texts.append(client_of(server, learned=known, options=options).complete(prompt()).text)

    assert {len(read_answers(text)) for text in texts} == {2}
    assert (before, len(server.journal)) == (asked + 1, asked + 2)
    assert told == [{"format": "json_schema", "limits": ["max_tokens", "max_completion_tokens"], **learned}]


def test_without_a_system_message_the_fixed_part_begins_the_users(client_of: Any) -> None:
    with FlakyLLM(Rule("dialect", what="no system role")) as server:
        client_of(server).complete(prompt())

    asked = prompt()
    assert server.journal[-1]["body"]["messages"] == [{"role": "user", "content": f"{asked.system}\n\n{asked.user}"}]


def test_a_stream_is_counted_as_its_server_counts_it(client_of: Any) -> None:
    with FlakyLLM(Rule("dialect", what="stream only")) as server:
        answer = client_of(server).complete(prompt())

    assert (answer.input_tokens, answer.output_tokens) == server.of("input_tokens", "output_tokens")[-1]
    assert (answer.model, answer.finish_reason) == ("test-1", "stop")


@pytest.mark.parametrize(
    ("complaint", "limits", "most"),
    [
        ("<400> InternalError.Algo.InvalidParameter: Range of max_tokens should be [1, 512]", 2, 512),
        ("Invalid max_tokens value, the valid range of max_tokens is [1, 1000]", 2, 1000),
        (f"max_tokens is too large: {LIMIT}. This model supports at most 512 completion tokens, got {LIMIT}", 2, 512),
        ("`max_tokens` must be less than or equal to `700`, the maximum value for this model", 2, 700),
        (f"max_tokens: {LIMIT} > 800, which is the maximum allowed number of output tokens for gpt-4-1106", 2, 800),
        ("max_tokens: integer above maximum value, expected a value <= 600. Request id: 0217724325966514087c9", 2, 600),
        ("max_tokens is not allowed to exceed 512", 2, 512),
        ("max_tokens exceeds what is allowed", 2, LIMIT // 2),
        ("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens'", 1, None),
        ("max_tokens: Extra inputs are not permitted", 1, None),
        ("Unrecognized request argument supplied: max_tokens", 1, None),
        (f"Extra inputs are not permitted: max_tokens. Your request: {'x' * 200} in the range of 100 to 200", 1, None),
    ],
)
def test_the_value_of_a_limit_is_told_from_its_name(complaint: str, limits: int, most: int | None) -> None:
    first = first_dialect("m", is_openai=False, learned={})

    adapted = first.adapted(complaint.lower(), limit=LIMIT)

    assert adapted is not None
    assert (len(adapted.limits), adapted.most_output, adapted.format) == (limits, most, 0)


def test_a_limit_is_not_lowered_for_ever() -> None:
    dialect: Dialect | None = first_dialect("m", is_openai=False, learned={})
    sent, seen = LIMIT, []
    while dialect is not None and len(dialect.limits) == 2 and dialect.format == 0:
        dialect = dialect.plainer("max_tokens is too large", limit=sent)
        sent = dialect.arguments(prompt()).get("max_tokens", 0) if dialect else 0
        seen.append(sent)

    assert len(seen) < 10


@pytest.mark.parametrize(
    "complaint",
    [
        "System role not supported",
        "Developer instruction is not enabled for models/gemma-3-1b-it",
        "Error: System messages are not supported by this model",
        "unknown role: system",
        "messages[0].role does not support 'system' with this model",
        "Conversation roles must alternate user/assistant/user/assistant/...",
        "Only user and assistant roles are supported!",
        "system prompt is unsupported",
    ],
)
def test_a_server_says_in_many_ways_that_it_knows_no_system_message(complaint: str) -> None:
    adapted = first_dialect("m", is_openai=False, learned={}).adapted(complaint.lower(), limit=LIMIT)

    assert adapted is not None
    assert not adapted.system


@pytest.mark.parametrize(
    "complaint",
    [
        "This model only support stream mode, please enable the stream parameter to access the model.",
        "parameter.enable_thinking must be set to false for non-streaming calls",
        "enable thinking can not be support when `stream=False`.",
        "stream must be set to true",
        "Streaming is required for this model",
        "Non-streaming requests are not supported",
    ],
)
def test_a_server_says_in_many_ways_that_it_only_streams(complaint: str) -> None:
    adapted = first_dialect("m", is_openai=False, learned={}).adapted(complaint.lower(), limit=LIMIT)

    assert adapted is not None
    assert adapted.stream == 1


@pytest.mark.parametrize(
    "complaint",
    [
        "Internal Server Error",
        "the server's file system is not available",
        "{'role': 'system', 'content': 'do not say more than is said'}",
        "upstream connection error",
    ],
)
def test_what_says_nothing_of_the_form_changes_nothing_by_name(complaint: str) -> None:
    assert first_dialect("m", is_openai=False, learned={}).adapted(complaint, limit=LIMIT) is None


def test_what_was_refused_is_asked_for_again_under_another_name() -> None:
    learned = {"refused": ["effort=none", "tier=flex"]}

    assert first_dialect("m", is_openai=False, learned=learned, effort="none", tier="flex").effort == ""
    assert first_dialect("m", is_openai=False, learned=learned, effort="low", tier="flex").effort == "low"
    assert first_dialect("m", is_openai=False, learned=learned, effort="low", tier="flex").tier == ""


@pytest.mark.parametrize(
    "learned",
    [
        {"refused": 7, "system": "no", "stream": "much", "most_output": "all", "window": True},
        {"refused": [7], "stream": ["usage"], "most_output": 3, "window": 3},
    ],
)
def test_what_cannot_have_been_learned_is_found_out(learned: Mapping[str, Any]) -> None:
    assert first_dialect("m", is_openai=False, learned=learned) == first_dialect("m", is_openai=False, learned={})


# --- options ----------------------------------------------------------------------------------------------------------


def test_what_the_config_says_of_requests_goes_out_and_changes_nothing_of_ours(client_of: Any) -> None:
    options = Options(effort="none", service_tier="flex", extra_body={"top_k": 3, "model": "other", "messages": []})

    body = client_of(NOWHERE, options=options).body(prompt())

    assert (body["reasoning_effort"], body["service_tier"], body["top_k"]) == ("none", "flex", 3)
    assert body["model"] == "test-1"
    assert len(body["messages"]) == 2


def test_a_line_of_a_handover_has_no_tier_and_is_no_stream(client_of: Any) -> None:
    llm = client_of(NOWHERE, options=Options(service_tier="flex"), learned={"stream": "usage"})

    assert {"service_tier", "stream", "stream_options"} & set(llm.body_for_handover(prompt())) == set()
    assert {"service_tier", "stream", "stream_options"} <= set(llm.body(prompt()))


def test_the_configured_effort_goes_before_our_own() -> None:
    ours = OpenAILLM("gpt-5-mini", api_key=KEY, options=Options(effort="minimal")).body(prompt())

    assert ours["reasoning_effort"] == "minimal"


def test_where_flex_has_no_room_the_same_request_goes_to_the_usual_tier_and_the_next_asks_again(
    client_of: Any,
) -> None:
    with FlakyLLM(Rule("dialect", what="flex is full", first_n=1)) as server:
        llm = client_of(server, options=Options(service_tier="flex"))
        tiers = [llm.complete(prompt()).tier for _ in range(2)]

    assert tiers == ["default", "flex"]
    assert [entry["body"].get("service_tier") for entry in server.journal] == ["flex", None, "flex"]


def test_a_minutes_limit_is_no_lack_of_room_in_flex(client_of: Any) -> None:
    busy = Rule("status", status=429, body='{"error": {"message": "Rate limit reached for gpt-5-mini"}}')
    with FlakyLLM(busy) as server, pytest.raises(LLMError, match="Rate limit"):
        client_of(server, options=Options(service_tier="flex")).complete(prompt())

    assert len(server.journal) == 1


# --- where it goes, and what goes there -------------------------------------------------------------------------------


def sent_to(base_url: str, client_of: Any, **changes: Any) -> httpx2.Request:
    """The request as it goes out to *base_url*."""
    sent: list[httpx2.Request] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(request)
        return httpx2.Response(200, json={"choices": [{"message": {"content": "{}"}}]})

    client_of(base_url, transport=httpx2.MockTransport(answer), **changes).complete(prompt())
    return sent[0]


def test_a_query_behind_the_address_stays_behind_it(client_of: Any) -> None:
    base = "https://res.openai.azure.com/openai/deployments/mini"

    request = sent_to(f"{base}?api-version=2024-10-21", client_of)

    assert str(request.url) == f"{base}/chat/completions?api-version=2024-10-21"
    assert request.headers["api-key"] == KEY
    assert "api-key" not in sent_to(NOWHERE, client_of).headers


def test_nothing_of_the_environment_goes_to_a_server(client_of: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ORG_ID", "PROJECT_ID", "ADMIN_KEY", "WEBHOOK_SECRET"):
        monkeypatch.setenv(f"OPENAI_{name}", f"mine-{name}")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Mine: mine\nAuthorization: Bearer mine")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://mine.example/v1")

    request = sent_to(NOWHERE, client_of)

    assert str(request.url).startswith(NOWHERE)
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert not [value for value in request.headers.values() if "mine" in value]
    assert set(request.headers) <= {
        *("host", "accept", "accept-encoding", "connection", "user-agent", "content-length", "content-type"),
        "authorization",
    }


def test_organization_and_project_go_out_where_they_are_configured(
    client_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_PROJECT_ID", "mine")

    headers = sent_to(NOWHERE, client_of, options=Options(organization="org-1")).headers

    assert headers["openai-organization"] == "org-1"
    assert "openai-project" not in headers
    assert sent_to(NOWHERE, client_of, options=Options(project="p-1")).headers["openai-project"] == "p-1"


# --- the context ------------------------------------------------------------------------------------------------------


def long_prompt(tokens: int = 3000) -> Prompt:
    """A prompt of about so many tokens, and of one paper."""
    return replace(prompt(1), user=prompt(1).user + " many words" * (tokens // 2))


@pytest.mark.parametrize(
    ("said", "window"),
    [
        ("This model's maximum context length is 4096 tokens. However, you requested 5000 tokens", 4096),
        ("'max_tokens' is too large: 5048. This model's maximum context length is 8,192 tokens", 8192),
        ('{"message": "the request exceeds the available context size", "n_ctx": 2048}', 2048),
        ("context_length_exceeded", None),
        ("maximum context length is 7 tokens", None),
    ],
)
def test_an_error_says_how_much_the_model_sees(said: str, window: int | None) -> None:
    assert window_in(said) == window


def test_the_room_for_an_answer_is_what_the_context_leaves(client_of: Any) -> None:
    asked = prompt(*range(1, 9))
    llm = client_of(NOWHERE, options=Options(context_tokens=4096))

    room = llm.body(asked)["max_tokens"]

    assert llm.fits(asked)
    assert 8 * 200 < room < asked.max_output_tokens
    assert room + llm.count_tokens(asked.system + asked.user) < 4096
    assert client_of(NOWHERE).body(asked)["max_tokens"] == asked.max_output_tokens


def test_what_does_not_fit_is_said_not_to(client_of: Any) -> None:
    llm = client_of(NOWHERE, options=Options(context_tokens=2000))

    assert not llm.fits(long_prompt())
    assert llm.fits(prompt(1))
    assert llm.body(long_prompt())["max_tokens"] == long_prompt().max_output_tokens


def test_an_error_that_names_the_context_leads_to_less_room_and_is_remembered(client_of: Any) -> None:
    sent: list[Any] = []
    told: list[Any] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        sent.append(json.loads(request.content)["max_tokens"])
        if sent[-1] > 1200:
            said = f"'max_tokens' is too large: {sent[-1]}. This model's maximum context length is 2048 tokens"
            return httpx2.Response(400, json={"error": {"message": said}})
        usage = {"prompt_tokens": 100, "completion_tokens": 1}
        return httpx2.Response(200, json={"choices": [{"message": {"content": "{}"}}], "usage": usage})

    asked = replace(prompt(1), user=prompt(1).user + " many words" * 500)
    client_of(NOWHERE, transport=httpx2.MockTransport(answer), learn=told.append).complete(asked)

    assert len(sent) == 2
    assert sent[1] < 1100
    assert told[-1]["window"] == 2048
    assert client_of(NOWHERE, learned=told[-1]).context_tokens == 2048


def test_a_configured_context_goes_before_what_was_found_out(client_of: Any) -> None:
    llm = client_of(NOWHERE, learned={"window": 2048}, options=Options(context_tokens=16_384))

    assert llm.context_tokens == 16_384


def test_a_cut_prompt_is_noticed_and_remembered_once_it_is_sure(client_of: Any) -> None:
    told: list[Any] = []
    with FlakyLLM(Rule("window", what="half", at=4096)) as server:
        llm = client_of(server, learn=told.append)
        llm.complete(long_prompt(9000))
        unsure = llm.cut, llm.context_tokens
        llm.complete(long_prompt(7000))
        llm.complete(prompt())

    assert unsure == (None, 4096)
    assert llm.cut is not None
    assert llm.cut.seen == 2050
    assert 8000 < llm.cut.tokens < 10_000
    assert [known.get("window") for known in told] == [None, 4096]
    assert not llm.fits(long_prompt(5000))


def test_a_count_of_nonsense_is_no_cut(client_of: Any) -> None:
    with FlakyLLM(Rule("usage", what="smaller")) as server:
        llm = client_of(server)
        for tokens in (9000, 7000, 3000):
            llm.complete(long_prompt(tokens))

    assert (llm.cut, llm.context_tokens) == (None, None)
