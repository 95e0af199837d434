"""Read a domain's SPF record (RFC 7208): who may send for it, and what receivers would stumble over.

    spf_of(names, domain)            the record, with the lookups it costs and its faults
    may_send(names, domain, address) what it says of one IP address

Macros are not expanded: what hangs on them depends on the mail.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final, Protocol

MOST_LOOKUPS: Final = 10
"""RFC 7208, 4.6.4: then a receiver stops, and the record counts for nothing."""
_DEEPEST: Final = 20
_RESULTS: Final[Mapping[str, str]] = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}
_TERM: Final = re.compile(
    r"(?P<sign>[+?~-]?)(?P<name>all|include|exists|ptr|mx|a|ip4|ip6)(?::(?P<value>[^/]*))?"
    r"(?P<bits>(?:/\d{1,3})?(?://\d{1,3})?)",
    re.IGNORECASE,
)
_MODIFIER: Final = re.compile(r"(?P<name>[a-z][\w.-]*)=(?P<value>.*)", re.IGNORECASE)


class Names(Protocol):
    """What is asked of DNS; None: there is no such name."""

    def txt(self, name: str) -> tuple[str, ...] | None: ...

    def mx(self, name: str) -> tuple[str, ...] | None: ...

    def addresses(self, name: str) -> tuple[str, ...] | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One mechanism of a record."""

    sign: str
    name: str
    value: str
    """A domain or a network; empty: the domain itself."""
    bits: str = ""
    """As in `/24//64`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spf:
    """What a domain says."""

    record: str
    """Empty: nothing."""
    lookups: int = 0
    """What it costs a receiver that has to read all of it."""
    included: tuple[str, ...] = ()
    """The domains that it includes, also at second hand."""
    faults: tuple[str, ...] = ()
    """What makes a receiver drop it, as clauses."""
    lets_all: bool = False
    """Whether anybody may send."""


def spf_of(names: Names, domain: str) -> Spf:
    """Read the record of *domain*, and those that it includes."""
    walk = _Walk(names)
    records = _records(names, domain)
    if len(records) > 1:
        said = f"{domain} has {len(records)} SPF records, so that none counts"
        return Spf(record=records[0], faults=(said,))
    walk.over(domain, 0)
    terms, _ = _parsed(records[0]) if records else ((), "")
    return Spf(
        record=records[0] if records else "",
        lookups=walk.lookups,
        included=tuple(dict.fromkeys(walk.included)),
        faults=tuple(dict.fromkeys(walk.faults)),
        lets_all=any(term.name == "all" and term.sign == "+" for term in terms),
    )


def may_send(names: Names, domain: str, address: str, *, depth: int = 0) -> str:
    """What the record says of *address*: `pass`, `fail`, `softfail`, `neutral`, or `none` if there is no record."""
    records = _records(names, domain)
    if len(records) != 1 or depth > _DEEPEST:
        return "none"
    terms, redirect = _parsed(records[0])
    for term in terms:
        if _matches(names, domain, term, address, depth):
            return _RESULTS[term.sign]
    return may_send(names, redirect, address, depth=depth + 1) if redirect else "neutral"


class _Walk:
    """Goes over a record and all that it includes, as a receiver at worst has to."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self.lookups = 0
        self.included: list[str] = []
        self.faults: list[str] = []

    def over(self, domain: str, depth: int) -> None:
        if depth > _DEEPEST or self.lookups > 5 * MOST_LOOKUPS:
            self.faults.append(f"{domain} is included in a circle, or too deep")
            return
        records = _records(self._names, domain)
        if depth and len(records) != 1:
            self.faults.append(f"{domain}, which it includes, has {'several' if records else 'no'} SPF records")
        if len(records) != 1:
            return
        terms, redirect = _parsed(records[0])
        self.faults += [f"{word!r} in the record of {domain} is no term of SPF" for word in _unknown(records[0])]
        for term in terms:
            self.lookups += term.name in ("include", "a", "mx", "ptr", "exists")
            if term.name == "include" and "%" not in term.value:
                self.included.append(term.value)
                self.over(term.value, depth + 1)
        if redirect and "%" not in redirect:
            self.lookups += 1
            self.included.append(redirect)
            self.over(redirect, depth + 1)


def _records(names: Names, domain: str) -> list[str]:
    return [text for text in names.txt(domain) or () if re.match(r"v=spf1(?: |$)", text, re.IGNORECASE)]


def _words(record: str) -> list[str]:
    return record.split()[1:]


def _parsed(record: str) -> tuple[list[Term], str]:
    """The mechanisms of a record, and where it redirects to; nothing behind `all` counts."""
    terms: list[Term] = []
    redirect = ""
    for word in _words(record):
        if found := _TERM.fullmatch(word):
            name, value = found["name"].lower(), (found["value"] or "").lower().rstrip(".")
            terms.append(Term(sign=found["sign"] or "+", name=name, value=value, bits=found["bits"]))
        elif (modifier := _MODIFIER.fullmatch(word)) and modifier["name"].lower() == "redirect":
            redirect = modifier["value"].lower().rstrip(".")
    ends = next((n for n, term in enumerate(terms) if term.name == "all"), None)
    return (terms, redirect) if ends is None else (terms[: ends + 1], "")


def _unknown(record: str) -> Iterator[str]:
    for word in _words(record):
        found = _TERM.fullmatch(word)
        if (found is None and not _MODIFIER.fullmatch(word)) or (
            found and found["name"].lower() in ("ip4", "ip6") and _network(found["value"] or "", found["bits"]) is None
        ):
            yield word


def _network(value: str, bits: str) -> object | None:
    try:
        return ip_network(value + bits, strict=False)
    except ValueError:
        return None


def _matches(names: Names, domain: str, term: Term, address: str, depth: int) -> bool:
    where = term.value or domain
    match term.name:
        case "all":
            return True
        case "ip4" | "ip6":
            return _is_in(address, term.value, term.bits)
        case "include" if "%" not in where:
            return may_send(names, where, address, depth=depth + 1) == "pass"
        case "a" if "%" not in where:
            return any(_is_in(address, one, _bits(term.bits, one)) for one in names.addresses(where) or ())
        case "mx" if "%" not in where:
            hosts = [host for host in names.mx(where) or () if host != "."]
            return any(
                _is_in(address, one, _bits(term.bits, one)) for host in hosts for one in names.addresses(host) or ()
            )
        case _:
            return False


def _bits(both: str, address: str) -> str:
    """Of `/24//64` the part that is for this kind of address."""
    four, _, six = both.partition("//")
    if ":" in address:
        return f"/{six}" if six else ""
    return four


def _is_in(address: str, value: str, bits: str) -> bool:
    try:
        return ip_address(address) in ip_network(value + bits, strict=False)
    except (ValueError, TypeError):
        return False
