"""What was asked of the door, and what follows from it: whom it is for, where it may go, and what is secret.

Addresses are read as the network reads them, by httpx2 alone: where two readings of one differ, what was checked is
not what is asked.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, quote_plus, unquote_plus, urlencode, urljoin

from digest.core.errors import NotYetError, SourceError
from digest.core.models import Document
from digest.core.private import without_password
from digest.sources.door.deadline import Deadline

if TYPE_CHECKING:
    import httpx2

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_HOST: Final = re.compile(r"[A-Za-z0-9._~:-]+")
_TELLING: Final = 8
"""Characters from which on a secret is looked for in what others say; a short one would be found in any word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of the door."""

    url: str
    """As it was given; errors and documents carry it."""
    start: httpx2.URL
    """The same, read, and without user and password."""
    cached: Document | None
    dated: bool
    trusted: bool
    headers: Mapping[str, str]
    """With the user and password of the address."""
    secret_query: Mapping[str, str]
    deadline: Deadline

    @classmethod
    def to(
        cls,
        url: str,
        *,
        cached: Document | None,
        dated: bool,
        trusted: bool,
        headers: Mapping[str, str],
        secret_query: Mapping[str, str],
        deadline: Deadline,
    ) -> Request:
        """Read the address.

        Raises:
            SourceError: It is none that can be asked.
        """
        start = _parsed(url, url)
        if start.userinfo:
            both = f"{start.username}:{start.password}".encode()
            headers = {"Authorization": f"Basic {b64encode(both).decode('ascii')}", **headers}
            start = start.copy_with(username=None, password=None)
        return cls(
            url=url,
            start=start,
            cached=cached,
            dated=dated,
            trusted=trusted,
            headers=headers,
            secret_query=secret_query,
            deadline=deadline,
        )

    def is_own(self, address: httpx2.URL) -> bool:
        """Whether *address* is of the host that was named, or its https: what is secret goes there and nowhere else."""
        if address.host != self.start.host:
            return False
        return _port(address) == _port(self.start) or (_port(self.start), _port(address)) == (80, 443)

    def starts_at(self, address: httpx2.URL) -> bool:
        """Whether *address* is of the very server that was named, by scheme, host and port."""
        return _server(address) == _server(self.start)

    def following(self, current: httpx2.URL, target: str) -> httpx2.URL:
        """Where a redirect from *current* leads.

        Raises:
            SourceError: It may not be followed.
        """
        try:
            there = urljoin(str(current), target)
        except ValueError as exc:
            raise self.error(f"redirects to an address that is none ({shown(target)[:100]})") from exc
        if current.scheme == "https" and not there.lower().startswith("https:"):
            raise self.error(f"redirects from https to {shown(there)}, which is not safe to follow")
        try:
            address = _parsed(there, self.url)
        except SourceError as exc:
            raise self.error(str(exc)) from exc
        if address.userinfo:
            raise self.error(f"redirects to {shown(there)} with a password, which is not followed")
        return self._bare(address)

    def with_secrets(self, address: httpx2.URL) -> httpx2.URL:
        """*address* as it is sent to the host's own server."""
        if not self.secret_query:
            return address
        bare = self._bare(address)
        secret = urlencode(self.secret_query).encode("ascii")
        return bare.copy_with(query=b"&".join(part for part in (bare.query, secret) if part))

    def error(self, sentence: str, *, status: int | None = None, retry_after_s: float | None = None) -> SourceError:
        """A failure of this request."""
        sentence = self._hidden(sentence)
        return SourceError(sentence, url=self.url, status=status, retry_after_s=retry_after_s, gone=status == 410)

    def not_yet(self, sentence: str, *, status: int) -> NotYetError:
        """That there is nothing to fetch yet."""
        return NotYetError(self._hidden(sentence), url=self.url, status=status)

    def without_secrets(self, content: bytes) -> bytes:
        """An answer fit to be kept: some servers repeat the whole query in it."""
        for secret in self.secret_query.values():
            for spelling in _spellings(secret):
                content = content.replace(spelling.encode(), b"hidden")
        return content

    def _hidden(self, sentence: str) -> str:
        """A sentence without secrets, whatever a server or a library put into it."""
        # "Bearer …": a server quotes the key without that word.
        bare = (value.strip().rpartition(" ")[2] for value in self.headers.values())
        for secret in (*self.secret_query.values(), *self.headers.values(), *bare):
            for spelling in _spellings(secret):
                sentence = sentence.replace(spelling, "…")
        return sentence

    def _bare(self, address: httpx2.URL) -> httpx2.URL:
        """Without the secret parameters: a redirect often repeats the address it came from."""
        parts = address.query.decode("ascii").split("&")
        kept = [part for part in parts if unquote_plus(part.partition("=")[0]) not in self.secret_query]
        return address if kept == parts else address.copy_with(query="&".join(kept).encode("ascii") or None)


def same_server(one: str, other: str) -> bool:
    """Whether two addresses are of one server, by scheme, host and port; two paths are, of this machine.

    A page that says where the next one is may say anything: the trust in the first, and its keys, are for its own
    server.
    """
    import httpx2

    try:
        return _server(httpx2.URL(one)) == _server(httpx2.URL(other))
    except (httpx2.InvalidURL, UnicodeError):
        return False


def shown(url: str) -> str:
    """An address fit for a message: without user and password, and not endless."""
    return without_password(url)[:200]


def _parsed(address: str, url: str) -> httpx2.URL:
    """An address that may be asked."""
    import httpx2

    try:
        parsed = httpx2.URL(address)
    except (httpx2.InvalidURL, UnicodeError) as exc:
        # What the library says quotes the password, where that is what it stumbled over.
        has_user = without_password(address) != address
        why = "write %2F for / and %40 for @ in its user and password" if has_user else exc
        raise SourceError(f"{shown(address)} is no web address ({why})", url=url) from exc
    if parsed.scheme not in ("http", "https"):
        raise SourceError(f"redirects to a {parsed.scheme or 'nameless'}: address, which is not followed", url=url)
    if not _HOST.fullmatch(parsed.raw_host.decode("ascii")):
        raise SourceError(f"{shown(address)} names no host", url=url)
    if not 0 < _port(parsed) < 65_536:
        raise SourceError(f"{shown(address)} names a port that there cannot be", url=url)
    return parsed


def _server(address: httpx2.URL) -> tuple[str, str, int]:
    return ("file", "", 0) if address.scheme in ("", "file") else (address.scheme, address.host, _port(address))


def _port(address: httpx2.URL) -> int:
    if address.port is not None:
        return address.port
    return 443 if address.scheme == "https" else 80


def _spellings(secret: str) -> tuple[str, ...]:
    bare = secret.strip()
    return (bare, quote(bare, safe=""), quote_plus(bare)) if len(bare) >= _TELLING else ()
