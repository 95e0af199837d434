"""`App`: config → adapters → stages. The one place that knows every adapter; it holds wiring only, no rules."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from digest import assets
from digest.app import sources
from digest.app.host import Host
from digest.config.read import load, without_file
from digest.config.settings import Config
from digest.core.models import Document, Edition, PaperId
from digest.core.ports import Mailer, Source
from digest.core.ranking.lexicon import Lexicon
from digest.core.ranking.relevance import Background
from digest.core.summaries.summarizer import Signature, Summarizer
from digest.core.topics.fold import Taxonomy
from digest.sources.kinds import make_source

if TYPE_CHECKING:  # pragma: no cover -- they cost time that `--help` and small commands should not pay
    from digest.core.ranking.rank import Selection
    from digest.core.subscribers.tokens import LinkKeys
    from digest.deliver.dkim import Signer
    from digest.deliver.hooks import HookPoster
    from digest.deliver.tokens import Tokens
    from digest.publish.render import Templates
    from digest.publish.site import StaticSite
    from digest.sources.command import Children
    from digest.sources.door.http import Door
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
    from digest.store import SqlStore
    from digest.summarizers.extract import Extracts
    from digest.summarizers.handover import Handovers
    from digest.usecases.forgetting import Forgetting
    from digest.usecases.interests import Interests
    from digest.usecases.linking import Linking
    from digest.usecases.lookup import Lookup
    from digest.usecases.reader_interests import ReaderInterests

T_co = TypeVar("T_co", covariant=True)


class part(cached_property[T_co]):  # noqa: N801 -- it is written as a decorator
    """A part of an app: made once, when it is first used, also if several threads use it at the same moment."""

    @overload
    def __get__(self, app: None, owner: type[Any] | None = None) -> Self: ...

    @overload
    def __get__(self, app: object, owner: type[Any] | None = None) -> T_co: ...

    def __get__(self, app: Any, owner: type[Any] | None = None) -> Any:
        if app is None:
            return self
        with app._lock:
            made = app.__dict__
            if self.attrname not in made:
                made[self.attrname] = self.func(app)
            return made[self.attrname]


class App:
    """All parts of one configuration, opened when they are first needed and closed together. Threads can share it."""

    def __init__(self, config: Config, host: Host) -> None:
        self.config, self.host = config, host
        self._open = ExitStack()
        self._lock = RLock()

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

    @property
    def has_store(self) -> bool:
        """Whether the config names a database; without one nothing is kept."""
        return bool(self.config.database)

    def __enter__(self) -> App:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    # -- parts

    @part
    def store(self) -> SqlStore:
        """The open store; opening it makes or migrates the database.

        Raises:
            StoreError: The database can't be opened.
        """

        from digest.store import SqlStore

        return self._open.enter_context(SqlStore.open(self.config.database, clock=self.host.clock))

    @part
    def door(self) -> Door:
        """The way to the network for all sources, with the politeness that hosts ask for."""

        from digest.sources.door.http import Door
        from digest.sources.door.politeness import SharedPoliteness, StoredPoliteness

        network, folder = self.config.network, sources.politeness_folder(self.host.environment, self.config.data_dir)
        door = Door(
            base=self.config.base,
            politeness=StoredPoliteness(lambda: self.store)
            if self.config.shares_database
            else SharedPoliteness(folder),
            proxy=network.proxy,
            ca_file=network.ca_file,
            private_hosts=network.private_hosts,
        )
        return self._open.enter_context(door)

    @part
    def children(self) -> Children:
        """The running programs of `command` sources; they are ended when the app is closed."""
        from digest.sources.command import Children

        return self._open.enter_context(Children())

    @part
    def taxonomy(self) -> Taxonomy:
        """The topics that papers can have, with their fields and aliases."""
        text = assets.read_text("taxonomy.toml", self.config.base)
        if not self.config.topics:
            return _taxonomy(text)
        return Taxonomy.parse(text, self.config.topics, file=self.config.path.name)

    @part
    def extracts(self) -> Extracts:
        """Summaries without a model."""

        from digest.summarizers.extract import Extracts

        return Extracts(taxonomy=self.taxonomy)

    @part
    def templates(self) -> Templates:
        """The templates of pages and mails: the operator's own where there are any, else the shipped ones."""

        from digest.publish.render import Templates

        return Templates(assets.folders("templates", self.config.base))

    @part
    def site(self) -> StaticSite:
        """The archive of issues as static pages."""

        from digest.publish.sign_up_form import sign_up_form
        from digest.publish.site import StaticSite

        serve = self.config.serve
        free = [(one.name, one.title) for one in self.config.editions if one.open and serve.open]
        folder = self.config.data_dir / "site"
        return StaticSite(
            folder,
            self.templates,
            self.store,
            title=self.config.title,
            titles=self.config.archive_titles,
            base_url=self.config.site_url,
            form=sign_up_form(serve.base_url, free),
            former=tuple(self.taxonomy.renamed),
            current=self.taxonomy.current,
            field_of=self.taxonomy.field,
        )

    @part
    def sources(self) -> dict[str, Source]:
        """Name → source, in the order of the config."""
        return {s.name: make_source(s, self.host.clock) for s in self.config.sources}

    @part
    def summarizer(self) -> Summarizer:
        """The summarizer that [llm] asks for; closed with the app.

        Raises:
            ConfigError: A key, a recording or a prompt is missing or not valid.
        """

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

    @part
    def signature(self) -> Signature:
        """What the summaries of the summarizer are stored under; known also where its key is not set.

        Raises:
            ConfigError: A recording is missing, or a prompt is not valid.
        """
        if self.config.llm.client != "openai":
            return self.summarizer
        from digest.summarizers.prompts import signature

        return signature(self.config, self.taxonomy)

    @part
    def background(self) -> Background:
        """How common each word is in general, and what it stands for, for ranking and likeness."""
        synonyms = assets.read_text("synonyms.txt", self.config.base)
        return _background(assets.trained_text("words.txt"), synonyms, assets.trained_text("related.txt"))

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
                keys=lambda: self.link_keys,
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
    def link_keys(self) -> LinkKeys:
        """What signs and reads the links of readers."""
        from digest.core.subscribers.tokens import LinkKeys

        return LinkKeys(self.store.link_secrets())

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

    def fetcher(self, source: Source) -> Callable[[str], Document]:
        """A function that fetches the documents of *source* by address, during one run.

        Raises:
            ConfigError: The variable that is to hold its key is not set.
        """
        return sources.fetcher(
            source,
            self.config,
            self.host.environment,
            door=self.door,
            documents=self.store,
            children=lambda: self.children,
            today=self.today(),
        )

    def lookup(self) -> Lookup:
        """A new finder of papers by ids and addresses, for one run or one request."""
        from digest.usecases.lookup import Lookup

        return Lookup(
            store=self.store if self.has_store else None,
            get=lambda url: self.door.get(url),
            clock=self.host.clock,
            vocabulary=lambda: self.background.counts,
        )

    def today(self) -> date:
        """The date in the config's time zone."""
        return self.host.clock().astimezone(self.config.timezone).date()

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

    def mailer(self, heard: Callable[[str], None] | None = None) -> AbstractContextManager[Mailer]:
        """A new mailer of the config, for one thread: what is sent over it is signed, if [mail.dkim] says how.

        Args:
            heard: Takes each line of the conversation with the server; None: nobody listens.

        Raises:
            ConfigError: The password is not set, or the key cannot be used.
        """
        if self.signer is None:
            return self.transport(heard)
        from digest.deliver.dkim import DkimMailer

        return DkimMailer(self.transport(heard), self.signer)

    def transport(self, heard: Callable[[str], None] | None = None) -> AbstractContextManager[Mailer]:
        """A new mailer that sends mails as they are: over an SMTP server, by a program, or into a folder."""
        from digest.deliver.outbox import OutboxMailer
        from digest.deliver.sendmail import SendmailMailer
        from digest.deliver.smtp import SmtpMailer

        mail = self.config.mail
        if mail.transport == "outbox":
            return OutboxMailer(self.config.data_dir / "outbox", heard=heard)
        if mail.transport == "sendmail":
            return SendmailMailer(mail.sendmail, returns_to=mail.envelope_sender, heard=heard)
        password = self.config.smtp_password(self.host.environment)
        return SmtpMailer(
            host=mail.host,
            port=mail.port,
            security=mail.security,
            username=mail.username,
            password=password.reveal() if password else "",
            tokens=self.tokens,
            returns_to=mail.envelope_sender,
            local_name=mail.domain,
            timeout_s=mail.timeout_s,
            ca_file=mail.ca_file,
            heard=heard,
        )

    @part
    def signer(self) -> Signer | None:
        """Signs mails; None where a relay does it, or nobody.

        Raises:
            ConfigError: The key cannot be used.
        """
        dkim = self.config.mail.dkim
        if dkim is None:
            return None
        from digest.deliver.dkim import Signer, read_key

        return Signer(read_key(dkim.key_file), domain=dkim.domain, selector=dkim.selector)

    @part
    def tokens(self) -> Tokens | None:
        """The access tokens for the mail server, the same for all connections; None where a password is taken."""
        mail = self.config.mail
        if not mail.token_command:
            return None
        from digest.deliver.tokens import Tokens

        # A program is the operator's own, but the keys of other things are none of its business.
        secret = self.config.secret_variables
        environment = {name: value for name, value in self.host.environment.items() if name not in secret}
        return Tokens(mail.token_command, cwd=self.config.base, environment=environment, timeout_s=mail.timeout_s)


@lru_cache(maxsize=1)  # what ships stays the same, and takes a while to read
def _taxonomy(text: str) -> Taxonomy:
    return Taxonomy.parse(text)


@lru_cache(maxsize=2)  # what ships stays the same, and takes a while to read
def _background(counts: str, synonyms: str, related: str) -> Background:
    return Background.parse(counts, Lexicon.parse(synonyms, related))
