"""From checked options to the values that travel through the house; nothing is decided here."""

from __future__ import annotations

import os
from secrets import token_hex

from getflags.cli.options.download import Options
from getflags.core.models import DownloadOptions, Network
from getflags.storage import directories
from getflags.targets import resolve
from getflags.transport import proxies


def place(options: Options, base_url: str) -> resolve.Place:
    """Return where targets come from and go to."""
    return resolve.Place(
        base_url, options.dir, directories.real_folder, fold=directories.folds_case()
    )


def rules(options: Options) -> DownloadOptions:
    """Return what transfers must know to decide; with a salt of its own for each run."""
    return DownloadOptions(
        headers=tuple(options.header),
        max_redirs=options.max_redirs,
        exists=options.exists,
        retries=options.retries,
        salt=token_hex(4),
        max_time=options.max_time,
        max_filesize=options.max_filesize,
        speed_limit=options.speed_limit,
        speed_time=options.timeout,
        fsync=options.fsync,
    )


def network(options: Options, direct: tuple[str, ...] = ()) -> Network:
    """Return what transports must know to connect; no proxy stands before what is ``direct``."""
    return Network(
        timeout=options.timeout,
        connect_timeout=options.connect_timeout,
        proxies=proxies.settings(options.proxy, os.environ),
        direct=direct,
        cacert=options.cacert,
        insecure=options.insecure,
        limit_rate=options.limit_rate,
    )
