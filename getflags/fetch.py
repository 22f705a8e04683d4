"""The twin shells: they carry facts to a ``Transfer`` and carry out what it decides.

The only place where decisions, wire and file meet, once without ``await`` and once with. They hold
no policy, and they must stay the same: a test washes ``async`` and ``await`` out of the second and
compares it with the first. (The roads not taken: a generator of I/O requests needs two interpreters
that are bigger twins; generating one colour from the other hides the decisions between awaits.)
"""

from __future__ import annotations

from getflags.errors import Fault, NotSaved
from getflags.events import Emit, Progressed, Started
from getflags.model import Outcome, Rules, Target
from getflags.save import Part
from getflags.spill import AsyncPart
from getflags.transfer import Transfer
from getflags.wire import AsyncWire, Wire


def fetch(target: Target, rules: Rules, wire: Wire, emit: Emit) -> Outcome:
    """Fetch one target to its end, whichever that is. Raises only for the program's own bugs."""
    emit(Started(target))
    transfer = Transfer(target, rules)
    try:
        with Part(target) as part:

            def on_body(piece: bytes) -> None:
                if transfer.bytes_arrived(len(piece)):
                    emit(Progressed(target, transfer.received, transfer.expected))
                part.write(piece)

            transfer.begin(part.on_disk(rules.exists))
            while transfer.ask:
                try:
                    wire.get(*transfer.ask, transfer.head_arrived, on_body)
                    part.close()
                    transfer.response_ended(part.digest)
                except Fault as fault:
                    transfer.broke(fault)
            if transfer.complete:
                part.install(transfer.modified)
                transfer.installed()
    except NotSaved as refusal:
        transfer.not_saved(refusal)
    return transfer.result()


async def afetch(target: Target, rules: Rules, wire: AsyncWire, emit: Emit) -> Outcome:
    """Fetch one target to its end, whichever that is. Raises only for the program's own bugs."""
    emit(Started(target))
    transfer = Transfer(target, rules)
    try:
        async with AsyncPart(target) as part:

            async def on_body(piece: bytes) -> None:
                if transfer.bytes_arrived(len(piece)):
                    emit(Progressed(target, transfer.received, transfer.expected))
                await part.write(piece)

            transfer.begin(await part.on_disk(rules.exists))
            while transfer.ask:
                try:
                    await wire.get(*transfer.ask, transfer.head_arrived, on_body)
                    await part.close()
                    transfer.response_ended(part.digest)
                except Fault as fault:
                    transfer.broke(fault)
            if transfer.complete:
                part.install(transfer.modified)
                transfer.installed()
    except NotSaved as refusal:
        transfer.not_saved(refusal)
    return transfer.result()
