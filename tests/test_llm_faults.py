"""What goes wrong with a request, told in words, and whether to try again, when, and at what cost."""

from __future__ import annotations

import logging
import socket
from typing import Any

import httpx2
import pytest

from digest.core.errors import LLMError, LLMUnavailable
from digest.llm.limits import Limits
from tests.clients import KEY, NOWHERE, prompt
from tests.conftest import NOON
from tests.servers.flaky_llm import FlakyLLM, Rule


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
