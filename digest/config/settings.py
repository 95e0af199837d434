"""The values of config.toml, read and checked: frozen, with secrets hidden."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from digest.config.table import nearest
from digest.core.database_address import parse_database
from digest.core.errors import ConfigError
from digest.core.models import Edition
from digest.core.private import looks_like_secret, masked
from digest.llm.prices import Price
from digest.sources.kind import SourceConfig


class Secret:
    """A password or key that no log, repr or error shows."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the password or key itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """How sources are reached."""

    concurrency: int = 8
    """Sources that are read at once."""
    proxy: str | None = None
    ca_file: Path | None = None
    """Certificate authorities besides those of the system."""
    private_hosts: tuple[str, ...] = ()
    """Hosts that redirects and links may lead to although their addresses are private."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LLMConfig:
    """The table `[llm]`: which model writes the summaries, how it is asked, and what it may cost."""

    client: str = "extractive"
    model: str = ""
    base_url: str | None = None
    api_key_env: str = "OPENAI_API_KEY"
    concurrency: int = 8
    mode: str = "direct"
    """`direct`: asked during the run. `batch`: handed over earlier, at half the price."""
    batch_lead_hours: float = 4.0
    """How long before an edition is due its papers are handed over, in the mode `batch`."""
    batch_tokens: int = 12_000
    max_papers_per_request: int = 20
    timeout_s: float = 120.0
    time_limit_s: float = 900.0
    """How long a run waits for the model in all."""
    overview: bool = True
    """The model writes the overview of the day too."""
    points: str = "all"
    """`leads`: only the lead entries of an issue are asked for points, the others for one sentence and topics."""
    budget_usd_per_run: float | None = None
    budget_usd_per_month: float | None = None
    recording: Path | None = None
    """Where prompts and answers are written to (`openai`) or answered from (`replay`)."""
    prices: Mapping[str, Price] = field(default_factory=dict)
    """By model, on top of the shipped table."""
    effort: str = ""
    """How much a model is to think before it answers, in its server's words; empty: as it likes."""
    service_tier: str = ""
    """The provider's service tier: `flex` is slower at half the price; empty: the parameter is not sent."""
    context_tokens: int | None = None
    """What the model sees at once, prompt and answer together; None: as found out."""
    extra_body: Mapping[str, Any] = field(default_factory=dict)
    """Passed through with each request."""
    organization: str = ""
    project: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRate:
    """One `[mail.domains."gmail.com"]`: how fast a domain is written to."""

    per_minute: int | None = None
    connections: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimConfig:
    """The table `[mail.dkim]`: the signature of mails."""

    selector: str
    key_file: Path
    """The private key, as PEM."""
    domain: str
    """Who signs: the sender's domain, or one above it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailConfig:
    """The table `[mail]`: how mails are sent, and from whom."""

    sender_name: str = "Research digest"
    sender: str = "digest@localhost"
    """The bare address."""
    transport: str = "outbox"
    host: str = ""
    port: int = 587
    security: str = "starttls"
    username: str = ""
    password_env: str = "DIGEST_SMTP_PASSWORD"  # noqa: S105 -- the name of a variable, not a password
    timeout_s: float = 60.0
    ca_file: Path | None = None
    """A CA bundle for servers whose certificate the system does not know."""
    token_command: tuple[str, ...] = ()
    """A program that prints an OAuth 2 access token, with its arguments; the login is XOAUTH2 then."""
    sendmail: str = "/usr/sbin/sendmail"
    """The program that the transport `sendmail` hands mails to."""
    on_ambiguous: str = "hold"
    """What is done with a mail of which no clear answer came: `hold` lists it, `resend` sends it again."""
    connections: int = 4
    """Kept open at once, to all domains together."""
    per_minute: int | None = None
    """Mails at most, to all domains together; None: as many as go."""
    domains: Mapping[str, DomainRate] = field(default_factory=dict)
    """By domain of the recipient, in ASCII."""
    retry_hours: float = 20.0
    """How long a mail that is put off is tried again, if no newer issue replaces it."""
    idempotency_header: str = ""
    """A header under which the provider takes a key and sends a mail with the same key once:
    `Resend-Idempotency-Key`, `X-EE-Idempotency-Key`."""
    bounces: str = ""
    """The envelope's sender, to which mails come back that cannot be delivered; empty: the sender."""
    bounces_password_env: str = "DIGEST_BOUNCES_PASSWORD"  # noqa: S105 -- the name of a variable, not a password
    """The variable that holds the password of the IMAP mailbox that `digest bounces` reads."""
    unsubscribe: str = ""
    """The address in the `mailto:` of List-Unsubscribe; empty: the sender."""
    operator: str = ""
    """Who is told of bounces and complaints by mail; empty: nobody."""
    dkim: DkimConfig | None = None
    """How mails are signed; None: a relay does it, or nobody."""

    @property
    def domain(self) -> str:
        """The domain of the sender's address, used in Message-IDs and in the greeting of the mail server."""
        return self.sender.rpartition("@")[2]

    @property
    def envelope_sender(self) -> str:
        """The bare address that mails come back to."""
        return self.bounces or self.sender


@dataclass(frozen=True, slots=True, kw_only=True)
class ServeConfig:
    """The table `[serve]`: how `digest serve` is reached, and who may sign up."""

    base_url: str | None = None
    """Its address for the world, without a trailing slash; None: mails have no links to it, and pages no form."""
    proxies: tuple[str, ...] = ()
    """Addresses and networks of reverse proxies whose X-Forwarded-* headers are believed."""
    open: bool = True
    """Whether strangers may sign up."""
    sign_ups_per_hour: int = 20
    """Of one network, /24 or /48; others get the same answer and no mail."""

    @property
    def takes_one_click(self) -> bool:
        """Whether a single POST to it unsubscribes as RFC 8058 wants: over https alone."""
        return bool(self.base_url and self.base_url.startswith("https://"))


@dataclass(frozen=True, slots=True, kw_only=True)
class HookConfig:
    """One `[[hook]]`: a place beside mail that an edition's issues are posted to."""

    name: str
    kind: str
    """`slack`, `discord`, `teams`, `ntfy`, `matrix` or `webhook`."""
    editions: tuple[str, ...]
    url: str = ""
    url_env: str = ""
    """The variable that holds the address, where that is a secret."""
    token_env: str = ""
    """The variable that holds an access token; empty: none is sent."""
    room: str = ""
    """Matrix: the room; ntfy: the topic."""

    @property
    def is_idempotent(self) -> bool:
        """Whether a second post with the same key does nothing there, so that one in doubt may be repeated."""
        return self.kind in ("matrix", "webhook")


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """A whole config.toml, checked, with all defaults filled in."""

    path: Path
    """config.toml; relative paths in it are relative to its folder."""
    title: str
    timezone: ZoneInfo
    data_dir: Path
    database: str
    sources: tuple[SourceConfig, ...]
    network: NetworkConfig = NetworkConfig()
    llm: LLMConfig
    editions: tuple[Edition, ...]
    mail: MailConfig
    serve: ServeConfig = ServeConfig()
    hooks: tuple[HookConfig, ...] = ()
    site_url: str | None
    """Without a trailing slash."""
    topics: Mapping[str, Any] = field(default_factory=dict)
    """What is added to the taxonomy, as `digest.core.topics.taxonomy` reads it."""

    @property
    def base(self) -> Path:
        """The folder of config.toml, to which relative paths are relative."""
        return self.path.parent

    @property
    def shares_database(self) -> bool:
        """Whether several machines can have the database open, for it is a server."""
        return bool(self.database) and not parse_database(self.database).is_sqlite

    @property
    def gives_points_to_leads_only(self) -> bool:
        """Whether a model is asked for points of lead entries only; extracts have points in any case."""
        return self.llm.points == "leads" and self.llm.client != "extractive"

    @property
    def archive_titles(self) -> dict[str, str]:
        """What each edition is called in the archive, by name: an edition called like the whole goes by its name."""
        return {e.name: e.name if e.title == self.title else e.title for e in self.editions}

    @property
    def secret_variables(self) -> frozenset[str]:
        """The environment variables that hold keys and passwords."""
        of_hooks = (name for hook in self.hooks for name in (hook.url_env, hook.token_env) if name)
        of_sources = (source.api_key_env for source in self.sources)
        return frozenset({self.llm.api_key_env, self.mail.password_env, *of_sources, *of_hooks})

    def editions_named(self, names: Sequence[str]) -> list[Edition]:
        """The editions of these names, each once; for no names all that are configured.

        Raises:
            ConfigError: A name is not in the config.
        """
        return [self.edition(name) for name in dict.fromkeys(names)] or list(self.editions)

    def edition(self, name: str) -> Edition:
        """The edition of that name.

        Raises:
            ConfigError: There is none.
        """
        for edition in self.editions:
            if edition.name == name:
                return edition
        raise ConfigError(f"no edition {name!r} in {self.path}{nearest(name, [e.name for e in self.editions])}")

    def api_key(self, environment: Mapping[str, str]) -> Secret | None:
        """The key for the model; None where none is needed.

        Raises:
            ConfigError: The variable is not set. A server of one's own (`base_url`) may do without.
        """
        if self.llm.client != "openai":
            return None
        value = _variable(environment, self.llm.api_key_env)
        if not value:
            self._refuse_secret("[llm] api_key_env", self.llm.api_key_env)
        if not value and self.llm.base_url is None:
            raise ConfigError(
                f"{self.path.name}: [llm] client = 'openai' needs the environment variable {self.llm.api_key_env}, "
                f"which is not set; set it, or use client = 'extractive', which needs no key"
            )
        return Secret(value) if value else None

    def source_key(self, source: SourceConfig, environment: Mapping[str, str]) -> Secret | None:
        """The key of a source; None for one that is asked without.

        Raises:
            ConfigError: The variable is not set.
        """
        if not source.api_key_env:
            return None
        value = _variable(environment, source.api_key_env)
        if not value:
            self._refuse_secret(f"[[source]] {source.name!r} api_key_env", source.api_key_env)
            raise ConfigError(
                f"{self.path.name}: [[source]] {source.name!r} api_key_env: the environment variable "
                f"{source.api_key_env} is not set; set it, or take the line out to ask without a key"
            )
        return Secret(value)

    def smtp_password(self, environment: Mapping[str, str]) -> Secret | None:
        """The password for the mail server; None where no `username` is set, or a token is taken instead.

        Raises:
            ConfigError: The variable is not set.
        """
        if self.mail.transport != "smtp" or not self.mail.username or self.mail.token_command:
            return None
        value = _variable(environment, self.mail.password_env)
        if not value:
            self._refuse_secret("[mail] password_env", self.mail.password_env)
            raise ConfigError(
                f"{self.path.name}: [mail] username is set, so the environment variable {self.mail.password_env} "
                "must hold the password, and it is not set"
            )
        return Secret(value)

    def bounces_password(self, environment: Mapping[str, str]) -> Secret:
        """The password of the IMAP mailbox that mails come back to.

        Raises:
            ConfigError: The variable is not set.
        """
        value = _variable(environment, self.mail.bounces_password_env)
        if not value:
            self._refuse_secret("[mail] bounces_password_env", self.mail.bounces_password_env)
            raise ConfigError(
                f"{self.path.name}: the environment variable {self.mail.bounces_password_env} must hold the password "
                "of the mailbox, and it is not set"
            )
        return Secret(value)

    def hook_url(self, hook: HookConfig, environment: Mapping[str, str]) -> Secret:
        """Where a hook posts to.

        Raises:
            ConfigError: The variable that is to hold it is not set, or holds no address.
        """
        if not hook.url_env:
            return Secret(hook.url)
        value = self._of_hook(hook, "url_env", hook.url_env, environment)
        if not value.startswith(("https://", "http://")):
            raise ConfigError(
                f"{self.path.name}: [[hook]] {hook.name}: the variable {hook.url_env} must hold an address that begins "
                "with https://"
            )
        return Secret(value)

    def hook_token(self, hook: HookConfig, environment: Mapping[str, str]) -> Secret | None:
        """The access token of a hook, or what a webhook is signed with; None where none is named.

        Raises:
            ConfigError: The variable that is to hold it is not set.
        """
        if not hook.token_env:
            return None
        return Secret(self._of_hook(hook, "token_env", hook.token_env, environment))

    def _of_hook(self, hook: HookConfig, key: str, name: str, environment: Mapping[str, str]) -> str:
        value = _variable(environment, name)
        if not value:
            self._refuse_secret(f"[[hook]] {hook.name}: {key}", name)
            raise ConfigError(
                f"{self.path.name}: [[hook]] {hook.name}: the environment variable {name} must be set, and is not"
            )
        return value

    def _refuse_secret(self, where: str, name: str) -> None:
        """Refuse a key in the place of the name of a variable, without saying it.

        Raises:
            ConfigError: It is one, or seems to be.
        """
        if looks_like_secret(name):
            raise ConfigError(
                f"{self.path.name}: {where}: {masked(name)} looks like a key or a password, and not like the name of a "
                "variable; put it into a variable, and the variable's name here (and as it stood in a file, replace it)"
            )


def _variable(environment: Mapping[str, str], name: str) -> str:
    """A variable without the line break at its end that `$(cat FILE)` leaves off and other ways leave on."""
    return environment.get(name, "").rstrip("\r\n")
