"""Config → adapters → pipeline: the one place that knows every adapter. Each command is one call into `App`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from digest import assets
from digest.app import sources
from digest.config.read import load
from digest.config.settings import Config, LLMConfig, MailConfig
from digest.config.table import tell_all
from digest.core.errors import DigestError, NotFoundError
from digest.core.host import Host
from digest.core.models import DeliveryState, Document, Edition, Issue, SourceReport, SourceState
from digest.core.ports import Mailer, Source
from digest.core.ranking.relevance import Background
from digest.core.summaries.handover import haste as haste_of
from digest.core.summaries.summarizer import Summarizer, Sums
from digest.core.topics.fold import Taxonomy
from digest.core.walls import reason_of, wall
from digest.stages.deliver import Delivered, mails_since
from digest.stages.pipeline import Pipeline
from digest.stages.report import Report, Stage
from digest.usecases import deliver

if TYPE_CHECKING:  # pragma: no cover -- they cost time that `--help` and small commands should not pay
    from digest.publish.render import Templates
    from digest.publish.site import StaticSite
    from digest.sources.command import Children
    from digest.sources.door.http import Door
    from digest.stages.lost import LostIssues
    from digest.store import SqlStore
    from digest.summarizers.extract import Extracts
    from digest.summarizers.handover import Jobs
    from digest.usecases.interests import Interests

SAMPLE_DAYS: Final = (date(2026, 3, 2), date(2026, 3, 3))
SAMPLE_FOLDER: Final = "digest-sample"


class App:
    """All parts of one configuration, opened when they are first needed and closed together."""

    def __init__(self, config: Config, host: Host) -> None:
        self.config, self.host = config, host
        self._open = ExitStack()

    @classmethod
    def from_file(cls, path: Path, host: Host) -> App:
        """The app of a config.toml."""
        return cls(load(path), host)

    @classmethod
    def sample(cls, folder: Path, host: Host) -> App:
        """The app of the shipped sample, which writes below *folder*."""
        return cls(load(assets.shipped("sample") / "config.toml", data_dir=folder), host)

    @classmethod
    def without_config(cls, host: Host) -> App:
        """An app that only summarizes on demand, the extractive way, and keeps nothing."""
        config = Config(
            path=Path("config.toml").resolve(),
            title="Research digest",
            timezone=ZoneInfo("UTC"),
            data_dir=Path("var").resolve(),
            database="",
            sources=(),
            llm=LLMConfig(),
            editions=(Edition(name="daily", title="Research digest", sources=()),),
            mail=MailConfig(),
            site_url=None,
        )
        return cls(config, host)

    @property
    def has_store(self) -> bool:
        return bool(self.config.database)

    def __enter__(self) -> App:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    # -- parts

    @cached_property
    def store(self) -> SqlStore:
        from digest.store import SqlStore

        return self._open.enter_context(SqlStore.open(self.config.database, clock=self.host.clock))

    @cached_property
    def door(self) -> Door:
        from digest.sources.door.http import Door
        from digest.sources.door.politeness import SharedTurns, StoredTurns

        network, turns = self.config.network, sources.turns_folder(self.host.environment, self.config.data_dir)
        door = Door(
            base=self.config.base,
            turns=StoredTurns(lambda: self.store) if self.config.shares_database else SharedTurns(turns),
            proxy=network.proxy,
            ca_file=network.ca_file,
            private_hosts=network.private_hosts,
        )
        return self._open.enter_context(door)

    @cached_property
    def children(self) -> Children:
        """Programs of `command` sources; those that run still are ended with the app."""
        from digest.sources.command import Children

        return self._open.enter_context(Children())

    @cached_property
    def taxonomy(self) -> Taxonomy:
        text = assets.read_text("taxonomy.toml", self.config.base)
        return Taxonomy.parse(text, self.config.topics, file=self.config.path.name)

    @cached_property
    def extracts(self) -> Extracts:
        from digest.summarizers.extract import Extracts

        return Extracts(taxonomy=self.taxonomy)

    @cached_property
    def templates(self) -> Templates:
        from digest.publish.render import Templates

        return Templates(assets.folders("templates", self.config.base))

    @cached_property
    def site(self) -> StaticSite:
        from digest.publish.site import StaticSite

        folder = self.config.data_dir / "site"
        return StaticSite(
            folder,
            self.templates,
            self.store,
            title=self.config.title,
            titles={e.name: e.name if e.title == self.config.title else e.title for e in self.config.editions},
            base_url=self.config.site_url,
            former=tuple(self.taxonomy.renamed),
            current=self.taxonomy.current,
        )

    @cached_property
    def sources(self) -> dict[str, Source]:
        return {s.name: sources.make_source(s, self.host.clock) for s in self.config.sources}

    @cached_property
    def summarizer(self) -> Summarizer:
        from digest.app.summarizers import make_summarizer

        made = make_summarizer(
            self.config,
            self.extracts,
            store=lambda: self.store,
            environment=self.host.environment,
            clock=self.host.clock,
            now=self.host.now,
            sleep=self.host.sleep,
        )
        self._open.callback(made.close)
        return made

    @cached_property
    def background(self) -> Background:
        """How common each word is anywhere, for ranking and likeness."""
        return Background.parse(assets.trained_text("words.txt"))

    @cached_property
    def interests(self) -> Interests:
        from digest.usecases.interests import Interests

        return Interests(self)

    @cached_property
    def jobs(self) -> Jobs | None:
        """What is handed to the model's provider early, at half the price; None where nothing is."""
        if self.config.llm.client != "openai":
            return None
        from digest.app.summarizers import make_jobs

        return make_jobs(
            self.config, self.summarizer, store=self.store, clock=self.host.clock, progress=self.host.progress
        )

    @cached_property
    def pipeline(self) -> Pipeline:
        _ = self.door, self.children  # made here, for of several threads each would make one of its own
        return Pipeline(
            store=self.store,
            sources=self.sources,
            fetcher=self.fetcher,
            summarizer=self.summarizer,
            field_of=self.taxonomy.field,
            profile_of=self.interests.profile,
            background=self.background,
            clock=self.host.clock,
            mail_domain=self.config.mail.sender.rpartition("@")[2],
            progress=self.host.progress,
            sleep=self.host.sleep,
            concurrency=self.config.network.concurrency,
            held=self.host.held,
        )

    def fetcher(self, source: Source) -> Callable[[str], Document]:
        """What fetches the documents of one source during one run."""
        return sources.fetcher(source, self)

    def today(self) -> date:
        """The date in the config's time zone."""
        return self.host.clock().astimezone(self.config.timezone).date()

    # -- run

    def editions(self, names: Sequence[str]) -> list[Edition]:
        """The editions of those names; all where there are none.

        Raises:
            ConfigError: A name is not in the config.
        """
        return [self.config.edition(n) for n in dict.fromkeys(names)] or list(self.config.editions)

    def check(self, *, send: bool) -> None:
        """Find all that a run would miss before it begins.

        Raises:
            ConfigError: An environment variable is not set, or something in the config cannot be used.
        """
        environment = self.host.environment
        looks: list[Callable[[], object]] = [lambda: self.config.api_key(environment)]
        for source in self.config.sources:
            looks.append(lambda source=source: self.config.source_key(source, environment))  # type: ignore[misc]
            looks.append(lambda source=source: sources.make_source(source, self.host.clock))  # type: ignore[misc]
        looks.append(lambda: self.taxonomy)
        if send:
            looks.append(lambda: self.config.smtp_password(environment))
        tell_all(looks)

    def run(
        self,
        editions: Sequence[Edition],
        day: date,
        *,
        until: Stage = Stage.DELIVER,
        send: bool = True,
        accept_database: bool = False,
    ) -> list[Report]:
        """Run the stages for *editions*, as far as *until*; one report each, in their order.

        Args:
            accept_database: Go on with a database that lacks issues which the archive holds, and make that of *day*
                anew if it is one of them.
        """
        last = until if send or until is not Stage.DELIVER else Stage.SITE
        return self._run(editions, day, last, read=day, send=send, accept_database=accept_database)

    def prepare(self, editions: Sequence[Edition], day: date, *, read: bool = True) -> list[Report]:
        """Bring the issues of *day*, which may begin only tomorrow, as far as they get before they are due.

        Args:
            read: Ask the sources too; otherwise only the model's provider, for what was handed over to it.
        """
        # Tomorrow's lists are not out. What today's bring late is in the issue that comes next.
        return self._run(editions, day, Stage.SUMMARIZE, read=min(day, self.today()) if read else None, send=False)

    def _run(
        self,
        editions: Sequence[Edition],
        day: date,
        last: Stage,
        *,
        read: date | None,
        send: bool,
        accept_database: bool = False,
    ) -> list[Report]:
        """Run the stages as far as *last*; the lists read are those of *read*."""
        from digest.stages.lost import lost_issues

        self.check(send=send)
        self.interests.check(editions)
        accepted = [e.name for e in editions] if accept_database else []
        with self.only_run():
            lost = lost_issues(self, accepted)
            going_on = [e for e in editions if not lost.holds(e.name, day)]
            # For an edition that waits nothing is read: a database that is taken out again is no place to begin in.
            if read is not None and going_on:
                self.pipeline.fetch(going_on, read, self._moment(going_on, read))
                self.interests.fetch(going_on)
            self.summarizer.begin_run(day.isoformat())
            sums = {e.name: self.pipeline.nothing() for e in editions} | self._summarize_all(going_on, day, last)
            issues: dict[str, Issue] = {}
            if last.reaches(Stage.PUBLISH):
                for e in going_on:
                    issues[e.name], sums[e.name] = self.pipeline.publish(e, day, sums[e.name])
            site_error = self._draw(accepted) if last.reaches(Stage.SITE) else None
            delivered: dict[str, Delivered] = {}
            left: tuple[str, ...] = ()
            if last.reaches(Stage.DELIVER):
                delivered, left = deliver.deliver_all(self, editions, day, lost=lost), deliver.give_up_left(self)
            reports = [
                self._report(e, day, sums[e.name], issues.get(e.name), last, site_error, delivered.get(e.name), lost)
                for e in editions
            ]
            # Mails of an edition that is gone are told of by the first that is there.
            if left:
                reports[0] = replace(reports[0], warnings=(*reports[0].warnings, *left), mail_trouble=True)
            return reports

    def _moment(self, editions: Sequence[Edition], day: date) -> datetime:
        """The moment of a run of *day*: now or, for a day that is replayed, the hour at which it would have run."""
        now = self.host.clock()
        if self.today() == day:
            return now
        return datetime.combine(day, min(e.at for e in editions), tzinfo=self.config.timezone)

    def _summarize_all(self, editions: Sequence[Edition], day: date, last: Stage) -> dict[str, Sums]:
        if not last.reaches(Stage.SUMMARIZE):
            return {e.name: self.pipeline.nothing() for e in editions}
        jobs = self.jobs
        if jobs is None:
            return {e.name: self.pipeline.summarize(e, day) for e in editions}
        jobs.collect()
        return {e.name: self._summarize_in_jobs(jobs, e, day, last) for e in editions}

    def _summarize_in_jobs(self, jobs: Jobs, edition: Edition, day: date, last: Stage) -> Sums:
        at = datetime.combine(day, edition.at, tzinfo=self.config.timezone)
        is_final = last.reaches(Stage.PUBLISH) or self.config.llm.mode != "batch"
        haste = haste_of(self.host.clock(), at, is_final=is_final)
        return jobs.summarize(self.pipeline, edition, day, haste=haste, at=at)

    def _draw(self, accepted: Sequence[str]) -> str | None:
        """Draw the archive; a page that cannot be written keeps no mail from going out."""
        self.host.progress("drawing the archive")
        try:
            with wall(DigestError):
                self.site.draw([e.name for e in self.config.editions], accept=accepted)
        except DigestError as error:
            return str(error)
        return None

    def mailer(self) -> AbstractContextManager[Mailer]:
        """Who takes the mails: the outbox folder, or the SMTP server of the config."""
        from digest.deliver.outbox import OutboxMailer
        from digest.deliver.smtp import SmtpMailer

        mail = self.config.mail
        if mail.transport == "outbox":
            return OutboxMailer(self.config.data_dir / "outbox")
        password = self.config.smtp_password(self.host.environment)
        return SmtpMailer(
            host=mail.host,
            port=mail.port,
            security=mail.security,
            username=mail.username,
            password=password.reveal() if password else "",
            local_name=mail.sender.rpartition("@")[2],
            timeout_s=mail.timeout_s,
            ca_file=mail.ca_file,
        )

    def _report(
        self,
        edition: Edition,
        day: date,
        sums: Sums,
        issue: Issue | None,
        until: Stage,
        site_error: str | None,
        delivered: Delivered | None,
        lacking: LostIssues,
    ) -> Report:
        is_held = lacking.holds(edition.name, day)
        sources = () if is_held else self.pipeline.reports(edition, day)
        printed = issue is not None and bool(issue.entries)
        if issue is not None and printed:
            # What it took from earlier lists is not open any more.
            past = {s.name: s.past for s in issue.sources}
            sources = tuple(replace(s, past=past.get(s.name, ())) for s in sources)
        of_today = self.store.deliveries(edition.name, day)
        counts = deliver.count_states(of_today)
        lost = (d for d in of_today if d.state in (DeliveryState.FAILED, DeliveryState.UNKNOWN))
        counts["due"] += sum(
            d.state in (DeliveryState.DUE, DeliveryState.SENDING, DeliveryState.DOT)
            for earlier in self._undelivered(edition.name, day)
            if earlier != day
            for d in self.store.deliveries(edition.name, earlier)
        )
        missed = lacking.warnings(edition.name, day)
        warnings = [
            *missed,
            *(f"{s.name}: {s.error}" for s in sources if s.error and (s.is_to_be_told or not s.days_failing)),
            *(f"{s.name}: {s.note}" for s in sources if s.is_partial and s.note),
            *(f"{s.name}: {s.gap} of {s.expected} papers could not be found" for s in sources if s.gap),
            *(self._unreadable(s, day) for s in sources if s.rejected),
            *self.interests.warnings(edition),
            *sums.warnings,
            *((issue.why_empty,) if issue and issue.why_empty and not _all_failed(sources) else ()),
            *((f"the archive could not be drawn: {site_error}",) if site_error else ()),
            *(delivered.warnings if delivered else ()),
            *(f"{d.recipient}: {d.error}" for d in lost if d.error),
        ]
        return Report(
            edition=edition.name,
            date=day,
            sources=sources,
            usage=sums.usage,
            issue=issue if printed else None,
            deliveries=counts,
            late=self._late(edition, day) if printed else 0,
            warnings=tuple(dict.fromkeys(warnings)),
            until=until,
            site_error=site_error,
            mail=deliver.mailed(self, edition, day, delivered or Delivered()),
            mail_trouble=delivered.trouble if delivered else False,
            lacks_issues=bool(missed),
            is_held=is_held,
        )

    def _late(self, edition: Edition, day: date) -> int:
        candidates = self.store.candidates(edition.name, edition.sources, day, carry_days=0)
        return sum(candidate.cut_on is None for candidate in candidates)

    def _unreadable(self, source: SourceReport, day: date) -> str:
        shown = self.store.rejections(source.name, day)[:3]
        said = "; ".join(f"{r.reason} ({r.excerpt})" for r in shown) + ("; …" if source.rejected > len(shown) else "")
        return f"{source.name}: {source.rejected} of its items could not be read: {said}"

    def page(self, edition: str, day: date) -> Path:
        """Where the page of an issue lies; as people would type it."""
        path = self.site.page(edition, day)
        here = Path.cwd()
        return path.relative_to(here) if path.is_relative_to(here) else path

    @contextmanager
    def only_run(self) -> Iterator[None]:
        """Keep a second run on this machine waiting: it would do no harm, but pay for the same summaries twice."""
        if os.name != "posix":  # pragma: no cover
            yield
            return
        import fcntl

        path = self.config.data_dir / "run.lock"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("w", encoding="utf-8")
        except OSError as exc:
            raise DigestError(f"{path}: cannot be written: {reason_of(exc)}; choose another [digest] data_dir") from exc
        with file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.host.progress("waiting for another run to end")
                fcntl.flock(file, fcntl.LOCK_EX)
            except OSError as exc:
                raise DigestError(
                    f"{path}: cannot be locked: {exc.strerror or exc}; choose a [digest] data_dir on a disk that can"
                ) from exc
            yield

    # -- look

    def issue(self, edition: str | None, day: date | None) -> Issue:
        """The issue of that edition and date; by default the newest of the first edition.

        Raises:
            NotFoundError: There is none.
        """
        name = self.config.edition(edition).name if edition else self.config.editions[0].name
        dates = [d for _, d, _ in self.store.issue_dates(name)]
        if day is None and not dates:
            raise NotFoundError(f"{name} has no issue yet; `digest run` makes one")
        found = self.store.issue(name, day or dates[-1])
        if found is None:
            newest = f"; the newest is of {dates[-1]}" if dates else ""
            raise NotFoundError(f"{name} has no issue of {day}{newest}")
        return found

    def sample_day(self) -> date:
        """The first day of the sample that has not been run yet.

        Raises:
            NotFoundError: Both are done.
        """
        [edition] = self.config.editions
        done = {day for _, day, _ in self.store.issue_dates(edition.name)}
        for day in SAMPLE_DAYS:
            if day not in done or self._undelivered(edition.name, day):
                return day
        raise NotFoundError(
            f"both days of the sample are done; look at {self.config.data_dir / 'site' / 'index.html'}, "
            f"or delete {self.config.data_dir} to begin again"
        )

    def _undelivered(self, edition: str, day: date) -> tuple[date, ...]:
        """The days whose mails a run of *day* sends, as far as there are any on their way."""
        return self.store.undelivered(edition, since=mails_since(day), until=day)

    def is_done(self, edition: Edition, day: date) -> bool:
        """Whether the issue of that date is printed, none of its mails is due, and every source had its list."""
        stored = self.store.issue(edition.name, day)
        if stored is None or not stored.entries or self._undelivered(edition.name, day):
            return False
        return not self.store.unsettled(edition.sources, day)


def _all_failed(sources: Sequence[SourceReport]) -> bool:
    """Whether each source has said by itself why there is nothing."""
    return bool(sources) and all(s.state is SourceState.FAILED and s.is_to_be_told for s in sources)
