"""A list of URLs with aiohttp: one shared session, a semaphore, each body streamed to its file.

Bytes are written where they arrive: for bodies from a near server that beats a hop to a thread.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

import aiohttp  # type: ignore[import-not-found, unused-ignore]

from benchmarks.scripts import words

LIMIT = 100  # aiohttp's own connector holds so many connections
PIECE = 1 << 16
TOO_MANY = 429
TRIES = 100


async def fetch(session: aiohttp.ClientSession, url: str, target: Path, tries: int) -> bool:
    """Download one file; wait and ask again while the server says so."""
    for _ in range(tries):
        async with session.get(url) as response:
            if response.status != TOO_MANY:
                response.raise_for_status()
                with target.open("wb") as file:
                    async for piece in response.content.iter_chunked(PIECE):
                        file.write(piece)
                return True
            wait = float(response.headers.get("retry-after", 1))
        await asyncio.sleep(wait)
    return False


async def main() -> int:
    """Download all; return the exit code."""
    urls, options = words.parse()
    limit = options.limit or LIMIT
    gate = asyncio.Semaphore(limit)

    async def one(url: str) -> bool:
        async with gate:
            try:
                return await fetch(
                    session, url, options.folder / words.name(url), options.tries or TRIES
                )
            except (aiohttp.ClientError, TimeoutError) as error:
                print(url, repr(error), file=sys.stderr)
                return False

    trust = ssl.create_default_context(cafile=options.cacert) if options.cacert else True
    connector = aiohttp.TCPConnector(limit=limit, ssl=trust)
    async with aiohttp.ClientSession(connector=connector) as session:
        return 0 if all(await asyncio.gather(*map(one, urls))) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
