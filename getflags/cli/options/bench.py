"""The options of ``getflags bench``: words in, checked values out.

What the network and its limits are called is shared with the download, and so is what they mean,
but that nothing is tried again. The servers' own options are handed on as they are: what they mean
is the servers' to say.
"""

from __future__ import annotations

from getflags import transport
from getflags.bench.analysis.stats import FEWEST
from getflags.cli.options import download as download_options
from getflags.cli.options import groups, values
from getflags.cli.options.parser import Parser
from getflags.core.settings import CLIENTS, DEFAULTS, ENGINES
from getflags.testing.bundled import PORTS

LEVELS = [1, 4, 16, 64]
ROUNDS = FEWEST + 1
RESULTS = "results.jsonl"
_DESCRIPTION = """\
Measure how many requests at a time are worth it, and with which engine.

Each combination of engine, client, level and server is a cell. A round runs every cell once, in an
order of its own; each run has a fresh process and a temporary folder. What failed is counted and
not tried again, because it is the level that is measured (--retries says otherwise).

A TARGET is what it is for a download; without any: all flags.
"""
_EPILOG = """\
Each result is a line of the file of results the moment it exists. After an interruption the same
command goes on with what is missing; lines of other experiments are left alone.

exit codes: 0 all is measured; 1 something failed, and what was measured before is kept; 2 usage,
nothing was requested; 3 nothing could be measured; 130 or 143 interrupted.
"""
_SERVERS = {
    "--delay": ("MIN-MAX", "seconds before each answer (DELAY, ERROR: 0.5-5)"),
    "--error-rate": ("P", "share of errors, 0 to 1 (ERROR: 0.25)"),
    "--latency": ("HOW", "in place of --delay: fixed:S, uniform:MIN-MAX, lognormal:MEDIAN,SIGMA"),
    "--fail-first": ("N", "answer 503 to the first N requests for each path"),
    "--busy-above": ("K", "answer 429 to what comes while K requests are in flight"),
    "--retry-after": ("S", "the Retry-After of those"),
    "--slots": ("C", "serve C requests at a time; the others wait in line"),
    "--bandwidth": ("RATE", "bytes a second of each server (K, M, G)"),
    "--fault": ("NAME[:...]", "whatever else goes wrong, as in getflags serve; repeatable"),
    "--scenario": ("FILE", "all of these, in a TOML file"),
}


class Options(download_options.Options):
    """The parsed words, with types. ``faults`` are words for the bundled servers."""

    engines: list[str]
    clients: list[str]
    levels: list[int]
    servers: list[str] | None
    files: int | None
    size: int | None
    rounds: int
    seed: int
    results: str
    faults: list[str]


def parse(words: list[str]) -> Options:
    """Read the command line. Raises UsageError; ``-h`` prints and exits."""
    return make_parser().parse_intermixed_args(words, namespace=Options())


def make_parser() -> Parser:
    """Return the parser of ``getflags bench``."""
    parser = Parser(
        prog="getflags bench",
        usage="getflags bench [OPTION]... [TARGET]...",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    parser.take_targets()
    _matrix(parser.add_argument_group("what is compared (values with commas between them, or all)"))
    _work(parser.add_argument_group("what each run downloads"))
    _method(parser.add_argument_group("how it is measured"))
    servers(parser.add_argument_group("how the bundled servers behave"))
    groups.network(parser.add_argument_group("network"))
    groups.limits(parser.add_argument_group("limits"), retries=0)
    # What a download knows and a bench doesn't.
    parser.set_defaults(all=False, every=False)
    return parser


def _matrix(group: groups.Group) -> None:
    add = group.add_argument
    add(
        "--engine", metavar="E,...", dest="engines", type=values.names(ENGINES),
        default=[DEFAULTS.engine], help=f"{', '.join(ENGINES)} (default: {DEFAULTS.engine})",
    )  # fmt: skip
    add(
        "--client", metavar="C,...", dest="clients", type=values.names(CLIENTS),
        default=[transport.default()],
        help=f"{', '.join(CLIENTS)} (default here: {transport.default()})",
    )  # fmt: skip
    add(
        "-m", "--max-req", "--max_req", metavar="N,...", dest="levels",
        type=values.several(values.count), default=LEVELS,
        help="levels: requests at a time "
        f"(default: {','.join(map(str, LEVELS))}; sequential has only 1)",
    )  # fmt: skip
    add(
        "-s", "--server", metavar="LABEL,...", dest="servers", type=labels,
        help="LOCAL (default), DELAY, ERROR: bundled, and started for the bench",
    )  # fmt: skip
    groups.mirror(group)


def labels(text: str) -> list[str]:
    """Take labels of bundled servers, with commas between them, or ``all``."""
    return values.names(tuple(PORTS))("all" if text.lower() == "all" else text.upper())


def _work(group: groups.Group) -> None:
    group.add_argument(
        "-i", "--input-file", metavar="FILE", type=values.text,
        help="targets from a file, one a line, '-' for standard input",
    )  # fmt: skip
    group.add_argument(
        "--files", metavar="N", type=values.count,
        help="so many; targets are repeated in turn where they are fewer (default: all targets; of "
        "the flags as many as the highest level needs, and 2,000 from LOCAL alone)",
    )  # fmt: skip
    group.add_argument(
        "--size", metavar="SIZE", type=values.size,
        help="not flags but files of that size, made up by the bundled server",
    )  # fmt: skip


def _method(group: groups.Group) -> None:
    group.add_argument(
        "--rounds", metavar="N", type=values.count, default=ROUNDS,
        help=f"rounds after the warm-up (default: {ROUNDS}); from {FEWEST} on, differences can be "
        "claimed",
    )  # fmt: skip
    group.add_argument(
        "--seed", metavar="N", type=values.natural, default=0,
        help="of the servers' faults and delays, and of the order (default: 0)",
    )  # fmt: skip
    group.add_argument(
        "-o", "--out", metavar="FILE", dest="results", type=values.text, default=RESULTS,
        help=f"file of results, made if missing, else added to (default: {RESULTS})",
    )  # fmt: skip


def servers(group: groups.Group) -> None:
    """Define how the bundled servers behave."""
    for name, (metavar, text) in _SERVERS.items():
        group.add_argument(
            name, metavar=metavar, dest="faults", action="append", default=[], help=text,
            type=f"{name}={{}}".format,
        )  # fmt: skip
