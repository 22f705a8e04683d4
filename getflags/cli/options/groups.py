"""The options of a download in their groups, as ``-h`` shows them: names, grammar, help.

Nothing is decided here: what a value may look like is in ``values``, what it means is elsewhere.
"""

from __future__ import annotations

import argparse
from typing import TypeAlias

from getflags import __version__, engines, transport
from getflags.cli.options import values
from getflags.core.models import (
    CONNECT_TIMEOUT,
    LIMIT,
    LOOPS,
    MAX_REDIRS,
    RETRIES,
    SPEED_LIMIT,
    TIMEOUT,
    Exists,
)
from getflags.testing.bundled import PORTS

Group: TypeAlias = argparse._ArgumentGroup  # noqa: SLF001 - argparse has no other name for it

SERVERS = (*PORTS, "REMOTE")
REMOTE_LIMIT = 5  # it is somebody's site


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
    group.add_argument(
        "--base-url",
        metavar="URL",
        type=values.text,
        help="any mirror of the flags: URL/br/br.gif is Brazil's",
    )
    group.add_argument(
        "--seed", metavar="N", type=values.natural,
        help="make the bundled server's faults and delays repeatable",
    )  # fmt: skip


def where(group: Group) -> None:
    """Define which files, and what becomes of what stands there."""
    group.add_argument(
        "-d", "--dir", metavar="DIR", type=values.text, default="downloaded",
        help="folder for the files, made if missing (default: downloaded)",
    )  # fmt: skip
    group.add_argument(
        "-o", "--out", metavar="NAME", type=values.text, help="file name, for a single target"
    )
    group.add_argument(
        "--exists", metavar="WHAT", type=values.exists, default=Exists.OVERWRITE,
        help="a file of that name is there: overwrite (default, once the new one is whole), "
        "skip, refresh (only if it changed) or fail",
    )  # fmt: skip
    group.add_argument(
        "--checksum", metavar="ALGO=HEX", type=values.checksum,
        help="what the file must hash to (sha-256=...), for a single target",
    )  # fmt: skip
    group.add_argument(
        "--fsync", action="store_true",
        help="have the disk confirm each file before it counts: it will stand after a power cut",
    )  # fmt: skip
    group.add_argument(
        "--failed-out", metavar="FILE", type=values.text,
        help="write the targets that failed to FILE, as a list for -i",
    )  # fmt: skip


def how(group: Group) -> None:
    """Define how many at a time, and by whom."""
    group.add_argument(
        "-m", "--max-req", "--max_req", metavar="N", type=values.count_or_auto,
        help=f"at most N requests at a time (default: {LIMIT}; {REMOTE_LIMIT} for REMOTE), or "
        "auto: as many as each server is worth, found out on the way",
    )  # fmt: skip
    group.add_argument(
        "--engine", metavar="E", choices=(engines.AUTO, *engines.ENGINES), default=engines.AUTO,
        help=f"{', '.join(engines.ENGINES)}, or auto (default): processes from "
        f"{engines.MANY:,} targets on where there are several processors, else asyncio",
    )  # fmt: skip
    library(group)


def level(group: Group) -> None:
    """Define how many at a time, where nobody finds that out on the way."""
    group.add_argument(
        "-m", "--max-req", "--max_req", metavar="N", type=values.count,
        help=f"at most N requests at a time (default: {LIMIT}; {REMOTE_LIMIT} for REMOTE)",
    )  # fmt: skip


def library(group: Group) -> None:
    """Define what engines run on."""
    group.add_argument(
        "--client", metavar="C", choices=tuple(transport.CLIENTS), default=transport.default(),
        help="the HTTP library: curl (libcurl, the default where pycurl is installed, because it "
        f"is faster) or httpx (default here: {transport.default()})",
    )  # fmt: skip
    group.add_argument(
        "--loop", metavar="L", choices=LOOPS, default="auto",
        help="event loop of the asyncio engine: auto (default: uvloop where it is installed), "
        "uvloop or asyncio",
    )  # fmt: skip


def network(group: Group) -> None:
    """Define what a request carries, and whom it trusts."""
    group.add_argument(
        "-H", "--header", metavar="'K: V'", type=values.header, action="append", default=[],
        help="one more header field, sent to the target's own origin; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--proxy", metavar="URL", type=values.text,
        help="proxy for everything but the hosts in NO_PROXY (default: the environment's)",
    )  # fmt: skip
    group.add_argument(
        "--cacert",
        metavar="FILE",
        type=values.text,
        help="trust the certificates in FILE, not the system's",
    )
    group.add_argument(
        "-k", "--insecure", action="store_true", help="accept any certificate: anyone may answer"
    )


def limits(group: Group, retries: int = RETRIES) -> None:
    """Define how long, how large, how fast, how often."""
    group.add_argument(
        "--retries", metavar="N", type=values.natural, default=retries,
        help=f"try again so many times what may pass, a little later (default: {retries})",
    )  # fmt: skip
    group.add_argument(
        "--timeout", metavar="S", type=values.seconds, default=TIMEOUT,
        help=f"longest silence on a connection, in seconds (default: {TIMEOUT:g})",
    )  # fmt: skip
    group.add_argument(
        "--connect-timeout", metavar="S", type=values.seconds, default=CONNECT_TIMEOUT,
        help=f"longest wait for a connection, in seconds (default: {CONNECT_TIMEOUT:g})",
    )  # fmt: skip
    group.add_argument(
        "--max-time", metavar="S", type=values.seconds,
        help="longest time for one file, everything included, in seconds (default: none)",
    )  # fmt: skip
    group.add_argument(
        "--max-filesize", metavar="SIZE", type=values.size,
        help="refuse what is larger; bytes, or with K, M or G (1024 each)",
    )  # fmt: skip
    group.add_argument(
        "--limit-rate", metavar="RATE", type=values.size,
        help="bytes a second over all transfers; the same suffixes",
    )  # fmt: skip
    group.add_argument(
        "--speed-limit", metavar="RATE", type=values.size_or_none, default=SPEED_LIMIT,
        help="give up (and try again) what comes slower than so many bytes a second, on the "
        f"average of --timeout seconds (default: {SPEED_LIMIT:g}; 0: never)",
    )  # fmt: skip
    group.add_argument(
        "--max-redirs", metavar="N", type=values.natural, default=MAX_REDIRS,
        help=f"follow so many redirects for one target (default: {MAX_REDIRS})",
    )  # fmt: skip


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
