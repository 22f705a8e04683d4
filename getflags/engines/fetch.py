"""The shell of a transfer: it does the I/O that a ``Transfer`` decides on, and reports the result.

This module and ``async_fetch``, its twin, are the only ones that combine decisions, HTTP and files,
once without ``await`` and once with it. The shells make no decisions, and they must stay the same:
a test removes ``async`` and ``await`` from the second and compares it with the first. (Two
alternatives were rejected: a generator of I/O requests needs two interpreters, which would be
longer than the shells; generating one version from the other would make both harder to read.)

If a file may be split, ``streams`` makes the requests instead of the transport.
"""

from __future__ import annotations

from time import monotonic, time
from typing import cast

from getflags.core.errors import Fault, NotSaved
from getflags.core.events import EventHandler, Started
from getflags.core.models import DownloadOptions, Piece
from getflags.rates.rate_limit import RateLimiter
from getflags.storage.part_file import PartFile
from getflags.transfer.actions import Done, Install, ProgressStep, Request, Wait
from getflags.transfer.state import NEW
from getflags.transfer.transfer import Transfer
from getflags.transport import Transport

TYPE_CHECKING = False  # most runs do not need this module
if TYPE_CHECKING:
    from getflags.engines.splitting.streams import Streams


def fetch(
    transfer: Transfer, options: DownloadOptions, transport: Transport, limiter: RateLimiter,
    emit: EventHandler, *, streams: Streams | None = None,
) -> Transfer:  # fmt: skip
    """Run one try to its end; return the transfer. Only a bug raises an exception."""
    announce(transfer, emit)
    try:
        with _part(transfer, options) as part:
            get = streams.attach(part) if streams else transport.get
            since = 0.0  # when the wait for the next piece of a body began

            def on_body(piece: Piece) -> None:
                nonlocal since
                at, progress = transfer.bytes_arrived(len(piece), (now := monotonic()) - since, now)
                part.write(piece, at)
                if progress:
                    emit_progress(progress, emit)
                    part.checkpoint(progress.record)
                if seconds := limiter.spend(len(piece)):
                    limiter.wait(transfer.allowed(seconds, monotonic()))
                since = monotonic()

            on_disk = part.on_disk(options.exists)
            partial = None if options.verify or options.compressed else part.reopen()
            action = transfer.begin(on_disk, partial, monotonic(), time())
            while isinstance(action, Request):
                url, headers, left, own = action
                try:
                    get(url, headers, transfer.head_arrived, on_body, left, certified=own)
                    part.end_body(transfer.size)
                    action = transfer.succeeded(monotonic(), part.digest)
                except Fault as fault:
                    action = transfer.failed(fault, monotonic())
            if isinstance(action, Install):
                transfer.installed(part.install(*action), part.note, part.saved_as)
            elif isinstance(action, Done | Wait) and not action.keep_part:
                part.discard()
    except NotSaved as refusal:
        transfer.failed(refusal, monotonic())
    return transfer


def emit_progress(progress: ProgressStep, emit: EventHandler) -> None:
    """Emit the event of a progress step, if it has one."""
    if progress.event:
        emit(progress.event)


def announce(transfer: Transfer, emit: EventHandler) -> None:
    """Emit the event of a target's first try."""
    if transfer.state is NEW:
        emit(Started(transfer.target))


def _part(transfer: Transfer, options: DownloadOptions) -> PartFile:
    """Return what receives the body: a part file, or standard output, which has its methods."""
    open_part = cast("type[PartFile]", options.output or options.server_names or PartFile)
    return open_part(transfer.current, transfer.resumable, fsync=options.fsync)
