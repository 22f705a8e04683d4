"""The course: what a racer must know, and the way it gets there, which is files in a folder.

The targets are read from a file as they are needed, so that a list of any length is never in
anybody's memory, and each racer reads for itself.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from getflags.core.models import Plan
from getflags.targets.list_file import Entry

_BATCH = 1_000  # entries that are read at a time


@dataclass(frozen=True, slots=True)
class RaceJob:
    """An engine's job: a plan without targets; where flags come from; the folder for the files.

    ``entries`` is the path of what ``write_entries`` wrote.
    """

    engine: str
    plan: Plan
    base_url: str
    folder: str
    entries: str


def write_entries(entries: Iterable[Entry], path: str) -> None:
    """Put what is asked for, in order, where every racer can read it.

    Folders that the list names are left out: a racer writes into its own.
    """
    source = iter(entries)
    with open(path, "wb") as file:  # noqa: PTH123
        while batch := [entry._replace(folder="") for entry in islice(source, _BATCH)]:
            pickle.dump(batch, file)


def read_entries(path: str) -> Iterator[Entry]:
    """Yield what is asked for, lazily."""
    with open(path, "rb") as file:  # noqa: PTH123
        while file.peek(1):
            yield from pickle.load(file)  # noqa: S301 - our own


def write(course: RaceJob, path: str) -> None:
    """Put a course where a racer can read it."""
    with open(path, "wb") as file:  # noqa: PTH123
        pickle.dump(course, file)


def read(path: str) -> RaceJob:
    """Return the course in that file."""
    with open(path, "rb") as file:  # noqa: PTH123
        course: RaceJob = pickle.load(file)  # noqa: S301 - our own
    return course
