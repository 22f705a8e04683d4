"""The argument parser of all commands: no abbreviated options, and one-sentence errors."""

from __future__ import annotations

import argparse
from typing import NoReturn

from getflags.core.errors import UsageError
from getflags.core.urls import redact


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
        self._arguments: list[str] = []

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Remember the arguments, which may contain secrets."""
        self._arguments += args or ()
        return super().parse_known_args(args, namespace)

    def take_targets(self) -> None:
        """Add the TARGET arguments, which the description explains."""
        self.add_argument("targets", metavar="TARGET", nargs="*", help=argparse.SUPPRESS)

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the message and a hint to ``-h``."""
        message = self._redacted(message)
        hint = f"{self.prog} -h lists all options"
        raise UsageError(f"{message}; {hint}" if "(" in message else f"{message} ({hint})")

    def _redacted(self, message: str) -> str:
        """Return argparse's message without the passwords in the arguments that it quotes."""
        for argument in self._arguments:
            for text in (argument.partition("=")[2], argument[2:], argument):
                if (shown := redact(text)) != text:
                    message = message.replace(text, shown).replace(repr(text)[1:-1], shown)
        return message
