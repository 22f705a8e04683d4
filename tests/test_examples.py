"""The examples: each runs as its docstring says, and does what it claims to teach."""

from __future__ import annotations

import ast
import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import httpx
import pytest

from examples.country_names import save_all
from examples.dns_probe import Answer, probe
from getflags.testing import trial
from getflags.testing.flag_server import StartFlagServer
from tests.kit import ENVIRON, ROOT, files

pytestmark = pytest.mark.usefixtures("no_proxy")
EXAMPLES = sorted((ROOT / "examples").glob("[a-z]*.py"))


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ.keys() - ENVIRON.keys():
        monkeypatch.delenv(name)


def run(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run Python as a reader would, from another folder, with warnings as errors."""
    return subprocess.run(
        [sys.executable, "-W", "error", *words], cwd=cwd, env={**ENVIRON, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True, timeout=50,
    )  # fmt: skip


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_short_and_says_how_to_run_it(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    told = ast.get_docstring(ast.parse(text)) or ""
    assert "Teaches" in told
    assert re.search(rf"^    (python|pytest) examples/{example.name}\b", told, re.MULTILINE)
    assert len(text.splitlines()) <= 70


async def answers(resolver: object, names: Iterable[str], limit: int) -> list[Answer]:
    assert callable(resolver)
    return [answer async for answer in probe(names, resolver, limit)]


def test_the_probe_answers_in_order_of_completion() -> None:
    order: list[str] = []

    async def scenario() -> list[Answer]:
        turn = {name: asyncio.Event() for name in ("slow", "fast")}

        async def resolver(name: str) -> None:
            order.append(name)
            if name == "slow":
                await turn["fast"].wait()
            turn[name].set()

        return await answers(resolver, turn, 2)

    assert asyncio.run(scenario()) == [Answer("fast", exists=True), Answer("slow", exists=True)]
    assert order == ["slow", "fast"]


def test_the_probe_distinguishes_no_such_name_from_no_answer() -> None:
    async def resolver(name: str) -> None:
        await asyncio.sleep(0)
        raise socket.gaierror({"gone": socket.EAI_NONAME, "mute": socket.EAI_AGAIN}[name], name)

    found = asyncio.run(answers(resolver, ["gone", "mute"], 1))
    assert found == [Answer("gone", exists=False), Answer("mute", exists=None)]


def test_the_probe_asks_the_systems_resolver(tmp_path: Path) -> None:
    example = str(ROOT / "examples" / "dns_probe.py")
    done = run(example, "localhost", "127.0.0.1", cwd=tmp_path)
    assert sorted(done.stdout.splitlines()) == ["+ 127.0.0.1", "+ localhost"]


def test_flags_are_saved_under_their_countries_names(
    flag_server: StartFlagServer, tmp_path: Path
) -> None:
    server = flag_server(delay=0.05)

    async def scenario() -> None:
        codes = ["br", "fr", "vn", "gb", "us", "de"]
        names = [path.name async for path in save_all(server.url, codes, tmp_path, limit=3)]
        assert sorted(names) == sorted(files(tmp_path))

    asyncio.run(scenario())
    flag = (ROOT / "servers" / "flags" / "gb" / "gb.gif").read_bytes()
    assert files(tmp_path)["United_Kingdom.gif"] == flag
    ledger = server.ledger()
    assert ledger.requests == 12
    assert 2 <= ledger.peak_in_flight <= 3  # requests, not flags


def test_a_servers_name_stays_in_the_folder(flag_server: StartFlagServer, tmp_path: Path) -> None:
    site, into = tmp_path / "site", tmp_path / "in" / "to"
    (site / "xx").mkdir(parents=True)
    into.mkdir(parents=True)
    (site / "xx" / "xx.gif").write_bytes(b"GIF")
    (site / "xx" / "metadata.json").write_text('{"country": "../../evil"}')

    async def scenario() -> list[str]:
        url = flag_server(directory=site).url
        return [path.name async for path in save_all(url, ["xx"], into)]

    assert asyncio.run(scenario()) == ["______evil.gif"]
    assert files(tmp_path / "in") == {"to/______evil.gif": b"GIF"}


def test_a_missing_flag_is_an_error(flag_server: StartFlagServer, tmp_path: Path) -> None:
    async def scenario() -> None:
        async for _ in save_all(flag_server().url, ["aa"], tmp_path):
            raise AssertionError("nothing can be saved")

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(scenario())
    assert caught.group_contains(httpx.HTTPStatusError, match="404")


def test_the_flags_example_runs(tmp_path: Path) -> None:
    done = run(str(ROOT / "examples" / "country_names.py"), "BR", "FR", cwd=tmp_path)
    assert sorted(done.stdout.splitlines()) == ["countries/Brazil.gif", "countries/France.gif"]
    assert sorted(files(tmp_path)) == ["countries/Brazil.gif", "countries/France.gif"]


@pytest.mark.parametrize("client", ["httpx", "requests", "aiohttp"])
def test_the_clients_to_try_download_where_nothing_fails(client: str) -> None:
    words = (sys.executable, str(ROOT / "examples" / "trial" / f"{client}_get.py"), "{list}")
    assert trial(words, faults=["none"], files=2).told_the_truth


def test_debug_mode_names_the_coroutine_that_blocks(tmp_path: Path) -> None:
    done = run(str(ROOT / "examples" / "blocked_loop.py"), cwd=tmp_path)
    (told,) = [line for line in done.stderr.splitlines() if "name='rude'" in line]
    assert re.fullmatch(r"asyncio: Executing <Task .*> took 0\.[1-9]\d* seconds", told)
    names = [line.partition(":")[0] for line in done.stdout.splitlines()]
    assert names == ["Task-1", "polite", "rude"]


def test_ones_own_client_is_tested(tmp_path: Path) -> None:
    examples = [str(example) for example in EXAMPLES if example.name.startswith("test_")]
    assert len(examples) == 3
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", *examples, cwd=tmp_path)
    assert done.stdout.splitlines()[-1].startswith("11 passed")
