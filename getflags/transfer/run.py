"""The twin shells: they carry facts to a ``Transfer`` and carry out what it decides.

The only place where decisions, wire and file meet, once without ``await`` and once with. They hold
no policy, and they must stay the same: a test washes ``async`` and ``await`` out of the second and
compares it with the first. (The roads not taken: a generator of I/O requests needs two interpreters
that are bigger twins; generating one colour from the other hides the decisions between awaits.)
"""

from __future__ import annotations

from asyncio import sleep as asleep
from time import monotonic, sleep

from getflags.core.errors import Fault, NotSaved
from getflags.core.events import EventHandler, Progressed, Started
from getflags.rates.rate_limit import Pace
from getflags.storage.async_part_file import AsyncPart
from getflags.storage.part_file import Part
from getflags.transfer.transfer import Transfer
from getflags.transport import AsyncWire, Wire


def fetch(transfer: Transfer, wire: Wire, pace: Pace, emit: EventHandler) -> Transfer:
    """Make one try, to its end; return the transfer. Raises only for the program's own bugs."""
    target = transfer.target
    if transfer.fresh:
        emit(Started(target))
    try:
        with Part(target, fsync=transfer.rules.fsync) as part:

            def on_body(piece: bytes) -> None:
                transfer.floor.heard(len(piece), monotonic())
                part.write(piece, transfer.received)
                if transfer.bytes_arrived(len(piece)):
                    emit(Progressed(target, transfer.received, transfer.expected))
                    part.remember(transfer.note)
                if seconds := pace.spend(len(piece)):
                    sleep(seconds)
                transfer.floor.listening(monotonic())

            transfer.begin(part.on_disk(transfer.rules.exists), part.kept())
            while transfer.ask:
                try:
                    within = transfer.deadline.left(monotonic())
                    wire.get(*transfer.ask, transfer.head_arrived, on_body, within)
                    part.flush(transfer.size)
                    transfer.response_ended(part.digest)
                except Fault as fault:
                    transfer.broke(fault)
            if transfer.complete:
                part.install(transfer.modified)
                transfer.installed()
            elif transfer.worthless:
                part.throw_away()
    except NotSaved as refusal:
        transfer.not_saved(refusal)
    return transfer


async def afetch(transfer: Transfer, wire: AsyncWire, pace: Pace, emit: EventHandler) -> Transfer:
    """Make one try, to its end; return the transfer. Raises only for the program's own bugs."""
    target = transfer.target
    if transfer.fresh:
        emit(Started(target))
    try:
        async with AsyncPart(target, fsync=transfer.rules.fsync) as part:

            async def on_body(piece: bytes) -> None:
                transfer.floor.heard(len(piece), monotonic())
                await part.write(piece, transfer.received)
                if transfer.bytes_arrived(len(piece)):
                    emit(Progressed(target, transfer.received, transfer.expected))
                    part.remember(transfer.note)
                if seconds := pace.spend(len(piece)):
                    await asleep(seconds)
                transfer.floor.listening(monotonic())

            transfer.begin(await part.on_disk(transfer.rules.exists), await part.kept())
            while transfer.ask:
                try:
                    within = transfer.deadline.left(monotonic())
                    await wire.get(*transfer.ask, transfer.head_arrived, on_body, within)
                    await part.flush(transfer.size)
                    transfer.response_ended(part.digest)
                except Fault as fault:
                    transfer.broke(fault)
            if transfer.complete:
                await part.install(transfer.modified)
                transfer.installed()
            elif transfer.worthless:
                part.throw_away()
    except NotSaved as refusal:
        transfer.not_saved(refusal)
    return transfer
