"""What a small file costs in our own Python, in microseconds of CPU: all but HTTP and the wait.

A transport that answers from memory stands in for the network; everything else is what a run does:
a list is read, names are settled, transfers decide, files are saved (12 KB each, on tmpfs), events
are counted. Planning, saving (with the time of the system), and the fewest system calls that
a save can have are also measured separately.
"""

from __future__ import annotations

import fcntl
import gc
import os
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Iterator
from statistics import median
from time import process_time

from getflags.core.models import Fields, Network, Plan, Target
from getflags.core.response_head import Head
from getflags.engines import event_loop
from getflags.output.summary import Report
from getflags.storage.part_file import PartFile
from getflags.targets import list_file, resolve

COUNT = 5_000
ROUNDS = 7
BODY = bytes(12_000)
HEAD = Head(
    200,
    (
        ("server", "nginx/1.22.1"),
        ("date", "Sat, 21 Nov 2026 06:00:00 GMT"),
        ("content-type", "application/octet-stream"),
        ("content-length", str(len(BODY))),
        ("last-modified", "Sat, 21 Nov 2026 05:00:00 GMT"),
        ("connection", "keep-alive"),
        ("etag", '"6920aa10-2ee0"'),
        ("accept-ranges", "bytes"),
    ),
)


class _Memory:
    """An ``AsyncTransport`` without a network."""

    async def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], Awaitable[None]],
        within: float | None = None,
        *,
        certified: bool = False,
    ) -> None:
        del url, headers, within, certified
        if on_head(HEAD):
            await on_body(BODY)

    async def close(self) -> None:
        pass


class _Client:
    """A ``Client`` of such transports."""

    def open_async_transport(self, network: Network) -> _Memory:
        del network
        return _Memory()


def _targets(folder: str) -> Iterator[Target]:
    lines = (f"http://127.0.0.1:9090/{number:05}.bin\n" for number in range(COUNT))
    entries = list_file.parse(lines)
    return resolve.settle(entries, resolve.Place(folder=folder))


def _spent(work: Callable[[], object]) -> float:
    """Return microseconds of CPU a file."""
    gc.collect()
    start = process_time()
    work()
    return (process_time() - start) / COUNT * 1e6


def _save(targets: Iterable[Target]) -> None:
    for target in targets:
        with PartFile(target) as part:
            part.write(BODY, 0)
            part.install(0)


def _bare(folder: str) -> None:
    """Make only the system calls that each save needs."""
    for number in range(COUNT):
        part = f"{folder}/.{number:05}.part"
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.write(descriptor, BODY)
        os.utime(descriptor, (0, 0))
        os.close(descriptor)
        os.rename(part, f"{folder}/{number:05}.bin")  # noqa: PTH104 - a path object costs more


def _round(figures: dict[str, list[float]]) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        report = Report(keep=False)
        job = Plan(_targets(f"{folder}/a"), "memory", limit=20)
        figures["all"].append(_spent(lambda: event_loop.run(job, report.read)))
        assert report.arrived == COUNT  # noqa: S101 - a figure for half the work would be none
        targets = list(_targets(f"{folder}/b"))
        figures["save"].append(_spent(lambda: _save(targets)))
        bare = f"{folder}/c"
        os.mkdir(bare)  # noqa: PTH102 - as above
        figures["bare"].append(_spent(lambda: _bare(bare)))
        figures["plan"].append(_spent(lambda: sum(1 for _ in _targets(folder))))


def main() -> None:
    """Measure and print medians."""
    vars(event_loop)["client"] = lambda _name, **_settings: _Client()
    figures: dict[str, list[float]] = {"plan": [], "save": [], "bare": [], "all": []}
    for _ in range(ROUNDS):
        _round(figures)
    for what, spent in figures.items():
        print(f"{what:5} {median(spent):6.1f} us a file")
    pairs = zip(figures["save"], figures["bare"], strict=True)
    print(f"save / bare {median(save / bare for save, bare in pairs):.2f}")


if __name__ == "__main__":
    main()
