"""What the summaries of a day cost and how long they take, against a server whose every answer takes a known time.

    papers ──► the program's own summarizer, books and client, in a process of its own ──► the server, in this one

An answer comes after half a second and ten milliseconds for each of its tokens. So no run of C requests at once can be
quicker than 0.5 s + (tokens out) × 0.01 s / C, nor than its longest request: that is the limit that times stand beside.
Tokens are OpenAI's newest (o200k), counted by the server from what it got and sent. What the program loads once, before
its first request, is loaded before the clock runs.

`python -m tests.bench.llm [--only WORD]… [--list]`; a word is any part of a name, as in `--only arxiv/8`.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from digest.core.models import Paper, PaperId, Summary
from digest.core.pipeline import Sums
from tests.bench.feeds import _measured
from tests.conftest import REAL_DATA, ROOT

AT_ONCE: Final = (1, 8, 32)
IN_A_REQUEST: Final = 20
FAULT_SHARE: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One run."""

    papers: str
    """A name in `PAPERS`."""
    concurrency: int
    shape: str = "full"
    """A name in `SHAPES`."""
    max_papers: int = IN_A_REQUEST
    faults: float = 0.0
    """Of all requests, how many go wrong."""
    turn: int = 0
    """With which of the `FAULTS` it begins."""
    first_s: float = 0.5
    token_s: float = 0.01

    @property
    def name(self) -> str:
        """`arxiv/8/full/batches`, and how it goes wrong."""
        way = "alone" if self.max_papers == 1 else "batches"
        wrong = f"/faults-{self.turn}" if self.faults else ""
        return f"{self.papers}/{self.concurrency}/{self.shape}/{way}{wrong}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One request, as the server saw it."""

    status: int
    """0: the connection was reset."""
    fault: str
    papers: tuple[str, ...]
    """Title and abstract of each, as they stood in the request."""
    input_tokens: int
    schema_tokens: int
    """Of the schema that went along, which is no part of `input_tokens`; providers count it in ways of their own."""
    output_tokens: int
    seconds: float
    """How long the answer took by the clock of the case; what the machine adds is not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What came of a case."""

    case: Case
    served: tuple[Served, ...]
    papers: int
    summarized: int
    """Papers with a summary of the model."""
    booked: tuple[int, int, int]
    """Requests, tokens in and tokens out, as the program itself counted them."""
    wall_s: float
    cpu_s: float
    """Of the program, without the server."""
    peak_mb: float

    @property
    def input_tokens(self) -> int:
        """Of all requests that were not refused at the door: a provider bills no 429 and no 500."""
        return sum(s.input_tokens for s in self.served if s.status in (0, 200))

    @property
    def output_tokens(self) -> int:
        return sum(s.output_tokens for s in self.served)

    @property
    def paper_tokens(self) -> int:
        """Of titles and abstracts alone, each paper once however often it was asked for."""
        return sum(map(count, {text for s in self.served for text in s.papers}))

    @property
    def overhead(self) -> float:
        """The share of the input that is neither title nor abstract."""
        return 1 - self.paper_tokens / self.input_tokens

    @property
    def overhead_with_schema(self) -> float:
        """The same if the schema is counted as it stands in the request."""
        schemas = sum(s.schema_tokens for s in self.served if s.status in (0, 200))
        return 1 - self.paper_tokens / (self.input_tokens + schemas)

    @property
    def limit_s(self) -> float:
        """No run can be quicker that writes as much, so many requests at once."""
        return self.case.first_s + self.output_tokens * self.case.token_s / self.case.concurrency

    @property
    def longest_s(self) -> float:
        """Its longest request."""
        return max(s.seconds for s in self.served)


# --- papers -----------------------------------------------------------------------------------------------------------


def _huggingface() -> list[Paper]:
    """The three saved pages, each of their papers on its own: what is listed twice is asked for twice."""
    from digest.sources.listing import ListingSource

    pages = sorted((REAL_DATA / "huggingface-listing").glob("*.txt"))
    parsed = [ListingSource("page", url=str(path)).parse(path.read_bytes(), url=str(path)) for path in pages]
    papers = [record.paper for page in parsed for record in page.records]
    return [replace(paper, id=PaperId(f"{paper.id} {n}"), aliases=()) for n, paper in enumerate(papers)]


def _arxiv(most: int) -> list[Paper]:
    """The first *most* papers of the recorded days of arXiv, each once."""
    from digest.sources.jsonl import JsonlSource

    found: dict[str, Paper] = {}
    for path in sorted((REAL_DATA / "arxiv-days").glob("*.jsonl")):
        source = JsonlSource("arXiv", url=str(path), fields={"abstract": "summary", "url": "abs"})
        for record in source.parse(path.read_bytes(), url=str(path)).records:
            found.setdefault(record.paper.id, record.paper)
    return list(found.values())[:most]


def _sample() -> list[Paper]:
    """What ships with the program: for where nothing is recorded."""
    from digest import assets
    from digest.sources.huggingface import HuggingFaceSource

    pages = sorted(assets.shipped("sample").glob("huggingface-*.json"))
    source = HuggingFaceSource("sample", url="sample.json")
    return [r.paper for path in pages for r in source.parse(path.read_bytes(), url=str(path)).records]


PAPERS: Final[Mapping[str, Callable[[], list[Paper]]]] = {
    "huggingface": _huggingface,
    "arxiv": lambda: _arxiv(400),
    "arxiv500": lambda: _arxiv(500),
    "sample": _sample,
}


# --- answers ----------------------------------------------------------------------------------------------------------

_ADDRESS: Final = re.compile(r"://|www\.|@\w")


@cache
def _vocabulary() -> Any:
    import bpe_openai

    return bpe_openai.get_encoding("o200k_base")


def count(text: str) -> int:
    """Tokens of *text*."""
    return len(_vocabulary().encode_ordinary(text))


def read_blocks(user: str) -> dict[str, str]:
    """Short id → title and abstract, of each paper in a request."""
    opening = re.match(r"#\S+ (\w+)\n", user)
    if opening is None:
        return {}
    parts = re.split(rf"^#(\S+) {opening[1]}$\n?", user, flags=re.MULTILINE)[1:]
    return {name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True) if name != "end"}


def _cut(sentence: str, words: int) -> str:
    return " ".join(sentence.split()[:words])


def _sentences(block: str) -> list[str]:
    _, _, abstract = block.partition("\n")
    sentences = [s for s in re.split(r"(?<=[.!?])\s+", abstract) if len(s.split()) > 3 and not _ADDRESS.search(s)]
    return sentences or [block.replace("\n", ": ")]


def _full(name: str, block: str) -> dict[str, Any]:
    """What the prompt asks for: a sentence of up to 35 words, three points of up to 18, topics."""
    first, *others = _sentences(block)
    topics = [word for word in block.partition("\n")[0].split() if len(word) > 6][:2]
    points = [_cut(point, 18) for point in others[-3:]]
    return {"id": name, "tldr": _cut(f"{first} {' '.join(others[:1])}", 35), "points": points, "topics": topics}


def _short(name: str, block: str) -> dict[str, Any]:
    """Next to nothing: some 35 tokens."""
    return {"id": name, "tldr": _cut(_sentences(block)[0], 14), "points": [], "topics": ["Methods"]}


SHAPES: Final[Mapping[str, Callable[[str, str], dict[str, Any]]]] = {"full": _full, "short": _short}
FAULTS: Final = ("status 500", "status 429", "broken JSON", "cut off", "missing ids", "swapped ids", "reset")
"""In this order, one after another."""


def _faulty(fault: str, items: list[dict[str, Any]]) -> tuple[str, str]:
    """The text of an answer that goes wrong, and its finish reason."""
    match fault:
        case "missing ids":
            items = [item for place, item in enumerate(items) if place % 3 != 1]
        case "swapped ids" if len(items) > 1:
            one, two, *rest = items
            items = [{**one, "id": two["id"]}, {**two, "id": one["id"]}, *rest]
    text = _json({"papers": items})
    if fault == "broken JSON":
        return "Here you are:\n" + text.replace('"', ""), "stop"
    if fault == "cut off":
        return text[: len(text) // 2], "length"
    return text, "stop"


def _json(value: object) -> str:
    """As models write it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


# --- the server -------------------------------------------------------------------------------------------------------


class _Http(ThreadingHTTPServer):
    request_queue_size = 256
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away early is no matter of ours."""


class Server:
    """Answers as a case says, and keeps what it served; runs while it is entered."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.served: list[Served] = []
        self._asked = 0
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), _handler(self))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def __enter__(self) -> Server:
        count("")
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def answer(self, body: Mapping[str, Any]) -> tuple[Served, bytes]:
        """What a request gets, and when."""
        fault = self._fault()
        said = [str(message["content"]) for message in body["messages"]]
        blocks = read_blocks(said[-1])
        shape = SHAPES[self.case.shape]
        text, finish_reason = _faulty(fault, [shape(name, block) for name, block in blocks.items()])
        status = {"status 500": 500, "status 429": 429, "reset": 0}.get(fault, 200)
        output_tokens = count(text) if status == 200 else 0
        schema = body.get("response_format")
        served = Served(
            status=status,
            fault=fault,
            papers=tuple(blocks.values()),
            input_tokens=sum(map(count, said)),
            schema_tokens=count(_json(schema)) if schema else 0,
            output_tokens=output_tokens,
            seconds=self.case.first_s + output_tokens * self.case.token_s,
        )
        with self._lock:
            self.served.append(served)
        if status != 200:
            return served, _json({"error": {"message": f"told to answer {status}", "type": "server_error"}}).encode()
        choice = {
            "index": 0,
            "finish_reason": finish_reason,
            "message": {"role": "assistant", "content": text},
        }
        usage = {"prompt_tokens": served.input_tokens, "completion_tokens": output_tokens}
        return served, _json({"model": body["model"], "choices": [choice], "usage": usage}).encode()

    def _fault(self) -> str:
        """One in so many requests, evenly."""
        if not self.case.faults:
            return ""
        with self._lock:
            self._asked += 1
            before, now = (int(n * self.case.faults) for n in (self._asked - 1, self._asked))
        return FAULTS[(now - 1 + self.case.turn) % len(FAULTS)] if now > before else ""


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_POST(self) -> None:
            began = time.perf_counter()
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            served, content = server.answer(body)
            time.sleep(max(0.0, served.seconds - (time.perf_counter() - began)))
            if served.status == 0:
                self.close_connection = True
                return
            self.send_response(served.status)
            if served.status == 429:
                self.send_header("Retry-After", "1")
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- its name in the library
            """Nothing."""

    return Handler


# --- a run ------------------------------------------------------------------------------------------------------------

_CONFIG: Final = """
[digest]
data_dir = "var"
[llm]
client = "openai"
model = "gpt-5-mini"
api_key_env = "KEY"
base_url = "{base_url}"
concurrency = {concurrency}
max_papers_per_request = {max_papers}
time_limit_s = 100000
[[source]]
name = "papers"
kind = "jsonl"
url = "papers.jsonl"
[[edition]]
name = "daily"
"""


def figures(case: Case, ask: Callable[[Case, str], Mapping[str, Any]] | None = None) -> Figures:
    """Run *case* against a server of its own.

    Args:
        ask: `run`, where it may be in this process; its CPU time and memory are then those of the server too.
    """
    with Server(case) as server:
        found = (ask or _apart)(case, server.base_url)
        return Figures(case=case, served=tuple(server.served), **found)


def _apart(case: Case, base_url: str) -> Mapping[str, Any]:
    """`run` in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.llm", "child", json.dumps(asdict(case)), base_url],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    if done.returncode:
        raise SystemExit(f"{case.name}: {done.stderr}")
    found = json.loads(done.stdout)
    return {**found, "booked": tuple(found["booked"])}


def run(case: Case, base_url: str) -> dict[str, Any]:
    """Summarize the papers of *case* as a run of the program does, store and all."""
    import openai  # noqa: F401 -- loaded before the clock runs

    from digest.app import App, Host
    from digest.config import load

    papers = PAPERS[case.papers]()
    with tempfile.TemporaryDirectory() as folder:
        config = _CONFIG.format(base_url=base_url, concurrency=case.concurrency, max_papers=case.max_papers)
        (Path(folder) / "config.toml").write_text(config, encoding="utf-8")
        with App(load(Path(folder) / "config.toml"), Host(environment={"KEY": "none"})) as app:
            count("")
            summarizer, _ = app.summarizer, app.store
            summarizer.begin_run("bench")
            kept: dict[PaperId, bool] = {}
            sums: list[Sums] = []

            def keep(done: Mapping[PaperId, Summary]) -> None:
                kept.update({i: s.fell_back is None for i, s in done.items()})

            seen = _measured(
                lambda: sums.append(summarizer.summarize(papers, language="en", edition="daily", on_done=keep))
            )
    usage = sums[0].usage
    booked = usage.requests, usage.input_tokens, usage.output_tokens
    return {**seen, "papers": len(kept), "summarized": sum(kept.values()), "booked": booked}


# --- the table --------------------------------------------------------------------------------------------------------


def cases() -> Iterator[Case]:
    """All that is measured: first what takes minutes and next to no work, one request after another."""
    for concurrency in AT_ONCE:
        for papers in ("huggingface", "arxiv"):
            for shape in SHAPES:
                for most in (IN_A_REQUEST, 1):
                    yield Case(papers=papers, concurrency=concurrency, shape=shape, max_papers=most)
    yield Case(papers="arxiv500", concurrency=8)
    for turn in range(0, len(FAULTS), 3):
        yield Case(papers="arxiv", concurrency=8, faults=FAULT_SHARE, turn=turn)
    yield Case(papers="arxiv", concurrency=32, faults=FAULT_SHARE)
    yield Case(papers="huggingface", concurrency=8, faults=FAULT_SHARE)


HEAD: Final = (
    f"{'papers/at once/answers/way':<38}{'requests':>9}{'tokens in':>11}{'out':>9}{'overhead':>10}{'+schema':>9}"
    f"{'wall s':>9}{'limit':>8}{'longest':>9}{'wall/limit':>11}{'CPU s':>7}{'MB':>5}{'  summaries'}"
)


def row(found: Figures) -> str:
    """A line of the table; `!` where the wall time is more than 1.1 of the limit."""
    least_s = max(found.limit_s, found.longest_s)
    ratio = found.wall_s / least_s
    return (
        f"{found.case.name:<38}{len(found.served):>9,}{found.input_tokens:>11,}{found.output_tokens:>9,}"
        f"{found.overhead:>10.1%}{found.overhead_with_schema:>9.1%}{found.wall_s:>9.1f}{found.limit_s:>8.1f}"
        f"{found.longest_s:>9.1f}{ratio:>10.2f}{'!' if ratio > 1.1 else ' '}{found.cpu_s:>7.1f}{found.peak_mb:>5.0f}"
        f"  {found.summarized} of {found.papers}"
    )


def main() -> None:
    """Print the table, or measure one case for another process."""
    if sys.argv[1:2] == ["child"]:
        print(json.dumps(run(Case(**json.loads(sys.argv[2])), sys.argv[3])))
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--only", action="append", default=[], metavar="WORD", help="cases with this in their names")
    parser.add_argument("--list", action="store_true", help="only name the cases")
    arguments = parser.parse_args()
    chosen = [c for c in cases() if not arguments.only or any(word in c.name for word in arguments.only)]
    if arguments.list:
        print(*(c.name for c in chosen), sep="\n")
        return
    print(HEAD, flush=True)
    for found in measure(chosen):
        print(row(found), flush=True)


def measure(chosen: Sequence[Case]) -> Iterator[Figures]:
    """The figures of each case. Those that ask one thing at a time wait nearly all the time: they run side by side."""
    patient = [case for case in chosen if case.concurrency == 1]
    with ThreadPoolExecutor(max(1, len(patient))) as pool:
        yield from pool.map(figures, patient)
    yield from map(figures, (case for case in chosen if case.concurrency > 1))


if __name__ == "__main__":
    main()
