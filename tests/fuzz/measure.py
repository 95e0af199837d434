"""What some work takes: processor time, memory at its peak, and calls of functions, which no busy machine changes."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

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


def steps(work: Callable[[], object]) -> int:
    """How many functions written in Python are called."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(before)
    return calls


def slowness(work: Callable[[], object], *, enough: float) -> float:
    """How many times as long as a fixed piece of work of 50 ms it takes: the least of some times, until it is *enough*.

    Both are measured right behind each other, so a machine that is slow, or slow just now, is slow for both.
    """
    least = float("inf")
    for _ in range(_TRIES):
        fixed = _thread_seconds(lambda: sorted(str(n) for n in range(100_000)))
        least = min(least, _thread_seconds(work) / fixed)
        if least <= enough:
            break
    return least


_TRIES = 5


def _thread_seconds(work: Callable[[], object]) -> float:
    started = time.thread_time()
    work()
    return time.thread_time() - started


def _memory_kb(*, forget_peak: bool = False) -> int:
    """The peak of the resident memory so far, or since it was forgotten."""
    try:
        if forget_peak:
            (_PROCESS / "clear_refs").write_text("5", encoding="ascii")
        peak = re.search(r"VmHWM:\s+(\d+)", (_PROCESS / "status").read_text(encoding="ascii"))
    except OSError:
        return 0
    return int(peak[1]) if peak else 0
