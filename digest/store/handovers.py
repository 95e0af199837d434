"""Handovers: requests given to a provider's Batch API together, to be collected later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select, update

from digest.core.identity.ids import content_hash
from digest.core.models import Prompt, SummaryKey
from digest.core.summaries.ledger import Ceilings, Handover, HandoverState, RequestPlan
from digest.store import tables
from digest.store.database import AnyRow, Database, insert_one
from digest.store.ledger import fits, reserve
from digest.store.serialize import dump, load

OPEN: Final = (HandoverState.SUBMITTING, HandoverState.OPEN)
"""States of a handover whose answers are awaited."""

_handover = tables.handover.c
_request = tables.request.c


class Handovers(Database):
    """The part of the store that keeps handovers: what was handed over, and how far each has come."""

    def open_handovers(self) -> tuple[Handover, ...]:
        """The handovers whose answers are awaited (`submitting` or `open`), oldest first; empty if there are none."""
        query = select(tables.handover).where(_handover.state.in_(OPEN)).order_by(_handover.submitted_at, _handover.pk)
        with self._read() as connection:
            rows = connection.execute(query).all()
            numbers: dict[int, list[int]] = {row.pk: [] for row in rows}
            booked = (
                select(_request.pk, _request.handover_pk).where(_request.handover_pk.in_(numbers)).order_by(_request.pk)
            )
            for request in connection.execute(booked):
                numbers[request.handover_pk].append(request.pk)
        return tuple(_loaded(row, numbers[row.pk]) for row in rows)

    def asked_in_handovers(self, day: date) -> frozenset[SummaryKey]:
        """The summaries that handovers for issues of *day* asked for, of those that reached the provider and are over.

        What they did not bring is asked for directly: another handover must not ask for it again.
        """
        ended = select(tables.handover).where(
            _handover.date == day, _handover.state.not_in(OPEN), _handover.provider_id.is_not(None)
        )
        with self._read() as connection:
            rows = connection.execute(ended).all()
        return frozenset(
            SummaryKey(content=content, client=row.client, model=row.model, prompt=row.prompt, language=row.language)
            for row in rows
            for contents in row.prompts
            for content in contents
        )

    def save_handover(
        self,
        *,
        name: str,
        edition: str,
        day: date,
        language: str,
        prompts: Sequence[Prompt],
        plans: Sequence[RequestPlan],
        ceilings: Ceilings,
        at: datetime,
    ) -> Handover | None:
        """Write a handover down as `submitting`, before the provider gets it, and reserve the cost of its requests.

        None if the requests could cost more than a ceiling allows; then nothing is written.

        Args:
            name: Our own, unguessable; no other handover has it.
            day: The date of the issue that the summaries are for.
            prompts: At least one.
            plans: One for each prompt, in the same order, all of one run and one model.
        """
        values: dict[str, Any] = {
            "name": name,
            "provider_id": None,
            "state": HandoverState.SUBMITTING,
            "edition": edition,
            "date": day,
            "language": language,
            "client": plans[0].client,
            "model": plans[0].model,
            "prompt": plans[0].prompt,
            "submitted_at": at,
        }
        with self._write("ledger") as connection:
            if not fits(connection, plans, ceilings):
                return None
            pk = insert_one(connection, tables.handover, {**values, "prompts": [dump(prompt) for prompt in prompts]})
            numbers = reserve(connection, plans, handover=pk)
        return Handover(pk=pk, prompts=tuple(prompts), requests=numbers, **values)

    def mark_handover(self, pk: int, state: HandoverState, *, provider_id: str | None = None) -> None:
        """Write the handover's new state down. Requests of a `lost` handover that are not settled cost nothing.

        Args:
            provider_id: The provider's id of it, once that is known; None leaves the id as it is.
        """
        values: dict[str, Any] = {"state": state}
        if provider_id is not None:
            values["provider_id"] = provider_id
        with self._write("ledger") as connection:
            if state not in OPEN:
                # The prompts hold hundreds of papers. Of a handover that is over only the papers' hashes are kept.
                body = connection.scalar(select(_handover.prompts).where(_handover.pk == pk))
                values["prompts"] = [_asked(prompt) for prompt in body or ()]
            connection.execute(update(tables.handover).where(_handover.pk == pk).values(values))
            if state is HandoverState.LOST:
                unsettled = (_request.handover_pk == pk, _request.outcome.is_(None))
                connection.execute(
                    update(tables.request).where(*unsettled).values(cost_nano_usd=0, outcome="its handover was lost")
                )


def _asked(prompt: Any) -> list[str]:
    """The content hashes of the papers in a stored prompt; a handover that is marked again holds them already."""
    if isinstance(prompt, list):
        return prompt
    return [content_hash(paper.title, paper.abstract) for paper in load(Prompt, prompt).batch.papers]


def _loaded(row: AnyRow, numbers: Sequence[int]) -> Handover:
    return Handover(
        pk=row.pk,
        name=row.name,
        provider_id=row.provider_id,
        state=HandoverState(row.state),
        edition=row.edition,
        date=row.date,
        language=row.language,
        client=row.client,
        model=row.model,
        prompt=row.prompt,
        submitted_at=row.submitted_at,
        prompts=tuple(load(Prompt, prompt) for prompt in row.prompts),
        requests=tuple(numbers),
    )
