"""Ask DNS what stands there about a domain's mail, over dnspython; only `digest doctor --mail` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from digest.core.errors import ConfigError, DigestError

if TYPE_CHECKING:
    import dns.resolver

_PATIENCE_S: Final = 5.0
"""For one question, with all servers that are asked."""


class DnsError(DigestError):
    """A question got no answer: what stands there is not known, and may be known later."""


class Dns:
    """Asks the system's resolvers; each question once."""

    def __init__(self, resolver: dns.resolver.Resolver | None = None, *, patience_s: float = _PATIENCE_S) -> None:
        """
        Args:
            resolver: Whom to ask; None: whom the system asks.
            patience_s: How long one answer may take.
        """
        self._resolver, self._patience_s = resolver, patience_s
        self._known: dict[tuple[str, str], tuple[str, ...] | None] = {}

    def txt(self, name: str) -> tuple[str, ...] | None:
        """The TXT records at *name*, each in one piece; None if the name does not exist.

        Raises:
            DnsError: There was no answer.
            ConfigError: dnspython is not installed, or no resolver is known.
        """
        return self._ask(name, "TXT")

    def mx(self, name: str) -> tuple[str, ...] | None:
        """The mail servers of *name*, the preferred first; only `.`: it takes none (RFC 7505). Errors as in `txt`."""
        return self._ask(name, "MX")

    def addresses(self, name: str) -> tuple[str, ...] | None:
        """The IP addresses of *name*; errors as in `txt`."""
        found = [self._ask(name, kind) for kind in ("A", "AAAA")]
        return None if None in found else tuple(address for some in found if some for address in some)

    def _ask(self, name: str, kind: str) -> tuple[str, ...] | None:
        key = (name.lower().rstrip("."), kind)
        if key not in self._known:
            self._known[key] = self._asked(*key)
        return self._known[key]

    def _asked(self, name: str, kind: str) -> tuple[str, ...] | None:
        try:
            import dns.exception
            import dns.resolver
        except ImportError as exc:
            raise ConfigError("asking DNS needs a package more: pip install 'research-digest[dns]'") from exc

        try:
            self._resolver = self._resolver or dns.resolver.Resolver()
            answer = self._resolver.resolve(name, kind, search=False, lifetime=self._patience_s)
        except dns.resolver.NXDOMAIN:
            return None
        except dns.resolver.NoAnswer:
            return ()
        except dns.resolver.NoResolverConfiguration as exc:
            raise ConfigError("this machine knows no DNS server: /etc/resolv.conf names none") from exc
        except dns.resolver.LifetimeTimeout as exc:
            raise DnsError(f"DNS gave no answer on {kind} of {name} within {self._patience_s:g} s; try again") from exc
        except dns.resolver.NoNameservers as exc:
            raise DnsError(
                f"DNS failed over {kind} of {name} (SERVFAIL or the like): whoever runs the zone should look at it, "
                "also at its DNSSEC"
            ) from exc
        except (dns.exception.DNSException, OSError, UnicodeError) as exc:
            raise DnsError(f"{kind} of {name} could not be asked for: {exc}") from exc
        return _READ[kind](answer)


def _texts(answer: dns.resolver.Answer) -> tuple[str, ...]:
    # What is longer than 255 bytes stands there in several pieces, which belong together without anything between.
    return tuple(sorted(b"".join(record.strings).decode("utf-8", "replace") for record in answer))


def _servers(answer: dns.resolver.Answer) -> tuple[str, ...]:
    found = sorted((record.preference, record.exchange.to_text(omit_final_dot=True).lower()) for record in answer)
    return tuple(name for _, name in found)


def _numbers(answer: dns.resolver.Answer) -> tuple[str, ...]:
    return tuple(sorted(record.address for record in answer))


_READ: Final = {"TXT": _texts, "MX": _servers, "A": _numbers, "AAAA": _numbers}
