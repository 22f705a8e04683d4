"""The argument parser of all commands: no abbreviated options, and one-sentence errors."""

from __future__ import annotations

import argparse
from typing import NoReturn

from getflags.core.errors import UsageError


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageError."""

    def __init__(self, prog: str, description: str, epilog: str, usage: str | None = None) -> None:
        super().__init__(
            prog=prog,
            usage=usage,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def take_targets(self) -> None:
        """Add the TARGET arguments, which the description explains."""
        self.add_argument("targets", metavar="TARGET", nargs="*", help=argparse.SUPPRESS)

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the message and a hint to ``-h``."""
        raise UsageError(f"{message} ({self.prog} -h lists all options)")
