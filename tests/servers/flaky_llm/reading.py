"""What stands in a request: the papers, what is asked for of them, and by what two requests are the same."""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, Final

from tests.servers.flaky_llm.rules import Rule

_OPENING: Final = re.compile(r"^#\S+ (\w+)\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A paper as it stands in the prompt."""

    id: str
    title: str
    abstract: str

    @property
    def key(self) -> str:
        """The same for the same text, whatever its id in the request."""
        return hashlib.sha256(f"{self.title}\n{self.abstract}".encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Request:
    """A request for a completion, direct or in a handover."""

    body: Mapping[str, Any]
    rule: Rule
    rnd: random.Random
    count: Callable[[str], int]
    now: datetime

    @property
    def system(self) -> str:
        """The fixed part, which some servers take in the user's message alone."""
        first = self.body["messages"][0]
        text = str(first["content"])
        opening = _OPENING.search(text) if first["role"] != "system" else None
        return text[: opening.start()].strip() if opening else text

    @property
    def user(self) -> str:
        return str(self.body["messages"][-1]["content"])

    @cached_property
    def blocks(self) -> list[Block]:
        return read_blocks(self.user)

    @property
    def nonce(self) -> str:
        return nonce_of(self.user)

    @property
    def form(self) -> str:
        """`summaries`, `briefs` or `overview`, by the schema or, without one, by what the system prompt shows."""
        asked = self.body.get("response_format") or {}
        if asked.get("type") == "json_schema":
            return str(asked["json_schema"]["name"])
        if '"sentences"' in self.system:
            return "overview"
        return "summaries" if '"points"' in self.system else "briefs"

    @property
    def limit(self) -> int | None:
        """Tokens that the answer may have."""
        limit = self.body.get("max_completion_tokens", self.body.get("max_tokens"))
        return limit if isinstance(limit, int) else None

    @cached_property
    def input_tokens(self) -> int:
        return sum(self.count(str(message["content"])) for message in self.body["messages"])


def nonce_of(user: str) -> str:
    """The word behind the ids; empty where the message holds no papers."""
    opening = _OPENING.search(user)
    return opening[1] if opening else ""


def read_blocks(user: str) -> list[Block]:
    """The papers of a prompt; what stands in none is nobody's."""
    blocks: list[Block] = []
    nonce = nonce_of(user)
    if not nonce:
        return []
    for part in re.split(rf"^#(?=\S+ {nonce}$)", user, flags=re.MULTILINE)[1:]:
        head, _, text = part.partition("\n")
        title, _, abstract = text.partition("\n")
        if head != f"end {nonce}":
            blocks.append(Block(head.split()[0], title.strip(), abstract.strip()))
    return blocks


def fingerprint(body: Mapping[str, Any]) -> str:
    """The same for two requests that differ in nothing but what is drawn anew for each."""
    user = str(body["messages"][-1]["content"])
    if nonce := nonce_of(user):
        user = re.sub(rf"^(#\S+) {nonce}$", r"\1", user, flags=re.MULTILINE)
    rest = {key: value for key, value in body.items() if key != "messages"}
    text = json.dumps([body["messages"][:-1], user, rest], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
