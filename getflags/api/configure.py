"""Conversion of ``Settings`` into the options of transfers, connections and file names.

The API and all commands use these functions, so that a setting has the same meaning everywhere.
"""

from __future__ import annotations

import os

from getflags.core.models import DownloadOptions, Exists, Network
from getflags.core.settings import Settings
from getflags.storage import directories
from getflags.targets import resolve
from getflags.transport import proxies


def place(settings: Settings, base_url: str | None) -> resolve.Place:
    """Return the mirror of the flags and the folder for the files."""
    keys = directories.NameKeys()
    return resolve.Place(base_url or "", settings.dir, directories.real_folder, key=keys)


def download_options(settings: Settings) -> DownloadOptions:
    """Return the options of transfers, with a new random salt."""
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
        split=settings.split,
        min_split_size=settings.min_split_size,
    )


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
