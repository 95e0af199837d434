"""Servers as they are: what they know of a request, how much of it they read, and where in a reply the answer stands.

refusal_of   what a server says to a request that is not in its dialect
THOUGHTS     ways in which a thinking model's answer comes
seen_of      what is left of a prompt that is longer than the model's context
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from tests.servers.flaky_llm.answers import Item, dumped
from tests.servers.flaky_llm.reading import Block, Request

# --- what a server does not know --------------------------------------------------------------------------------------


def _too_long_an_answer(request: Request) -> bool:
    return (request.limit or 0) > (request.rule.at or 8192)


_DIALECTS: Final[Mapping[str, tuple[Callable[[Request], bool], int, Mapping[str, Any]]]] = {
    "no system role": (
        lambda request: any(message["role"] == "system" for message in request.body["messages"]),
        400,
        {"object": "error", "message": "System role not supported", "type": "BadRequestError", "code": 400},
    ),
    "roles must alternate": (
        lambda request: any(message["role"] == "system" for message in request.body["messages"]),
        500,
        {"error": {"message": "Conversation roles must alternate user/assistant/user/assistant/…"}},
    ),
    "range of max_tokens": (
        _too_long_an_answer,
        400,
        {"error": {"code": "invalid_parameter_error", "message": "<400> Range of max_tokens should be [1, {at}]"}},
    ),
    "max_tokens too large": (
        _too_long_an_answer,
        400,
        {"error": {"message": "max_tokens is too large: {limit}. This model supports at most {at} completion tokens"}},
    ),
    "stream only": (
        lambda request: not request.body.get("stream"),
        400,
        {"error": {"message": "This model only support stream mode, please enable the stream parameter"}},
    ),
    "stream without usage": (
        lambda request: not request.body.get("stream") or "stream_options" in request.body,
        400,
        {"error": {"message": "stream=False is not supported, and stream_options is an unknown field"}},
    ),
    "no effort": (
        lambda request: "reasoning_effort" in request.body,
        400,
        {"error": {"message": "Unrecognized request argument supplied: reasoning_effort"}},
    ),
    "no flex": (
        lambda request: "service_tier" in request.body,
        400,
        {"error": {"message": "Invalid service_tier argument", "param": "service_tier"}},
    ),
    "flex is full": (
        lambda request: request.body.get("service_tier") == "flex",
        429,
        {"error": {"message": "Resource Unavailable", "code": "resource_unavailable"}},
    ),
}
DIALECTS: Final = tuple(_DIALECTS)


def refusal_of(request: Request) -> tuple[int, bytes] | None:
    """Status and body for a request that is not in the dialect that the rule names; None for one that is."""
    is_foreign, status, said = _DIALECTS[request.rule.what]
    if not is_foreign(request):
        return None
    text = json.dumps(said)
    return status, text.replace("{at}", str(request.rule.at or 8192)).replace("{limit}", str(request.limit)).encode()


# --- where the answer stands ------------------------------------------------------------------------------------------


def _draft(items: Sequence[Item]) -> str:
    """What passes every check and is not what the model settles on."""
    return dumped([{**item, "points": []} for item in items])


def _content(text: str) -> dict[str, Any]:
    return {"content": text}


THOUGHTS: Final[Mapping[str, Callable[[Sequence[Item]], Mapping[str, Any]]]] = {
    "in tags": lambda items: _content(f"<think>What's the authors' claim? {{\"id\": it}}.</think>\n{dumped(items)}"),
    "a draft in tags": lambda items: _content(f"<think>First: {_draft(items)}</think>{dumped(items)}"),
    "a draft without tags": lambda items: _content(f"Let's see.\n{_draft(items)}\nNo, rather:\n{dumped(items)}"),
    "twice in tags": lambda items: _content(
        f"<thinking>It's {{hard}}</thinking> Wait. <thinking>{_draft(items)}</thinking>\n```json\n{dumped(items)}\n```"
    ),
    "the end of a tag alone": lambda items: _content(
        f"The authors' 'main' point… {_draft(items)}</think>{dumped(items)}"
    ),
    "a tag that is not closed": lambda items: _content(f"<think>I'd say {dumped(items)}"),
    "channels": lambda items: _content(
        f"<|channel|>analysis<|message|>It's {_draft(items)}<|end|><|start|>assistant<|channel|>final<|message|>"
        f"{dumped(items)}"
    ),
    "apostrophes before": lambda items: _content(f"Here's what the papers' authors say, 'as asked:\n{dumped(items)}"),
    "apostrophes around": lambda items: _content(
        "\n".join(f"Paper {item['id']}'s summary, in the authors' words:\n{json.dumps(item)}" for item in items)
    ),
    "as reasoning_content": lambda items: {"content": "", "reasoning_content": dumped(items)},
    "as reasoning": lambda items: {"content": None, "reasoning": dumped(items)},
    "as a tool's call": lambda items: {
        "content": None,
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "papers", "arguments": dumped(items)}}],
    },
    "as an object of a tool's call": lambda items: {
        "content": "",
        "tool_calls": [{"function": {"name": "papers", "arguments": {"papers": list(items)}}}],
    },
    "in parts": lambda items: {
        "content": [
            {"type": "thinking", "thinking": [{"type": "text", "text": _draft(items)}]},
            {"type": "text", "text": dumped(items)[:40]},
            {"type": "text", "text": dumped(items)[40:]},
        ]
    },
    "as an object": lambda items: {"content": {"papers": list(items)}},
}
"""Name → the message in which a good answer comes."""

# --- what the model sees ----------------------------------------------------------------------------------------------


def seen_of(request: Request) -> tuple[int, list[Block]]:
    """Tokens and papers of a prompt that the model sees, if its context has `at` tokens.

    What is too long loses its beginning, down to the whole context, or to half of it as with Ollama (`what`).
    """
    window = request.rule.at or 4096
    if request.input_tokens <= window:
        return request.input_tokens, request.blocks
    seen = window // 2 + 2 if request.rule.what == "half" else window
    left, kept = seen, []
    for block in reversed(request.blocks):
        left -= request.count(f"{block.title}\n{block.abstract}") + 8
        if left < 0:
            break
        kept.append(block)
    return seen, kept[::-1]


# --- a stream ---------------------------------------------------------------------------------------------------------


def as_stream(request: Request, body: Mapping[str, Any]) -> bytes:
    """The body of a completion in pieces, with what was counted in the last one if that was asked for."""
    choice = body["choices"][0]
    message = choice["message"]
    text = message.get("content") or ""
    deltas: list[dict[str, Any]] = [{"role": "assistant"}]
    deltas += [{"content": text[at : at + 50]} for at in range(0, len(text), 50)]
    pieces: list[dict[str, Any]] = [
        {"model": body["model"], "choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas
    ]
    pieces.append({"choices": [{"index": 0, "delta": {}, "finish_reason": choice.get("finish_reason")}]})
    if (request.body.get("stream_options") or {}).get("include_usage"):
        pieces.append({"choices": [], "usage": body["usage"]})
    return "".join(f"data: {json.dumps(piece)}\n\n" for piece in pieces).encode() + b"data: [DONE]\n\n"
