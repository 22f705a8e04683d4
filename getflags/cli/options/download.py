"""The options of a download: words in, checked values out.

A value that makes no sense by itself ends in one sentence; whether the values make sense
*together*, and with the targets, is the download's business. What each option is called stands in
``groups``, and what those mean that are settings, in ``core.settings``.
"""

from __future__ import annotations

import argparse

from getflags.cli.options import groups
from getflags.cli.options.parser import Parser
from getflags.core.models import Checksum
from getflags.core.settings import Settings

_EPILOG = """\
A TARGET is an http:// or https:// URL, a two-letter country code (BR), or one letter for all the
codes that begin with it. Without any target: the flags of the 20 most populous countries.

exit codes: 0 every target is on disk, byte for byte; 1 some failed; 2 usage, nothing was
requested; 3 all failed; 130 or 143 interrupted.

other commands, each with a -h of its own:
  getflags bench   measures how many at a time, and with which engine
  getflags race    lets the engines run side by side
  getflags report  makes a page of what was measured
  getflags serve   runs the bundled servers
  getflags tune    finds out how many at a time a server is worth
"""


class Options(argparse.Namespace):
    """The parsed words, with types: what only the command line has, and the ``settings``."""

    targets: list[str]
    all: bool
    every: bool
    limit: int | None
    max_req: int | str | None  # None where not given: REMOTE has a default of its own
    server: str
    verbose: bool
    input_file: str | None
    out: str | None
    checksum: Checksum | None
    quiet: bool
    json: bool
    failed_out: str | None
    seed: int | None

    @property
    def settings(self) -> Settings:
        """Return the settings; one that no option sets has its default."""
        found = {name: getattr(self, name, None) for name in Settings._fields}
        found["headers"] = tuple(found["headers"] or ())
        return Settings(**{name: value for name, value in found.items() if value is not None})


def parse(words: list[str]) -> Options:
    """Read the command line. Raises UsageError; ``-h`` prints and exits."""
    return make_parser().parse_intermixed_args(words, namespace=Options())


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
    )
    parser.take_targets()
    groups.what(parser.add_argument_group("what to download"))
    groups.where(parser.add_argument_group("where it goes"))
    groups.how(parser.add_argument_group("how"))
    groups.network(parser.add_argument_group("network"))
    groups.limits(parser.add_argument_group("limits"))
    groups.output(parser.add_argument_group("what is printed"))
    return parser
