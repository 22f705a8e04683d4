"""Which readers of events a run has, and where their text goes.

The report goes to standard output and complaints to standard error; with ``--json`` standard output
belongs to the objects.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from getflags.cli.console import print_line
from getflags.cli.options.download import Options
from getflags.core.events import Event
from getflags.output import json_lines
from getflags.output.progress import Bar, Heartbeat, Lines, Quiet, View


class Screen:
    """Two ways to print a line, and the view that fits the options and the terminal."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._report = sys.stderr if options.json else sys.stdout

    def say(self, line: str) -> None:
        """Print a line of the report."""
        if not self._options.quiet:
            print_line(line, self._report)

    def complain(self, line: str) -> None:
        """Print a line on standard error."""
        print_line(line, sys.stderr)

    def view(self, total: int) -> View:
        """Choose how events are shown to people."""
        if self._options.quiet:
            return Quiet(self.complain)
        if self._options.verbose:
            return Lines(self.say, self.complain)
        if sys.stderr and sys.stderr.isatty():
            return Bar(total, sys.stderr)
        return Heartbeat(total, self.complain)

    def json(self) -> Callable[[Event], None]:
        """Return the reader that prints events as JSON."""
        return lambda event: print_line(json_lines.line(event), sys.stdout)
