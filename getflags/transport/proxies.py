"""Which proxy, if any, stands before a URL.

Pure: the settings come in as values. Which variables of the environment count, and how NO_PROXY is
read, is the standard library's knowledge (``urllib.request``), which costs 30 ms to import and is
therefore asked only where a proxy is set at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from getflags.core import urls
from getflags.core.models import Fields, Network


def from_environment(environ: Mapping[str, str]) -> Fields:
    """Collect ``http_proxy``, ``https_proxy``, ``all_proxy`` and ``no_proxy``; lower case wins.

    HTTP_PROXY in capitals is ignored in a CGI script, where the client can set it
    (CVE-2016-5385, "httpoxy").
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
    """Return the one proxy for everything that NO_PROXY does not name, else the environment's."""
    found = from_environment(environ)
    if proxy is None:
        return found
    return (("all", _with_scheme(proxy)), *[(kind, url) for kind, url in found if kind == "no"])


def choose(network: Network, url: str) -> str | None:
    """Return the URL of the proxy to ask, or None for a direct connection."""
    if not network.proxies:
        return None
    table = dict(network.proxies)
    parts = urlsplit(url)
    proxy = table.get(parts.scheme) or table.get("all")
    if proxy is None or urls.origin(url) in network.direct:
        return None
    if "no" in table:
        from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

        place = urls.origin(url).partition("://")[2]  # with the port, an IPv6 address in brackets
        names = (place, parts.hostname or "")
        if any(proxy_bypass_environment(name, {"no": table["no"]}) for name in names):
            return None
    return proxy


def _with_scheme(proxy: str) -> str:
    return proxy if "://" in proxy else f"http://{proxy}"
