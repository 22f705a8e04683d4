"""Runs that end early: after a number of failures (--fail-early, --max-failures)."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep

import pytest

import getflags
from getflags import engines
from getflags.core.events import Event, Retrying
from tests.hazards import Way, everywhere
from tests.kit import files, run_main
from tests.rawserver import Answer, RawServer, ok, stall_after

#: A body that may be resumed, and stalls in its middle.
STALLED = b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Length: 9999999\r\n\r\n' + bytes(2_000_000)
MISSING = ok(b"no", status="404 Not Found")
AGAIN = "; run the same command again"


def missing_after_part(folder: Path) -> Callable[[socket.socket, RawServer], None]:
    """Answer that there is no such file, as soon as there is a part of another one."""

    def answer(connection: socket.socket, _: RawServer) -> None:
        end = monotonic() + 20
        while not any(folder.glob(".*.json")) and monotonic() < end:
            sleep(0.01)
        connection.sendall(MISSING)

    return answer


@everywhere
def test_the_last_failure_allowed_ends_what_is_in_flight_and_begins_nothing(
    tmp_path: Path, way: Way
) -> None:
    """A part stays resumable; what had not ended has no outcome."""
    many = [f"/{number}" for number in range(30)]
    answers: dict[str, Answer] = {
        "/bad": missing_after_part(tmp_path),
        "/stall": stall_after(STALLED),
    }
    if way["engine"] == "sequential":
        answers = {"/bad": MISSING}
    with RawServer({**answers, **dict.fromkeys(many, ok(b"fine"))}) as server:
        urls = list(map(server.url, [*answers, *many]))
        began = monotonic()
        report = getflags.download(urls, dir=tmp_path, max_req=2, max_failures=1, **way)
        assert monotonic() - began < 10
        assert len(server.heads) == len(answers)
    assert [each.target.name for each in report.outcomes] == ["bad"]
    assert report.stopped == "stopped after 1 failure (--max-failures)"
    assert report.exit_status == 3
    kept = sorted(path.suffix for path in tmp_path.iterdir())
    assert kept == ([] if way["engine"] == "sequential" else [".json", ".part"])


@pytest.mark.parametrize("engine", sorted(engines.ENGINES))
def test_failures_are_counted_over_all_workers_and_after_their_retries(
    tmp_path: Path, engine: str
) -> None:
    events: list[Event] = []
    answers: dict[str, Answer] = {
        "/ok": ok(b"fine"),
        "/a": MISSING,
        "/b": ok(b"no", status="500 No"),
        "/c": MISSING,
        "/stall": stall_after(b""),
    }
    with RawServer(answers) as server:
        urls = list(map(server.url, answers))
        if engine == "sequential":  # it would wait for the one that stalls
            urls.pop()
        report = getflags.download(
            urls, dir=tmp_path, engine=engine, retries=1, max_failures=3, emit=events.append
        )
    assert {each.target.name for each in report.outcomes} == {"ok", "a", "b", "c"}
    assert report.retries == sum(isinstance(each, Retrying) for each in events) == 1
    assert report.stopped == "stopped after 3 failures (--max-failures)"
    assert report.exit_status == 1
    assert files(tmp_path) == {"ok": b"fine"}


@pytest.mark.parametrize("engine", sorted(engines.ENGINES))
def test_nothing_is_begun_after_the_first_failure(tmp_path: Path, engine: str) -> None:
    """Not even by a worker that has been sent many targets ahead, because the server is fast."""
    before, after = ([f"/{side}{number}" for number in range(300)] for side in ("before", "after"))
    with RawServer(dict.fromkeys([*before, *after], ok(b"fine"))) as server:
        urls = map(server.url, [*before, "/bad", *after])
        report = getflags.download(urls, dir=tmp_path, engine=engine, max_req=1, max_failures=1)
        assert server.heads[-1].startswith(b"GET /bad ")
    assert report.exit_status == 1


def test_a_coroutine_ends_early_too(tmp_path: Path) -> None:
    with RawServer({"/stall": stall_after(b"")}) as server:
        urls = [server.url("/stall"), server.url("/bad")]
        report = asyncio.run(getflags.adownload(urls, dir=tmp_path, max_failures=1))
    assert [each.target.name for each in report.outcomes] == ["bad"]
    assert report.stopped


@pytest.mark.parametrize("engine", sorted(engines.ENGINES))
@pytest.mark.parametrize("words", [["--fail-early"], ["--max-failures", "1", "--fail-early"]])
def test_the_rest_of_the_job_is_what_failed_and_what_had_not_ended(
    tmp_path: Path, engine: str, words: list[str]
) -> None:
    """The command line says how to continue; its exit code is 1, or 3 if nothing has arrived."""
    words = [*words, "-m", "1", "--engine", engine, "--failed-out", "rest"]
    with RawServer({f"/{name}": ok(b"fine") for name in "abcd"}) as server:
        urls = [server.url(f"/{name}") for name in ("a", "bad", "b", "c", "d")]
        (tmp_path / "list").write_text("\n".join(urls))
        done = run_main(*words, "--json", "-i", "list", cwd=tmp_path)
        assert server.asked("/b") == 0
        rest = (tmp_path / "rest").read_text().splitlines()
        alone = run_main(*words, *urls[1:], cwd=tmp_path)
    assert done.returncode == 1
    assert rest == [*urls[1:], "# stopped after 1 failure (--max-failures)"]
    stopped = "stopped after 1 failure (--max-failures)"
    again = f"{AGAIN} with --exists skip to continue"
    assert done.stderr.splitlines()[-1] == f"getflags: {stopped}; 1 file complete{again}"
    assert "  3 not finished." in done.stderr.splitlines()
    summary = json.loads(done.stdout.splitlines()[-1])
    assert (summary["stopped"], summary["exit_code"]) == (stopped, 1)
    assert summary["counts"] == {"ok": 1, "present": 0, "not found": 1, "failed": 0}
    assert alone.returncode == 3
    assert alone.stderr.splitlines() == [
        f"getflags: {urls[1]}: 404 Not Found",
        f"getflags: {stopped}; 0 files complete",
    ]


def test_a_run_whose_last_target_fails_has_not_been_stopped(tmp_path: Path) -> None:
    with RawServer({"/a": ok(b"fine")}) as server:
        words = ["-m", "1", "--fail-early", "--json", server.url("/a"), server.url("/bad")]
        done = run_main(*words, cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("Elapsed time")
    assert json.loads(done.stdout.splitlines()[-1])["stopped"] is None


def test_a_file_that_need_not_exist_is_no_failure(tmp_path: Path) -> None:
    """Whether a letter was expanded, or a list says so."""
    with RawServer({"/qa/qa.gif": ok(b"QA"), "/last": ok(b"fine")}) as server:
        base = ["--base-url", server.url(""), "--fail-early"]
        done = run_main(*base, "Q", cwd=tmp_path)
        (tmp_path / "list").write_text(
            f"{server.url('/no')}\n  optional=yes\n{server.url('/last')}"
        )
        listed = run_main(*base, "-m", "1", "-i", "list", cwd=tmp_path)
    assert (done.returncode, listed.returncode) == (0, 0)
    assert " 25 not found." in done.stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--fail-early", "--max-failures", "2"], "--fail-early means --max-failures 1, but"),
        (["--max-failures", "0"], "'0' is not a whole number, 1 or more"),
        (["--max-failures", "x"], "'x' is not a whole number, 1 or more"),
    ],
)
def test_what_contradicts_itself_is_a_usage_error(
    tmp_path: Path, words: list[str], sentence: str
) -> None:
    done = run_main(*words, "http://127.0.0.1:1/f", cwd=tmp_path)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_run_whose_last_target_fails_has_ended_by_itself(tmp_path: Path) -> None:
    with RawServer({"/a": MISSING}) as server:
        done = run_main("--max-failures", "1", server.url("/a"), cwd=tmp_path)
    assert done.returncode == 3
    assert "stopped" not in done.stderr
