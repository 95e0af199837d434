"""Run several calls in parallel, in daemon threads that the end of the process does not wait for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def abreast(work: Mapping[str, Callable[[], T]], *, width: int) -> dict[str, Future[T]]:
    """Start the calls of *work* in order, at most *width* at the same time, and return a future for each by its name.

    A call that has not begun can be cancelled through its future. This is no `ThreadPoolExecutor`, because the end of
    the process waits for that one's threads, and so for a server that never answers.
    """
    futures: dict[str, Future[T]] = {name: Future() for name in work}
    waiting = deque(work.items())

    def do() -> None:
        while True:
            try:
                name, job = waiting.popleft()
            except IndexError:
                return
            future = futures[name]
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(job())
            except BaseException as error:  # noqa: BLE001 -- raised by `result`, in the thread that waits
                future.set_exception(error)

    for _ in range(min(width, len(work))):
        threading.Thread(target=do, name="abreast", daemon=True).start()
    return futures
