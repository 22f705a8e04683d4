"""The credentials of a run, from its settings and files: passwords, tokens and cookies.

``transfer.authentication`` decides which server gets them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, cast

from getflags.core.errors import UsageError
from getflags.core.models import Credentials, DownloadOptions, Netrc
from getflags.core.settings import Settings
from getflags.core.urls import basic

if TYPE_CHECKING:
    from getflags.api.cookies import Cookies


def given(settings: Settings) -> Credentials | None:
    """Return the credentials, or None if there are none. Raises UsageError."""
    cookie = settings.cookie or ""
    found = Credentials(
        _authorization(settings),
        _netrc(settings),
        settings.location_trusted,
        cookie if "=" in cookie else "",
        _cookies(settings),
        os.urandom(16).hex() if settings.digest else "",
        settings.cert is not None,
    )
    return None if found == Credentials() else found


def _authorization(settings: Settings) -> str:
    """Return the value of Authorization that the user has given. Raises UsageError."""
    user, token = settings.user, settings.oauth2_bearer
    if user is not None and token is not None:
        raise UsageError(
            "a user (--user) and a bearer token (--oauth2-bearer) cannot be combined, because a "
            "request has only one Authorization field"
        )
    if settings.digest and token is not None:
        raise UsageError(
            "--digest cannot be used with --oauth2-bearer, because it sends only answers to Digest"
        )
    if user is not None:
        name, _, password = user.encode("utf-8", "surrogateescape").partition(b":")
        return basic(name, password)
    return "" if token is None else f"Bearer {token}"


def _netrc(settings: Settings) -> Netrc | None:
    if not settings.netrc and settings.netrc_file is None:
        return None
    from getflags.api import netrc  # most runs need none of these files

    return netrc.read(settings.netrc_file)


def _cookies(settings: Settings) -> Cookies | None:
    """Return the cookies of the file, if cookies are kept. Raises UsageError."""
    source, jar = settings.cookie, settings.cookie_jar
    if jar is None and (source is None or "=" in source):
        return None
    from getflags.api import cookie_file
    from getflags.api.cookies import Cookies

    if jar is not None:
        cookie_file.check(jar)
    if not source or "=" in source:
        return Cookies()
    return Cookies(cookie_file.read(source, missing=source == jar))


def save_cookies(settings: Settings, options: DownloadOptions) -> None:
    """Write the cookies to the file that the settings name, if any. Raises GetflagsError."""
    if settings.cookie_jar is not None and options.credentials:
        from getflags.api import cookie_file

        cookies = cast("Cookies", options.credentials.cookies)  # made by ``given``
        cookie_file.write(settings.cookie_jar, cookies)
