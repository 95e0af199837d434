"""Commands on papers of the store: `digest search`, `similar`, `feedback`, `split`."""

from __future__ import annotations

from pathlib import Path

import click

from digest.cli.common import Misused, app_of, config_option, filled, json_option, sample_option, working
from digest.cli.show.console import print_json


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
    from digest.cli.show.papers import print_papers
    from digest.publish.issue_json import paper_json

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
        found = similar_to(app.store, paper, background=app.background, limit=limit)
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
        marks = given(app.store, app.config, edition=edition) if not said else ()
        taken = give(app.store, app.config, papers, said[0], at=host.clock(), edition=edition) if said else ()
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
        done = take_apart(app.store, paper, part, today=app.today())
    print_json(split_json(done)) if as_json else print_split(done)
