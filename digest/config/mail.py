"""The tables [mail], [serve] and [[hook]]: how issues get to their readers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from email.errors import InvalidHeaderDefect
from email.policy import default
from ipaddress import ip_network
from pathlib import Path
from typing import Final

from digest.config.settings import DkimConfig, DomainRate, HookConfig, MailConfig, ServeConfig
from digest.config.table import Table, nearest

TRANSPORTS: Final = ("outbox", "smtp", "sendmail")
SECURITIES: Final = ("starttls", "tls", "none")
HOOKS: Final = ("slack", "discord", "teams", "ntfy", "matrix", "webhook")
_NOBODY: Final = "digest@localhost"
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_DOMAIN: Final = re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*")
_HEADER: Final = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,60}")
# Of our own addresses: letters beyond ASCII need SMTPUTF8, which many servers lack; quoted local parts are not worth
# their trouble.
ADDRESS: Final = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@[\w-]+(?:\.[\w-]+)*", re.ASCII)
"""An address of ours, in ASCII."""


def read_mail(table: Table, folder: Path) -> MailConfig:
    """Read [mail].

    Args:
        folder: That of config.toml, to which paths are relative.
    """
    sender_name, sender = _sender(table)
    ca_file = table.text("ca_file")
    per_minute = table.integer("per_minute", 1, least=1) if table.has("per_minute") else None
    mail = MailConfig(
        sender_name=sender_name,
        sender=sender,
        transport=table.choice("transport", TRANSPORTS, "outbox"),
        host=table.text("host"),
        port=table.integer("port", 587, least=1, most=65535),
        security=table.choice("security", SECURITIES, "starttls"),
        username=table.text("username"),
        password_env=table.text("password_env", "DIGEST_SMTP_PASSWORD"),
        timeout_s=table.number("timeout_s", 60.0) or 60.0,
        ca_file=folder / ca_file if ca_file else None,
        token_command=table.texts("token_command"),
        sendmail=table.text("sendmail", "/usr/sbin/sendmail"),
        on_ambiguous=table.choice("on_ambiguous", ("hold", "resend"), "hold"),
        connections=table.integer("connections", 4, least=1, most=64),
        per_minute=per_minute,
        domains=_domains(table),
        retry_hours=table.number("retry_hours", 20.0) or 20.0,
        idempotency_header=table.text("idempotency_header"),
        bounces=_address(table, "bounces"),
        bounces_password_env=table.text("bounces_password_env", "DIGEST_BOUNCES_PASSWORD"),
        unsubscribe=_address(table, "unsubscribe"),
        operator=_address(table, "operator"),
        dkim=_dkim(table, folder, sender),
    )
    table.close()
    if mail.transport == "smtp" and not mail.host and not table.is_blamed("host"):
        table.blame("host", 'is missing: transport smtp needs one, as in host = "smtp.example.org"')
    if mail.transport == "smtp" and mail.username and mail.security == "none" and mail.host not in _LOOPBACK:
        table.blame("security", "none would send the password in the clear; use starttls or tls")
    if mail.token_command and not mail.username:
        table.blame("token_command", "needs username: whose token it prints")
    if mail.idempotency_header and not _HEADER.fullmatch(mail.idempotency_header):
        table.blame("idempotency_header", "must be the name of a header, as in Resend-Idempotency-Key")
    return mail


def _address(table: Table, key: str) -> str:
    text = table.text(key)
    if text and not ADDRESS.fullmatch(text):
        table.blame(key, f"{text!r} is not an address such as digest@example.org, in ASCII letters")
        return ""
    return text


def _domains(table: Table) -> Mapping[str, DomainRate]:
    found = {}
    for name, data in table.table("domains").items():
        one = table.below(f'[mail.domains."{name}"]', data)
        if not _DOMAIN.fullmatch(name):
            table.blame("domains", f"{name!r} is not a domain in small ASCII letters, as in gmail.com")
        found[name] = DomainRate(
            per_minute=one.integer("per_minute", 1, least=1) if one.has("per_minute") else None,
            connections=one.integer("connections", 1, least=1, most=64) if one.has("connections") else None,
        )
        one.close()
    return found


def _dkim(table: Table, folder: Path, sender: str) -> DkimConfig | None:
    if not table.has("dkim"):
        return None
    one = table.below("[mail.dkim]", table.table("dkim"))
    own = sender.rpartition("@")[2]
    found = DkimConfig(
        selector=one.required("selector"),
        key_file=folder / one.required("key_file"),
        domain=one.text("domain", own) or own,
    )
    one.close()
    if found.selector and not _DOMAIN.fullmatch(found.selector):
        one.blame("selector", f"{found.selector!r} is not a name in DNS, in small letters")
    if found.domain != own and not own.endswith(f".{found.domain}"):
        one.blame("domain", f"{found.domain!r} is not the sender's domain {own}, or one above it")
    return found


def _sender(table: Table) -> tuple[str, str]:
    """Name and address of `from`."""
    text = table.text("from", "Research digest <digest@localhost>")
    found = default.header_factory("From", text)
    addresses = [a for a in found.addresses if "@" in a.addr_spec]
    if len(addresses) > 1:
        table.blame("from", f"{text!r} has {len(addresses)} addresses; a mail comes from one")
        return "", _NOBODY
    is_whole = not any(isinstance(d, InvalidHeaderDefect) for d in found.defects)
    if not is_whole or len(addresses) != 1 or not ADDRESS.fullmatch(addresses[0].addr_spec):
        quotes = "; a name with a comma or brackets stands in quotes" if "@" in text else ""
        table.blame("from", f"must be an address, as in 'Research digest <digest@example.org>', not {text!r}{quotes}")
        return "", _NOBODY
    return addresses[0].display_name, addresses[0].addr_spec


def read_serve(table: Table) -> ServeConfig:
    """Read [serve]."""
    proxies = table.texts("proxies")
    for one in proxies:
        try:
            ip_network(one)
        except ValueError:
            table.blame("proxies", f"{one!r} is not an address or a network such as 127.0.0.1 or 10.0.0.0/8")
    serve = ServeConfig(
        base_url=table.text("base_url").rstrip("/") or None,
        proxies=proxies,
        open=table.flag("open", True),
        sign_ups_per_hour=table.integer("sign_ups_per_hour", 20, least=1, most=100_000),
    )
    table.close()
    return serve


def read_hook(table: Table, editions: Sequence[str]) -> HookConfig:
    """Read one [[hook]].

    Args:
        editions: The names of all that there are.
    """
    hook = HookConfig(
        name=table.required("name"),
        kind=table.choice("kind", HOOKS, "webhook"),
        editions=table.texts("editions", tuple(editions)),
        url=table.text("url"),
        url_env=table.text("url_env"),
        token_env=table.text("token_env"),
        room=table.text("room"),
    )
    table.close()
    for one in hook.editions:
        if one not in editions:
            table.blame("editions", f"there is no [[edition]] named {one!r}{nearest(one, editions)}")
    if bool(hook.url) == bool(hook.url_env) and not table.is_any_blamed:
        table.blame("url", "give either url, or url_env: the variable that holds it, where who knows it may post")
    if hook.url and not re.fullmatch(r"https?://[^\s\"<>]+", hook.url):
        table.blame("url", f"{hook.url!r} must begin with http:// or https://")
    if hook.kind in ("matrix", "ntfy") and not hook.room:
        table.blame("room", "is missing: " + ("the room's id" if hook.kind == "matrix" else "the topic"))
    if hook.kind == "matrix" and not hook.token_env:
        table.blame("token_env", "is missing: the variable that holds the access token of the account that posts")
    return hook
