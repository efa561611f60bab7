"""Which IP addresses are not public, by IANA's registries of special purposes for IPv4 and IPv6.

The lists are here and not taken from ``ipaddress``, whose answers differ from one Python to the next.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

_IPV4 = {
    IPv4Network("0.0.0.0/8"): "an address of this network",
    IPv4Network("10.0.0.0/8"): "a private address",
    IPv4Network("100.64.0.0/10"): "an address shared behind a provider",
    IPv4Network("127.0.0.0/8"): "this machine",
    IPv4Network("168.63.129.16/32"): "a cloud's own service",
    IPv4Network("169.254.169.254/32"): "a cloud's metadata",
    IPv4Network("169.254.0.0/16"): "a link-local address",
    IPv4Network("172.16.0.0/12"): "a private address",
    IPv4Network("192.0.0.0/24"): "an address of the protocols' own",
    IPv4Network("192.0.2.0/24"): "an address for documentation",
    IPv4Network("192.31.196.0/24"): "an address of the name service's own",
    IPv4Network("192.52.193.0/24"): "an address of a relay",
    IPv4Network("192.88.99.0/24"): "an address of a relay",
    IPv4Network("192.168.0.0/16"): "a private address",
    IPv4Network("192.175.48.0/24"): "an address of the name service's own",
    IPv4Network("198.18.0.0/15"): "an address for benchmarks",
    IPv4Network("198.51.100.0/24"): "an address for documentation",
    IPv4Network("203.0.113.0/24"): "an address for documentation",
    IPv4Network("224.0.0.0/4"): "a multicast address",
    IPv4Network("240.0.0.0/4"): "a reserved address",
}

_IPV6 = {
    IPv6Network("::/128"): "the unspecified address",
    IPv6Network("::1/128"): "this machine",
    IPv6Network("::ffff:0:0/96"): "an IPv4 address within IPv6",
    IPv6Network("::/96"): "an IPv4 address within IPv6",
    IPv6Network("64:ff9b:1::/48"): "an address translated locally",
    IPv6Network("fd00:ec2::254/128"): "a cloud's metadata",
    IPv6Network("fc00::/7"): "a private address",
    IPv6Network("fe80::/10"): "a link-local address",
    IPv6Network("fec0::/10"): "a site-local address",
    IPv6Network("ff00::/8"): "a multicast address",
    IPv6Network("2001::/32"): "an address of a tunnel (Teredo)",
    IPv6Network("2001:2::/48"): "an address for benchmarks",
    IPv6Network("2001::/23"): "an address of the protocols' own",
    IPv6Network("2001:db8::/32"): "an address for documentation",
    IPv6Network("2002::/16"): "an address of a tunnel (6to4)",
    IPv6Network("2620:4f:8000::/48"): "an address of the name service's own",
    IPv6Network("3fff::/20"): "an address for documentation",
}

_TRANSLATED = IPv6Network("64:ff9b::/96")
_GLOBAL = IPv6Network("2000::/3")
"""The only part of IPv6 that has been given out for public addresses."""


def not_public(address: IPv4Address | IPv6Address) -> str | None:
    """What an address is, if it isn't a public one."""
    if isinstance(address, IPv4Address):
        return next((what for network, what in _IPV4.items() if address in network), None)
    if address in _TRANSLATED:
        # Where only IPv6 is spoken, all of the web that has IPv4 only is reached by these (RFC 6052).
        return not_public(IPv4Address(int(address) & 0xFFFFFFFF))
    for network, what in _IPV6.items():
        if address in network:
            return what
    return None if address in _GLOBAL else "a reserved address"
