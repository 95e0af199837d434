"""What the stages ask of the store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Protocol

from digest.core.lists.freshness import Backoff, PastReading, Seen, Verdict
from digest.core.models import (
    Candidate,
    Change,
    Delivery,
    DeliveryState,
    Document,
    Issue,
    Overview,
    Paper,
    PaperId,
    Parsed,
    PastList,
    Prompt,
    SourceReport,
    SourceState,
    Summary,
    SummaryKey,
)
from digest.core.summaries.ledger import Ceilings, Job, JobState, RequestPlan, RequestResult


class Store(Protocol):
    """What is known and what is done. Every method that writes is one transaction."""

    # -- fetch

    def register_edition(self, name: str, day: date) -> None:
        """Note that *name* exists since *day* at the latest; its first issue looks back no further than that."""
        ...

    def unsettled(self, sources: Sequence[str], day: date) -> tuple[str, ...]:
        """Those of *sources*, in their order, that were not read on *day* with a settled state."""
        ...

    def cached(self, url: str) -> Document | None:
        """The last document from *url* that carried a validator, for a conditional request."""
        ...

    def save_reading(
        self,
        source: str,
        day: date,
        *,
        at: datetime,
        read_on: date,
        documents: Sequence[Document],
        parsed: Parsed,
        judge: Callable[[Seen], Verdict],
        gap: int = 0,
        is_open: bool = False,
    ) -> None:
        """Keep the documents, find out which papers the records are (`identity.resolve`), and list them under *day*.

        Args:
            read_on: The day of the run; later than *day* for a list that was missed, or is read again.
            judge: What the list, compared with what was known, means.
            gap: Items that the source says there are, and that could not be found.
            is_open: The list still grows.
        """
        ...

    def last_list(self, source: str, document: Document) -> date | None:
        """The day of the source's newest list, if it was read from the very same bytes and from nothing else."""
        ...

    def repeat_reading(
        self, source: str, day: date, *, of: date, at: datetime, read_on: date, judge: Callable[[Seen], Verdict]
    ) -> None:
        """Note that on *day* the source's list is that *of* an earlier day, unchanged."""
        ...

    def save_failure(
        self,
        source: str,
        day: date,
        *,
        at: datetime,
        read_on: date,
        state: SourceState,
        error: str,
        documents: Sequence[Document] = (),
    ) -> None:
        """Note that *source* could not be read on *day*. A reading that succeeded is not overwritten."""
        ...

    def past_readings(self, source: str, *, since: date, before: date) -> dict[date, PastReading]:
        """How the lists of *source* stand, from *since* until before *before*, and the last one before *since*."""
        ...

    def backoffs(self, sources: Sequence[str]) -> dict[str, Backoff]:
        """Those of *sources* that answer with errors."""
        ...

    def save_backoff(self, source: str, backoff: Backoff | None) -> None:
        """Remember that a source answers with errors, or, with None, that it does no longer."""
        ...

    def source_reports(self, edition: str, sources: Sequence[str], day: date) -> tuple[SourceReport, ...]:
        """How each of *sources* stands on *day* for *edition*, in their order; a source never read is left out."""
        ...

    # -- choose

    def candidates(self, edition: str, sources: Sequence[str], day: date, *, carry_days: int) -> tuple[Candidate, ...]:
        """Papers that *sources* list as news, up to *day*, and that no issue of *edition* printed.

        That is: papers never considered by *edition*, and papers it cut for want of room no more than *carry_days* ago.
        Ordered by the edition's order of sources and their position there; a later version is no candidate.
        """
        ...

    def past_lists(self, edition: str, sources: Sequence[str], day: date) -> dict[str, tuple[PastList, ...]]:
        """By source, the lists of days before *day* that hold papers which *edition* has not considered yet."""
        ...

    def changes(self, edition: str, sources: Sequence[str], day: date, *, kinds: Sequence[str]) -> tuple[Change, ...]:
        """What has become of papers that *edition* printed, up to *day*, and that it has not said yet; sorted."""
        ...

    # -- summarize

    def summaries(self, keys: Iterable[SummaryKey]) -> dict[SummaryKey, Summary]:
        """The stored summaries among *keys*."""
        ...

    def save_summaries(self, summaries: Mapping[SummaryKey, Summary]) -> None:
        """Keep summaries, and give back the claims on them; one that is there already stays as it is."""
        ...

    def claim_summaries(self, keys: Iterable[SummaryKey]) -> frozenset[SummaryKey]:
        """Claim those of *keys* that are neither stored nor claimed by anybody alive; which these are."""
        ...

    def release_summaries(self, keys: Iterable[SummaryKey]) -> None:
        """Give back those claims on *keys* that are still held."""
        ...

    def reserve_request(self, plan: RequestPlan, ceilings: Ceilings) -> int | None:
        """Book a request before it is sent; its number in the books, or None if it could break a ceiling.

        Of several processes that ask at the same moment no two are given the same money.
        """
        ...

    def settle_request(
        self, request: int, result: RequestResult, *, summaries: int = 0, failed: Mapping[str, int] = {}
    ) -> None:
        """Book what came of a request in place of what was reserved.

        Args:
            summaries: Papers that got their summary by it.
            failed: Name of a check → how many summaries it refused; `missing` → papers that were not in the answer.
        """
        ...

    def spent_usd(self, since: datetime, *, run: str | None = None) -> float:
        """What the requests since then cost; with *run*, those of that run whenever. Reservations count in full."""
        ...

    def learned(self, server: str) -> Mapping[str, Any]:
        """What was found out about a model's server; empty if nothing, or nothing within the last month."""
        ...

    def save_learned(self, server: str, what: Mapping[str, Any]) -> None:
        """Remember what was found out about a model's server."""
        ...

    def change_limits(self, server: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> None:
        """Put what *change* makes of what is known of a server's limits in its place; nobody else does meanwhile."""
        ...

    def overview(self, key: SummaryKey) -> Overview | None:
        """The stored overview of a day; its key's content is the hash of what it was written about."""
        ...

    def save_overview(self, key: SummaryKey, overview: Overview) -> None:
        """Keep an overview; one that is there already stays as it is."""
        ...

    # -- jobs, for who answers later

    def open_jobs(self) -> tuple[Job, ...]:
        """Jobs that are submitting or open, oldest first."""
        ...

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
        """Write a job down before it is handed over, as `submitting`, and reserve all its requests; None if they
        could break a ceiling, and then nothing is written."""
        ...

    def mark_job(self, job: int, state: JobState, *, provider_id: str | None = None) -> None:
        """Write a job's new state down. Requests of a `lost` job that are not settled cost nothing."""
        ...

    # -- publish

    def issue(self, edition: str, day: date) -> Issue | None:
        """The stored issue; also one that is empty and says why."""
        ...

    def issue_dates(self, edition: str | None = None) -> tuple[tuple[str, date, int], ...]:
        """(edition, date, number of entries) of every stored issue, sorted by edition and date."""
        ...

    def save_issue(self, issue: Issue, *, at: datetime, deliveries: Mapping[str, str]) -> bool:
        """Store the issue, what it printed and left out, and its due deliveries, in one transaction.

        An empty issue of the same day is replaced. One with entries is not: nothing happens, and the answer is False.

        Args:
            deliveries: recipient → Message-ID. Empty for an empty issue.
        """
        ...

    # -- deliver

    def deliveries(self, edition: str, day: date) -> tuple[Delivery, ...]:
        """All deliveries of an issue, sorted by id."""
        ...

    def undelivered(self, edition: str, *, since: date, until: date) -> tuple[date, ...]:
        """Days of the edition's issues that have deliveries on their way: due, sending or at the dot; sorted."""
        ...

    def claim_delivery(self, edition: str, day: date) -> Delivery | None:
        """Take the next delivery that is due, or was left at `sending` by a dead process, and mark it `sending`.

        Those tried least often come first.
        """
        ...

    def mark_delivery(self, delivery_id: int, state: DeliveryState, *, error: str | None = None) -> None:
        """Write a delivery's new state down."""
        ...

    def doubt_deliveries(self, edition: str, day: date) -> int:
        """Turn deliveries left at `dot` by a dead process into `unknown`; how many there were."""
        ...

    def skip_deliveries(self, edition: str, *, before: date | None, reason: str) -> tuple[Delivery, ...]:
        """Give up what is on its way and of a day before *before*, or all of it, but for what others have in hand.

        What comes back is what was given up, sorted by id. What may have been delivered becomes `unknown` instead.
        """
        ...

    def retry_deliveries(
        self,
        edition: str,
        *,
        since: date,
        until: date,
        states: Collection[DeliveryState],
        recipients: Collection[str] = (),
        error: str | None = None,
    ) -> tuple[Delivery, ...]:
        """Make deliveries in one of *states* due again; as they were before, sorted by id.

        Args:
            recipients: Only of these, however they write their capitals; none: of all.
            error: Only those with this one.
        """
        ...

    # -- look

    def paper(self, paper_id: PaperId) -> Paper | None:
        """The paper known by this id or alias."""
        ...

    def search(self, query: str, *, limit: int) -> tuple[Paper, ...]:
        """Papers whose title, abstract or authors match all words of *query*, best first. Any text is a valid query."""
        ...

    def secret(self) -> bytes:
        """32 random bytes made when the database was, for Message-IDs that nobody else can guess."""
        ...
