"""The job of a racer process, and the files that pass it from the parent to the racer.

Every racer reads the targets from a file lazily, so that no process holds a long list in memory.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from getflags.core.models import Plan
from getflags.targets.list_file import Entry

_BATCH = 1_000  # entries in one pickle


@dataclass(frozen=True, slots=True)
class RaceJob:
    """One engine's job: a plan without targets, the site of the flags, and the output folder.

    ``entries`` is the path of the file that ``write_entries`` wrote.
    """

    engine: str
    plan: Plan
    base_url: str
    folder: str
    entries: str


def write_entries(entries: Iterable[Entry], path: str) -> None:
    """Write the entries, in order, to a file that every racer reads.

    Folders in the list are dropped, because each racer writes to its own folder.
    """
    source = iter(entries)
    with open(path, "wb") as file:  # noqa: PTH123
        while batch := [entry._replace(folder="") for entry in islice(source, _BATCH)]:
            pickle.dump(batch, file)


def read_entries(path: str) -> Iterator[Entry]:
    """Yield the entries of a file lazily."""
    with open(path, "rb") as file:  # noqa: PTH123
        while file.peek(1):
            yield from pickle.load(file)  # noqa: S301 - written by this module


def write(job: RaceJob, path: str) -> None:
    """Write a job to a file."""
    with open(path, "wb") as file:  # noqa: PTH123
        pickle.dump(job, file)


def read(path: str) -> RaceJob:
    """Return the job in a file."""
    with open(path, "rb") as file:  # noqa: PTH123
        job: RaceJob = pickle.load(file)  # noqa: S301 - written by this module
    return job
