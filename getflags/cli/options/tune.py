"""The parser of ``getflags tune``: some options of a bench, and limits of the search."""

from __future__ import annotations

from getflags.bench.tune.experiment import ROUNDS
from getflags.cli.options import bench as bench_options
from getflags.cli.options import groups, values
from getflags.cli.options.parser import Parser
from getflags.core.settings import DEFAULTS, ENGINES
from getflags.scheduling.adaptive_concurrency import MAX_LEVEL

#: The default of the maximum number of requests.
REQUESTS = 5_000
_DESCRIPTION = """\
Find the best concurrency level for a server, and print it as an option: -m 24.

Levels 1, 2, 4, ... are tried until two doublings in a row bring no gain. Then the candidates are
measured again in rounds. The result is the smallest level that is as good as the best one. The
search stops at the first sign of overload: status 429 or 503, or a connection reset.

A TARGET is the same as for a download (getflags -h): URLs, or country codes, or both with
--base-url. Targets are requested in turn, as often as necessary, and the files are discarded.
Without any target: all flags.
"""
_EPILOG = """\
exit codes: 0 a level was found; 1 a level was found, but it is not certain; 2 usage, nothing was
requested; 3 no level was found; 130 or 143 interrupted.
"""


class Options(bench_options.Options):
    """The parsed options, with types."""

    max_requests: int
    max_level: int
    json: bool
    quiet: bool


def parse(arguments: list[str]) -> Options:
    """Parse the arguments. Raises UsageError; ``-h`` prints the help and exits."""
    return make_parser().parse_intermixed_args(arguments, namespace=Options())


def make_parser() -> Parser:
    """Return the parser of ``getflags tune``."""
    parser = Parser(
        prog="getflags tune",
        usage="getflags tune [OPTION]... [TARGET]...",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.take_targets()
    _targets(parser.add_argument_group("targets and engine"))
    _method(parser.add_argument_group("search"))
    bench_options.servers(parser.add_argument_group("behaviour of the bundled server"))
    groups.network(parser.add_argument_group("network"))
    groups.limits(parser.add_argument_group("limits"), retries=0)
    parser.set_defaults(all=False, every=False, levels=[1], files=1, size=None)
    return parser


def _targets(group: groups.Group) -> None:
    add = group.add_argument
    add(
        "-i", "--input-file", dest="input_files", metavar="FILE", type=values.text, action="append",
        help="read targets from a file ('-': standard input), one per line; repeatable",
    )  # fmt: skip
    add(
        "-s", "--server", metavar="LABEL", dest="servers", type=bench_options.labels,
        help="bundled server of the flags, started for the search: LOCAL (default), DELAY or ERROR",
    )  # fmt: skip
    groups.mirror(group)
    several = tuple(name for name in ENGINES if name != "sequential")
    add(
        "--engine", metavar="E", choices=several, default=DEFAULTS.engine,
        help=f"engine that runs the transfers: {', '.join(several)} (default: {DEFAULTS.engine})",
    )  # fmt: skip
    groups.client(group)


def _method(group: groups.Group) -> None:
    add = group.add_argument
    add(
        "--max-requests", metavar="N", type=values.count, default=REQUESTS,
        help=f"maximum number of requests in all (default: {REQUESTS:,})",
    )  # fmt: skip
    add(
        "--max-level", metavar="N", type=values.count, default=MAX_LEVEL,
        help=f"highest level to try (default: {MAX_LEVEL})",
    )  # fmt: skip
    add(
        "--rounds", metavar="N", type=values.count, default=ROUNDS,
        help=f"number of rounds for the candidates (default: {ROUNDS})",
    )  # fmt: skip
    add(
        "--seed", metavar="N", type=values.natural, default=0,
        help="seed of the server's faults and delays, and of the order of trials (default: 0)",
    )  # fmt: skip
    add("-q", "--quiet", action="store_true", help="print only the option, such as -m 24")
    add(
        "--json", action="store_true", help="print the result as one JSON object on standard output"
    )
