"""Politeness to servers: one request at a time for each host, and for arXiv three seconds between them.

arXiv asks for that of all machines of one user together, for its feeds, its API and OAI-PMH alike:
https://info.arxiv.org/help/api/tou.html

    HostPoliteness     within this process
    SharedPoliteness   arXiv's also among all processes that share a folder, and over restarts
    StoredPoliteness   arXiv's also among all machines that share a store
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Final, Protocol

from digest.core.errors import SourceError, StoreError
from digest.sources.door.addresses import is_own

try:
    import fcntl
except ImportError:  # Windows: politeness holds within the process
    fcntl = None  # type: ignore[assignment]

Politeness = Callable[[str], AbstractContextManager[None]]
"""Gives a host's turn to one request: waits before, keeps others out meanwhile."""

ARXIV: Final = "arxiv.org"
GAP_S: Final = 3.0
_POLL_S: Final = 0.1
_STORE_POLL_S: Final = 0.5
_PATIENCE_S: Final = 900.0
"""For another process that holds the turn without end: it was stopped, perhaps. A request takes a minute at most."""
_RUNNING: Final = "running"
_STAMP: Final = 32
"""Bytes of what the file says."""


def queue_of(host: str) -> str | None:
    """The queue that requests to *host* stand in; None for the operator's own machines, which need no politeness."""
    name = host.lower().rstrip(".")
    if name == ARXIV or name.endswith(f".{ARXIV}"):
        return ARXIV
    return None if is_own(name) else name


class HostPoliteness:
    """Politeness within this process."""

    def __init__(
        self,
        *,
        gap_s: float = GAP_S,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Wait for nobody yet.

        Args:
            gap_s: From the end of a request to arXiv to the start of the next.
        """
        self._gap_s = gap_s
        self._monotonic = monotonic
        self._sleep = sleep
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = {}
        self._last: float | None = None

    @contextmanager
    def __call__(self, host: str) -> Iterator[None]:
        """Wait for the turn of *host* and hold it."""
        queue = queue_of(host)
        if queue is None:
            yield
            return
        with self._guard:
            lock = self._locks.setdefault(queue, threading.Lock())
        with lock:
            if queue != ARXIV:
                yield
                return
            with self._spaced():
                yield

    @contextmanager
    def _spaced(self) -> Iterator[None]:
        """Keep the distance to the request before."""
        while (wait := self._to_wait()) > 0:
            self._sleep(wait)
        try:
            yield
        finally:
            self._last = self._monotonic()

    def _to_wait(self) -> float:
        return 0.0 if self._last is None else self._last + self._gap_s - self._monotonic()


class SharedPoliteness(HostPoliteness):
    """Politeness to arXiv among all processes that share a folder.

    The file in it is locked while a request runs, so that a killed process frees it, and says when the last one ended.
    Where the folder cannot be written, or there are no such locks, it is as `HostPoliteness`: that is better than
    reading nothing.
    """

    def __init__(
        self,
        folder: Path,
        *,
        gap_s: float = GAP_S,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Touch no file yet.

        Args:
            folder: The same for all processes of one person; made when it is first needed.
            now: Seconds since the epoch: the only clock that outlives a restart.
        """
        super().__init__(gap_s=gap_s, monotonic=monotonic, sleep=sleep)
        self._path = folder / f"{ARXIV}.turn"
        self._now = now

    @contextmanager
    def _spaced(self) -> Iterator[None]:
        with super()._spaced():
            file = self._opened()
            if file is None:
                yield
                return
            try:
                locked = self._acquire(file)
                try:
                    yield
                finally:
                    if locked:
                        _write(file, repr(self._now()))
            finally:
                os.close(file)  # and with it goes the lock

    def _opened(self) -> int | None:
        if fcntl is None:
            return None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError:
            return None

    def _acquire(self, file: int) -> bool:
        """Lock the file when it is time, and say in it that a request runs; False if there are no locks here.

        While it is too early the lock is let go: whoever holds it through the gap would be first again and again, and
        a process with fifty pages to read would keep the others out till its end.
        """
        give_up = self._monotonic() + _PATIENCE_S
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if self._monotonic() > give_up:
                    raise SourceError(
                        f"another process has been asking arXiv for {_PATIENCE_S / 60:.0f} minutes;"
                        f" if it hangs, end it (it holds {self._path})"
                    ) from None
                self._sleep(_POLL_S)
                continue
            except OSError:  # a file system without locks
                return False
            give_up = self._monotonic() + _PATIENCE_S
            wait = self._since_others(file)
            if wait <= 0:
                _write(file, _RUNNING)
                return True
            fcntl.flock(file, fcntl.LOCK_UN)
            self._sleep(wait)

    def _since_others(self, file: int) -> float:
        """Seconds until the gap to the last request of any process is over."""
        text = os.pread(file, _STAMP, 0).decode("ascii", "replace").strip()
        if not text:
            return 0.0
        now = self._now()
        try:
            last = float(text)
        except ValueError:  # a process was killed in the middle of its request, at some moment up to now
            last = math.inf
        if not last <= now:  # ahead of us: of a clock that was set back since
            _write(file, repr(now))
            last = now
        return last + self._gap_s - now


def _write(file: int, text: str) -> None:
    """Put *text* over what the file says, in one go, so that a process killed here leaves the one or the other."""
    with suppress(OSError):  # a full disk: the distance then holds within each process
        os.pwrite(file, text.ljust(_STAMP).encode("ascii"), 0)


class Queues(Protocol):
    """A store that several machines share."""

    def take_turn(self, queue: str, *, gap_s: float) -> float | None:
        """Take the turn in *queue*, if nobody has it and the last one ended *gap_s* ago.

        Returns:
            0 if the turn is this process's now; how many seconds it is too early; None if somebody else has it.
        """
        ...

    def end_turn(self, queue: str) -> None:
        """Give the turn back."""
        ...


class StoredPoliteness(HostPoliteness):
    """Politeness to arXiv among all machines that share a store.

    If the store does not answer it is as `HostPoliteness`: better than reading nothing.
    """

    def __init__(
        self,
        store: Callable[[], Queues],
        *,
        gap_s: float = GAP_S,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Ask the store nothing yet."""
        super().__init__(gap_s=gap_s, monotonic=monotonic, sleep=sleep)
        self._store = store
        self._is_owed = False
        """A turn that may be ours could not be given back: it would be waited for as if it were another's."""

    @contextmanager
    def _spaced(self) -> Iterator[None]:
        with super()._spaced():
            is_taken = self._take()
            try:
                yield
            finally:
                if is_taken:
                    self._end()

    def _end(self) -> None:
        self._is_owed = True
        with suppress(StoreError):
            self._store().end_turn(ARXIV)
            self._is_owed = False

    def _take(self) -> bool:
        """Wait for the turn; False if the store cannot be asked for it."""
        give_up = self._monotonic() + _PATIENCE_S
        while True:
            if self._is_owed:
                self._end()
            try:
                wait_s = self._store().take_turn(ARXIV, gap_s=self._gap_s)
            except StoreError:
                self._is_owed = True  # it may have been given, and the word of it lost
                return False
            if wait_s == 0:
                return True
            if wait_s is not None:
                give_up = self._monotonic() + _PATIENCE_S
            elif self._monotonic() > give_up:
                raise SourceError(
                    f"another machine has been asking arXiv for {_PATIENCE_S / 60:.0f} minutes; if it hangs, end it"
                )
            self._sleep(_STORE_POLL_S if wait_s is None else wait_s)
