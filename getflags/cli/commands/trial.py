"""The command ``getflags trial``, which tests whether a download client tells the truth.

The table, or JSON, goes to standard output, one line when a fault is done.
"""

from __future__ import annotations

import argparse
import sys

from getflags.cli.console import print_line
from getflags.cli.options import values
from getflags.cli.options.parser import Parser
from getflags.core.errors import GetflagsError, UsageError
from getflags.core.models import ExitStatus
from getflags.core.text import printable
from getflags.testing.trials import faults, table
from getflags.testing.trials.trial import FILES, TIME_LIMIT, trial
from getflags.testing.trials.verdict import FaultResult

_DESCRIPTION = """\
Test whether a download client tells the truth: run it against servers with faults, and compare its
exit code with the files.

A command tells the truth about a fault if it ends within the time limit, exits with 0 if and only
if every file is right, and leaves no wrong file under the name of a target.

In the arguments of COMMAND, {list} is a file with one URL a line, {url} is one URL, and {dir} is an
empty folder. With {list} the command runs once for each fault, with {url} once for each file. {dir}
is also the working directory, so a script needs an absolute path. {{word}} stands for the text
{word}. No shell is involved.
"""
_EPILOG = """\
Files are looked for anywhere below {dir}, by the last segment of their URLs. The home folder and
TMPDIR of the command are empty folders, and proxy settings are removed. At the end, processes that
the command has left are ended.

  getflags trial -- wget -q -i {list}
  getflags trial --fault truncate --fault busy -- curl -sSfO --retry 3 {url}

exit codes: 0 the command told the truth about every file; 1 it did not; 2 usage, nothing was
requested; 130 or 143 interrupted.
"""


class _Options(argparse.Namespace):
    """The parsed options, with types."""

    faults: list[str] | None
    seed: int
    files: int
    time_limit: float
    json: bool
    verbose: bool
    command: list[str]


def main(arguments: list[str]) -> int:
    """Run the trial and return the exit code. Raises UsageError."""
    options = _parse(arguments)
    names = list(faults.select(options.faults or ()))
    printed = False

    def report(result: FaultResult) -> None:
        nonlocal printed
        if options.json:
            print_line(table.json_line(result), sys.stdout)
        else:
            lines = [] if printed else table.heading(names)
            for line in [*lines, table.row(result, names)]:
                print_line(printable(line), sys.stdout)
        printed = True
        if options.verbose and result.last_line:
            print_line(f"{printable(result.fault)}: {result.last_line}", sys.stderr)

    try:
        result = trial(
            options.command, faults=names, seed=options.seed, files=options.files,
            time_limit=options.time_limit, report=report,
        )  # fmt: skip
    except UsageError:
        raise
    except GetflagsError as error:  # a server that could not be started, or has ended
        print_line(f"getflags: {printable(str(error))}", sys.stderr)
        return ExitStatus.SOME_FAILED
    if warning := table.warning(result):
        print_line(f"getflags: {warning}", sys.stderr)
    code = ExitStatus.OK if result.told_the_truth else ExitStatus.SOME_FAILED
    if options.json:
        print_line(table.json_summary(result, options.seed, options.files, code), sys.stdout)
    else:
        print_line(f"\n{printable(table.conclusion(result))}", sys.stdout)
    return code


def _parse(arguments: list[str]) -> _Options:
    """Parse the arguments. Raises UsageError; ``-h`` prints the help and exits."""
    before, separator, command = arguments, False, list[str]()
    if "--" in arguments:
        index = arguments.index("--")
        before, separator, command = arguments[:index], True, arguments[index + 1 :]
    options = make_parser().parse_args(before, namespace=_Options())
    if not separator:
        raise UsageError("no command: write it after --, as in getflags trial -- wget -i {list}")
    options.command = command
    return options


def make_parser() -> Parser:
    """Return the parser of ``getflags trial``."""
    parser = Parser(
        prog="getflags trial",
        usage="getflags trial [OPTION]... -- COMMAND [ARGUMENT]...",
        description=_DESCRIPTION,
        epilog=_EPILOG,
    )
    add = parser.add_argument
    add(
        "--fault", metavar="NAME", dest="faults", action="append", type=values.text,
        help="a fault, repeatable: NAME:PARAM=VALUE,... as for `getflags serve`, or one of "
        f"{', '.join(faults.STANDARD)} (default: all of these)",
    )  # fmt: skip
    add(
        "--files", metavar="N", type=values.count, default=FILES,
        help=f"number of files for each fault (default: {FILES})",
    )  # fmt: skip
    add(
        "--time-limit", metavar="S", type=values.seconds, default=TIME_LIMIT,
        help=f"seconds for each fault; then the command is ended (default: {TIME_LIMIT:.0f})",
    )  # fmt: skip
    add(
        "--seed", metavar="N", type=values.natural, default=0,
        help="seed of the faults and of the contents of the files (default: 0)",
    )  # fmt: skip
    _add_output(parser)
    return parser


def _add_output(parser: Parser) -> None:
    """Add the options about what is printed."""
    add = parser.add_argument
    add(
        "-v", "--verbose", action="store_true",
        help="print the last line of the command's output after each fault, on standard error",
    )  # fmt: skip
    add(
        "--json", action="store_true",
        help="print one JSON object for each fault and a summary, instead of the table",
    )  # fmt: skip
