"""Which destinations may be reached. The tables here are written from the registries, not from
the guard's own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

import pytest

from meshhook_alerts.adapters.outbound_guard import ALLOW_SETTING, AddressGuard
from meshhook_alerts.application.ports import ForbiddenDestination

# https://www.iana.org/assignments/iana-ipv4-special-registry and the multicast block: first and
# last address of each entry.
_SPECIAL_IPV4 = {
    "this network": ("0.0.0.0", "0.255.255.255"),
    "private 10/8": ("10.0.0.0", "10.255.255.255"),
    "shared carrier space": ("100.64.0.0", "100.127.255.255"),
    "loopback": ("127.0.0.0", "127.255.255.255"),
    "link-local": ("169.254.0.0", "169.254.255.255"),
    "private 172.16/12": ("172.16.0.0", "172.31.255.255"),
    "protocol assignments": ("192.0.0.0", "192.0.0.255"),
    "service continuity": ("192.0.0.0", "192.0.0.7"),
    "dummy": ("192.0.0.8", "192.0.0.8"),
    "port control anycast": ("192.0.0.9", "192.0.0.9"),
    "TURN anycast": ("192.0.0.10", "192.0.0.10"),
    "NAT64 discovery": ("192.0.0.170", "192.0.0.171"),
    "TEST-NET-1": ("192.0.2.0", "192.0.2.255"),
    "AS112 v4": ("192.31.196.0", "192.31.196.255"),
    "AMT": ("192.52.193.0", "192.52.193.255"),
    "6to4 relay": ("192.88.99.0", "192.88.99.255"),
    "6a44 relay": ("192.88.99.2", "192.88.99.2"),
    "private 192.168/16": ("192.168.0.0", "192.168.255.255"),
    "AS112 direct": ("192.175.48.0", "192.175.48.255"),
    "benchmarking": ("198.18.0.0", "198.19.255.255"),
    "TEST-NET-2": ("198.51.100.0", "198.51.100.255"),
    "TEST-NET-3": ("203.0.113.0", "203.0.113.255"),
    "multicast": ("224.0.0.0", "239.255.255.255"),
    "reserved": ("240.0.0.0", "255.255.255.254"),
    "broadcast": ("255.255.255.255", "255.255.255.255"),
}

# https://www.iana.org/assignments/iana-ipv6-special-registry, the multicast and site-local blocks.
_SPECIAL_IPV6 = {
    "loopback": ("::1", "::1"),
    "unspecified": ("::", "::"),
    "local translation": ("64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:ffff:ffff"),
    "discard": ("100::", "100::ffff:ffff:ffff:ffff"),
    "dummy": ("100:0:0:1::", "100:0:0:1:ffff:ffff:ffff:ffff"),
    "protocol assignments": ("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "Teredo": ("2001::1", "2001:0:ffff:ffff:ffff:ffff:ffff:ffff"),
    "port control anycast": ("2001:1::1", "2001:1::1"),
    "TURN anycast": ("2001:1::2", "2001:1::2"),
    "service registration anycast": ("2001:1::3", "2001:1::3"),
    "benchmarking": ("2001:2::", "2001:2:0:ffff:ffff:ffff:ffff:ffff"),
    "AMT": ("2001:3::", "2001:3:ffff:ffff:ffff:ffff:ffff:ffff"),
    "AS112 v6": ("2001:4:112::", "2001:4:112:ffff:ffff:ffff:ffff:ffff"),
    "ORCHID": ("2001:10::", "2001:1f:ffff:ffff:ffff:ffff:ffff:ffff"),
    "ORCHIDv2": ("2001:20::", "2001:2f:ffff:ffff:ffff:ffff:ffff:ffff"),
    "drone identifiers": ("2001:30::", "2001:3f:ffff:ffff:ffff:ffff:ffff:ffff"),
    "documentation": ("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"),
    "6to4": ("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "6to4 of a public address": ("2002:808:808::1", "2002:808:808::1"),
    "AS112 direct": ("2620:4f:8000::", "2620:4f:8000:ffff:ffff:ffff:ffff:ffff"),
    "documentation 3fff": ("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "segment routing": ("5f00::", "5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "unique local": ("fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "link-local": ("fe80::", "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "site-local": ("fec0::", "feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "multicast": ("ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "never handed out": ("4000::", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
    "stateless translation": ("::ffff:0:7f00:1", "::ffff:0:808:808"),
}

_METADATA = (
    "169.254.169.254",
    "169.254.170.2",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd20:ce::254",
    "fd00:c1::a9fe:a9fe",
    "fd00:42::42",
)

# Public addresses right beside the special blocks, and some that people know.
_PUBLIC = (
    "1.0.0.0",
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "168.63.129.15",
    "168.63.129.17",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "191.255.255.255",
    "192.0.1.0",
    "192.0.3.0",
    "192.88.98.255",
    "192.88.100.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "203.0.112.255",
    "203.0.114.0",
    "223.255.255.255",
    "2000::1",
    "2001:200::1",
    "2001:4860:4860::8888",
    "2001:db7:ffff::1",
    "2001:db9::1",
    "2003::1",
    "2606:4700:4700::1111",
    "3ffe:ffff::1",
    "3fff:1000::1",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "::8.8.8.8",
)

# Every way to write 127.0.0.1 (or what a resolver would make of it) in a URL's host.
_SPELLINGS = (
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0X7F000001",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "0177.0.0.1",
    "0177.1",
    "017700000001",
    "127.000.000.001",
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "127。0。0。1",
    "127．0．0．1",
    "%31%32%37.0.0.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "ⓛocalhost",
    "a.b.localhost",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:7f00:0001]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[::1%25lo]",
    "[::1%lo]",
    "[fe80::1%25eth0]",
    "0",
    "0.0.0.0",
    "[::]",
)


def _ends(table: dict[str, tuple[str, str]]) -> list[object]:
    return [pytest.param(first, last, id=name) for name, (first, last) in table.items()]


@pytest.mark.parametrize(("first", "last"), _ends(_SPECIAL_IPV4))
def test_every_special_ipv4_block_is_refused(first: str, last: str) -> None:
    for address in (first, last):
        for form in (address, f"::ffff:{address}", f"64:ff9b::{address}"):
            _refused(f"[{form}]" if ":" in form else form)
            with pytest.raises(ForbiddenDestination):
                AddressGuard().check_address(form)


@pytest.mark.parametrize(("first", "last"), _ends(_SPECIAL_IPV6))
def test_every_special_ipv6_block_is_refused(first: str, last: str) -> None:
    for address in (first, last):
        _refused(f"[{address}]")
        with pytest.raises(ForbiddenDestination):
            AddressGuard().check_address(address)


@pytest.mark.parametrize("address", _PUBLIC)
async def test_every_public_address_is_allowed(address: str) -> None:
    guard = AddressGuard()
    host = f"[{address}]" if ":" in address else address
    guard.check_url(f"https://{host}/hook")
    guard.check_address(address)
    assert await guard.resolve(address, 443)


@pytest.mark.parametrize("address", _METADATA)
def test_metadata_services_cannot_be_opened(address: str) -> None:
    guard = AddressGuard(["0.0.0.0/0", "::/0"])
    with pytest.raises(ForbiddenDestination, match="never be reached"):
        guard.check_address(address)


@pytest.mark.parametrize("spelling", _SPELLINGS)
async def test_every_spelling_of_this_machine_is_refused(spelling: str) -> None:
    _refused(spelling)
    with pytest.raises(ForbiddenDestination):
        await _guard({}).resolve(spelling, 80)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "file:///etc/passwd",
        "gopher://example.com/",
        "//example.com/",
        "example.com",
        "https://",
        "https:///path",
        "https://user@example.com/",
        "https://user:word@example.com/",
        "https://example.com\\@127.0.0.1/",
        "https://127.0.0.1\\.example.com/",
        "https://exam ple.com/",
        "https://example.com/a b",
        "https://example.com/\r\nX: y",
        "https://example.com\t/",
        "https://exa\x00mple.com/",
        " https://example.com/",
        "https://example.com:22/",
        "https://example.com:25/",
        "https://example.com:0/",
        "https://example.com:65536/",
        "https://example.com:port/",
        "https://a..b/",
        "https://-a.example/",
        "https://exa_mple.com:8080x/",
        "https://[::1/",
        "https://xn--/",
        f"https://{'a' * 64}.com/",
        f"https://{'a.' * 127}com/",
        "https://exam\u202eple.com/",
        "https://1.2.3.4.5/",
        "https://256.256.256.256/",
        "https://example.0x7f/",
    ],
)
def test_odd_urls_are_refused(url: str) -> None:
    with pytest.raises(ForbiddenDestination):
        AddressGuard().check_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "http://example.com/",
        "https://example.com:443/hook?key=a@b#part",
        "https://example.com:8443/",
        "https://EXAMPLE.com./",
        "https://bücher.example/",
        "https://a_b.example.com/",
        "https://3com.example/",
        "https://1e100.net/",
        "https://example.com/a%20b",
    ],
)
def test_ordinary_urls_pass(url: str) -> None:
    AddressGuard().check_url(url)


async def test_a_name_is_refused_if_any_of_its_addresses_is_bad() -> None:
    guard = _guard({"mixed.example.com": ["93.184.215.14", "10.0.0.5"]})
    with pytest.raises(ForbiddenDestination) as refusal:
        await guard.resolve("mixed.example.com", 443)
    assert "mixed.example.com leads to 10.0.0.5" in str(refusal.value)
    assert f"10.0.0.5/32 to {ALLOW_SETTING}" in str(refusal.value)


async def test_a_good_name_gives_each_address_once() -> None:
    guard = _guard({"example.com": ["93.184.215.14", "2606:2800::1", "93.184.215.14"]})
    assert await guard.resolve("Example.com.", 443) == [
        ("93.184.215.14", 443),
        ("2606:2800::1", 443),
    ]


async def test_a_scoped_answer_is_judged_by_its_address() -> None:
    with pytest.raises(ForbiddenDestination):
        await _guard({"example.com": ["fe80::1%eth0"]}).resolve("example.com", 80)


async def test_a_name_without_address_is_no_refusal() -> None:
    with pytest.raises(OSError, match=r"nowhere\.example\.com does not resolve"):
        await _guard({}).resolve("nowhere.example.com", 443)


async def test_a_slow_name_server_is_given_up() -> None:
    def slow(host: str, port: int) -> Sequence[str]:
        time.sleep(0.5)
        return ["93.184.215.14"]

    guard = AddressGuard(lookup=slow, lookup_seconds=0.05)
    started = asyncio.get_running_loop().time()
    with pytest.raises(OSError, match="did not resolve within"):
        await guard.resolve("example.com", 443)
    assert asyncio.get_running_loop().time() - started < 0.4


async def test_an_operator_opens_what_is_private_and_no_more() -> None:
    guard = _guard({"crm.example.com": ["10.20.0.9"]}, allow=["10.20.0.0/16", "127.0.0.1", "::1"])
    assert await guard.resolve("crm.example.com", 80) == [("10.20.0.9", 80)]
    for allowed in ("http://127.0.0.1:9000/", "http://[::1]/", "http://[::ffff:10.20.1.1]/"):
        guard.check_url(allowed)
    guard.check_url("http://localhost:9000/")
    for refused in ("10.21.0.1", "127.0.0.2", "192.168.0.1", "[fd00::1]", "169.254.169.254"):
        with pytest.raises(ForbiddenDestination):
            guard.check_url(f"http://{refused}/")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("10.0.0.0/40", "not a network"),
        ("10.0.0.1/8", "host bits"),
        ("office", "not a network"),
        ("169.254.0.0/16", "cannot be opened"),
        ("8.8.8.8", "cannot be opened"),
        ("2001:db8::/32", "cannot be opened"),
    ],
)
def test_a_useless_opening_is_named(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as problem:
        AddressGuard([text])
    assert text in str(problem.value)


def test_a_number_is_refused_with_what_it_may_mean() -> None:
    with pytest.raises(ForbiddenDestination, match=r"may mean 127\.0\.0\.1"):
        AddressGuard().check_url("http://2130706433/")


def _guard(names: dict[str, list[str]], allow: Sequence[str] = ()) -> AddressGuard:
    def lookup(host: str, port: int) -> Sequence[str]:
        if host not in names:
            raise OSError("no such name")
        return names[host]

    return AddressGuard(allow, lookup=lookup)


def _refused(host: str) -> None:
    with pytest.raises(ForbiddenDestination):
        AddressGuard().check_url(f"http://{host}/")
