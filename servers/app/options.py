"""The command line: words in, settings out.

What may live here: the options, what they accept, and the sentences that refuse the rest. What
may not: anything that listens or prints, and what single words mean (in `words`).
"""

import argparse
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from ..faults import latency, rules, values
from ..faults.draws import Behaviour
from ..faults.kinds.status.busy import Busy
from ..faults.kinds.status.error import Error
from ..faults.rules import Rule
from ..faults.scenario import Scenario
from ..faults.values import printable
from ..state.recording import Replay
from . import option_types
from .sites import SITES

__all__ = ["Server", "Settings", "UsageError", "parse", "printable"]

_HIGHEST_PORT = 65_535
# What says by itself what goes wrong, so that nothing is left to say where a record is replayed.
_DECIDING = ("scenario", "delay", "latency", "error_rate", "fail_first", "busy_above", "fault")


class UsageError(Exception):
    """The words make no sense; the message is one sentence and safe to print."""


class Server(NamedTuple):
    """One server to start. If `strict` is false and `port` is taken, any free one will do."""

    label: str
    port: int
    strict: bool
    behaviour: Behaviour


class Settings(NamedTuple):
    """What was asked for. Without a `directory` the flags are served.

    `record` is a file to write; `authority` is another, for the certificate that vouches for
    `tls`.
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


def parse(argv: Sequence[str] | None, prog: str) -> Settings:
    """Return what the words `argv` (without a program's name; None: of this process) ask for.

    Raises UsageError. Help is printed by argparse, which then raises SystemExit.
    """
    # Intermixed, or else labels on both sides of an option would not be understood.
    given = make_parser(prog).parse_intermixed_args(argv)
    labels = list(dict.fromkeys(map(_label, given.labels or SITES)))
    _check(given, labels)
    scenario = given.scenario or Scenario()
    own = _rules(given, labels)
    servers = []
    for place, label in enumerate(labels):
        port = SITES[label].port if given.port is None else given.port and given.port + place
        alone = len(labels) == 1
        behaviour = _behaviour(given, label, own, alone=alone)
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
    )


def _check(given: argparse.Namespace, labels: Sequence[str]) -> None:
    """Refuse what makes no sense together."""
    if given.port and given.port + len(labels) - 1 > _HIGHEST_PORT:
        raise UsageError(f"--port {given.port} leaves no room for {len(labels)} servers")
    if given.error_rate is not None and len(labels) > 1 and "ERROR" not in labels:
        raise UsageError("--error-rate applies to ERROR, or to the one LABEL there is")
    if given.delay and given.latency:
        raise UsageError("--delay and --latency say the same thing: give one of them")
    if given.retry_after is not None and given.busy_above is None:
        raise UsageError("--retry-after goes with --busy-above, which says when")
    if given.ca_out and not given.tls:
        raise UsageError("--ca-out goes with --tls")
    for name in _DECIDING if given.replay else ():
        if getattr(given, name) is not None:
            option = name.replace("_", "-")
            raise UsageError(f"--replay says all that goes wrong: leave out --{option}")
    if given.replay and not given.replay.tells_of(labels):
        raise UsageError("--replay: the record is of servers that are not started")


def _rules(given: argparse.Namespace, labels: Sequence[str]) -> list[Rule]:
    """Return the rules that the options make. They stand above those of a scenario."""
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
            raise UsageError(f"--fault: label={each.label} is for a server that is not started")
    try:
        rules.consistent(found)
    except ValueError as error:
        raise UsageError(f"--fault: {error}") from error
    return found


def _behaviour(
    given: argparse.Namespace, label: str, own: Sequence[Rule], *, alone: bool
) -> Behaviour:
    """Return how the server `label` behaves, given the rules that options make."""
    scenario = given.scenario or Scenario()
    # Whoever describes what goes wrong does not want to hear of what went wrong by default.
    default = Behaviour() if given.scenario or given.replay else SITES[label].behaviour
    delay = given.delay or (default.delay if given.latency is None else Behaviour().delay)
    named = given.error_rate is not None and (alone or label == "ERROR")
    return Behaviour(
        delay,
        given.error_rate if named else default.error_rate,
        rules.meant_for(label, (*own, *scenario.rules)),
        scenario.bandwidth if given.bandwidth is None else given.bandwidth,
        scenario.slots if given.slots is None else given.slots,
    )


class _Parser(argparse.ArgumentParser):
    """Argparse, without the page of usage that buries the sentence."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(printable(message))


def make_parser(prog: str) -> argparse.ArgumentParser:
    """Return the parser of a program of that name."""
    parser = _Parser(
        prog=prog,
        allow_abbrev=False,
        description="Serve the flags from a fast, a slow and a failing server, to test clients.",
        epilog="GET /-/ledger tells what a server was asked; POST /-/reset?seed=N starts it anew.",
    )
    add = parser.add_argument
    add(
        "labels",
        nargs="*",
        metavar="LABEL",
        help="LOCAL, DELAY, ERROR (default: all three, on ports 8000, 8001, 8002)",
    )
    add("--port", metavar="N", type=option_types.port, help="of the first server; 0: any free one")
    add(
        "--bind",
        metavar="ADDRESS",
        type=option_types.address,
        default="127.0.0.1",
        help="default 127.0.0.1",
    )
    add(
        "--directory",
        metavar="DIR",
        type=option_types.directory,
        help="serve a folder, not the flags",
    )
    add("--seed", metavar="N", type=option_types.seed, help="make delays and errors repeatable")
    _add_faults(parser)
    add("--tls", action="store_true", help="https, with a certificate made for this run")
    add("--ca-out", metavar="FILE", type=Path, help="write the PEM that clients have to trust")
    add("--lifeline", action="store_true", help="stop when standard input ends")
    return parser


def _add_faults(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("what goes wrong")

    def add(name: str, metavar: str, read: Callable[[str], object], text: str) -> None:
        group.add_argument(name, metavar=metavar, type=option_types.reads(read), help=text)

    add(
        "--delay", "MIN-MAX", option_types.delay, "seconds before each answer (DELAY, ERROR: 0.5-5)"
    )
    add("--error-rate", "P", values.rate, "share of errors, 0 to 1 (default for ERROR: 0.25)")
    shapes = "fixed:S, uniform:MIN-MAX or lognormal:MEDIAN,SIGMA"
    add("--latency", "HOW", latency.parse, f"in place of --delay: {shapes}")
    add("--fail-first", "N", values.count, "answer 503 to the first N requests for each path")
    add("--busy-above", "K", values.level, "answer 429 to what comes while K are in flight")
    add("--retry-after", "S", values.whole_seconds, "the Retry-After of those (default 1)")
    add("--slots", "C", values.count, "serve C requests at a time; the others wait in line")
    add("--bandwidth", "RATE", values.some, "bytes a second of each server (K, M, G)")
    group.add_argument(
        "--fault",
        metavar="NAME[:PARAM=VALUE,...]",
        type=option_types.reads(rules.parse),
        action="append",
        help=f"{', '.join(rules.KINDS)}; each also takes rate, match, label, first, above",
    )
    add("--scenario", "FILE", option_types.scenario, "all of these, in a TOML file")
    add("--record", "FILE", Path, "write down what is done to whom")
    add("--replay", "FILE", option_types.replay, "do again what was written down")


def _label(word: str) -> str:
    # Not a type for argparse: the value of an unknown option would be blamed in its place.
    if word.upper() not in SITES:
        raise UsageError(printable(f"{word!r} is no server: give {', '.join(SITES)} or nothing"))
    return word.upper()
