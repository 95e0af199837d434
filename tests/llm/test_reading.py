"""Where in the body of an answer a model's words stand, whole and in pieces."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from digest.llm.reading import is_stream, joined, said_in

TEXT = '{"papers": []}'


@pytest.mark.parametrize(
    "message",
    [
        {"content": TEXT},
        {"content": [{"type": "text", "text": TEXT[:5]}, {"type": "text", "text": TEXT[5:]}]},
        {"content": [TEXT]},
        {"content": [{"type": "thinking", "thinking": [{"text": "Hm."}]}, {"type": "text", "text": TEXT}]},
        {"content": {"papers": []}},
        {"content": None, "reasoning_content": TEXT},
        {"content": "", "reasoning": TEXT},
        {"content": " \n", "thinking": TEXT},
        {"content": TEXT, "reasoning_content": '{"papers": "draft"}'},
        {"content": None, "tool_calls": [{"function": {"name": "f", "arguments": TEXT}}]},
        {"content": "Done.", "tool_calls": [{"function": {"arguments": {"papers": []}}}]},
        {"content": None, "function_call": {"arguments": TEXT}},
        {"reasoning_content": "Hm.", "tool_calls": [{"function": {"arguments": TEXT}}], "content": ""},
    ],
)
def test_what_was_said_is_found_wherever_it_stands(message: Mapping[str, Any]) -> None:
    assert said_in(message) == TEXT


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({}, ""),
        ({"content": 7}, ""),
        ({"content": "I can't help with that.", "reasoning": TEXT}, "I can't help with that."),
        ({"content": None, "tool_calls": "none"}, ""),
        ({"content": None, "tool_calls": [None, {"function": None}, {"function": {"arguments": 3}}]}, ""),
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(message: Mapping[str, Any], said: str) -> None:
    assert said_in(message) == said


def stream(*pieces: Any, end: str = "data: [DONE]\n\n") -> str:
    return "".join(f"data: {json.dumps(piece)}\n\n" for piece in pieces) + end


def delta(**values: Any) -> dict[str, Any]:
    finish = values.pop("finish", None)
    return {"model": "m-1", "choices": [{"index": 0, "delta": values, "finish_reason": finish}]}


def test_pieces_make_the_body_that_would_have_come_whole() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 2}

    body: Any = joined(
        stream(
            delta(role="assistant", content=""),
            delta(content=TEXT[:5]),
            delta(content=TEXT[5:]),
            delta(finish="stop"),
            {"choices": [], "usage": usage, "service_tier": "flex"},
        )
    )

    assert said_in(body["choices"][0]["message"]) == TEXT
    assert body["choices"][0]["finish_reason"] == "stop"
    assert (body["usage"], body["model"], body["service_tier"]) == (usage, "m-1", "flex")


def test_calls_and_thoughts_are_put_together_too() -> None:
    calls = [delta(tool_calls=[{"index": 0, "function": {"arguments": part}}]) for part in (TEXT[:5], TEXT[5:])]
    thoughts = [delta(reasoning_content=part) for part in (TEXT[:5], TEXT[5:])]

    for pieces in (calls, thoughts):
        body: Any = joined(stream(*pieces))
        assert said_in(body["choices"][0]["message"]) == TEXT


def test_a_stream_that_breaks_off_is_an_answer_that_was_cut_off() -> None:
    broken: Any = joined(stream(delta(content=TEXT), end='data: {"choices": [{"del'))
    whole: Any = joined(stream(delta(content=TEXT)))

    assert broken["choices"][0]["finish_reason"] == "length"
    assert whole["choices"][0]["finish_reason"] == "stop"


def test_an_error_in_a_stream_is_the_answer_where_nothing_came_before_it() -> None:
    error = {"error": {"code": 429, "message": "busy"}}

    assert joined(stream(error)) == error
    late: Any = joined(stream(delta(content=TEXT), error))
    assert said_in(late["choices"][0]["message"]) == TEXT


def test_a_stream_without_a_piece_is_no_answer() -> None:
    with pytest.raises(ValueError, match="without a piece"):
        joined("data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("text", "streams"),
    [
        ("data: {}", True),
        (": keep-alive\n\ndata: {}", True),
        ("\n\nevent: x\ndata: {}", True),
        ('{"choices": []}', False),
        ("<html>", False),
        ("", False),
    ],
)
def test_a_stream_is_known_by_its_beginning(text: str, streams: bool) -> None:
    assert is_stream(text) is streams
