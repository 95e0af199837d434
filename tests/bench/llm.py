"""What the summaries of a day cost and how long they take, against a server whose every answer takes a known time.

    papers ──► the program's own summarizer, ledger and client, in a process of its own ──► the server, in this one

An answer comes after half a second and ten milliseconds for each of its tokens. So no run of C requests at once can be
quicker than 0.5 s + (tokens out) × 0.01 s / C, nor than its longest request: that is the limit that times stand beside.
Tokens are OpenAI's newest (o200k), counted by the server from what it got and sent. What the program loads once, before
its first request, is loaded before the clock runs.

`python -m tests.bench.llm [--only WORD]… [--list]`; a word is any part of a name, as in `--only arxiv/8`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from digest.core.models import Paper, PaperId, Summary
from digest.core.summaries.prompts import block
from digest.core.summaries.summarizer import Sums
from tests.bench.feeds import _measured
from tests.conftest import REAL_DATA, ROOT
from tests.servers.flaky_llm import Block, FlakyLLM
from tests.servers.flaky_llm.answers import Item
from tests.servers.flaky_llm.reading import Request
from tests.servers.flaky_llm.replies import Reply, Wire, completion, retry_headers
from tests.servers.flaky_llm.rules import GOOD

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

    fault: str
    """A name in `FAULTS`, or nothing."""
    is_billed: bool
    """A provider charges nothing for a 429 or a 500, and everything for an answer that does not arrive."""
    papers: int
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
    paper_tokens: int
    """Of titles and abstracts alone, each paper once however often it was asked for."""
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
        """Of all requests that are billed."""
        return sum(s.input_tokens for s in self.served if s.is_billed)

    @property
    def output_tokens(self) -> int:
        return sum(s.output_tokens for s in self.served)

    @property
    def overhead(self) -> float:
        """The share of the input that is neither title nor abstract."""
        return 1 - self.paper_tokens / self.input_tokens

    @property
    def overhead_with_schema(self) -> float:
        """The same if the schema is counted as it stands in the request."""
        schemas = sum(s.schema_tokens for s in self.served if s.is_billed)
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


# --- tokens -----------------------------------------------------------------------------------------------------------


@cache
def _vocabulary() -> Any:
    # Kept, for the package builds its tables anew for everyone who asks.
    import bpe_openai

    return bpe_openai.get_encoding("o200k_base")


def count_tokens(text: str) -> int:
    """Tokens of *text* in OpenAI's newest vocabulary."""
    return len(_vocabulary().encode_ordinary(text))


# --- the server -------------------------------------------------------------------------------------------------------

_ADDRESS: Final = re.compile(r"://|www\.|@\w")


def _sentences(block: Block) -> list[str]:
    sentences = re.split(r"(?<=[.!?])\s+", block.abstract)
    # An address would be refused, rightly.
    return [s for s in sentences if len(s.split()) > 3 and not _ADDRESS.search(s)] or [block.title]


def _cut(sentence: str, most: int) -> str:
    """Up to *most* words of it; not so that a formula loses its end, or a number what it counts."""
    words = sentence.split()
    if len(words) <= most:
        return sentence
    del words[most:]
    while len(words) > 4 and (any(map(str.isdigit, "".join(words[-2:]))) or " ".join(words).count("$") % 2):
        words.pop()
    return " ".join(words)


def _full(block: Block) -> Item:
    """What the prompt asks for: a sentence of up to 35 words, three points of up to 18, topics."""
    first, *others = _sentences(block)
    topics = [word for word in block.title.split() if len(word) > 6][:2]
    points = [_cut(point, 18) for point in others[-3:]]
    return {"id": block.id, "tldr": _cut(f"{first} {' '.join(others[:1])}", 35), "points": points, "topics": topics}


def _short(block: Block) -> Item:
    """Next to nothing: some 35 tokens."""
    return {"id": block.id, "tldr": _cut(_sentences(block)[0], 14), "points": [], "topics": ["Methods"]}


SHAPES: Final[Mapping[str, Callable[[Block], Item]]] = {"full": _full, "short": _short}


def compact(value: object) -> str:
    """JSON as models write it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _answer(request: Request, items: Sequence[Item]) -> Reply:
    return completion(request, compact({"papers": list(items)}))


def _exchanged(items: Sequence[Item]) -> list[Item]:
    """The first two under each other's id."""
    ids = [item["id"] for item in items]
    return [{**item, "id": other} for item, other in zip(items, [*ids[:2][::-1], *ids[2:]], strict=True)]


def _refused(request: Request, status: int, what: str) -> Reply:
    said = {"error": {"message": f"told to answer {status}", "type": "server_error"}}
    return Reply(status=status, body=compact(said).encode(), headers=retry_headers(what, 1, request.now))


def _cut_off(request: Request, items: Sequence[Item]) -> Reply:
    text = compact({"papers": list(items)})
    return completion(request, text[: len(text) // 2], finish_reason="length")


FAULTS: Final[Mapping[str, Callable[[Request, Sequence[Item]], Reply]]] = {
    "status 500": lambda request, _: _refused(request, 500, "none"),
    "status 429": lambda request, _: _refused(request, 429, "seconds"),
    "broken JSON": lambda request, items: completion(request, compact(list(items)).replace('"', "")),
    "cut off": _cut_off,
    "missing ids": lambda request, items: _answer(request, [item for n, item in enumerate(items) if n % 3 != 1]),
    "swapped ids": lambda request, items: _answer(request, _exchanged(items)),
    "reset": lambda request, items: replace(_answer(request, items), wire=Wire(cut_at=-1, then="reset")),
}
"""Name → what a request gets that goes wrong so; one after another."""


class Server(FlakyLLM):
    """Answers as a case says, in the time that it says, and keeps what it served."""

    def __init__(self, case: Case) -> None:
        super().__init__()
        self.case = case
        self.served: list[Served] = []
        self._numbers = itertools.count(1)

    def reply(
        self, body: Mapping[str, Any], headers: Mapping[str, str], *, mode: str = "direct", query: str = ""
    ) -> Reply:
        """What a request gets, and when."""
        began = time.monotonic()
        request = Request(body=body, rule=GOOD, rnd=random.Random(), count=count_tokens, now=self.now())
        fault = self.next_fault()
        items = [SHAPES[self.case.shape](block) for block in request.blocks]
        reply = FAULTS.get(fault, _answer)(request, items)
        seconds = self.case.first_s + reply.output_tokens * self.case.token_s if reply.billed else 0.0
        self.served.append(
            Served(
                fault=fault,
                is_billed=reply.billed,
                papers=len(request.blocks),
                input_tokens=request.input_tokens,
                schema_tokens=count_tokens(compact(body.get("response_format", ""))),
                output_tokens=reply.output_tokens,
                seconds=seconds,
            )
        )
        # What the server itself took is part of it.
        return replace(reply, delay_s=max(0.0, seconds - (time.monotonic() - began)))

    def next_fault(self) -> str:
        """What goes wrong with the next request, evenly; mostly nothing."""
        number = next(self._numbers)
        before, now = (int(n * self.case.faults) for n in (number - 1, number))
        return list(FAULTS)[(now - 1 + self.case.turn) % len(FAULTS)] if now > before else ""


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

    from digest.app.app import App
    from digest.app.host import Host
    from digest.config.read import load

    papers = PAPERS[case.papers]()
    with tempfile.TemporaryDirectory() as folder:
        config = _CONFIG.format(base_url=base_url, concurrency=case.concurrency, max_papers=case.max_papers)
        (Path(folder) / "config.toml").write_text(config, encoding="utf-8")
        with App(load(Path(folder) / "config.toml"), Host(environment={"KEY": "none"})) as app:
            summarizer, _ = app.summarizer, app.store
            summarizer.llm.count_tokens("")
            writing = summarizer.begin("bench")
            kept: dict[PaperId, bool] = {}
            sums: list[Sums] = []

            def keep(done: Mapping[PaperId, Summary]) -> None:
                kept.update({i: s.fell_back is None for i, s in done.items()})

            seen = _measured(
                lambda: sums.append(writing.summarize(papers, language="en", edition="daily", on_done=keep))
            )
    usage = sums[0].usage
    booked = usage.requests, usage.input_tokens, usage.output_tokens
    return {
        **seen,
        "papers": len(kept),
        "paper_tokens": sum(count_tokens(block(paper)) for paper in papers),
        "summarized": sum(kept.values()),
        "booked": booked,
    }


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
    if not REAL_DATA.is_dir():
        sys.exit(f"recorded lists are not at {REAL_DATA} (set DIGEST_TEST_DATA)")
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
