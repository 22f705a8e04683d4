"""Where curl and wget have ended with 0 and a wrong file, getflags doesn't.

What those two do is written down and never a failure: another version may do better. To see it:
``pytest tests/test_hazards_peers.py -rP``.
"""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import ENVIRON, files, run_main
from tests.messages import UNWANTED_PART
from tests.rawserver import Answer, RawServer, ok

OLD = bytes(range(256)) * 4096  # 1 MiB
NEW = bytes(reversed(range(256))) * 4096
CUT = 768 * 1024  # bytes that the first run got
ONE, TWO = 'ETag: "one"', 'ETag: "two"'


def whole(body: bytes, tag: str) -> bytes:
    """Return an honest answer."""
    return ok(body, tag)


def part(body: bytes, tag: str, first: int, end: int, shown: int | None = None) -> bytes:
    """Return a part of a body; it says that it ends at ``shown``, if that is given."""
    span = f"Content-Range: bytes {first}-{(shown or end) - 1}/{len(body)}"
    return ok(body[first:end], tag, span, status="206 Partial Content")


def asked_from(server: RawServer) -> int:
    """Return where the last request wants to go on; 0 for one that wants it all."""
    match = re.search(rb"(?i)\r\nRange: bytes=([0-9]+)-\r\n", server.heads[-1])
    return int(match[1]) if match else 0


def resumed(body: bytes, tag: str, answer: Callable[[int], bytes]) -> Answer:
    """Answer so to who wants the rest from some byte, and honestly to who wants it all."""

    def both(connection: socket.socket, server: RawServer) -> None:
        first = asked_from(server)
        connection.sendall(answer(first) if first else whole(body, tag))

    return both


def a_moment(first: int) -> bytes:
    return part(OLD, ONE, first, min(first + 100_000, len(OLD)))


def cut_short(first: int) -> bytes:
    return part(OLD, ONE, first, max(first + 1, len(OLD) - 1000), len(OLD))


LONGER = NEW + b"more"
#: What the server does to who wants the rest → its answer, and the file that it has now.
CASES: dict[str, tuple[Answer, bytes]] = {
    "another file, by its ETag": (
        resumed(NEW, TWO, lambda first: part(NEW, TWO, first, len(NEW))), NEW
    ),
    "another file, by its size": (
        resumed(LONGER, ONE, lambda first: part(LONGER, ONE, first, len(LONGER))), LONGER
    ),
    "a part of the rest": (resumed(OLD, ONE, a_moment), OLD),
    "less than it says": (resumed(OLD, ONE, cut_short), OLD),
}  # fmt: skip
UNASKED = part(OLD, ONE, 0, 1000)

#: How to go on with what is there, and how to begin; the file is called f.
GOING_ON = {"curl": "curl -sS -C - -o f URL", "wget": "wget -q -t 1 -c URL"}
BEGINNING = {"curl": "curl -sS -o f URL", "wget": "wget -q -t 1 URL"}

Record = Callable[[str, object], None]


def watch(words: str, server: RawServer, folder: Path, right: bytes | None, record: Record) -> None:
    """Run another program, if it is installed, and write down what came of it."""
    program = words.split(maxsplit=1)[0]
    if shutil.which(program) is None:
        return
    line = words.replace("URL", server.url("/f")).split()
    done = subprocess.run(line, cwd=folder, env=ENVIRON, timeout=30, check=False)
    came = (folder / "f").read_bytes() if (folder / "f").exists() else None
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    version = re.search(r"[0-9]+(\.[0-9]+)+", said.stdout)
    assert version
    kind = "no file" if came is None else "the right file" if came == right else "a wrong file"
    what = f"exit code {done.returncode}, {kind}"
    record(f"{program} {version[0]}", what)
    print(f"{program} {version[0]}: {what}")  # noqa: T201 - shown with -rP


@pytest.mark.parametrize("case", CASES)
def test_the_rest_of_a_file_is_of_the_same_file_and_all_of_it(
    tmp_path: Path, case: str, record_property: Record
) -> None:
    answer, right = CASES[case]
    with RawServer({"/f": whole(OLD, ONE)[: CUT - len(OLD)]}) as server:
        words = [server.url("/f"), "-d", "ours"]
        assert run_main(*words, "--retries", "0", cwd=tmp_path).returncode == 3
        server.answers["/f"] = answer
        done = run_main(*words, cwd=tmp_path)
        assert asked_from(server) > 0 or len(server.heads) > 2, "it had something to go on with"
        assert done.returncode == 0, done.stderr
        assert files(tmp_path / "ours") == {"f": right}
        for program, line in GOING_ON.items():
            (tmp_path / program).mkdir()
            (tmp_path / program / "f").write_bytes(OLD[:CUT])
            watch(line, server, tmp_path / program, right, record_property)


def test_a_part_that_nobody_asked_for_is_no_file(tmp_path: Path, record_property: Record) -> None:
    with RawServer({"/f": UNASKED}) as server:
        done = run_main(server.url("/f"), "-d", "ours", cwd=tmp_path)
        assert done.returncode == 3
        assert f"a part that was {UNWANTED_PART}" in done.stderr
        assert files(tmp_path / "ours") == {}
        for program, line in BEGINNING.items():
            (tmp_path / program).mkdir()
            watch(line, server, tmp_path / program, None, record_property)
