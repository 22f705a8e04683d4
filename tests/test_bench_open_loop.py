"""The schedule of an open loop on paper, and runs that follow it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from getflags.bench.measure.child import measure
from getflags.bench.measure.job import Job, dumps, loads
from getflags.bench.measure.open_loop import LATE, Timing, due, reached, waited
from getflags.core.models import Plan
from getflags.transport import CLIENTS
from tests.rawserver import RawServer, ok
from tests.test_bench_child import job

RATE = 50.0


def on_time(number: int, took: float) -> Timing:
    return Timing(due(number, RATE), due(number, RATE), due(number, RATE) + took)


def test_requests_are_due_at_a_constant_rate() -> None:
    assert [due(number, RATE) for number in range(3)] == [0.0, 0.02, 0.04]


def test_a_schedule_that_was_kept_has_reached_its_rate() -> None:
    kept = [on_time(number, 5.0) for number in range(10)]
    assert reached(kept, RATE) == pytest.approx(RATE)
    assert reached(kept[:1], RATE) == pytest.approx(RATE)
    assert not any(each.late for each in kept)


def test_a_schedule_that_fell_behind_has_not() -> None:
    timings = [Timing(due(number, RATE), number / 25, number / 25) for number in range(100)]
    assert reached(timings, RATE) == pytest.approx(25, rel=0.01)
    assert sum(each.late for each in timings) == 99


def test_late_begins_beyond_the_resolution_of_a_timer() -> None:
    assert not Timing(1.0, 1.0 + 0.9 * LATE, 2.0).late
    assert Timing(1.0, 1.0 + 1.1 * LATE, 2.0).late


def test_a_late_request_waited_if_all_slots_were_in_use_after_it_was_due() -> None:
    queue = [Timing(0.0, 0.0, 1.0), Timing(0.02, 1.0, 1.1), Timing(0.04, 1.1, 1.2)]
    assert waited(queue, 1) == 2
    assert waited(queue, 2) == 0, "a slot was free, and yet they began late"


def test_requests_that_were_released_together_have_all_waited() -> None:
    first = [Timing(0.0, 0.0, 1.0), Timing(0.02, 0.02, 1.0)]
    later = [Timing(0.04, 1.001, 1.002), Timing(0.06, 1.003, 1.004)]
    assert waited([*later, *first], 2) == 2
    alone = Timing(2.0, 2.5, 2.6)
    assert waited([*first, alone], 2) == 0, "the slots were free when it was due"


def test_a_job_keeps_its_rate_on_the_way_to_the_child() -> None:
    for rate in (None, 0.5):
        one = job(["BR"], rate=rate)
        assert loads(dumps(one).encode()) == one


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer({f"/{number}": ok(bytes(100)) for number in range(20)}) as running:
        yield running


@pytest.mark.parametrize("client", sorted(CLIENTS))
@pytest.mark.parametrize("engine", ["threads", "asyncio"])
def test_no_request_begins_before_it_is_due(
    server: RawServer, tmp_path: Path, engine: str, client: str
) -> None:
    targets = [server.url(f"/{number}") for number in range(20)]
    told = measure(job(targets, engine=engine, client=client, rate=100.0), str(tmp_path))
    assert (told["files"], told["arrived"]) == (20, 20)
    assert told["seconds"] >= due(19, 100.0)
    assert 0 < told["reached"] <= 100.01
    assert 0 <= told["waited"] <= told["late"] <= 20
    assert 0 < told["latency"]["p50"] <= told["latency"]["p99"] <= told["latency"]["max"]
    assert 0 < told["steady_files"] == 18
    assert len(list(tmp_path.iterdir())) == 20


@pytest.mark.parametrize("client", sorted(CLIENTS))
@pytest.mark.parametrize("engine", ["threads", "asyncio"])
def test_requests_begin_although_earlier_ones_have_not_ended(
    server: RawServer, tmp_path: Path, engine: str, client: str
) -> None:
    """The first response is sent when the last request has arrived."""
    last = threading.Event()

    def patient(connection: socket.socket, _: RawServer) -> None:
        if last.wait(30):
            connection.sendall(ok(b"late"))

    def final(connection: socket.socket, _: RawServer) -> None:
        last.set()
        connection.sendall(ok(b"last"))

    server.answers |= {"/0": patient, "/5": final}
    targets = [server.url(f"/{number}") for number in range(6)]
    one = job(targets, engine=engine, client=client, rate=50.0, level=6)
    told = measure(one, str(tmp_path))
    assert told["arrived"] == 6
    assert told["latency"]["max"] >= due(5, 50.0) - 0.001


def test_an_error_in_the_targets_is_raised(tmp_path: Path) -> None:
    class Broken(Job):
        def plan(self, folder: str) -> Plan:
            def targets() -> Iterator[Any]:
                yield from super(Broken, self).plan(folder).targets
                raise RuntimeError("the list is broken")

            return super().plan(folder)._replace(targets=targets())

    with RawServer({"/f": ok(b"body")}) as server:
        one = Broken(*job([server.url("/f")], rate=100.0))
        with pytest.raises(RuntimeError, match="the list is broken"):
            measure(one, str(tmp_path))
