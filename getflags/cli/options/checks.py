"""What more than one command makes sure of before it requests anything."""

from __future__ import annotations

from collections.abc import Callable

from getflags.cli.options import groups
from getflags.cli.options.download import Options
from getflags.core import resource_limits
from getflags.core.accepted import MIRROR
from getflags.core.errors import UsageError
from getflags.scheduling import adaptive_concurrency


def mirror(options: Options) -> None:
    """See whether ``--base-url`` can be one. Raises UsageError."""
    base_url = options.settings.base_url
    if base_url is not None:
        try:
            MIRROR.accept(base_url)
        except ValueError as error:
            raise UsageError(f"--base-url {error}") from None


def wanted(options: Options, *, remote: bool) -> int:
    """Return how many requests at a time are asked for, at most."""
    if options.max_req is None and remote:
        return groups.REMOTE_LIMIT
    limit = options.settings.max_req
    return adaptive_concurrency.MAX_LEVEL if isinstance(limit, str) else limit


def allowed(limit: int) -> int:
    """Raise our limit on open files as far as need be; return how many requests it allows."""
    resource_limits.raise_file_limit(limit)
    return resource_limits.max_concurrency(limit)


def affordable(limit: int, complain: Callable[[str], None]) -> int:
    """Return the limit, or what the system allows of it."""
    granted = allowed(limit)
    if granted < limit:
        complain(
            f"getflags: {limit:,} requests at a time need more open files than the system allows; "
            f"{granted:,} are made (ulimit -n raises the limit)"
        )
    return granted
