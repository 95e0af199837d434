"""An OpenAI-compatible server on loopback that misbehaves as told, for tests and for trying the product by hand.

    with FlakyLLM(Rule("status", status=500, first_n=2), Rule("drop_ids", probability=0.5), seed=7) as server:
        … base_url=server.base_url …
        server.journal

The first rule that matches a request decides; without one it answers well: with sentences of the abstract itself. All
chance comes from the seed. Each request is in the journal before its reply is on the wire, so that a client that is
killed cannot hide what the server accepted. By hand: `python tests/servers/flaky_llm.py --help`.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do with which requests."""

    action: str
    """Name of a function in `ACTIONS`."""
    first_n: int | None = None
    """Applies to so many matching requests and no more."""
    probability: float = 1.0
    contains: str = ""
    """Applies to requests whose user message has this in it."""
    asks: str = ""
    """Applies to requests whose other parts have this in them: `json_schema`, `max_completion_tokens`."""
    status: int = 500
    body: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    share: float = 1 / 3
    """Of the ids that are dropped, of the text that is left, of a second that is waited."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paper as it stands in the prompt."""

    id: str
    title: str
    abstract: str


@dataclass(frozen=True, slots=True)
class Request:
    body: Mapping[str, Any]
    rule: Rule
    rnd: random.Random
    count: Callable[[str], int]

    @property
    def system(self) -> str:
        return str(self.body["messages"][0]["content"])

    @property
    def user(self) -> str:
        return str(self.body["messages"][-1]["content"])

    @property
    def blocks(self) -> list[Block]:
        return read_blocks(self.user)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    usage: Mapping[str, int] = field(default_factory=dict)


def read_blocks(user: str) -> list[Block]:
    """The papers of a prompt; what stands in none is nobody's."""
    blocks: list[Block] = []
    opening = re.match(r"#\S+ (\w+)\n", user)
    if opening is None:
        return []
    for part in re.split(rf"^#(?=\S+ {opening[1]}$)", user, flags=re.MULTILINE)[1:]:
        head, _, text = part.partition("\n")
        title, _, abstract = text.partition("\n")
        if head != f"end {opening[1]}":
            blocks.append(Block(head.split()[0], title.strip(), abstract.strip()))
    return blocks


# --- what can be answered ---------------------------------------------------------------------------------------------


def good_items(blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """A summary of each paper in its own sentences, always the same."""
    items = []
    for block in blocks:
        sentences = [
            s[:300].rsplit(" ", 1)[0] if len(s) > 300 else s for s in re.split(r"(?<=[.!?]) +", block.abstract)
        ]
        sentences = [s for s in sentences if len(s) > 30] or [f"{block.title}: {block.abstract}"[:300]]
        topics = [word for word in block.title.split() if len(word) > 6][:2]
        items.append({"id": block.id, "tldr": sentences[0], "points": sentences[1:3], "topics": topics})
    return items


def completion(
    request: Request, text: str | None, *, finish_reason: str = "stop", message: Mapping[str, Any] | None = None
) -> Reply:
    """A chat completion with *text* and what it cost."""
    usage = {
        "prompt_tokens": request.count(request.system) + request.count(request.user),
        "completion_tokens": request.count(text or ""),
    }
    choice = {
        "index": 0,
        "finish_reason": finish_reason,
        "message": {"role": "assistant", "content": text, **(message or {})},
    }
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": request.body["model"],
        "choices": [choice],
        "usage": {
            **usage,
            "total_tokens": sum(usage.values()),
            "prompt_tokens_details": {"cached_tokens": request.count(request.system)},
        },
    }
    return Reply(200, json.dumps(body).encode(), usage=usage)


def items_reply(request: Request, items: Sequence[Mapping[str, Any]]) -> Reply:
    return completion(request, json.dumps({"papers": list(items)}))


def answer_well(request: Request) -> Reply:
    return items_reply(request, good_items(request.blocks))


def answer_with_status(request: Request) -> Reply:
    rule = request.rule
    body = rule.body or json.dumps({"error": {"message": f"told to answer {rule.status}", "type": "server_error"}})
    # Tests do not wait; a rule that is about waiting brings its own headers.
    return Reply(rule.status, body.encode(), {"retry-after-ms": "1", **rule.headers})


def break_json(request: Request) -> Reply:
    """Prose, and an object in which every quote is lost."""
    return completion(request, "Here you are:\n" + json.dumps(good_items(request.blocks)).replace('"', ""))


def cut_json(request: Request) -> Reply:
    """The end is missing, as after `max_tokens`."""
    text = json.dumps({"papers": good_items(request.blocks)})
    return completion(request, text[: int(len(text) * request.rule.share)], finish_reason="length")


def drop_ids(request: Request) -> Reply:
    items = good_items(request.blocks)
    dropped = round(len(items) * request.rule.share)
    kept = sorted(request.rnd.sample(range(len(items)), len(items) - dropped))
    return items_reply(request, [items[place] for place in kept])


def swap_ids(request: Request) -> Reply:
    """Each summary under the next paper's id."""
    items = good_items(request.blocks)
    ids = [item["id"] for item in items]
    return items_reply(request, [{**item, "id": other} for item, other in zip(items, ids[1:] + ids[:1], strict=True)])


def invent_number(request: Request) -> Reply:
    return items_reply(
        request, [{**item, "tldr": f"{item['tldr']} It gains 61.83 %."} for item in good_items(request.blocks)]
    )


def answer_html(request: Request) -> Reply:
    return Reply(200, b"<!doctype html><title>Sign in</title>", {"Content-Type": "text/html"})


def answer_body(request: Request) -> Reply:
    """The rule's body with status 200."""
    return Reply(200, (request.rule.body or "").encode())


def refuse(request: Request) -> Reply:
    return completion(request, None, message={"refusal": "I can't help with that."})


def answer_prose(request: Request) -> Reply:
    return completion(request, request.rule.body or "I'm sorry, but I can't help with that.")


def answer_in_fence(request: Request) -> Reply:
    return completion(
        request, f"Sure!\n```json\n{json.dumps(good_items(request.blocks), indent=1)}\n```\nAnything else?"
    )


def answer_late(request: Request) -> Reply:
    time.sleep(request.rule.share)
    return answer_well(request)


def hang_up(request: Request) -> Reply:
    """The connection ends without a reply."""
    return Reply(0, b"")


ACTIONS: Final[Mapping[str, Callable[[Request], Reply]]] = {
    "well": answer_well,
    "status": answer_with_status,
    "broken_json": break_json,
    "cut_json": cut_json,
    "drop_ids": drop_ids,
    "swap_ids": swap_ids,
    "invent_number": invent_number,
    "html": answer_html,
    "body": answer_body,
    "refuse": refuse,
    "prose": answer_prose,
    "fence": answer_in_fence,
    "late": answer_late,
    "hang_up": hang_up,
}


class _Http(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away before its answer is what some tests are about: no traceback."""


# --- the server -------------------------------------------------------------------------------------------------------


class FlakyLLM:
    """The server, running while it is entered."""

    def __init__(
        self,
        *rules: Rule,
        seed: int = 0,
        port: int = 0,
        count: Callable[[str], int] = lambda text: len(text) // 5 + 1,
        journal_path: Path | None = None,
    ) -> None:
        self.rules = list(rules)
        self.journal: list[dict[str, Any]] = []
        """One entry per request: action, status, papers, tokens, body, headers."""
        self._used = [0] * len(rules)
        self._rnd = random.Random(seed)
        self._count = count
        self._journal_path = journal_path
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", port), _handler(self))
        self._http.daemon_threads = True
        self._http.block_on_close = False

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def __enter__(self) -> FlakyLLM:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def reply(self, body: Mapping[str, Any], headers: Mapping[str, str]) -> Reply:
        """Decide on a request and write it down."""
        with self._lock:
            rule = self._rule(body)
            request = Request(body, rule, random.Random(self._rnd.random()), self._count)
        reply = ACTIONS[rule.action](request)
        entry = {
            "action": rule.action,
            "status": reply.status,
            "papers": len(request.blocks),
            "input_tokens": reply.usage.get("prompt_tokens", 0),
            "output_tokens": reply.usage.get("completion_tokens", 0),
            "body": dict(body),
            "headers": {name.lower(): value for name, value in headers.items()},
        }
        with self._lock:
            self.journal.append(entry)
            if self._journal_path is not None:
                with self._journal_path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry) + "\n")
        return reply

    def _rule(self, body: Mapping[str, Any]) -> Rule:
        user = str(body["messages"][-1]["content"])
        rest = json.dumps({key: value for key, value in body.items() if key != "messages"})
        for place, rule in enumerate(self.rules):
            if rule.first_n is not None and self._used[place] >= rule.first_n:
                continue
            if rule.contains in user and rule.asks in rest and self._rnd.random() < rule.probability:
                self._used[place] += 1
                return rule
        return Rule("well")

    def of(self, *keys: str) -> list[tuple[Any, ...]]:
        """The journal with these keys only."""
        return [tuple(entry[key] for key in keys) for entry in self.journal]


def _handler(server: FlakyLLM) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            reply = server.reply(body, dict(self.headers))
            if reply.status == 0:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in {"Content-Type": "application/json", **reply.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the base class calls it so
            pass

    return Handler


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description="An OpenAI-compatible server on loopback that misbehaves as told.")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--journal", type=Path, help="append a JSON line per request")
    parser.add_argument(
        "--rule",
        action="append",
        default=[],
        help=f'as {{"action": "drop_ids", "first_n": 3}}; actions: {", ".join(ACTIONS)}',
    )
    options = parser.parse_args()
    rules = [Rule(**json.loads(rule)) for rule in options.rule]
    with FlakyLLM(*rules, seed=options.seed, port=options.port, journal_path=options.journal) as server:
        print(server.base_url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
