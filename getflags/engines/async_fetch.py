"""The shell of a transfer for asyncio: the twin of ``fetch``, which explains both."""

from __future__ import annotations

from asyncio import sleep as asleep
from time import monotonic, time

from getflags.core.errors import Fault, NotSaved
from getflags.core.events import EventHandler
from getflags.core.models import DownloadOptions, Piece
from getflags.engines.fetch import announce, emit_progress
from getflags.rates.rate_limit import RateLimiter
from getflags.storage.async_part_file import AsyncPartFile
from getflags.storage.part_file import PartFile
from getflags.transfer.actions import Done, Install, Request, Wait
from getflags.transfer.transfer import Transfer
from getflags.transport import AsyncTransport

TYPE_CHECKING = False  # most runs do not need this module
if TYPE_CHECKING:
    from getflags.engines.splitting.async_streams import AsyncStreams


async def afetch(
    transfer: Transfer, options: DownloadOptions, transport: AsyncTransport, limiter: RateLimiter,
    emit: EventHandler, *, streams: AsyncStreams | None = None,
) -> Transfer:  # fmt: skip
    """Run one try to its end; return the transfer. Only a bug raises an exception."""
    announce(transfer, emit)
    try:
        with _part(transfer, options) as part:
            get = streams.attach(part) if streams else transport.get
            since = 0.0  # when the wait for the next piece of a body began

            async def on_body(piece: Piece) -> None:
                nonlocal since
                at, progress = transfer.bytes_arrived(len(piece), (now := monotonic()) - since, now)
                await part.write(piece, at)
                if progress:
                    emit_progress(progress, emit)
                    await part.checkpoint(progress.record)
                if seconds := limiter.spend(len(piece)):
                    await asleep(transfer.allowed(seconds, monotonic()))
                since = monotonic()

            on_disk = await part.on_disk(options.exists)
            partial = None if options.verify or options.compressed else await part.reopen()
            action = transfer.begin(on_disk, partial, monotonic(), time())
            while isinstance(action, Request):
                url, headers, left, own = action
                try:
                    await get(url, headers, transfer.head_arrived, on_body, left, certified=own)
                    await part.end_body(transfer.size)
                    action = transfer.succeeded(monotonic(), part.digest)
                except Fault as fault:
                    action = transfer.failed(fault, monotonic())
            if isinstance(action, Install):
                transfer.installed(await part.install(*action), part.note, part.saved_as)
            elif isinstance(action, Done | Wait) and not action.keep_part:
                part.discard()
    except NotSaved as refusal:
        transfer.failed(refusal, monotonic())
    return transfer


def _part(transfer: Transfer, options: DownloadOptions) -> AsyncPartFile:
    """Return what receives the body: a part file. Standard output may block, so it is not here."""
    return AsyncPartFile(
        transfer.current, transfer.resumable, fsync=options.fsync,
        open_part=options.server_names or PartFile,
    )  # fmt: skip
