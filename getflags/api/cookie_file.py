"""Cookie files: reading Netscape's format and lists of Set-Cookie fields, writing the former."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress

from getflags.api.cookies import FOREVER, Cookie, Cookies, parse
from getflags.core.errors import GetflagsError, UsageError
from getflags.core.text import quoted
from getflags.targets.filenames import PART_PREFIX

_HTTP_ONLY = "#HttpOnly_"
_HEADER = re.compile("set-cookie:", re.IGNORECASE)
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_DOMAIN = re.compile(r";\s*domain=\s*\.?([^;\s]+)", re.IGNORECASE)
_FRACTION = re.compile(r"(?<=[0-9])\.[0-9]+$")
_TITLE = "# Netscape HTTP Cookie File\n"
_FIELDS = 7  # domain, sub-domains, path, secure, expires, name, value


def read(name: str, *, missing: bool = False) -> Iterator[Cookie]:
    """Yield the cookies of a file, lazily. Raises UsageError.

    ``missing`` is whether the file may be missing.
    """
    try:
        with open(name, encoding="latin-1") as file:  # noqa: PTH123
            for number, line in enumerate(file, 1):
                try:
                    yield from _cookies(line.rstrip("\r\n"))
                except ValueError:
                    raise UsageError(f"{quoted(name)}:{number}: this is not a cookie") from None
    except FileNotFoundError:
        if not missing:
            # The name is not shown, because it may be the value of a cookie.
            raise UsageError(
                "there is no cookie file of the name that -b gives; a cookie is NAME=VALUE"
            ) from None
    except OSError as error:
        raise UsageError(_cannot("read", name, error)) from None


def _cookies(line: str) -> Iterator[Cookie]:
    """Yield the cookie of a line, if it has one. Raises ValueError."""
    if match := _HEADER.match(line):
        domain = _DOMAIN.search(line)
        found = parse(line[match.end() :], f"https://{domain[1].lower()}/") if domain else None
        if found is None:
            raise ValueError
        yield found
        return
    http_only = line.startswith(_HTTP_ONLY)
    line = line.removeprefix(_HTTP_ONLY)
    if not line.strip() or line.startswith("#"):
        return
    if _CONTROL.search(line):
        raise ValueError
    domain_, below, path, secure, expires, name, value = (*line.split("\t"), "")[:_FIELDS]
    if not (domain_ and name and path.startswith("/")):
        raise ValueError
    yield Cookie(
        name,
        value,
        domain_.removeprefix(".").lower(),
        path,
        min(max(int(_FRACTION.sub("", expires) or 0), 0), FOREVER),
        host_only=below.upper() != "TRUE",
        secure=secure.upper() == "TRUE",
        http_only=http_only,
    )


def check(name: str) -> None:
    """Check that a file can be replaced. Raises UsageError."""
    path = os.path.realpath(name)
    if os.path.exists(path) and not os.path.isfile(path):  # noqa: PTH110, PTH113
        raise UsageError(f"cannot write the cookies to {quoted(name)}: it is not an ordinary file")
    try:
        os.unlink(_written(path, ()))  # noqa: PTH108
    except OSError as error:
        raise UsageError(_cannot("write", name, error)) from None


def write(name: str, cookies: Cookies) -> None:
    """Write all cookies to a file, atomically, for the user only. Raises GetflagsError."""
    path = os.path.realpath(name)
    try:
        os.replace(_written(path, cookies), path)  # noqa: PTH105
    except OSError as error:
        raise GetflagsError(_cannot("write", name, error)) from None


def _written(path: str, cookies: Iterable[Cookie]) -> str:
    """Write the cookies to a temporary file beside a file, and return its path. Raises OSError."""
    import tempfile  # the import takes 5 ms

    descriptor, temporary = tempfile.mkstemp(prefix=PART_PREFIX, dir=os.path.dirname(path))  # noqa: PTH120
    try:
        with open(descriptor, "w", encoding="latin-1") as file:  # noqa: PTH123
            file.write(_TITLE)
            file.writelines(map(_line, cookies))
    except OSError:
        with suppress(OSError):
            os.unlink(temporary)  # noqa: PTH108
        raise
    return temporary


def _line(cookie: Cookie) -> str:
    domain = cookie.domain if cookie.host_only else f".{cookie.domain}"
    flags = ["FALSE" if cookie.host_only else "TRUE", cookie.path, str(cookie.secure).upper()]
    fields = [domain, *flags, str(cookie.expires), cookie.name, cookie.value]
    return _HTTP_ONLY * cookie.http_only + "\t".join(fields) + "\n"


def _cannot(what: str, name: str, error: OSError) -> str:
    return f"cannot {what} the cookie file {quoted(name)}: {error.strerror}"
