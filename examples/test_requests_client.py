"""A client that uses requests, tested with the pytest fixture.

Teaches what a test can ask of a client: that it understands a response, that it sends the right
request, that it reports a body that is cut, and that it tells the truth about every file.

    pytest examples/test_requests_client.py
"""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from getflags.testing import trial
from getflags.testing.flag_server import StartFlagServer


def job_number(url: str, token: str) -> int:
    """Start a job and return its number. This client and the next one are to be tested."""
    headers = {"Authorization": f"Bearer {token}"}
    response = requests.post(url, json={"name": "x"}, headers=headers, timeout=10)
    response.raise_for_status()
    return int(response.json()["job"])


def download(urls: list[str], folder: Path) -> bool:
    """Download files, and return whether all of them are there."""
    for url in urls:
        response = requests.get(url, timeout=10)
        response.raise_for_status()
        (folder / url.rpartition("/")[2]).write_bytes(response.content)
    return True


def test_a_response_is_understood(flag_server: StartFlagServer) -> None:
    url = flag_server().add("/api/jobs", '{"job": 7}', status=201)
    assert job_number(url, "abc") == 7


def test_the_request_is_right(flag_server: StartFlagServer) -> None:
    server = flag_server()
    job_number(server.add("/api/jobs", '{"job": 7}'), "abc")
    (request,) = server.requests()
    assert (request.method, request.target, request.body) == ("POST", "/api/jobs", b'{"name": "x"}')
    assert request.header("authorization") == "Bearer abc"
    assert ("Content-Type", "application/json") in request.headers


def test_a_body_that_is_cut_is_reported(flag_server: StartFlagServer, tmp_path: Path) -> None:
    server = flag_server(fault="truncate:after=50%")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        download([server.url_for("br/br.gif")], tmp_path)
    assert not list(tmp_path.iterdir())


def test_it_tells_the_truth() -> None:
    assert trial(download, faults=["truncate", "busy", "error"], files=4).told_the_truth
