"""The choice of an HTTP version: only the curl client speaks HTTP/2 and HTTP/3."""

from __future__ import annotations

from getflags.core.errors import UsageError


def needs_curl(version: str | None) -> bool:
    """Return whether only the curl client speaks this version; None is no choice."""
    return version in {"2", "3"}


def check_http1(version: str | None, client: str) -> None:
    """Check the version for a client that speaks only HTTP/1.1. Raises UsageError."""
    if needs_curl(version):
        raise UsageError(f"--http{version} needs --client curl; {client} speaks only HTTP/1.1")
