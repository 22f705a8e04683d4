"""The bundled servers of a bench: with faults as wanted, begun anew for each run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from getflags.bench.measure.servers import prepared
from getflags.core.errors import GetflagsError, UsageError
from getflags.testing import interpreter
from tests.messages import NOT_STARTED
from tests.test_processes import children


def get(url: str) -> int:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            answer.read()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_each_label_has_a_server_and_all_are_gone_afterwards() -> None:
    with prepared(["LOCAL", "ERROR"], ["--delay=0", "--error-rate=1"]) as servers:
        assert list(servers) == ["LOCAL", "ERROR"]
        assert get(servers["LOCAL"].base_url + "/br/br.gif") == 200
        assert get(servers["ERROR"].base_url + "/br/br.gif") == 418
        assert get(servers["LOCAL"].root + "/bytes/10/x") == 200
        assert len(children()) == 1
    assert children() == []


def test_a_run_begins_with_an_empty_ledger_and_a_seed_of_its_own() -> None:
    with prepared(["ERROR"], ["--delay=0", "--error-rate=0.5"]) as servers:
        server = servers["ERROR"]
        paths = [f"{server.root}/bytes/1/{number}" for number in range(40)]
        codes: dict[int, list[int]] = {}
        for seed in (1, 2, 1):
            server.reset(seed)
            assert server.peak() == 0
            again = [get(path) for path in paths]
            assert codes.setdefault(seed, again) == again
            assert server.peak() == 1
        assert codes[1] != codes[2]


def test_a_ledger_may_be_long() -> None:
    with prepared(["LOCAL"], []) as servers:
        server = servers["LOCAL"]
        for number in range(100):
            get(f"{server.root}/bytes/1/{'x' * 3_000}{number}")
        assert server.peak() == 1


def test_words_that_the_servers_refuse_are_refused_in_their_words() -> None:
    with pytest.raises(UsageError, match=r"^argument --delay: 'x' is not a delay: use MIN-MAX"):
        prepared(["LOCAL"], ["--delay=x"]).__enter__()
    with pytest.raises(
        UsageError, match=r"^--error-rate needs the server ERROR, or exactly one LABEL"
    ):
        prepared(["LOCAL", "DELAY"], ["--error-rate=0.5"]).__enter__()
    assert children() == []


def test_servers_that_do_not_start_are_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getflags.bench.measure.servers.module", lambda: "no_such_module_here")
    with pytest.raises(GetflagsError, match=rf"^the bundled servers {NOT_STARTED}$"):
        prepared(["LOCAL"], []).__enter__()


def test_a_server_that_has_died_is_a_sentence() -> None:
    with prepared(["LOCAL"], []) as servers:
        (process,) = children()
        os.kill(process, signal.SIGKILL)
        with pytest.raises(GetflagsError, match=r"^the server LOCAL stopped responding$"):
            while True:  # the kill takes a moment
                servers["LOCAL"].peak()


def test_no_proxy_stands_before_them() -> None:
    script = (
        "from getflags.bench.measure.servers import prepared\n"
        "with prepared(['LOCAL'], []) as servers: print(servers['LOCAL'].peak())\n"
    )
    proxies = dict.fromkeys(("http_proxy", "all_proxy"), "http://127.0.0.1:1")
    done = subprocess.run(
        [sys.executable, "-c", script], env={**interpreter.environment(), **proxies}, text=True,
        capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout == "0\n"
