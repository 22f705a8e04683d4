"""From settings to the values that transfers, connections and file names are made with.

The API and every command come through here, so that a setting means the same to all of them.
"""

from __future__ import annotations

import os
from secrets import token_hex

from getflags.core.models import DownloadOptions, Exists, Network
from getflags.core.settings import Settings
from getflags.storage import directories
from getflags.targets import resolve
from getflags.transport import proxies


def place(settings: Settings, base_url: str | None) -> resolve.Place:
    """Return where targets come from and where their files go."""
    return resolve.Place(
        base_url or "", settings.dir, directories.real_folder, fold=directories.folds_case()
    )


def rules(settings: Settings) -> DownloadOptions:
    """Return what transfers need to decide, with a salt of its own for each run."""
    return DownloadOptions(
        headers=settings.headers,
        max_redirs=settings.max_redirs,
        exists=Exists(settings.exists),
        retries=settings.retries,
        salt=token_hex(4),
        max_time=settings.max_time,
        max_filesize=settings.max_filesize,
        speed_limit=settings.speed_limit,
        speed_time=settings.timeout,
        fsync=settings.fsync,
    )


def network(settings: Settings, direct: tuple[str, ...] = ()) -> Network:
    """Return what connections need. No proxy is used for the origins in ``direct``."""
    return Network(
        timeout=settings.timeout,
        connect_timeout=settings.connect_timeout,
        proxies=proxies.settings(settings.proxy, os.environ),
        direct=direct,
        cacert=settings.cacert,
        insecure=settings.insecure,
        limit_rate=settings.limit_rate,
    )
