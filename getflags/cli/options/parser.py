"""The argument parser of all commands: no abbreviated options, and one-sentence errors.

With a short help text, ``-h`` prints it, and ``--help-all`` prints all options.
"""

from __future__ import annotations

import argparse
import os
import re
from functools import lru_cache
from typing import NoReturn

from getflags.core.errors import UsageError
from getflags.core.text import closest
from getflags.core.urls import redact

_USUAL_WIDTH = 80  # columns of a terminal whose width is not known
_ALIKE = 0.74  # how similar an option must be to be suggested; 1 is equal


def _formatter(prog: str) -> argparse.HelpFormatter:
    return argparse.RawDescriptionHelpFormatter(prog, width=_width())


@lru_cache
def _width() -> int:
    """Return the width of help texts: argparse would import shutil for it, which takes 13 ms."""
    try:
        columns = int(os.environ.get("COLUMNS") or os.get_terminal_size().columns)
    except (OSError, ValueError):  # no terminal
        columns = 0
    return (columns or _USUAL_WIDTH) - 2


class Parser(argparse.ArgumentParser):
    """An argument parser that raises UsageError."""

    def __init__(
        self,
        prog: str,
        description: str,
        epilog: str,
        usage: str | None = None,
        short_help: str = "",
    ) -> None:
        super().__init__(
            prog=prog,
            usage=usage,
            description=description,
            epilog=epilog,
            formatter_class=_formatter,
            allow_abbrev=False,
            add_help=not short_help,
        )
        self._arguments: list[str] = []
        self._help = f"{prog} --help-all" if short_help else f"{prog} -h"
        if short_help:
            # argparse's action "version" prints any text and exits.
            self.add_argument(
                "-h", "--help", action="version", version=short_help,
                help="print examples and the most common options, and exit",
            )  # fmt: skip
            self.add_argument("--help-all", action="help", help="print all options, and exit")

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Remember the arguments, which may contain secrets."""
        self._arguments += args or ()
        return super().parse_known_args(args, namespace)

    def take_targets(self) -> None:
        """Add the TARGET arguments, which the description explains."""
        self.add_argument("targets", metavar="TARGET", nargs="*", help=argparse.SUPPRESS)

    def accept_negative_values(self) -> None:
        """Take ``-1`` for the value of an option although there are options such as ``-4``.

        The value is then refused with its range, and not as an option that does not exist.
        """
        self._has_negative_number_optionals.clear()

    @property
    def visible_actions(self) -> list[argparse.Action]:
        """The arguments that the help lists."""
        return [each for each in self._actions if each.help != argparse.SUPPRESS]

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the message and a hint to the full help."""
        # argparse quotes the value, which may be a secret.
        message = re.sub(
            r"ignored explicit argument .*", "takes no value", message, flags=re.DOTALL
        )
        # The words after an unknown option may be its value: that of -u, if another command has it.
        message = re.sub(r"(unrecognized arguments: -\S*) .*", r"\1 ...", message, flags=re.DOTALL)
        message = self._redacted(re.sub(r"(?<!\S)(--?[\w-]+)=\S*", r"\1=***", message))
        message += self._suggestion(message)
        hint = f"{self._help} lists all options"
        raise UsageError(f"{message}; {hint}" if "(" in message else f"{message} ({hint})")

    def _suggestion(self, message: str) -> str:
        """Return a question about the option that was probably meant by an unknown one."""
        unknown = re.match(r"unrecognized arguments: (--[\w-]+)", message)
        near = unknown and closest(unknown[1], self._option_string_actions, _ALIKE)
        return f"; did you mean {near}?" if near else ""

    def _redacted(self, message: str) -> str:
        """Return argparse's message without the passwords in the arguments that it quotes."""
        for argument in self._arguments:
            for text in (argument.partition("=")[2], argument[2:], argument):
                if (shown := redact(text)) != text:
                    message = message.replace(text, shown).replace(repr(text)[1:-1], shown)
        return message
