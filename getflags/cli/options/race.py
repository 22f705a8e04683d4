"""The options of ``getflags race``: those of a download that make sense for it, and three more."""

from __future__ import annotations

from getflags.cli.options import groups, values
from getflags.cli.options.download import Options
from getflags.cli.options.parser import Parser
from getflags.core.settings import ENGINES

_EPILOG = """\
A TARGET is what it is for a download (getflags -h): by default the 20 most populous countries.

Each engine runs in a process of its own and downloads into a temporary folder of its own, which is
removed at the end (TMPDIR says where; dir= in a list doesn't count). Of LOCAL, DELAY and ERROR each
has a server of its own, just started, all with the same seed: so they meet the same delays and
failures, and none takes another's place. A server of --base-url, or of URLs, is the same for all.
First in the ranking is who lost the least; of those, who was faster.

exit codes: 0 every engine got every file; 1 not so; 2 usage, nothing was requested; 130 or 143
interrupted.
"""


class RaceOptions(Options):
    """The parsed words. What a race doesn't offer is as a download has it by default."""

    engines: list[str]
    one_by_one: bool


def parse(words: list[str]) -> RaceOptions:
    """Read the words after ``race``. Raises UsageError; ``-h`` prints and exits."""
    return make_parser().parse_intermixed_args(words, namespace=RaceOptions())


def make_parser() -> Parser:
    """Return the parser of ``getflags race``."""
    parser = Parser(
        prog="getflags race",
        usage="getflags race [OPTION]... [TARGET]...",
        description="Let the engines do the same job side by side, and see who is first.",
        epilog=_EPILOG,
    )
    parser.take_targets()
    _who(parser.add_argument_group("who"))
    groups.what(parser.add_argument_group("what to download"))
    groups.network(parser.add_argument_group("network"))
    groups.limits(parser.add_argument_group("limits"))
    return parser


def _who(group: groups.Group) -> None:
    """Define who races, and how."""
    everybody = list(ENGINES)
    group.add_argument(
        "--engine", metavar="E[,E]...", dest="engines", type=values.names(everybody),
        default=everybody,
        help=f"those who race (default: {','.join(everybody)})",
    )  # fmt: skip
    group.add_argument(
        "--one-by-one", action="store_true",
        help="one after the other, so that they don't compete for the processors (default: all at "
        "once)",
    )  # fmt: skip
    groups.level(group)
    groups.library(group)
