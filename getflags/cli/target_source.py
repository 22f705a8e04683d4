"""Where a download's targets come from: the words of the command line and the ``-i`` file.

The list is read more than once, to count and check it and then to fetch it, so that the bar has a
total and a mistake is found before the first request, and a list of millions is never in memory.
What cannot be read again (a pipe) is copied to a temporary file first.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from typing import IO, TextIO

from getflags.cli.options.download import Options
from getflags.core.errors import UsageError
from getflags.core.text import printable, quoted
from getflags.targets import country_codes, resolve
from getflags.targets.list_file import BadInput, Entry, parse


class Source:
    """The entries of a run, as often as they are wanted. Raises UsageError for bad input."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._list = None if options.input_file is None else _open(options.input_file)
        self._words = self._named()

    def entries(self) -> Iterator[Entry]:
        """Yield all entries, those of the command line first. Raises UsageError."""
        yield from self._words
        if self._list is not None:
            self._list.seek(0)
            try:
                yield from parse(self._list)
            except BadInput as error:
                raise UsageError(f"{printable(self._options.input_file or '')}: {error}") from None

    def close(self) -> None:
        """Let go of the list."""
        if self._list is not None:
            self._list.close()

    def _named(self) -> list[Entry]:
        """Return what the command line asks for."""
        options = self._options
        for word in options.targets:
            if not resolve.is_target(word):
                raise UsageError(f"{quoted(resolve.label(word))} is not {resolve.ACCEPTED}")
        entries = [Entry(word) for word in options.targets]
        if options.all:
            entries += [Entry(code) for code in country_codes.ALL]
        if options.every:
            entries += [Entry(code, guessed=True) for code in country_codes.every()]
        if not entries and self._list is None:
            entries = [Entry(code) for code in country_codes.POP20]
        return entries


def _open(name: str) -> TextIO:
    try:
        # Standard input is not ours to close: whoever gets number 0 next would be surprised.
        stream: IO[bytes] = (
            open(0, "rb", closefd=False) if name == "-" else open(name, "rb")  # noqa: PTH123, SIM115
        )
        if name == "-" or not stream.seekable():
            copy = tempfile.TemporaryFile()  # noqa: SIM115 - as above, Source closes it
            shutil.copyfileobj(stream, copy)
            stream = copy
    except OSError as error:
        raise UsageError(f"cannot read the list {quoted(name)}: {error.strerror}") from None
    # Bytes that are no UTF-8 survive the way to the URL, where they are percent-encoded.
    return io.TextIOWrapper(stream, encoding="utf-8", errors="surrogateescape")
