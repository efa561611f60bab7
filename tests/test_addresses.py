"""Addresses: how one may be written, and which hosts may be connected to."""

from __future__ import annotations

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import InvalidSetting, NotFetched
from corpus.fetching.addresses import Guard, parse, resolve
from corpus.fetching.networks import not_public
from tests.web import PUBLIC


def no_names(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host} must be refused before anybody asks for its IP address")


HOSTILE = {
    # Not the web.
    "file:///etc/passwd": "not file",
    "FILE://localhost/etc/passwd": "not FILE",
    "ftp://example.org/a": "not ftp",
    "gopher://example.org:70/1": "not gopher",
    "dict://example.org:2628/d:word": "not dict",
    "data:text/html,<p>hello</p>": "white space|not data",
    "javascript:alert(1)": "not javascript",
    "jar:http://example.org/a!/b": "not jar",
    "ldap://example.org/": "not ldap",
    "view-source:http://example.org/": "not view-source",
    "example.org/page": "no scheme",
    "//example.org/page": "no scheme",
    "/etc/passwd": "no scheme",
    "": "no scheme",
    "http:example.org": "without a host",
    "http:/127.0.0.1/": "without a host",
    "http:///127.0.0.1/": "without a host",
    "http://": "without a host",
    "http://:80/": "can't be the name",
    "http://?query": "without a host",
    # Names and passwords, and what hides behind an @.
    "http://good.example@127.0.0.1/": "before the @",
    "http://user:secret@example.org/": "before the @",
    "http://example.org@[::1]/": "before the @",
    "http://@127.0.0.1/": "before the @",
    "http://example.org%40127.0.0.1/": "can't be the name",
    # Signs that programs read in different ways.
    "http://127.0.0.1\\@good.example/": "backslashes",
    "http://good.example\\@127.0.0.1/": "backslashes",
    "http:\\\\127.0.0.1\\": "backslashes",
    "http://good.example\t@127.0.0.1/": "white space",
    "http://127.0.0.1\n.good.example/": "white space",
    "http://good.example/\r\nHost: 127.0.0.1": "white space",
    " http://good.example/": "white space",
    "http://good.example/\x00": "control characters",
    "http://127.0.0\u200b.1/": "control characters",
    "http://good.example/\u202egnp.exe": "control characters",
    # This machine.
    "http://localhost/": "this machine",
    "http://LOCALHOST:8080/": "this machine",
    "http://localhost./": "this machine",
    "http://www.localhost/": "this machine",
    "http://ｌｏｃａｌｈｏｓｔ/": "this machine",
    "http://127.0.0.1/": "this machine",
    "http://127.0.0.1:8080/": "this machine",
    "http://127.255.255.254/": "this machine",
    "http://[::1]/": "this machine",
    "http://[0:0:0:0:0:0:0:1]/": "this machine",
    # IPv4 in disguise.
    "http://2130706433/": "unusual form",
    "http://0177.0.0.1/": "unusual form",
    "http://0x7f.0.0.1/": "unusual form",
    "http://0x7f.1/": "unusual form",
    "http://0x7f000001/": "unusual form",
    "http://0x/": "unusual form",
    "http://127.1/": "unusual form",
    "http://127.0.1/": "unusual form",
    "http://017700000001/": "unusual form",
    "http://127.0.0.01/": "unusual form",
    "http://127.0.0.1./": "unusual form",
    "http://0/": "unusual form",
    "http://256.256.256.256/": "unusual form",
    "http://good.example.127/": "unusual form",
    "http://①②⑦.⓪.⓪.①/": "unusual form",
    "http://１２７.0.0.1/": "unusual form",
    "http://127。0。0。1/": "unusual form",
    "http://127%2e0%2e0%2e1/": "can't be the name",
    "http://%31%32%37.0.0.1/": "can't be the name",
    # Networks that aren't public.
    "http://0.0.0.0/": "this network",
    "http://10.0.0.1/": "a private address",
    "http://172.16.0.1/": "a private address",
    "http://172.31.255.255/": "a private address",
    "http://192.168.1.1/": "a private address",
    "http://100.64.0.1/": "shared",
    "http://100.100.100.200/": "shared",
    "http://169.254.1.1/": "link-local",
    "http://169.254.169.254/latest/meta-data/": "a cloud's metadata",
    "http://168.63.129.16/": "a cloud's own",
    "http://192.0.0.192/": "the protocols' own",
    "http://192.0.2.1/": "documentation",
    "http://198.18.0.1/": "benchmarks",
    "http://198.51.100.1/": "documentation",
    "http://203.0.113.1/": "documentation",
    "http://224.0.0.1/": "multicast",
    "http://240.0.0.1/": "reserved",
    "http://255.255.255.255/": "reserved",
    # IPv6, and IPv4 within it.
    "http://[::]/": "unspecified",
    "http://[::ffff:127.0.0.1]/": "IPv4 address within",
    "http://[::ffff:7f00:1]/": "IPv4 address within",
    "http://[::ffff:8.8.8.8]/": "IPv4 address within",
    "http://[::127.0.0.1]/": "IPv4 address within",
    "http://[::ffff:0:127.0.0.1]/": "reserved",
    "http://[64:ff9b::127.0.0.1]/": "this machine",
    "http://[64:ff9b::a9fe:a9fe]/": "a cloud's metadata",
    "http://[64:ff9b:1::1]/": "translated",
    "http://[2002:7f00:1::]/": "6to4",
    "http://[2001:0:7f00:1::]/": "Teredo",
    "http://[fe80::1]/": "link-local",
    "http://[fe80::1%25eth0]/": "zone",
    "http://[fe80::1%eth0]/": "zone",
    "http://[fc00::1]/": "a private address",
    "http://[fd00:ec2::254]/": "a cloud's metadata",
    "http://[fec0::1]/": "site-local",
    "http://[ff02::1]/": "multicast",
    "http://[2001:db8::1]/": "documentation",
    "http://[3fff::1]/": "documentation",
    "http://[2001:2::1]/": "benchmarks",
    "http://[4000::1]/": "reserved",
    "http://[::1/": "no host with a port",
    "http://::1/": "no host with a port",
    "http://[127.0.0.1]/": "no IPv6 address",
    "http://[v1.fe80::a+en1]/": "no IPv6 address",
    # Ports of other services, and none.
    "http://example.org:22/": "port 22",
    "http://example.org:25/": "port 25",
    "http://example.org:0/": "port 0",
    "http://example.org:6667/": "port 6667",
    "http://example.org:65536/": "port 65536",
    "http://example.org:99999/": "port 99999",
    "http://example.org:123456/": "no host with a port",
    "http://example.org:８０/": "no host with a port",
    "http://example.org:80:80/": "no host with a port",
    "http://example.org:-80/": "no host with a port",
    # Names that can't be.
    "http://example..org/": "can't be the name",
    "http://.example.org/": "can't be the name",
    "http://-example.org/": "can't be the name",
    "http://exa$mple.org/": "can't be the name",
    "http://" + "a" * 64 + ".org/": "can't be the name",
    "http://" + "a." * 130 + "org/": "can't be the name",
    "http://\u2100.org/": "can't be the name",
    "http://example.org/" + "a" * 5000: "more than 4096",
}

GOOD = {
    "http://example.org": "http://example.org/",
    "https://example.org:443/a#part": "https://example.org/a",
    "HTTPS://EXAMPLE.org/Path": "https://example.org/Path",
    "http://example.org:8080/?q=1": "http://example.org:8080/?q=1",
    "http://example.org:/a": "http://example.org/a",
    "https://example.org./a": "https://example.org/a",
    "https://example.org/a/./b/../c/%2e%2E/d/..": "https://example.org/a/",
    "https://example.org/../../x": "https://example.org/x",
    "https://example.org/a//b/": "https://example.org/a//b/",
    "https://example.org?q=a/../b": "https://example.org/?q=a/../b",
    "https://example.org/?": "https://example.org/?",
    "https://example.org/a@b:c;d,e": "https://example.org/a@b:c;d,e",
    "https://example.org/100%25/%E6%97%A5": "https://example.org/100%25/%E6%97%A5",
    "https://example.org/日本?q=é": "https://example.org/%E6%97%A5%E6%9C%AC?q=%C3%A9",
    "https://bücher.example/": "https://xn--bcher-kva.example/",
    "https://BÜCHER.example/": "https://xn--bcher-kva.example/",
    "https://straße.example/": "https://xn--strae-oqa.example/",
    "https://例え.テスト/": "https://xn--r8jz45g.xn--zckzah/",
    "https://my_site.example.org/": "https://my_site.example.org/",
    "https://a--b.example.org/": "https://a--b.example.org/",
    "http://8.8.8.8/": "http://8.8.8.8/",
    "http://172.32.0.1:8000/": "http://172.32.0.1:8000/",
    "http://[2606:4700:4700:0:0:0:0:1111]/": "http://[2606:4700:4700::1111]/",
    "http://[2606:4700:4700::1111]:8080/": "http://[2606:4700:4700::1111]:8080/",
    "http://[64:ff9b::8.8.8.8]/": "http://[64:ff9b::808:808]/",
}


@pytest.mark.parametrize("url", HOSTILE)
def test_hostile_addresses_are_refused_with_the_reason(url: str) -> None:
    with pytest.raises(NotFetched, match=HOSTILE[url]) as refused:
        Guard(resolver=no_names).ip_addresses(parse(url))
    assert str(refused.value).isprintable()


@pytest.mark.parametrize("url", GOOD)
def test_good_addresses_pass_and_are_written_in_one_way(url: str) -> None:
    address = parse(url)
    assert str(address) == GOOD[url]
    assert parse(str(address)) == address
    assert Guard(resolver=lambda host, port: [PUBLIC]).ip_addresses(address)


@pytest.mark.parametrize(
    "found",
    [
        ["127.0.0.1"],
        [PUBLIC, "10.0.0.1"],
        ["10.0.0.1", PUBLIC],
        [PUBLIC, "::1"],
        ["::ffff:192.168.0.1"],
        ["fe80::1%eth0"],
        ["169.254.169.254"],
        ["64:ff9b::7f00:1"],
    ],
)
def test_a_name_that_leads_inside_is_refused_also_if_only_one_of_its_addresses_does(found: list[str]) -> None:
    with pytest.raises(NotFetched, match=r"good\.example leads to .*, which is "):
        Guard(resolver=lambda host, port: found).ip_addresses(parse("https://good.example/"))


def test_a_name_that_nobody_knows() -> None:
    def nothing(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(NotFetched, match="isn't found"):
        Guard(resolver=nothing).ip_addresses(parse("https://good.example/"))
    with pytest.raises(NotFetched, match="has no IP address"):
        Guard(resolver=lambda host, port: []).ip_addresses(parse("https://good.example/"))


def test_the_system_s_resolver() -> None:
    assert resolve("127.0.0.1", 80) == ["127.0.0.1"]
    with pytest.raises(NotFetched, match="this machine"):
        Guard().ip_addresses(parse("http://localhost.:8000/"))


@pytest.mark.parametrize("place", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "LocalHost:8000", "wiki.corp:22"])
def test_what_is_let_in_is_that_host_and_that_port_only(place: str) -> None:
    guard = Guard([place], lambda host, port: ["127.0.0.1"])
    assert guard.ip_addresses(parse(f"http://{place}/a")) == ["127.0.0.1"]
    host = place.rpartition(":")[0]
    for other in (f"http://{host}:8001/", f"http://{host}/", "http://127.0.0.2:8000/", "http://other.corp:8000/"):
        with pytest.raises(NotFetched):
            guard.ip_addresses(parse(other))


@pytest.mark.parametrize("place", ["127.0.0.1", "http://127.0.0.1:8000", "", ":80", "a b:80", "127.1:80", "::1:80"])
def test_what_to_let_in_must_be_a_host_and_a_port(place: str) -> None:
    with pytest.raises(InvalidSetting, match="fetch_private"):
        Guard([place])


@given(st.ip_addresses(v=4))
def test_all_of_ipv4_that_python_knows_as_not_global_is_refused(address: ipaddress.IPv4Address) -> None:
    if not address.is_global or address.is_multicast:
        assert not_public(address)


@given(st.ip_addresses(v=6))
def test_all_of_ipv6_that_python_knows_as_not_global_is_refused(address: ipaddress.IPv6Address) -> None:
    if not address.is_global or address.is_multicast:
        assert not_public(address)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    for url in (text, f"http://{text}", f"https://example.org/{text}"):
        try:
            address = parse(url)
        except NotFetched:
            continue
        assert parse(str(address)) == address
        assert str(address).isascii()
        assert not set(str(address)) & set(" \\\t\r\n")
