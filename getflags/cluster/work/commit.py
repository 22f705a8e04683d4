"""The commit of a shard: exactly one attempt counts, however often the shard was run.

The data and the manifest are stored under names that no other attempt has. Then the record is
created if there is none. A conditional put whose answer was lost is repeated and then finds our own
record, so the record is read to know whose it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xxhash import xxh3_128_hexdigest

from getflags.cluster.job import layout
from getflags.cluster.work import manifest, pack, record
from getflags.cluster.work.pack import Attempt, Packed
from getflags.cluster.work.record import Record


def commit(
    file_format: str,
    attempt: Attempt,
    files: Sequence[Packed],
    refusals: Mapping[str, int],
    seconds: float,
) -> Record:
    """Store the files of a shard and return the record that counts, ours or another attempt's."""
    storage, shard, name, _ = attempt
    data, rows = pack.pack(file_format, attempt, files)
    listed = manifest.dump(rows)
    attempt.put(".jsonl.gz", listed)
    ours = record.record(shard, name, data, rows, refusals=refusals, seconds=seconds)
    ours = ours._replace(manifest_digest=xxh3_128_hexdigest(listed))
    if storage.create(layout.record(shard), record.dump(ours)):
        return ours
    winner = record.load(storage.read(layout.record(shard)) or b"", layout.record(shard))
    if winner.attempt != name:
        own = [row.key for row in rows if row.own]
        endings = [
            *([data.ending] if data.ending else []),
            ".jsonl.gz",
            *(f"/{each}" for each in own),
        ]
        storage.delete(layout.data(shard, name, each) for each in endings)
    return winner
