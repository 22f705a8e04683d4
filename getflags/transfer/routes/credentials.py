"""The Authorization and the Cookie of a request: which of the user's credentials the server gets.

Pure. The target's own origin gets the credentials of its URL, else those of the user, else those
that the netrc file has for its host. Any other origin, to which a redirect has led, gets only what
the netrc file has for its host by name: its ``default`` entry is for the user's targets, not for
servers that other servers choose (CVE-2024-11053, CVE-2025-0167). With ``--location-trusted``,
other origins get the credentials of the target's URL and those of the user, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from getflags.core import urls
from getflags.core.models import Credentials


def authorization(url: str, login: str | None, credentials: Credentials, *, home: bool) -> str:
    """Return the value of Authorization for a request, or an empty string.

    ``login`` is the value from the target's URL. ``home`` is whether the request goes to the origin
    of that URL.
    """
    netrc = credentials.netrc
    entries: Sequence[tuple[str, str]] = ()
    if netrc:
        default = netrc.get("", ()) if home else ()
        entries = netrc.get(urls.host(url), default)
    given = home or credentials.trusted
    if given and login:
        return _with_password(login, entries)
    if given and credentials.authorization:
        return credentials.authorization
    return _basic(*entries[0]) if entries else ""


def cookie(url: str, credentials: Credentials, *, home: bool) -> str:
    """Return the value of Cookie for a request, or an empty string.

    The cookies that servers have set have rules of their own; the user's is for ``home``.
    """
    kept = credentials.cookies.header(url) if credentials.cookies is not None else ""
    own = credentials.cookie if home or credentials.trusted else ""
    return f"{kept}; {own}" if kept and own else kept or own


def _with_password(login: str, entries: Sequence[tuple[str, str]]) -> str:
    """Return the value with the password that the netrc file has for this user, if it has none."""
    for user, password in entries:
        if login == _basic(user, ""):
            return _basic(user, password)
    return login


def _basic(user: str, password: str) -> str:
    return urls.basic(*(each.encode("utf-8", "surrogateescape") for each in (user, password)))
