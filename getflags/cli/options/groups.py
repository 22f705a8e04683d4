"""The options of a download, in the groups of ``--help-all``; other commands share some of them.

An option that sets a field of ``Settings`` takes its meaning and default from that field. This
module adds its names, its metavar and the conversion of its value.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, TypeAlias

from getflags import __version__, transport
from getflags.cli.options import values
from getflags.core.accepted import AUTO
from getflags.core.settings import CLIENTS, DEFAULTS, ENGINES, LOOPS, described
from getflags.testing import PORTS

Group: TypeAlias = argparse._ArgumentGroup  # noqa: SLF001 - argparse has no other name for it

SERVERS = (*PORTS, "REMOTE")
PROGRESS = ("bar", "multi", "lines", "none")
REMOTE_LIMIT = 5  # the public site should not be overloaded


def add_setting(
    group: Group,
    name: str,
    *flags: str,
    note: str = "",
    default: object = None,
    usual: str = "",
    auto: bool = True,
    **keywords: Any,
) -> None:
    """Add the option that sets a field of ``Settings``.

    ``note`` is added to the help text. ``default`` replaces the default of ``Settings`` for this
    command; without it, the value of an option that is not given is None.
    """
    text = described(name, default, usual, auto=auto)
    if note:
        head, bracket, tail = text.rpartition(" (default: ")
        text = f"{head}; {note}{bracket}{tail}" if bracket else f"{text}; {note}"
    group.add_argument(*flags, dest=name, default=default, help=text, **keywords)


def targets(group: Group) -> None:
    """Add the options that choose targets and servers."""
    group.add_argument(
        "-i", "--input-file", dest="input_files", metavar="FILE", type=values.text, action="append",
        help="read targets from a file ('-': standard input), one per line; '#' starts a comment; "
        "indented lines out=NAME, dir=DIR and checksum=ALGO=HEX apply to the target above; "
        "repeatable",
    )  # fmt: skip
    group.add_argument("-a", "--all", action="store_true", help="all existing flags (AD to ZW)")
    group.add_argument(
        "-e", "--every", action="store_true",
        help="all possible codes (AA to ZZ): 676 requests, most of them not found",
    )  # fmt: skip
    group.add_argument(
        "-l",
        "--limit",
        metavar="N",
        type=values.count,
        help="only the first N targets, after sorting",
    )
    group.add_argument(
        "-s", "--server", metavar="LABEL", type=str.upper, choices=SERVERS, default="LOCAL",
        help="server of the flags: LOCAL (default), DELAY or ERROR, which are bundled and started "
        "if they are not running, or REMOTE, the public site",
    )  # fmt: skip
    mirror(group)
    group.add_argument(
        "--seed", metavar="N", type=values.natural,
        help="seed of the bundled server's faults and delays, to repeat them",
    )  # fmt: skip


def mirror(group: Group) -> None:
    """Add the option that sets a mirror of the flags."""
    usual = "the server given by -s"
    add_setting(group, "base_url", "--base-url", metavar="URL", type=values.text, usual=usual)


def files(group: Group) -> None:
    """Add the options for the downloaded files."""
    add_setting(group, "dir", "-d", "--dir", metavar="DIR", type=values.text)
    group.add_argument(
        "-o", "--out", metavar="NAME", type=values.text, help="file name; only for a single target"
    )
    add_setting(group, "exists", "--exists", metavar="WHAT", type=values.exists)
    group.add_argument(
        "--checksum", metavar="ALGO=HEX", type=values.checksum,
        help="expected checksum, such as sha-256=...; only for a single target",
    )  # fmt: skip
    add_setting(group, "fsync", "--fsync", action="store_true")
    group.add_argument(
        "--failed-out", metavar="FILE", type=values.text,
        help="write the rest of the job to FILE, in the format of -i: the targets that failed, "
        "were interrupted or were not begun; empty if there are none",
    )  # fmt: skip


def concurrency(group: Group) -> None:
    """Add the options that choose the concurrency, the engine and its libraries."""
    _add_max_req(group, values.count_or_auto, auto=True)
    add_setting(group, "engine", "--engine", metavar="E", choices=(AUTO, *ENGINES), default=AUTO)
    library(group)
    add_setting(group, "split", "--split", metavar="N", type=values.count)
    add_setting(
        group, "min_split_size", "--min-split-size", metavar="SIZE", type=values.size,
        note="K, M and G multiply by 1024",
    )  # fmt: skip


def level(group: Group) -> None:
    """Add the option that sets the concurrency, without ``auto``."""
    _add_max_req(group, values.count, auto=False)


def _add_max_req(group: Group, convert: Callable[[str], object], *, auto: bool) -> None:
    usual = f"{DEFAULTS.max_req}; {REMOTE_LIMIT} for REMOTE"
    names = ("-m", "--max-req", "--max_req")
    add_setting(group, "max_req", *names, metavar="N", type=convert, usual=usual, auto=auto)


def library(group: Group) -> None:
    """Add the options that choose the HTTP library and the event loop."""
    client(group)
    add_setting(group, "loop", "--loop", metavar="L", choices=(AUTO, *LOOPS))


def client(group: Group) -> None:
    """Add the option that chooses the HTTP library; ``auto`` is resolved to its name."""
    add_setting(
        group, "client", "--client", metavar="C", type=transport.resolved, choices=CLIENTS,
        default=AUTO, usual=f"{AUTO}, here {transport.DEFAULT}",
    )  # fmt: skip


def network(group: Group) -> None:
    """Add the options for headers, proxies and certificates."""
    add_setting(
        group, "headers", "-H", "--header", metavar="'K: V'", type=values.header, action="append",
        note="repeatable",
    )  # fmt: skip
    add_setting(group, "proxy", "--proxy", metavar="URL", type=values.text)
    add_setting(group, "cacert", "--cacert", metavar="FILE", type=values.text)
    add_setting(group, "insecure", "-k", "--insecure", action="store_true")


def limits(group: Group, retries: int | None = None) -> None:
    """Add the options that limit retries, times, sizes and rates.

    ``retries`` replaces the default of ``--retries``.
    """
    add_setting(group, "retries", "--retries", metavar="N", type=values.natural, default=retries)
    for name in ("timeout", "connect_timeout", "max_time", "max_retry_after"):
        flag = f"--{name.replace('_', '-')}"
        add_setting(group, name, flag, metavar="S", type=values.seconds)
    suffixes = "K, M and G multiply by 1024"
    add_setting(
        group, "max_filesize", "--max-filesize", metavar="SIZE", type=values.size, note=suffixes
    )
    add_setting(
        group, "limit_rate", "--limit-rate", metavar="RATE", type=values.size, note="also K, M, G"
    )
    add_setting(group, "speed_limit", "--speed-limit", metavar="RATE", type=values.size_or_none)
    add_setting(group, "max_redirs", "--max-redirs", metavar="N", type=values.natural)


def output(group: Group) -> None:
    """Add the options for the output."""
    loudness = group.add_mutually_exclusive_group()
    loudness.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="print a line for each file instead of the progress bar",
    )
    loudness.add_argument("-q", "--quiet", action="store_true", help="print only errors")
    group.add_argument(
        "--progress", metavar="P", choices=PROGRESS,
        help="progress on a terminal: bar (default), multi (also bars of the slowest files), lines "
        "(one every ten seconds, which is the default elsewhere) or none",
    )  # fmt: skip
    group.add_argument(
        "--json", action="store_true",
        help="print one JSON object per event on standard output, and messages on standard error",
    )  # fmt: skip
    group.add_argument(
        "-V", "--version", action="version", version=f"getflags {__version__}",
        help="print the version, and exit",
    )  # fmt: skip
