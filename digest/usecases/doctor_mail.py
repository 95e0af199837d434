"""`digest doctor --mail`: what DNS says of the sender's domain, and whether receivers will believe our mails.

Google, Yahoo and Microsoft refuse or hide mails in bulk that fail here. Each finding says what to do, with the very
record to add. Which address mails leave from, only a receiving server sees; what hangs on it is said to be so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from digest.core.errors import ConfigError, DigestError
from digest.deliver.dns import DnsError
from digest.usecases.doctor import Check, Doubt
from digest.usecases.spf import MOST_LOOKUPS, Names, Spf, may_send, spf_of

if TYPE_CHECKING:
    from digest.config.settings import Config
    from digest.deliver.dkim import Key

_PIECE: Final = 255
"""Bytes of one piece of a TXT record."""
_PROVIDERS: Final = (
    (r"smtp(?:-relay)?\.gmail\.com", "_spf.google.com"),
    (r"smtp\.office365\.com|.*\.mail\.protection\.outlook\.com", "spf.protection.outlook.com"),
    (r"email-smtp\..*\.amazonaws\.com", "amazonses.com"),
    (r"smtp\.sendgrid\.net", "sendgrid.net"),
    (r"smtp(?:\.eu)?\.mailgun\.org", "mailgun.org"),
    (r"smtp\.fastmail\.com", "spf.messagingengine.com"),
)
"""Mail servers of providers, which hand mails on from other addresses, and what their customers include."""
_GOOD_BITS: Final = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderChecks:
    """The checks of one config."""

    config: Config
    names: Names
    key: Callable[[], Key]
    """Reads the key of [mail.dkim]."""
    answers: Callable[[str], object]
    """Fetches an address of `digest serve`, or raises a DigestError."""

    def checks(self) -> Iterator[Check]:
        """The checks, in order."""
        mail = self.config.mail
        yield "sender's domain", self._asked(lambda: sender_domain(self.names, mail.domain))
        yield "SPF", self._asked(self._spf)
        yield "DKIM", self._asked(self._dkim)
        yield "DMARC", self._asked(self._dmarc)
        addresses = dict.fromkeys((mail.envelope_sender, mail.unsubscribe or mail.sender, mail.operator))
        for address in filter(None, addresses):
            yield f"mailbox {address}", self._asked(lambda a=address: mailbox(self.names, a))  # type: ignore[misc]
        yield "unsubscribing", lambda: unsubscribing(self.config, self.answers)
        yield "reverse name", self._reverse_name

    @staticmethod
    def _asked(check: Callable[[], Doubt | str]) -> Callable[[], Doubt | str]:
        def told() -> Doubt | str:
            try:
                return check()
            except DnsError as error:
                return Doubt(str(error))

        return told

    @property
    def _envelope_domain(self) -> str:
        return self.config.mail.envelope_sender.rpartition("@")[2].lower()

    @property
    def _host(self) -> str:
        """The server that hands our mails on; empty where it is this machine, or nobody does."""
        mail = self.config.mail
        return "" if mail.transport != "smtp" or _is_here(mail.host) else mail.host.lower()

    def _spf(self) -> Doubt | str:
        return spf(self.names, self._envelope_domain, self._host)

    def _dkim(self) -> Doubt | str:
        signs = self.config.mail.dkim
        if signs is None:
            by = f"unless {self._host} does" if self._host else "unless the local mail server does"
            return Doubt(
                f"mails are not signed here, so they have no signature {by}: `digest send-test` to a mailbox of "
                "another provider shows it (dkim=pass in Authentication-Results); [mail.dkim] signs here"
            )
        return dkim(self.names, self.key(), signs.domain, signs.selector)

    def _dmarc(self) -> Doubt | str:
        mail = self.config.mail
        signs = mail.dkim.domain if mail.dkim else None
        report_to = mail.operator or mail.sender
        return dmarc(self.names, mail.domain.lower(), self._envelope_domain, signs, report_to=report_to)

    def _reverse_name(self) -> Doubt | str:
        if self._host:
            return f"not to be told from here, and the business of whoever runs {self._host}"
        return Doubt(
            "not to be told from here: the address that mails leave from needs a name (PTR) that leads back to it, "
            "which your provider sets; the Received lines of a mail from `digest send-test` show both"
        )


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def zone_line(name: str, text: str) -> str:
    """A TXT record as it stands in a zone: a long text in several pieces."""
    pieces = " ".join(f'"{text[at : at + _PIECE]}"' for at in range(0, len(text), _PIECE))
    return f"{name}. TXT {pieces}"


# -- the checks


def sender_domain(names: Names, domain: str) -> str:
    """Whether the domain in `from` exists.

    Raises:
        ConfigError: It does not.
    """
    if all(ask(domain) is None for ask in (names.mx, names.addresses, names.txt)):
        raise ConfigError(f"{domain} does not exist, so no receiver takes mails from it; correct [mail] from")
    return f"{domain} exists"


def spf(names: Names, domain: str, host: str) -> Doubt | str:
    """Whether the envelope's domain lets our server send.

    Args:
        host: Our mail server; empty: this machine, whose address is not known here.

    Raises:
        ConfigError: There is no record that counts.
    """
    found = spf_of(names, domain)
    term = _term_for(host)
    if found.faults:
        raise ConfigError(f"{'; '.join(found.faults)}; leave one record that begins with v=spf1, and mend it")
    if not found.record:
        raise ConfigError(
            f"{domain} has no SPF record, so anybody may send in its name, and receivers distrust it; add: "
            f"{zone_line(domain, f'v=spf1 {term} ~all')}{_filled_in(host)}"
        )
    if found.lookups > MOST_LOOKUPS:
        raise ConfigError(
            f"the record of {domain} costs {found.lookups} lookups, and receivers stop after {MOST_LOOKUPS}, so that "
            "it counts for nothing; take out what is not needed, or name addresses by ip4: and ip6:"
        )
    if found.lets_all:
        raise ConfigError(f"the record of {domain} lets anybody send (all without - or ~ before it); end it with ~all")
    said = f"“{found.record}” at {domain}, {found.lookups} of {MOST_LOOKUPS} lookups"
    if not host:
        return f"{said}; whether this machine is among those it lets send cannot be told from here"
    if _lets(names, domain, found, host):
        return f"{said}, lets {host} send"
    return Doubt(
        f"{said}, does not let {host} send; if mails leave from there, change it to: "
        f"{zone_line(domain, _with_term(found.record, term))}"
    )


def _term_for(host: str) -> str:
    """What a record says to let a server send."""
    for pattern, includes in _PROVIDERS:
        if re.fullmatch(pattern, host):
            return f"include:{includes}"
    return f"a:{host}" if host else "ip4:ADDRESS"


def _filled_in(host: str) -> str:
    return "" if host else " (with the address that mails leave from)"


def _lets(names: Names, domain: str, found: Spf, host: str) -> bool:
    term = _term_for(host)
    if term.removeprefix("include:") in found.included:
        return True
    addresses = names.addresses(host) or ()
    return bool(addresses) and all(may_send(names, domain, one) == "pass" for one in addresses)


def _with_term(record: str, term: str) -> str:
    """A record with one more term, before what stands at its end for all others."""
    words = record.split()
    end = next((n for n, word in enumerate(words) if re.match(r"[+?~-]?all$|redirect=", word, re.I)), len(words))
    return " ".join((*words[:end], term, *words[end:]))


def dkim(names: Names, key: Key, domain: str, selector: str) -> Doubt | str:
    """Whether receivers find our key.

    Raises:
        ConfigError: They find none, or another.
    """
    name = f"{selector}._domainkey.{domain}"
    add = zone_line(name, key.record)
    records = [text for text in names.txt(name) or () if re.search(r"(?:^|;)\s*p\s*=", text)]
    if not records:
        raise ConfigError(f"receivers find no key for our signature; add: {add}")
    if len(records) > 1:
        raise ConfigError(f"{name} has {len(records)} keys, and one may stand there; leave this one: {add}")
    tags = _tags(records[0])
    public = re.sub(r"\s", "", tags.get("p", ""))
    if not public:
        raise ConfigError(f"the key at {name} is revoked (p= is empty); put ours there: {add}")
    if public != key.public or tags.get("k", "rsa") != key.kind:
        raise ConfigError(f"the key at {name} is another than that of [mail.dkim] key_file; put ours there: {add}")
    if tags.get("v", "DKIM1") != "DKIM1" or "sha256" not in tags.get("h", "sha256"):
        raise ConfigError(f"the record at {name} is not one that holds for our signature; put ours there: {add}")
    if "y" in tags.get("t", "").split(":"):
        return Doubt(f"{name} says that it is a trial (t=y), so receivers do as if there were no signature: {add}")
    if key.bits is not None and key.bits < _GOOD_BITS:
        return Doubt(f"{name} has our key, of {key.bits} bits; Google advises {_GOOD_BITS}")
    return f"{name} has our key"


def _tags(record: str) -> dict[str, str]:
    pairs = (tag.partition("=") for tag in record.split(";"))
    return {name.strip().lower(): value.strip() for name, _, value in pairs if name.strip()}


def dmarc(
    names: Names, domain: str, envelope_domain: str, signing_domain: str | None, *, report_to: str
) -> Doubt | str:
    """What the domain asks of receivers, and whether SPF or our signature speaks for the same domain as `From`.

    Args:
        signing_domain: That of [mail.dkim]; None: somebody else signs, or nobody.
        report_to: Where reports would be mailed to.

    Raises:
        ConfigError: The record counts for nothing, or our mails will be refused by it.
    """
    where, records = _dmarc_records(names, domain)
    add = zone_line(f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:{report_to}")
    if not records:
        return Doubt(f"{domain} has no DMARC record, which Google and Yahoo want of who mails many; add: {add}")
    if len(records) > 1:
        raise ConfigError(f"_dmarc.{where} has {len(records)} DMARC records, so that none counts; leave one")
    tags = _tags(records[0])
    policy = tags.get("sp" if where != domain and "sp" in tags else "p", "").lower()
    if policy not in ("none", "quarantine", "reject"):
        raise ConfigError(f"“{records[0]}” at _dmarc.{where} has no policy that there is (p=none); put instead: {add}")
    aligned = [
        *(["SPF"] if _is_aligned(domain, envelope_domain, where, tags.get("aspf", "r")) else []),
        *(["DKIM"] if signing_domain and _is_aligned(domain, signing_domain, where, tags.get("adkim", "r")) else []),
    ]
    said = f"“{records[0]}” at _dmarc.{where}"
    if aligned:
        return f"{said}; {' and '.join(aligned)} speak{'' if aligned[1:] else 's'} for {domain}"
    signature = f"DKIM for {signing_domain}" if signing_domain else "no signature is made here"
    why = (
        f"{said}; SPF speaks for {envelope_domain}, and {signature}, not for {domain}: set [mail] bounces to an "
        f"address of {domain}, or sign for it by [mail.dkim]"
    )
    if policy == "none" or signing_domain is None:
        return Doubt(why)
    raise ConfigError(f"{why}; as it stands receivers {policy} our mails")


def _dmarc_records(names: Names, domain: str) -> tuple[str, list[str]]:
    """The records that hold for *domain*, and at which domain they stand: at itself, or one above it."""
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        where = ".".join(labels[start:])
        found = [text for text in names.txt(f"_dmarc.{where}") or () if re.match(r"v\s*=\s*DMARC1\b", text)]
        if found:
            return where, found
    return domain, []


def _is_aligned(domain: str, other: str, organization: str, mode: str) -> bool:
    """Whether *other* speaks for *domain*.

    Args:
        organization: Where the DMARC record stands, which is at the organization's domain or at the domain itself.
        mode: `s` for the same domain alone, `r` for all of an organization.
    """
    if domain == other or mode.lower() == "s":
        return domain == other
    return other == organization or any(
        one.endswith(f".{above}") for one, above in ((other, organization), (domain, other), (other, domain))
    )


def mailbox(names: Names, address: str) -> str:
    """Whether mails can reach an address of ours: bounces, unsubscriptions and answers come there.

    Raises:
        ConfigError: They cannot.
    """
    domain = address.rpartition("@")[2]
    servers = names.mx(domain)
    if servers == (".",):
        raise ConfigError(f"{domain} says that it takes no mail (its MX is a dot), so what comes back to it is lost")
    if servers:
        return f"taken by {servers[0]}"
    if names.addresses(domain):
        return f"{domain} has no MX; mails go to its own address"
    raise ConfigError(f"{domain} takes no mail (no MX, no address), so what comes back to it is lost; add an MX")


def unsubscribing(config: Config, answers: Callable[[str], object]) -> Doubt | str:
    """Whether one click in a mail program unsubscribes, as Google and Yahoo want of who mails many.

    Args:
        answers: Fetches an address, or raises a DigestError.
    """
    url = config.serve.base_url
    if not url:
        return Doubt(
            "mails have no link that unsubscribes by one click, which Google and Yahoo want from 5,000 mails a day on; "
            "`digest serve` answers it: set [serve] base_url"
        )
    if not config.serve.takes_one_click:
        return Doubt(f"{url} is not https, so mails promise no unsubscribing by one click; put it behind https")
    try:
        answers(f"{url}/healthz")
    except DigestError as error:
        return Doubt(f"{url} does not answer, so the links in mails lead nowhere: {error}; run `digest serve` there")
    return f"by one click at {url}, which answers"
