"""What the model cost and would cost, as text and JSON: `digest cost`, `digest run --estimate`.

Tables are up to 80 columns wide.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from digest.cli.show.console import print_lines
from digest.core.summaries.ledger import together
from digest.publish.amounts import said_of, tokens, usd
from digest.publish.phrasing import count

if TYPE_CHECKING:
    from digest.core.summaries.ledger import CheckCount, Spending
    from digest.usecases.cost import BudgetUse, CostReport, EditionEstimate, Estimate

_WIDTH: Final = 80
_HEADS: Final = ("day", "requests", "failed", "papers", "in", "cached", "out", "cost", "in doubt", "a paper")
_FREE: Final = {
    "extractive": "summaries are extracts of the abstracts, which cost nothing",
    "replay": "answers come from a recording, which costs nothing",
}


# -- what it cost


def cost_lines(report: CostReport) -> list[str]:
    """A table of days for each model, what the budgets are at, and what is to be known of the prices."""
    span = f"{report.since} to {report.until}"
    if not report.rows:
        why = _FREE.get(report.client, "the model was not asked")
        return [f"No request to a model from {span}: {why}.", *_budgets(report)]
    lines = [f"What the model cost from {span} (in and out: tokens)", ""]
    lines += _table(report.rows)
    lines += ["", *_budgets(report)]
    total = together(report.rows)
    if doubt := total.in_doubt_usd if total else 0.0:
        lines.append(
            f"In doubt: {usd(doubt)} was reserved for answers that never came or are awaited; budgets count it."
        )
    if report.price is not None:
        lines.append(f"Prices of {said_of(report.price)}.")
    for model, n in report.unpriced:
        lines.append(f"What {count(n, 'request')} cost is not in these sums: {_no_price(model)}.")
    return lines


def _no_price(model: str) -> str:
    return f'no price is known for {model}; give it as [llm.prices."{model}"], 0 where it costs nothing'


def _budgets(report: CostReport) -> Iterable[str]:
    if report.of_month.spent_usd or report.of_month.ceiling_usd is not None:
        yield f"{report.month:%B %Y}: {_of(report.of_month, 'budget_usd_per_month')}"
    if report.of_run and (report.of_run.spent_usd or report.of_run.ceiling_usd is not None):
        # A run of another day counts on that day's budget, whenever it took place.
        yield f"Runs of {report.today}: {_of(report.of_run, 'budget_usd_per_run')}"


def _of(budget: BudgetUse, key: str) -> str:
    spent = usd(budget.spent_usd)
    if budget.ceiling_usd is None:
        return f"{spent}; there is no {key}"
    return f"{spent} of {usd(budget.ceiling_usd)}, {usd(budget.left_usd or 0.0)} left"


def _table(rows: Sequence[Spending]) -> list[str]:
    groups = [(who, list(of_it)) for who, of_it in groupby(sorted(rows, key=_who), key=_who)]
    body: list[tuple[str, ...]] = [_HEADS]
    for (model, client, mode), of_it in groups:
        body.append((_named(model, client, mode),))
        body += [_cells(str(row.day), row) for row in of_it]
        if len(of_it) > 1 and len(groups) > 1:
            body.append(_cells("together", together(of_it)))
    if len(rows) > 1:
        body.append(("",))
        body.append(_cells("all", together(rows)))
    return _aligned(body)


def _who(row: Spending) -> tuple[str, str, str]:
    return row.model, row.client, row.mode


def _named(model: str, client: str, mode: str) -> str:
    return f"{model} ({client}, in batches)" if mode == "batch" else f"{model} ({client})"


def _cells(name: str, row: Spending | None) -> tuple[str, ...]:
    assert row is not None  # noqa: S101 -- there is one for any rows
    each = row.usd_per_summary
    return (
        name,
        f"{row.requests:,}",
        f"{row.failed:,}" if row.failed else "",
        f"{row.papers:,}",
        tokens(row.input_tokens),
        f"{row.cached_tokens / row.input_tokens:.0%}" if row.cached_tokens and row.input_tokens else "",
        tokens(row.output_tokens),
        # "$0.0000" would say that it was free.
        "?" if row.unpriced == row.requests else _in_column(row.cost_usd),
        _in_column(row.in_doubt_usd) if row.in_doubt_usd else "",
        f"${each:.5f}" if each else "",
    )


def _aligned(body: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows as lines: the first column to the left, the others to the right; a column of blanks is left out."""
    whole = [row for row in body if len(row) > 1]
    shown = [n for n in range(len(whole[0])) if any(row[n] for row in whole[1:])]
    widths = [max(len(row[n]) for row in whole) for n in shown]
    gap = "  " if sum(widths) + 2 * (len(widths) - 1) <= _WIDTH else " "
    lines = []
    for row in body:
        cells = [row[n] for n in shown] if len(row) > 1 else row
        first, *others = cells
        padded = [first.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=False))]
        lines.append(gap.join(padded).rstrip())
    return lines


def print_cost(report: CostReport) -> None:
    """What the model cost, by day and model, and what is left of the budgets."""
    print_lines(cost_lines(report))


def cost_json(report: CostReport) -> dict[str, Any]:
    """`digest cost --json`."""
    total = together(report.rows)
    return {
        "since": report.since.isoformat(),
        "until": report.until.isoformat(),
        "client": report.client,
        "rows": [_row_json(row) for row in report.rows],
        "total": None if total is None else {k: v for k, v in _row_json(total).items() if k not in _NAMES},
        "month": {"month": f"{report.month:%Y-%m}", **_budget_json(report.of_month)},
        "run": None if report.of_run is None else _budget_json(report.of_run),
        "prices": None
        if report.price is None
        else {**asdict(report.price), "of": report.price.of.isoformat() if report.price.of else None},
        "unpriced": dict(report.unpriced),
    }


_NAMES: Final = ("day", "client", "model", "mode")


def _row_json(row: Spending) -> dict[str, Any]:
    each = row.usd_per_summary
    return {
        **asdict(row),
        "day": row.day.isoformat(),
        "cost_usd_per_summary": None if each is None else round(each, 9),
    }


def _budget_json(budget: BudgetUse) -> dict[str, Any]:
    return {"spent_usd": budget.spent_usd, "budget_usd": budget.ceiling_usd, "left_usd": budget.left_usd}


# -- estimates


def estimate_lines(found: Estimate) -> list[str]:
    """What a run would cost, edition by edition, beside what is left."""
    who = found.model or found.client
    lines = [f"What a run of {found.day} would cost with {who}. Nothing was sent.", ""]
    lines += [line for edition in found.editions for line in _edition_lines(edition, found)]
    asks = any(edition.requests for edition in found.editions)
    if asks and len(found.editions) > 1 and found.client not in _FREE:
        lines.append(f"together: {_likely(found.likely_usd, found.most_usd, found.model)}")
    if asks and found.batch_share is not None:
        share = f"{100 * found.batch_share:.0f} %"
        lines.append(f'Summaries that are handed over in time, for mode = "batch", cost {share} of that.')
    if asks and found.flex_share is not None and found.likely_usd is not None:
        lines.append(
            "Likely is at the price of the flex tier, at the most at that of the usual one, if flex has no room."
        )
    for name, budget in (("the run's", found.of_run), ("the month's", found.of_month)):
        if budget.ceiling_usd is not None:
            lines.append(f"Left of {name} {usd(budget.ceiling_usd)}: {usd(budget.left_usd or 0.0)}")
    if beyond := sum(edition.beyond for edition in found.editions):
        what = "it would get an extract" if beyond == 1 else "they would get extracts"
        lines.append(f"! The budget would not reach {count(beyond, 'paper')}: {what}.")
    ceilings = (found.of_run.ceiling_usd, found.of_month.ceiling_usd)
    if found.likely_usd is None and any(ceiling is not None for ceiling in ceilings):
        lines.append("! Without a price no budget can hold.")
    lines += [f"! {warning}" for warning in found.warnings]
    return [*lines, "The lists are read and kept: the run itself will not read them again."]


def _edition_lines(edition: EditionEstimate, found: Estimate) -> Iterable[str]:
    if edition.is_out:
        yield f"{edition.edition}: its issue is made; nothing is asked for it again"
        return
    stored = f", {edition.stored:,} summarized already" if edition.stored else ""
    requests = count(edition.requests, "request") if edition.requests else "no request"
    papers = f"{edition.edition}: {count(edition.papers, 'paper')}{stored}; {requests}"
    if found.client in _FREE or not edition.requests:
        yield f"{papers}: {_FREE[found.client]}" if found.client in _FREE and edition.papers else papers
        return
    yield f"{papers}, about {edition.input_tokens:,} tokens in and {edition.output_tokens:,} out"
    yield f"  {_likely(edition.likely_usd, edition.most_usd, found.model)}"


def _likely(likely: float | None, most: float | None, model: str) -> str:
    if likely is None or most is None:
        return f"what it would cost cannot be said: {_no_price(model)}"
    return f"likely {usd(likely)}, at the most {usd(most)} unless requests have to be repeated"


def print_estimate(found: Estimate) -> None:
    """What a run would cost, by edition, and what is left of the budgets."""
    print_lines(estimate_lines(found))


def estimate_json(found: Estimate) -> dict[str, Any]:
    """`digest run --estimate --json`."""
    return {
        "date": found.day.isoformat(),
        "client": found.client,
        "model": found.model or None,
        "editions": [asdict(edition) for edition in found.editions],
        "likely_usd": found.likely_usd,
        "most_usd": found.most_usd,
        "run": _budget_json(found.of_run),
        "month": _budget_json(found.of_month),
        "warnings": list(found.warnings),
    }


# -- words


def _in_column(amount: float) -> str:
    return f"${amount:,.2f}" if amount >= 1000 else f"${amount:.4f}"


def checks_lines(checks: Sequence[CheckCount]) -> list[str]:
    """One line for each model and prompt: "numbers 12 of 400 (3 %)"."""
    lines = []
    for (model, prompt), of_it in groupby(checks, key=lambda c: (c.model, c.prompt)):
        said = ", ".join(f"{c.check} {c.failed:,} of {c.asked:,} ({_percent(c)})" for c in of_it)
        lines.append(f"{model}, prompt {prompt[:8] or 'not known'}: {said}")
    return lines


def _percent(checked: CheckCount) -> str:
    share = 100 * checked.failed / checked.asked
    return f"{share:.0f} %" if share >= 1 else f"{share:.1f} %"
