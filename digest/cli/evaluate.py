"""How good the program is, measured on labelled sets: `digest eval`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from digest import __version__
from digest.cli.common import DEGRADED, FAILED, app_of, json_option, working
from digest.cli.show.console import print_json

_PARTS: Final = ("summaries", "topics", "ranking", "phrases", "shares", "duplicates", "papers")


@click.command("eval", short_help="Measure how good it is, on labelled sets.")
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="A folder of labelled sets, or a file of labelled papers. Default: the small sample that ships.",
)
@click.option(
    "--part", "parts", multiple=True, type=click.Choice(_PARTS), help="Only this part; may be given several times."
)
@click.option(
    "--config",
    "configs",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Ask the model of this config.toml too, within its budgets, about labelled papers of one's own; "
    "may be given several times.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 100_000),
    metavar="N",
    help="How many papers of a set a model is asked for (by default 50, and none of SciTLDR).",
)
@click.option(
    "--save",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the figures down, as those of a release, for later versions to be compared with.",
)
@json_option
def evaluate(
    data: Path | None,
    parts: tuple[str, ...],
    configs: tuple[Path, ...],
    limit: int | None,
    save: Path | None,
    as_json: bool,
) -> None:
    """Measure summaries, topics, ranking, phrases, shares and duplicates on labelled sets, beside the last release.

    A folder may hold scitldr/, topics/, ratings/, keywords/ and duplicates/ as their publishers lay them out, and
    papers/*.jsonl: papers of one's own, {"id", "title", "abstract", "summaries": ["..."], "topics": ["..."]} on a line
    each.

    With --config the model is asked about these papers: how near it comes to the summaries, how many of its own pass
    each check, how long they are, which topics it finds, and what it costs. The estimate comes first, budgets hold, and
    nothing is paid for twice.
    """
    from contextlib import ExitStack

    from digest.app.usecases import evaluator
    from digest.cli.show.evaluation import evaluation_json, print_evaluation, print_forecast
    from digest.evaluation import baseline
    from digest.evaluation.run import PARTS, SAMPLE

    with working(as_json) as host, ExitStack() as opened:
        release = baseline.read_release()
        if save:
            baseline.check_writable(save)
        work = evaluator(
            data or SAMPLE,
            host,
            apps=[opened.enter_context(app_of(config, host)) for config in configs],
            limit=limit,
            announce=print_forecast,
        )
        found = work.measure(tuple(p for p in PARTS if p in parts) or PARTS)
    if as_json:
        print_json(evaluation_json(found, release, version=__version__))
    else:
        print_evaluation(found, release)
    if save:
        baseline.save_release(save, __version__, found.figures)
    if not found.figures:
        sys.exit(FAILED)
    if found.troubles or found.stood_in:
        sys.exit(DEGRADED)
