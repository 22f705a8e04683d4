"""Freezes of a server: the arithmetic, and what two foreign clients see of them."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from servers.faults.draws import Behaviour
from servers.faults.freeze import Freeze
from servers.state.freezes import Freezes
from tests.servers_kit import flags, running

CURL = shutil.which("curl")


def curl(url: str) -> float:
    """Return the seconds until the first byte of the response."""
    command = [str(CURL), "-s", "-o", "/dev/null", "-w", "%{time_starttransfer}", url]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def with_httpx(url: str) -> float:
    """Return the seconds until the head of the response."""
    with httpx.Client(trust_env=False) as client:
        start = time.monotonic()
        assert client.get(url).status_code == 200
        return time.monotonic() - start


def test_what_is_due_during_a_freeze_waits_for_its_end() -> None:
    freeze = Freeze(10, 1)
    moments = {0: 0, 0.5: 0, 9.99: 0, 10: 1, 10.25: 0.75, 11: 0, 19: 0, 20.5: 0.5, 21.5: 0}
    assert {moment: freeze.left(moment) for moment in moments} == moments


def test_freezes_are_counted_from_the_first_request() -> None:
    freezes = Freezes(Freeze(10, 1))
    assert freezes.postponed(0.0, 1000.0) == 0
    assert freezes.postponed(0.0, 1010.25) == 0.75
    assert freezes.postponed(0.25, 1010.0) == 1.0, "its own delay passes meanwhile"
    assert freezes.postponed(2.0, 1009.0) == 2.0, "it is due after the freeze"


@pytest.mark.parametrize("ask", [curl, with_httpx])
@pytest.mark.skipif(CURL is None, reason="needs curl")
def test_two_foreign_clients_wait_for_the_end_of_a_freeze(
    tmp_path: Path, ask: Callable[[str], float]
) -> None:
    with running(flags(tmp_path), Behaviour(freeze=Freeze(1.0, 3.0))) as server:
        state, url = server.service.state, f"http://127.0.0.1:{server.port}/flags/br/br.gif"
        ask(url)
        time.sleep(1.0)
        assert server.ask("/-/reset", "POST").status == 200
        begun = time.monotonic()
        assert ask(url) < 2.7, "a reset begins anew"
        time.sleep(1.0)
        ask(url)
        assert time.monotonic() >= begun + 4.0, "not before the end of the freeze"
    assert (state.about()["freeze_every"], state.about()["freeze_for"]) == (1.0, 3.0)
