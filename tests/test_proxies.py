"""Proxies: which one, if any, stands before a URL."""

import pytest

from getflags.core.models import Fields, Network
from getflags.transport.proxies import choose, from_environment, settings


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, ()),
        ({"PATH": "/bin"}, ()),
        ({"http_proxy": "http://p:1"}, (("http", "http://p:1"),)),
        ({"HTTP_PROXY": "http://p:1"}, (("http", "http://p:1"),)),
        ({"http_proxy": "http://low", "HTTP_PROXY": "http://high"}, (("http", "http://low"),)),
        ({"https_proxy": "p:1"}, (("https", "http://p:1"),)),
        ({"ALL_PROXY": "socks5://p:1"}, (("all", "socks5://p:1"),)),
        ({"all_proxy": "u:p@h:1"}, (("all", "http://u:p@h:1"),)),
        ({"no_proxy": "a,b"}, (("no", "a,b"),)),
        ({"http_proxy": ""}, ()),
        ({"http_proxy": "", "HTTP_PROXY": "http://high"}, ()),
        (
            {"NO_PROXY": "*", "ALL_PROXY": "a", "HTTPS_PROXY": "s", "HTTP_PROXY": "h"},
            (("http", "http://h"), ("https", "http://s"), ("all", "http://a"), ("no", "*")),
        ),
    ],
)
def test_the_environment_is_read(environ: dict[str, str], expected: Fields) -> None:
    assert from_environment(environ) == expected


def test_a_cgi_scripts_client_cannot_name_the_proxy() -> None:
    """What the client sends as ``Proxy:`` is HTTP_PROXY there (CVE-2016-5385)."""
    cgi = {"REQUEST_METHOD": "GET", "HTTP_PROXY": "http://evil", "HTTPS_PROXY": "http://s"}
    assert from_environment(cgi) == (("https", "http://s"),)
    assert from_environment(cgi | {"http_proxy": "http://ours"}) == (
        ("http", "http://ours"),
        ("https", "http://s"),
    )


def test_an_explicit_proxy_is_for_all_but_what_no_proxy_names() -> None:
    environ = {"http_proxy": "http://other", "no_proxy": "localhost"}
    assert settings("p:3128", environ) == (("all", "http://p:3128"), ("no", "localhost"))
    assert settings("https://p", {}) == (("all", "https://p"),)


def test_without_an_explicit_proxy_the_environments_are_used() -> None:
    environ = {"http_proxy": "http://p", "no_proxy": "localhost"}
    assert settings(None, environ) == (("http", "http://p"), ("no", "localhost"))


PROXIES = (("http", "http://for-http"), ("https", "http://for-https"))


@pytest.mark.parametrize(
    ("proxies", "url", "expected"),
    [
        ((), "http://h/", None),
        (PROXIES, "http://h/", "http://for-http"),
        (PROXIES, "https://h/", "http://for-https"),
        (PROXIES[:1], "https://h/", None),
        ((*PROXIES[:1], ("all", "http://any")), "http://h/", "http://for-http"),
        ((*PROXIES[:1], ("all", "http://any")), "https://h/", "http://any"),
        ((("no", "h"),), "http://h/", None),
    ],
)
def test_a_proxy_is_chosen_by_the_urls_scheme(
    proxies: Fields, url: str, expected: str | None
) -> None:
    assert choose(Network(proxies=proxies), url) == expected


@pytest.mark.parametrize(
    ("no", "url", "direct"),
    [
        ("h", "http://h/", True),
        ("h", "http://h:8000/", True),
        ("H", "http://h/", True),
        ("h", "http://www.h/", True),
        (".h", "http://www.h/", True),
        ("h", "http://oh/", False),
        ("a, h ,b", "http://h/", True),
        ("*", "http://h/", True),
        ("127.0.0.1", "http://127.0.0.1:8000/", True),
        ("::1", "http://[::1]/", True),
        ("other", "http://h/", False),
    ],
)
def test_hosts_that_no_proxy_names_are_reached_directly(no: str, url: str, *, direct: bool) -> None:
    network = Network(proxies=(("all", "http://p"), ("no", no)))
    assert choose(network, url) == (None if direct else "http://p")


def test_no_proxy_stands_before_an_origin_that_must_be_direct() -> None:
    network = Network(proxies=(("all", "http://p"),), direct=("http://localhost:8000",))
    assert choose(network, "http://localhost:8000/flags/br/br.gif") is None
    assert choose(network, "http://localhost:8001/flags/br/br.gif") == "http://p"
