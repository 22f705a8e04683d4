"""A client of your own, tested on a server that misbehaves on demand.

Teaches the pytest fixture ``flag_server``, which comes with getflags: it starts a real server for a
test, with the faults that the test asks for, and its ledger tells what the client really did.

    pytest examples/test_own_client.py
"""

import time

import httpx
import pytest

from getflags.testing.flag_server import StartFlagServer


def fetch(url: str, tries: int = 3) -> bytes:
    """Return a file, and wait as long as a busy server asks. This is the client to be tested."""
    for left in reversed(range(tries)):
        response = httpx.get(url, trust_env=False)
        if response.status_code != httpx.codes.TOO_MANY_REQUESTS or not left:
            break
        time.sleep(float(response.headers.get("Retry-After", 1)))
    return response.raise_for_status().content


def test_a_file_arrives_whole(flag_server: StartFlagServer) -> None:
    server = flag_server()
    assert len(fetch(server.url_for("/bytes/5000/file"))) == 5000


def test_a_busy_server_gets_its_pause(flag_server: StartFlagServer) -> None:
    server = flag_server(fault="busy:first=2,retry-after=0")  # 429 twice, then the file
    assert fetch(server.url_for("br/br.gif")).startswith(b"GIF")
    assert server.ledger().responses == {429: 2, 200: 1}


def test_it_gives_up_in_the_end(flag_server: StartFlagServer) -> None:
    server = flag_server(fault="busy:retry-after=0")
    with pytest.raises(httpx.HTTPStatusError, match="429"):
        fetch(server.url_for("br/br.gif"))
    assert server.ledger().requests == 3


def test_a_body_that_is_cut_is_noticed(flag_server: StartFlagServer) -> None:
    server = flag_server(fault="truncate:after=50%")
    with pytest.raises(httpx.RemoteProtocolError):
        fetch(server.url_for("br/br.gif"))
