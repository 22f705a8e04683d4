"""Which of these domain names exist? Each answer is shown as soon as it is there.

Teaches ``getflags.as_completed_async``: a few jobs at a time, pulled from any iterable, with the
results in order of completion. It is not tied to downloads; here a job is a look-up in the DNS.

    python examples/dns_probe.py                    # Python's shortest keywords, under .dev
    python examples/dns_probe.py localhost pypi.org
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import aclosing
from keyword import kwlist
from socket import EAI_AGAIN, gaierror
from typing import NamedTuple

from getflags import as_completed_async

Resolver = Callable[[str], Awaitable[object]]


class Answer(NamedTuple):
    """Whether a name exists; None where no DNS server could be asked."""

    name: str
    exists: bool | None


async def resolve(name: str) -> object:
    """Look a name up. The system's resolver blocks, so the loop calls it in a thread."""
    return await asyncio.get_running_loop().getaddrinfo(name, None)


async def probe(
    names: Iterable[str], resolver: Resolver = resolve, limit: int = 5
) -> AsyncIterator[Answer]:
    """Yield an answer for each name, the fastest first, with ``limit`` look-ups in flight."""

    async def ask(name: str) -> Answer:
        try:
            await resolver(name)
        except gaierror as error:
            return Answer(name, None if error.errno == EAI_AGAIN else False)
        return Answer(name, exists=True)

    # aclosing cancels the look-ups that are left if the consumer stops early.
    async with aclosing(as_completed_async(names, ask, limit)) as answers:
        async for answer in answers:
            yield answer


async def main(names: Iterable[str]) -> None:
    """Print ``+`` for a name that exists, ``-`` for one that does not, ``?`` for no answer."""
    marks = {True: "+", False: "-", None: "?"}
    async for name, exists in probe(names):
        print(marks[exists], name)


if __name__ == "__main__":
    shortest = (f"{word}.dev".lower() for word in kwlist if len(word) <= 4)
    asyncio.run(main(sys.argv[1:] or shortest))
