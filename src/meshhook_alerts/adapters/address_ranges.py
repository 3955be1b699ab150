"""Which IP addresses are not public, after the IANA special-purpose registries of RFC 6890.

This is the place to add a range. The standard library's ``is_global`` is not used: its tables
change with the Python version and let translated, mapped and multicast addresses through.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class SpecialRange:
    """A block of addresses that is not the public internet."""

    network: Network
    what: str
    """What its addresses are, as it follows "…, ": ``a private address (RFC 1918)``."""
    openable: bool
    """Whether an operator may open it; the rest can never be reached."""


def _ranges(openable: bool, *rows: tuple[str, str]) -> tuple[SpecialRange, ...]:
    return tuple(SpecialRange(ip_network(network), what, openable) for network, what in rows)


_METADATA = "a cloud metadata address"

NEVER = _ranges(
    False,
    # Metadata services outside the link-local block; before the blocks that hold them.
    ("100.100.100.200/32", _METADATA),
    ("168.63.129.16/32", _METADATA),
    ("192.0.0.192/32", _METADATA),
    ("fd00:42::42/128", _METADATA),
    ("fd00:c1::a9fe:a9fe/128", _METADATA),
    ("fd00:ec2::/32", _METADATA),
    ("fd20:ce::254/128", _METADATA),
    # IPv4 registry, RFC 6890 and later.
    ("0.0.0.0/8", "an address of this network (RFC 791)"),
    ("169.254.0.0/16", "a link-local address, where cloud metadata lives (RFC 3927)"),
    ("192.0.0.0/24", "an address for protocol assignments (RFC 6890)"),
    ("192.0.2.0/24", "a documentation address (RFC 5737)"),
    ("192.31.196.0/24", "an AS112 address (RFC 7535)"),
    ("192.52.193.0/24", "a multicast tunnel address (RFC 7450)"),
    ("192.88.99.0/24", "a 6to4 relay address (RFC 7526)"),
    ("192.175.48.0/24", "an AS112 address (RFC 7534)"),
    ("198.18.0.0/15", "a benchmarking address (RFC 2544)"),
    ("198.51.100.0/24", "a documentation address (RFC 5737)"),
    ("203.0.113.0/24", "a documentation address (RFC 5737)"),
    ("224.0.0.0/4", "a multicast address (RFC 5771)"),
    ("255.255.255.255/32", "the broadcast address (RFC 919)"),
    ("240.0.0.0/4", "a reserved address (RFC 1112)"),
    # IPv6 registry, RFC 6890 and later.
    ("::/128", "the unspecified address (RFC 4291)"),
    ("64:ff9b:1::/48", "an address of local translation (RFC 8215)"),
    ("100::/64", "a discard address (RFC 6666)"),
    ("100:0:0:1::/64", "a dummy address (RFC 9780)"),
    ("2001::/32", "a Teredo address (RFC 4380)"),
    ("2001:2::/48", "a benchmarking address (RFC 5180)"),
    ("2001:10::/28", "an ORCHID address (RFC 4843)"),
    ("2001:20::/28", "an ORCHID address (RFC 7343)"),
    ("2001:30::/28", "a drone identifier (RFC 9374)"),
    ("2001::/23", "an address for protocol assignments (RFC 2928)"),
    ("2001:db8::/32", "a documentation address (RFC 3849)"),
    ("2002::/16", "a 6to4 address (RFC 3056)"),
    ("2620:4f:8000::/48", "an AS112 address (RFC 7534)"),
    ("3fff::/20", "a documentation address (RFC 9637)"),
    ("5f00::/16", "a segment routing address (RFC 9602)"),
    ("fe80::/10", "a link-local address (RFC 4291)"),
    ("fec0::/10", "a site-local address (RFC 3879)"),
    ("ff00::/8", "a multicast address (RFC 4291)"),
)

OPENABLE = _ranges(
    True,
    ("10.0.0.0/8", "a private address (RFC 1918)"),
    ("100.64.0.0/10", "a shared carrier address (RFC 6598)"),
    ("127.0.0.0/8", "an address of this very machine (RFC 1122)"),
    ("172.16.0.0/12", "a private address (RFC 1918)"),
    ("192.168.0.0/16", "a private address (RFC 1918)"),
    ("::1/128", "an address of this very machine (RFC 4291)"),
    ("fc00::/7", "a private address (RFC 4193)"),
)

_PUBLIC_IPV6 = ip_network("2000::/3")
_NOT_PUBLIC_IPV6 = SpecialRange(ip_network("::/0"), "outside the public IPv6 range", False)
_HOLDING_IPV4 = tuple(
    ip_network(network)
    for network in ("::ffff:0:0/96", "::/96", "64:ff9b::/96")  # mapped, compatible, NAT64
)
_PLAIN_IPV6 = frozenset({IPv6Address("::"), IPv6Address("::1")})


def reached(address: Address) -> Address:
    """The address a packet really goes to: the IPv4 one inside a mapped, compatible or
    translated IPv6 address (RFC 4291, RFC 6052), else ``address`` itself."""
    if not isinstance(address, IPv6Address) or address in _PLAIN_IPV6:
        return address
    if any(address in network for network in _HOLDING_IPV4):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def is_loopback(host: str) -> bool:
    """Whether a host is this very machine, by its name or address alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost"


def special_range(address: Address) -> SpecialRange | None:
    """The range that keeps ``address`` from being public; None for a public one.

    IPv6 is public only inside 2000::/3, the one block that IANA hands out.
    """
    target = reached(address)
    for special in (*NEVER, *OPENABLE):
        if target in special.network:
            return special
    if isinstance(target, IPv6Address) and target not in _PUBLIC_IPV6:
        return _NOT_PUBLIC_IPV6
    return None


def parse_openings(texts: Iterable[str]) -> tuple[Network, ...]:
    """The networks an operator opens, from texts such as ``10.20.0.0/16`` or ``127.0.0.1``.

    Raises ``ValueError`` naming the text that is no network or opens nothing that may be opened.
    """
    return tuple(_opening(text.strip()) for text in texts if text.strip())


def _opening(text: str) -> Network:
    try:
        network = ip_network(text)
    except ValueError as problem:
        raise ValueError(f"{text!r} is not a network such as 10.0.0.0/8: {problem}") from None
    if not any(_overlap(network, special.network) for special in OPENABLE):
        blocks = ", ".join(str(special.network) for special in OPENABLE)
        raise ValueError(f"{text!r} cannot be opened; only parts of these can: {blocks}")
    return network


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)
