"""The files of a trial: writing those that the servers serve, and checking those that arrived."""

from __future__ import annotations

import os
import random
import stat
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from getflags.testing.trials.verdict import FileState

SIZE = 100_000  # bytes


def write(folder: Path, count: int, seed: int) -> dict[str, bytes]:
    """Write files with pseudo-random contents into a new folder; return the contents by name."""
    folder.mkdir()
    contents = {}
    for number in range(1, count + 1):
        name = f"{number:02}.bin"
        contents[name] = random.Random(f"{seed} {name}").randbytes(SIZE)  # noqa: S311 - repeatable
        folder.joinpath(name).write_bytes(contents[name])
    return contents


def check(folder: Path, expected: Mapping[str, bytes]) -> dict[str, FileState]:
    """Return the state of each expected file, which may be anywhere below the folder.

    A name that exists several times is right only if each of these files is right.
    """
    found = defaultdict(list)
    folders = [str(folder)]
    while folders:  # os.walk would fail for a thousand nested folders
        with suppress(OSError), os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.name in expected:
                    found[entry.name].append(_is_right(Path(entry.path), expected[entry.name]))
    return {name: _state(found[name]) for name in expected}


def _state(right: list[bool]) -> FileState:
    if not right:
        return FileState.MISSING
    return FileState.RIGHT if all(right) else FileState.WRONG


def _is_right(path: Path, content: bytes) -> bool:
    """Return whether the path is a regular file with this content; a link is followed."""
    try:
        status = path.stat()
        regular = stat.S_ISREG(status.st_mode)
        return regular and status.st_size == len(content) and path.read_bytes() == content
    except OSError:  # unreadable, or a link to nothing
        return False
