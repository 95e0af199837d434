"""Commands on the papers of the store, and on how good the program is; `cli.py` has those of the main job."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

import click

from digest import __version__
from digest.cli.common import (
    DEGRADED,
    FAILED,
    Misused,
    app_of,
    config_option,
    filled,
    json_option,
    sample_option,
    working,
)
from digest.cli.show.console import print_json

_PARTS: Final = ("summaries", "topics", "ranking", "duplicates", "papers")


def _with_words(_: click.Context, __: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    if not any(c.isalnum() for one in value for c in one):
        raise Misused("QUERY has no word to search for: name one that stands in a title, an abstract or a name")
    return value


@click.command(short_help="Search every paper that was read so far.")
@click.argument("query", nargs=-1, required=True, callback=_with_words)
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many papers at most.")
@config_option
@sample_option
@json_option
def search(query: tuple[str, ...], limit: int, config: Path, sample: bool, as_json: bool) -> None:
    """Search title, abstract and authors of every paper that was read so far.

    A paper is found if it has all words of the query. If they are somebody's name, the papers by them come first.
    """
    from digest.cli.show.papers import paper_json, print_papers

    with working(as_json) as host, app_of(config, host, sample=sample) as app:
        papers = app.store.search(" ".join(query), limit=limit)
    if as_json:
        print_json([paper_json(p) for p in papers])
    else:
        print_papers(papers, query=" ".join(query))


@click.command(short_help="Show the papers of the store that are most like one.")
@click.argument("paper", callback=filled("PAPER"))
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many papers at most.")
@config_option
@sample_option
@json_option
def similar(paper: str, limit: int, config: Path, sample: bool, as_json: bool) -> None:
    """Show the papers that are most like PAPER, of all that were read so far, and which words they share.

    PAPER is an id as the store shows it (arxiv:2603.01234), an arXiv id, a DOI, an address, or words of its title that
    no other has.
    """
    from digest.cli.show.papers import print_similar, similar_json
    from digest.usecases.similar import similar_to

    with working(as_json) as host, app_of(config, host, sample=sample) as app:
        found = similar_to(app, paper, limit=limit)
    print_json(similar_json(found)) if as_json else print_similar(found)


@click.command(short_help="Say of which papers there should be more, or less.")
@click.argument("papers", nargs=-1, metavar="[PAPER]...", callback=filled("PAPER"))
@click.option("--more", is_flag=True, help="More papers like these.")
@click.option("--less", is_flag=True, help="Fewer papers like these.")
@click.option("--forget", is_flag=True, help="Forget what was said of these.")
@click.option("--edition", metavar="NAME", help="For this edition; by default the ones that printed the paper.")
@config_option
@sample_option
@json_option
def feedback(
    papers: tuple[str, ...],
    more: bool,
    less: bool,
    forget: bool,
    edition: str | None,
    config: Path,
    sample: bool,
    as_json: bool,
) -> None:
    """Say of which papers there should be more, or less; without PAPER, list what was said.

    PAPER is an id as the store shows it (arxiv:2603.01234), an arXiv id, a DOI, an address, or words of its title that
    no other has. The next issue heeds it; after three months it counts half.
    """
    from digest.cli.show.feedback import given_json, marks_json, print_given, print_marks
    from digest.usecases.feedback import give, given

    said = [value for value, is_said in ((1, more), (-1, less), (0, forget)) if is_said]
    if len(said) != bool(papers):
        raise click.UsageError("name a PAPER and say --more, --less or --forget; without both, feedback is listed")
    with working(as_json) as host, app_of(config, host, sample=sample) as app:
        marks = given(app, edition=edition) if not said else ()
        taken = give(app, papers, said[0], edition=edition) if said else ()
    if said:
        print_json(given_json(taken)) if as_json else print_given(taken)
    else:
        print_json(marks_json(marks)) if as_json else print_marks(marks)


@click.command(short_help="Take apart again what was wrongly taken for one paper.")
@click.argument("paper", callback=filled("PAPER"))
@click.argument("part", required=False, metavar="[ID]", callback=filled("ID"))
@config_option
@sample_option
@json_option
def split(paper: str, part: str | None, config: Path, sample: bool, as_json: bool) -> None:
    """Take PAPER apart into two papers: the record that came under ID, and the rest.

    PAPER is an id as the store shows it (arxiv:2603.01234), an arXiv id, a DOI, an address, or words of its title that
    no other has; ID is one of these of the record. ID may be left out if there are two records; `digest show --why
    PAPER` lists them.

    Each gets its own words, ids and lists, and what they say joins them never again. Issues that are out stay as they
    are.

    Records are joined by their ids, which are taken whole: of a DOI that was cut nothing is left that could join. Then
    by equal titles with an author in common, or nearly equal titles (misspelt, hyphenated, without a subtitle) or
    abstracts with authors in common; the more of the same people signed both, the less of an abstract must have stayed.
    Records without abstracts are compared by title, authors and year. Different arXiv ids, different publishers' DOIs,
    parts, replies, corrections and numbered or yearly works are never joined.
    """
    from digest.cli.show.papers import print_split, split_json
    from digest.usecases.split import split as take_apart

    with working(as_json) as host, app_of(config, host, sample=sample) as app:
        done = take_apart(app, paper, part)
    print_json(split_json(done)) if as_json else print_split(done)


@click.command(short_help="List the topics by use, and words without a home.")
@click.option("--apply", "is_applied", is_flag=True, help="Give topics in old issues and pages their names of today.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many lines of each.")
@click.option("--days", type=click.IntRange(1, 36_600), help="Only papers of so many days up to today.")
@config_option
@sample_option
@json_option
def topics(is_applied: bool, limit: int, days: int | None, config: Path, sample: bool, as_json: bool) -> None:
    """List the topics by use, and what is proposed often and has no home among them.

    Topics are added, given further words and renamed under [topics] in config.toml. After that, --apply gives the
    topics in old issues, kept summaries and pages their names of today, and old addresses of topics lead to the new
    ones; mails that were sent stay as they are.

    A model's and an author's free words become topics through the aliases. Where a source has no categories, a small
    classifier that knows arXiv's stands in.
    """
    from digest.cli.show.topics import applied_json, print_applied, print_survey, survey_json
    from digest.usecases.topics import apply, survey

    if is_applied and days is not None:
        raise click.UsageError("--apply goes over all issues: leave --days out")
    if is_applied:
        with working(as_json) as host, app_of(config, host, sample=sample) as app:
            done = apply(app)
        print_json(applied_json(done)) if as_json else print_applied(done)
        return
    with working(as_json) as host, app_of(config, host, sample=sample) as app:
        found = survey(app, limit=limit, days=days)
    print_json(survey_json(found)) if as_json else print_survey(found, limit=limit, days=days)


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
    """Measure summaries, topics, ranking and duplicates on labelled sets, beside the figures of the last release.

    A folder may hold scitldr/, topics/, ratings/ and duplicates/ as their publishers lay them out, and papers/*.jsonl:
    papers of one's own, {"id", "title", "abstract", "summaries": ["..."], "topics": ["..."]} on a line each.

    With --config the model is asked about these papers: how near it comes to the summaries, how many of its own pass
    each check, how long they are, which topics it finds, and what it costs. The estimate comes first, budgets hold, and
    nothing is paid for twice.
    """
    from contextlib import ExitStack

    from digest.cli.show.evaluation import evaluation_json, print_evaluation, print_forecast
    from digest.evaluation import baseline
    from digest.evaluation.run import PARTS, SAMPLE, Evaluator

    with working(as_json) as host, ExitStack() as opened:
        release = baseline.read_release()
        if save:
            baseline.check_writable(save)
        evaluator = Evaluator(
            data=data or SAMPLE,
            host=host,
            apps=[opened.enter_context(app_of(config, host)) for config in configs],
            limit=limit,
            announce=print_forecast,
        )
        found = evaluator.measure(tuple(p for p in PARTS if p in parts) or PARTS)
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
