"""`digest serve` as a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.conftest import ROOT
from tests.support.desk import Desk


@contextmanager
def serving(desk: Desk, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The program, and the address that it answers at."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from digest.cli.main import main; main()", "serve", "--port", "0", *arguments],
        cwd=desk.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process, process.stdout.readline().split(" ")[0]
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
