"""The parser of a download.

The parser checks each value by itself; ``cli.commands.download`` checks combinations. ``groups``
defines the options, and ``core.settings`` has the meanings and defaults of the settings.
"""

from __future__ import annotations

import argparse

from getflags.cli.options import groups, other_tools, short_help
from getflags.cli.options.parser import Parser
from getflags.core.errors import UsageError
from getflags.core.models import Checksum
from getflags.core.settings import Settings

_EPILOG = """\
A TARGET is an http:// or https:// URL, a two-letter country code (BR), or one letter for all the
codes that begin with it. Without any target: the flags of the 20 most populous countries.

exit codes: 0 every target is on disk, byte for byte; 1 some failed; 2 usage, nothing was
requested; 3 all failed; 130 or 143 interrupted.

other commands, each with its own -h:
  getflags bench   measure engines, clients and concurrency levels
  getflags race    run the engines side by side and compare their times
  getflags report  make a page about the results of a bench
  getflags serve   run the bundled servers
  getflags tune    find the best concurrency level for a server
"""


class Options(argparse.Namespace):
    """The parsed options, with types. ``settings`` are shared with the API."""

    targets: list[str]
    all: bool
    every: bool
    limit: int | None
    max_req: int | str | None  # None if not given, because REMOTE has another default
    server: str
    verbose: bool
    input_files: list[str] | None
    out: str | None
    checksum: Checksum | None
    quiet: bool
    progress: str | None
    json: bool
    failed_out: str | None
    seed: int | None
    remote_name: bool  # -O, which has no effect

    @property
    def settings(self) -> Settings:
        """The settings. A setting without an option has its default."""
        found = {name: getattr(self, name, None) for name in Settings._fields}
        found["headers"] = tuple(found["headers"] or ())
        return Settings(**{name: value for name, value in found.items() if value is not None})


def parse(arguments: list[str]) -> Options:
    """Parse the arguments. Raises UsageError; ``-h`` prints the help and exits."""
    options = make_parser().parse_intermixed_args(arguments, namespace=Options())
    if options.progress and (options.verbose or options.quiet):
        raise UsageError("--progress cannot be used with -v or -q, which replace the progress bar")
    if options.remote_name:
        other_tools.check_remote_name(options.targets)
    return options


def make_parser() -> Parser:
    """Return the parser of a download."""
    parser = Parser(
        prog="getflags",
        usage="getflags [OPTION]... [TARGET]...\n"
        "       getflags bench [OPTION]... [TARGET]...\n"
        "       getflags race [OPTION]... [TARGET]...\n"
        "       getflags report [OPTION]... RESULTS\n"
        "       getflags serve [OPTION]... [LABEL]...\n"
        "       getflags tune [OPTION]... [TARGET]...",
        description="Download flags, or any list of URLs, many at a time.",
        epilog=_EPILOG,
        short_help=short_help.DOWNLOAD,
    )
    parser.take_targets()
    groups.targets(parser.add_argument_group("targets and servers"))
    groups.files(parser.add_argument_group("files"))
    groups.concurrency(parser.add_argument_group("concurrency"))
    network = parser.add_argument_group("network")
    groups.network(network)
    groups.cookies(network)
    groups.limits(parser.add_argument_group("limits"))
    groups.output(parser.add_argument_group("output"))
    other_tools.accept(parser.add_argument_group("accepted for users of curl"))
    other_tools.refuse(parser)
    return parser
