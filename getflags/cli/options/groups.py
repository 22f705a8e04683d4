"""The options of a download in their groups, as ``-h`` shows them: names, grammar, help.

An option that sets one of ``Settings`` takes its meaning and its default from there; what is said
of it here is the command line's own: short names, ``metavar``, the forms in ``values``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, TypeAlias

from getflags import __version__, transport
from getflags.cli.options import values
from getflags.core.accepted import AUTO
from getflags.core.settings import CLIENTS, DEFAULTS, ENGINES, LOOPS, described
from getflags.testing.bundled import PORTS

Group: TypeAlias = argparse._ArgumentGroup  # noqa: SLF001 - argparse has no other name for it

SERVERS = (*PORTS, "REMOTE")
REMOTE_LIMIT = 5  # it is somebody's site


def add_setting(
    group: Group,
    name: str,
    *flags: str,
    note: str = "",
    default: object = None,
    usual: str = "",
    auto: bool = True,
    **grammar: Any,
) -> None:
    """Add the option that sets one of ``Settings``.

    ``note`` is what only the command line has to say. A ``default`` is this command's own; without
    one, an option that was not given is None, and the default of ``Settings`` holds.
    """
    text = described(name, default, usual, auto=auto)
    if note:
        head, bracket, tail = text.rpartition(" (default: ")
        text = f"{head}; {note}{bracket}{tail}" if bracket else f"{text}; {note}"
    group.add_argument(*flags, dest=name, default=default, help=text, **grammar)


def what(group: Group) -> None:
    """Define which targets."""
    group.add_argument(
        "-i", "--input-file", metavar="FILE", type=values.text,
        help="targets from a file, one a line, '-' for standard input; '#' comments; indented "
        "out=NAME, dir=DIR, checksum=ALGO=HEX lines apply to the target above",
    )  # fmt: skip
    group.add_argument("-a", "--all", action="store_true", help="every flag there is (AD to ZW)")
    group.add_argument(
        "-e", "--every", action="store_true",
        help="every possible code, AA to ZZ: 676 requests, most of them not found",
    )  # fmt: skip
    group.add_argument(
        "-l", "--limit", metavar="N", type=values.count, help="only the first N, after sorting"
    )
    group.add_argument(
        "-s", "--server", metavar="LABEL", type=str.upper, choices=SERVERS, default="LOCAL",
        help="where flags come from: LOCAL (default), DELAY or ERROR, which are bundled and "
        "started when they don't run, or REMOTE, the public site",
    )  # fmt: skip
    mirror(group)
    group.add_argument(
        "--seed", metavar="N", type=values.natural,
        help="make the bundled server's faults and delays repeatable",
    )  # fmt: skip


def mirror(group: Group) -> None:
    """Define another place to get flags from."""
    usual = "the server that -s names"
    add_setting(group, "base_url", "--base-url", metavar="URL", type=values.text, usual=usual)


def where(group: Group) -> None:
    """Define where files go, and what happens to a file that exists."""
    add_setting(group, "dir", "-d", "--dir", metavar="DIR", type=values.text)
    group.add_argument(
        "-o", "--out", metavar="NAME", type=values.text, help="file name, for a single target"
    )
    add_setting(group, "exists", "--exists", metavar="WHAT", type=values.exists)
    group.add_argument(
        "--checksum", metavar="ALGO=HEX", type=values.checksum,
        help="what the file must hash to (sha-256=...), for a single target",
    )  # fmt: skip
    add_setting(group, "fsync", "--fsync", action="store_true")
    group.add_argument(
        "--failed-out", metavar="FILE", type=values.text,
        help="write the targets that failed to FILE, as a list for -i",
    )  # fmt: skip


def how(group: Group) -> None:
    """Define how many at a time, and by whom."""
    _max_req(group, values.count_or_auto, auto=True)
    add_setting(group, "engine", "--engine", metavar="E", choices=(AUTO, *ENGINES), default=AUTO)
    library(group)


def level(group: Group) -> None:
    """Define how many at a time, where nobody finds that out on the way."""
    _max_req(group, values.count, auto=False)


def _max_req(group: Group, grammar: Callable[[str], object], *, auto: bool) -> None:
    usual = f"{DEFAULTS.max_req}; {REMOTE_LIMIT} for REMOTE"
    names = ("-m", "--max-req", "--max_req")
    add_setting(group, "max_req", *names, metavar="N", type=grammar, usual=usual, auto=auto)


def library(group: Group) -> None:
    """Define what engines run on."""
    client(group)
    add_setting(group, "loop", "--loop", metavar="L", choices=(AUTO, *LOOPS))


def client(group: Group) -> None:
    """Define the HTTP library; ``auto`` becomes the one that it stands for."""
    add_setting(
        group, "client", "--client", metavar="C", type=transport.resolved, choices=CLIENTS,
        default=AUTO, usual=f"{AUTO}, here {transport.default()}",
    )  # fmt: skip


def network(group: Group) -> None:
    """Define what a request carries, and whom it trusts."""
    add_setting(
        group, "headers", "-H", "--header", metavar="'K: V'", type=values.header, action="append",
        note="repeatable",
    )  # fmt: skip
    add_setting(group, "proxy", "--proxy", metavar="URL", type=values.text)
    add_setting(group, "cacert", "--cacert", metavar="FILE", type=values.text)
    add_setting(group, "insecure", "-k", "--insecure", action="store_true")


def limits(group: Group, retries: int | None = None) -> None:
    """Define how long, how large, how fast, how often. ``retries`` is a command's own default."""
    add_setting(group, "retries", "--retries", metavar="N", type=values.natural, default=retries)
    for name in ("timeout", "connect_timeout", "max_time"):
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
    """Define what is printed."""
    loudness = group.add_mutually_exclusive_group()
    loudness.add_argument(
        "-v", "--verbose", action="store_true", help="a line for each file instead of the bar"
    )
    loudness.add_argument("-q", "--quiet", action="store_true", help="nothing but errors")
    group.add_argument(
        "--json", action="store_true",
        help="one JSON object an event on standard output, the rest on standard error",
    )  # fmt: skip
    group.add_argument("--version", action="version", version=f"getflags {__version__}")
