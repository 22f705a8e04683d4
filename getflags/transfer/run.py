"""The twin shells: they do the I/O that a ``Transfer`` decides on, and report the result to it.

This is the only module that combines decisions, HTTP and files, once without ``await`` and once
with it. The shells make no decisions, and they must stay the same: a test removes ``async`` and
``await`` from the second and compares it with the first. (Two alternatives were rejected: a
generator of I/O requests needs two interpreters, which are longer twins; generating one version
from the other hides the decisions between awaits.)
"""

from __future__ import annotations

from asyncio import sleep as asleep
from time import monotonic, sleep

from getflags.core.errors import Fault, NotSaved
from getflags.core.events import EventHandler, Started
from getflags.core.models import DownloadOptions
from getflags.rates.rate_limit import Pace
from getflags.storage.async_part_file import AsyncPart
from getflags.storage.part_file import Part
from getflags.transfer.actions import Done, Install, Request
from getflags.transfer.state import NEW
from getflags.transfer.transfer import Transfer
from getflags.transport import AsyncWire, Wire


def fetch(
    transfer: Transfer, options: DownloadOptions, wire: Wire, pace: Pace, emit: EventHandler
) -> Transfer:
    """Make one try, to its end; return the transfer. Raises only for the program's own bugs."""
    target = transfer.target
    if transfer.state is NEW:
        emit(Started(target))
    try:
        with Part(target, fsync=options.fsync) as part:
            since = 0.0  # when the wait for the next piece of a body began

            def on_body(piece: bytes) -> None:
                nonlocal since
                at, progress = transfer.bytes_arrived(len(piece), monotonic() - since)
                part.write(piece, at)
                if progress:
                    emit(progress.event)
                    part.remember(progress.record)
                if seconds := pace.spend(len(piece)):
                    sleep(seconds)
                since = monotonic()

            on_disk, partial = part.on_disk(options.exists), part.kept()
            action = transfer.begin(on_disk, partial, monotonic())
            while isinstance(action, Request):
                url, headers, time_left = action
                try:
                    wire.get(url, headers, transfer.head_arrived, on_body, time_left)
                    part.flush(transfer.size)
                    action = transfer.succeeded(monotonic(), part.digest)
                except Fault as fault:
                    action = transfer.failed(fault, monotonic())
            if isinstance(action, Install):
                part.install(action.modified)
                transfer.succeeded(monotonic())
            elif isinstance(action, Done) and not action.keep_part:
                part.throw_away()
    except NotSaved as refusal:
        transfer.failed(refusal, monotonic())
    return transfer


async def afetch(
    transfer: Transfer, options: DownloadOptions, wire: AsyncWire, pace: Pace, emit: EventHandler
) -> Transfer:
    """Make one try, to its end; return the transfer. Raises only for the program's own bugs."""
    target = transfer.target
    if transfer.state is NEW:
        emit(Started(target))
    try:
        async with AsyncPart(target, fsync=options.fsync) as part:
            since = 0.0  # when the wait for the next piece of a body began

            async def on_body(piece: bytes) -> None:
                nonlocal since
                at, progress = transfer.bytes_arrived(len(piece), monotonic() - since)
                await part.write(piece, at)
                if progress:
                    emit(progress.event)
                    part.remember(progress.record)
                if seconds := pace.spend(len(piece)):
                    await asleep(seconds)
                since = monotonic()

            on_disk, partial = await part.on_disk(options.exists), await part.kept()
            action = transfer.begin(on_disk, partial, monotonic())
            while isinstance(action, Request):
                url, headers, time_left = action
                try:
                    await wire.get(url, headers, transfer.head_arrived, on_body, time_left)
                    await part.flush(transfer.size)
                    action = transfer.succeeded(monotonic(), part.digest)
                except Fault as fault:
                    action = transfer.failed(fault, monotonic())
            if isinstance(action, Install):
                await part.install(action.modified)
                transfer.succeeded(monotonic())
            elif isinstance(action, Done) and not action.keep_part:
                part.throw_away()
    except NotSaved as refusal:
        transfer.failed(refusal, monotonic())
    return transfer
