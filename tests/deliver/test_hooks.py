"""Posts are handed over like mails: taken, refused, put off or in doubt, and no address of a hook is told."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from digest.core.errors import ClaimLostError, DeliveryError, InDoubtError, RefusedError
from digest.core.issues.post import Post, PostEntry
from digest.deliver.hooks import HookPoster, Target
from tests.fakes.clock import FakeClock
from tests.servers.hooks import Answer, HookServer, Start

SECRET = "T0AAAAAAA/B0BBBBBBB/geheimgeheimgeheim"
POST = Post(
    key="key-of-this-post",
    title="Research digest",
    edition="daily",
    day=date(2026, 6, 3),
    counts="12 papers",
    entries=(PostEntry(title="One", said="It works.", url="https://arxiv.org/abs/2603.00001"),),
    papers=12,
    url="https://x.org/daily/2026-06-03/index.html",
    document={"edition": "daily"},
)


@pytest.fixture
def server_of() -> Iterator[Start]:
    servers: list[HookServer] = []

    def start(*answers: Answer) -> HookServer:
        servers.append(HookServer(*answers))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


def poster(server: HookServer | str, kind: str = "slack", **more: Any) -> HookPoster:
    base = server if isinstance(server, str) else server.url
    url = {"matrix": base, "ntfy": base}.get(kind, f"{base}/services/{SECRET}")
    timeout_s = more.pop("timeout_s", 30.0)
    target = Target(name="team", kind=kind, url=url, **more)
    return HookPoster(target, clock=FakeClock(), timeout_s=timeout_s)


def send(to: HookPoster) -> list[str]:
    """Post, and say what was done before the last byte."""
    told: list[str] = []
    to.send(POST, before_dot=lambda: told.append("dot"))
    return told


# -- requests


@pytest.mark.parametrize("kind", ["slack", "discord", "teams", "ntfy", "webhook"])
def test_a_post_is_one_request_with_json(server_of: Start, kind: str) -> None:
    server = server_of()

    told = send(poster(server, kind, room="papers"))

    [posted] = server.posted
    assert (told, posted.method) == (["dot"], "POST")
    assert posted.headers["content-type"] == "application/json"
    assert "transfer-encoding" not in posted.headers
    assert isinstance(posted.json, dict)


def test_discord_is_asked_to_answer_once_it_has_posted(server_of: Start) -> None:
    server = server_of(Answer(200, b'{"id": "1"}'))

    send(poster(server, "discord"))

    assert server.posted[0].path == f"/services/{SECRET}?wait=true"


def test_ntfy_is_posted_to_the_root_with_its_token(server_of: Start) -> None:
    server = server_of()

    send(poster(server, "ntfy", room="papers", token="tk_1"))

    [posted] = server.posted
    assert (posted.json["topic"], posted.headers["authorization"]) == ("papers", "Bearer tk_1")


def test_matrix_puts_an_event_whose_transaction_is_that_of_the_post(server_of: Start) -> None:
    server = server_of(Answer(200, b'{"event_id": "$1"}'), Answer(200, b'{"event_id": "$1"}'))

    for _ in range(2):
        send(poster(server, "matrix", room="!abc:example.org", token="syt_1"))

    path = "/_matrix/client/v3/rooms/%21abc%3Aexample.org/send/m.room.message/key-of-this-post"
    assert [(p.method, p.path) for p in server.posted] == [("PUT", path)] * 2
    assert server.posted[0].headers["authorization"] == "Bearer syt_1"


def test_a_webhook_is_signed_and_has_a_key(server_of: Start) -> None:
    server = server_of()

    send(poster(server, "webhook", token="shared"))

    [posted] = server.posted
    expected = hmac.new(b"shared", posted.body, hashlib.sha256).hexdigest()
    assert posted.headers["x-digest-signature"] == f"sha256={expected}"
    assert posted.headers["idempotency-key"] == "key-of-this-post"
    assert "authorization" not in posted.headers


def test_the_same_post_is_the_same_bytes(server_of: Start) -> None:
    server = server_of()

    for _ in range(2):
        send(poster(server, "webhook"))

    assert server.posted[0].body == server.posted[1].body


# -- answers


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_yes_is_a_yes(server_of: Start, status: int) -> None:
    send(poster(server_of(Answer(status, b""))))


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (Answer(429, b"slow down", {"Retry-After": "30"}), DeliveryError, "not taken now: HTTP 429: slow down"),
        (Answer(500, b"oops"), DeliveryError, "not taken now: HTTP 500: oops"),
        (Answer(503), DeliveryError, "not taken now"),
        (Answer(502), InDoubtError, "may have been posted and may not"),
        (Answer(504), InDoubtError, "may have been posted and may not"),
        (Answer(404, b"no_service"), RefusedError, "refused: HTTP 404: no_service; check its address and token"),
        (Answer(400, b"invalid_blocks"), RefusedError, "refused: HTTP 400: invalid_blocks"),
        (Answer(302, b"", {"Location": "https://evil.example/"}), RefusedError, "leads elsewhere"),
        (Answer(200, b"<!DOCTYPE html><p>Log in"), RefusedError, "a web page answered"),
        (Answer(resets=True), InDoubtError, "may have been posted and may not"),
    ],
    ids=["429", "500", "503", "502", "504", "404", "400", "302", "page", "reset"],
)
def test_an_answer_settles_it_and_no_answer_is_doubt(
    server_of: Start, answer: Answer, error: type[DeliveryError], said: str
) -> None:
    server = server_of(answer)

    with pytest.raises(DeliveryError, match=said) as caught:
        send(poster(server))

    assert type(caught.value) is error
    assert len(server.posted) == 1
    assert str(caught.value).startswith("hook team: ")


@pytest.mark.parametrize("answer", [Answer(hangs=True), Answer(drips=True)], ids=["hangs", "drips"])
def test_a_server_that_does_not_come_to_an_end_is_in_doubt(server_of: Start, answer: Answer) -> None:
    with pytest.raises(InDoubtError, match="no answer within"):
        send(poster(server_of(answer), timeout_s=0.5))


@pytest.mark.parametrize(
    ("answer", "asked"),
    [
        (Answer(429, b"", {"Retry-After": "30"}), 30.0),
        (Answer(429, b'{"message": "rate limited", "retry_after": 1.5}'), 1.5),
        (Answer(429, b'{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2000}'), 2.0),
        (Answer(429, b"", {"Retry-After": "soon"}), None),
        (Answer(429, b"", {"Retry-After": "99999999"}), 86_400.0),
    ],
)
def test_how_long_a_server_asks_to_be_left_alone_is_kept(server_of: Start, answer: Answer, asked: float | None) -> None:
    with pytest.raises(DeliveryError) as caught:
        send(poster(server_of(answer)))

    assert caught.value.retry_after_s == asked


def test_a_server_that_is_not_there_has_nothing() -> None:
    with pytest.raises(DeliveryError, match="no connection .*nothing was posted") as caught:
        send(poster("http://127.0.0.1:1"))

    assert not isinstance(caught.value, InDoubtError)


def test_who_lost_the_claim_does_not_send_the_last_byte(server_of: Start) -> None:
    server = server_of()

    def lost() -> None:
        raise ClaimLostError("another has it")

    with pytest.raises(ClaimLostError):
        poster(server).send(POST, before_dot=lost)

    server.close()
    assert server.posted == []


# -- secrets


@pytest.mark.parametrize(
    "answer",
    [
        Answer(404, f"no hook at /services/{SECRET}".encode()),
        Answer(400, f"token tk_verysecret of {SECRET.split('/')[2]}".encode()),
        Answer(302, b"", {"Location": f"https://x.org/{SECRET}"}),
        Answer(resets=True),
    ],
)
def test_no_message_has_the_address_or_the_token(server_of: Start, answer: Answer) -> None:
    with pytest.raises(DeliveryError) as caught:
        send(poster(server_of(answer), token="tk_verysecret"))

    said = repr((caught.value, caught.value.__cause__, caught.value.__context__ if answer.resets else ""))
    assert "geheim" not in said
    assert "tk_verysecret" not in said
