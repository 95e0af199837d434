"""`Parts`: what an app opens once and closes at its end: store, network, mailers, and what is read of the shipped."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import date
from functools import cached_property, lru_cache
from threading import RLock
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, overload

from digest import assets
from digest.app import sources
from digest.app.host import Host
from digest.config.settings import Config
from digest.core.models import Document
from digest.core.ports import Mailer, Source
from digest.core.ranking.lexicon import Lexicon
from digest.core.ranking.relevance import Background
from digest.core.summaries.summarizer import Signature, Summarizer
from digest.core.topics.fold import Taxonomy
from digest.sources.kinds import make_source

if TYPE_CHECKING:  # pragma: no cover -- they cost time that `--help` and small commands should not pay
    from digest.deliver.dkim import Signer
    from digest.deliver.tokens import Tokens
    from digest.publish.render import Templates
    from digest.publish.site import StaticSite
    from digest.sources.command import Children
    from digest.sources.door.http import Door
    from digest.store import SqlStore
    from digest.summarizers.extract import Extracts
    from digest.usecases.lookup import Lookup

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


class Parts:
    """The adapters of one configuration, opened when they are first needed and closed together."""

    def __init__(self, config: Config, host: Host) -> None:
        self.config, self.host = config, host
        self._open = ExitStack()
        self._lock = RLock()

    @property
    def has_store(self) -> bool:
        """Whether the config names a database; without one nothing is kept."""
        return bool(self.config.database)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

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

    # -- mails

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
