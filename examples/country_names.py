"""Save flags under the names of their countries: two requests for a flag, one semaphore for all.

Teaches which number to bound. A flag takes two requests, its image and its ``metadata.json``, and
both are sent at the same time. The server feels requests, so the semaphore counts requests;
``as_completed_async`` counts flags, so that the list of codes may be of any length.

    python examples/country_names.py BR FR VN       # into ./countries
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from pathlib import Path

import httpx

from getflags import as_completed_async, serving


async def get(client: httpx.AsyncClient, slots: asyncio.Semaphore, path: str) -> httpx.Response:
    """Send a request as soon as a slot is free. Raises httpx.HTTPError unless it succeeds."""
    async with slots:
        response = await client.get(path)
    return response.raise_for_status()


async def save(client: httpx.AsyncClient, slots: asyncio.Semaphore, code: str, into: Path) -> Path:
    """Fetch a flag and its country's name at the same time, and save the one under the other."""
    async with asyncio.TaskGroup() as both:  # if one request fails, the other is cancelled
        image = both.create_task(get(client, slots, f"{code}/{code}.gif"))
        about = both.create_task(get(client, slots, f"{code}/metadata.json"))
    country = about.result().json()["country"]
    # The server chose this name: nothing in it may lead out of the folder.
    name = "".join(letter if letter.isalnum() else "_" for letter in country)
    path = into / f"{name}.gif"
    await asyncio.to_thread(path.write_bytes, image.result().content)
    return path


async def save_all(
    base_url: str, codes: Iterable[str], into: Path, limit: int = 4
) -> AsyncIterator[Path]:
    """Yield the path of each flag when it is saved, with at most ``limit`` requests in flight."""
    slots = asyncio.Semaphore(limit)
    async with httpx.AsyncClient(base_url=base_url) as client:
        jobs = as_completed_async(codes, lambda code: save(client, slots, code, into), limit)
        async with aclosing(jobs) as saved:
            async for path in saved:
                yield path


async def main(codes: list[str]) -> None:
    """Save these flags from the bundled server."""
    into = Path("countries")
    await asyncio.to_thread(into.mkdir, exist_ok=True)
    with serving("LOCAL") as base_url:
        async for path in save_all(base_url, map(str.lower, codes), into):
            print(path)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:] or ["BR", "FR", "VN"]))
