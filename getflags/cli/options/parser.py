"""argparse as every command here has it: whole options only, and one sentence for what is wrong."""

from __future__ import annotations

import argparse
from typing import NoReturn

from getflags.core.errors import UsageError


class Parser(argparse.ArgumentParser):
    """A parser whose complaints are UsageErrors."""

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
        """Take TARGETs, which are explained in the usage and not in the list of options."""
        self.add_argument("targets", metavar="TARGET", nargs="*", help=argparse.SUPPRESS)

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the sentence, and where all options are listed."""
        raise UsageError(f"{message} ({self.prog} -h lists all options)")
