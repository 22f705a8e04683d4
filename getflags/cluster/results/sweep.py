"""The deletion of objects that no record names: those of attempts that were killed or came second.

Objects of a shard without a record are kept, because the attempt may still be under way.
"""

from __future__ import annotations

from collections.abc import Iterable
from time import time

from getflags.cluster.job import layout
from getflags.cluster.results.read import Results
from getflags.cluster.storage import Storage, StoredObject

_STALE = 600.0  # seconds after which no file is still being written


def sweep(storage: Storage, results: Results) -> list[StoredObject]:
    """Delete the objects that no record names, and return them."""
    attempts = {generation.attempt for generation in results.generations}
    # Later ones may belong to a generation that is just being made.
    described = storage.find(layout.generation(results.generations[-1].number))
    before = described.modified if described else 0.0
    lists = (
        each
        for each in storage.listed(layout.LISTS)
        if each.modified < before
        and each.name.removeprefix(f"{layout.LISTS}/").partition("/")[0] not in attempts
    )
    found = [*_superseded(storage.listed(layout.DATA), results), *lists]
    storage.delete(each.name for each in found)
    folders = (layout.ROOT, layout.DATA)
    partial = [each for each in storage.partial(folders) if _is_abandoned(each, results)]
    for each in partial:
        storage.delete_partial(each.name)
    return [*found, *partial]


def _is_abandoned(partial: StoredObject, results: Results) -> bool:
    """Return whether a file that was written in part is of no use; its put may be under way."""
    attempt = layout.attempt_of(partial.name)
    shard = attempt[0] if attempt else layout.shard_of_record(partial.name.rpartition("#")[0])
    if shard is None:  # of the index or a list, for which there is no such proof
        return partial.modified < time() - _STALE
    return shard in results.records


def _superseded(objects: Iterable[StoredObject], results: Results) -> Iterable[StoredObject]:
    for each in objects:
        shard_and_attempt = layout.attempt_of(each.name)
        if shard_and_attempt is None:
            continue
        shard, attempt = shard_and_attempt
        record = results.records.get(shard)
        if record is not None and record.attempt != attempt:
            yield each
