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
    "__Secure- over https": ("https://h/", "__Secure-k=v; Secure", "https://h/", "__Secure-k=v"),
    "__Secure- on loopback": (
        "http://[::1]/", "__Secure-k=v; Secure", "http://[::1]/", "__Secure-k=v"
    ),
    "__Secure- over http": ("http://h/", "__Secure-k=v; Secure", "https://h/", ""),
    "__Secure- without Secure": ("https://h/", "__Secure-k=v", "https://h/", ""),
    "__Secure- in other letters": ("https://h/", "__sEcURE-k=v", "https://h/", ""),
    "__Secure- without Secure, over http": ("http://h/", "__Secure-k=v", "http://h/", ""),
    "__Host-": ("https://h/a/", "__Host-k=v; Secure; Path=/", "https://h/", "__Host-k=v"),
    "__Host- over http": ("http://h/", "__Host-k=v; Secure; Path=/", "https://h/", ""),
    "__Host- without Secure": ("https://h/", "__Host-k=v; Path=/", "https://h/", ""),
    "__Host- without Path": ("https://h/", "__Host-k=v; Secure", "https://h/", ""),
    "__Host- with a folder": ("https://h/a/", "__Host-k=v; Secure; Path=/a", "https://h/a/", ""),
    "__Host- with Domain": (
        "https://a.ex/", "__HOST-k=v; Secure; Path=/; Domain=a.ex", "https://a.ex/", ""
    ),
    "a similar prefix": ("http://h/", "__Hosts-k=v", "http://h/", "__Hosts-k=v"),
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
    assert cookies.header("http://h/a/x") == "c=3; d=5; b=2; a=4"


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


def test_a_server_cannot_evict_the_users_own_cookies() -> None:
    """Nor can it by an update of one, or in another process; a deletion gives its place back."""
    own = [Cookie(f"own{number}", "v", "h") for number in range(150)]
    domains = [Cookie("k", "v", f"own{number}.example") for number in range(1_100)]
    cookies = Cookies([*own, *domains])
    cookies.received("http://h/", ["own0=new", "own1=; Max-Age=0", "own1=theirs"])
    for each in (cookies, pickle.loads(pickle.dumps(cookies))):  # noqa: S301 - our own
        each.received("http://h/", [f"{number}=v" for number in range(150)])
        for number in range(1_100):
            each.received(f"http://{number}.example/", ["k=v"])
        left = list(each)
        assert set(left) >= {*own[2:], *domains, Cookie("own0", "new", "h")}
        assert "own1" not in [cookie.name for cookie in left]
        assert len(left) == 149 + 1_100 + 1_000


def test_a_cookie_that_is_updated_is_not_evicted_first() -> None:
    cookies = Cookies()
    for number in range(150):
        cookies.received("http://h/", [f"session={number}", f"{number}=v"])
    assert cookies.header("http://h/").endswith("; session=149; 149=v")
    for number in range(1_100):
        cookies.received(f"http://{number}.example/", ["k=v"])
        cookies.received("http://h/", ["session=kept"])
    assert cookies.header("http://h/").endswith("; session=kept")


def test_expired_and_deleted_cookies_use_no_places(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000_000_000.0]
    monkeypatch.setattr("getflags.api.cookies.time", lambda: now[0])
    cookies = Cookies()
    cookies.received("http://h/", ["first=v", *(f"{number}=v; Max-Age=5" for number in range(99))])
    cookies.received("http://first.example/", ["k=v"])
    for number in range(998):
        cookies.received(f"http://{number}.example/", ["k=v; Max-Age=5"])
    now[0] += 5
    cookies.received("http://h/", ["last=v"])
    cookies.received("http://last.example/", ["k=v"])
    for number in range(1_100):
        cookies.received(f"http://deleted{number}.example/", ["k=v", "k=; Max-Age=0", "x="][:2])
    assert [(each.domain, each.name) for each in cookies] == [
        ("first.example", "k"), ("h", "first"), ("h", "last"), ("last.example", "k"),
    ]  # fmt: skip


#: The domain and path of a Secure cookie, and where a response over http sets one of its name.
OVERLAYS = {
    "the same": ("a.ex", "/", "http://a.ex/", "k=new; Path=/"),
    "deleted": ("a.ex", "/", "http://a.ex/", "k=; Path=/; Max-Age=0"),
    "by a sub-domain": ("a.ex", "/", "http://x.a.ex/", "k=new; Domain=a.ex"),
    "for a sub-domain": ("a.ex", "/", "http://x.a.ex/", "k=new"),
    "for the domain above": ("x.a.ex", "/", "http://a.ex/", "k=new; Domain=a.ex"),
    "for a folder below": ("a.ex", "/a", "http://a.ex/", "k=new; Path=/a/b"),
}  # fmt: skip


@pytest.mark.parametrize("received", [False, True])
@pytest.mark.parametrize(("domain", "path", "url", "line"), OVERLAYS.values(), ids=OVERLAYS)
def test_plain_http_leaves_secure_cookies_alone(
    domain: str, path: str, url: str, line: str, *, received: bool
) -> None:
    secure = Cookie("k", "v", domain, path, host_only=False, secure=True)
    cookies = Cookies(received=[secure]) if received else Cookies([secure])
    cookies.received(url, [line])
    assert list(cookies) == [secure]
    cookies.received(url.replace("http:", "https:"), [line])
    assert list(cookies) != [secure]


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("http://b.ex/", "k=new"),
        ("http://aa.ex/", "k=new"),
        ("http://a.ex/", "other=new; Path=/a"),
        ("http://a.ex/", "k=new; Path=/"),
        ("http://a.ex/", "k=new; Path=/ab"),
        ("http://a.ex/", "open=new; Path=/a"),
        ("http://a.ex/", "old=new; Path=/a"),
        ("http://localhost/", "k=new; Path=/a"),
    ],
)
def test_plain_http_sets_cookies_that_concern_no_secure_one(
    url: str, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1.0]
    monkeypatch.setattr("getflags.api.cookies.time", lambda: now[0])
    cookies = Cookies(
        [
            Cookie("k", "v", "a.ex", "/a", secure=True),
            Cookie("k", "v", "localhost", "/a", secure=True),
            Cookie("open", "v", "a.ex", "/a"),
            Cookie("old", "v", "a.ex", "/a", expires=2, secure=True),
        ]
    )
    now[0] = 3.0
    cookies.received(url, [line])
    assert [each.value for each in cookies].count("new") == 1


def test_cookies_can_be_sent_to_a_process() -> None:
    cookies = Cookies([Cookie("k", "v", "h"), Cookie("old", "v", "h", expires=1)])
    assert list(pickle.loads(pickle.dumps(cookies))) == [Cookie("k", "v", "h")]  # noqa: S301 - our own


def test_a_cookie_is_shown_without_its_value() -> None:
    cookie = parse("k=secret", "http://h/")
    assert repr([cookie]) == "[<Cookie k of h>]"
