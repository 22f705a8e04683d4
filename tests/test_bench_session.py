"""One run becomes one result: what was asked for, what came of it, under which circumstances."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from getflags.bench.measure.cells import Cell, Run
from getflags.bench.measure.servers import BundledServer, prepared
from getflags.bench.measure.session import Session, Workload
from getflags.core.errors import GetflagsError
from getflags.core.models import DownloadOptions, Network
from tests.rawserver import RawServer, ok

WORKLOAD = Workload("BR\nCN\nIN", 6, ["ERROR"], bundled=True)
OPTIONS = DownloadOptions(retries=0)


def session(
    workload: Workload = WORKLOAD, servers: dict[str, BundledServer] | None = None
) -> Session:
    return Session(workload, OPTIONS, Network(), 7, servers or {}, ["--delay=0"], "1.2.3")


def run(server: str, number: int = 1) -> Run:
    return Run(Cell("asyncio", "curl", 3, server), number)


def test_a_run_on_a_bundled_server_is_told_with_what_the_server_saw() -> None:
    with prepared(["ERROR"], ["--delay=0", "--error-rate=0.5"]) as servers:
        one = session(Workload("", 60, ["ERROR"], bundled=True, size=10), servers)
        first, *again = [one.measure(run("ERROR"), "the command") for _ in range(3)]
        other = one.measure(run("ERROR", 2), "the command")
    assert first.run == run("ERROR")
    assert (first.files, first.seed) == (60, 7)
    assert (first.getflags, first.command) == ("1.2.3", "the command")
    assert first.peak is not None
    assert 1 <= first.peak <= 3
    assert first.errors == {"418 I'm a Teapot": 60 - first.arrived}
    assert [each.arrived for each in again] == [first.arrived] * 2, "a round has its faults"
    assert other.arrived != first.arrived, "and another one others"
    age = datetime.now(UTC) - datetime.fromisoformat(first.at)
    assert timedelta(0) <= age < timedelta(minutes=1)
    assert 0 <= first.load < 10 * (os.cpu_count() or 1) + 100


def test_files_of_a_size_are_made_up() -> None:
    with prepared(["LOCAL"], []) as servers:
        workload = Workload("", 5, ["LOCAL"], bundled=True, size=1_000)
        result = session(workload, servers).measure(run("LOCAL"), "")
    assert (result.arrived, result.bytes) == (5, 5_000)


def test_others_servers_are_asked_for_nothing_else() -> None:
    with RawServer({"/f": ok(b"body"), "/br/br.gif": ok(b"flag!")}) as server:
        workload = Workload(
            f"{server.url('/f')}\nBR", 4, ["there"], bundled=False, base_url=server.url("")
        )
        result = session(workload).measure(run("there", 0), "")
        assert {head.split()[1] for head in server.heads} == {b"/f", b"/br/br.gif"}
    assert (result.arrived, result.bytes, result.peak, result.round) == (4, 18, None, 0)


def test_where_nothing_arrives_nothing_is_measured() -> None:
    workload = Workload("http://127.0.0.1:1/f", 3, ["there"], bundled=False)
    with pytest.raises(
        GetflagsError, match=r"^no file was downloaded: .*refused.* \(3 of 3 files\)$"
    ):
        session(workload).measure(run("there"), "")


def test_where_a_bundled_server_refuses_all_that_is_a_result() -> None:
    with prepared(["ERROR"], ["--delay=0", "--error-rate=1"]) as servers:
        result = session(servers=servers).measure(run("ERROR"), "")
    assert (result.arrived, result.errors) == (0, {"418 I'm a Teapot": 6})


def test_an_experiment_is_all_that_runs_have_to_share() -> None:
    one = session()
    same = [
        replace(one, options=OPTIONS._replace(salt="x")),
        replace(one, workload=replace(WORKLOAD, servers=["LOCAL", "ERROR"])),
        replace(one, servers={"ERROR": BundledServer("ERROR", "http://127.0.0.1:1/flags")}),
        replace(one, environment={"pycurl": "7.49.0"}),
    ]
    others = [
        replace(one, options=OPTIONS._replace(retries=1)),
        replace(one, options=OPTIONS._replace(headers=(("A", "b"),))),
        replace(one, network=Network(insecure=True)),
        replace(one, workload=replace(WORKLOAD, files=7)),
        replace(one, workload=replace(WORKLOAD, targets="BR")),
        replace(one, workload=replace(WORKLOAD, size=5)),
        replace(one, seed=8),
        replace(one, conditions=[]),
        replace(one, version="2"),
        replace(one, environment={"cpu": "Z80"}),
        replace(one, environment={"python": "CPython 3.11.7"}),
    ]
    assert {each.experiment for each in same} == {one.experiment}
    assert len({each.experiment for each in [one, *others]}) == len(others) + 1
