"""What more than one command makes sure of before it requests anything."""

from __future__ import annotations

from collections.abc import Callable

from getflags.cli.options.download import Options
from getflags.core import resource_limits
from getflags.core.errors import UsageError
from getflags.core.text import quoted
from getflags.core.urls import BadURL, clean, redact


def mirror(options: Options) -> None:
    """See whether ``--base-url`` can be one. Raises UsageError."""
    if options.base_url is not None:
        try:
            clean(options.base_url)
        except BadURL as error:
            shown = quoted(redact(options.base_url))
            raise UsageError(f"--base-url {shown} cannot be used: {error}") from None


def allowed(limit: int) -> int:
    """Raise our limit on open files as far as need be; return how many requests it allows."""
    resource_limits.allow(limit)
    return resource_limits.affordable(limit)


def affordable(limit: int, complain: Callable[[str], None]) -> int:
    """Return the limit, or what the system allows of it."""
    granted = allowed(limit)
    if granted < limit:
        complain(
            f"getflags: {limit:,} requests at a time need more open files than the system allows; "
            f"{granted:,} are made (ulimit -n raises the limit)"
        )
    return granted
