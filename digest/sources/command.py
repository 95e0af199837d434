"""A program of the user's own that prints papers: a JSON Feed, or JSON lines as the kind `jsonl` reads them.

run_command()   runs it: no shell, no input, an end to its time and to what it may print
CommandSource   says what to run for a day, and reads what it printed
"""

from __future__ import annotations

import errno
import json
import os
import selectors
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final, Self

from digest.core.errors import ConfigError, SourceError
from digest.core.lists.calendar import ANY_DAY, Calendar
from digest.core.models import Document, Parsed
from digest.core.ports import Clock, Witness
from digest.core.words.invisible import printable
from digest.core.words.text import excerpt
from digest.sources import guard
from digest.sources.feed import FeedSource
from digest.sources.jsonl import FIELDS, ITEMS, JsonlSource
from digest.sources.kind import Get, Key, KeyType, Kind, Run, SourceConfig

SCHEME: Final = "command:"
_CHUNK: Final = 65_536
_KEPT_STDERR: Final = 8_192
"""Of what a program complains of, so much of the end is kept; the rest is read and forgotten."""
_GRACE_S: Final = 0.3
_POLL_S: Final = 0.02


class CommandSource:
    """What a program of the user's own prints."""

    kind = "command"
    calendar: Calendar = ANY_DAY
    rereads: tuple[int, ...] = ()
    witness: Witness | None = None

    def __init__(
        self,
        name: str,
        *,
        command: Sequence[str],
        calendar: Calendar | None = None,
        fields: Mapping[str, str] | None = None,
        items: str | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Run *command*.

        Args:
            command: The program and its arguments, as the system takes them: no shell reads them. `{date}` in any of
                them stands for the day.
            calendar: When lists are promised to come; None where nothing is.
            fields: For JSON lines, our name → theirs.
            items: For one JSON document that is no JSON Feed, the key of its list.
            clock: For a JSON Feed; only tells dates in the future, which are dropped.

        Raises:
            ConfigError: There is no program, an argument holds a zero byte, or *fields* maps a name that is not ours.
        """
        if isinstance(command, str) or not command or not command[0].strip():
            raise ConfigError('command: must be the program and its arguments, as in ["python3", "papers.py"]')
        if any("\0" in part for part in command):
            raise ConfigError("command: no argument can hold a zero byte")
        self.name = name
        self._command = tuple(command)
        self._items = items
        if calendar is not None:
            self.calendar = calendar
        self._lines = JsonlSource(name, url=SCHEME, fields=fields, items=items)
        self._feed = FeedSource(name, url=SCHEME, clock=clock)

    def argv(self, day: date) -> tuple[str, ...]:
        """What to run for *day*."""
        return tuple(part.replace("{date}", day.isoformat()) for part in self._command)

    def url_for(self, day: date) -> str:
        """The same in one line, as one would type it; `argv_of` takes it apart again."""
        return SCHEME + shlex.join(self.argv(day))

    def past_url(self, day: date) -> str | None:
        """The same, if the program is told the day."""
        return self.url_for(day) if any("{date}" in part for part in self._command) else None

    def parse(self, content: bytes, *, url: str) -> Parsed:
        """Read what the program printed. Nothing at all is a day without papers: it ended well."""
        if not content.strip():
            return Parsed()
        if self._items is None and _is_json_feed(content, url):
            return self._feed.parse(content, url=url)
        return self._lines.parse(content, url=url)


def _make(config: SourceConfig, clock: Clock) -> CommandSource:
    given = config.options
    return CommandSource(
        config.name,
        command=given["command"],
        fields=given["fields"],
        items=given["items"] or None,
        clock=clock,
    )


def _fetcher(config: SourceConfig, run: Run) -> Get:
    def get(url: str) -> Document:
        return Document(url=url, content=run(argv_of(url), timeout_s=config.options["timeout_s"]))

    return get


KIND: Final = Kind(
    names=("command",),
    line="a program of your own that prints a JSON Feed, or JSON lines as the kind jsonl reads them",
    about="""\
No shell reads its arguments; it runs in the folder of config.toml, without the keys and passwords of other things in
its environment. No output with status 0 is a day without papers; any other status is a failure, named with the last
line of its standard error. With {date} in an argument, missed days are read later.""",
    keys=(
        Key(
            name="command",
            type=KeyType.TEXTS,
            help='the program and its arguments, as in ["python3", "crawl.py", "{date}"]; {date} stands for the day',
        ),
        Key(
            name="timeout_s",
            type=KeyType.NUMBER,
            help="how many seconds it has; then it is stopped, with what it started",
            default=60.0,
        ),
        FIELDS,
        ITEMS,
    ),
    needs=("command",),
    needs_as_in='command = ["python3", "crawl.py", "{date}"]',
    example="""\
[[source]]
name = "lab"
kind = "command"
command = ["python3", "papers.py", "--day", "{date}"]
""",
    make=_make,
    fetcher=_fetcher,
)


def argv_of(url: str) -> tuple[str, ...]:
    """The program and its arguments in a `command:` address."""
    return tuple(shlex.split(url.removeprefix(SCHEME)))


def _is_json_feed(content: bytes, url: str) -> bool:
    """Whether it is one JSON document with what every JSON Feed has. JSON lines end this at their second line."""
    text = guard.decoded(content, url=url, max_bytes=guard.MAX_FILE_BYTES).strip()
    if not text.startswith("{"):
        return False
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and isinstance(value.get("version"), str) and "items" in value


# -- running


class Children:
    """The programs that run now; who stops waiting for them ends them all, with what they started."""

    def __init__(self, *, grace_s: float = _GRACE_S) -> None:
        """
        Args:
            grace_s: What a program gets to tidy up when it is told to end.
        """
        self._grace_s = grace_s
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def with_one(self, start: Callable[[], subprocess.Popen[bytes]]) -> Iterator[subprocess.Popen[bytes]]:
        """The program that *start* starts, as long as it is waited for."""
        with self._lock:  # so that none is started behind the back of `close`
            if self._is_over:
                raise SourceError("no program is started any more, for the run was stopped")
            process = start()
            self._running.add(process)
        try:
            yield process
        finally:
            _end(process)
            with self._lock:
                self._running.discard(process)

    def close(self) -> None:
        """Ask them to end, and a moment later make them; nothing is started any more."""
        with self._lock:
            self._is_over = True
            left = [process for process in self._running if process.returncode is None]
        for number in (signal.SIGTERM, signal.SIGKILL):
            for process in left:
                # It has the number of its first process, and keeps it as long as any other is in it.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, number)
            if left and number == signal.SIGTERM:
                _wait_for(left, self._grace_s)


def _wait_for(processes: Sequence[subprocess.Popen[bytes]], seconds: float) -> None:
    """Wait until each of *processes* has ended, and not longer than *seconds*; whoever reads from them reaps them."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and any(process.returncode is None for process in processes):
        time.sleep(_POLL_S)


def run_command(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    timeout_s: float,
    max_bytes: int,
    children: Children | None = None,
) -> bytes:
    """Run a program and give what it printed. Its standard error is only read for the reason of a failure.

    It gets a session of its own, so that what it started can be ended with it.

    Args:
        children: Ends it from another thread.

    Raises:
        SourceError: It could not be started, took longer than *timeout_s*, printed more than *max_bytes*, was killed,
            or ended with a status other than 0.
    """
    url = SCHEME + shlex.join(argv)
    with (children or Children()).with_one(lambda: _started(argv, cwd, environment, url)) as process:
        deadline = time.monotonic() + timeout_s
        try:
            output, complaint = _read(process, deadline, max_bytes, url)
            # It may close its output and go on.
            status = process.wait(max(0.0, deadline - time.monotonic()))
        except (subprocess.TimeoutExpired, TimeoutError):
            raise SourceError(f"{_shown(argv)} did not end within {timeout_s:g} s and was stopped", url=url) from None
    if status < 0:
        raise SourceError(f"{_shown(argv)} was killed by {_signal_name(-status)}{_said(complaint)}", url=url)
    if status > 0:
        raise SourceError(f"{_shown(argv)} failed with status {status}{_said(complaint)}", url=url)
    return output


def _started(argv: Sequence[str], cwd: Path, environment: Mapping[str, str], url: str) -> subprocess.Popen[bytes]:
    if not cwd.is_dir():
        raise SourceError(f"the folder {cwd}, in which {_shown(argv)} is to run, is not there", url=url)
    try:
        return subprocess.Popen(  # noqa: S603 -- the operator's own program, written in his own configuration
            argv,
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
    except FileNotFoundError as exc:
        if (cwd / argv[0]).is_file():  # a script, of which the first line names a program that is not there
            raise SourceError(
                f"{_shown(argv)} cannot be started: the program that its first line names is not there", url=url
            ) from exc
        raise SourceError(
            f"the program {_shown(argv)} is not there; it is looked for on the PATH, or, if its name has a slash, "
            "from the folder of config.toml",
            url=url,
        ) from exc
    except PermissionError as exc:
        raise SourceError(
            f"{_shown(argv)} may not be run; is it a program, and executable (chmod +x)?", url=url
        ) from exc
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
        if isinstance(exc, OSError) and exc.errno == errno.ENOEXEC:
            reason += "; a script begins with #! and what runs it"
        raise SourceError(f"{_shown(argv)} cannot be started: {reason}", url=url) from exc


def _read(process: subprocess.Popen[bytes], deadline: float, max_bytes: int, url: str) -> tuple[bytes, bytes]:
    """All of its output and the end of its complaints, read by turns: a full pipe would make it wait for ever.

    Raises:
        TimeoutError: The deadline came first.
        SourceError: The output is larger than *max_bytes*.
    """
    output, complaint = bytearray(), bytearray()
    with selectors.DefaultSelector() as selector:
        for pipe, kept in ((process.stdout, output), (process.stderr, complaint)):
            if pipe is not None:
                selector.register(pipe, selectors.EVENT_READ, kept)
        while selector.get_map():
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            for key, _ in selector.select(left):
                chunk = os.read(key.fd, _CHUNK)
                if not chunk:
                    selector.unregister(key.fileobj)
                key.data.extend(chunk)
            del complaint[:-_KEPT_STDERR]
            if len(output) > max_bytes:
                raise SourceError(
                    f"{_shown(process.args)} printed more than {max_bytes:,} bytes and was stopped", url=url
                )
    return bytes(output), bytes(complaint)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what still runs, with all that it started, and let go of its pipes.

    A program that has ended well is reaped by now, and what it left running in the background is its own business.
    """
    if process.returncode is None:
        # Not reaped yet, so that its number cannot belong to another group.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe is not None:
            pipe.close()


def _shown(argv: object) -> str:
    """The name of the program, fit for a message."""
    first = argv[0] if isinstance(argv, Sequence) and argv else ""
    return f"“{excerpt(str(first))}”"


def _said(complaint: bytes) -> str:
    lines = printable(complaint.decode("utf-8", "replace")).splitlines()
    last = next((line for line in map(excerpt, reversed(lines)) if line), "")
    return f", and said: {last}" if last else ", and said nothing about it"


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
