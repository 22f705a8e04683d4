"""The command-line options: parse the arguments into `Settings`, or raise a one-sentence error.

This module defines the options and checks how they combine. It does not listen or print; the value
of a single argument is parsed in `argparse_types`.
"""

import argparse
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from ..faults import freeze, latency, rules, values
from ..faults.draws import Behaviour, RateLimit
from ..faults.kinds.status.busy import Busy
from ..faults.kinds.status.error import Error
from ..faults.rules import Rule
from ..faults.scenario import Scenario
from ..faults.values import printable
from ..state.recording import Replay
from . import argparse_types
from .server_defaults import SERVER_DEFAULTS

__all__ = ["Server", "Settings", "UsageError", "parse", "printable"]

_HIGHEST_PORT = 65_535
# Options that conflict with --replay, because the recording already determines the faults.
_CONFLICTS_WITH_REPLAY = (
    "scenario",
    "delay",
    "latency",
    "error_rate",
    "fail_first",
    "busy_above",
    "rate_limit",
    "fault",
)
# Options that have an effect only together with another one.
_REQUIREMENTS = {
    "retry_after": "busy_above",
    "burst": "rate_limit",
    "ca_out": "tls",
    "keep_requests": "lifeline",
    "tls_delay": "tls",
}


class UsageError(Exception):
    """The arguments are invalid; the message is one sentence and safe to print."""


class Server(NamedTuple):
    """One server to start. Unless `strict`, any free port may replace a `port` that is taken."""

    label: str
    port: int
    strict: bool
    behaviour: Behaviour


class Settings(NamedTuple):
    """The parsed command line. Without a `directory`, the servers serve the flags.

    `record` is the file to write the recording to. `authority` is the file to write the PEM
    certificate of the TLS certificate authority to. `verbose` logs each request to standard error.
    `keep_requests` keeps the last requests as they were sent.
    """

    servers: tuple[Server, ...]
    bind: str
    directory: Path | None
    seed: int
    lifeline: bool
    record: Path | None = None
    replay: Replay | None = None
    tls: bool = False
    authority: Path | None = None
    verbose: bool = False
    keep_requests: bool = False


def parse(argv: Sequence[str] | None, prog: str) -> Settings:
    """Return the settings for the arguments `argv`, without the program name.

    If `argv` is None, the arguments of this process are parsed. Raises UsageError. For `--help`,
    argparse prints the help and raises SystemExit.
    """
    # The arguments are parsed as intermixed: otherwise labels before and after an option would be
    # refused.
    given = make_parser(prog).parse_intermixed_args(argv)
    labels = list(dict.fromkeys(map(_label, given.labels or SERVER_DEFAULTS)))
    _check(given, labels)
    scenario = given.scenario or Scenario()
    option_rules = _rules(given, labels)
    servers = []
    for index, label in enumerate(labels):
        port = (
            SERVER_DEFAULTS[label].port if given.port is None else given.port and given.port + index
        )
        alone = len(labels) == 1
        behaviour = _behaviour(given, label, option_rules, alone=alone)
        servers.append(Server(label, port, given.port is not None, behaviour))
    seed = scenario.seed if given.seed is None else given.seed
    return Settings(
        tuple(servers),
        given.bind,
        given.directory,
        secrets.randbelow(2**32) if seed is None else seed,
        given.lifeline,
        given.record,
        given.replay,
        given.tls,
        given.ca_out,
        given.verbose,
        bool(given.keep_requests),
    )


def _check(given: argparse.Namespace, labels: Sequence[str]) -> None:
    """Raise UsageError for options that conflict with each other."""
    if given.port and given.port + len(labels) - 1 > _HIGHEST_PORT:
        raise UsageError(
            f"--port {given.port} is too high for {len(labels)} servers on consecutive ports"
        )
    if given.error_rate is not None and len(labels) > 1 and "ERROR" not in labels:
        raise UsageError("--error-rate needs the server ERROR, or exactly one LABEL")
    if given.delay and given.latency:
        raise UsageError("--delay and --latency conflict: use only one of them")
    for name, needed in _REQUIREMENTS.items():
        value = getattr(given, needed)
        if getattr(given, name) is not None and (value is None or value is False):
            raise UsageError(f"{_option(name)} requires {_option(needed)}")
    for name in _CONFLICTS_WITH_REPLAY if given.replay else ():
        if getattr(given, name) is not None:
            raise UsageError(
                f"--replay and {_option(name)} conflict: "
                "the recording already determines the faults"
            )
    if given.replay and not given.replay.covers(labels):
        raise UsageError("--replay: the recording has no request to any of the started servers")


def _option(name: str) -> str:
    """Return the option that argparse stores under `name`."""
    return "--" + name.replace("_", "-")


def _rules(given: argparse.Namespace, labels: Sequence[str]) -> list[Rule]:
    """Return the fault rules that the options define; they precede the rules of a scenario."""
    found = []
    if given.latency is not None:
        found.append(Rule(rules.LATENCY, given.latency))
    if given.fail_first is not None:
        found.append(Rule("error", Error(), first=given.fail_first))
    if given.busy_above is not None:
        busy = Busy() if given.retry_after is None else Busy(given.retry_after)
        found.append(Rule("busy", busy, above=given.busy_above))
    found += given.fault or []
    for each in found:
        if each.label is not None and each.label not in labels:
            raise UsageError(f"--fault: label={each.label} names a server that is not started")
    try:
        rules.check_consistent(found)
    except ValueError as error:
        raise UsageError(f"--fault: {error}") from error
    return found


def _behaviour(
    given: argparse.Namespace, label: str, option_rules: Sequence[Rule], *, alone: bool
) -> Behaviour:
    """Return the behaviour of the server `label`, with the rules from the options."""
    scenario = given.scenario or Scenario()
    frozen = _freeze(given) or scenario.freeze
    # A scenario or a recording replaces the default faults of a server.
    default = Behaviour() if given.scenario or given.replay else SERVER_DEFAULTS[label].behaviour
    delay = given.delay or (default.delay if given.latency is None else Behaviour().delay)
    applies = given.error_rate is not None and (alone or label == "ERROR")
    return Behaviour(
        delay,
        given.error_rate if applies else default.error_rate,
        rules.rules_for(label, (*option_rules, *scenario.rules)),
        scenario.bandwidth if given.bandwidth is None else given.bandwidth,
        scenario.slots if given.slots is None else given.slots,
        scenario.rate_limit
        if given.rate_limit is None
        else RateLimit(given.rate_limit, given.burst or 0),
        given.max_connections_per_client,
        given.requests_per_connection,
        given.tls_delay,
        frozen,
    )


def _freeze(given: argparse.Namespace) -> freeze.Freeze | None:
    """Return the freezes that the options define, if any. Raises UsageError."""
    try:
        return freeze.freeze(given.freeze_every, given.freeze_for, "--")
    except ValueError as error:
        raise UsageError(str(error)) from error


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser that reports an error without printing the usage first."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(printable(message))


def make_parser(prog: str) -> argparse.ArgumentParser:
    """Return the argument parser for a program named `prog`."""
    parser = _Parser(
        prog=prog,
        allow_abbrev=False,
        description="Serve the flags from a fast, a slow and a failing server, to test clients.",
        epilog="GET /-/ledger returns the counts of a server; POST /-/reset?seed=N resets it; GET "
        "/-/help returns this text.",
    )
    add = parser.add_argument
    default = "default: all three, on ports 8000, 8001, 8002"
    add("labels", nargs="*", metavar="LABEL", help=f"LOCAL, DELAY, ERROR ({default})")
    add("-v", "--verbose", action="store_true", help="log each request to standard error")
    _add_listening(parser)
    _add_faults(parser)
    add("--tls", action="store_true", help="serve https, with a new certificate")
    add("--ca-out", metavar="FILE", type=Path, help="write the PEM certificate clients must trust")
    add("--lifeline", action="store_true", help="stop when standard input ends")
    text = "with --lifeline: keep the last 1,000 requests, at most 4M, for GET /-/requests"
    add("--keep-requests", action="store_true", default=None, help=text)
    return parser


def _add_listening(parser: argparse.ArgumentParser) -> None:
    """Add the options for the socket, the content and the seed."""

    def add(name: str, metavar: str, read: Callable[[str], object], text: str) -> None:
        parser.add_argument(name, metavar=metavar, type=read, help=text)

    types = argparse_types
    add("--port", "N", types.port, "port of the first server; 0: any free port")
    add("--bind", "ADDRESS", types.address, "address to listen on (default 127.0.0.1)")
    add("--directory", "DIR", types.directory, "serve the files of a folder instead of the flags")
    add("--seed", "N", types.seed, "seed of the delays and faults, to repeat them")
    parser.set_defaults(bind="127.0.0.1")


def _add_faults(parser: argparse.ArgumentParser) -> None:
    """Add the options that define faults."""
    group = parser.add_argument_group("faults")

    def add(name: str, metavar: str, read: Callable[[str], object], text: str) -> None:
        group.add_argument(name, metavar=metavar, type=types.argparse_type(read), help=text)

    types = argparse_types
    add("--delay", "MIN-MAX", types.delay, "seconds before each response (DELAY, ERROR: 0.5-5)")
    add("--error-rate", "P", values.rate, "share of 418 errors, 0 to 1 (default for ERROR: 0.25)")
    shapes = "fixed:S, uniform:MIN-MAX or lognormal:MEDIAN,SIGMA"
    add("--latency", "SHAPE", latency.parse, f"distribution of the delay: {shapes}")
    add("--fail-first", "N", values.count, "answer the first N requests for each path with 503")
    add("--busy-above", "K", values.count_or_zero, "answer 429 while K requests are in flight")
    add("--retry-after", "S", values.whole_seconds, "seconds in Retry-After of a 429 (default 1)")
    add("--rate-limit", "R", values.request_rate, "answer 429 beyond R requests a second, as nginx")
    add("--burst", "B", values.count_or_zero, "requests by which --rate-limit may be exceeded (0)")
    add("--slots", "C", values.count, "delay C requests at a time; the others wait for them")
    add("--bandwidth", "RATE", values.nonzero_size, "limit in bytes a second (K, M, G), per server")
    add("--freeze-every", "S", values.seconds, "start no response for a while, every S seconds")
    add("--freeze-for", "S", values.seconds, "length of --freeze-every's freezes, in seconds")
    text = "close further connections of a client (an address) at once"
    add("--max-connections-per-client", "N", values.count, text)
    text = "close a connection after N responses, with Connection: close in the last one"
    add("--requests-per-connection", "N", values.count, text)
    text = "seconds before each TLS handshake is answered; requires --tls"
    add("--tls-delay", "MIN-MAX", types.delay, text)
    group.add_argument(
        "--fault",
        metavar="NAME[:PARAM=VALUE,...]",
        type=types.argparse_type(rules.parse),
        action="append",
        help=f"{', '.join(rules.KINDS)}; all also take rate, match, label, first, above",
    )
    add("--scenario", "FILE", types.scenario, "read faults from a TOML file")
    add("--record", "FILE", Path, "record the fault decisions to a file")
    add("--replay", "FILE", types.replay, "repeat the fault decisions of a recording")


def _label(text: str) -> str:
    # This is not a type for argparse, which would then report the value of an unknown option as a
    # label.
    if text.upper() not in SERVER_DEFAULTS:
        raise UsageError(
            printable(
                f"{text!r} is not a server: use {', '.join(SERVER_DEFAULTS)}, or none for all"
            )
        )
    return text.upper()
