"""What the commands share: options, kinds of values, the app behind them, and how they end."""

from __future__ import annotations

import io
import os
import select
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import click

from digest.cli.show.console import print_json, progress_line
from digest.cli.show.errors import error_json
from digest.core.errors import DigestError
from digest.core.words.invisible import printable

if TYPE_CHECKING:
    from digest.app.app import App
    from digest.core.host import Host

FAILED: Final = 1
MISUSED: Final = 2
DEGRADED: Final = 3
STOPPED: Final = 130
"""What a shell says of a program that Ctrl-C ended; the same for every stop."""
_SIGNALS: Final = ("SIGINT", "SIGTERM", "SIGHUP")
"""SIGHUP: the terminal was closed. `nohup` and a shell's `&` have some of them ignored, and they stay so."""
F = TypeVar("F", bound=Callable[..., Any])


def config_option(command: F) -> F:
    """`--config FILE`, the same for every command."""
    return click.option(
        "--config",
        "config",
        type=click.Path(path_type=Path, dir_okay=False),
        default=Path("config.toml"),
        show_default=True,
        help="Where sources, editions and the rest are set.",
    )(command)


sample_option = click.option("--sample", is_flag=True, help="Look at what `digest run --sample` wrote.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")


class Misused(click.ClickException):
    """Something that was asked for in a way that cannot be meant; said in a sentence."""

    exit_code = MISUSED


def filled(what: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """What refuses a blank argument: no paper and no file is called that.

    Args:
        what: How the usage calls it.
    """

    def check(_: click.Context, __: click.Parameter, value: Any) -> Any:
        for one in value if isinstance(value, tuple) else (value,):
            if one is not None and not one.strip():
                raise Misused(f"{what} is empty: there is nothing to look for")
        return value

    return check


class DateType(click.ParamType):  # type: ignore[type-arg]  # it takes a parameter only since click 8.2
    name = "YYYY-MM-DD"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            day = date.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is not a date such as 2026-06-03", param, ctx)
        if not 1900 < day.year < 9999:  # room to look back and ahead
            self.fail(f"{value} is too far away; the year must be from 1901 to 9998", param, ctx)
        return day


class MonthType(click.ParamType):  # type: ignore[type-arg]  # as above
    name = "YYYY-MM"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return DateType().convert(f"{value}-01", param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is not a month such as 2026-06", param, ctx)


def log_to_stderr(*, verbose: bool) -> None:
    """Set logging up. What servers said stands in it too, and must not command the terminal."""
    import logging

    class Clean(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return printable(super().format(record))

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Clean("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, handlers=[handler])
    if verbose:
        # Requests carry keys in their headers; libraries that log them do so at lower levels than this.
        logging.getLogger("httpx2").setLevel(logging.WARNING)


@contextmanager
def working(as_json: bool) -> Iterator[Host]:
    """The host of one command; people who wait at a terminal are told what is going on, on stderr."""
    from digest.core.host import Host

    interrupts = click.get_current_context().find_object(Interrupts)
    held = interrupts.held if interrupts else nullcontext
    if as_json:
        try:
            yield Host(environment=os.environ, held=held)
        except (DigestError, KeyboardInterrupt) as error:
            # A program that reads stdout finds a document there, whatever happened.
            print_json(error_json(error))
            raise
        return
    if not sys.stderr.isatty():
        import logging

        log = logging.getLogger("digest")
        yield Host(environment=os.environ, held=held, progress=lambda doing: log.info("%s", doing))
        return
    with progress_line() as progress:
        yield Host(environment=os.environ, held=held, progress=progress)


def app_of(config: Path, host: Host, *, sample: bool = False, optional: bool = False) -> App:
    from digest.app.app import App

    if sample:
        from digest.usecases.sample import SAMPLE_FOLDER

        return App.sample(Path(SAMPLE_FOLDER).resolve(), host)
    if optional and not config.exists() and config == Path("config.toml"):
        return App.without_config(host)
    return App.from_file(config, host)


def exit_by(statuses: list[str]) -> None:
    if statuses and all(s == "failed" for s in statuses):
        sys.exit(FAILED)
    if any(s != "done" for s in statuses):
        sys.exit(DEGRADED)


# -- Ctrl-C, and a container's or a service's stop


class Interrupts:
    """Ends the program at a signal, while it is a context in the main thread.

    A stop is Python's KeyboardInterrupt, whichever signal asked for it, so that every `with` on the way out lets go of
    what it holds. Threads that read or ask are daemons: nobody waits for them.
    """

    def __init__(self) -> None:
        self._held = 0
        self._is_asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for name in _SIGNALS:
                number = getattr(signal, name, None)  # Windows has no SIGHUP
                if number is not None and signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._stop)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Put a stop off until this is over; a second one is not put off."""
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            if self._is_asked and not self._held:
                raise KeyboardInterrupt

    def leave(self) -> None:
        """End the process now, also if threads are at work: some are in the middle of a line of the log, and Python
        would wait for its lock.
        """
        if threading.active_count() > 1:
            os._exit(STOPPED)
        raise SystemExit(STOPPED)

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        is_first, self._is_asked = not self._is_asked, True
        if not (self._held and is_first):
            raise KeyboardInterrupt


# -- output that nobody takes, or that has no room


class _Descriptor(io.RawIOBase):
    """Where a stream goes. What cannot be written is lost and ends nothing: the work is not the output's."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.trouble: OSError | None = None
        """Why the rest is lost."""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def write(self, content: Any, /) -> int:
        while self.trouble is None:
            try:
                return os.write(self._number, content)
            except BlockingIOError:  # somebody has made the terminal or pipe so that it does not wait
                select.select((), (self._number,), ())
            except OSError as exc:
                self.trouble = exc
        return len(content)


class Output:
    """The standard streams, made so that no write to them fails."""

    def __init__(self) -> None:
        """Put them in place of Python's own; what others have put there, as tests do, is left."""
        self._stdout: _Descriptor | None = None
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            stream = getattr(sys, name)
            if stream is None:  # it was closed: the next file that is opened must not become it
                stream = _nothing(number, "r" if name == "stdin" else "w")
                setattr(sys, name, stream)
            elif name != "stdin" and stream is getattr(sys, f"__{name}__") and _can_be_replaced(stream):
                setattr(sys, name, self._guarded(stream, name))
            elif hasattr(stream, "reconfigure"):
                # Python would die at a title that the terminal's encoding lacks; a question mark is better.
                stream.reconfigure(errors="replace")

    def lost(self) -> OSError | None:
        """Why not all that was printed is written; None if it is, or if the reader went away (`| head`)."""
        sys.stdout.flush()
        trouble = self._stdout.trouble if self._stdout else None
        return None if isinstance(trouble, BrokenPipeError) else trouble

    def _guarded(self, stream: Any, name: str) -> io.TextIOWrapper:
        descriptor = _Descriptor(stream.fileno())
        if name == "stdout":
            self._stdout = descriptor
        stream.flush()
        return io.TextIOWrapper(
            io.BufferedWriter(descriptor),
            encoding=stream.encoding,
            errors="replace",  # as above
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )


def _nothing(number: int, mode: str) -> Any:
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
    return os.fdopen(number, mode, encoding="utf-8")


def _can_be_replaced(stream: Any) -> bool:
    """A console of Windows takes letters and not bytes."""
    return os.name == "posix" or not stream.isatty()
