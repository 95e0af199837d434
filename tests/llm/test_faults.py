"""What goes wrong with a request, told in words, and whether to try again, when, and at what cost."""

from __future__ import annotations

import json
import logging
import socket
from typing import Any

import httpx2
import pytest

from digest.core.errors import LLMError, LLMUnavailable
from digest.llm.faults import NO_KEY
from digest.llm.limits import Limits
from tests.conftest import NOON
from tests.servers.flaky_llm import FlakyLLM, Rule
from tests.support.clients import KEY, NOWHERE, prompt


def unused_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


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


def gemini(said: str = "", delay: str = "") -> str:
    """A refusal in the form of Google's servers: a list."""
    message = f"You exceeded your current quota, please check your plan and billing details. limit: 10. {said}"
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay}] if delay else []
    error = {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": details}
    return json.dumps([{"error": error}])


@pytest.mark.parametrize(
    ("status", "body", "seconds"),
    [
        (429, gemini("Please retry in 17.30897372s."), 17.30897372),
        (429, gemini(delay="34s"), 34.0),
        (429, gemini(delay="34.074824224s"), 34.074824224),
        (429, json.dumps({"error": {"message": gemini(delay="34s")}}), 34.0),
        (429, '{"error": {"message": "Rate limit reached. Please try again in 7m12s. Visit"}}', 432.0),
        (429, '{"error": {"message": "Rate limit reached. Please try again in 120ms."}}', 0.12),
        (429, '{"error": {"message": "Please try again in 1m26.4s"}}', 86.4),
        (429, '{"error": {"message": "Too many requests. Please retry after 10 seconds."}}', 10.0),
        (429, '{"message": "Retry after 2 minutes"}', 120.0),
        (429, '{"detail": "Try again in 1 hour"}', 3600.0),
        (429, '{"retry_after": 12.5}', 12.5),
        (429, '{"retry_after_ms": 1500}', 1.5),
        (429, '{"error": {"message": "slow", "retryAfterSeconds": 8}}', 8.0),
        (503, '{"error": "Model m is currently loading", "estimated_time": 20.0}', 20.0),
        (503, '{"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}', None),
        (429, '{"error": {"message": "Resource has been exhausted (e.g. check quota)."}}', None),
        (429, '{"error": {"message": "Please try again in 1.2.3"}}', None),
        (429, '{"error": {"message": "retry in a while"}}', None),
        (403, '{"error": {"message": "Rate limit exceeded, retry after 30 seconds"}}', 30.0),
    ],
)
def test_a_refusal_that_passes_is_none_for_good_and_its_pause_is_read_out_of_the_body(
    status: int, body: str, seconds: float | None, client_of: Any
) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(status, text=body))

    with pytest.raises(LLMError) as caught:
        client_of(NOWHERE, transport=transport, learned={"format": "text"}).complete(prompt())

    assert not isinstance(caught.value, LLMUnavailable)
    assert caught.value.again
    assert caught.value.retry_after_s == (None if seconds is None else pytest.approx(seconds))


def test_a_quota_that_is_exceeded_without_a_word_of_when_it_is_not_is_used_up(client_of: Any) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(429, text=gemini()))

    with pytest.raises(LLMUnavailable, match="quota"):
        client_of(NOWHERE, transport=transport).complete(prompt())


@pytest.mark.parametrize(
    ("status", "said", "hears"),
    [
        (401, "Incorrect API key provided: sk-a-ver********-key. You can find it at", "did not accept the key"),
        (401, "You have insufficient permissions. Missing scopes: model.request.", "Missing scopes: model.request"),
        (401, "You have insufficient permissions. Missing scopes: model.request.", "give it the right to use test-1"),
        (401, "You must be a member of an organization to use the API", "organization and project"),
        (401, "OpenAI-Project header should match project for API key", "organization and project"),
        (403, "Country, region, or territory not supported", "territory not supported"),
        (404, "The model `test-1` does not exist", "has no model test-1"),
        (404, "File Not Found", "base_url"),
        (404, "404 page not found", "nothing at that address"),
        (404, "<html><title>404 Not Found</title></html>", "nothing at that address"),
        (405, "Method Not Allowed", "nothing at that address"),
    ],
)
def test_the_servers_reason_is_passed_on_and_the_advice_fits_it(
    status: int, said: str, hears: str, client_of: Any
) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(status, json={"error": {"message": said}}))

    with pytest.raises(LLMUnavailable) as caught:
        client_of(NOWHERE, transport=transport).complete(prompt())

    assert hears in str(caught.value)
    assert "sk-a-ver" not in str(caught.value)
    assert "****" not in str(caught.value)


def test_a_server_that_wants_a_key_where_there_is_none_is_not_said_to_refuse_it(client_of: Any) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(401, json={"error": "Unauthorized"}))

    with pytest.raises(LLMUnavailable, match=r"wants a key.*api_key_env"):
        client_of(NOWHERE, transport=transport, api_key=NO_KEY).complete(prompt())


@pytest.mark.parametrize(
    ("base_url", "advice"),
    [
        ("http://127.0.0.1:9", "as in http://127.0.0.1:9/v1"),
        ("http://127.0.0.1:9/", "as in http://127.0.0.1:9/v1"),
        ("http://127.0.0.1:9/v1/chat/completions", "as in http://127.0.0.1:9/v1"),
    ],
)
@pytest.mark.parametrize(
    "reply",
    [
        httpx2.Response(404, json={"detail": "Not Found"}),
        httpx2.Response(404, text="404 page not found"),
        httpx2.Response(404, json={"error": "what is this?"}),
        httpx2.Response(404, text="<!DOCTYPE html><pre>Cannot POST /chat/completions</pre>"),
        httpx2.Response(200, json={"error": "Unexpected endpoint or method. (POST /chat/completions)"}),
    ],
    ids=["FastAPI", "Ollama", "other", "Express", "LM Studio"],
)
def test_an_address_without_a_version_is_named_with_what_is_usual(
    base_url: str, advice: str, reply: httpx2.Response, client_of: Any
) -> None:
    transport = httpx2.MockTransport(lambda _: reply)

    with pytest.raises(LLMUnavailable) as caught:
        client_of(base_url, transport=transport).complete(prompt())

    assert "base_url" in str(caught.value)
    assert advice in str(caught.value)


def test_a_server_without_version_that_lacks_the_model_is_said_to_lack_the_model(client_of: Any) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(404, json={"error": "model test-1 not found"}))

    with pytest.raises(LLMUnavailable, match="has no model test-1"):
        client_of("https://api.deepseek.example", transport=transport).complete(prompt())


def test_without_quota_nothing_is_tried_again(client_of: Any) -> None:
    quota = Rule("status", status=429, body='{"error": {"code": "insufficient_quota", "message": "You exceeded"}}')
    with FlakyLLM(quota) as server, pytest.raises(LLMUnavailable):
        client_of(server).complete(prompt())

    assert len(server.journal) == 1


@pytest.mark.parametrize(
    ("rule", "again", "may_be_billed"),
    [
        *((Rule("status", status=status), True, False) for status in (408, 409, 429, 503, 529)),
        (Rule("status", status=500), True, False),
        (Rule("status", status=502, body="<html>Bad gateway</html>"), True, True),
        (Rule("status", status=504), True, True),
        (Rule("status", status=429, headers={"x-should-retry": "false"}), False, False),
        (Rule("status", status=413), False, False),
        (Rule("status", status=400, body='{"error": {"code": "context_length_exceeded"}}'), False, False),
        (Rule("status", status=400, body='{"error": {"code": "content_filter"}}'), False, False),
        (Rule("status", status=403, body='{"error": "your input was flagged"}'), False, False),
        (Rule("hang_up"), True, True),
        (Rule("reset", what="before headers"), True, True),
        (Rule("reset", what="after headers"), True, True),
        (Rule("reset", at=40), True, True),
        (Rule("wrong_length", at=1000), True, True),
        (Rule("wrong_length", at=-200), True, True),
        (Rule("bad_gzip"), True, True),
        (Rule("html"), True, False),
        (Rule("body", body=""), True, True),
        (Rule("body", body='{"choices": []}'), True, True),
        (Rule("body", body='{"error": {"code": 429, "message": "upstream is busy"}}'), True, False),
        (Rule("body", body='{"error": {"code": 400, "message": "bad"}}'), False, False),
    ],
)
def test_an_error_says_whether_to_try_again_and_whether_it_may_be_billed(
    rule: Rule, again: bool, may_be_billed: bool, client_of: Any
) -> None:
    with FlakyLLM(rule) as server:
        llm = client_of(server, learned={"format": "text"})  # there is no simpler form to ask in
        with pytest.raises(LLMError) as caught:
            llm.complete(prompt())

    assert not isinstance(caught.value, LLMUnavailable)
    assert (caught.value.again, caught.value.may_be_billed) == (again, may_be_billed)
    assert len(server.journal) == 1


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "30"}, 30.0),
        ({"Retry-After": "3600"}, 3600.0),
        ({"Retry-After": "0.25"}, 0.25),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "Wed, 03 Jun 2026 12:01:30 GMT"}, 90.0),
        ({"Retry-After": "Wed, 03 Jun 2026 14:01:30 +0200"}, 90.0),
        ({"Retry-After": "Wed, 03 Jun 2020 12:01:30 GMT"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({"Retry-After": "1e9"}, None),
        ({"Retry-After": "315360000"}, 86_400.0),
        ({"retry-after-ms": "1500", "Retry-After": "9"}, 1.5),
        ({"retry-after-ms": "soon", "Retry-After": "9"}, 9.0),
        ({"retry-after-ms": "0", "Retry-After": "9"}, 9.0),
        ({}, None),
    ],
)
def test_a_pause_is_understood_in_every_form(headers: dict[str, str], seconds: float | None, client_of: Any) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(429, headers=headers, json={"error": "slow down"}))

    with pytest.raises(LLMError, match="slow down") as caught:
        client_of(NOWHERE, transport=transport, now=lambda: NOON).complete(prompt())

    assert (caught.value.again, caught.value.retry_after_s) == (True, seconds)


def test_a_pause_holds_for_every_request(client_of: Any) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(429, headers={"Retry-After": "30"}, json={}))
    clock = [1000.0]
    llm = client_of(NOWHERE, transport=transport, limits=Limits(monotonic=lambda: clock[0]))
    with pytest.raises(LLMError):
        llm.complete(prompt(1))

    waits = [llm.delay_s(prompt(2))]
    clock[0] += 29
    waits.append(llm.delay_s(prompt(3)))
    clock[0] += 1
    waits.append(llm.delay_s(prompt(4)))

    assert waits == [30.0, 1.0, 0.0]


def test_a_server_that_has_moved_is_not_followed_with_the_key(client_of: Any) -> None:
    asked: list[str] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        return httpx2.Response(307, headers={"Location": "https://elsewhere.example/v1/chat/completions"})

    with pytest.raises(LLMUnavailable, match=r"moved to https://elsewhere.example.*base_url"):
        client_of(NOWHERE, transport=httpx2.MockTransport(answer)).complete(prompt())

    assert len(asked) == 1


def test_no_server_at_all_is_unavailable(client_of: Any) -> None:
    with pytest.raises(LLMUnavailable, match="cannot be reached"):
        client_of(f"http://127.0.0.1:{unused_port()}/v1").complete(prompt())


def test_a_server_that_was_there_a_moment_ago_may_come_back(client_of: Any) -> None:
    with FlakyLLM() as server:
        llm = client_of(server)
        llm.complete(prompt())

    with pytest.raises(LLMError, match="broke") as caught:
        llm.complete(prompt())

    assert not isinstance(caught.value, LLMUnavailable)
    assert (caught.value.again, caught.value.may_be_billed) == (True, False)


def test_an_answer_that_takes_too_long_is_one_request_that_failed(client_of: Any) -> None:
    with FlakyLLM(Rule("late", seconds=3)) as server, pytest.raises(LLMError, match=r"within 0\.2 s") as caught:
        client_of(server, timeout_s=0.2).complete(prompt())

    assert not isinstance(caught.value, LLMUnavailable)
    assert (caught.value.again, caught.value.may_be_billed) == (True, True)


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
