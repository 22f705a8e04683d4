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
from getflags.core.settings import (
    CLIENTS,
    DEFAULTS,
    ENGINES,
    LOOPS,
    PER_REMOTE_HOST,
    described,
)
from getflags.testing import PORTS

Group: TypeAlias = argparse._ArgumentGroup  # noqa: SLF001 - argparse has no other name for it

SERVERS = (*PORTS, "REMOTE")
PROGRESS = ("bar", "multi", "lines", "none")
#: What is on or off; ``--no-...`` turns off what the configuration has turned on.
SWITCH = argparse.BooleanOptionalAction
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
        "indented lines out=NAME, dir=DIR, checksum=ALGO=HEX and header=K: V apply to the target "
        "above; several URLs on a line, separated by tabs, are mirrors of one file; a list named "
        ".csv or .jsonl has columns or keys url, out, dir, checksum, optional and mirrors; "
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
        "-o", "--out", metavar="NAME", type=values.text,
        help="file name, or '-' for standard output; only for a single target",
    )  # fmt: skip
    add_setting(group, "dedupe", "--dedupe", action=SWITCH)
    add_setting(group, "exists", "--exists", metavar="WHAT", type=values.exists)
    add_setting(group, "force_directories", "--force-directories", action=SWITCH)
    add_setting(group, "cut_dirs", "--cut-dirs", metavar="N", type=values.natural)
    add_setting(group, "output_template", "--output-template", metavar="T", type=values.text)
    add_setting(
        group, "content_disposition", "--content-disposition", action=SWITCH,
        note="--dry-run prints the names of the URLs",
    )  # fmt: skip
    group.add_argument(
        "--checksum", metavar="ALGO=HEX", type=values.checksum,
        help="expected checksum, such as sha-256=...; only for a single target",
    )  # fmt: skip
    group.add_argument(
        "--checksum-file", metavar="FILE", type=values.text,
        help="take the checksum of each target from FILE, as written by sha256sum ('-': standard "
        "input); a target that it does not list fails",
    )  # fmt: skip
    add_setting(
        group, "verify", "--verify", action="store_true",
        note="prints a line for each; exits with 0 only if all are right",
    )  # fmt: skip
    add_setting(group, "compressed", "--compressed", action=SWITCH)
    add_setting(group, "fsync", "--fsync", action=SWITCH)
    group.add_argument(
        "--failed-out", metavar="FILE", type=values.text,
        help="write the rest of the job to FILE, in the format of -i: the targets that failed, "
        "were interrupted or were not begun; empty if there are none",
    )  # fmt: skip


def concurrency(group: Group) -> None:
    """Add the options that choose the concurrency, the engine and its libraries."""
    _add_max_req(group, values.count_or_auto, auto=True)
    add_setting(
        group, "max_per_host", "--max-per-host", metavar="N", type=values.count,
        usual=f"{PER_REMOTE_HOST} at servers beyond this machine if -m is not given, else none",
    )  # fmt: skip
    add_setting(group, "rate_per_host", "--rate-per-host", metavar="R", type=values.request_rate)
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
    """Add the option that chooses the HTTP library."""
    add_setting(
        group, "client", "--client", metavar="C", choices=(AUTO, *CLIENTS), default=AUTO,
        usual=f"{AUTO}, here {transport.DEFAULT}",
    )  # fmt: skip


def network(group: Group) -> None:
    """Add the options for headers, credentials, proxies and certificates."""
    add_setting(
        group, "headers", "-H", "--header", metavar="'K: V'", type=values.header, action="append",
        note="repeatable",
    )  # fmt: skip
    add_setting(group, "user", "-u", "--user", metavar="USER:PASSWORD", type=values.user)
    add_setting(group, "digest", "--digest", action=SWITCH)
    add_setting(group, "oauth2_bearer", "--oauth2-bearer", metavar="TOKEN", type=values.token)
    add_setting(group, "netrc", "--netrc", action=SWITCH)
    add_setting(group, "netrc_file", "--netrc-file", metavar="FILE", type=values.text)
    add_setting(group, "location_trusted", "--location-trusted", action=SWITCH)
    add_setting(group, "proxy", "--proxy", metavar="URL", type=values.text)
    add_setting(group, "cacert", "--cacert", metavar="FILE", type=values.text)
    add_setting(group, "cert", "--cert", metavar="FILE", type=values.text)
    add_setting(group, "key", "--key", metavar="FILE", type=values.text)
    add_setting(group, "insecure", "-k", "--insecure", action=SWITCH)


def versions(group: Group) -> None:
    """Add the options that choose the version of HTTP; the last one given wins, as in curl."""
    for version in ("1.1", "2", "3"):
        add_setting(
            group, "http_version", f"--http{version}", action="store_const", const=version,
            note=f"this option chooses HTTP/{version}, and the last of the three options wins",
        )  # fmt: skip


def addresses(group: Group) -> None:
    """Add the options that choose among the addresses of hosts."""
    versions = group.add_mutually_exclusive_group()
    for version in (4, 6):
        add_setting(
            versions, "ip_version", f"-{version}", f"--ipv{version}", action="store_const",
            const=version, note=f"IPv{version}", usual="both",
        )  # fmt: skip
    add_setting(
        group, "resolve", "--resolve", metavar="HOST:PORT:ADDRESS", type=values.addresses,
        action="append", note="repeatable",
    )  # fmt: skip
    no_private_addresses(group)


def no_private_addresses(group: Group) -> None:
    """Add ``--no-private-addresses``; a SWITCH sets False for an option that begins with --no-."""
    add_setting(
        group, "no_private_addresses", "--no-private-addresses", action="store_const", const=True
    )


def cookies(group: Group) -> None:
    """Add the options for cookies."""
    add_setting(group, "cookie", "-b", "--cookie", metavar="COOKIES", type=values.cookie)
    add_setting(group, "cookie_jar", "--cookie-jar", metavar="FILE", type=values.text)


def limits(group: Group, retries: int | None = None) -> None:
    """Add the options that limit retries, times, sizes and rates.

    ``retries`` replaces the default of ``--retries``.
    """
    limits_of_each(group, retries)
    add_setting(
        group, "limit_rate", "--limit-rate", metavar="RATE", type=values.size, note="also K, M, G"
    )


def limits_of_each(group: Group, retries: int | None = None) -> None:
    """Add the options that limit retries, times, sizes and rates of each target."""
    add_setting(group, "retries", "--retries", metavar="N", type=values.natural, default=retries)
    add_setting(group, "retry_on", "--retry-on", metavar="CODES", type=values.status_codes)
    add_setting(group, "retry_connrefused", "--retry-connrefused", action=SWITCH)
    add_setting(group, "retry_all_errors", "--retry-all-errors", action=SWITCH)
    for name in ("timeout", "connect_timeout", "max_time", "max_retry_after"):
        flag = f"--{name.replace('_', '-')}"
        add_setting(group, name, flag, metavar="S", type=values.seconds)
    suffixes = "K, M and G multiply by 1024"
    add_setting(
        group, "max_filesize", "--max-filesize", metavar="SIZE", type=values.size, note=suffixes
    )
    add_setting(group, "speed_limit", "--speed-limit", metavar="RATE", type=values.size_or_none)
    add_setting(group, "max_redirs", "--max-redirs", metavar="N", type=values.natural)


def ends(group: Group) -> None:
    """Add the options that end a run early."""
    add_setting(group, "deadline", "--deadline", metavar="S", type=values.seconds)
    add_setting(group, "max_failures", "--max-failures", metavar="N", type=values.count)
    group.add_argument(
        "--fail-early", action=SWITCH,
        help="end the run at the first failure: the same as --max-failures 1",
    )  # fmt: skip


def configuration(group: Group) -> None:
    """Add the options that choose the configuration file."""
    group.add_argument(
        "--config", metavar="FILE", type=values.text,
        help="read the defaults of the options from this TOML file "
        "(default: ~/.config/getflags/config.toml, if it exists)",
    )  # fmt: skip
    group.add_argument("--no-config", action="store_true", help="read no configuration file")


def output(group: Group) -> None:
    """Add the options for the output."""
    loudness = group.add_mutually_exclusive_group()
    loudness.add_argument(
        "-v",
        "--verbose",
        action=SWITCH,
        help="print a line for each file instead of the progress bar",
    )
    loudness.add_argument("-q", "--quiet", action=SWITCH, help="print only errors")
    group.add_argument(
        "--dry-run", action="store_true",
        help="print the URL and the path of each target, separated by a tab; request and write "
        "nothing",
    )  # fmt: skip
    group.add_argument(
        "--progress", metavar="P", choices=PROGRESS,
        help="progress on a terminal: bar (default), multi (also bars of the slowest files), lines "
        "(one every ten seconds, which is the default elsewhere) or none",
    )  # fmt: skip
    group.add_argument(
        "--json", action=SWITCH,
        help="print one JSON object per event on standard output, and messages on standard error",
    )  # fmt: skip
    group.add_argument(
        "-V", "--version", action="version", version=f"getflags {__version__}",
        help="print the version, and exit",
    )  # fmt: skip
