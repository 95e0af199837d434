"""Jobs: requests that were handed to a provider together, to be answered later."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import select, update

from digest.core.identity.ids import content_hash
from digest.core.models import Prompt, SummaryKey
from digest.core.summaries.ledger import Ceilings, Job, JobState, RequestPlan
from digest.store import tables
from digest.store.database import AnyRow, Database, insert_one
from digest.store.ledger import fits, reserve
from digest.store.serialize import dump, load

OPEN: Final = (JobState.SUBMITTING, JobState.OPEN)
"""Of a job whose answers are awaited."""

_job = tables.job.c
_request = tables.request.c


class Jobs(Database):
    """The part of the store that remembers who still has to answer."""

    def open_jobs(self) -> tuple[Job, ...]:
        """Jobs that are submitting or open, oldest first."""
        query = select(tables.job).where(_job.state.in_(OPEN)).order_by(_job.submitted_at, _job.pk)
        with self._read() as connection:
            rows = connection.execute(query).all()
            numbers: dict[int, list[int]] = {row.pk: [] for row in rows}
            booked = select(_request.pk, _request.job_pk).where(_request.job_pk.in_(numbers)).order_by(_request.pk)
            for request in connection.execute(booked):
                numbers[request.job_pk].append(request.pk)
        return tuple(_loaded(row, numbers[row.pk]) for row in rows)

    def asked_in_jobs(self, day: date) -> frozenset[SummaryKey]:
        """What jobs for issues of *day* that are over were asked for: another one is not to ask for it again."""
        ended = select(tables.job).where(_job.date == day, _job.state.not_in(OPEN), _job.provider_id.is_not(None))
        with self._read() as connection:
            rows = connection.execute(ended).all()
        return frozenset(
            SummaryKey(content=content, client=row.client, model=row.model, prompt=row.prompt, language=row.language)
            for row in rows
            for contents in row.prompts
            for content in contents
        )

    def save_job(
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
    ) -> Job | None:
        """Write a job down before it is handed over, as `submitting`, and reserve all its requests.

        None if they could break a ceiling, and then nothing is written.

        Args:
            prompts: At least one.
            plans: One for each prompt, in the same order, all of one run and one model.
        """
        values: dict[str, Any] = {
            "name": name,
            "provider_id": None,
            "state": JobState.SUBMITTING,
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
            pk = insert_one(connection, tables.job, {**values, "prompts": [dump(prompt) for prompt in prompts]})
            numbers = reserve(connection, plans, job=pk)
        return Job(pk=pk, prompts=tuple(prompts), requests=numbers, **values)

    def mark_job(self, job: int, state: JobState, *, provider_id: str | None = None) -> None:
        """Write a job's new state down. Requests of a `lost` job that are not settled cost nothing."""
        values: dict[str, Any] = {"state": state}
        if provider_id is not None:
            values["provider_id"] = provider_id
        with self._write("ledger") as connection:
            if state not in OPEN:
                # Of hundreds of papers only what tells that they were asked for.
                body = connection.scalar(select(_job.prompts).where(_job.pk == job))
                values["prompts"] = [_asked(prompt) for prompt in body or ()]
            connection.execute(update(tables.job).where(_job.pk == job).values(values))
            if state is JobState.LOST:
                unsettled = (_request.job_pk == job, _request.outcome.is_(None))
                connection.execute(
                    update(tables.request).where(*unsettled).values(cost_nano_usd=0, outcome="its job was lost")
                )


def _asked(prompt: Any) -> list[str]:
    """The contents that a prompt of a job asked about; a job that is marked again has them already."""
    if isinstance(prompt, list):
        return prompt
    return [content_hash(paper.title, paper.abstract) for paper in load(Prompt, prompt).batch.papers]


def _loaded(row: AnyRow, numbers: Sequence[int]) -> Job:
    return Job(
        pk=row.pk,
        name=row.name,
        provider_id=row.provider_id,
        state=JobState(row.state),
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
