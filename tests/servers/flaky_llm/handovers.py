"""The endpoints of OpenAI's Batch API, on the server's clock.

    upload ─► submit ─► validating ─► in_progress ─► finalizing ─► completed
                            │             ├── cancel ─► cancelling ─► cancelled
                            └► failed     └── 24 h ─► expired

A line is answered, and charged, when its share of the time in progress is over; what is answered before a handover is
cancelled or expires can be had. Rules for `submit`:

    fail    it fails its validation             slow    only `share` of its lines are answered before it expires
    lose    it is taken, and the reply is lost (for `upload` and `cancel` too); `hang_up`: neither taken nor replied

and for `content`: `missing` (the first line), `doubled`, `damaged` (a line breaks off), `unknown` (a line of nobody's).
`status` does for all.
"""

from __future__ import annotations

import email.parser
import email.policy
import json
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.servers.flaky_llm.rules import GOOD, Rule

WINDOW_S: Final = 86_400
MOST_REQUESTS: Final = 50_000
MOST_BYTES: Final = 200_000_000

Answer = Callable[[Mapping[str, Any]], tuple[int, Mapping[str, Any]]]
"""The body of a request → status and body of its completion; it is charged by that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long handovers take, in seconds of the server's clock."""

    validating_s: float = 10
    in_progress_s: float = 600
    finalizing_s: float = 10
    cancelling_s: float = 10


@dataclass(slots=True, kw_only=True)
class Handover:
    """Requests that were handed over, which OpenAI calls a batch."""

    id: str
    input_file: str
    metadata: Mapping[str, str]
    created: float
    pace: Pace
    rule: Rule
    lines: list[dict[str, Any]]
    fault: str = ""
    """Why validation fails."""
    answered: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    cancelled: float | None = None
    output_file: str | None = None
    error_file: str | None = None

    @property
    def _started(self) -> float:
        return self.created + self.pace.validating_s

    @property
    def _worked(self) -> float:
        """When the last line is answered."""
        return self._started + self.pace.in_progress_s

    def due(self, now: float) -> int:
        """How many lines are answered by then."""
        if self.fault:
            return 0
        now = min(now, self.created + WINDOW_S, *(() if self.cancelled is None else (self.cancelled,)))
        if now < self._started:
            return 0
        if self.rule.action == "slow":
            return min(int(self.rule.share * len(self.lines)), int((now - self._started) / 60 * len(self.lines)))
        if now >= self._worked:
            return len(self.lines)
        return int((now - self._started) / self.pace.in_progress_s * len(self.lines))

    def state(self, now: float) -> str:
        if now < self._started and self.cancelled is None:
            return "validating"
        if self.fault:
            return "failed"
        if self.cancelled is not None and now >= self.cancelled:
            return "cancelling" if now < self.cancelled + self.pace.cancelling_s else "cancelled"
        if self.rule.action == "slow":
            return "in_progress" if now < self.created + WINDOW_S else "expired"
        if now < self._worked:
            return "in_progress"
        return "finalizing" if now < self._worked + self.pace.finalizing_s else "completed"

    def is_over(self, now: float) -> bool:
        return self.state(now) in ("failed", "expired", "cancelled", "completed")

    def shown(self, now: float) -> dict[str, Any]:
        """As the provider shows it."""
        state = self.state(now)
        errors = [{"code": "invalid_request", "message": self.fault, "param": None, "line": 1}]
        return {
            "id": self.id,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
            "input_file_id": self.input_file,
            "status": state,
            "metadata": dict(self.metadata),
            "created_at": int(self.created),
            "expires_at": int(self.created + WINDOW_S),
            "in_progress_at": int(self._started) if state not in ("validating", "failed") else None,
            "completed_at": int(now) if state == "completed" else None,
            "errors": {"object": "list", "data": errors} if state == "failed" else None,
            "output_file_id": self.output_file,
            "error_file_id": self.error_file,
            "request_counts": {
                "total": len(self.lines),
                "completed": len(self.answered),
                "failed": len(self.failed),
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an endpoint answers."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    lost: bool = False
    """It did what it was asked, or not, and does not reply."""


def _json(value: object, status: int = 200) -> Said:
    return Said(status=status, content=json.dumps(value).encode())


def _error(status: int, message: str) -> Said:
    return _json({"error": {"message": message, "type": "invalid_request_error", "code": None}}, status)


class Handovers:
    """Files and handovers. Not thread-safe: the server asks it under its lock."""

    def __init__(self, answer: Answer, *, pace: Pace, seed: int) -> None:
        self.files: dict[str, bytes] = {}
        self.handovers: dict[str, Handover] = {}
        self.pace = pace
        self._answer = answer
        self._rnd = random.Random(f"jobs {seed}")

    def endpoint(self, method: str, path: str) -> str:
        """Which of the endpoints is meant; empty for none."""
        for name, pattern in _ENDPOINTS.items():
            if re.fullmatch(pattern, f"{method} {path}"):
                return name
        return ""

    def handle(self, method: str, path: str, query: Mapping[str, str], body: bytes, kind: str, **at: Any) -> Said:
        """Answer one call.

        Args:
            kind: The Content-Type of *body*.
            at: `rule` and `now` (seconds).
        """
        rule: Rule = at["rule"]
        now: float = at["now"]
        self.work(now)
        if rule.action == "status":
            text = rule.body or json.dumps({"error": {"message": f"told to answer {rule.status}"}})
            return Said(status=rule.status, content=text.encode(), headers={"retry-after-ms": "1", **rule.headers})
        if rule.action == "hang_up":
            return Said(status=0, lost=True)
        name = self.endpoint(method, path)
        part = (path.split("/") + [""] * 4)[3]
        match name:
            case "upload":
                said = self._upload(body, kind, now)
            case "submit":
                said = self._submit(json.loads(body), rule, now)
            case "list":
                said = self._list(query, now)
            case "poll":
                said = self._one(part, now)
            case "cancel":
                said = self._cancel(part, now)
            case "content":
                said = self._content(part, rule)
            case _:
                said = _error(404, f"no endpoint {method} {path}")
        return Said(status=0, lost=True) if rule.action == "lose" else said

    def work(self, now: float) -> None:
        """Answer what is due by now, and write the files of what is over."""
        for handover in self.handovers.values():
            while len(handover.answered) + len(handover.failed) < handover.due(now):
                self._work_on(handover, handover.lines[len(handover.answered) + len(handover.failed)])
            if (
                handover.is_over(now)
                and not handover.fault
                and handover.output_file is None
                and handover.error_file is None
            ):
                self._finish(handover, now)

    def _work_on(self, handover: Handover, line: Mapping[str, Any]) -> None:
        status, body = self._answer(line["body"])
        number = f"batch_req_{self._rnd.getrandbits(48):012x}"
        response = {"status_code": status, "request_id": number, "body": body}
        said = {"id": number, "custom_id": line["custom_id"], "response": response, "error": None}
        (handover.answered if status == 200 else handover.failed).append(said)

    def _finish(self, handover: Handover, now: float) -> None:
        left = handover.lines[len(handover.answered) + len(handover.failed) :]
        code = f"batch_{handover.state(now)}"
        unanswered = [
            {
                "id": f"batch_req_{self._rnd.getrandbits(48):012x}",
                "custom_id": line["custom_id"],
                "response": None,
                "error": {"code": code, "message": "This request could not be executed in time."},
            }
            for line in left
        ]
        # The order of the output is not that of the input.
        self._rnd.shuffle(handover.answered)
        handover.output_file = self._file(handover.answered) if handover.answered else None
        handover.error_file = self._file([*handover.failed, *unanswered]) if handover.failed or unanswered else None

    def _file(self, lines: list[dict[str, Any]]) -> str:
        return self._keep("".join(json.dumps(line) + "\n" for line in lines).encode())

    def _keep(self, content: bytes) -> str:
        name = f"file-{len(self.files) + 1}"
        self.files[name] = content
        return name

    # -- the endpoints

    def _upload(self, body: bytes, kind: str, now: float) -> Said:
        parser = email.parser.BytesParser(policy=email.policy.HTTP)
        message = parser.parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        parts: dict[str, tuple[str | None, bytes]] = {}
        for part in message.iter_parts():
            payload = part.get_payload(decode=True)
            name = str(part.get_param("name", header="content-disposition"))
            parts[name] = (part.get_filename(), payload if isinstance(payload, bytes) else b"")
        if "file" not in parts or parts.get("purpose", (None, b""))[1] != b"batch":
            return _error(400, "file and purpose=batch are required")
        filename, content = parts["file"]
        if len(content) > MOST_BYTES:
            return _error(413, "the file is too large")
        return _json(self._shown(self._keep(content), filename or "", now))

    def _shown(self, name: str, filename: str, now: float) -> dict[str, Any]:
        return {
            "id": name,
            "object": "file",
            "bytes": len(self.files[name]),
            "created_at": int(now),
            "filename": filename,
            "purpose": "batch",
            "status": "processed",
        }

    def _submit(self, asked: Mapping[str, Any], rule: Rule, now: float) -> Said:
        if asked.get("input_file_id") not in self.files:
            return _error(400, f"no file {asked.get('input_file_id')}")
        if asked.get("completion_window") != "24h" or asked.get("endpoint") != "/v1/chat/completions":
            return _error(400, "endpoint has to be /v1/chat/completions, completion_window 24h")
        lines, fault = _read_lines(self.files[asked["input_file_id"]])
        handover = Handover(
            id=f"batch_{len(self.handovers) + 1}",
            input_file=asked["input_file_id"],
            metadata=asked.get("metadata") or {},
            created=now,
            pace=self.pace,
            rule=rule if rule.action == "slow" else GOOD,
            lines=lines,
            fault=fault or ("told to fail" if rule.action == "fail" else ""),
        )
        self.handovers[handover.id] = handover
        return _json(handover.shown(now))

    def _list(self, query: Mapping[str, str], now: float) -> Said:
        newest_first = list(reversed(self.handovers.values()))
        if "after" in query:
            ids = [handover.id for handover in newest_first]
            if query["after"] not in ids:
                return _error(400, f"no batch {query['after']}")
            newest_first = newest_first[ids.index(query["after"]) + 1 :]
        page = newest_first[: int(query.get("limit", 20))]
        return _json(
            {
                "object": "list",
                "data": [handover.shown(now) for handover in page],
                "first_id": page[0].id if page else None,
                "last_id": page[-1].id if page else None,
                "has_more": len(page) < len(newest_first),
            }
        )

    def _one(self, number: str, now: float) -> Said:
        handover = self.handovers.get(number)
        return _json(handover.shown(now)) if handover else _error(404, f"no batch {number}")

    def _cancel(self, number: str, now: float) -> Said:
        handover = self.handovers.get(number)
        if handover is None:
            return _error(404, f"no batch {number}")
        if handover.is_over(now) or handover.cancelled is not None:
            return _error(409, f"cannot cancel a batch with status {handover.state(now)}")
        handover.cancelled = now
        return _json(handover.shown(now))

    def _content(self, name: str, rule: Rule) -> Said:
        if name not in self.files:
            return _error(404, f"no file {name}")
        lines = self.files[name].splitlines(keepends=True)
        if lines and rule.action == "missing":
            lines = lines[1:]
        elif lines and rule.action == "doubled":
            lines = [*lines, lines[0]]
        elif lines and rule.action == "damaged":
            lines[0] = lines[0][: len(lines[0]) // 2] + b"\n"
        elif lines and rule.action == "unknown":
            lines = [json.dumps({**json.loads(lines[0]), "custom_id": "nobody"}).encode() + b"\n", *lines]
        return Said(status=200, content=b"".join(lines), headers={"Content-Type": "application/octet-stream"})


_ENDPOINTS: Final = {
    "upload": r"POST /v1/files",
    "content": r"GET /v1/files/[^/]+/content",
    "submit": r"POST /v1/batches",
    "list": r"GET /v1/batches",
    "poll": r"GET /v1/batches/[^/]+",
    "cancel": r"POST /v1/batches/[^/]+/cancel",
}


def _read_lines(content: bytes) -> tuple[list[dict[str, Any]], str]:
    """The requests of an input file, and why it is not valid."""
    try:
        lines = [json.loads(line) for line in content.splitlines() if line.strip()]
        names = [line["custom_id"] for line in lines]
        wrong = [line for line in lines if (line["method"], line["url"]) != ("POST", "/v1/chat/completions")]
        models = {line["body"]["model"] for line in lines}
    except (ValueError, LookupError, TypeError) as exc:
        return [], f"a line is no request: {exc!r}"
    if not lines or len(lines) > MOST_REQUESTS:
        return lines, f"{len(lines)} requests"
    if len(set(names)) < len(names):
        return lines, "a custom_id occurs twice"
    if wrong or len(models) > 1:
        return lines, "a method, address or model that is not that of the others"
    return lines, ""
