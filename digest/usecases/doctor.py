"""What is configured, reachable and missing, and what to do; and what happened last."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from digest.core.errors import ConfigError, DigestError, NotYetError
from digest.core.lists.bounds import within_bounds
from digest.core.models import Edition
from digest.core.private import without_password
from digest.core.walls import reason_of, wall
from digest.publish.amounts import said_of, usd
from digest.publish.views import count
from digest.sources.kinds import kind_of
from digest.usecases.cost import price_list

if TYPE_CHECKING:
    from digest.app.app import App
    from digest.core.host import Host
    from digest.usecases.interests import Counted

_LITTLE_SPACE: Final = 200_000_000
"""Bytes; a year of issues of 30 papers takes less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    level: Literal["good", "doubtful", "wrong"]
    said: str
    """What was found and, where it is not good, what to do."""


def examine(path: Path, host: Host, *, offline: bool) -> list[Finding]:
    """Look at everything a run needs; nothing is written but the database's own tables."""
    from digest.app.app import App

    try:
        app = App.from_file(path, host)
    except ConfigError as error:
        return [Finding(subject="config", level="wrong", said=line) for line in str(error).splitlines()]
    with app:
        found = [Finding(subject="config", level="good", said=f"{path} is valid")]
        found += [_tried(subject, look) for subject, look in _local(app)]
        if not offline:
            found += [_tried(subject, look) for subject, look in _remote(app)]
        return found


def _tried(subject: str, look: Callable[[], Finding | str]) -> Finding:
    """Run one examination; an error of ours is what was found."""
    try:
        with wall(lambda said: DigestError(f"could not be looked at: {said}")):
            found = look()
    except NotYetError as error:
        return Finding(subject=subject, level="doubtful", said=str(error))
    except DigestError as error:
        return Finding(subject=subject, level="wrong", said=str(error))
    return found if isinstance(found, Finding) else Finding(subject=subject, level="good", said=found)


def _local(app: App) -> Iterator[tuple[str, Callable[[], Finding | str]]]:
    yield "data folder", lambda: _folder(app.config.data_dir)
    yield "database", lambda: _database(app)
    yield "archive", lambda: _archive(app)
    yield "keys", lambda: _keys(app)
    yield "templates", lambda: _templates(app)
    yield "topics", lambda: f"{len(app.taxonomy.names)} in the taxonomy"
    for edition in app.config.editions:
        if edition.interests or edition.avoid:
            yield f"interests of {edition.name}", lambda edition=edition: _interests(app, edition)  # type: ignore[misc]
    yield "model", lambda: _model(app)
    if app.config.llm.client == "openai":
        yield "prompts", lambda: _prompts(app)
        yield "tokens", lambda: _tokens(app)
        yield "prices", lambda: _prices(app)
        yield "budget", lambda: _budget(app)
    yield "mail", lambda: _mail(app)


def _remote(app: App) -> Iterator[tuple[str, Callable[[], Finding | str]]]:
    for source in app.config.sources:
        yield f"source {source.name}", lambda name=source.name: _source(app, name)  # type: ignore[misc]
    if app.config.llm.client == "openai":
        yield "model server", lambda: _model_server(app)
    if app.config.mail.transport == "smtp":
        yield "mail server", lambda: _mail_server(app)


def _folder(folder: Path) -> Finding | str:
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
        said = f"only {free / 1e6:.0f} MB are free at {folder}; make room"
        return Finding(subject="data folder", level="doubtful", said=said)
    return f"{folder}, {free / 1e9:.0f} GB free"


def _database(app: App) -> str:
    status = app.store.status(since=app.host.clock())
    return f"{status.place}, {count(status.papers, 'paper')}, {count(status.issues, 'issue')}"


def _archive(app: App) -> Finding | str:
    from digest.stages.lost import lost_issues

    lost = lost_issues(app)
    said = [sentence for e in app.config.editions for sentence in lost.warnings(e.name, None)]
    if said:
        return Finding(subject="archive", level="doubtful", said="; ".join(said))
    return f"{app.config.data_dir / 'site'}, of issues that the database has"


def _keys(app: App) -> str:
    named = [s for s in app.config.sources if app.config.source_key(s, app.host.environment)]
    said = f"{count(len(named), 'source')} with a key of its own" if named else "no source needs one"
    without = [s for s in app.config.sources if kind_of(s.kind).access and not s.api_key_env]
    for source in without:
        said += f"; {source.name} is asked without one, and `digest sources {source.kind}` says how to give it one"
    return said


def _templates(app: App) -> str:
    from digest import assets

    app.templates.fingerprint()  # reads them all
    return "found in " + ", ".join(str(f) for f in assets.folders("templates", app.config.base))


def _prompts(app: App) -> str:
    from digest import assets
    from digest.app.summarizers import overview_prompt, system_prompt

    for language in sorted({edition.language for edition in app.config.editions}):
        system_prompt(app.config, app.taxonomy, language)
        overview_prompt(app.config, language)
    return "found in " + ", ".join(str(f) for f in assets.folders("prompts", app.config.base))


def _interests(app: App, edition: Edition) -> Finding | str:
    from digest.usecases.interests import unreadable

    found = app.interests.understood(edition)
    said = ", ".join(
        [*_counted(found.wanted), *([f"feedback on {count(found.marks, 'paper')}"] if found.marks else [])]
    )
    if avoided := ", ".join(_counted(found.avoided)):
        said = f"{said}; to avoid: {avoided}" if said else f"to avoid: {avoided}"
    if unread := (*found.wanted.unread, *found.avoided.unread):
        said += f"; {', '.join(unread[:3])}{', …' if unread[3:] else ''} will be read by the next run"
    libraries = (*found.wanted.libraries, *found.avoided.libraries)
    bad = list(filter(None, (unreadable(file, parsed) for file, parsed in libraries)))
    if bad:
        return Finding(subject=f"interests of {edition.name}", level="doubtful", said="; ".join((said, *bad)))
    return said


def _counted(found: Counted) -> list[str]:
    parts = [
        count(found.words, "phrase") if found.words else "",
        count(found.authors, "author") if found.authors else "",
        count(found.papers, "paper") if found.papers else "",
        *(f"{count(len(parsed.records), 'paper')} of {file}" for file, parsed in found.libraries),
    ]
    return list(filter(None, parts))


def _model(app: App) -> Finding | str:
    llm = app.config.llm
    key = app.config.api_key(app.host.environment)
    if llm.client == "extractive":
        return "none: summaries are extracts of the abstract, without key or network"
    if llm.client == "replay":
        if llm.recording is None or not llm.recording.is_file():
            raise ConfigError(f"[llm] recording {llm.recording} is not there; record one with client = 'openai'")
        return f"answers come from {llm.recording}"
    said = f"key from {llm.api_key_env}" if key else f"without a key, for {llm.api_key_env} is not set"
    given = {"effort": llm.effort, "tier": llm.service_tier, "extra_body": ", ".join(llm.extra_body)}
    more = "".join(f", {name} {value}" for name, value in given.items() if value)
    return f"{llm.model} at {llm.base_url or 'the OpenAI API'}, {said}{more}{_context(app)}"


def _context(app: App) -> str:
    """What is known of how much the model sees at once."""
    from digest.summarizers.model import ModelSummarizer, context_of

    writer = app.summarizer
    window = context_of(writer.llm) if isinstance(writer, ModelSummarizer) else None
    if window is None:
        return ""
    known = "as configured" if window == app.config.llm.context_tokens else "as found out"
    return f", which sees {window:,} tokens at once ({known})"


def _tokens(app: App) -> Finding | str:
    from digest.llm.tokens import counter

    counted = counter(app.config.llm.model)
    said = counted.describe()
    if said and counted.is_bound:
        return Finding(subject="tokens", level="doubtful", said=said)
    return said or "counted by the model's own vocabulary"


def _prices(app: App) -> Finding | str:
    llm, price = app.config.llm, price_list(app.config.llm)
    if price is not None:
        return said_of(price)
    give = f'give it as [llm.prices."{llm.model}"]'
    if llm.budget_usd_per_run is not None or llm.budget_usd_per_month is not None:
        said = f"no price is known for {llm.model}, so no budget can hold; {give}"
        return Finding(subject="prices", level="wrong", said=said)
    said = f"no price is known for {llm.model}, so what it costs is not; {give}"
    return Finding(subject="prices", level="doubtful", said=said)


def _budget(app: App) -> Finding | str:
    llm = app.config.llm
    ceilings = {"a run": llm.budget_usd_per_run, "a month": llm.budget_usd_per_month}
    said = ", ".join(f"{usd(ceiling)} {per}" for per, ceiling in ceilings.items() if ceiling is not None)
    if said or llm.base_url:
        return said or "none is set"
    said = "none is set: what the model costs has no ceiling; set [llm] budget_usd_per_month"
    return Finding(subject="budget", level="doubtful", said=said)


def _mail(app: App) -> Finding | str:
    from digest.deliver.smtp import port_hint

    mail = app.config.mail
    app.config.smtp_password(app.host.environment)
    to = sum(len(e.recipients) for e in app.config.editions)
    if not to:
        return Finding(
            subject="mail", level="doubtful", said="no edition has recipients: issues go to the archive only"
        )
    if mail.transport == "outbox":
        return f"{count(to, 'recipient')}; mails are written to {app.config.data_dir / 'outbox'} and not sent"
    said = f"{count(to, 'recipient')} over {mail.host}:{mail.port} ({mail.security})"
    if hint := port_hint(mail.port, mail.security):
        return Finding(subject="mail", level="doubtful", said=f"{said}; {hint}")
    return said


def _source(app: App, name: str) -> Finding | str:
    source = app.sources[name]
    url = source.url_for(app.today())
    parsed = within_bounds(source.parse(app.fetcher(source)(url).content, url=url), now=app.host.clock())
    if moved := app.door.moved_to(url):
        where = without_password(moved)
        said = f"{count(len(parsed.records), 'paper')}, but it has moved for good to {where}; change its url"
        return Finding(subject=f"source {name}", level="doubtful", said=said)
    if parsed.rejected:
        unreadable = f"{len(parsed.rejected)} items that cannot be read: {parsed.rejected[0].reason}"
        said = f"{count(len(parsed.records), 'paper')}, and {unreadable}"
        return Finding(subject=f"source {name}", level="doubtful", said=said)
    return f"{count(len(parsed.records), 'paper')} at {without_password(url)}"


def _model_server(app: App) -> Finding | str:
    from digest.summarizers.model import ModelSummarizer, probe

    writer = app.summarizer
    assert isinstance(writer, ModelSummarizer)  # noqa: S101 -- there is a server
    said = "not asked, for its budget is used up; raise [llm] budget_usd_per_month, or wait for the next month"
    return probe(writer) or Finding(subject="model server", level="doubtful", said=said)


def _mail_server(app: App) -> str:
    from digest.deliver.smtp import SmtpMailer

    mail = app.config.mail
    with app.mailer() as mailer:
        if isinstance(mailer, SmtpMailer):
            mailer.check(mail.sender)
    login = f"takes the login of {mail.username!r} and " if mail.username else ""
    return f"{mail.host}:{mail.port} {login}takes mails from {mail.sender}"
