"""A client that uses aiohttp, tested with the pytest fixture.

Teaches how a plain test runs coroutines against a real server, which is a process of its own: it
checks a response, the request, a body that is cut, and whether the client tells the truth.

    pytest examples/test_aiohttp_client.py
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest

from getflags.testing import trial
from getflags.testing.flag_server import StartFlagServer


async def job_number(url: str, token: str) -> int:
    """Start a job and return its number. This client and the next one are to be tested."""
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        aiohttp.ClientSession(headers=headers, raise_for_status=True) as session,
        session.post(url, json={"name": "x"}) as response,
    ):
        return int((await response.json(content_type=None))["job"])


async def download(urls: list[str], folder: Path) -> None:
    """Download files concurrently; raise an exception if one of them fails."""

    async def fetch(url: str) -> None:
        async with session.get(url) as response:
            path = folder / url.rpartition("/")[2]
            await asyncio.to_thread(path.write_bytes, await response.read())

    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        asyncio.TaskGroup() as tasks,
    ):
        for url in urls:
            tasks.create_task(fetch(url))


def test_a_job_is_started(flag_server: StartFlagServer) -> None:
    server = flag_server()
    url = server.add("/api/jobs", '{"job": 7}', status=201)
    assert asyncio.run(job_number(url, "abc")) == 7
    (request,) = server.requests()
    assert (request.method, request.target, request.body) == ("POST", "/api/jobs", b'{"name": "x"}')
    assert request.header("authorization") == "Bearer abc"
    assert ("Content-Type", "application/json") in request.headers


def test_a_body_that_is_cut_is_reported(flag_server: StartFlagServer, tmp_path: Path) -> None:
    server = flag_server(fault="truncate:after=50%")
    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(download([server.url_for("br/br.gif")], tmp_path))
    assert caught.group_contains(aiohttp.ClientPayloadError)
    assert not list(tmp_path.iterdir())


def test_it_tells_the_truth() -> None:
    def run(urls: list[str], folder: Path) -> bool:
        asyncio.run(download(urls, folder))
        return True

    assert trial(run, faults=["truncate", "busy", "error"], files=4).told_the_truth
