"""The parser of ``getflags race``: some options of a download, and the choice of engines."""

from __future__ import annotations

from getflags.cli.options import groups, values
from getflags.cli.options.download import Options
from getflags.cli.options.parser import Parser
from getflags.core.settings import ENGINES

_EPILOG = """\
A TARGET is the same as for a download (getflags -h). Without any target: the flags of the 20 most
populous countries.

Each engine runs in its own process and downloads into its own temporary folder below TMPDIR, which
is deleted at the end; dir= in a list is ignored. With LOCAL, DELAY or ERROR, a separate server is
started for each engine, all with the same seed, so that all engines meet the same delays and
faults. Other servers (--base-url, URLs, REMOTE) are shared by all engines. Engines are ranked by
fewest failures, then by time. An engine's start-up counts (its threads or processes), that of
Python does not.

exit codes: 0 every engine downloaded every file; 1 some engine did not; 2 usage, nothing was
requested; 130 or 143 interrupted.
"""


class RaceOptions(Options):
    """The parsed options, with types. Options that a race lacks have the defaults of a download."""

    engines: list[str]
    one_by_one: bool


def parse(arguments: list[str]) -> RaceOptions:
    """Parse the arguments. Raises UsageError; ``-h`` prints the help and exits."""
    return make_parser().parse_intermixed_args(arguments, namespace=RaceOptions())


def make_parser() -> Parser:
    """Return the parser of ``getflags race``."""
    parser = Parser(
        prog="getflags race",
        usage="getflags race [OPTION]... [TARGET]...",
        description="Run the engines side by side on the same targets, and compare their times.",
        epilog=_EPILOG,
    )
    parser.take_targets()
    _engines(parser.add_argument_group("engines"))
    groups.targets(parser.add_argument_group("targets and servers"))
    groups.network(parser.add_argument_group("network"))
    groups.limits(parser.add_argument_group("limits"))
    return parser


def _engines(group: groups.Group) -> None:
    """Add the options that choose the engines, the concurrency and the libraries."""
    every = list(ENGINES)
    group.add_argument(
        "--engine", metavar="E[,E]...", dest="engines", type=values.names(every),
        default=every,
        help=f"engines in the race, separated by commas (default: {','.join(every)})",
    )  # fmt: skip
    group.add_argument(
        "--one-by-one", action="store_true",
        help="run one engine after another, so that they do not compete for the processors "
        "(default: all at once)",
    )  # fmt: skip
    groups.level(group)
    groups.library(group)
