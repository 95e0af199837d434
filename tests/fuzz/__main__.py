"""`python -m tests.fuzz KIND SECONDS` looks for input that breaks a parser; `corpora` and `counts` print tables.

Work lies below $DIGEST_FUZZ, or a temporary folder: KIND/corpus grows with every run, KIND/findings has each finding
once with the input that made it, KIND.log what libFuzzer said.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import REAL_DATA, ROOT
from tests.fuzz.targets import TARGETS, begin_with

_OPTIONS = ("-max_len=40000", "-timeout=20", "-rss_limit_mb=2500", "-print_final_stats=1", "-len_control=50")


def main(arguments: list[str]) -> int:
    """Run one target for so many seconds, or print a table."""
    if len(arguments) == 2 and arguments[0] in TARGETS and arguments[1].isdigit():
        return fuzz(arguments[0], int(arguments[1]))
    if arguments == ["corpora"]:
        from tests.fuzz import corpora

        print(corpora.table(list(corpora.outcomes(REAL_DATA / "corpora"))))
        return 0
    if arguments == ["counts"]:
        from tests.fuzz import counts

        print(counts.table(REAL_DATA))
        return 0
    print(
        f"usage: python -m tests.fuzz KIND SECONDS | corpora | counts\nKIND is one of {', '.join(TARGETS)}",
        file=sys.stderr,
    )
    return 2


def fuzz(kind: str, seconds: int) -> int:
    """Run the target; 1 if anything was found, before or now."""
    folder = Path(os.environ.get("DIGEST_FUZZ", Path(tempfile.gettempdir()) / "digest-fuzz"))
    corpus, findings, log = folder / kind / "corpus", folder / kind / "findings", folder / f"{kind}.log"
    corpus.mkdir(parents=True, exist_ok=True)
    findings.mkdir(parents=True, exist_ok=True)
    for content in begin_with(TARGETS[kind]):
        (corpus / hashlib.sha1(content).hexdigest()).write_bytes(content)
    started = time.monotonic()
    processes = executions = 0
    with log.open("ab") as out:
        begin = out.tell()
        while (left := seconds - int(time.monotonic() - started)) > 0:
            processes += 1
            options = [*_OPTIONS, f"-max_total_time={left}", f"-artifact_prefix={findings}/", str(corpus)]
            child = [sys.executable, "-m", "tests.fuzz.child", kind, str(findings), *options]
            ended = subprocess.run(child, cwd=ROOT, stdout=out, stderr=out, check=False)
            if ended.returncode and time.monotonic() - started < 5 * processes:
                break  # it can't even begin
        said = log.read_bytes()[begin:].decode("utf-8", "replace")
    runs = [list(map(int, re.findall(r"(?m)^#(\d+)\s", run))) for run in said.split("INFO: Running with")]
    executions = sum(max(run, default=0) for run in runs)
    coverage = re.findall(r"cov: (\d+) ft: (\d+)", said)[-1:] or [("0", "0")]
    found = sorted(f.name for f in findings.iterdir() if f.suffix != ".txt")
    summary = (
        f"{kind}: {time.monotonic() - started:.0f} s, {executions:,} executions in {processes} processes, "
        f"coverage {coverage[0][0]} edges, {coverage[0][1]} features, {len(found)} findings"
    )
    with log.open("a", encoding="utf-8") as out_text:
        out_text.write(f"SUMMARY {summary}\n")
    print("\n".join([summary, *(f"  {findings / name}" for name in found)]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
