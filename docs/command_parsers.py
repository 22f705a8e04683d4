"""The argument parsers of all commands, for the reference page that is generated from them.

Each command builds its parser when it runs. So each function here runs a command with ``--help``
and returns the parser that was about to print its help.
"""

from __future__ import annotations

import argparse
from unittest import mock

from getflags.cli import main


class _FoundError(Exception):
    """Carries the parser out of the command."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        super().__init__(parser.prog)
        self.parser = parser


def _parser(*words: str) -> argparse.ArgumentParser:
    def stop(parser: argparse.ArgumentParser, *_: object) -> None:
        raise _FoundError(parser)

    with mock.patch.object(argparse.ArgumentParser, "print_help", stop):
        try:
            main([*words, "--help"])
        except _FoundError as found:
            return found.parser
    raise AssertionError(f"{words} printed no help")


def download() -> argparse.ArgumentParser:
    """Return the parser of ``getflags`` itself."""
    return _parser()


def bench() -> argparse.ArgumentParser:
    """Return the parser of ``getflags bench``."""
    return _parser("bench")


def tune() -> argparse.ArgumentParser:
    """Return the parser of ``getflags tune``."""
    return _parser("tune")


def race() -> argparse.ArgumentParser:
    """Return the parser of ``getflags race``."""
    return _parser("race")


def report() -> argparse.ArgumentParser:
    """Return the parser of ``getflags report``."""
    return _parser("report")


def serve() -> argparse.ArgumentParser:
    """Return the parser of ``getflags serve``."""
    return _parser("serve")
