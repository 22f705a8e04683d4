"""The workload of a bench: its targets and servers, from the options and the list.

Errors in the options and targets are reported here, before the first request.
"""

from __future__ import annotations

import math
from pathlib import Path

from getflags.bench.measure.session import Workload
from getflags.bench.measure.steady_state import fewest
from getflags.cli.lists.target_source import read_targets
from getflags.cli.options import checks
from getflags.cli.options.bench import Options
from getflags.core.errors import UsageError
from getflags.core.text import quoted
from getflags.core.urls import origin
from getflags.targets import country_codes, resolve
from getflags.targets.list_file import Entry, unparse

#: The default number of files from LOCAL; fewer are downloaded too quickly to be measured.
LOCAL_FILES = 2_000
#: The default duration of the schedule at the highest rate.
OPEN_LOOP_SECONDS = 10
_PLACEHOLDER = "http://127.0.0.1"  # for the URL of a bundled server that is not running yet


def workload(options: Options) -> Workload:
    """Return the downloads that every run makes. Raises UsageError."""
    named = options.targets or options.input_files
    entries = _entries(options) if named else [Entry(code) for code in country_codes.ALL]
    base_url = options.settings.base_url
    bundled = base_url is None and all(resolve.is_code(entry.word) for entry in entries)
    _check(options, entries, bundled=bundled, named=bool(named))
    servers = options.servers or ["LOCAL"]
    files = len(entries) if named else max(len(entries), _fewest(options))
    if not named and bundled and servers == ["LOCAL"] and not (options.faults or options.rates):
        files = max(files, LOCAL_FILES)
    if not bundled:
        servers = [_server_name(entries, base_url or "")]
    return Workload(
        "".join(map(unparse, entries)) if options.size is None else "",
        options.files or files,
        servers,
        bundled,
        base_url or "",
        options.size,
    )


def _fewest(options: Options) -> int:
    """Return the number of files for a meaningful steady state, or for long enough a schedule."""
    if options.rates:
        return math.ceil(OPEN_LOOP_SECONDS * max(options.rates))
    return fewest(max(options.levels))


def conditions(options: Options) -> list[str]:
    """Return the options of the bundled servers, and the text of their scenario files.

    Raises UsageError.
    """
    found = list(options.faults)
    for option in options.faults:
        name, _, value = option.partition("=")
        if name == "--scenario":
            try:
                found.append(Path(value).read_text(encoding="utf-8"))
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or "it is not UTF-8 text"
                raise UsageError(f"--scenario: cannot read {quoted(value)}: {reason}") from None
    return found


def _entries(options: Options) -> list[Entry]:
    """Return the entries of the arguments and the list, without duplicate codes."""
    with read_targets(options) as targets:
        entries = list(targets)
    if not entries:
        raise UsageError("nothing to measure: the list contains no targets")
    return entries


def _check(options: Options, entries: list[Entry], *, bundled: bool, named: bool) -> None:
    """Check combinations of options and targets. Raises UsageError."""
    if options.size is not None and (named or not bundled):
        raise UsageError(
            "--size cannot be combined with targets or --base-url: a bundled server generates "
            "the files"
        )
    if not bundled:
        if options.servers:
            raise UsageError(
                "-s selects bundled servers and cannot be combined with URLs or --base-url"
            )
        if options.faults:
            name = options.faults[0].partition("=")[0]
            raise UsageError(
                f"{name} is for bundled servers and cannot be combined with URLs or --base-url"
            )
    flags = sum(resolve.is_code(entry.word) for entry in entries)
    base_url = options.settings.base_url
    if base_url is None and 0 < flags < len(entries):
        raise UsageError(
            "country codes and URLs cannot be measured together: pass only codes, only URLs, or "
            "--base-url with a mirror for the codes"
        )
    if base_url is not None and not flags:
        raise UsageError(
            "--base-url is a mirror of the flags, but there is no country code among the targets"
        )
    checks.mirror(options)
    for target in resolve.settle(entries, resolve.Place(base_url or _PLACEHOLDER)):
        if target.flaw:
            raise UsageError(f"{quoted(target.label)} cannot be fetched: {target.flaw}")


def _server_name(entries: list[Entry], base_url: str) -> str:
    """Return a name for the servers of the targets: their origin, or the number of hosts."""
    targets = resolve.settle(entries, resolve.Place(base_url))
    origins = {origin(target.url) for target in targets}
    return origins.pop() if len(origins) == 1 else f"{len(origins)} hosts"
