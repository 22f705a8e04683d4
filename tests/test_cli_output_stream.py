"""``-o -``: one target on standard output, without a wrong byte, and everything else elsewhere."""

from __future__ import annotations

import hashlib
import os
import pty
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import ENVIRON, ROOT, command, files, getflags
from tests.rawserver import RawServer, ok

BODY = bytes(range(256)) * 1024
HALF = len(BODY) // 2
SHA = hashlib.sha256(BODY).hexdigest()
STRONG = 'ETag: "one"'
Answer = bytes | Callable[[socket.socket, RawServer], None]


def stream(
    *words: str, cwd: Path, stdin: bytes = b"", stdout: int = subprocess.PIPE
) -> subprocess.CompletedProcess[bytes]:
    """Run getflags with ``-o -``."""
    return subprocess.run(
        command("-o", "-", *words), cwd=cwd, input=stdin, stdout=stdout, stderr=subprocess.PIPE,
        timeout=50, env={**ENVIRON, "PYTHONPATH": str(ROOT)}, check=False,
    )  # fmt: skip


def cut(*fields: str) -> bytes:
    """Return the first half of a response."""
    return ok(BODY, *fields)[:-HALF]


def rest(*fields: str, body: bytes = BODY) -> bytes:
    """Return the second half, as it was asked for."""
    content = f"Content-Range: bytes {HALF}-{len(body) - 1}/{len(body)}"
    return ok(body[HALF:], content, *fields, status="206 Partial Content")


def in_turn(*answers: bytes) -> Callable[[socket.socket, RawServer], None]:
    """Return a function that gives one answer after another, and the last one again and again."""

    def answer(connection: socket.socket, server: RawServer) -> None:
        connection.sendall(answers[min(len(server.heads), len(answers)) - 1])

    return answer


@pytest.mark.parametrize("engine", ["auto", "threads", "sequential"])
@pytest.mark.parametrize("client", ["h1", "curl", "httpx"])
def test_the_bytes_and_nothing_else(tmp_path: Path, engine: str, client: str) -> None:
    with RawServer({"/f": ok(BODY)}) as server:
        words = "-v", "--engine", engine, "--client", client, server.url("/f")
        done = stream(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, BODY)
    assert b"1 file, 262.1 kB in " in done.stderr
    assert b", to standard output\n" in done.stderr
    assert not list(tmp_path.iterdir())


def test_they_come_as_they_arrive(tmp_path: Path) -> None:
    """The server sends the second half when the first one has been read."""
    read, passed = os.pipe()

    def answer(connection: socket.socket, _: RawServer) -> None:
        connection.sendall(cut())
        os.read(read, 1)
        connection.sendall(BODY[HALF:])

    with (
        RawServer({"/f": answer}) as server,
        subprocess.Popen(
            command("-q", "-o", "-", server.url("/f")), cwd=tmp_path, stdout=subprocess.PIPE,
            env={**ENVIRON, "PYTHONPATH": str(ROOT)},
        ) as run,
    ):  # fmt: skip
        assert run.stdout
        first = run.stdout.read(HALF)
        os.write(passed, b"x")
        assert first + run.stdout.read() == BODY
    assert run.returncode == 0
    os.close(read)
    os.close(passed)


@pytest.mark.parametrize("engine", ["threads", "sequential"])
def test_a_retry_goes_on_where_the_bytes_end(tmp_path: Path, engine: str) -> None:
    with RawServer({"/f": in_turn(cut(STRONG), rest(STRONG))}) as server:
        done = stream("-q", "--engine", engine, server.url("/f"), cwd=tmp_path)
        assert f"range: bytes={HALF}-\r\n".encode() in server.heads[1].lower()
        assert b'if-range: "one"\r\n' in server.heads[1].lower()
    assert (done.returncode, done.stdout, done.stderr) == (0, BODY, b"")


OTHER = BODY[::-1]


@pytest.mark.parametrize(
    "answers",
    [
        (cut(), ok(BODY)),
        (cut('ETag: W/"weak"'), ok(BODY)),
        (cut(STRONG), ok(BODY, STRONG)),
        (cut(STRONG), ok(OTHER, 'ETag: "two"')),
        (cut(STRONG), rest('ETag: "two"', body=OTHER), ok(OTHER, 'ETag: "two"')),
        (cut(STRONG), rest(STRONG, body=BODY + b"more"), ok(BODY + b"more")),
        (cut(STRONG), ok(b"no", status="416 Range Not Satisfiable"), ok(OTHER)),
    ],
    ids=["no validator", "weak", "ignored", "changed", "changed rest", "longer", "refused"],
)
def test_without_proof_it_ends_where_the_bytes_end(
    tmp_path: Path, answers: tuple[bytes, ...]
) -> None:
    with RawServer({"/f": in_turn(*answers)}) as server:
        done = stream("-q", server.url("/f"), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, BODY[:HALF])
    assert (
        b"131,072 bytes have gone to standard output, and the server did not prove" in done.stderr
    )


def test_before_the_first_byte_a_retry_begins_again(tmp_path: Path) -> None:
    busy = ok(b"no", status="503 Busy")
    with RawServer({"/f": in_turn(busy, ok(BODY))}) as server:
        done = stream("-q", server.url("/f"), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, BODY)


def test_a_failure_without_a_byte_is_that_of_all(tmp_path: Path) -> None:
    with RawServer({}) as server:
        done = stream("-q", server.url("/f"), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"404 Not Found" in done.stderr


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("client", ["h1", "curl", "httpx"])
def test_a_failure_between_two_parts_does_not_lose_what_is_written(
    tmp_path: Path, client: str, *, mirrored: bool
) -> None:
    busy = b"HTTP/1.1 500 Oh No\r\nContent-Length: 0\r\n\r\n"
    answers = in_turn(cut(STRONG), busy, rest(STRONG))
    with RawServer({"/f": answers}) as server, RawServer({"/f": ok(BODY[::-1])}) as other:
        line = server.url("/f") + (f"\t{other.url('/f')}" if mirrored else "")
        done = stream("-i", "-", "--client", client, cwd=tmp_path, stdin=line.encode())
        assert not other.heads, "only the first server can go on"
    assert (done.returncode, done.stdout) == (0, BODY)


@pytest.mark.parametrize("given", ["option", "list"])
@pytest.mark.parametrize("digest", [SHA, SHA[::-1]])
def test_with_a_checksum_nothing_wrong_comes_out(tmp_path: Path, given: str, digest: str) -> None:
    with RawServer({"/f": in_turn(cut(), ok(BODY))}) as server:
        url, checksum = server.url("/f"), f"sha-256={digest}"
        words = ["--checksum", checksum, url] if given == "option" else ["-i", "-"]
        listed = f"{url}\n  checksum={checksum}\n  dir=elsewhere\n  out=a/b\n"
        done = stream("-q", *words, cwd=tmp_path, stdin=listed.encode())
    assert (done.returncode, done.stdout) == ((0, BODY) if digest == SHA else (3, b""))
    assert (b"checksum mismatch" in done.stderr) == (digest != SHA)
    assert not list(tmp_path.iterdir())


def test_what_there_is_of_a_file_is_not_verified_and_does_not_come_out(tmp_path: Path) -> None:
    with RawServer({"/f": cut(STRONG)}) as server:
        words = ["-q", "--retries", "0", "--checksum", f"sha-256={SHA}", server.url("/f")]
        done = stream(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, b"")
    assert b"incomplete" in done.stderr


@pytest.mark.parametrize(
    ("listed", "code"), [(f"{SHA}  f", 0), (f"{'0' * 64}  f", 3), (f"{SHA}  other", 3)]
)
def test_with_a_checksum_file_nothing_wrong_comes_out(
    tmp_path: Path, listed: str, code: int
) -> None:
    (tmp_path / "SUMS").write_text(f"{listed}\n")
    with RawServer({"/f": ok(BODY)}) as server:
        done = stream("-v", "--checksum-file", "SUMS", server.url("/f"), cwd=tmp_path)
        shown = f"{server.url('/f')} OK to standard output (262.1 kB)\n"
    assert (done.returncode, done.stdout) == (code, b"" if code else BODY)
    assert (shown in done.stderr.decode()) == (code == 0)


@pytest.mark.parametrize("words", [[], ["--checksum", f"sha-256={SHA}"]])
def test_standard_output_that_takes_nothing(tmp_path: Path, words: list[str]) -> None:
    with RawServer({"/f": ok(BODY)}) as server, Path("/dev/full").open("wb") as full:
        done = stream("-q", *words, server.url("/f"), cwd=tmp_path, stdout=full.fileno())
    assert done.returncode == (1 if words else 3)
    assert b"No space left on device\n" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_reader_that_goes_away(tmp_path: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    with RawServer({"/f": ok(BODY)}) as server:
        done = stream("-q", server.url("/f"), cwd=tmp_path, stdout=write)
    os.close(write)
    assert done.returncode == 3
    assert done.stderr.endswith(b"cannot save: Broken pipe\n")


def test_a_pipe_that_does_not_block(tmp_path: Path) -> None:
    """Another program at the pipe may have set that."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    with (
        RawServer({"/f": ok(BODY)}) as server,
        subprocess.Popen(
            command("-q", "-o", "-", server.url("/f")), cwd=tmp_path, stdout=write,
            env={**ENVIRON, "PYTHONPATH": str(ROOT)},
        ) as run,
        open(read, "rb") as pipe,  # noqa: PTH123 - a descriptor
    ):  # fmt: skip
        os.close(write)
        assert pipe.read() == BODY
    assert run.returncode == 0


def test_a_file_that_may_be_missing_is_missing(tmp_path: Path) -> None:
    with RawServer({}) as server:
        listed = f"{server.url('/f')}\n  optional=yes\n  checksum=sha-256={SHA}\n"
        done = stream("-q", "-i", "-", cwd=tmp_path, stdin=listed.encode())
    assert (done.returncode, done.stdout) == (0, b"")


def test_a_file_is_flushed(tmp_path: Path) -> None:
    with RawServer({"/f": ok(BODY)}) as server, (tmp_path / "f").open("wb") as file:
        url = server.url("/f")
        done = stream("-q", "--fsync", url, cwd=tmp_path, stdout=file.fileno())
    assert done.returncode == 0
    assert files(tmp_path) == {"f": BODY}


def test_what_failed_is_listed_under_its_usual_name(tmp_path: Path) -> None:
    with RawServer({}) as server:
        stream("-q", "--failed-out", "rest", server.url("/f"), cwd=tmp_path)
    assert (tmp_path / "rest").read_text() == f"{server.url('/f')}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--json", "SERVER/f"], "-o - cannot be used with --json: both are for standard output"),
        (["--engine", "asyncio", "SERVER/f"], "-o - cannot be used with --engine asyncio; use thr"),
        (["--engine", "processes", "SERVER/f"], "-o - cannot be used with --engine processes; use"),
        (["--dry-run", "SERVER/f"], "-o - cannot be used with --dry-run"),
        (["--verify", "--checksum", f"sha-256={SHA}", "SERVER/f"], "cannot be used with --verify"),
        (["SERVER/f", "SERVER/g"], "-o takes a single target, but there are 2"),
        ([], "-o needs a target, and none was given"),
    ],
)
def test_what_it_cannot_be_used_with(tmp_path: Path, words: list[str], message: str) -> None:
    with RawServer({"/f": ok(BODY)}) as server:
        words = [word.replace("SERVER", server.url("")) for word in words]
        done = getflags("-o", "-", *words, cwd=tmp_path)
        assert not server.heads
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_a_terminal_gets_no_file(tmp_path: Path) -> None:
    ours, its = pty.openpty()
    with RawServer({"/f": ok(b"\x1b[31m")}) as server:
        done = stream(server.url("/f"), cwd=tmp_path, stdout=its)
        assert not server.heads
    os.close(ours)
    os.close(its)
    assert done.returncode == 2
    assert b"standard output, which is a terminal; send it to a file or a program" in done.stderr
