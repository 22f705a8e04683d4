"""The parser of a download.

The parser checks each value by itself; ``cli.commands.download`` checks combinations. ``groups``
defines the options, and ``core.settings`` has the meanings and defaults of the settings.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from getflags import transport
from getflags.cli.options import config, groups, other_tools, short_help
from getflags.cli.options.config import Default
from getflags.cli.options.parser import Parser
from getflags.core.accepted import AUTO
from getflags.core.errors import UsageError
from getflags.core.models import Checksum
from getflags.core.settings import Settings

if TYPE_CHECKING:
    from getflags.targets.checksum_list import ChecksumList

_EPILOG = """\
A TARGET is an http:// or https:// URL, a two-letter country code (BR), or one letter for all the
codes that begin with it. Without any target: the flags of the 20 most populous countries.

exit codes: 0 every target is on disk, byte for byte; 1 some failed; 2 usage, nothing was
requested; 3 all failed; 130 or 143 interrupted.

other commands, each with its own -h:
  getflags bench    measure engines, clients and concurrency levels
  getflags cluster  download with several machines, into a folder or an object store
  getflags race     run the engines side by side and compare their times
  getflags report   make a page about the results of a bench
  getflags serve    run the bundled servers
  getflags trial    test whether a download client tells the truth
  getflags tune     find the best concurrency level for a server
"""


class Options(argparse.Namespace):
    """The parsed options, with types. ``settings`` are shared with the API."""

    targets: list[str]
    all: bool
    every: bool
    limit: int | None
    max_req: int | str | None  # None if not given, because REMOTE has another default
    server: str
    client: str  # as given; ``settings`` has the client's name
    verbose: bool
    input_files: list[str] | None
    out: str | None
    checksum: Checksum | None
    checksum_file: str | None
    checksums: ChecksumList | None = None  # those of the file
    quiet: bool
    progress: str | None
    json: bool
    dry_run: bool
    verify: bool | None
    exists: str | None
    failed_out: str | None
    seed: int | None
    fail_early: bool
    max_failures: int | None
    remote_name: bool  # -O, which has no effect
    config: str | None
    configured: tuple[Default, ...] = ()
    no_config: bool

    @property
    def settings(self) -> Settings:
        """The settings; the client is never ``auto``. Raises UsageError.

        A setting without an option has its default.
        """
        found = {name: getattr(self, name, None) for name in Settings._fields}
        for repeatable in ("headers", "resolve"):
            found[repeatable] = tuple(found[repeatable] or ())
        found["client"] = transport.resolved(found["client"] or AUTO, found["http_version"])
        return Settings(**{name: value for name, value in found.items() if value is not None})


def parse(arguments: list[str]) -> Options:
    """Parse the arguments, with the defaults that the user has configured.

    Raises UsageError; ``-h`` prints the help and exits.
    """
    parser = make_parser()
    options = parser.parse_intermixed_args(arguments, namespace=Options())
    if found := config.defaults(parser, options):
        given = options.headers or []
        parser.set_defaults(**{name: each.value for name, each in found.items()})
        options = parser.parse_intermixed_args(arguments, namespace=Options())
        options.configured = tuple(found.values())
        if "headers" in found:
            options.headers = config.merged(found["headers"].value, given)
    if options.verbose and options.quiet:  # not both from the command line: argparse refuses that
        raise UsageError("verbose and quiet cannot both be configured")
    if options.progress and (options.verbose or options.quiet):
        raise UsageError("--progress cannot be used with -v or -q, which replace the progress bar")
    if options.verify:
        _check_verify(options)
    if options.fail_early:
        if options.max_failures not in {None, 1}:
            raise UsageError(
                f"--fail-early means --max-failures 1, but --max-failures {options.max_failures} "
                "is given; give one of them"
            )
        options.max_failures = 1
    if options.remote_name:
        other_tools.check_remote_name(options.targets)
    return options


def _check_verify(options: Options) -> None:
    """Check the options that are given with ``--verify``. Raises UsageError."""
    if options.exists is not None:
        raise UsageError(
            "--verify downloads nothing, so --exists has no meaning; to hash the files that are "
            "there and download the others, use --exists skip without --verify"
        )
    if options.dry_run:
        raise UsageError("--dry-run only prints the targets; it cannot be used with --verify")
    if options.checksum is None and not (options.checksum_file or options.input_files):
        raise UsageError(
            "--verify needs checksums: --checksum-file FILE, --checksum ALGO=HEX, or a list (-i) "
            "with checksum= lines"
        )


def make_parser() -> Parser:
    """Return the parser of a download."""
    parser = Parser(
        prog="getflags",
        usage="getflags [OPTION]... [TARGET]...\n"
        "       getflags bench [OPTION]... [TARGET]...\n"
        "       getflags cluster ACTION [OPTION]...\n"
        "       getflags race [OPTION]... [TARGET]...\n"
        "       getflags report [OPTION]... RESULTS\n"
        "       getflags serve [OPTION]... [LABEL]...\n"
        "       getflags trial [OPTION]... -- COMMAND [ARGUMENT]...\n"
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
    groups.versions(network)
    groups.addresses(network)
    groups.cookies(network)
    limits = parser.add_argument_group("limits")
    groups.limits(limits)
    groups.ends(limits)
    groups.output(parser.add_argument_group("output"))
    groups.configuration(parser.add_argument_group("configuration"))
    other_tools.accept(parser.add_argument_group("accepted for users of curl"))
    other_tools.refuse(parser)
    parser.accept_negative_values()
    return parser
