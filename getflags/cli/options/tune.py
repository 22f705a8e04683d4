"""The options of ``getflags tune``: those of a bench that make sense for one question."""

from __future__ import annotations

from getflags.bench.tune.experiment import ROUNDS
from getflags.cli.options import bench as bench_options
from getflags.cli.options import groups, values
from getflags.cli.options.parser import Parser
from getflags.core.settings import DEFAULTS, ENGINES
from getflags.scheduling.adaptive_concurrency import MAX_LEVEL

#: Requests that an experiment may cost, unless somebody says otherwise.
REQUESTS = 5_000
_DESCRIPTION = """\
Find out how many requests at a time a server is worth, and print the flag: -m 24.

Levels 1, 2, 4, ... are tried until two doublings in a row bring nothing, then those that may be the
answer are measured again in rounds. The answer is the smallest level that does as well as the best.
It stops at the first sign that it hurts the server: 429, 503, or connections that are reset.

A TARGET is what it is for a download; they are asked for in turn, as often as it takes, and thrown
away. Without any: all flags.
"""
_EPILOG = """\
exit codes: 0 there is an answer; 1 there is one, but nobody can be sure of it; 2 usage, nothing was
requested; 3 nothing arrived; 130 or 143 interrupted.
"""


class Options(bench_options.Options):
    """The parsed words, with types."""

    max_requests: int
    max_level: int
    json: bool
    quiet: bool


def parse(words: list[str]) -> Options:
    """Read the command line. Raises UsageError; ``-h`` prints and exits."""
    return make_parser().parse_intermixed_args(words, namespace=Options())


def make_parser() -> Parser:
    """Return the parser of ``getflags tune``."""
    parser = Parser(
        prog="getflags tune",
        usage="getflags tune [OPTION]... [TARGET]...",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.take_targets()
    _what(parser.add_argument_group("what is asked for, and by whom"))
    _method(parser.add_argument_group("how it is measured"))
    bench_options.servers(parser.add_argument_group("how the bundled server behaves"))
    groups.network(parser.add_argument_group("network"))
    groups.limits(parser.add_argument_group("limits"), retries=0)
    parser.set_defaults(all=False, every=False, levels=[1], files=1, size=None)
    return parser


def _what(group: groups.Group) -> None:
    add = group.add_argument
    add(
        "-i", "--input-file", metavar="FILE", type=values.text,
        help="targets from a file, one a line, '-' for standard input",
    )  # fmt: skip
    add(
        "-s", "--server", metavar="LABEL", dest="servers", type=bench_options.labels,
        help="LOCAL (default), DELAY or ERROR: bundled, and started for this",
    )  # fmt: skip
    groups.mirror(group)
    several = tuple(name for name in ENGINES if name != "sequential")
    add(
        "--engine", metavar="E", choices=several, default=DEFAULTS.engine,
        help=f"{', '.join(several)} (default: {DEFAULTS.engine})",
    )  # fmt: skip
    groups.client(group)


def _method(group: groups.Group) -> None:
    add = group.add_argument
    add(
        "--max-requests", metavar="N", type=values.count, default=REQUESTS,
        help=f"make no more than N requests in all (default: {REQUESTS:,})",
    )  # fmt: skip
    add(
        "--max-level", metavar="N", type=values.count, default=MAX_LEVEL,
        help=f"try no more than N at a time (default: {MAX_LEVEL})",
    )  # fmt: skip
    add(
        "--rounds", metavar="N", type=values.count, default=ROUNDS,
        help=f"rounds for the levels that may be the answer (default: {ROUNDS})",
    )  # fmt: skip
    add(
        "--seed", metavar="N", type=values.natural, default=0,
        help="of the server's faults and delays, and of the order (default: 0)",
    )  # fmt: skip
    add("-q", "--quiet", action="store_true", help="the flag alone, and no lines on the way")
    add("--json", action="store_true", help="one JSON object on standard output")
