"""Factories of use cases that need many parts of an app. Other use cases get their parts from the command."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from digest import assets
from digest.app.app import App
from digest.app.host import Host
from digest.config.settings import Config
from digest.core.models import Edition, Paper, PaperId, Summary

if TYPE_CHECKING:
    from digest.deliver.dkim import Key
    from digest.deliver.mailboxes import Received
    from digest.evaluation.papers import Forecast
    from digest.evaluation.run import Contender, Evaluator
    from digest.stages.ask import Writer
    from digest.usecases.bounces import Bounces
    from digest.usecases.cost import Estimator
    from digest.usecases.deliver import Delivering
    from digest.usecases.doctor import Check, Doctor, Finding
    from digest.usecases.find import Histories
    from digest.usecases.import_subscribers import SubscriberImport
    from digest.usecases.marks import Marks
    from digest.usecases.own_issues import OwnIssues
    from digest.usecases.preferences import Preferences
    from digest.usecases.preview import Previewing
    from digest.usecases.searching import Searching
    from digest.usecases.send_test import SendingTest
    from digest.usecases.spf import Names
    from digest.usecases.subscribers import SubscriberDesk
    from digest.usecases.subscribing import Subscribing
    from digest.usecases.summarize import OnDemand
    from digest.usecases.topics import Applied
    from digest.usecases.trials import Trials


def on_demand(app: App) -> OnDemand:
    """The use case of `digest summarize`: summaries of the papers that a person names."""
    from digest.usecases.summarize import OnDemand

    return OnDemand(
        lookup=app.lookup,
        writer=_writer(app),
        progress=app.host.progress,
        stdin=lambda size: sys.stdin.buffer.read(size),
    )


def _writer(app: App) -> Writer:
    """A writer with the app's summarizer, in the language of its first edition; without a store for extracts."""
    from digest.stages.ask import Writer

    summarizer = app.summarizer
    keeps = app.has_store and bool(summarizer.model)
    return Writer(
        summarizer=summarizer,
        language=app.config.editions[0].language,
        store=app.store if keeps else None,
        sleep=app.host.sleep,
        progress=app.host.progress,
    )


def histories(app: App) -> Histories:
    """The use case of `digest show --why`: what the store and the editions' interests say of a paper."""
    from digest.usecases.find import Histories

    return Histories(
        store=app.store,
        editions=app.config.editions,
        profile_of=app.interests.profile,
        background=app.background,
        today=app.today(),
    )


def estimator(app: App) -> Estimator:
    """The use case of `digest run --estimate`: what a run would cost."""
    from digest.stages.report import Stage
    from digest.usecases.cost import Estimator

    def read(editions: Sequence[Edition], day: date) -> list[str]:
        reports = app.run([e.name for e in editions], day, until=Stage.FETCH, send=False)
        return [warning for report in reports for warning in report.warnings]

    return Estimator(
        store=app.store,
        config=app.config,
        today=app.today(),
        summarizer=lambda: app.summarizer,
        read=read,
        choose=lambda edition, day: app.choosing.choose(edition, day),
        brief=lambda edition, selection: app.choosing.brief(edition, selection),
        lacking=lambda edition, day, papers, brief: app.summarizing.lacking(edition, day, papers, brief=brief),
    )


def previewing(app: App) -> Previewing:
    """The use case of `digest preview`: what an issue would print and why.

    Raises:
        NotFoundError: There is no database yet; a preview makes none.
    """
    from digest.core.database_address import parse_database
    from digest.core.errors import NotFoundError
    from digest.stages.ask import stored_summaries
    from digest.usecases.preview import Previewing

    address = parse_database(app.config.database)
    if address.is_sqlite and not Path(address.name).is_file():
        raise NotFoundError(f"nothing was read yet: there is no {address.name}; `digest run` reads the sources")
    signature = app.signature

    def stored(
        edition: Edition, day: date, papers: Sequence[Paper], brief: frozenset[PaperId]
    ) -> Mapping[PaperId, Summary]:
        return stored_summaries(app.store, signature, papers, language=edition.language, stand_in_day=day, brief=brief)

    return Previewing(
        store=app.store,
        config=app.config,
        today=app.today(),
        choosing=app.choosing,
        building=app.building,
        stored=stored,
        extract=app.extracts.summary,
        interests=app.interests.each,
        background=lambda: app.background,
    )


def delivering(app: App) -> Delivering:
    """The use case of `digest deliver`: mails of stored issues."""
    from digest.stages.lost import lost_issues
    from digest.usecases.deliver import Delivering

    return Delivering(
        store=app.store,
        mailing=lambda: app.mailing,
        noticing=lambda: app.noticing,
        lost=lambda: lost_issues(app.site, app.store.place),
        lease=app.lease,
        today=app.today(),
        clock=app.host.clock,
        sleep=app.host.sleep,
    )


def subscriber_desk(app: App) -> SubscriberDesk:
    """The use case of `digest subscribers`."""
    from digest.usecases.subscribers import SubscriberDesk

    return SubscriberDesk(store=app.store, config=app.config, clock=app.host.clock)


def subscriber_import(app: App, edition: str | None) -> SubscriberImport:
    """The use case of `digest subscribers import`.

    Args:
        edition: Of rows that name none; None: the only one there is.

    Raises:
        ConfigError: There is no such edition.
    """
    from digest.usecases.import_subscribers import SubscriberImport

    names = [one.name for one in app.config.editions]
    default = app.config.edition(edition).name if edition else names[0] if len(names) == 1 else ""
    return SubscriberImport(store=app.store, editions=names, default_edition=default, clock=app.host.clock)


def mailbox(app: App, source: str, *, stdin: BinaryIO, keep: bool) -> AbstractContextManager[Iterator[Received]]:
    """The unread mails of *source*, as `digest bounces` names it.

    Raises:
        ConfigError: It is none, or its password is missing.
    """
    from digest.deliver.mailboxes import open_mailbox

    mail = app.config.mail
    return open_mailbox(
        source,
        stdin=stdin,
        password=lambda: app.config.bounces_password(app.host.environment).reveal(),
        timeout_s=mail.timeout_s,
        ca_file=mail.ca_file,
        keep=keep,
    )


def bounces(app: App) -> Bounces:
    """The use case of `digest bounces`: what follows from mails that came back."""
    from digest.core.errors import AddressError
    from digest.core.subscribers.addresses import parse_address
    from digest.usecases.bounces import Bounces

    recipients = set()
    for text in {r for edition in app.config.editions for r in edition.recipients}:
        with suppress(AddressError):  # it gets mails without being a subscriber
            recipients.add(parse_address(text).key)
    return Bounces(
        store=app.store,
        clock=app.host.clock,
        operator=app.config.mail.operator,
        recipients=frozenset(recipients),
    )


def subscribing(app: App) -> Subscribing:
    """The use case of those who come and go by themselves."""
    from digest.usecases.subscribing import Subscribing

    serve = app.config.serve
    return Subscribing(
        store=app.store,
        linking=app.linking,
        editions=app.editions_by_name,
        is_open=serve.open,
        per_network=serve.sign_ups_per_hour,
        clock=app.host.clock,
        zone=app.config.timezone,
    )


def sending_test(app: App) -> SendingTest:
    """The use case of `digest send-test`: the last issue to one address."""
    from digest.usecases.send_test import SendingTest

    return SendingTest(
        store=app.store,
        letter=lambda edition: app.mailing.letters.of(edition),
        mailer=app.mailer,
        clock=app.host.clock,
        mail_domain=app.config.mail.domain,
    )


def apply_topics(app: App) -> Applied:
    """The use case of `digest topics --apply`: the taxonomy's aliases applied to what is stored."""
    from digest.usecases.topics import apply

    names = [edition.name for edition in app.config.editions]
    return apply(
        app.store,
        app.taxonomy,
        draw=lambda: app.site.draw(names, recheck=True),
        alone=app.lease("run"),
        progress=app.host.progress,
    )


# -- the doctor


def examine(path: Path, host: Host, *, offline: bool, mail: bool = False, names: Names | None = None) -> list[Finding]:
    """Run the use case of `digest doctor` on the config at *path*; the findings, in order.

    Args:
        offline: Ask nothing over the network.
        mail: Look at mail alone, and at what DNS says of the sender's domain.
        names: Whom to ask of DNS; None: the system's resolvers.
    """
    from digest.usecases.doctor import examine as work

    return work(path, _doctor(path, host, names), offline=offline, mail=mail)


@contextmanager
def _doctor(path: Path, host: Host, names: Names | None) -> Iterator[Doctor]:
    """The doctor with the parts of the app that it examines; closed at the end.

    Raises:
        ConfigError: The config cannot be used.
    """
    from digest.stages.lost import lost_issues
    from digest.summarizers.prompts import check_prompts
    from digest.usecases.doctor import Doctor
    from digest.usecases.finds import Counting

    with App.from_file(path, host) as app:
        counting = Counting(
            store=app.store,
            interests=app.interests.each,
            background=lambda: app.background,
            today=app.today(),
        )
        yield Doctor(
            config=app.config,
            environment=host.environment,
            now=host.clock(),
            today=app.today(),
            store=lambda: app.store,
            lost=lambda: lost_issues(app.site, app.store.place),
            taxonomy=lambda: app.taxonomy,
            templates=lambda: app.templates,
            prompts=lambda: check_prompts(app.config, app.taxonomy),
            folders=lambda name: assets.folders(name, app.config.base),
            interests=lambda edition: app.interests.counted(edition),
            finds=counting.of,
            summarizer=lambda: app.summarizer,
            source=lambda name: app.sources[name],
            fetcher=app.fetcher,
            moved_to=lambda url: app.door.moved_to(url),
            mailer=app.transport,
            key=lambda: _key(app.config),
            of_dns=lambda: _sender_checks(app, names),
        )


def _key(config: Config) -> Key:
    from digest.deliver.dkim import read_key

    assert config.mail.dkim is not None  # noqa: S101 -- it is asked for where there is one
    return read_key(config.mail.dkim.key_file)


def _sender_checks(app: App, names: Names | None) -> Iterator[Check]:
    from digest.deliver.dns import Dns
    from digest.usecases.doctor_mail import SenderChecks

    return SenderChecks(
        config=app.config,
        names=names or Dns(),
        key=lambda: _key(app.config),
        answers=lambda url: app.door.get(url, trusted=True),
    ).checks()


# -- the evaluation


def evaluator(
    data: Path,
    host: Host,
    *,
    apps: Sequence[App] = (),
    limit: int | None = None,
    announce: Callable[[Forecast], None] = lambda _: None,
) -> Evaluator:
    """The use case of `digest eval`: how well extracts, models and other parts do on known data.

    Args:
        apps: Of the configs whose models are asked; they must stay open while it works.
    """
    from digest.evaluation.run import Evaluator

    plain = App.without_config(host)  # nothing that is used of it has to be closed
    return Evaluator(
        data=data,
        extracts=lambda: plain.extracts,
        background=lambda: plain.background,
        contenders=[_contender(app) for app in apps],
        progress=host.progress,
        limit=limit,
        announce=announce,
    )


def _contender(app: App) -> Contender:
    from digest.evaluation.run import Contender

    def writer() -> Writer:
        app.check(send=False)
        return _writer(app)

    return Contender(
        config=app.config.path.name,
        is_model=app.config.llm.client != "extractive",
        writer=writer,
        extracts=lambda: app.extracts,
    )


# -- readers' own pages


def trials(app: App) -> Trials:
    """The use case behind readers' pages that says what the last issue would have been for them."""
    from digest.usecases.trials import ReaderProfiles, Trials

    return Trials(
        store=app.store,
        editions=app.editions_by_name,
        profiles=ReaderProfiles(store=app.store, interests=app.reader_interests, each=app.interests.each),
        background=lambda: app.background,
        topics_of=app.extracts.topics,
        clock=app.host.clock,
        today=app.today,
    )


def preferences(app: App) -> Preferences:
    """The use case that keeps what readers set."""
    from digest.usecases.preferences import Preferences

    return Preferences(store=app.store, editions=app.editions_by_name, forgetting=app.forgetting, clock=app.host.clock)


def own_issues(app: App) -> OwnIssues:
    """The use case that finds the issues which readers got."""
    from digest.usecases.own_issues import OwnIssues

    return OwnIssues(store=app.store, field_of=app.taxonomy.field)


def marks(app: App, trials: Trials, own_issues: OwnIssues) -> Marks:
    """The use case of readers' marks on papers."""
    from digest.usecases.marks import Marks

    return Marks(store=app.store, trials=trials, find=own_issues.entry, clock=app.host.clock)


def searching(app: App) -> Searching:
    """The use case of the search on the web."""
    from digest.usecases.searching import Searching

    return Searching(store=app.store, topics_of=app.extracts.topics)
