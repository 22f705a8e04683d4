"""Checks that several commands make before the first request."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from getflags.cli.options import groups
from getflags.cli.options.download import Options
from getflags.core import resource_limits
from getflags.core.accepted import MIRROR
from getflags.core.errors import UsageError
from getflags.scheduling import adaptive_concurrency


def mirror(options: Options) -> None:
    """Check ``--base-url``. Raises UsageError."""
    base_url = options.settings.base_url
    if base_url is not None:
        try:
            MIRROR.accept(base_url)
        except ValueError as error:
            raise UsageError(f"--base-url {error}") from None


def requested_limit(options: Options, *, remote: bool) -> int:
    """Return the maximum concurrency that the options request."""
    if options.max_req is None and remote:
        return groups.REMOTE_LIMIT
    limit = options.settings.max_req
    return adaptive_concurrency.MAX_LEVEL if isinstance(limit, str) else limit


def allowed(limit: int, engine: str, client: str) -> int:
    """Raise the limit on open files if necessary; return the concurrency that it allows.

    Raises UsageError if it allows none.
    """
    resource_limits.raise_file_limit(limit, engine, client)
    return resource_limits.max_concurrency(limit, engine, client)


def affordable(limit: int, engines: Iterable[str], client: str, warn: Callable[[str], None]) -> int:
    """Return the limit, or a lower one, with a warning, if the system allows fewer open files.

    Raises UsageError if it allows no request with one of the engines.
    """
    granted = min(allowed(limit, engine, client) for engine in engines)
    if granted < limit:
        warn(
            f"getflags: {limit:,} requests at a time need more open files than the system allows; "
            f"using {granted:,} instead (ulimit -n raises the limit)"
        )
    return granted
