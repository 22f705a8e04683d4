"""The names of a job's objects.

::

    _getflags/job.json                    the job; created once
    _getflags/generation-001.json         what the first `retry` requests again; created once
    _getflags/lists/<attempt>/000.jsonl   the targets of a lane
    _getflags/done/00000042.json          the record of a shard; created once
    _getflags/index.jsonl.gz              the last result of each target
    _getflags/failed.txt                  the targets that failed, as a list for -i
    _getflags/report.json                 the report of the index, and a hash of its records
    data/00000042-<attempt>.tar           the files of a shard
    data/00000042-<attempt>.jsonl.gz      its manifest: the result of each target
    data/00000042-<attempt>/00000042000017.bin    a file of its own

An attempt is a random text, so that two attempts at one shard never write the same object. The
record of the shard names the attempt that counts.
"""

from __future__ import annotations

import re
from secrets import token_hex

ROOT = "_getflags"
JOB = f"{ROOT}/job.json"
DONE = f"{ROOT}/done"
LISTS = f"{ROOT}/lists"
INDEX = f"{ROOT}/index.jsonl.gz"
FAILED = f"{ROOT}/failed.txt"
REPORT = f"{ROOT}/report.json"
DATA = "data"

_DONE_NAME = re.compile(rf"{DONE}/(\d{{8,}})\.json")
_DATA_NAME = re.compile(rf"{DATA}/(\d{{8,}})-([0-9a-f]+)(?:[./].*)?", re.DOTALL)


def new_attempt() -> str:
    """Return a text that no other attempt has."""
    return token_hex(6)


def generation(number: int) -> str:
    """Return the name of the description of a generation; the first one is the job's."""
    return f"{ROOT}/generation-{number:03}.json" if number else JOB


def lane_list(attempt: str, lane: int) -> str:
    """Return the name of the list of a lane."""
    return f"{LISTS}/{attempt}/{lane:03}.jsonl"


def record(shard: int) -> str:
    """Return the name of the record of a shard."""
    return f"{DONE}/{shard:08}.json"


def data(shard: int, attempt: str, ending: str) -> str:
    """Return the name of an object of an attempt at a shard."""
    return f"{DATA}/{shard:08}-{attempt}{ending}"


def shard_of_record(name: str) -> int | None:
    """Return the number of the shard whose record has this name; None for other names."""
    match = _DONE_NAME.fullmatch(name)
    return int(match[1]) if match else None


def attempt_of(name: str) -> tuple[int, str] | None:
    """Return the shard and the attempt that an object belongs to; None for other names."""
    match = _DATA_NAME.fullmatch(name)
    return (int(match[1]), match[2]) if match else None
