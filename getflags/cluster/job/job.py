"""A job and its generations, and their form as JSON.

A job never changes: its objects are created once, and each run compares its options with the stored
ones. A generation is a set of lists; the first one has all targets, and each later one those that
had failed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from getflags.cluster.job.lanes import Lane
from getflags.cluster.job.shards import Shard, shards
from getflags.core.errors import UsageError

FORMAT = 1  # of job.json; another number is another layout


class Generation(NamedTuple):
    """The lists of the lanes, and their shards' size in bytes.

    ``attempt`` is in the names of the lists. ``first_shard`` is the number of the first shard.
    ``repeats`` is the number of targets, by status, that earlier generations had failed to get when
    this one was made. As their records may be replaced, it is only for the progress of a job.
    """

    number: int
    attempt: str
    lanes: tuple[Lane, ...]
    shard_bytes: int
    first_shard: int = 0
    repeats: Mapping[str, int] = MappingProxyType({})

    @property
    def targets(self) -> int:
        """The number of targets."""
        return sum(lane.targets for lane in self.lanes)

    @property
    def shard_count(self) -> int:
        """The number of shards."""
        return sum(-(-lane.size // self.shard_bytes) for lane in self.lanes)

    def shards(self) -> list[list[Shard]]:
        """Return the shards of each lane."""
        return shards(self.lanes, self.shard_bytes, self.first_shard)


class Terms(NamedTuple):
    """The options that decide what a job's result is: each run of the job must have the same.

    ``file_format`` is the form of the files in the storage. ``per_origin`` is the largest number of
    requests in flight at each server, and ``rate_per_origin`` is in requests a second, both for the
    whole job. ``settings`` are those of the downloads that differ from the defaults, by the names
    of the API; none of them is a secret.
    """

    file_format: str
    per_origin: int
    rate_per_origin: float | None
    dedupe: bool
    settings: Mapping[str, Any]

    def difference(self, other: Terms) -> str:
        """Return the option in which other terms differ, or an empty text."""
        for name, option in _OPTIONS.items():
            if getattr(self, name) != getattr(other, name):
                return f"--{option}"
        for name in sorted({*self.settings, *other.settings}):
            if self.settings.get(name) != other.settings.get(name):
                return f"--{name.replace('_', '-')}"
        return ""


class Job(NamedTuple):
    """What is downloaded, and how.

    ``fingerprint`` is a hash of the user's list; ``list_name`` is its name, for messages.
    """

    version: str
    fingerprint: str
    list_name: str
    terms: Terms
    first: Generation

    def difference(self, other: Job) -> str:
        """Return how another job for the same place differs, or an empty text."""
        if self.fingerprint != other.fingerprint:
            return f"its list ({self.list_name}) is another, or has changed since"
        option = self.terms.difference(other.terms)
        return f"it has another {option}" if option else ""


_OPTIONS = {
    "dedupe": "dedupe",
    "file_format": "format",
    "per_origin": "per-origin",
    "rate_per_origin": "rate-per-origin",
}


def dump(job: Job) -> bytes:
    """Return a job as JSON."""
    values = {
        **job._asdict(),
        "format": FORMAT,
        "terms": job.terms._asdict(),
        "first": _generation_values(job.first),
    }
    return json.dumps(values, indent=1).encode()


def dump_generation(generation: Generation) -> bytes:
    """Return a generation as JSON."""
    return json.dumps(_generation_values(generation), indent=1).encode()


def _generation_values(generation: Generation) -> dict[str, Any]:
    lanes = [lane._asdict() for lane in generation.lanes]
    return {**generation._asdict(), "lanes": lanes, "repeats": dict(generation.repeats)}


def load(data: bytes, place: str) -> Job:
    """Return the job in a JSON text. Raises UsageError if it is none, or one of another version."""
    try:
        values = json.loads(data)
        if values.pop("format") != FORMAT:
            raise UsageError(f"the job in {place} was made by another version of getflags")
        first = _load_generation(values.pop("first"))
        terms = Terms(**values.pop("terms"))
        return Job(**values, terms=terms, first=first)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UsageError(f"the description of the job in {place} is damaged") from None


def load_generation(data: bytes, place: str) -> Generation:
    """Return the generation in a JSON text. Raises UsageError if it is none."""
    try:
        return _load_generation(json.loads(data))
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UsageError(f"the description of a generation in {place} is damaged") from None


def _load_generation(values: dict[str, Any]) -> Generation:
    lanes = tuple(Lane(**each) for each in values.pop("lanes"))
    generation = Generation(**values, lanes=lanes)
    numbers = [number for lane in lanes for number in lane]
    if min(*numbers, generation.shard_bytes - 1, generation.first_shard) < 0:
        raise ValueError("a number is negative")
    return generation
