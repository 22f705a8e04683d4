"""The cookies of a run, by RFC 6265: which a response sets, and which a request carries.

``http.cookiejar`` of the standard library is not used. With it, any server could delete another
domain's cookies with an old date, a host that is an IP address could set cookies for others with
the same end, and cookies of a host without a dot have a form that other programs do not read.

Two rules are those of the draft that replaces RFC 6265 (6265bis, section 5.7): plain http cannot
replace a Secure cookie, and a name that begins with __Secure- or __Host- is checked.

There is no list of public suffixes here. A cookie's Domain must have a dot, and must not be one of
the usual second levels below a country (``co.uk``): else the cookie is for the host itself, or is
refused. Suffixes such as ``github.io`` are not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from email.utils import mktime_tz, parsedate_tz
from threading import Lock
from time import time
from typing import Any, NamedTuple

from getflags.core import urls

_MOST_BYTES = 4096  # of a name and a value (RFC 6265 section 6.1)
_MOST = 100  # cookies that servers set for a domain; after that, the oldest ones are deleted
_MOST_DOMAINS = 1_000
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}  # as in curl, these need no TLS
_SECOND_LEVELS = frozenset(
    ("ac", "co", "com", "edu", "go", "gob", "gov", "gv", "ltd", "mil", "ne", "net", "nom", "or",
     "org", "plc", "sch", "web")
)  # fmt: skip
_CONTROL = re.compile("[\x00-\x1f\x7f]")
_MAX_AGE = re.compile(r"(-?)([0-9]+)", re.ASCII)
_ADDRESS = re.compile(r"[0-9.]+|.*:.*")
FOREVER = 10**11  #: seconds since 1970, which is later than any date


class Cookie(NamedTuple):
    """A cookie. ``expires`` is in seconds since 1970; 0 is the end of the session.

    ``domain`` has no leading dot. Unless ``host_only`` is true, its sub-domains get the cookie,
    too.
    """

    name: str
    value: str
    domain: str
    path: str = "/"
    expires: int = 0
    host_only: bool = True
    secure: bool = False
    http_only: bool = False

    def __repr__(self) -> str:
        """Return no value."""
        return f"<Cookie {self.name} of {self.domain}>"


#: By domain, then by path and name. The domain and the cookie that were stored last come last.
_Store = dict[str, dict[tuple[str, str], Cookie]]


class Cookies:
    """The cookies of a run, which any number of threads may use.

    ``own`` are the user's cookies. They are never evicted, even after a server has updated them;
    the limits are for other cookies that servers set (``received``).
    """

    def __init__(self, own: Iterable[Cookie] = (), received: Iterable[Cookie] = ()) -> None:
        self._lock = Lock()
        self._own: _Store = {}
        self._received: _Store = {}
        for cookie in own:
            _put(self._own, cookie)
        for cookie in received:
            self._store(cookie)

    def __iter__(self) -> Iterator[Cookie]:
        """Return all cookies that have not expired."""
        with self._lock:
            return iter(_current(self._own) + _current(self._received))

    def __reduce__(self) -> tuple[Any, ...]:
        """Return a copy for another process: locks cannot be sent."""
        with self._lock:
            return Cookies, (_current(self._own), _current(self._received))

    def header(self, url: str) -> str:
        """Return the value of Cookie for a request; empty if there are none (section 5.4)."""
        host, path = urls.host(url), _path(url)
        secure = _is_secure(url)
        found: list[Cookie] = []
        with self._lock:
            for domain in _domains(host):
                found += [
                    each
                    for store in (self._own, self._received)
                    for each in store.get(domain, {}).values()
                    if (domain == host or not each.host_only)
                    and (secure or not each.secure)
                    and _covers(each.path, path)
                    and not _expired(each)
                ]
        found.sort(key=lambda each: -len(each.path))
        return "; ".join(f"{each.name}={each.value}" for each in found)

    def received(self, url: str, lines: Iterable[str]) -> None:
        """Store what the Set-Cookie fields of a response say (section 5.3)."""
        for line in lines:
            cookie = parse(line, url)
            if cookie:
                with self._lock:
                    if _is_secure(url) or not self._overlays_secure(cookie):
                        self._store(cookie)

    def _overlays_secure(self, cookie: Cookie) -> bool:
        """Return whether a request could carry this cookie instead of, or beside, a Secure one.

        A cookie for a related domain or a folder below does not replace the Secure one, but a
        server that receives two cookies of one name cannot distinguish them.
        """
        above = set(_domains(cookie.domain))
        return any(
            each.name == cookie.name and each.secure and _covers(each.path, cookie.path)
            for store in (self._own, self._received)
            for domain, kept in store.items()
            if domain in above or domain.endswith(f".{cookie.domain}")
            for each in kept.values()
            if not _expired(each)
        )

    def _store(self, cookie: Cookie) -> None:
        if (cookie.path, cookie.name) in self._own.get(cookie.domain, {}):
            _put(self._own, cookie)
        else:
            _put(self._received, cookie)
            _evict(self._received, cookie.domain)


def _current(store: _Store) -> list[Cookie]:
    """Return the cookies that have not expired."""
    return [each for kept in store.values() for each in kept.values() if not _expired(each)]


def _put(store: _Store, cookie: Cookie) -> None:
    """Store a cookie in the last place, or delete it if it has expired.

    An update moves a cookie, too, so that a session that is renewed is not evicted first. In the
    field Cookie, it therefore comes after others; servers should not rely on the order (section
    4.2.2).
    """
    key = (cookie.path, cookie.name)
    kept = store.pop(cookie.domain, {})
    kept.pop(key, None)
    if not _expired(cookie):
        kept[key] = cookie
    if kept:
        store[cookie.domain] = kept


def _evict(store: _Store, domain: str) -> None:
    """Apply the limits after a cookie of a domain: delete the expired ones, or else the oldest."""
    kept = store.get(domain, {})
    if len(kept) > _MOST:
        expired = [key for key, each in kept.items() if _expired(each)]
        for key in expired or [next(iter(kept))]:
            del kept[key]
    if len(store) > _MOST_DOMAINS:
        ended = [name for name, each in store.items() if all(map(_expired, each.values()))]
        for name in ended or [next(iter(store))]:
            del store[name]


def parse(line: str, url: str) -> Cookie | None:
    """Return the cookie of a Set-Cookie field, or None if it must be ignored (section 5.2)."""
    pair, *rest = line.split(";")
    name, equals, value = (each.strip(" \t") for each in pair.partition("="))
    if not equals or not name or _CONTROL.search(line) or len(name) + len(value) > _MOST_BYTES:
        return None
    attributes = {}
    for each in rest:
        key, _, content = each.partition("=")
        attributes[key.strip(" \t").lower()] = content.strip(" \t")
    host = urls.host(url)
    domain = attributes.get("domain", "").removeprefix(".").lower()
    path = attributes.get("path", "")
    secure = "secure" in attributes
    if domain and domain != host and not _may_set(host, domain):
        return None
    if secure and not _is_secure(url):
        return None  # anybody on the way could have set it
    prefix = name.lower()
    if prefix.startswith(("__secure-", "__host-")) and not secure:
        return None
    if prefix.startswith("__host-") and (domain or path != "/"):
        return None
    return Cookie(
        name,
        value,
        domain or host,
        path if path.startswith("/") else _default_path(url),
        _expiry(attributes),
        host_only=not domain or _is_suffix(domain) or bool(_ADDRESS.fullmatch(domain)),
        secure=secure,
        http_only="httponly" in attributes,
    )


def _expiry(attributes: dict[str, str]) -> int:
    """Return when a cookie expires: 0 if it does not say, 1 if it has expired."""
    if age := _MAX_AGE.fullmatch(attributes.get("max-age", "")):
        number = 0 if age[1] else min(int(age[2][:12]), FOREVER)
        return int(time()) + number if number else 1
    return _date(attributes.get("expires", ""))


def _date(text: str) -> int:
    """Return a date in seconds since 1970, at least 1; 0 if it is invalid."""
    try:
        date = parsedate_tz(text)
        return min(max(1, mktime_tz(date)), FOREVER) if date else 0
    except (ValueError, OverflowError):
        return 0


def _is_secure(url: str) -> bool:
    """Return whether a response of this URL may set Secure cookies, and a request carry them."""
    return url.startswith("https:") or urls.host(url) in _LOOPBACK


def _expired(cookie: Cookie) -> bool:
    return 0 < cookie.expires <= time()


def _may_set(host: str, domain: str) -> bool:
    """Return whether a host may set a cookie for a domain that is not itself."""
    return host.endswith(f".{domain}") and not _is_suffix(domain) and not _ADDRESS.fullmatch(host)


def _is_suffix(domain: str) -> bool:
    """Return whether unrelated people may have names in this domain, as far as is known."""
    label, _, rest = domain.partition(".")
    return not rest or (len(rest) == 2 and label in _SECOND_LEVELS)  # noqa: PLR2004 - a country


def _domains(host: str) -> Iterator[str]:
    """Yield a host and the domains above it."""
    yield host
    while not _ADDRESS.fullmatch(host) and "." in host:
        host = host.partition(".")[2]
        yield host


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[3].partition("?")[0]


def _default_path(url: str) -> str:
    """Return the folder of a URL's path (section 5.1.4)."""
    return _path(url).rpartition("/")[0] or "/"


def _covers(cookie: str, path: str) -> bool:
    """Return whether a cookie's path contains a request's path (section 5.1.4)."""
    return path == cookie or path.startswith(cookie if cookie.endswith("/") else f"{cookie}/")
