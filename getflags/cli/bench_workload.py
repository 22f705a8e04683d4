"""What a bench downloads, and from whom: from options and lists to a ``Field``.

Everything that a person may have got wrong is said here, before anything is asked of anybody.
"""

from __future__ import annotations

from pathlib import Path

from getflags.bench.measure.session import Field
from getflags.bench.measure.steady_state import fewest
from getflags.cli.options import checks
from getflags.cli.options.bench import Options
from getflags.cli.target_source import listed
from getflags.core.errors import UsageError
from getflags.core.text import quoted
from getflags.core.urls import origin
from getflags.targets import country_codes, resolve
from getflags.targets.list_file import Entry, unparse

#: Files from LOCAL, unless somebody says: fewer are there before the clock has moved.
MANY = 2_000
_ANY = "http://127.0.0.1"  # a mirror that stands for one that is started later


def field(options: Options) -> Field:
    """Return what every run fetches. Raises UsageError."""
    named = options.targets or options.input_file is not None
    entries = _entries(options) if named else [Entry(code) for code in country_codes.ALL]
    base_url = options.settings.base_url
    ours = base_url is None and all(resolve.is_code(entry.word) for entry in entries)
    _check(options, entries, ours=ours, named=bool(named))
    servers = options.servers or ["LOCAL"]
    files = len(entries) if named else max(len(entries), fewest(max(options.levels)))
    if not named and ours and servers == ["LOCAL"] and not options.faults:
        files = max(files, MANY)
    if not ours:
        servers = [_place(entries, base_url or "")]
    return Field(
        "".join(map(unparse, entries)) if options.size is None else "",
        options.files or files,
        servers,
        ours,
        base_url or "",
        options.size,
    )


def conditions(options: Options) -> list[str]:
    """Return how the servers behave: their options, and what stands in a file that one names.

    Raises UsageError.
    """
    found = list(options.faults)
    for word in options.faults:
        name, _, value = word.partition("=")
        if name == "--scenario":
            try:
                found.append(Path(value).read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "it is no text"
                raise UsageError(f"--scenario: cannot read {quoted(value)}: {reason}") from None
    return found


def _entries(options: Options) -> list[Entry]:
    """Return what was named; codes once each, as in a download."""
    with listed(options) as targets:
        entries = list(targets)
    if not entries:
        raise UsageError("there is nothing to measure: the list holds no target")
    return entries


def _check(options: Options, entries: list[Entry], *, ours: bool, named: bool) -> None:
    """Look at what makes sense by itself but not together. Raises UsageError."""
    if options.size is not None and (named or not ours):
        raise UsageError("--size is for files that bundled servers make up: leave out the targets")
    if not ours:
        if options.servers:
            raise UsageError("-s is for flags from bundled servers, and other targets are named")
        if options.faults:
            name = options.faults[0].partition("=")[0]
            raise UsageError(f"{name} is for bundled servers, and other targets are named")
    flags = sum(resolve.is_code(entry.word) for entry in entries)
    base_url = options.settings.base_url
    if base_url is None and 0 < flags < len(entries):
        raise UsageError("country codes and URLs together: a bench asks for one or the other")
    if base_url is not None and not flags:
        raise UsageError("--base-url is for flags, and no country code is named")
    checks.mirror(options)
    for target in resolve.settle(entries, resolve.Place(base_url or _ANY)):
        if target.flaw:
            raise UsageError(f"{quoted(target.label)} cannot be fetched: {target.flaw}")


def _place(entries: list[Entry], base_url: str) -> str:
    """Return one name for all the hosts that are asked: their only origin, or how many they are."""
    targets = resolve.settle(entries, resolve.Place(base_url))
    origins = {origin(target.url) for target in targets}
    return origins.pop() if len(origins) == 1 else f"{len(origins)} hosts"
