"""Whose address a request has: what a proxy says is believed of named proxies only, and only what it saw itself."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from core.peers import client_address

TRUSTED = [ip_network("10.1.0.0/16"), ip_network("::1/128")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.7", "", "192.0.2.7"),
        ("192.0.2.7", "203.0.113.9", "192.0.2.7"),  # no proxy of ours: whatever it says, it is itself
        ("10.1.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.1.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),  # the first was written by the client
        ("10.1.0.1", "203.0.113.9, 10.1.0.2", "203.0.113.9"),  # two of ours, one behind the other
        ("10.1.0.1", "10.1.0.3, 10.1.0.2", "10.1.0.3"),  # somebody on a proxy itself
        ("10.1.0.1", "", "10.1.0.1"),
        ("10.1.0.1", "203.0.113.9, unknown", "10.1.0.1"),
        ("10.1.0.1", "203.0.113.9:51234", "203.0.113.9"),
        ("::1", "[2001:db8::7]:443", "2001:db8::7"),
        ("::ffff:10.1.0.1", "203.0.113.9", "203.0.113.9"),
        ("", "203.0.113.9", ""),
    ],
)
def test_the_client_is_the_last_that_no_named_proxy_is(peer: str, forwarded: str, address: str) -> None:
    assert client_address(peer, forwarded, TRUSTED) == address
