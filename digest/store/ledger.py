"""The ledger of requests to a model: what is reserved for them, and what they cost.

    reserve_request ──► (it goes out) ──► settle_request          spent = what it cost, or else what is reserved

Money is kept in billionths of a dollar, as integers. Sums of floats depend on their order, and 0.1 + 0.2 is more than
0.3; with integers a budget holds exactly. A token of the cheapest model costs some billionths, so rounding each request
up to the next one costs nothing and never makes a sum too low.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, case, delete, func, insert, select, update

from digest.core.summaries.ledger import Ceilings, CheckCount, RequestPlan, RequestResult, Spending
from digest.store import tables
from digest.store.database import AnyRow, Database, insert_one, upsert

REMEMBERED: Final = timedelta(days=30)
"""How long what was learned about a server counts: servers are updated."""

_request = tables.request.c
_learned = tables.learned.c

SPENT: Final = func.coalesce(_request.cost_nano_usd, _request.reserved_nano_usd, 0)
"""What a request counts for: its cost or, while that is not known, what is reserved. Billionths of a dollar."""
IN_DOUBT: Final = case((_request.cost_nano_usd.is_(None), _request.reserved_nano_usd), else_=0)
"""What is reserved for a request whose cost is not known, else 0. Billionths of a dollar."""


class Ledger(Database):
    """The part of the store that keeps the ledger, and what was learned about models' servers."""

    def reserve_request(self, plan: RequestPlan, ceilings: Ceilings) -> int | None:
        """Reserve the cost of a request before it is sent; its number, or None if it could break a ceiling.

        Processes that reserve at the same moment do so one after the other, so together they keep to the ceiling.
        """
        with self._write("ledger") as connection:
            if not fits(connection, [plan], ceilings):
                return None
            [number] = reserve(connection, [plan])
        return number

    def settle_request(
        self, request: int, result: RequestResult, *, summaries: int = 0, failed: Mapping[str, int] = {}
    ) -> None:
        """Book what a request cost in place of what was reserved; if it is settled again, the last result counts.

        Args:
            summaries: Number of papers that got their summary from it.
            failed: Name of a check → how many summaries it refused; `missing` → papers that were not in the answer.
        """
        values = {
            "input_tokens": result.input_tokens,
            "cached_tokens": result.cached_tokens,
            "output_tokens": result.output_tokens,
            "cost_nano_usd": None if result.cost_usd is None else _up(result.cost_usd),
            "outcome": result.outcome,
            "summaries": summaries,
        }
        check = tables.failed_check
        with self._write("ledger") as connection:
            connection.execute(update(tables.request).where(_request.pk == request).values(values))
            connection.execute(delete(check).where(check.c.request_pk == request))
            rows = [
                {"request_pk": request, "name": name, "papers": papers} for name, papers in failed.items() if papers
            ]
            if rows:
                connection.execute(insert(check), rows)

    def spent_usd(self, since: datetime, *, run: str | None = None) -> float:
        """Dollars spent by requests since *since*; with *run*, by that run at any time. Reservations count in full."""
        with self._read() as connection:
            return in_usd(_spent(connection, _request.at >= since if run is None else _request.run == run))

    def spending(self, since: datetime, until: datetime, *, zone: tzinfo) -> tuple[Spending, ...]:
        """What the requests from *since* until before *until* cost, by day, client, model and mode.

        Args:
            zone: Where a day begins.
        """
        query = select(tables.request).where(_request.at >= since, _request.at < until)
        found: dict[tuple[date, str, str, str], list[AnyRow]] = {}
        with self._read() as connection:
            for row in connection.execute(query):
                key = row.at.astimezone(zone).date(), row.client, row.model, row.mode
                found.setdefault(key, []).append(row)
        return tuple(_spending(*key, found[key]) for key in sorted(found))

    def written(self, client: str, model: str, *, since: datetime) -> dict[str, tuple[int, int]]:
        """Prompt → how many summaries a model wrote under it since *since*, and the tokens of its answers.

        A prompt under which it wrote none is left out.
        """
        query = (
            select(
                _request.prompt,
                func.sum(_request.summaries).label("summaries"),
                func.sum(_request.output_tokens).label("output_tokens"),
            )
            .where(
                _request.client == client,
                _request.model == model,
                _request.purpose == "summaries",
                _request.at >= since,
            )
            .group_by(_request.prompt)
            .order_by(_request.prompt)
        )
        with self._read() as connection:
            rows = connection.execute(query).all()
        return {row.prompt: (int(row.summaries), int(row.output_tokens)) for row in rows if row.summaries}

    def checks(self, since: datetime) -> tuple[CheckCount, ...]:
        """How often each check refused a summary that was asked for since *since*, by client, model and prompt."""
        failed = tables.failed_check
        who = (_request.client, _request.model, _request.prompt)
        refused = (
            select(*who, failed.c.name, func.sum(failed.c.papers).label("papers"))
            .join_from(tables.request, failed, failed.c.request_pk == _request.pk)
            .where(_request.at >= since)
            .group_by(*who, failed.c.name)
            .order_by(*who, failed.c.name)
        )
        given = select(*who, func.sum(_request.summaries).label("papers")).where(_request.at >= since).group_by(*who)
        with self._read() as connection:
            rows = connection.execute(refused).all()
            asked = {(r.client, r.model, r.prompt): int(r.papers) for r in connection.execute(given)}
        for row in rows:
            asked[row.client, row.model, row.prompt] += int(row.papers)
        return tuple(
            CheckCount(
                client=row.client,
                model=row.model,
                prompt=row.prompt,
                check=row.name,
                failed=int(row.papers),
                asked=asked[row.client, row.model, row.prompt],
            )
            for row in rows
        )

    def learned(self, server: str) -> Mapping[str, Any]:
        """What was learned about a model's server; empty if nothing was learned within the last month."""
        now = self._clock()
        # What lies far ahead was dated by a clock that was wrong, and would be believed for years.
        lately = _learned.at.between(now - REMEMBERED, now + REMEMBERED)
        query = select(_learned.what).where(_learned.server == server, lately)
        with self._read() as connection:
            return connection.scalar(query) or {}

    def save_learned(self, server: str, what: Mapping[str, Any]) -> None:
        """Store what was learned about a model's server, in place of what was known."""
        row = {"server": server, "what": dict(what), "at": self._clock()}
        with self._write() as connection:
            upsert(connection, tables.learned, [row], update=("what", "at"))


# -- for those who hold a transaction that writes


def fits(connection: Connection, plans: Sequence[RequestPlan], ceilings: Ceilings) -> bool:
    """Whether *plans*, of one run, break no ceiling even if each costs the most it can.

    Plans without a price are not counted. Plans that cost nothing fit even where a ceiling is broken already.
    """
    most = sum(_up(plan.most_usd) for plan in plans if plan.most_usd is not None)
    if not most:
        return True
    month = () if ceilings.month_start is None else (_request.at >= ceilings.month_start,)
    return not (
        (
            ceilings.run_usd is not None
            and _spent(connection, _request.run == plans[0].run) + most > _down(ceilings.run_usd)
        )
        or (ceilings.month_usd is not None and _spent(connection, *month) + most > _down(ceilings.month_usd))
    )


def reserve(connection: Connection, plans: Sequence[RequestPlan], *, handover: int | None = None) -> tuple[int, ...]:
    """Write requests down in the ledger before they are sent; returns their numbers, in the order of *plans*."""
    numbers = []
    for plan in plans:
        values = {
            "at": plan.at,
            "run": plan.run,
            "edition": plan.edition,
            "client": plan.client,
            "model": plan.model,
            "prompt": plan.prompt,
            "purpose": plan.purpose,
            "mode": plan.mode,
            "handover_pk": handover,
            "papers": plan.papers,
            "summaries": 0,
            "input_tokens": 0,
            "cached_tokens": 0,
            "output_tokens": 0,
            "reserved_nano_usd": None if plan.most_usd is None else _up(plan.most_usd),
        }
        numbers.append(insert_one(connection, tables.request, values))
    return tuple(numbers)


def in_usd(nano_usd: int | Decimal | None) -> float:
    """A sum out of the ledger in dollars. Postgres gives such sums as `Decimal`, and None for no rows, which is 0."""
    return int(nano_usd or 0) / 10**9


def _spending(day: date, client: str, model: str, mode: str, rows: Sequence[AnyRow]) -> Spending:
    of_papers = [row for row in rows if row.purpose == "summaries"]
    unknown = [row for row in rows if row.cost_nano_usd is None]
    return Spending(
        day=day,
        client=client,
        model=model,
        mode=mode,
        requests=len(rows),
        failed=sum(row.outcome is not None and _is_barren(row) for row in rows),
        papers=sum(row.papers for row in of_papers),
        summaries=sum(row.summaries for row in of_papers),
        input_tokens=sum(row.input_tokens for row in rows),
        cached_tokens=sum(row.cached_tokens for row in rows),
        output_tokens=sum(row.output_tokens for row in rows),
        cost_usd=in_usd(sum(row.cost_nano_usd or 0 for row in rows)),
        in_doubt_usd=in_usd(sum(row.reserved_nano_usd or 0 for row in unknown)),
        unpriced=sum(row.reserved_nano_usd is None for row in unknown),
    )


def _is_barren(row: AnyRow) -> bool:
    return not (row.summaries if row.purpose == "summaries" else row.output_tokens)


def _spent(connection: Connection, *which: Any) -> int:
    return int(connection.scalar(select(func.sum(SPENT)).where(*which)) or 0)


def _up(usd: float) -> int:
    return math.ceil(_nano(usd))


def _down(usd: float) -> int:
    return math.floor(_nano(usd))


def _nano(usd: float) -> Decimal:
    # As people write the number: the nearest float to 0.3 is a little less than 0.3.
    return Decimal(str(usd)).scaleb(9)
