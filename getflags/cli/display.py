"""The choice of a run's event handlers and of their output streams.

The report goes to standard output; errors and progress go to standard error. With ``--json``,
standard output contains only the JSON objects.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from getflags.cli.console import print_line
from getflags.cli.options.download import Options
from getflags.core.events import Event
from getflags.output import json_lines
from getflags.output.progress import Bar, Heartbeat, Lines, Quiet, View
from getflags.output.summary import Report


class Screen:
    """The output of a download, as its options and the terminal require."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._report = sys.stderr if options.json else sys.stdout

    def info(self, line: str) -> None:
        """Print a line of the report."""
        if not self._options.quiet:
            print_line(line, self._report)

    def warn(self, line: str) -> None:
        """Print a line on standard error."""
        print_line(line, sys.stderr)

    def view(self, total: int) -> View:
        """Return the view that shows the events to the user."""
        if self._options.quiet:
            return Quiet(self.warn)
        if self._options.verbose:
            return Lines(self.info, self.warn)
        if sys.stderr and sys.stderr.isatty():
            return Bar(total, sys.stderr)
        return Heartbeat(total, self.warn)

    def summary(self, report: Report, code: int) -> None:
        """Print the last JSON object."""
        if self._options.json:
            line = json_lines.summary(report, code, self._options.settings.dir)
            print_line(line, sys.stdout)

    def json(self) -> Callable[[Event], None]:
        """Return the event handler that prints events as JSON."""
        return lambda event: print_line(json_lines.line(event), sys.stdout)
