"""Reading many feeds beside a bare loop over the same addresses, and a day's list against a store that knows a million.

Each measurement is a process of its own, so that its memory is its own; the server is another, so that its time is not
counted. `python -m tests.bench.feeds [feeds|store] [SIZE]`.
"""

from __future__ import annotations

import json
import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from tests.conftest import ROOT

FEEDS: Final = 200
PAPERS_IN_A_FEED: Final = 91
"""They make 115 kB."""
LATENCY_S: Final = 0.05
CONCURRENCY: Final = 8
"""As many as the program reads at once."""
KNOWN: Final = 1_000_000
IN_A_DAY: Final = 1_500
_DAY: Final = date(2026, 6, 3)


def main() -> None:
    """Run one part, or both."""
    match sys.argv[1:]:
        case ["child", part, *arguments]:
            print(json.dumps(_CHILDREN[part](*arguments)))
        case ["feeds", *size]:
            fetching(feeds=int(size[0]) if size else FEEDS)
        case ["store", *size]:
            deciding(known=int(size[0]) if size else KNOWN)
        case _:
            fetching()
            deciding()


# --- many feeds -------------------------------------------------------------------------------------------------------


_ROWS: Final = {
    "digest": "fetched, parsed, stored",
    "again": "the next day, unchanged",
    "door": "the door alone",
    "bare": "bare httpx2, a connection each",
    "keep": "bare httpx2, connections kept",
}


def fetching(*, feeds: int = FEEDS, runs: int = 3) -> None:
    """Time the stage `fetch` and a bare loop in turn, and print medians and the median ratios."""
    with _server() as base, tempfile.TemporaryDirectory() as folder:
        urls = [f"{base}feed-{n}.rss" for n in range(feeds)]
        _write_config(Path(folder), urls)
        (Path(folder) / "urls.json").write_text(json.dumps(urls), encoding="utf-8")
        _child("bare", folder, "close")
        rows: dict[str, list[Mapping[str, float]]] = {key: [] for key in _ROWS}
        for _ in range(runs):
            (Path(folder) / "var" / "digest.db").unlink(missing_ok=True)
            rows["digest"].append(_child("digest", folder, str(_DAY)))
            rows["again"].append(_child("digest", folder, str(_DAY + timedelta(days=1))))
            rows["door"].append(_child("door", folder))
            rows["bare"].append(_child("bare", folder, "close"))
            rows["keep"].append(_child("bare", folder, "keep-alive"))
    kb = rows["bare"][0]["bytes"] / feeds / 1000
    print(f"{feeds} feeds of {kb:.0f} kB at {LATENCY_S * 1000:.0f} ms, {CONCURRENCY} at once")
    for key, name in _ROWS.items():
        wall, cpu, peak = (statistics.median(row[k] for row in rows[key]) for k in ("wall_s", "cpu_s", "peak_mb"))
        print(f"  {name}: wall {wall:.2f} s · CPU {cpu:.2f} s · {peak:.0f} MB")
    for key in ("digest", "again", "door"):
        pairs = list(zip(rows[key], rows["bare"], strict=True))
        wall, cpu = (statistics.median(a[what] / b[what] for a, b in pairs) for what in ("wall_s", "cpu_s"))
        print(f"  {_ROWS[key]}, beside bare: wall {wall:.1f} · CPU {cpu:.1f}")


@contextmanager
def _server() -> Iterator[str]:
    """The fault server in a process of its own, where nothing is told to go wrong; its address."""
    command = [sys.executable, "-m", "tests.servers.flaky_feed", "--port", "0", "--latency", str(LATENCY_S)]
    process = subprocess.Popen(
        [*command, "--papers", str(PAPERS_IN_A_FEED)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())["url"]
    finally:
        process.terminate()
        process.communicate()


def _write_config(folder: Path, urls: Sequence[str]) -> None:
    sources = "".join(f'[[source]]\nname = "feed {n}"\nkind = "feed"\nurl = "{url}"\n' for n, url in enumerate(urls))
    (folder / "config.toml").write_text(f'{sources}[[edition]]\nname = "daily"\n', encoding="utf-8")


def _digest(folder: str, day: str) -> Mapping[str, float]:
    from digest.app.app import App
    from digest.app.host import Host
    from digest.config.read import load
    from digest.stages.report import Stage

    with App(load(Path(folder) / "config.toml"), Host(environment={})) as app:
        _ = app.reader, app.door, app.store  # opened before the clock runs, as the bare client is
        return _measured(lambda: app.run((), date.fromisoformat(day), until=Stage.FETCH, send=False))


def _door(folder: str) -> Mapping[str, float]:
    from digest.sources.door.http import Door

    urls = json.loads((Path(folder) / "urls.json").read_text(encoding="utf-8"))
    with Door() as door:
        # Certificates are read when it is first opened, as the bare client reads its own.
        door.get(urls[0], trusted=True)

        def fetch() -> None:
            with ThreadPoolExecutor(CONCURRENCY) as pool:
                list(pool.map(lambda url: door.get(url, trusted=True), urls))

        return _measured(fetch)


def _bare(folder: str, connection: str) -> Mapping[str, float]:
    import httpx2

    urls = json.loads((Path(folder) / "urls.json").read_text(encoding="utf-8"))
    limits = httpx2.Limits(max_connections=CONCURRENCY)
    headers = {"Connection": connection, "Accept-Encoding": "identity"}
    with httpx2.Client(limits=limits, headers=headers, trust_env=False) as client:
        sizes: list[int] = []

        def fetch() -> None:
            with ThreadPoolExecutor(CONCURRENCY) as pool:
                sizes.extend(pool.map(lambda url: len(client.get(url).content), urls))

        return {**_measured(fetch), "bytes": sum(sizes)}


# --- a store that knows much ------------------------------------------------------------------------------------------


def deciding(*, known: int = KNOWN, listed: int = IN_A_DAY, runs: int = 3) -> None:
    """Time how long a day's list takes in a new store and in one that knows *known* papers, and print it."""
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "large.db", Path(folder) / "small.db"
        filled, opened = fill(large, known)
        fill(small, 0)
        megabytes = large.stat().st_size / 1e6
        rows: dict[str, list[Mapping[str, float]]] = {"large": [], "small": []}
        for n in range(runs):
            rows["large"].append(_child("decide", str(large), str(known), str(listed), str(n)))
            rows["small"].append(_child("decide", str(small), str(known), str(listed), str(n)))
    print(f"a day of {listed:,}, a third of them among the first {known:,} papers")
    print(f"  that store: {megabytes:,.0f} MB, made in {filled:.0f} s, and given its sketches in {opened:.0f} s")
    for name, title in (("large", f"knows all {known:,}"), ("small", "knows none")):
        wall, cpu, peak = (statistics.median(row[k] for row in rows[name]) for k in ("wall_s", "cpu_s", "peak_mb"))
        new = ", ".join(f"{row['new']:,}" for row in rows[name])
        print(f"  a store that {title}: wall {wall:.2f} s · CPU {cpu:.2f} s · {peak:.0f} MB · new {new}")


def fill(path: Path, known: int, *, at_once: int = 5_000) -> tuple[float, float]:
    """Make a store at *path* that knows so many generated papers, without asking it about each.

    They are put into a store of before papers had sketches, and opening it does the rest, as it does for people.

    Returns:
        Seconds for the papers, and for the opening.
    """
    from sqlalchemy import create_engine, insert

    from digest.store import SqlStore, tables
    from digest.store.migrations import MIGRATIONS

    url = f"sqlite:///{path}"
    before_sketches = [step for step in MIGRATIONS if step.version < 3]
    began = time.perf_counter()
    SqlStore.open(url, steps=before_sketches).close()
    engine = create_engine(url)
    for start in range(0, known, at_once):
        papers = [_row(n) for n in range(start, min(start + at_once, known))]
        ids = [{"id": p["id"], "paper_pk": p["pk"], "reason": "its own id", "since": _DAY} for p in papers]
        with engine.begin() as connection:
            connection.execute(insert(tables.paper), papers)
            connection.execute(insert(tables.alias), ids)
    engine.dispose()
    filled = time.perf_counter()
    SqlStore.open(url).close()
    return filled - began, time.perf_counter() - filled


def _row(n: int) -> dict[str, Any]:
    """The n-th paper as a row: words by chance, so that no two are alike."""
    from digest.core.identity.ids import title_key

    title, abstract, authors = _words(n)
    return {
        "pk": n + 1,
        "id": f"arxiv:{_arxiv(n)}",
        "title": title,
        "abstract": abstract,
        "authors": authors,
        "url": f"https://arxiv.org/abs/{_arxiv(n)}",
        "links": [],
        "version": 1,
        "categories": ["cs.LG"],
        "keywords": [],
        "withdrawn": False,
        "title_key": title_key(title),
        "first_seen": _DAY - timedelta(days=1 + n % 3_000),
    }


_SYLLABLES: Final = "ba ce di fo gu la me ni po ru sa te vi xo zu bra cle dri flo gru pla spe sti tro".split()
_VOCABULARY: Final = [a + b + c for a in _SYLLABLES for b in _SYLLABLES for c in _SYLLABLES[:9]]


def _words(n: int) -> tuple[str, str, tuple[str, ...]]:
    rnd = random.Random(n)
    words = rnd.choices(_VOCABULARY, k=125)
    authors = (f"{words[120].title()} {words[121].title()}", f"{words[122].title()} {words[123].title()}")
    return " ".join(words[:10]).capitalize(), f"{' '.join(words[10:120]).capitalize()}.", authors


def _arxiv(n: int) -> str:
    return f"{10 + n // 1_200_000:02}{n // 100_000 % 12 + 1:02}.{n % 100_000:05}"


def _decide(path: str, known: str, listed: str, run: str) -> Mapping[str, float]:
    """A reading of so many papers: a third from among those that are known, the others never seen."""
    from digest.core.lists.freshness import Seen, Verdict
    from digest.core.models import Paper, PaperId, Parsed, Record, SourceState
    from digest.store import SqlStore

    # Each run its own day and its own new papers.
    rnd, first_new = random.Random(run), 50_000_000 + int(run) * 10_000
    old = rnd.sample(range(int(known)), int(listed) // 3) if int(known) else []
    numbers = [*old, *range(first_new, first_new + int(listed) - len(old))]
    records = []
    for n in numbers:
        title, abstract, authors = _words(n)
        paper_id = PaperId(f"arxiv:{_arxiv(n)}")
        records.append(Record(paper=Paper(id=paper_id, title=title, abstract=abstract, authors=authors, version=1)))
    rnd.shuffle(records)
    seen: list[Seen] = []

    def judge(found: Seen) -> Verdict:
        seen.append(found)
        return Verdict(state=SourceState.FRESH)

    day = _DAY + timedelta(days=int(run))
    with SqlStore.open(f"sqlite:///{path}") as store:
        measured = _measured(
            lambda: store.save_reading(
                "arXiv",
                day,
                at=store._clock(),
                read_on=day,
                documents=(),
                parsed=Parsed(records=tuple(records)),
                judge=judge,
            )
        )
    return {**measured, "new": len(seen[0].unseen)}


# --- measuring --------------------------------------------------------------------------------------------------------


def _measured(run: Callable[[], object]) -> dict[str, float]:
    began, cpu = time.perf_counter(), time.process_time()
    run()
    return {
        "wall_s": time.perf_counter() - began,
        "cpu_s": time.process_time() - cpu,
        "peak_mb": _peak_mb(),
    }


def _peak_mb() -> float:
    """The most memory this process has had. Not `ru_maxrss`: it begins with that of the process it was forked from."""
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:  # not Linux
        return float("nan")
    found = re.search(r"VmHWM:\s*(\d+)", status)
    return int(found[1]) / 1024 if found else float("nan")


_CHILDREN: Final[Mapping[str, Callable[..., Mapping[str, float]]]] = {
    "digest": _digest,
    "door": _door,
    "bare": _bare,
    "decide": _decide,
}


def _child(part: str, *arguments: str) -> Mapping[str, float]:
    """What a part measured in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.feeds", "child", part, *arguments],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
    )
    measured: Mapping[str, float] = json.loads(done.stdout)
    return measured


if __name__ == "__main__":
    main()
