"""The parser of ``getflags bench``.

Options about the network and its limits are the same as for a download, except that the default is
no retries. Options of the bundled servers are passed to the servers, which check the values.
"""

from __future__ import annotations

import argparse

from getflags import transport
from getflags.bench.analysis.stats import FEWEST
from getflags.cli.options import download as download_options
from getflags.cli.options import groups, values
from getflags.cli.options.parser import Parser
from getflags.core.errors import UsageError
from getflags.core.settings import CLIENTS, DEFAULTS, ENGINES
from getflags.testing import PORTS

LEVELS = [1, 4, 16, 64]
#: The default of -m in an open loop, where a level is only a bound.
OPEN_LOOP_LEVELS = [64]
_LOWEST_RATE, _HIGHEST_RATE = 0.01, 1e6  # requests a second
ROUNDS = FEWEST + 1
RESULTS = "results.jsonl"
_DESCRIPTION = """\
Measure which engine, client and concurrency level download fastest.

Each combination of engine, client, level and server is a cell. A round runs every cell once, in
random order; each run has a new process and a temporary folder. Failures are counted and not
retried, unless --retries is given, because retries would hide the effect of the level.

A TARGET is the same as for a download (getflags -h): URLs, or country codes, or both with
--base-url. Without any target: all flags.
"""
_EPILOG = """\
Each result is appended to the file of results at once, with the machine and the versions of Python
and of the HTTP libraries. To resume an interrupted bench, run the same command again on the same
machine. The file may contain results of other experiments.

exit codes: 0 all cells are measured; 1 a run failed, and the results before it are kept; 2 usage,
nothing was requested; 3 nothing could be measured; 130 or 143 interrupted.
With --compare: 0 no cell is proven to be slower than allowed; 1 one is; 2 usage, or the results do
not belong together.
"""
#: The options of a comparison of two files, which measures nothing.
_COMPARISON = {"compare", "fail_if_slower", "json", "export_csv", "export_markdown"}
#: The engines that have no open loop, and why.
_CLOSED_LOOP = {
    "sequential": "which begins a request only when the one before it has ended",
    "processes": "whose workers get targets and report their ends in batches, which would be part "
    "of each latency",
}
_SERVERS = {
    "--delay": ("MIN-MAX", "delay of each response, in seconds (DELAY, ERROR: 0.5-5)"),
    "--error-rate": ("P", "share of responses that are errors, 0 to 1 (ERROR: 0.25)"),
    "--latency": (
        "HOW",
        "distribution, instead of --delay: fixed:S, uniform:MIN-MAX, lognormal:MEDIAN,SIGMA",
    ),
    "--fail-first": ("N", "respond with 503 to the first N requests for each path"),
    "--busy-above": ("K", "respond with 429 to further requests while K are in flight"),
    "--retry-after": ("S", "Retry-After of these 429 responses, in seconds"),
    "--rate-limit": ("R", "respond with 429 to requests beyond R a second, as nginx's limit_req"),
    "--burst": ("B", "requests by which --rate-limit may be exceeded (default: 0)"),
    "--slots": ("C", "serve C requests at a time; further requests wait"),
    "--bandwidth": ("RATE", "bandwidth of each server, in bytes a second (K, M, G)"),
    "--freeze-every": ("S", "start no response for a while, every S seconds"),
    "--freeze-for": ("S", "length of --freeze-every's freezes, in seconds"),
    "--fault": ("NAME[:...]", "any fault of getflags serve (see its -h); repeatable"),
    "--scenario": ("FILE", "TOML file that describes all of these"),
}


class Options(download_options.Options):
    """The parsed options, with types. ``faults`` are arguments of the bundled servers."""

    engines: list[str]
    clients: list[str]
    levels: list[int]
    rates: list[float] | None = None  # of an open loop
    servers: list[str] | None
    files: int | None
    size: int | None
    rounds: int
    seed: int
    results: str
    faults: list[str]
    export_csv: str | None
    export_markdown: str | None
    compare: list[str] | None
    fail_if_slower: float | None
    json: bool


def parse(arguments: list[str]) -> Options:
    """Parse the arguments. Raises UsageError; ``-h`` prints the help and exits."""
    parser = make_parser()
    options = parser.parse_intermixed_args(arguments, namespace=Options())
    options.levels = options.levels or (OPEN_LOOP_LEVELS if options.rates else LEVELS)
    if options.compare:
        _check_comparison(arguments)
    elif options.rates:
        _check_open_loop(options)
    if not options.compare and (options.fail_if_slower is not None or options.json):
        name = "--json" if options.fail_if_slower is None else "--fail-if-slower"
        parser.error(f"{name} needs --compare OLD NEW")
    return options


def _check_open_loop(options: Options) -> None:
    """Raise UsageError if an engine cannot begin requests on schedule."""
    for engine, reason in _CLOSED_LOOP.items():
        if engine in options.engines:
            raise UsageError(
                f"--rate cannot be used with --engine {engine}, {reason}; use --engine threads or "
                "asyncio"
            )


def _check_comparison(arguments: list[str]) -> None:
    """Raise UsageError if there is an option of a measurement, even with its default value."""
    parser = make_parser()
    # argparse sets a default only where the namespace has no value.
    nothing = dict.fromkeys(action.dest for action in parser.visible_actions)
    given = parser.parse_intermixed_args(arguments, namespace=argparse.Namespace(**nothing))
    if given.targets:
        parser.error("--compare measures nothing and takes no targets")
    if given.faults:
        parser.error(f"--compare measures nothing: leave out {given.faults[0].partition('=')[0]}")
    for action in parser.visible_actions:
        if getattr(given, action.dest) is not None and action.dest not in _COMPARISON:
            name = "/".join(action.option_strings)
            parser.error(f"--compare measures nothing: leave out {name}")


def make_parser() -> Parser:
    """Return the parser of ``getflags bench``."""
    parser = Parser(
        prog="getflags bench",
        usage="getflags bench [OPTION]... [TARGET]...",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.take_targets()
    _matrix(parser.add_argument_group("matrix (values separated by commas, or all)"))
    _work(parser.add_argument_group("targets of each run"))
    _method(parser.add_argument_group("measurement"))
    _comparison(parser.add_argument_group("comparison of two files of results"))
    servers(parser.add_argument_group("behaviour of the bundled servers"))
    groups.network(parser.add_argument_group("network"))
    groups.limits(parser.add_argument_group("limits"), retries=0)
    # The shared code expects these attributes, but a bench has no options for them.
    parser.set_defaults(all=False, every=False)
    return parser


def _matrix(group: groups.Group) -> None:
    add = group.add_argument
    add(
        "--engine", metavar="E,...", dest="engines", type=values.names(ENGINES),
        default=[DEFAULTS.engine],
        help=f"engine that runs the transfers: {', '.join(ENGINES)} (default: {DEFAULTS.engine})",
    )  # fmt: skip
    add(
        "--client", metavar="C,...", dest="clients", type=values.names(CLIENTS),
        default=[transport.DEFAULT],
        help=f"the HTTP library: {', '.join(CLIENTS)} (default here: {transport.DEFAULT})",
    )  # fmt: skip
    add(
        "-m", "--max-req", "--max_req", metavar="N,...", dest="levels",
        type=values.several(values.count),
        help="concurrency levels: maximum numbers of requests in flight "
        f"(default: {','.join(map(str, LEVELS))}; sequential has only 1; with --rate: "
        f"{','.join(map(str, OPEN_LOOP_LEVELS))})",
    )  # fmt: skip
    add(
        "--rate", metavar="R,...", dest="rates", type=values.several(_rate),
        help="begin R requests a second, whether or not earlier ones have ended (an open loop), at "
        "most -m of them in flight, and measure each latency from the time at which the request "
        "was due; for the engines threads and asyncio",
    )  # fmt: skip
    add(
        "-s", "--server", metavar="LABEL,...", dest="servers", type=labels,
        help="bundled servers of the flags, started for the bench: LOCAL (default), DELAY, ERROR",
    )  # fmt: skip
    groups.mirror(group)


def _rate(text: str) -> float:
    """Return a number of requests a second."""
    rate = values.request_rate(text)
    if not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not {_LOWEST_RATE} to {_HIGHEST_RATE:,.0f} requests a second"
        )
    return rate


def labels(text: str) -> list[str]:
    """Return the labels of bundled servers, separated by commas or given as ``all``."""
    return values.names(tuple(PORTS))("all" if text.lower() == "all" else text.upper())


def _work(group: groups.Group) -> None:
    group.add_argument(
        "-i", "--input-file", dest="input_files", metavar="FILE", type=values.text, action="append",
        help="read targets from a file ('-': standard input), one per line; repeatable",
    )  # fmt: skip
    group.add_argument(
        "--files", metavar="N", type=values.count,
        help="number of files; targets are repeated in turn if there are fewer (default: all "
        "targets; of flags, as many as the highest level needs, or 2,000 if LOCAL is the only "
        "server, or what the highest --rate begins in 10 seconds)",
    )  # fmt: skip
    group.add_argument(
        "--size", metavar="SIZE", type=values.size,
        help="download files of this size, generated by the bundled server, instead of flags",
    )  # fmt: skip


def _method(group: groups.Group) -> None:
    group.add_argument(
        "--rounds", metavar="N", type=values.count, default=ROUNDS,
        help=f"number of rounds after the warm-up (default: {ROUNDS}); with fewer than {FEWEST}, "
        "no difference is significant",
    )  # fmt: skip
    group.add_argument(
        "--seed", metavar="N", type=values.natural, default=0,
        help="seed of the servers' faults and delays, and of the order of runs (default: 0)",
    )  # fmt: skip
    group.add_argument(
        "-o", "--out", metavar="FILE", dest="results", type=values.text, default=RESULTS,
        help=f"file to which the results are appended, created if missing (default: {RESULTS})",
    )  # fmt: skip
    group.add_argument(
        "--export-csv", metavar="FILE", type=values.text,
        help="at the end, write the figures of each cell, also of --compare, as CSV",
    )  # fmt: skip
    group.add_argument(
        "--export-markdown", metavar="FILE", type=values.text,
        help="at the end, write the tables, also of --compare, in Markdown",
    )  # fmt: skip


def _comparison(group: groups.Group) -> None:
    add = group.add_argument
    add(
        "--compare", nargs=2, metavar=("OLD", "NEW"), type=values.text,
        help="measure nothing; compare each cell of the file NEW with the same cell of the file "
        "OLD, which was measured on the same machine",
    )  # fmt: skip
    add(
        "--fail-if-slower", metavar="P%", type=values.percentage,
        help="with --compare: exit with 1 if the goodput of a cell is proven to be more than P "
        "percent below the old one, such as 5%%",
    )  # fmt: skip
    add(
        "--json", action="store_true",
        help="with --compare: print a JSON object for each cell, and a summary",
    )  # fmt: skip


def servers(group: groups.Group) -> None:
    """Add the options for the behaviour of the bundled servers."""
    for name, (metavar, text) in _SERVERS.items():
        group.add_argument(
            name, metavar=metavar, dest="faults", action="append", default=[], help=text,
            type=f"{name}={{}}".format,
        )  # fmt: skip
