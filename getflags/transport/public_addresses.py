"""Public IP addresses: the check of ``--no-private-addresses``.

With this setting, a list from a stranger cannot make getflags request what only this machine can
reach (server-side request forgery): services of the machine or its network, or the credentials that
a cloud's metadata service gives out. Each client checks the very address that it is about to
connect to, so a name whose address changes meanwhile (DNS rebinding) leads nowhere else.

``ipaddress.is_global`` is not enough. In Python 3.11, it is true for multicast, site-local and
IPv4-compatible addresses, for the NAT64 and 6to4 forms of private IPv4 addresses, and for several
special blocks. The tables follow IANA's registries of special-purpose addresses (RFC 6890).

Two things cannot be recognized: a NAT64 with a prefix of its operator's own, and a public address
that is this machine's or its network's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from getflags.core.errors import NotPublic

_SHOWN = 3  # addresses that a message names

_SPECIAL_IPV4 = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",  # this network, and the unspecified address
            "10.0.0.0/8",  # private (RFC 1918)
            "100.64.0.0/10",  # carrier-grade NAT; Alibaba Cloud's metadata service
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # the host of a virtual machine in Azure, though its form is public
            "169.254.0.0/16",  # link-local; the metadata service of most clouds
            "172.16.0.0/12",  # private (RFC 1918)
            "192.0.0.0/24",  # protocol assignments; Oracle Cloud's metadata service
            "192.0.2.0/24",  # documentation
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",  # private (RFC 1918)
            "198.18.0.0/15",  # benchmarks
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
#: Blocks with IPv4 addresses in them, and the number of bits behind those.
_WITH_IPV4 = (
    (IPv6Network("::ffff:0:0/96"), 0),  # IPv4-mapped: the system connects over IPv4
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64, on networks without IPv4 (RFC 6052)
    (IPv6Network("2002::/16"), 80),  # 6to4 (RFC 3056)
)
#: All public addresses are in this block: loopback, unique local, multicast and so on are not.
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_SPECIAL_IPV6 = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
            "2001:db8::/32",  # documentation
            "3fff::/20",  # documentation
        ),
    )
)


def is_public(address: str) -> bool:
    """Return whether an IP address is a public one; False for other text."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv4Address):
        return not any(found in block for block in _SPECIAL_IPV4)
    return _is_public_ipv6(found)


def _is_public_ipv6(address: IPv6Address) -> bool:
    for block, bits in _WITH_IPV4:
        if address in block:
            return is_public(str(IPv4Address(int(address) >> bits & 0xFFFF_FFFF)))
    return address in _GLOBAL_UNICAST and not any(address in block for block in _SPECIAL_IPV6)


def refusal(addresses: Iterable[str]) -> NotPublic:
    """Return the fault for a host that has only these addresses, none of which is public."""
    found = sorted(set(addresses))
    shown = ", ".join(found[:_SHOWN]) + ("..." if len(found) > _SHOWN else "")
    verb = "is not a public address" if len(found) == 1 else "are not public addresses"
    return NotPublic(f"{shown} {verb} (--no-private-addresses)")
