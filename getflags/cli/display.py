"""The choice of a run's event handlers and of their output streams.

The report goes to standard output; errors and progress go to standard error. With ``--json`` and
``--dry-run``, standard output contains only the JSON objects and the targets, and with ``-o -``
only the file.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from getflags.cli import standard_output
from getflags.cli.console import print_line
from getflags.cli.options.download import Options
from getflags.core.events import Event, EventHandler
from getflags.output.estimate import Total
from getflags.output.progress import Heartbeat, Lines, Quiet, View
from getflags.output.redraw import redrawn
from getflags.output.summary import Report


class Screen:
    """The output of a download, as its options and the terminal require."""

    def __init__(self, options: Options) -> None:
        self._options = options
        taken = options.json or options.dry_run or options.out == standard_output.NAME
        self._report = sys.stderr if taken else sys.stdout

    def info(self, line: str) -> None:
        """Print a line of the report."""
        if not self._options.quiet:
            print_line(line, self._report)

    def warn(self, line: str) -> None:
        """Print a line on standard error."""
        print_line(line, sys.stderr)

    def progress(self, total: Total, noun: str) -> AbstractContextManager[EventHandler]:
        """Return a context with the event handler that shows the progress to the user."""
        kind = self._options.progress
        if self._options.verbose or (self._options.verify and not (kind or self._options.quiet)):
            to_output = self._options.out == standard_output.NAME
            place = "to standard output" if to_output else ""
            return nullcontext(Lines(self.info, self.warn, place).read)
        if self._options.quiet or kind == "none":
            return nullcontext(Quiet(self.warn).read)
        view: View
        if kind == "lines" or not (sys.stderr and sys.stderr.isatty()):
            view = Heartbeat(total, self.warn)
        else:
            view = _bar(total, noun, multi=kind == "multi")
        return redrawn(view)

    def summary(self, report: Report, code: int) -> None:
        """Print the last JSON object."""
        if self._options.json:
            from getflags.output import json_lines

            line = json_lines.summary(report, code, self._options.settings.dir)
            print_line(line, sys.stdout)

    def json(self) -> Callable[[Event], None]:
        """Return the event handler that prints events as JSON."""
        from getflags.output import json_lines  # the import takes 4 ms

        return lambda event: print_line(json_lines.line(event), sys.stdout)


def _bar(total: Total, noun: str, *, multi: bool) -> View:
    from getflags.output import bars  # only a terminal needs tqdm

    if multi:
        return bars.ByteBar(total, sys.stderr, bars.SLOWEST)
    if noun == "flag" and isinstance(total, int):
        return bars.FlagBar(total, sys.stderr)
    return bars.ByteBar(total, sys.stderr)
