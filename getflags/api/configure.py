"""Conversion of ``Settings`` into the options of transfers, connections and file names.

The API and all commands use these functions, so that a setting has the same meaning everywhere.
"""

from __future__ import annotations

import os

from getflags.core.errors import UsageError
from getflags.core.models import Credentials, DownloadOptions, Exists, Network
from getflags.core.settings import Settings
from getflags.core.urls import basic
from getflags.storage import directories
from getflags.targets import resolve
from getflags.transport import proxies


def place(settings: Settings, base_url: str | None) -> resolve.Place:
    """Return the mirror of the flags and the folder for the files."""
    keys = directories.NameKeys()
    return resolve.Place(base_url or "", settings.dir, directories.real_folder, key=keys)


def download_options(settings: Settings) -> DownloadOptions:
    """Return the options of transfers, with a new random salt. Raises UsageError."""
    return DownloadOptions(
        headers=settings.headers,
        max_redirs=settings.max_redirs,
        max_retry_after=settings.max_retry_after,
        exists=Exists(settings.exists),
        retries=settings.retries,
        salt=os.urandom(4).hex(),
        max_time=settings.max_time,
        max_filesize=settings.max_filesize,
        speed_limit=settings.speed_limit,
        speed_time=settings.timeout,
        fsync=settings.fsync,
        credentials=_credentials(settings),
    )


def _credentials(settings: Settings) -> Credentials | None:
    """Return the credentials, or None if there are none. Raises UsageError."""
    user, token = settings.user, settings.oauth2_bearer
    if user is not None and token is not None:
        raise UsageError(
            "a user with a password and a bearer token cannot be combined, because a request has "
            "only one Authorization field"
        )
    authorization = "" if token is None else f"Bearer {token}"
    if user is not None:
        name, _, password = user.encode("utf-8", "surrogateescape").partition(b":")
        authorization = basic(name, password)
    entries = None
    if settings.netrc or settings.netrc_file is not None:
        from getflags.api import netrc  # most runs need no netrc file

        entries = netrc.read(settings.netrc_file)
    found = Credentials(authorization, entries, settings.location_trusted)
    return None if found == Credentials() else found


def network(settings: Settings, direct: tuple[str, ...] = ()) -> Network:
    """Return the connection options. Origins in ``direct`` are never reached through a proxy."""
    return Network(
        timeout=settings.timeout,
        connect_timeout=settings.connect_timeout,
        proxies=proxies.settings(settings.proxy, os.environ),
        direct=direct,
        cacert=settings.cacert,
        insecure=settings.insecure,
        limit_rate=settings.limit_rate,
    )
