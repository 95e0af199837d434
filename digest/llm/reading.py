"""Read the model's text from the body of an answer, whole or as a stream.

    {"choices": [{"message": {"content": …}}]}   whole
    data: {"choices": [{"delta": {…}}]}          in pieces, which are put together to the same

The text may be the content, the arguments of a tool call, or, if the server took the answer for thoughts, the
reasoning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

_THOUGHTS: Final = ("reasoning_content", "reasoning", "thinking")
"""Under which names servers send what a model thought: DeepSeek and vLLM, OpenRouter and newer vLLM, Ollama."""


def said_in(message: Mapping[str, Any]) -> str:
    """Return the model's text in *message*; empty if there is none."""
    content = _text(message.get("content"))
    if "{" in content or "[" in content:
        return content
    if calls := "\n".join(filter(None, _arguments(message))):
        return calls
    if content.strip():
        return content
    # LM Studio and vLLM take an answer for thoughts where no mark ends them.
    return next(filter(str.strip, (_text(message.get(name)) for name in _THOUGHTS)), content)


def _text(content: object) -> str:
    """The text of a message; some servers send it in parts, or as the object itself."""
    if isinstance(content, Mapping):
        return json.dumps(content)
    if isinstance(content, list):
        return "".join(part if isinstance(part, str) else _of_part(part) for part in content)
    return content if isinstance(content, str) else ""


def _of_part(part: object) -> str:
    # A part of another type holds thoughts, or no text.
    text = mapping(part).get("text")
    return text if isinstance(text, str) else ""


def _arguments(message: Mapping[str, Any]) -> Iterator[str]:
    calls = message.get("tool_calls")
    for call in [*(calls if isinstance(calls, list) else ()), {"function": message.get("function_call")}]:
        arguments = mapping(mapping(call).get("function")).get("arguments")
        yield (
            json.dumps(arguments) if isinstance(arguments, Mapping) else arguments if isinstance(arguments, str) else ""
        )


# --- a stream ---------------------------------------------------------------------------------------------------------


def is_stream(text: str) -> bool:
    """Whether an answer came in pieces."""
    start = text[:1_000].lstrip()
    return start.startswith(("data:", "event:", ":"))


def joined(text: str) -> object:
    """Join the pieces of a stream to the body that would have come whole.

    A piece that cannot be read is left out; an answer whose end is missing is one that was cut off.

    Raises:
        ValueError: There is no piece in it that can be read.
    """
    pieces = list(_pieces(text))
    if not pieces:
        raise ValueError("a stream without a piece in it")
    failed = next((piece for piece in pieces if piece.get("error")), None)
    content: list[str] = []
    thoughts: list[str] = []
    calls: dict[int, list[str]] = {}
    end: str | None = None
    body: dict[str, Any] = {}
    for piece in pieces:
        body.update({k: piece[k] for k in ("model", "usage", "service_tier") if piece.get(k) is not None})
        choices = piece.get("choices")
        choice = mapping(choices[0]) if isinstance(choices, list) and choices else {}
        delta = mapping(choice.get("delta") or choice.get("message"))
        content.append(_text(delta.get("content")))
        thoughts.append(next(filter(None, (_text(delta.get(name)) for name in _THOUGHTS)), ""))
        _add_calls(calls, delta.get("tool_calls"))
        end = choice["finish_reason"] if isinstance(choice.get("finish_reason"), str) else end
    if failed is not None and not any(content):
        return failed
    message = {
        "content": "".join(content),
        "reasoning_content": "".join(thoughts),
        "tool_calls": [{"function": {"arguments": "".join(said)}} for _, said in sorted(calls.items())],
    }
    return {
        **body,
        "choices": [{"message": message, "finish_reason": end or ("stop" if _is_ended(text) else "length")}],
    }


def _add_calls(calls: dict[int, list[str]], told: object) -> None:
    for call in told if isinstance(told, Sequence) else ():
        number = mapping(call).get("index")
        arguments = mapping(mapping(call).get("function")).get("arguments")
        if isinstance(arguments, str):
            calls.setdefault(number if isinstance(number, int) else 0, []).append(arguments)


def _pieces(text: str) -> Iterator[Mapping[str, Any]]:
    for line in text.splitlines():
        if not line.startswith("data:"):
            continue
        try:
            piece = json.loads(line.removeprefix("data:"))
        except (ValueError, RecursionError):
            continue
        if isinstance(piece, Mapping):
            yield piece


def _is_ended(text: str) -> bool:
    return text[-200:].rstrip().endswith("[DONE]")


def mapping(value: object) -> Mapping[str, Any]:
    """*value*, or an empty mapping in place of what is none."""
    return value if isinstance(value, Mapping) else {}
