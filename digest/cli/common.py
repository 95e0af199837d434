"""What the commands share: options, kinds of values, the app behind them, and their exit statuses."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from digest.cli.interrupts import Interrupts
from digest.cli.show.console import print_json, progress_line
from digest.cli.show.errors import error_json
from digest.core.errors import DigestError
from digest.core.words.invisible import printable

if TYPE_CHECKING:
    from digest.app.app import App
    from digest.app.host import Host

FAILED: Final = 1
MISUSED: Final = 2
DEGRADED: Final = 3
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


class MonthType(click.ParamType):  # type: ignore[type-arg]  # as `DateType`
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
    from digest.app.host import Host

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
    """The app of one command, to be closed by it.

    Args:
        sample: The one that `digest run --sample` wrote with, whatever *config* says.
        optional: Where there is no config.toml and none is named, go without.
    """
    from digest.app.app import App

    if sample:
        from digest.usecases.sample import SAMPLE_FOLDER

        return App.sample(Path(SAMPLE_FOLDER).resolve(), host)
    if optional and not config.exists() and config == Path("config.toml"):
        return App.without_config(host)
    return App.from_file(config, host)


def exit_by(statuses: list[str]) -> None:
    """End the program by how its parts ended: 1 if all failed, 3 if any left something undone, otherwise not at all."""
    if statuses and all(s == "failed" for s in statuses):
        sys.exit(FAILED)
    if any(s != "done" for s in statuses):
        sys.exit(DEGRADED)
