"""Proxy settings from the command line and the environment, and the choice of a URL's proxy.

The functions are pure: they get the environment as an argument. NO_PROXY is interpreted by
``urllib.request``, which is imported only if a proxy is set, because the import takes 30 ms.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from getflags.core import urls
from getflags.core.models import Fields, Network


def from_environment(environ: Mapping[str, str]) -> Fields:
    """Read ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy``.

    Lower-case names take precedence over upper-case ones. HTTP_PROXY is ignored in a CGI script,
    where the HTTP client can set it (CVE-2016-5385, "httpoxy").
    """
    found = {}
    for kind in ("http", "https", "all", "no"):
        value = environ.get(f"{kind}_proxy")
        if value is None and not (kind == "http" and "REQUEST_METHOD" in environ):
            value = environ.get(f"{kind.upper()}_PROXY")
        if value:
            found[kind] = value if kind == "no" else _with_scheme(value)
    return tuple(found.items())


def settings(proxy: str | None, environ: Mapping[str, str]) -> Fields:
    """Return ``proxy`` as the proxy for all URLs, or the environment's; NO_PROXY always applies."""
    found = from_environment(environ)
    if proxy is None:
        return found
    return (("all", _with_scheme(proxy)), *[(kind, url) for kind, url in found if kind == "no"])


def are_used(proxies: Fields) -> bool:
    """Return whether there is a URL for which ``choose`` may return a proxy."""
    table = dict(proxies)
    return table.pop("no", "") != "*" and bool(table)


def choose(network: Network, url: str) -> str | None:
    """Return the URL of the proxy to use for ``url``, or None for a direct connection."""
    if not network.proxies:
        return None
    table = dict(network.proxies)
    parts = urlsplit(url)
    proxy = table.get(parts.scheme) or table.get("all")
    if proxy is None or urls.origin(url) in network.direct:
        return None
    if "no" in table:
        from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

        host_and_port = urls.origin(url).partition("://")[2]  # an IPv6 address is in brackets
        names = (host_and_port, parts.hostname or "")
        if any(proxy_bypass_environment(name, {"no": table["no"]}) for name in names):
            return None
    return proxy


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"
