"""Things done side by side, in threads that nobody has to wait for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def abreast(work: Mapping[str, Callable[[], T]], *, width: int) -> dict[str, Future[T]]:
    """Begin all of *work*, in its order and never more than *width* at once; what comes of each, under its name.

    No pool: the end of the process would wait for its threads, and so for a server that never answers. What has not
    begun can be cancelled.
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
