"""A list of URLs with aiohttp: all at the same time, and ``gather`` collects the exceptions.

python examples/trial/aiohttp_get.py urls.txt
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp  # type: ignore[import-not-found, unused-ignore]


def save(url: str, body: bytes) -> None:
    """Write a file."""
    Path(url.rpartition("/")[2]).write_bytes(body)


async def fetch(session: aiohttp.ClientSession, url: str) -> None:
    """Download one file."""
    async with session.get(url) as response:
        response.raise_for_status()
        save(url, await response.read())


async def main(urls: list[str]) -> int:
    """Download all files; return how many failed."""
    async with aiohttp.ClientSession() as session:
        ends = await asyncio.gather(*(fetch(session, url) for url in urls), return_exceptions=True)
    return sum(isinstance(end, BaseException) for end in ends)


if __name__ == "__main__":
    sys.exit(asyncio.run(main(Path(sys.argv[1]).read_text(encoding="utf-8").split())) > 0)
