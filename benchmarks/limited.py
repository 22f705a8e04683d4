"""Downloaders at a server with a rate limit: ``make limited`` measures, with a real nginx.

nginx (``limit_req``) accepts 20 requests a second and a burst of 5, and answers 429 without
Retry-After to all others. The ideal is 6 seconds for 120 files. A row shows the elapsed time of the
whole command, the ratio to the ideal, the correct files, the refusals counted in nginx's log, and
the exit code.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

RATE, BURST, FILES, SIZE = 20, 5, 120, 5_000
IDEAL = FILES / RATE  # seconds
ENGINES = ("sequential", "threads", "asyncio", "processes")

CONF = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log crit;
events {{ worker_connections 512; }}
http {{
  access_log {folder}/access.log; client_body_temp_path {folder}/tmp; proxy_temp_path {folder}/tmp;
  fastcgi_temp_path {folder}/tmp; uwsgi_temp_path {folder}/tmp; scgi_temp_path {folder}/tmp;
  limit_req_zone $binary_remote_addr zone=all:1m rate={rate}r/s; limit_req_status {status};
  server {{ listen 127.0.0.1:{port}; root {folder}/files;
            location / {{ limit_req zone=all burst={burst} nodelay; }} }}
}}
"""


class Row(NamedTuple):
    """The result of one command."""

    name: str
    seconds: float
    correct: int
    refusals: int
    code: int


@contextmanager
def nginx(folder: Path, status: int) -> Iterator[int]:
    """Run an nginx with the rate limit, for a ``with`` block; the value is its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    conf = folder / "nginx.conf"
    conf.write_text(CONF.format(folder=folder, rate=RATE, burst=BURST, status=status, port=port))
    server = subprocess.Popen(["nginx", "-e", folder / "error.log", "-c", conf])  # noqa: S607
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        server.terminate()
        server.wait()


def commands(urls: Path, out: Path, clients: tuple[str, ...]) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the command of each row."""
    ours = [sys.executable, "-m", "getflags", "-q", "-i", str(urls), "-d", str(out)]
    for client in clients:
        for engine in ENGINES:
            for level in ("1", "20", "auto"):
                if engine == "processes" and level == "auto":
                    continue  # not offered
                name = f"getflags {client} {engine} -m {level}"
                yield name, [*ours, "-m", level, "--engine", engine, "--client", client]
    config = urls.with_name("curl.conf")
    config.write_text(
        "".join(f"url={url}\noutput={out / url.rpartition('/')[2]}\n"
                for url in urls.read_text().split())
    )  # fmt: skip
    curl = ["curl", "-s", "--fail", "--retry", "3", "-K", str(config)]
    yield "curl --retry 3", curl
    yield "curl -Z --retry 3", [*curl, "-Z", "--parallel-max", "20"]
    wget = ["wget", "-q", "--retry-on-http-error=429,503", "-i", str(urls), "-P", str(out)]
    yield "wget --retry-on-http-error", wget
    yield "aria2c -j 16", ["aria2c", "-q", "-j", "16", "-m", "5", "-i", str(urls), "-d", str(out)]


def measure(name: str, command: list[str], folder: Path, out: Path, limit: float) -> Row:
    """Run one command in an empty folder; the server's log counts from here."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    log = folder / "access.log"
    before = log.stat().st_size
    started = time.monotonic()
    try:
        code = subprocess.run(command, check=False, capture_output=True, timeout=limit).returncode
    except subprocess.TimeoutExpired:
        code = -1
    seconds = time.monotonic() - started
    with log.open() as lines:
        lines.seek(before)
        refusals = sum(line.split('"')[2].split()[0] in {"429", "503"} for line in lines)
    correct = sum(
        (out / each.name).is_file() and (out / each.name).read_bytes() == each.read_bytes()
        for each in (folder / "files").iterdir()
    )
    return Row(name, seconds, correct, refusals, code)


def main() -> None:
    """Measure each command once and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--status", type=int, default=429, help="of a refusal (%(default)s)")
    parser.add_argument("--clients", default="h1", help="of getflags (%(default)s)")
    parser.add_argument("--only", default="", help="only commands whose name contains this")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "files").mkdir()
        for number in range(FILES):
            (folder / "files" / f"{number}.bin").write_bytes(os.urandom(SIZE))
        with nginx(folder, given.status) as port:
            urls = folder / "urls.txt"
            urls.write_text("".join(f"http://127.0.0.1:{port}/{n}.bin\n" for n in range(FILES)))
            print("| | seconds | / ideal | correct | refusals | exit code |")
            print("|---|---:|---:|---:|---:|---:|")
            for title, command in commands(urls, folder / "out", (*given.clients.split(","),)):
                if given.only in title and shutil.which(command[0]):
                    time.sleep(1)  # the burst is available again
                    row = measure(title, command, folder, folder / "out", 120)
                    ratio = row.seconds / IDEAL
                    print(f"| {row.name} | {row.seconds:.2f} | {ratio:.2f} | {row.correct} "
                          f"| {row.refusals} | {row.code} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    main()
