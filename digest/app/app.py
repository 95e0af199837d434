"""`App`: config → adapters → stages. The one place that knows every adapter; it holds wiring only, no rules."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from digest import assets
from digest.app.host import Host
from digest.app.parts import Parts, part
from digest.config.read import load, without_file
from digest.core.models import Edition, PaperId
from digest.sources.kinds import make_source

if TYPE_CHECKING:  # pragma: no cover -- they cost time that `--help` and small commands should not pay
    from digest.core.ranking.rank import Selection
    from digest.deliver.hooks import HookPoster
    from digest.stages.build import Building
    from digest.stages.choose import Choosing
    from digest.stages.fetch import Reader
    from digest.stages.leases import Leases
    from digest.stages.mails import Mailing
    from digest.stages.notices import Noticing
    from digest.stages.posts import Hook, Posting
    from digest.stages.publish import Publishing
    from digest.stages.readers import Readers
    from digest.stages.report import Reporting
    from digest.stages.run import Run, Stages
    from digest.stages.site import Drawing
    from digest.stages.source_reports import SourceReports
    from digest.stages.summarize import Summarizing
    from digest.summarizers.handover import Handovers
    from digest.usecases.forgetting import Forgetting
    from digest.usecases.interests import Interests
    from digest.usecases.linking import Linking
    from digest.usecases.reader_interests import ReaderInterests


class App(Parts):
    """All parts of one configuration, from adapters to stages. Threads can share it."""

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
        return cls(without_file(), host)

    @part
    def interests(self) -> Interests:
        """Checks the interests of editions and fetches the papers that they name."""

        from digest.usecases.interests import Interests

        return Interests(
            store=lambda: self.store,
            finder=self.lookup,
            clock=self.host.clock,
            zone=self.config.timezone,
            config_path=self.config.path,
            meant_by=self.taxonomy.meant_by,
            progress=self.host.progress,
        )

    @part
    def reader_interests(self) -> ReaderInterests:
        """Resolves the interests of readers."""
        from digest.usecases.reader_interests import ReaderInterests

        return ReaderInterests(
            store=lambda: self.store,
            interests=self.interests,
            clock=self.host.clock,
            progress=self.host.progress,
        )

    @part
    def handovers(self) -> Handovers | None:
        """The handovers of the model's provider (Batch API); None where it takes none, or none are wanted or open."""
        if self.config.llm.client != "openai":
            return None
        from digest.app.summarizers import make_handovers

        return make_handovers(
            self.config,
            self.summarizer,
            self.summarizing,
            store=self.store,
            clock=self.host.clock,
            progress=self.host.progress,
        )

    @part
    def forgetting(self) -> Forgetting:
        """Forgets readers, in the database and in the outbox folder."""
        from digest.usecases.forgetting import Forgetting

        return Forgetting(store=self.store, outbox=self.config.data_dir / "outbox")

    @part
    def lease(self) -> Leases:
        """Takes leases by name, for what only one process may do at a time."""

        from digest.stages.leases import Leases

        return Leases(store=lambda: self.store, progress=self.host.progress)

    # -- stages

    @part
    def editions_by_name(self) -> dict[str, Edition]:
        """Name → edition, of all that are configured, in their order."""
        return {edition.name: edition for edition in self.config.editions}

    @part
    def reader(self) -> Reader:
        """The stage `fetch`."""

        from digest.stages.fetch import Reader

        return Reader(
            store=self.store,
            sources=self.sources,
            editions=self.editions_by_name,
            zone=self.config.timezone,
            fetcher=self.fetcher,
            clock=self.host.clock,
            progress=self.host.progress,
            concurrency=self.config.network.concurrency,
        )

    @part
    def source_reports(self) -> SourceReports:
        """Tells how the sources of an edition stand on a day."""

        from digest.stages.source_reports import SourceReports

        return SourceReports(store=self.store, editions=self.editions_by_name, sources=self.sources)

    @part
    def choosing(self) -> Choosing:
        """The stage `choose`."""

        from digest.core.ranking.choosing import Chooser
        from digest.stages.choose import Choosing

        return Choosing(
            store=self.store,
            editions=self.editions_by_name,
            profile_of=self.interests.profile,
            chooser=Chooser(self.background, self.extracts.topics),
            leads_of=self._leads_of if self.config.gives_points_to_leads_only else None,
        )

    def _leads_of(self, edition: Edition, selection: Selection) -> tuple[PaperId, ...]:
        from digest.core.issues.issue import leads_of

        topics, field = self.extracts.topics, self.taxonomy.field
        return leads_of(selection, topics_of=topics, field_of=field, lead=edition.lead)

    @part
    def summarizing(self) -> Summarizing:
        """The stage `summarize`."""

        from digest.stages.summarize import Summarizing

        return Summarizing(
            store=self.store,
            editions=self.editions_by_name,
            summarizer=self.summarizer,
            sleep=self.host.sleep,
            progress=self.host.progress,
        )

    @part
    def building(self) -> Building:
        """Builds issues, for the stage `publish` and for previews."""
        from digest.stages.build import Building

        return Building(store=self.store, source_reports=self.source_reports, field_of=self.taxonomy.field)

    @part
    def publishing(self) -> Publishing:
        """The stage `publish`."""

        from digest.stages.publish import Publishing

        return Publishing(
            store=self.store,
            editions=self.editions_by_name,
            choosing=self.choosing,
            summarizing=self.summarizing,
            summarizer=self.summarizer,
            building=self.building,
            clock=self.host.clock,
            zone=self.config.timezone,
            mail_domain=self.config.mail.domain,
            hooks=self.config.hooks,
        )

    @part
    def readers(self) -> Readers[Any, Any]:
        """The issues of readers, which the stage `publish` makes after the edition's own."""
        from digest.stages.readers import Readers

        return Readers(
            store=self.store,
            editions=self.editions_by_name,
            choosing=self.choosing,
            interests=self.reader_interests,
            summarizing=self.summarizing,
            field_of=self.taxonomy.field,
            clock=self.host.clock,
            zone=self.config.timezone,
            mail_domain=self.config.mail.domain,
            progress=self.host.progress,
        )

    @part
    def drawing(self) -> Drawing:
        """The stage `site`."""

        from digest.stages.site import Drawing

        return Drawing(
            archive=self.site,
            editions=tuple(self.editions_by_name),
            lease=self.lease,
            progress=self.host.progress,
        )

    @part
    def mailing(self) -> Mailing:
        """The stage `deliver`, over all editions."""

        from datetime import timedelta

        from digest.stages.deliver import Rules
        from digest.stages.letters import Letters
        from digest.stages.mails import Mailing

        mail = self.config.mail
        return Mailing(
            store=self.store,
            editions=self.editions_by_name,
            mailer=self.mailer,
            letters=Letters(
                store=self.store,
                templates=lambda: self.templates,
                field_of=lambda topic: self.taxonomy.field(topic),
                base=self.config.base,
                sender=mail.sender,
                sender_name=mail.sender_name,
                site_url=self.config.site_url,
                serve_url=self.config.serve.base_url,
                keys=lambda: self.linking.keys,
                unsubscribe=mail.unsubscribe,
                idempotency_header=mail.idempotency_header,
                progress=self.host.progress,
            ),
            clock=self.host.clock,
            zone=self.config.timezone,
            config_name=self.config.path.name,
            sleep=self.host.sleep,
            # A folder takes one file after another; what is written to it waits for no server.
            connections=1 if mail.transport == "outbox" else mail.connections,
            rules=Rules(
                retry=timedelta(hours=mail.retry_hours),
                resend=mail.on_ambiguous == "resend",
                has_key=bool(mail.idempotency_header),
            ),
            per_minute=mail.per_minute,
            domains=mail.domains,
            held=self.host.held,
            posting=self.posting if self.config.hooks else None,
        )

    @part
    def posting(self) -> Posting:
        """Posts issues to places beside mail."""
        from datetime import timedelta

        from digest.stages.posts import Posting

        mail, served = self.config.mail, self.config.site_url or self.config.serve.base_url
        return Posting(
            store=self.store,
            hooks=self.config.hooks,
            poster=self._poster,
            clock=self.host.clock,
            root=f"{served}/" if served else None,
            base=self.config.base,
            retry=timedelta(hours=mail.retry_hours),
            resend=mail.on_ambiguous == "resend",
            held=self.host.held,
        )

    def _poster(self, hook: Hook) -> HookPoster:
        from digest.deliver.hooks import HookPoster, Target

        config, environment = self.config, self.host.environment
        of = next(one for one in config.hooks if one.name == hook.name)
        token = config.hook_token(of, environment)
        target = Target(
            name=of.name,
            kind=of.kind,
            url=config.hook_url(of, environment).reveal(),
            token=token.reveal() if token else "",
            room=of.room,
        )
        return HookPoster(target, clock=self.host.clock, proxy=config.network.proxy, ca_file=config.network.ca_file)

    @part
    def linking(self) -> Linking:
        """Makes and reads the links of readers."""
        from digest.usecases.linking import Linking

        return Linking(store=self.store, clock=self.host.clock)

    @part
    def noticing(self) -> Noticing:
        """The stage `notices`."""
        from digest.stages.notices import Noticing

        mail, base_url = self.config.mail, self.config.serve.base_url
        return Noticing(
            store=self.store,
            editions=self.editions_by_name,
            title=self.config.title,
            links=(lambda subscription: self.linking.of(subscription, base_url)) if base_url else None,
            mailer=self.mailer,
            templates=lambda: self.templates,
            sender=mail.sender,
            sender_name=mail.sender_name,
            clock=self.host.clock,
            held=self.host.held,
        )

    @part
    def reporting(self) -> Reporting:
        """The stage `report`."""

        from digest.stages.report import Reporting

        return Reporting(
            store=self.store,
            editions=self.editions_by_name,
            source_reports=self.source_reports,
            mailing=self.mailing,
        )

    @part
    def run(self) -> Run:
        """Runs the stages in order: `digest run`."""
        from digest.stages.run import Run

        return Run(
            editions=self.editions_by_name,
            check=lambda send: self.check(send=send),
            interests=self.interests,
            reader_interests=self.reader_interests,
            stages=self._stages,
            lease=self.lease,
            sweep=lambda: self.store.sweep(),
            clock=self.host.clock,
            zone=self.config.timezone,
        )

    def _stages(self) -> Stages:
        from digest.stages.run import Stages

        return Stages(
            reader=self.reader,
            choosing=self.choosing,
            summarizer=self.summarizer,
            summarizing=self.summarizing,
            handovers=lambda: self.handovers,
            hands_over=self.config.llm.mode == "batch",
            publishing=self.publishing,
            readers=self.readers,
            archive=self.site,
            place=self.store.place,
            drawing=self.drawing,
            mailing=self.mailing,
            noticing=self.noticing,
            reporting=self.reporting,
        )

    # -- what commands ask for

    def check(self, *, send: bool) -> None:
        """Check, before a run begins, that it has all it needs.

        Raises:
            ConfigError: An environment variable is not set, or something in the config cannot be used.
        """
        from digest.usecases.check import check

        check(
            self.config,
            self.host.environment,
            make=lambda source: make_source(source, self.host.clock),
            taxonomy=lambda: self.taxonomy,
            send=send,
        )
