"""Which cookies a response sets and a request carries (RFC 6265), without a server."""

from __future__ import annotations

import pickle

import pytest

from getflags.api.cookies import Cookie, Cookies, parse

FAR = "Fri, 31 Dec 2100 23:59:59 GMT"
TOO_FAR = f"Fri, 31 Dec {'9' * 12} 23:59:59 GMT"
FIRST = "Thu, 01 Jan 1970 00:00:00 GMT"

#: Where a cookie is set, the Set-Cookie field, where a request goes, and the value of Cookie.
ROWS: dict[str, tuple[str, str, str, str]] = {
    "the same host": ("http://a.ex/", "k=v", "http://a.ex/", "k=v"),
    "another port": ("http://a.ex/", "k=v", "http://a.ex:81/", "k=v"),
    "another scheme": ("http://a.ex/", "k=v", "https://a.ex/", "k=v"),
    "another host": ("http://a.ex/", "k=v", "http://b.ex/", ""),
    "a sub-domain, host only": ("http://a.ex/", "k=v", "http://x.a.ex/", ""),
    "the domain above, host only": ("http://x.a.ex/", "k=v", "http://a.ex/", ""),
    "Domain": ("http://x.a.ex/", "k=v; Domain=a.ex", "http://a.ex/", "k=v"),
    "Domain, a sister": ("http://x.a.ex/", "k=v;domain=A.ex", "http://y.a.ex/", "k=v"),
    "Domain with a dot": ("http://a.ex/", "k=v; Domain=.a.ex", "http://x.a.ex/", "k=v"),
    "Domain, empty": ("http://a.ex/", "k=v; Domain=", "http://x.a.ex/", ""),
    "Domain, the same end": ("http://a.ex/", "k=v; Domain=a.ex", "http://ba.ex/", ""),
    "Domain of another": ("http://a.ex/", "k=v; Domain=b.ex", "http://b.ex/", ""),
    "Domain below": ("http://a.ex/", "k=v; Domain=x.a.ex", "http://x.a.ex/", ""),
    "Domain without a dot": ("http://a.ex/", "k=v; Domain=ex", "http://a.ex/", ""),
    "Domain of a country": ("http://a.co.uk/", "k=v; Domain=co.uk", "http://b.co.uk/", ""),
    "Domain in a country": ("http://x.bbc.de/", "k=v; Domain=bbc.de", "http://bbc.de/", "k=v"),
    "localhost": ("http://localhost/", "k=v; Domain=localhost", "http://localhost/", "k=v"),
    "below localhost": ("http://localhost/", "k=v; Domain=localhost", "http://a.localhost/", ""),
    "an address": ("http://10.0.0.1/", "k=v; Domain=10.0.0.1", "http://10.0.0.1/", "k=v"),
    "a part of an address": ("http://10.0.0.1/", "k=v; Domain=0.0.1", "http://11.0.0.1/", ""),
    "an address as a suffix": ("http://0.0.0.1/", "k=v; Domain=0.0.0.1", "http://10.0.0.0.1/", ""),
    "IPv6": ("http://[::1]/", "k=v", "http://[::1]:81/", "k=v"),
    "the default path": ("http://h/a/b?/c", "k=v", "http://h/a/x/y", "k=v"),
    "the default path, the folder": ("http://h/a/b", "k=v", "http://h/a", "k=v"),
    "the default path, elsewhere": ("http://h/a/b", "k=v", "http://h/b", ""),
    "the default path, the same start": ("http://h/a/b", "k=v", "http://h/ab", ""),
    "Path": ("http://h/a/b", "k=v; Path=/", "http://h/b", "k=v"),
    "Path below": ("http://h/", "k=v; Path=/a/", "http://h/a/b", "k=v"),
    "Path below, the folder": ("http://h/", "k=v; Path=/a/", "http://h/a", ""),
    "Path, relative": ("http://h/a/b", "k=v; Path=x", "http://h/a/c", "k=v"),
    "Secure over https": ("https://a.ex/", "k=v; Secure", "https://a.ex/", "k=v"),
    "Secure, then http": ("https://a.ex/", "k=v; Secure", "http://a.ex/", ""),
    "Secure, set over http": ("http://a.ex/", "k=v; Secure", "https://a.ex/", ""),
    "Secure on loopback": ("http://localhost/", "k=v; secure", "http://localhost/", "k=v"),
    "Expires, far": ("http://h/", f"k=v; Expires={FAR}", "http://h/", "k=v"),
    "Expires, past": ("http://h/", "k=v; Expires=Wed, 21-Oct-2015 07:28:00 GMT", "http://h/", ""),
    "Expires, the first date": ("http://h/", f"k=v; Expires={FIRST}", "http://h/", ""),
    "Expires, invalid": ("http://h/", "k=v; Expires=tomorrow", "http://h/", "k=v"),
    "Expires, too late": ("http://h/", f"k=v; Expires={TOO_FAR}", "http://h/", "k=v"),
    "Max-Age": ("http://h/", f"k=v; Max-Age=60; Expires={FIRST}", "http://h/", "k=v"),
    "Max-Age 0": ("http://h/", f"k=v; Max-Age=0; Expires={FAR}", "http://h/", ""),
    "Max-Age below 0": ("http://h/", "k=v; Max-Age=-5", "http://h/", ""),
    "Max-Age, huge": ("http://h/", "k=v; Max-Age=" + "9" * 40, "http://h/", "k=v"),
    "Max-Age, invalid": ("http://h/", "k=v; Max-Age=soon", "http://h/", "k=v"),
    "quotes and an equals sign": ("http://h/", ' k = "a b=" ; HttpOnly', "http://h/", 'k="a b="'),
    "an empty value": ("http://h/", "k=", "http://h/", "k="),
    "no equals sign": ("http://h/", "k", "http://h/", ""),
    "no name": ("http://h/", "=v", "http://h/", ""),
    "a control character": ("http://h/", "k=v\x01", "http://h/", ""),
    "a tab": ("http://h/", "k=v\tw", "http://h/", ""),
    "too long": ("http://h/", "k=" + "v" * 4096, "http://h/", ""),
    "unknown attributes": ("http://h/", "k=v; SameSite=Lax; ; Priority", "http://h/", "k=v"),
}  # fmt: skip


@pytest.mark.parametrize(("place", "line", "url", "value"), ROWS.values(), ids=ROWS)
def test_a_cookie_is_for_the_requests_that_it_names(
    place: str, line: str, url: str, value: str
) -> None:
    cookies = Cookies()
    cookies.received(place, [line])
    assert cookies.header(url) == value


def test_longer_paths_come_first_then_older_cookies() -> None:
    cookies = Cookies()
    cookies.received("http://h/a/b", ["a=1; Path=/", "b=2; Path=/", "c=3", "a=4; Path=/", "d=5"])
    assert cookies.header("http://h/a/x") == "c=3; d=5; a=4; b=2"


def test_a_cookie_is_deleted_by_its_own_domain_only() -> None:
    cookies = Cookies([Cookie("k", "v", "bank.example", host_only=False)])
    past = "k=; Max-Age=0; Domain=bank.example"
    cookies.received("http://evil.example/", [past])
    assert cookies.header("http://bank.example/") == "k=v"
    cookies.received("http://www.bank.example/", [past])
    assert cookies.header("http://bank.example/") == ""


def test_a_server_cannot_fill_the_memory() -> None:
    cookies = Cookies()
    cookies.received("http://h/", [f"{number}=v" for number in range(150)])
    assert [each.name for each in cookies] == [str(number) for number in range(50, 150)]
    for number in range(1_100):
        cookies.received(f"http://{number}.example/", ["k=v"])
    assert len(list(cookies)) == 1_000
    assert cookies.header("http://1099.example/") == "k=v"


def test_cookies_can_be_sent_to_a_process() -> None:
    cookies = Cookies([Cookie("k", "v", "h"), Cookie("old", "v", "h", expires=1)])
    assert list(pickle.loads(pickle.dumps(cookies))) == [Cookie("k", "v", "h")]  # noqa: S301 - our own


def test_a_cookie_is_shown_without_its_value() -> None:
    cookie = parse("k=secret", "http://h/")
    assert repr([cookie]) == "[<Cookie k of h>]"
