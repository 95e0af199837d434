"""Behind a reverse proxy: where a visitor came from, and the path below which the site lies.

X-Forwarded-* headers are believed only from the proxies that the config names: everybody else may write anything there.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import Headers
from starlette.responses import RedirectResponse

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send


def network_of(address: str) -> str:
    """The network of an IP address, /24 or /48, for limits: one person has many addresses in one. Empty for none."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(found, IPv6Address) and found.ipv4_mapped:
        found = found.ipv4_mapped
    return str(ip_network(f"{found}/{24 if found.version == 4 else 48}", strict=False))


class Proxies:
    """Middleware that finds out where a request came from, and takes the site's own path off its path."""

    def __init__(self, app: ASGIApp, *, base_url: str | None, proxies: Sequence[str]) -> None:
        """Args:
        base_url: Where the site is reached from outside; its path may be left on by a proxy, or taken off.
        proxies: Addresses and networks of proxies.
        """
        self._app = app
        self._path = unquote(urlsplit(base_url or "").path).rstrip("/")
        self._proxies = tuple(ip_network(one, strict=False) for one in proxies)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif self._path and scope["path"] == self._path:
            # Links on its first page are relative to the folder.
            await RedirectResponse(f"./{quote(self._path.rpartition('/')[2])}/", status_code=308)(scope, receive, send)
        else:
            self._read(scope)
            await self._app(scope, receive, send)

    def _read(self, scope: Scope) -> None:
        client = scope.get("client")
        address = client[0] if client else ""
        headers = Headers(scope=scope)
        is_stripped = False
        if self._is_proxy(address):
            # The last one that is no proxy of ours: those before it are what the visitor says.
            told = [one.strip() for line in headers.getlist("x-forwarded-for") for one in line.split(",")]
            while told and self._is_proxy(address):
                address = told.pop()
            is_stripped = headers.get("x-forwarded-prefix", "").rstrip("/") == self._path
        scope["digest.network"] = network_of(address)
        path = scope["path"]
        if self._path and not is_stripped and f"{path}/".startswith(f"{self._path}/"):
            path = path[len(self._path) :]
        scope["path"] = path or "/"
        scope["root_path"] = ""

    def _is_proxy(self, address: str) -> bool:
        try:
            found = ip_address(address.partition("%")[0])
        except ValueError:
            return False
        if isinstance(found, IPv6Address) and found.ipv4_mapped:
            found = found.ipv4_mapped
        return any(found in network for network in self._proxies)
