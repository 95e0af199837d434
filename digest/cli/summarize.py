"""Summaries on demand, and those of an earlier prompt renewed: `digest summarize`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from digest.cli.common import DEGRADED, FAILED, app_of, config_option, filled, json_option, working
from digest.cli.show.console import print_json


@click.command(short_help="Summarize an arXiv id, a DOI, a URL, a file or stdin.")
@click.argument("targets", nargs=-1, metavar="TARGET...", callback=filled("TARGET"))
@click.option("--stale", is_flag=True, help="Renew instead summaries of printed papers that an earlier prompt wrote.")
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    default=50,
    show_default=True,
    help="With --stale: how many papers at most, the newest first.",
)
@config_option
@json_option
def summarize(targets: tuple[str, ...], stale: bool, limit: int, config: Path, as_json: bool) -> None:
    """Summarize papers on demand, with the model of the config; without one, with sentences of the abstract.

    TARGET is an arXiv id, a DOI, a URL, a file (text, HTML, PDF, a saved listing, JSON lines of id, title and
    abstract), or - for stdin.

    With --stale there is no TARGET: after a change of the prompt, summaries of printed papers are written anew, within
    the budgets. Issues that are out stay as they are.

    A prompt is changed by one of your own beside config.toml, in prompts/summarize.txt, prompts/brief.txt (one
    sentence) or prompts/overview.txt. Start from those that ship; {{ language }} in one stands for the edition's.
    """
    if stale == bool(targets):
        raise click.UsageError("name a TARGET, or give --stale alone")
    if stale:
        _renew(config, limit, as_json=as_json)
        return
    from digest.app.usecases import on_demand
    from digest.cli.show.summaries import print_answers, print_answers_json, print_warnings

    with working(as_json) as host, app_of(config, host, optional=True) as app:
        app.check(send=False)
        done = on_demand(app).summarize(targets)
    answers = done.answers
    print_warnings(done.warnings)
    print_answers_json(answers) if as_json else print_answers(answers)
    bad = sum(a.error is not None for a in answers)
    if answers and bad == len(answers):
        sys.exit(FAILED)
    if bad or any(a.summary and a.summary.fell_back for a in answers):
        sys.exit(DEGRADED)


def _renew(config: Path, limit: int, *, as_json: bool) -> None:
    from digest.cli.show.summaries import print_renewal, renewal_json
    from digest.usecases.renew import renew

    with working(as_json) as host, app_of(config, host) as app:
        app.check(send=False)
        done = renew(
            app.store, app.config.editions, app.summarizer, limit=limit, sleep=host.sleep, progress=host.progress
        )
    if as_json:
        print_json(renewal_json(done))
    else:
        print_renewal(done)
    if any(s.usage.fell_back for s in done.sums):
        sys.exit(DEGRADED if done.renewed else FAILED)
