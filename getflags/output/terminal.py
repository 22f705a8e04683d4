"""The terminal's size, and a progress bar that fits it.

Some terminals report 0 columns (serial lines, some containers and editors); they are taken for the
usual 80 by 24.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, Never, TextIO

if TYPE_CHECKING:
    from tqdm import tqdm

_COLUMNS, _LINES = 80, 24


def size(stream: TextIO) -> os.terminal_size:
    """Return the size of the terminal behind a stream; the usual one where it can't be told."""
    try:
        columns, lines = os.get_terminal_size(stream.fileno())
    except OSError:  # no terminal, or one that has hung up
        columns, lines = 0, 0
    return os.terminal_size((columns or _COLUMNS, lines or _LINES))


def bar(stream: TextIO, **options: Any) -> tqdm[Never]:
    """Return a tqdm bar that follows the terminal's size; ``options`` are tqdm's.

    tqdm's own ``dynamic_ncols`` shows nothing at all where a terminal reports 0 columns.
    """
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # no thread to keep watch over a bar that is updated anyway

    class Fitted(tqdm):  # type: ignore[type-arg]  # it takes none at run time
        @property
        def format_dict(self) -> MutableMapping[str, Any]:  # asked for at each drawing
            self.ncols, self.nrows = _room(stream)
            return super().format_dict

    columns, rows = _room(stream)
    return Fitted(file=stream, ncols=columns, nrows=rows, **options)


def _room(stream: TextIO) -> tuple[int, int]:
    """Return columns and lines that a bar may fill: a terminal might wrap in the last column."""
    columns, lines = size(stream)
    return columns - 1, lines - 1
