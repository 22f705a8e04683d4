"""A list of URLs with httpx: one shared client, a semaphore, each body streamed to its file.

Bytes are written where they arrive: for bodies from a near server that beats a hop to a thread.
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path

import httpx

from benchmarks.scripts import words

LIMIT = 100  # httpx's own pool holds so many connections
TOO_MANY = 429
TRIES = 100


async def fetch(client: httpx.AsyncClient, url: str, target: Path, tries: int) -> bool:
    """Download one file; wait and ask again while the server says so."""
    for _ in range(tries):
        async with client.stream("GET", url) as response:
            if response.status_code != TOO_MANY:
                response.raise_for_status()
                with target.open("wb") as file:
                    async for piece in response.aiter_bytes():
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
                    client, url, options.folder / words.name(url), options.tries or TRIES
                )
            except httpx.HTTPError as error:
                print(url, repr(error), file=sys.stderr)
                return False

    async with httpx.AsyncClient(
        http2=options.http2,
        verify=ssl.create_default_context(cafile=options.cacert) if options.cacert else True,
        limits=httpx.Limits(max_connections=limit, max_keepalive_connections=limit),
    ) as client:
        return 0 if all(await asyncio.gather(*map(one, urls))) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
