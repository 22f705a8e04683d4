"""What a small file costs in our own Python, in microseconds of CPU: all but HTTP and the wait.

A transport that answers from memory stands in for the network; everything else is what a run does:
a list is read, names are settled, transfers decide, files are saved (12 KB each, on tmpfs), events
are counted. The plan and the saving, the system's share included, are told by themselves too.
"""

from __future__ import annotations

import gc
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


def _round(figures: dict[str, list[float]]) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        report = Report(keep=False)
        job = Plan(_targets(f"{folder}/a"), "memory", limit=20)
        figures["all"].append(_spent(lambda: event_loop.run(job, report.read)))
        assert report.arrived == COUNT  # noqa: S101 - a figure for half the work would be none
        targets = list(_targets(f"{folder}/b"))
        figures["save"].append(_spent(lambda: _save(targets)))
        figures["plan"].append(_spent(lambda: sum(1 for _ in _targets(folder))))


def main() -> None:
    """Measure and print medians."""
    vars(event_loop)["client"] = lambda _name, **_settings: _Client()
    figures: dict[str, list[float]] = {"plan": [], "save": [], "all": []}
    for _ in range(ROUNDS):
        _round(figures)
    for what, spent in figures.items():
        print(f"{what:5} {median(spent):6.1f} us a file")


if __name__ == "__main__":
    main()
