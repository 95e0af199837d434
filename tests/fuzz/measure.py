"""What reading one document takes: processor time, and memory at its peak."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

_PROCESS = Path("/proc/self")


def cost(work: Callable[[], object]) -> tuple[float, float]:
    """Do *work*; the seconds of processor time it took, and by how many megabytes it raised the process at its peak.

    Where the system does not tell the memory (anything but Linux), it is 0.
    """
    before = _memory_kb(forget_peak=True)
    started = time.thread_time()
    work()
    took = time.thread_time() - started
    return took, max(0, _memory_kb() - before) / 1024


def _memory_kb(*, forget_peak: bool = False) -> int:
    """The peak of the resident memory so far, or since it was forgotten."""
    try:
        if forget_peak:
            (_PROCESS / "clear_refs").write_text("5", encoding="ascii")
        peak = re.search(r"VmHWM:\s+(\d+)", (_PROCESS / "status").read_text(encoding="ascii"))
    except OSError:
        return 0
    return int(peak[1]) if peak else 0
