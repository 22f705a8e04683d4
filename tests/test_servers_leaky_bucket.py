"""The limit on the request rate, also beside a real nginx."""

from __future__ import annotations

import http.client
import shutil
import subprocess
import time
from itertools import accumulate
from pathlib import Path

import pytest

from servers.faults.draws import RateLimit
from servers.state.leaky_bucket import LeakyBucket
from tests.kit import free_port
from tests.servers_kit import until

RATE, BURST = 40, 5
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")


def admitted(limit: RateLimit, *moments: float) -> list[bool]:
    bucket = LeakyBucket(limit)
    return [bucket.admits(moment) for moment in moments]


def test_without_a_burst_requests_keep_their_distance() -> None:
    limit = RateLimit(10)
    assert admitted(limit, 5.0, 5.1, 5.2, 5.299, 5.3) == [True, True, True, False, True]


def test_a_burst_passes_at_once_and_drains_at_the_rate() -> None:
    found = admitted(RateLimit(20, 5), *[3.0] * 8, 3.049, 3.05, 3.05, 3.2, *[3.2] * 3)
    assert found == [True] * 6 + [False] * 2 + [False, True, False] + [True] * 3 + [False]


def test_a_long_silence_earns_no_more_than_the_burst() -> None:
    assert admitted(RateLimit(20, 5), 0.0, *[9999.0] * 8) == [True] * 7 + [False] * 2


def test_a_refused_request_costs_nothing() -> None:
    moments = [0.0, *[second / 1000 for second in range(1, 1000)], 1.0]
    assert admitted(RateLimit(1), *moments) == [True, *[False] * 999, True]


def test_fewer_than_one_request_per_second() -> None:
    assert admitted(RateLimit(0.5), 0.0, 1.999, 2.0, 4.0) == [True, False, True, True]


CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ }}
http {{
  log_format seen '$msec $status'; access_log {folder}/access.log seen;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  limit_req_zone $server_port zone=all:1m rate={rate}r/s;
  limit_req_status 429;
  server {{
    listen 127.0.0.1:{port};
    location / {{ empty_gif; limit_req zone=all burst={burst} nodelay; }}
  }}
}}
"""


@pytest.mark.skipif(NGINX is None, reason="needs nginx")
def test_nginx_admits_and_refuses_the_same_requests(tmp_path: Path) -> None:
    port = free_port()
    words = {"folder": tmp_path, "port": port, "rate": RATE, "burst": BURST}
    (tmp_path / "nginx.conf").write_text(CONFIGURATION.format(**words))
    log = tmp_path / "access.log"
    command = [str(NGINX), "-p", str(tmp_path), "-e", str(tmp_path / "e"), "-c", "nginx.conf"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            until((tmp_path / "pid").exists)
            count = _ask_in_bursts(port)
            until(lambda: log.read_text().count("\n") == count)
        finally:
            process.terminate()
    lines = [line.split() for line in log.read_text().splitlines()]
    moments = [float(moment) for moment, _ in lines]
    statuses = [status != "429" for _, status in lines]
    ours = admitted(RateLimit(RATE, BURST), *moments)
    assert 15 < sum(statuses) < count - 10, statuses
    # The log has the time of the wall clock in milliseconds, nginx decides by another clock: so
    # one of them may admit the next request in place of this one, but never one more.
    totals = zip(accumulate(statuses), accumulate(ours), strict=True)
    apart = max(abs(one - other) for one, other in totals)
    assert apart <= 1, list(zip(moments, statuses, ours, strict=True))


def _ask_in_bursts(port: int) -> int:
    """Send groups of requests with pauses between them; return the number of requests."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    start = time.monotonic()
    moments = [0.3 * burst for burst in range(4) for _ in range(10)]
    moments += [0.92 + 0.01 * step for step in range(20)]
    for moment in moments:
        time.sleep(max(0.0, start + moment - time.monotonic()))
        connection.request("GET", "/")
        connection.getresponse().read()
    connection.close()
    return len(moments)
