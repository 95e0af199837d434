"""Speeds, always two things side by side in one run: `make bench`. Nothing here passes or fails.

Each pair is run in turn, A B A B …, and what is printed is the median of the ratios, so that a machine that gets slower
half-way changes little.
"""

from __future__ import annotations

import compileall
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from xml.sax.saxutils import escape

from tests.bench import feeds, mails
from tests.conftest import REAL_DATA, ROOT

RUNS = 7
BARE_CLICK = "import click\n@click.group()\ndef cli(): pass\n@cli.command()\ndef run(): pass\ncli(['--help'])"


def main() -> None:
    """Run all pairs and print a line for each."""
    compileall.compile_dir(ROOT / "digest", quiet=2)
    digest = [sys.executable, "-c", "from digest.cli.main import main; main()"]
    click = [sys.executable, "-c", BARE_CLICK]
    nothing = [sys.executable, "-c", "pass"]
    compare("digest --help", lambda: call([*digest, "--help"]), "a bare click app", lambda: call(click))
    compare("digest --help", lambda: call([*digest, "--help"]), "python -c pass", lambda: call(nothing))
    with tempfile.TemporaryDirectory() as folder:
        feed = thousand_papers(Path(folder))
        days = iter(range(1, 29))
        compare(
            "a run of 1,000 new papers",
            lambda: call([*digest, "run", "--date", f"2026-02-{next(days):02}"], fresh(Path(folder))),
            "feedparser, the same bytes",
            lambda: parse(feed),
            runs=3,
        )
    feeds.fetching()
    # `python -m tests.bench.feeds store` takes the million, which takes minutes to make.
    feeds.deciding(known=50_000)
    # `python -m tests.bench.mails` takes 20,000 readers, and `python -m tests.bench.readers` chooses for them.
    mails.compare([300])


def compare(a: str, run_a: Callable[[], None], b: str, run_b: Callable[[], None], runs: int = RUNS) -> None:
    """Time two things in turn, after a warm-up of each, and print medians and the median ratio."""
    run_a()
    run_b()
    pairs = [(timed(run_a), timed(run_b)) for _ in range(runs)]
    times_a, times_b = zip(*pairs, strict=True)
    ratio = statistics.median(x / y for x, y in pairs)
    print(f"{a}: {statistics.median(times_a):.3f} s · {b}: {statistics.median(times_b):.3f} s · ratio {ratio:.2f}")


def timed(run: Callable[[], None]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def call(command: list[str], cwd: Path | None = None) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(
        command, check=True, cwd=cwd, stdout=subprocess.DEVNULL, env={**environment, "PYTHONPATH": str(ROOT)}
    )


def parse(feed: bytes) -> None:
    import feedparser

    feedparser.parse(io.BytesIO(feed), sanitize_html=False, resolve_relative_uris=False)


def fresh(folder: Path) -> Path:
    """*folder* with nothing done in it yet."""
    import shutil

    shutil.rmtree(folder / "var", ignore_errors=True)
    return folder


def thousand_papers(folder: Path) -> bytes:
    """An RSS feed of 1,000 papers, of real days where they are recorded; with a config that reads it."""
    import json

    rows: dict[str, dict[str, object]] = {}
    for path in sorted((REAL_DATA / "arxiv-days").glob("*.jsonl")) if REAL_DATA.is_dir() else ():
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            rows.setdefault(row["id"], row)
    made = [
        {"id": f"2602.{n:05d}", "title": f"Paper {n}", "summary": f"We propose method {n}. " * 40, "authors": ["A B"]}
        for n in range(1000)
    ]
    items = "".join(
        f"<item><title>{escape(str(row['title']))}</title><link>https://arxiv.org/abs/{row['id']}</link>"
        f"<description>Abstract: {escape(str(row['summary']))}</description>"
        f"<guid>oai:arXiv.org:{row['id']}v1</guid></item>"
        for row in (list(rows.values()) if len(rows) >= 1000 else made)[:1000]
    )
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{items}</channel></rss>'.encode()
    (folder / "feed.xml").write_bytes(feed)
    source = '[[source]]\nname = "arXiv"\nkind = "arxiv"\nurl = "feed.xml"\n'
    edition = '[[edition]]\nname = "daily"\nmax_papers = 1000\nrecipients = ["a@example.org"]\n'
    (folder / "config.toml").write_text(source + edition, encoding="utf-8")
    return feed


if __name__ == "__main__":
    main()
