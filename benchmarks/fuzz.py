"""Mutated responses through the default client, with libcurl as the oracle: ``make fuzz``.

Each response is a valid one that was changed at random: bytes flipped, cut out, repeated or
inserted. A file that the default client saves must be what libcurl has saved; where libcurl has
refused a response that it accepts, the program prints the response. Nothing may hang or raise an
exception. The number is the seed: the same number makes the same responses again.

At the end, runs of the program are killed at random, and each file that stands under its final name
must be the one that an undisturbed run saves.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import random
import signal
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import getflags
from getflags.engines import ENGINES
from tests.kit import ENVIRON, ROOT, command

KILLED_BATCH = 500  # responses in a run that is killed
BATCH = 5_000  # responses that each client fetches in one run
SHOWN = 20  # differences that are printed
LINE = b"\r\n"


def responses(source: random.Random) -> bytes:
    """Return a valid response."""
    body = bytes(source.randrange(256) for _ in range(source.randrange(60)))
    half = len(body) // 2
    chunks = b"".join(
        b"%x%s\r\n%s\r\n" % (len(part), source.choice([b"", b";a=b", b" "]), part)
        for part in (body[:half], body[half:])
        if part
    )
    chunked = LINE.join([b"Transfer-Encoding: chunked", b"", chunks + b"0"])
    trailer = source.choice([b"", b"X-Sum: 1\r\n"])
    sized = b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    rest = source.choice([sized, sized, chunked + LINE + trailer + LINE, b"X: y\r\n\r\n" + body])
    first = source.choice([b"", b"", b"HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"])
    fields = source.choice([b"", b"Connection: close\r\n", b'ETag: "a"\r\nServer: x\r\n'])
    return first + b"HTTP/1.1 200 OK\r\n" + fields + rest


def _flip(data: bytearray, start: int, end: int, source: random.Random) -> None:
    data[start:end] = bytes(each ^ (1 << source.randrange(8)) for each in data[start:end])


def _cut_out(data: bytearray, start: int, end: int, _: random.Random) -> None:
    del data[start:end]


def _repeat(data: bytearray, start: int, end: int, _: random.Random) -> None:
    data[start:start] = data[start:end]


def _insert(data: bytearray, start: int, _: int, source: random.Random) -> None:
    data[start:start] = source.choice([LINE, b"\n", b"\r", b"\0", b" ", b":", b"0", b"9"])


def _cut_off(data: bytearray, start: int, _: int, __: random.Random) -> None:
    del data[start:]


def _replace(data: bytearray, start: int, end: int, source: random.Random) -> None:
    data[start:end] = source.choice([b"0", b"1", b"ff", b"-1", b"99999999999999999999"])


CHANGES = (_flip, _cut_out, _repeat, _insert, _cut_off, _replace)


def mutated(number: int) -> bytes:
    """Return the response with a number."""
    source = random.Random(number)  # noqa: S311 - no secret depends on it
    data = bytearray(responses(source))
    for _ in range(source.randrange(1, 4)):
        start = source.randrange(len(data) + 1)
        end = min(len(data), start + source.choice([1, 1, 2, 5, 30]))
        CHANGES[source.randrange(len(CHANGES))](data, start, end, source)
    return bytes(data)


def serve(ready: Connection) -> None:
    """Serve the responses; close each connection after one."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            writer.write(mutated(int(head.split(b" ")[1][1:])))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def run() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=500)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def fetched(client: str, engine: str, port: int, numbers: range) -> dict[int, bytes]:
    """Return what a client saves, by number."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - in memory
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        report = getflags.download(
            (f"http://127.0.0.1:{port}/{number}" for number in numbers),
            dir=folder, client=client, engine=engine, retries=0, timeout=5, max_req=30,
        )  # fmt: skip
        if report.total != len(numbers):
            raise SystemExit(f"{client}: {report.total} of {len(numbers)} targets have ended")
        return {
            int(outcome.target.name): Path(outcome.target.path).read_bytes()
            for outcome in report.outcomes
            if not outcome.failed
        }


def differences(port: int, engine: str, numbers: range, counts: Counter[str]) -> Iterator[str]:
    """Fetch responses with both clients; yield a line for each that ends differently."""
    ours, oracle = (fetched(client, engine, port, numbers) for client in ("h1", "curl"))
    counts["responses"] += len(numbers)
    counts["saved by both"] += len(ours.keys() & oracle.keys())
    counts["saved only by libcurl"] += len(oracle.keys() - ours.keys())
    for number in sorted(ours):
        if number not in oracle:
            counts["saved only by h1"] += 1
            yield f"{number}: only h1 saves {mutated(number)!r}"
        elif ours[number] != oracle[number]:
            counts["saved differently"] += 1
            yield f"{number}: {ours[number]!r} instead of {oracle[number]!r}: {mutated(number)!r}"


def killed(port: int, start: int, counts: Counter[str]) -> Iterator[str]:
    """Kill a run at a random moment; yield a line for each file that is not the right one."""
    source = random.Random(start)  # noqa: S311 - as above
    numbers = range(start, start + KILLED_BATCH)
    engine = source.choice(sorted(ENGINES))
    right = fetched("h1", "threads", port, numbers)
    with tempfile.TemporaryDirectory() as folder:
        words = ["-q", "-d", folder, "--retries", "0", "--engine", engine, "-i", "-"]
        with subprocess.Popen(
            command(*words), env={**ENVIRON, "PYTHONPATH": str(ROOT)}, text=True,
            stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        ) as run:  # fmt: skip
            urls = "".join(f"http://127.0.0.1:{port}/{number}\n" for number in numbers)
            try:
                run.communicate(urls, timeout=source.uniform(0.1, 0.7))
            except subprocess.TimeoutExpired:
                os.killpg(run.pid, signal.SIGKILL)
        counts["runs killed"] += run.returncode == -signal.SIGKILL
        for file in Path(folder).glob("[0-9]*"):
            counts["files of runs that were to be killed"] += 1
            if right.get(int(file.name)) != file.read_bytes():
                counts["wrong files"] += 1
                yield f"{file.name}: killed, {file.read_bytes()!r}: {mutated(int(file.name))!r}"


def main() -> None:
    """Compare the clients and print the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000, help="(%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first response")
    parser.add_argument("--kills", type=int, default=200, help="runs to kill (%(default)s)")
    options = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    server.start()
    port, counts, shown = ours.recv(), Counter[str](), 0
    for start in range(options.first, options.first + options.count, BATCH):
        engine = ("threads", "asyncio")[start // BATCH % 2]
        numbers = range(start, min(start + BATCH, options.first + options.count))
        for line in differences(port, engine, numbers, counts):
            shown += 1
            if shown <= SHOWN:
                print(line, flush=True)
    for start in range(options.first, options.first + options.kills * KILLED_BATCH, KILLED_BATCH):
        for line in killed(port, start, counts):
            print(line, flush=True)
    server.terminate()
    print(*(f"{name}: {count:,}" for name, count in counts.items()), sep="\n")


if __name__ == "__main__":
    main()
