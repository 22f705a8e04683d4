"""The terminal's size, and a progress bar that fits it.

Some terminals report 0 columns (serial lines, some containers and editors). For them, the usual
80 by 24 are assumed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Never, TextIO

if TYPE_CHECKING:
    from tqdm import tqdm

_COLUMNS, _LINES = 80, 24


def size(stream: TextIO) -> os.terminal_size:
    """Return the size of a stream's terminal; 80 by 24 if it is unknown."""
    try:
        columns, lines = os.get_terminal_size(stream.fileno())
    except OSError:  # not a terminal, or a terminal that has hung up
        columns, lines = 0, 0
    return os.terminal_size((columns or _COLUMNS, lines or _LINES))


def bar(stream: TextIO, **options: Any) -> tqdm[Never]:
    """Return a tqdm bar that adapts to the terminal's size; ``options`` are tqdm's.

    With tqdm's own ``dynamic_ncols``, the bar is empty if the terminal reports 0 columns.
    """
    with _no_variables():
        from tqdm import tqdm

    tqdm.monitor_interval = 0  # tqdm needs no monitor thread, because the bar is updated often

    class Fitted(tqdm):  # type: ignore[type-arg]  # tqdm takes no type arguments at run time
        @property
        def format_dict(self) -> MutableMapping[str, Any]:  # read whenever the bar is drawn
            self.ncols, self.nrows = _bar_size(stream)
            return super().format_dict

        def display(self, msg: str | None = None, pos: int | None = None) -> Any:
            columns, drawn = _bar_size(stream)[0], self.ncols or 0
            if columns < drawn:
                self.sp = self.status_printer(self.fp)  # it would pad lines to the old width
                if not self.pos:  # the terminal has wrapped the line; those below are drawn again
                    rows = drawn // (columns + 1)
                    self.fp.write("\r" + "\x1b[A" * rows + "\x1b[J")
            super().display(msg, pos)
            return True  # so that `close` returns the cursor to the first column

    columns, rows = _bar_size(stream)
    return Fitted(file=stream, ncols=columns, nrows=rows, **options)


@contextmanager
def _no_variables() -> Iterator[None]:
    """Hide the ``TQDM_*`` variables, which set tqdm's options when it is imported in the block.

    They are meant for other programs, and an invalid one would end the run with an exception.
    """
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("TQDM_")}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _bar_size(stream: TextIO) -> tuple[int, int]:
    """Return the columns and lines of a bar; in the last column, a terminal might wrap."""
    columns, lines = size(stream)
    return columns - 1, lines - 1
