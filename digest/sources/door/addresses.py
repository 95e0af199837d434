"""Which addresses are public, and which are the operator's own business.

`ipaddress.is_global` does not answer that: depending on Python's version it calls NAT64 and 6to4 forms of 127.0.0.1
public, and `::127.0.0.1`, and multicast. So the special ranges stand here, from IANA's registries:
https://www.iana.org/assignments/iana-ipv4-special-registry  https://www.iana.org/assignments/iana-ipv6-special-registry
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

_NOT_PUBLIC_V4: Final = tuple(
    IPv4Network(network)
    for network in (
        "0.0.0.0/8",  # this host; Linux connects 0.0.0.0 to itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # behind a provider's NAT; one cloud's metadata is at 100.100.100.200
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; most clouds' metadata is at 169.254.169.254
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation, as are 198.51.100 and 203.0.113
        "192.88.99.0/24",  # relays of 6to4, given up
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
_UNICAST_V6: Final = IPv6Network("2000::/3")
"""All that is handed out to the public; outside are loopback, link-local, site-local, unique local, multicast."""
_NOT_PUBLIC_V6: Final = tuple(
    IPv6Network(network)
    for network in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",  # documentation, as is 3fff
        "3fff::/20",
    )
)
_MAPPED: Final = IPv6Network("::ffff:0:0/96")
_NAT64: Final = IPv6Network("64:ff9b::/96")
"""What a DNS64 gives for a public IPv4 address. Its sister 64:ff9b:1::/48 belongs to the local network, which alone
knows where in it the IPv4 address stands: not public."""
_SIX_TO_FOUR: Final = IPv6Network("2002::/16")


class PrivateAddressError(Exception):
    """An address that only the operator himself may have asked for."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(f"{host} is at {address}")
        self.host = host
        self.address = address


def is_public(address: str) -> bool:
    """Whether *address*, an IP address as text, is one that anybody may be sent to.

    An IPv6 address that carries an IPv4 address leads to that one, and is judged by it.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return _is_public_v4(parsed) if isinstance(parsed, IPv4Address) else _is_public_v6(parsed)


def literal(host: str) -> str | None:
    """*host* as an IP address, if it is one in plain form; `127.1` and `2130706433` are names until resolved."""
    try:
        return str(ip_address(host.strip("[]")))
    except ValueError:
        return None


def is_own(host: str) -> bool:
    """Whether *host*, as it is written, is this machine or an address of a private network."""
    address = literal(host)
    if address is not None:
        return not is_public(address)
    name = host.lower().rstrip(".")
    return name == "localhost" or name.endswith(".localhost")


def is_loopback(host: str) -> bool:
    """Whether *host*, as it is written, is this machine."""
    address = literal(host)
    return is_own(host) if address is None else ip_address(address).is_loopback


def _is_public_v4(address: IPv4Address) -> bool:
    return not any(address in network for network in _NOT_PUBLIC_V4)


def _is_public_v6(address: IPv6Address) -> bool:
    packed = address.packed
    plain = IPv6Address(packed)  # a scope ("fe80::1%eth0") would be in no network
    if plain in _MAPPED or plain in _NAT64:
        return _is_public_v4(IPv4Address(packed[12:]))
    if plain in _SIX_TO_FOUR:
        return _is_public_v4(IPv4Address(packed[2:6]))
    return plain in _UNICAST_V6 and not any(plain in network for network in _NOT_PUBLIC_V6)
