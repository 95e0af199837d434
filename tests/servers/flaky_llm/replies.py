"""Actions: a request for a completion → what is generated for it, and what goes over the wire."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

from tests.servers.flaky_llm.answers import (
    ID_FAULTS,
    JSON_FAULTS,
    Item,
    dumped,
    good_items,
    good_overview,
    with_content,
)
from tests.servers.flaky_llm.dialects import THOUGHTS, as_stream, refusal_of, seen_of
from tests.servers.flaky_llm.obedience import obey, obey_in_overview
from tests.servers.flaky_llm.reading import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """How a reply is sent, other than whole and at once."""

    cut_at: int | None = None
    """Bytes of the body after which nothing more comes; negative: not even the headers."""
    then: str = "close"
    """Behind the cut: `close`, `reset` or `stall`."""
    length: int | None = None
    """What Content-Length says, if not the truth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    output_tokens: int = 0
    """What was generated, whatever the reply says."""
    billed: bool = False
    cached_tokens: int = 0
    wire: Wire = Wire()
    delay_s: float = 0.0
    """Before the first byte, besides what the server takes anyway."""
    tier: str = "default"
    """Which one served it."""


# --- answers ----------------------------------------------------------------------------------------------------------


def completion(
    request: Request, text: str | None, *, finish_reason: str | None = "stop", message: Mapping[str, Any] | None = None
) -> Reply:
    """A chat completion with *text*, cut where the request says that it may be no longer, and what it cost."""
    tokens = request.count(text or "")
    if text and request.limit is not None and tokens > request.limit:
        text, finish_reason = text[: int(len(text) * request.limit / tokens)], "length"
        tokens = request.limit
    cached = request.count(request.system)
    usage = {
        "prompt_tokens": request.input_tokens,
        "completion_tokens": tokens,
        "total_tokens": request.input_tokens + tokens,
        "prompt_tokens_details": {"cached_tokens": cached},
    }
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **(message or {})}}
    if finish_reason is not None:
        choice["finish_reason"] = finish_reason
    tier = str(request.body.get("service_tier") or "default")
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": request.body["model"],
        "choices": [choice],
        "usage": usage,
        "service_tier": tier,
    }
    reply = Reply(status=200, output_tokens=tokens, cached_tokens=cached, billed=True, tier=tier)
    if request.body.get("stream"):
        return replace(reply, body=as_stream(request, body), headers={"Content-Type": "text/event-stream"})
    return replace(reply, body=json.dumps(body).encode())


def items_reply(request: Request, items: Sequence[Item]) -> Reply:
    return completion(request, dumped(items))


def answer_well(request: Request) -> Reply:
    if request.form == "overview":
        return completion(request, json.dumps(good_overview(request.blocks)))
    items = good_items(request.blocks)
    if request.form == "briefs":
        items = [{name: value for name, value in item.items() if name != "points"} for item in items]
    return items_reply(request, items)


def answer_in_json(request: Request) -> Reply:
    """As the rule's `what` of `answers.JSON_FAULTS` writes it."""
    return completion(request, JSON_FAULTS[request.rule.what](good_items(request.blocks)))


def answer_ids(request: Request) -> Reply:
    """With ids as the rule's `what` of `answers.ID_FAULTS` has them."""
    return _ids(request, request.rule.what)


def _ids(request: Request, what: str) -> Reply:
    return items_reply(request, ID_FAULTS[what](good_items(request.blocks), request.rnd, request.rule.share))


def answer_content(request: Request) -> Reply:
    """With what the rule's `what` of `answers.CONTENT_FAULTS` says, of every paper."""
    return items_reply(request, with_content(good_items(request.blocks), request.rule.what))


def answer_after_thinking(request: Request) -> Reply:
    """As the rule's `what` of `dialects.THOUGHTS` has it."""
    items = good_items(request.blocks)
    message = THOUGHTS[request.rule.what](items)
    content = message.get("content")
    return completion(request, content if isinstance(content, str) else dumped(items), message=message)


def answer_in_dialect(request: Request) -> Reply:
    """Refuse what is not in the dialect that the rule's `what` of `dialects.DIALECTS` names."""
    refusal = refusal_of(request)
    return answer_well(request) if refusal is None else Reply(status=refusal[0], body=refusal[1])


def answer_what_is_seen(request: Request) -> Reply:
    """Cut the prompt to a context of `at` tokens, say nothing of it but in the usage, and answer what is left."""
    seen, blocks = seen_of(request)
    if seen == request.input_tokens:
        return answer_well(request)
    # The fixed part is what is lost first: then the model does not know what it is asked.
    text = dumped(good_items(blocks)) if request.rule.what == "half" else "These seem to be abstracts. What about them?"
    reply = completion(request, text)
    body = json.loads(reply.body)
    body["usage"]["prompt_tokens"] = seen
    return replace(reply, body=json.dumps(body).encode())


def answer_obediently(request: Request) -> Reply:
    """Follow every instruction in an abstract."""
    answer = obey_in_overview if request.form == "overview" else obey
    return completion(request, answer(request.blocks, system=request.system, user=request.user))


def break_json(request: Request) -> Reply:
    """Prose, and an object in which every quote is lost."""
    return completion(request, "Here you are:\n" + json.dumps(good_items(request.blocks)).replace('"', ""))


def cut_json(request: Request) -> Reply:
    """The end is missing, as after `max_tokens`."""
    text = dumped(good_items(request.blocks))
    at = int(len(text) * request.rule.share) if request.rule.at is None else request.rule.at
    return completion(request, text[:at], finish_reason="length")


def answer_prose(request: Request) -> Reply:
    return completion(request, request.rule.body or "I'm sorry, but I can't help with that.")


def refuse(request: Request) -> Reply:
    return completion(request, None, message={"refusal": "I can't help with that."})


def finish(request: Request) -> Reply:
    """End as `what` says: content_filter, tool_calls, missing, null (no content), empty."""
    what = request.rule.what
    if what in ("null", "empty"):
        return completion(request, None if what == "null" else "")
    if what == "tool_calls":
        call = {"id": "call_1", "type": "function", "function": {"name": "answer", "arguments": "{}"}}
        return completion(request, None, finish_reason="tool_calls", message={"tool_calls": [call]})
    if what == "missing":
        return completion(request, dumped(good_items(request.blocks)), finish_reason=None)
    return completion(request, None, finish_reason=what)


def answer_usage(request: Request) -> Reply:
    """A good answer with `usage` as `what` says: absent, zero, garbage, larger, smaller."""
    reply = answer_well(request)
    body = json.loads(reply.body)
    usage = body.pop("usage")
    factor = {"zero": 0.0, "larger": 3.0, "smaller": 0.1}.get(request.rule.what)
    if factor is not None:
        counted = {k: int(v * factor) for k, v in usage.items() if isinstance(v, int)}
        body["usage"] = {**usage, **counted}
    elif request.rule.what == "garbage":
        body["usage"] = {"prompt_tokens": "many", "completion_tokens": -4, "prompt_tokens_details": 7}
    return replace(reply, body=json.dumps(body).encode())


# --- no answers -------------------------------------------------------------------------------------------------------


def retry_headers(what: str, seconds: float, now: datetime) -> dict[str, str]:
    """Ways to say how long to wait. `none` says nothing; without one, a client is sent away for a millisecond."""
    match what:
        case "none":
            return {}
        case "seconds":
            return {"Retry-After": f"{seconds:g}"}
        case "ms":
            return {"retry-after-ms": f"{seconds * 1000:g}"}
        case "date":
            return {"Retry-After": format_datetime(now + timedelta(seconds=seconds), usegmt=True)}
        case "past":
            return {"Retry-After": format_datetime(now - timedelta(seconds=3600), usegmt=True)}
        case "negative":
            return {"Retry-After": "-5"}
        case "garbage":
            return {"Retry-After": "soon"}
    # Tests do not wait; a rule that is about waiting says so.
    return {"retry-after-ms": "1"}


def answer_with_status(request: Request) -> Reply:
    """The rule's status; with a Retry-After of so many `seconds` written as `what` says."""
    rule = request.rule
    body = rule.body or json.dumps({"error": {"message": f"told to answer {rule.status}", "type": "server_error"}})
    headers = {**retry_headers(rule.what, rule.seconds, request.now), **rule.headers}
    return Reply(status=rule.status, body=body.encode(), headers=headers)


def answer_html(request: Request) -> Reply:
    return Reply(status=200, body=b"<!doctype html><title>Sign in</title>", headers={"Content-Type": "text/html"})


def answer_body(request: Request) -> Reply:
    """The rule's body with status 200."""
    return Reply(status=200, body=(request.rule.body or "").encode())


# --- on the wire ------------------------------------------------------------------------------------------------------


def answer_late(request: Request) -> Reply:
    """After `seconds`, or `share` of one."""
    return replace(answer_well(request), delay_s=request.rule.seconds or request.rule.share)


def hang_up(request: Request) -> Reply:
    """The connection ends without a reply; the answer was generated."""
    return replace(answer_well(request), status=0, wire=Wire(cut_at=-1))


def reset(request: Request) -> Reply:
    """Broken off hard: `what` is `before headers` or `after headers`; else after `at` bytes of the body."""
    at = {"before headers": -1, "after headers": 0}.get(request.rule.what, request.rule.at or 20)
    return replace(answer_well(request), wire=Wire(cut_at=at, then="reset"))


def stall(request: Request) -> Reply:
    """Nothing more comes after `at` bytes of the body; by default not even the headers."""
    at = -1 if request.rule.at is None else request.rule.at
    return replace(answer_well(request), wire=Wire(cut_at=at, then="stall"))


def wrong_length(request: Request) -> Reply:
    """Content-Length promises `at` bytes more than come, or fewer if it is negative."""
    reply = answer_well(request)
    return replace(reply, wire=Wire(cut_at=len(reply.body), length=len(reply.body) + (request.rule.at or 1000)))


def bad_gzip(request: Request) -> Reply:
    """The headers say gzip, and the body is none."""
    reply = answer_well(request)
    return replace(reply, headers={"Content-Encoding": "gzip"}, body=b"\x1f\x8b\x08\x00" + reply.body[:200])


ACTIONS: Final[Mapping[str, Callable[[Request], Reply]]] = {
    "well": answer_well,
    "status": answer_with_status,
    "json": answer_in_json,
    "ids": answer_ids,
    "content": answer_content,
    "think": answer_after_thinking,
    "dialect": answer_in_dialect,
    "window": answer_what_is_seen,
    "obey": answer_obediently,
    "usage": answer_usage,
    "finish": finish,
    "broken_json": break_json,
    "cut_json": cut_json,
    "drop_ids": lambda request: _ids(request, "missing"),
    "swap_ids": lambda request: _ids(request, "rotated"),
    "invent_number": lambda request: items_reply(request, with_content(good_items(request.blocks), "number")),
    "html": answer_html,
    "body": answer_body,
    "refuse": refuse,
    "prose": answer_prose,
    "fence": lambda request: completion(request, JSON_FAULTS["fence"](good_items(request.blocks))),
    "late": answer_late,
    "hang_up": hang_up,
    "reset": reset,
    "stall": stall,
    "wrong_length": wrong_length,
    "bad_gzip": bad_gzip,
}
