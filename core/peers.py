"""Who is at the other end: a proxy's word for it is taken only from a proxy that is named."""

from __future__ import annotations

from collections.abc import Collection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


def client_address(peer: str, forwarded: str, trusted: Collection[Network]) -> str:
    """The client's address: the peer's own, or the last in X-Forwarded-For that none of the named proxies has.

    Each proxy adds at the end whom it had before it; what a client wrote there itself stands further left and is not
    reached. Where a named proxy passes on something that is no address, its own is taken.
    """
    nearest = peer
    for hop in [*reversed(forwarded.split(",")), ""]:
        if not is_one_of(nearest, trusted):
            return nearest
        address = _parsed(hop)
        if address is None:
            return nearest
        nearest = str(address)
    return nearest


def is_one_of(address: str, networks: Collection[Network]) -> bool:
    """Whether an address lies in one of the networks; what is no address lies in none."""
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    """An address as proxies write it: with a port behind it or in brackets, too; an IPv4 one as itself."""
    text = text.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
