"""Options of curl, wget and aria2 that their users type by habit.

``-O`` and ``-L`` are accepted, because getflags always does what they ask for. The others
mean something else here, or have another name, so each is an error that names the option of
getflags.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any, NoReturn

from getflags.cli.options.groups import Group
from getflags.cli.options.parser import Parser
from getflags.core.errors import UsageError
from getflags.core.text import quoted
from getflags.targets import resolve

_LEVEL = "-m N sets the number of requests in flight"
_RESUME = "getflags resumes interrupted downloads by itself"
_REFUSED = {
    ("-c", "--continue"): _RESUME,
    ("-C", "--continue-at"): _RESUME,
    ("-J", "--remote-header-name"): "--content-disposition lets servers choose names",
    ("-j", "--max-concurrent-downloads"): _LEVEL,
    ("-P", "--directory-prefix"): "-d DIR sets the folder for the files",
    ("--retry",): "--retries N sets the number of retries",
    ("-x", "--max-connection-per-server"): "--proxy URL sets a proxy, --force-directories makes "
    "folders, and --split N gives a file several connections",
    ("-Z", "--parallel"): f"downloads are always parallel, and {_LEVEL}",
}


class _Refuse(argparse.Action):
    """Raise UsageError. ``const`` is the reason."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> NoReturn:
        del parser, namespace, values  # the value may be a proxy with a password
        raise UsageError(f"there is no option {option_string}: {self.const}")


def accept(group: Group) -> None:
    """Add the options that ask for what getflags always does."""
    group.add_argument(
        "-O", "--remote-name", action="store_true",
        help="no effect: files are named after their URLs",
    )  # fmt: skip
    group.add_argument(
        "-L", "--location", action="store_true", help="no effect: redirects are followed"
    )


def refuse(parser: Parser) -> None:
    """Make the other options errors. The help does not list them."""
    for flags, reason in _REFUSED.items():
        # With an optional value, -j8 is refused like -j 8.
        parser.add_argument(
            *flags, dest=argparse.SUPPRESS, action=_Refuse, nargs="?", const=reason,
            help=argparse.SUPPRESS,
        )  # fmt: skip


def check_remote_name(targets: Sequence[str]) -> None:
    """Check the targets given with ``-O``, which takes a value in wget. Raises UsageError."""
    for target in targets:
        if not resolve.is_target(target):
            raise UsageError(
                f"{quoted(resolve.label(target))} is not a target, and -O takes no value; "
                "-o NAME names the file"
            )
