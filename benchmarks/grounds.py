"""The grounds that clients run on: servers on free ports of the loopback, ended with the block.

One nginx speaks all three schemes, the slow answers come from the project's own DELAY server, the
refusals from ``capped.py``. Each server has two addresses for every scheme where that matters: the
*probe* writes down which protocol was spoken, and is for warm-up rounds only.
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from benchmarks.cells import SCHEMES, Cell

ROOT = Path(__file__).parent.parent
#: With more than one, the kernel's choice of worker for each connection becomes part of the
#: measurement, and on two cores the client needs the other one.
WORKERS = 1
PATIENCE = 10.0
INSTALL = "no nginx here; try `apt-get install nginx`"


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the files are. ``urls`` and ``probes`` map a scheme to the root of its URLs."""

    urls: dict[str, str]
    probes: dict[str, str]
    cacert: Path | None = None
    log: Path | None = None
    ledger: str = ""

    def spoken(self, start: int) -> str:
        """Return the protocols that the probe has noted since the log had this length."""
        if self.log is None:
            return ""
        time.sleep(0.1)  # nginx writes its line after the answer has left
        return " ".join(sorted(Counter(self.log.read_text()[start:].split())))

    def refused(self) -> int:
        """Return how many requests the server has refused so far, where it counts them."""
        if not self.ledger:
            return 0
        with urllib.request.urlopen(self.ledger, timeout=PATIENCE) as answer:  # noqa: S310 - http
            return int(json.load(answer).get("refused", 0))

    def noted(self) -> int:
        """Return the length of the log."""
        return self.log.stat().st_size if self.log else 0


def find_nginx() -> str | None:
    """Return nginx, which stands outside most users' path."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def free_ports(count: int) -> list[int]:
    """Return ports that were free a moment ago."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in sockets]
    for listener in sockets:
        listener.close()
    return ports


def site(scheme: str, port: int, folder: Path, root: Path, log: Path | None) -> str:
    """Return the lines for one address."""
    tls = "" if scheme == "http" else f" ssl{' http2' if scheme == 'h2' else ''}"
    return f"""
    server {{
        listen 127.0.0.1:{port}{tls} backlog=4096;
        root {root};
        ssl_certificate {folder}/server.pem;
        ssl_certificate_key {folder}/server.key;
        ssl_protocols TLSv1.3;
        access_log {f"{log} protocol" if log else "off"};
    }}"""


def configuration(folder: Path, sites: list[str]) -> str:
    """Return a whole nginx.conf in which nothing but the port is shared with another nginx."""
    owner = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
    temporary = "\n".join(
        f"    {kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
{owner}
daemon off;
worker_processes {WORKERS};
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 8192; }}
http {{
{temporary}
    log_format protocol $server_protocol;
    default_type application/octet-stream;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000;
    open_file_cache max=10000;
{"".join(sites)}
}}
"""


def wait_for(ports: list[int], process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when every port answers. Raises RuntimeError with the server's own words."""
    deadline = time.monotonic() + PATIENCE
    for port in ports:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    words = log.read_text() if log.exists() else ""
                    raise RuntimeError(f"nginx didn't start: {words[-500:]}") from None
                time.sleep(0.02)


@contextmanager
def nginx(folder: Path, root: Path) -> Iterator[Ground]:
    """Run an nginx that serves a folder over http, https and h2."""
    program = find_nginx()
    if program is None:
        raise RuntimeError(INSTALL)
    folder.mkdir()
    authority, log = trustme.CA(), folder / "spoken.log"
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate = authority.issue_cert("127.0.0.1", "localhost")
    certificate.private_key_pem.write_to_path(folder / "server.key")
    for part in certificate.cert_chain_pems:
        part.write_to_path(folder / "server.pem", append=True)
    ports = free_ports(6)
    sites = [
        site(scheme, port, folder, root, log if probe else None)
        for (probe, scheme), port in zip(
            ((probe, scheme) for probe in (False, True) for scheme in SCHEMES), ports, strict=True
        )
    ]
    (folder / "nginx.conf").write_text(configuration(folder, sites))
    urls = [
        f"http{'' if scheme == 'http' else 's'}://127.0.0.1:{port}/"
        for scheme, port in zip(SCHEMES * 2, ports, strict=True)
    ]
    words = [program, "-p", str(folder), "-e", f"{folder}/error.log", "-c", f"{folder}/nginx.conf"]
    # A session of its own: Ctrl-C is for the benchmark, which then ends the server in good order.
    with subprocess.Popen(words, start_new_session=True) as process:
        try:
            wait_for(ports, process, folder / "error.log")
            yield Ground(
                dict(zip(SCHEMES, urls[:3], strict=True)),
                dict(zip(SCHEMES, urls[3:], strict=True)),
                folder / "ca.pem",
                log,
            )
        finally:
            process.terminate()


@contextmanager
def own_server(*words: str) -> Iterator[Ground]:
    """Run a Python module that prints ``LABEL URL`` and ends when its standard input does."""
    with subprocess.Popen(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            line = process.stdout.readline().split() if process.stdout else []
            if not line:
                raise RuntimeError(f"{words[0]} didn't start")
            yield Ground({"http": line[1]}, {"http": line[1]}, ledger=f"{line[1]}-/ledger")
        finally:
            process.terminate()


@contextmanager
def prepare(cell: Cell, folder: Path, root: Path) -> Iterator[Ground]:
    """Run the server that a cell asks for."""
    slow = ["servers", "DELAY", "--port", "0", "--delay", "0.05", "--lifeline", "--directory"]
    servers = {
        "nginx": lambda: nginx(folder, root),
        "delay": lambda: own_server(*slow, str(root)),
        "capped": lambda: own_server("benchmarks.capped", str(root)),
    }
    with servers[cell.ground]() as ground:
        yield ground
