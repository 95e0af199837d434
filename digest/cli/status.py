"""Commands that tell how things stand: `digest status`, `cost`, `doctor`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path

import click

from digest.cli.common import FAILED, MonthType, app_of, config_option, json_option, sample_option, working
from digest.cli.show.console import print_json
from digest.core.models import DeliveryState


@click.command(short_help="Tell what happened last and what is due.")
@click.option("--deliveries", is_flag=True, help="List the mails of the last week one by one, but for those sent.")
@click.option(
    "--state",
    "states",
    multiple=True,
    type=click.Choice([state.value for state in DeliveryState]),
    help="With --deliveries: only those in this state.",
)
@config_option
@json_option
def status(deliveries: bool, states: tuple[str, ...], config: Path, as_json: bool) -> None:
    """Tell what happened last, what is due, and what it cost this month.

    Of mails that failed, are unknown, or came back within two weeks it names address and reason, and with --deliveries
    of all that were not sent, with the moment of the next try. Of summaries it counts which checks they failed (what
    one passed stands under `checked` in its issue.json), and how many printed ones an earlier prompt wrote.
    """
    from digest.cli.show.status import print_status, status_json
    from digest.usecases.status import status_of

    if states and not deliveries:
        raise click.UsageError("--state goes with --deliveries")
    unsent = set(DeliveryState) - {DeliveryState.SENT}
    listed = [DeliveryState(state) for state in states] or sorted(unsent) if deliveries else []
    with working(as_json) as host, app_of(config, host) as app:
        found = status_of(app.store, app.config, now=host.clock(), summarizer=lambda: app.summarizer, listed=listed)
    if as_json:
        print_json(status_json(found))
    else:
        print_status(found)


@click.command(short_help="Tell what the model cost, by day.")
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="Today and the days before.")
@click.option("--month", type=MonthType(), help="This month instead.")
@config_option
@sample_option
@json_option
def cost(days: int, month: date | None, config: Path, sample: bool, as_json: bool) -> None:
    """Tell what the model cost, by day and model, and what is left of the budgets.

    What was reserved for an answer that never came is in doubt, and counts as spent. Where the vocabulary of a model
    cannot be fetched, tokens are reckoned by an upper bound, four times too high: budgets hold, but are not used up.
    """
    from digest.cli.show.money import cost_json, print_cost
    from digest.usecases.cost import cost_report

    with working(as_json) as host, app_of(config, host, sample=sample) as app:
        found = cost_report(app.store, app.config, today=app.today(), days=days, month=month)
    if as_json:
        print_json(cost_json(found))
    else:
        print_cost(found)


@click.command(short_help="Check config, folders and sources; say what to do.")
@config_option
@click.option("--offline", is_flag=True, help="Leave out what needs the network.")
@click.option("--mail", is_flag=True, help="Look at mail alone, and at what DNS says of the sender's domain.")
@json_option
def doctor(config: Path, offline: bool, mail: bool, as_json: bool) -> None:
    """Check what is configured, reachable and missing, and say what to do about it.

    It says what interests were taken for, and which papers of them the next run will fetch. Of a mail server it tries
    login and sender without sending anything.

    With --mail it asks DNS, and only then, whether receivers will believe the mails: SPF, DKIM and DMARC of the
    sender's domain, and where bounces go; and gives the records to add.
    """
    if offline and mail:
        raise click.UsageError("--mail asks DNS: leave --offline out")
    from digest.app.usecases import examine
    from digest.cli.show.doctor import finding_json, print_findings

    with working(as_json) as host:
        findings = examine(config, host, offline=offline, mail=mail)
    if as_json:
        print_json([finding_json(f) for f in findings])
    else:
        print_findings(findings)
    if any(f.level == "wrong" for f in findings):
        sys.exit(FAILED)
