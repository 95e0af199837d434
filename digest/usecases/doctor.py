"""`digest doctor`: check what is configured, reachable and missing, and say what to do.

Each check is a function of the parts that it checks; `Doctor` has the parts of one config and lists its checks.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Protocol
from urllib.parse import urlsplit

from digest.core.errors import AddressError, ConfigError, DigestError, NotYetError
from digest.core.lists.bounds import within_bounds
from digest.core.models import Document, Edition
from digest.core.ports import Mailer, Source
from digest.core.private import without_password
from digest.core.subscribers.addresses import Address, parse_address
from digest.core.subscribers.subscriber import Subscriber, SubscriberState, Subscription
from digest.core.summaries.summarizer import Summarizer
from digest.core.topics.fold import Taxonomy
from digest.core.walls import reason_of, wall
from digest.publish.amounts import said_of, usd
from digest.publish.phrasing import count
from digest.sources.door.addresses import is_loopback
from digest.sources.kinds import kind_of
from digest.usecases.cost import price_list

if TYPE_CHECKING:
    from digest.config.settings import Config, HookConfig, LLMConfig, MailConfig
    from digest.deliver.dkim import Key
    from digest.store import Status
    from digest.usecases.finds import Finds
    from digest.usecases.interests import CountedInterests, CountedList

_WORKING_WEEK: Final = 4
"""Days with lists within a week from which it is said that an interest found nothing in it; one may be a holiday."""
_GONE: Final = {
    SubscriberState.UNSUBSCRIBED: "has unsubscribed",
    SubscriberState.BOUNCED: "cannot be reached: mails came back",
    SubscriberState.COMPLAINED: "has reported a mail as unwanted",
}
_LITTLE_SPACE: Final = 200_000_000
"""Bytes; a year of issues of 30 papers takes less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The result of one check."""

    subject: str
    level: Literal["good", "doubtful", "wrong"]
    said: str
    """What the check found and, if that is not good, what to do."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """The result of a check that found something which works, but perhaps not as intended."""

    said: str


Check = tuple[str, Callable[[], "Doubt | str"]]
"""A check: its subject, and a function that returns what is good or doubtful, and raises a DigestError for an error."""


class Store(Protocol):
    """The part of the store that is checked."""

    def status(self, *, since: datetime) -> Status: ...

    def count_subscribers(self) -> Mapping[SubscriberState, int]: ...

    def count_readers(self) -> Mapping[str, int]: ...

    def subscriber(self, address: Address) -> Subscriber | None: ...

    def subscriptions_of(self, subscriber: int) -> Sequence[Subscription]: ...


class Lost(Protocol):
    """Finds issues that the archive has and the database lacks; see `digest.stages.lost.LostIssues`."""

    def warnings(self, edition: str, day: date | None) -> tuple[str, ...]: ...


class Templates(Protocol):
    """The templates of pages and mails."""

    def fingerprint(self) -> str: ...


def examine(path: Path, opened: AbstractContextManager[Doctor], *, offline: bool, mail: bool = False) -> list[Finding]:
    """Check everything that a run needs; nothing is written except the database's own tables.

    Args:
        opened: Gives the parts of the config at *path*, or raises ConfigError.
        offline: Leave out what needs the network.
        mail: Look at mail alone, and at what DNS says of the sender's domain.
    """
    with ExitStack() as stack:
        try:
            doctor = stack.enter_context(opened)
        except ConfigError as error:
            return [Finding(subject="config", level="wrong", said=line) for line in str(error).splitlines()]
        found = [Finding(subject="config", level="good", said=f"{path} is valid")]
        if mail:
            return found + [_tried(check) for check in (*doctor.local_mail(), *doctor.remote_mail(), *doctor.of_dns())]
        found += [_tried(check) for check in doctor.local()]
        if not offline:
            found += [_tried(check) for check in doctor.remote()]
        return found


def _tried(check: Check) -> Finding:
    """Run one check; a DigestError becomes its finding."""
    subject, look = check
    try:
        with wall(lambda said: DigestError(f"could not be looked at: {said}")):
            found = look()
    except NotYetError as error:
        return Finding(subject=subject, level="doubtful", said=str(error))
    except DigestError as error:
        return Finding(subject=subject, level="wrong", said=str(error))
    if isinstance(found, Doubt):
        return Finding(subject=subject, level="doubtful", said=found.said)
    return Finding(subject=subject, level="good", said=found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doctor:
    """The parts of one config that are checked. Parts given as a function are made when they are checked."""

    config: Config
    environment: Mapping[str, str]
    now: datetime
    today: date
    """In the config's time zone."""
    store: Callable[[], Store]
    lost: Callable[[], Lost]
    taxonomy: Callable[[], Taxonomy]
    templates: Callable[[], Templates]
    prompts: Callable[[], object]
    """Reads the prompts in every language, or raises ConfigError."""
    folders: Callable[[str], Sequence[Path]]
    """Where `templates` and `prompts` are looked for."""
    interests: Callable[[Edition], CountedInterests]
    finds: Callable[[Edition], Finds]
    """Counts what each interest of an edition found lately."""
    summarizer: Callable[[], Summarizer]
    source: Callable[[str], Source]
    """By name."""
    fetcher: Callable[[Source], Callable[[str], Document]]
    moved_to: Callable[[str], str | None]
    """Returns where a fetched address has moved permanently; None if it has not."""
    mailer: Callable[[], AbstractContextManager[Mailer]]
    """What sends mails, and does not sign them."""
    key: Callable[[], Key]
    """Reads the key of [mail.dkim]."""
    of_dns: Callable[[], Iterator[Check]]
    """What DNS says of the sender's domain; see `digest.usecases.doctor_mail`."""

    def local(self) -> Iterator[Check]:
        """The checks that need no network."""
        config = self.config
        yield "data folder", lambda: data_folder(config.data_dir)
        yield "database", lambda: database(self.store(), self.now)
        yield "archive", lambda: archive(self.lost(), config)
        yield "keys", lambda: source_keys(config, self.environment)
        yield "templates", lambda: templates(self.templates(), self.folders("templates"))
        yield "topics", lambda: f"{len(self.taxonomy().names)} in the taxonomy"
        for edition in config.editions:
            if edition.interests or edition.avoid:
                yield f"interests of {edition.name}", lambda edition=edition: interests(self.interests(edition))  # type: ignore[misc]
            if edition.interests:
                yield f"papers for {edition.name}", lambda edition=edition: papers_found(self.finds(edition))  # type: ignore[misc]
        yield "model", lambda: model(config, self.environment, self.summarizer)
        if config.llm.client == "openai":
            yield "prompts", lambda: prompts(self.prompts, self.folders("prompts"))
            yield "tokens", lambda: tokens(config.llm)
            yield "prices", lambda: prices(config.llm)
            yield "budget", lambda: budget(config.llm)
        yield from self.local_mail()

    def local_mail(self) -> Iterator[Check]:
        """The checks of mail that need no network."""
        config = self.config
        yield "mail", lambda: mail(config, self.environment)
        if config.mail.dkim is not None:
            yield "signature", lambda: signature(config, self.key())
        yield "subscribers", lambda: subscribers(self.store(), config)
        for one in config.hooks:
            yield f"hook {one.name}", lambda one=one: hook(config, one, self.environment)  # type: ignore[misc]

    def remote(self) -> Iterator[Check]:
        """The checks that ask servers."""
        for source in self.config.sources:
            yield f"source {source.name}", lambda name=source.name: self._source(name)  # type: ignore[misc]
        if self.config.llm.client == "openai":
            yield "model server", lambda: model_server(self.summarizer())
        yield from self.remote_mail()

    def remote_mail(self) -> Iterator[Check]:
        """The checks that ask the mail server."""
        if self.config.mail.transport == "smtp":
            yield "mail server", lambda: mail_server(self.mailer(), self.config.mail)

    def _source(self, name: str) -> Doubt | str:
        made = self.source(name)
        return source(made, self.fetcher(made), today=self.today, now=self.now, moved_to=self.moved_to)


# -- the checks


def data_folder(folder: Path) -> Doubt | str:
    """Whether *folder* can be written, with what lies in it, and has room."""
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
        for name in ("site", "outbox"):
            if (folder / name).exists() and not (folder / name).is_dir():
                raise ConfigError(f"{folder / name} is a file, and a folder is needed there; move it away")
        free = shutil.disk_usage(folder).free
    except OSError as exc:
        raise ConfigError(f"{folder} cannot be written: {reason_of(exc)}; choose another [digest] data_dir") from exc
    if free < _LITTLE_SPACE:
        return Doubt(f"only {free / 1e6:.0f} MB are free at {folder}; make room")
    return f"{folder}, {free / 1e9:.0f} GB free"


def database(store: Store, now: datetime) -> str:
    """What the database holds."""
    status = store.status(since=now)
    return f"{status.place}, {count(status.papers, 'paper')}, {count(status.issues, 'issue')}"


def archive(lost: Lost, config: Config) -> Doubt | str:
    """Whether the database has the issues that the archive holds."""
    said = [sentence for e in config.editions for sentence in lost.warnings(e.name, None)]
    return Doubt("; ".join(said)) if said else f"{config.data_dir / 'site'}, of issues that the database has"


def source_keys(config: Config, environment: Mapping[str, str]) -> str:
    """Whether each source that needs a key has one, and which could have one."""
    named = [s for s in config.sources if config.source_key(s, environment)]
    said = f"{count(len(named), 'source')} with a key of its own" if named else "no source needs one"
    without = [s for s in config.sources if kind_of(s.kind).access and not s.api_key_env]
    for source in without:
        said += f"; {source.name} is asked without one, and `digest sources {source.kind}` says how to give it one"
    return said


def templates(found: Templates, folders: Sequence[Path]) -> str:
    """Whether all templates can be read."""
    found.fingerprint()  # reads them all
    return _found_in(folders)


def prompts(read: Callable[[], object], folders: Sequence[Path]) -> str:
    """Whether all prompts can be read."""
    read()
    return _found_in(folders)


def _found_in(folders: Sequence[Path]) -> str:
    return "found in " + ", ".join(map(str, folders))


def interests(found: CountedInterests) -> Doubt | str:
    """What the interests of an edition came to, and whether its libraries could be read."""
    from digest.usecases.interests import unreadable

    said = ", ".join(
        [*_counted(found.interests), *([f"feedback on {count(found.marks, 'paper')}"] if found.marks else [])]
    )
    if avoid := ", ".join(_counted(found.avoid)):
        said = f"{said}; to avoid: {avoid}" if said else f"to avoid: {avoid}"
    if unread := (*found.interests.unread, *found.avoid.unread):
        said += f"; {', '.join(unread[:3])}{', …' if unread[3:] else ''} will be read by the next run"
    libraries = (*found.interests.libraries, *found.avoid.libraries)
    bad = list(filter(None, (unreadable(file, parsed) for file, parsed in libraries)))
    return Doubt("; ".join((said, *bad))) if bad else said


def _counted(found: CountedList) -> list[str]:
    parts = [
        count(found.words, "phrase") if found.words else "",
        count(found.authors, "author") if found.authors else "",
        count(found.papers, "paper") if found.papers else "",
        *(f"{count(len(parsed.records), 'paper')} of {file}" for file, parsed in found.libraries),
    ]
    return list(filter(None, parts))


def papers_found(found: Finds) -> Doubt | str:
    """What each interest of an edition found on the last day, and whether one found nothing for a week."""
    if found.day is None:
        return "no list was read within a week"
    ago = (found.today - found.day).days
    when = {0: "today", 1: "yesterday"}.get(ago, f"on {found.day}")
    said = "; ".join(
        f"{one.interest.name}: {one.of_day:,}" + (f" of {count(found.papers, 'paper')} {when}" if n == 0 else "")
        for n, one in enumerate(found.interests)
    )
    if not said:
        return "the next run reads the papers that interests name"
    vain = [one.interest.name for one in found.interests if not one.of_week]
    if not vain or found.days < _WORKING_WEEK:
        return said
    return Doubt(
        f"{said}. None for a week: {', '.join(vain)}; widen it, and see with `digest preview {found.edition} "
        f'--interests "…"` what it finds then'
    )


def model(config: Config, environment: Mapping[str, str], summarizer: Callable[[], Summarizer]) -> str:
    """Who writes the summaries, and whether what it needs is there."""
    llm = config.llm
    key = config.api_key(environment)
    if llm.client == "extractive":
        return "none: summaries are extracts of the abstract, without key or network"
    if llm.client == "replay":
        if llm.recording is None or not llm.recording.is_file():
            raise ConfigError(f"[llm] recording {llm.recording} is not there; record one with client = 'openai'")
        return f"answers come from {llm.recording}"
    said = f"key from {llm.api_key_env}" if key else f"without a key, for {llm.api_key_env} is not set"
    given = {"effort": llm.effort, "tier": llm.service_tier, "extra_body": ", ".join(llm.extra_body)}
    more = "".join(f", {name} {value}" for name, value in given.items() if value)
    return f"{llm.model} at {llm.base_url or 'the OpenAI API'}, {said}{more}{_context(summarizer(), llm)}"


def _context(writer: Summarizer, llm: LLMConfig) -> str:
    """Return in words what is known of the model's context window."""
    from digest.summarizers.model import ModelSummarizer, context_of

    window = context_of(writer.llm) if isinstance(writer, ModelSummarizer) else None
    if window is None:
        return ""
    known = "as configured" if window == llm.context_tokens else "as found out"
    return f", which sees {window:,} tokens at once ({known})"


def tokens(llm: LLMConfig) -> Doubt | str:
    """Whether the model's tokens can be counted."""
    from digest.llm.tokens import counter

    counted = counter(llm.model)
    said = counted.describe()
    if said and counted.is_bound:
        return Doubt(said)
    return said or "counted by the model's own vocabulary"


def prices(llm: LLMConfig) -> Doubt | str:
    """Whether the model has a price, as a budget needs it.

    Raises:
        ConfigError: The model has no price, and there is a budget.
    """
    if (price := price_list(llm)) is not None:
        return said_of(price)
    give = f'give it as [llm.prices."{llm.model}"]'
    if llm.budget_usd_per_run is not None or llm.budget_usd_per_month is not None:
        raise ConfigError(f"no price is known for {llm.model}, so no budget can hold; {give}")
    return Doubt(f"no price is known for {llm.model}, so what it costs is not; {give}")


def budget(llm: LLMConfig) -> Doubt | str:
    """Whether what the model costs has a ceiling."""
    ceilings = {"a run": llm.budget_usd_per_run, "a month": llm.budget_usd_per_month}
    said = ", ".join(f"{usd(ceiling)} {per}" for per, ceiling in ceilings.items() if ceiling is not None)
    if said or llm.base_url:
        return said or "none is set"
    return Doubt("none is set: what the model costs has no ceiling; set [llm] budget_usd_per_month")


def mail(config: Config, environment: Mapping[str, str]) -> Doubt | str:
    """Whether there are recipients, and whether the settings for sending mails are complete."""
    from digest.deliver.smtp import port_hint
    from digest.usecases.check import check_programs

    mail = config.mail
    config.smtp_password(environment)
    check_programs(config)
    to = sum(len(e.recipients) for e in config.editions)
    if not to and not config.serve.base_url:
        return Doubt("no edition has recipients: issues go to the archive, and to subscribers, if there are any")
    who = count(to, "recipient") + (", and who subscribes," if config.serve.base_url else "")
    if mail.transport == "outbox":
        return f"{who}; mails are written to {config.data_dir / 'outbox'} and not sent"
    if mail.transport == "sendmail":
        return f"{who} by the program {mail.sendmail}"
    said = f"{who} over {mail.host}:{mail.port} ({mail.security})"
    hint = port_hint(mail.port, mail.security)
    return Doubt(f"{said}; {hint}") if hint else said


def signature(config: Config, key: Key) -> str:
    """With which key mails are signed, and what DNS has to say of it."""
    dkim = config.mail.dkim
    assert dkim is not None  # noqa: S101 -- there is a key
    size = f", {key.bits} bits" if key.bits else ""
    return f"by {dkim.key_file} ({key.kind}{size}) for {dkim.domain}; `digest doctor --mail` looks whether DNS has it"


def subscribers(store: Store, config: Config) -> Doubt | str:
    """How many subscribers there are, who of the config's recipients gets nothing, and whether somebody is told."""
    counts = store.count_subscribers()
    said = ", ".join(f"{number:,} {state}" for state, number in sorted(counts.items())) or "none yet"
    doubts = [
        f"{recipient} is a recipient of {edition.name} in {config.path.name}, and {why}: nothing is sent there; take "
        "it out, or ask them to subscribe anew"
        for edition in config.editions
        for recipient in edition.recipients
        if (why := _stopped(store, edition.name, recipient))
    ]
    names = [edition.name for edition in config.editions]
    doubts += [
        f"{n} of {name!r} get nothing, for there is no such edition in {config.path.name}: name one so, or export "
        "them, change their edition, and import them"
        for name, n in store.count_readers().items()
        if name not in names
    ]
    if counts and not config.mail.operator and config.mail.transport != "outbox":
        doubts.append("nobody is told when mails come back or readers complain: set [mail] operator")
    return Doubt("; ".join((said, *doubts))) if doubts else said


def _stopped(store: Store, edition: str, recipient: str) -> str:
    """Why a recipient gets nothing of an edition; empty for one who does."""
    try:
        found = store.subscriber(parse_address(recipient))
    except AddressError:
        return ""
    if found is None:
        return ""
    if found.state in _GONE:
        return _GONE[found.state]
    stopped = any(one.edition == edition and one.stopped_at for one in store.subscriptions_of(found.pk))
    return "has stopped it" if stopped else ""


def hook(config: Config, of: HookConfig, environment: Mapping[str, str]) -> Doubt | str:
    """Whether a place beside mail has what posting there needs; the address itself is not said."""
    url = config.hook_url(of, environment).reveal()
    config.hook_token(of, environment)
    said = f"{of.kind}, gets the issues of {', '.join(of.editions)}"
    if url.startswith("http://") and not is_loopback(urlsplit(url).hostname or ""):
        return Doubt(f"{said}; its address begins with http://, so what is posted and any token go in the clear")
    return said


def source(
    source: Source,
    get: Callable[[str], Document],
    *,
    today: date,
    now: datetime,
    moved_to: Callable[[str], str | None],
) -> Doubt | str:
    """Whether a source can be read, and how many papers it lists today."""
    url = source.url_for(today)
    parsed = within_bounds(source.parse(get(url).content, url=url), now=now)
    if moved := moved_to(url):
        where = without_password(moved)
        return Doubt(f"{count(len(parsed.records), 'paper')}, but it has moved for good to {where}; change its url")
    if parsed.rejected:
        unreadable = f"{len(parsed.rejected)} items that cannot be read: {parsed.rejected[0].reason}"
        return Doubt(f"{count(len(parsed.records), 'paper')}, and {unreadable}")
    return f"{count(len(parsed.records), 'paper')} at {without_password(url)}"


def model_server(summarizer: Summarizer) -> Doubt | str:
    """Whether the model's server answers a small question."""
    from digest.summarizers.model import ModelSummarizer, probe

    assert isinstance(summarizer, ModelSummarizer)  # noqa: S101 -- there is a server
    said = "not asked, for its budget is used up; raise [llm] budget_usd_per_month, or wait for the next month"
    return probe(summarizer) or Doubt(said)


def mail_server(opened: AbstractContextManager[Mailer], mail: MailConfig) -> str:
    """Whether the mail server lets us in and takes our sender."""
    from digest.deliver.smtp import SmtpMailer

    with opened as mailer:
        if isinstance(mailer, SmtpMailer):
            mailer.check(mail.sender)
    login = f"takes the login of {mail.username!r} and " if mail.username else ""
    return f"{mail.host}:{mail.port} {login}takes mails from {mail.sender}"
