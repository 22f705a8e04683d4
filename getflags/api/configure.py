"""Conversion of ``Settings`` into the options of transfers, connections and file names.

The API and all commands use these functions, so that a setting has the same meaning everywhere.
"""

from __future__ import annotations

import os
from time import monotonic
from typing import TYPE_CHECKING

from getflags import engines
from getflags.api import credentials
from getflags.core.accepted import AUTO, fixed_addresses
from getflags.core.errors import UsageError
from getflags.core.models import DownloadOptions, Exists, Fields, HostLimits, Network
from getflags.core.settings import PER_REMOTE_HOST, Settings
from getflags.core.text import quoted
from getflags.storage import directories
from getflags.targets import resolve
from getflags.transport import proxies

if TYPE_CHECKING:
    from getflags.storage.server_names import ServerNames
    from getflags.targets.output_template import OutputTemplate


def place(settings: Settings, base_url: str | None, *, read_only: bool = False) -> resolve.Place:
    """Return the mirror of the flags, and where the files go. Raises UsageError.

    With ``read_only``, nothing is created to find out how the file system compares names. The file
    of the cookies is reserved.
    """
    return resolve.Place(
        base_url or "",
        settings.dir,
        directories.real_folder,
        key=directories.NameKeys(read_only=read_only),
        reserved=reserved("--cookie-jar", settings.cookie_jar),
        template=_template(settings),
    )


def reserved(option: str, path: str | None) -> tuple[tuple[str, str], ...]:
    """Return the option and the canonical path of the file that it names, if there is one.

    A folder is not reserved: that it is one is said when the file is written.
    """
    if path is None or os.path.isdir(path):  # noqa: PTH112
        return ()
    return ((option, os.path.realpath(path)),)


def _template(settings: Settings) -> OutputTemplate | None:
    """Return the template of the files' names, if there is one. Raises UsageError."""
    template = settings.output_template
    if settings.force_directories and template is not None:
        raise UsageError("--force-directories cannot be used with --output-template")
    if not settings.force_directories and template is None:
        if settings.cut_dirs:
            raise UsageError("--cut-dirs needs --force-directories or --output-template")
        return None
    # Most runs do not need it.
    from getflags.targets.output_template import HOST_AND_FOLDERS, BadTemplate, OutputTemplate

    text = HOST_AND_FOLDERS if template is None else template
    try:
        return OutputTemplate(text, settings.cut_dirs)
    except BadTemplate as error:
        raise UsageError(f"the output template {quoted(text)} cannot be used: {error}") from None


def download_options(
    settings: Settings, started: float | None = None, failed_out: str | None = None
) -> DownloadOptions:
    """Return the options of transfers, with a new random salt. Raises UsageError.

    ``started`` is when the run has started, on the monotonic clock; by default, it starts now.
    ``failed_out`` is the list of failed targets, which is written at the end.
    """
    started = monotonic() if started is None else started
    return DownloadOptions(
        headers=_headers(settings),
        max_redirs=settings.max_redirs,
        max_retry_after=settings.max_retry_after,
        # Existing files are hashed for ``skip`` as they are for ``verify``.
        exists=Exists.SKIP if settings.verify else Exists(settings.exists),
        retries=settings.retries,
        retry_on=settings.retry_on,
        retry_connrefused=settings.retry_connrefused,
        retry_all_errors=settings.retry_all_errors,
        salt=os.urandom(4).hex(),
        max_time=settings.max_time,
        deadline=None if settings.deadline is None else started + settings.deadline,
        max_filesize=settings.max_filesize,
        speed_limit=settings.speed_limit,
        speed_time=settings.timeout,
        fsync=settings.fsync,
        verify=settings.verify,
        credentials=credentials.given(settings),
        split=settings.split,
        min_split_size=settings.min_split_size,
        server_names=_server_names(settings, failed_out),
        compressed=settings.compressed,
    )


def _headers(settings: Settings) -> Fields:
    """Return the user's header fields, and the one that asks for compressed files.

    As in curl, the user's own Accept-Encoding replaces it. Raises UsageError.
    """
    names = [name.lower() for name, _ in settings.headers]
    for single in ("authorization", "cookie"):
        if names.count(single) > 1:
            raise UsageError(f"the header field {single.title()} is given more than once")
    if not settings.compressed:
        return settings.headers
    if settings.split > 1:
        raise UsageError(
            "--compressed cannot be used with --split, because a compressed file cannot be "
            "requested in parts"
        )
    if "accept-encoding" in names:
        return settings.headers
    return (*settings.headers, ("accept-encoding", "gzip, deflate"))


def _server_names(settings: Settings, failed_out: str | None) -> ServerNames | None:
    """Return the names that servers choose; None unless they may. Raises UsageError."""
    if not settings.content_disposition:
        return None
    if settings.verify:
        raise UsageError(
            "--verify looks for files under the names of their URLs, so it cannot be used with "
            "--content-disposition"
        )
    from getflags.storage.server_names import ServerNames  # most runs do not need it

    written = filter(None, (failed_out, settings.cookie_jar))
    return ServerNames(tuple(map(os.path.realpath, written)))


def host_limits(settings: Settings, *, chosen_level: bool) -> HostLimits:
    """Return the limits of each server.

    ``chosen_level`` is true if the user has chosen the concurrency: no default reduces it.
    """
    if settings.max_per_host is None and not chosen_level:
        return HostLimits(PER_REMOTE_HOST, only_remote=True, rate=settings.rate_per_host)
    return HostLimits(settings.max_per_host, rate=settings.rate_per_host)


def network(settings: Settings, direct: tuple[str, ...] = ()) -> Network:
    """Return the connection options. Origins in ``direct`` are never reached through a proxy.

    Raises UsageError.
    """
    if settings.key is not None and settings.cert is None:
        raise UsageError("--key needs --cert, the file of the certificate that the key belongs to")
    found = proxies.settings(settings.proxy, os.environ)
    if settings.no_private_addresses and proxies.are_used(found):
        raise UsageError(
            "--no-private-addresses cannot be used with a proxy, which looks up the hosts itself; "
            "give no --proxy, and unset the proxy variables or set NO_PROXY='*'"
        )
    return Network(
        timeout=settings.timeout,
        connect_timeout=settings.connect_timeout,
        proxies=found,
        direct=direct,
        cacert=settings.cacert,
        insecure=settings.insecure,
        limit_rate=settings.limit_rate,
        ip_version=settings.ip_version,
        resolve=tuple(map(fixed_addresses, settings.resolve)),
        cert=settings.cert,
        key=settings.key,
        http_version=settings.http_version,
        no_private_addresses=settings.no_private_addresses,
    )


def select_engine(
    settings: Settings, total: int | None, limit: int, name: str | None = None
) -> str:
    """Return the engine for a run; ``name`` replaces the setting. Raises UsageError.

    See ``engines.select``.
    """
    return engines.select(
        name or settings.engine,
        total,
        limit,
        adaptive=settings.max_req == AUTO,
        paced=settings.rate_per_host is not None,
        cookie_jar=settings.cookie_jar is not None,
    )
