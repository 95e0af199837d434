"""The command line: the group of all commands, and how the program ends. The commands stand in a file for each family.

A command turns words into one call of a use case, and has what came of it shown by `digest.cli.show`. What is slow to
import is imported inside of the commands: `digest --help` must feel instant.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from digest import __version__
from digest.cli import bounces, evaluate, issues, papers, run, serve, setup, status, subscribers, summarize
from digest.cli.common import DEGRADED, FAILED, MISUSED, log_to_stderr
from digest.cli.interrupts import Interrupts
from digest.cli.show.errors import print_error, print_lost_folder, print_lost_output, print_stopped
from digest.cli.streams import Output
from digest.core.errors import ConfigError, DigestError


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="digest")
@click.option("-v", "--verbose", is_flag=True, help="Log what is done, to stderr.")
def cli(verbose: bool) -> None:
    """The day's new research papers, summarized, in one mail and a static archive."""
    log_to_stderr(verbose=verbose)


for _command in (
    run.run,
    run.deliver,
    run.send_test,
    run.schedule,
    bounces.bounces,
    serve.serve,
    summarize.summarize,
    issues.show,
    issues.preview,
    issues.topics,
    papers.search,
    papers.similar,
    papers.feedback,
    papers.split,
    status.status,
    status.cost,
    status.doctor,
    subscribers.subscribers,
    setup.init,
    setup.import_,
    setup.sources,
    evaluate.evaluate,
):
    cli.add_command(_command)


def main() -> None:
    """Run the command line; every error that a person can do something about is one sentence on stderr."""
    output = Output()
    with Interrupts() as interrupts:
        try:
            code = _status(interrupts)
        except (click.Abort, KeyboardInterrupt):
            print_stopped()
            sys.stdout.flush()
            interrupts.leave()
    if lost := output.lost():
        print_lost_output(lost)
        code = code or DEGRADED
    if code:
        sys.exit(code)


def _status(interrupts: Interrupts) -> int | str | None:
    """The status that the command line ends with."""
    try:
        Path.cwd()
    except OSError as exc:
        print_lost_folder(exc)
        return FAILED
    try:
        cli(standalone_mode=False, prog_name="digest", obj=interrupts)
    except click.ClickException as error:
        error.show()
        return MISUSED
    except DigestError as error:
        print_error(error)
        return MISUSED if isinstance(error, ConfigError) else FAILED
    except SystemExit as done:
        return done.code
    return None
