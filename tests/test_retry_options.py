"""What is retried beyond the usual: --retry-on, --retry-connrefused, --retry-all-errors."""

from __future__ import annotations

import json
import socket
import threading
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

import getflags
from getflags.core.errors import UsageError
from getflags.core.events import Event, Retrying
from getflags.core.models import Status
from getflags.core.settings import checked
from getflags.transfer import retry
from tests.hazards import CHUNKED, Fails, Row, Way, Whole, everywhere, judge
from tests.kit import files, run_main
from tests.messages import REFUSED
from tests.rawserver import Answer, RawServer, moved, ok

#: The beginning of a file that may be resumed, and how much of it.
LEFT = 100_000
TAGGED = 'ETag: "1"'


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again soon; how long it is, is not the matter here."""
    monkeypatch.setattr(retry, "_FIRST_DELAY", 0.02)


def error(status: int, *fields: str) -> bytes:
    """Return an error's response."""
    return ok(b"no", *fields, status=f"{status} No")


def in_turn(*answers: bytes) -> Answer:
    """Give one answer after another, and the last one for ever."""
    left = list(answers)

    def answer(connection: socket.socket, _: RawServer) -> None:
        connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    return answer


@everywhere
def test_statuses_of_retry_on_are_retried_and_no_others(tmp_path: Path, way: Way) -> None:
    listed, usual, other = (202, 204, 404, 410, 451, 520, 598, 999), (500, 504), (401, 403, 597)
    rows: dict[str, Row] = {
        str(status): Fails(error(status), str(status)) for status in (*listed, *usual, *other)
    }
    asked = judge(
        rows,
        tmp_path,
        way,
        retries=2,
        retry_on="202-204, 404,410,451,520,598-999",
        rounds=(b"old",),
    )
    assert asked == {
        **{str(status): 3 for status in (*listed, *usual)},
        **{str(status): 1 for status in other},
    }


@everywhere
def test_a_file_that_appears_later_is_downloaded(tmp_path: Path, way: Way) -> None:
    rows: dict[str, Row] = {
        str(status): Whole(in_turn(error(status), error(status), ok(b"hello")))
        for status in (404, 410, 418, 202)
    }
    judge(rows, tmp_path, way, retries=2, retry_on=[404, 410, 418, 202], rounds=(None,))


@everywhere
def test_a_redirect_is_followed_to_a_status_of_retry_on(tmp_path: Path, way: Way) -> None:
    beside = {"/there": in_turn(error(404), ok(b"hello"))}
    rows: dict[str, Row] = {"moved": Whole(moved("/there"))}
    asked = judge(rows, tmp_path, way, beside, retries=1, retry_on="404", rounds=(None,))
    assert asked == {"moved": 2}, "each try begins at the target's own URL"


@everywhere
def test_a_missing_file_is_not_found_after_its_last_try(tmp_path: Path, way: Way) -> None:
    """And its part file is deleted, as after one try; that of a refused file is kept."""
    body = bytes(2 * LEFT)
    cut = ok(body, TAGGED)[:-LEFT]
    answers = {f"/{status}": in_turn(cut, error(status)) for status in (404, 410, 401)}
    with RawServer(answers) as server:
        urls = list(map(server.url, answers))
        report = getflags.download(
            urls, dir=tmp_path, retries=2, retry_on={401, 404, 410}, max_req=3, **way
        )
    found = {each.target.name: each for each in report.outcomes}
    assert found["404"].status is Status.NOT_FOUND
    assert found["404"].reason == "404 Not Found (4 tries)", "one of them made progress"
    assert found["410"].status is found["401"].status is Status.FAILED
    kept = {path.name.partition(".")[2] for path in tmp_path.glob(".getflags-*")}
    assert len(files(tmp_path)) == 2, kept


@everywhere
def test_a_server_may_name_the_time_of_the_retry(tmp_path: Path, way: Way) -> None:
    events: list[Event] = []
    answers: dict[str, Answer] = {
        "/soon": in_turn(error(404, "Retry-After: 1"), ok(b"fine")),
        "/far": error(404, "Retry-After: 3600"),
    }
    with RawServer(answers) as server:
        report = getflags.download(
            map(server.url, answers), dir=tmp_path, retry_on="404", emit=events.append, **way
        )
        assert server.asked("/far") == 1
    waits = [each.seconds for each in events if isinstance(each, Retrying)]
    assert waits == [1]
    reasons = {each.target.name: each.reason for each in report.outcomes}
    assert reasons["far"].startswith("404 Not Found, for another 3,600 seconds")
    assert files(tmp_path) == {"soon": b"fine"}


def test_a_code_that_may_not_exist_is_no_failure_after_its_retries(tmp_path: Path) -> None:
    """With -e or a letter; --retry-on still applies to it, because it was asked for."""
    with RawServer({"/qa/qa.gif": ok(b"QA")}) as server:
        base = server.url("")
        done = run_main(
            "--base-url", base, "--retry-on", "404", "--retries", "1", "Q", cwd=tmp_path
        )
        assert server.asked("/qb/qb.gif") == 2
    assert done.returncode == 0
    assert " 25 not found." in done.stdout
    assert " 25 retries." in done.stdout


def test_the_option_is_that_of_the_api(tmp_path: Path) -> None:
    with RawServer({"/f": in_turn(error(404), ok(b"fine"))}) as server:
        words = ["--retry-on", "400-404,599", "--json", server.url("/f")]
        done = run_main(*words, cwd=tmp_path)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["reason"] for each in events if each["event"] == "retrying"] == ["404 Not Found"]
    assert done.returncode == 0


@everywhere
def test_a_refused_connection_is_retried_from_the_first(
    tmp_path: Path, way: Way, closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is started between the first try and the second."""
    url = f"http://127.0.0.1:{closed_port}/f"
    report = getflags.download([url], dir=tmp_path, retries=1, retry_connrefused=True, **way)
    assert [each.reason for each in report.outcomes] == [f"{REFUSED} (2 tries)"]
    monkeypatch.setattr(retry, "_FIRST_DELAY", 1)
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]

        def start(event: Event) -> None:
            if isinstance(event, Retrying):
                held.listen()
                threading.Thread(target=serve_one, args=(held,), daemon=True).start()

        report = getflags.download(
            [f"http://127.0.0.1:{port}/f"], dir=tmp_path, retry_connrefused=True, emit=start, **way
        )
    assert [each.reason for each in report.outcomes] == [""]
    assert report.retries == 1
    assert files(tmp_path) == {"f": b"fine"}


def serve_one(listener: socket.socket) -> None:
    """Answer one request."""
    connection, _ = listener.accept()
    with connection:
        while b"\r\n\r\n" not in connection.recv(65536):
            pass
        connection.sendall(ok(b"fine"))


#: What a server does → the reason, after two tries with --retry-all-errors.
RETRIED: dict[str, Fails] = {
    **{str(status): Fails(error(status), str(status)) for status in (400, 401, 403, 404, 410, 416)},
    **{str(status): Fails(error(status), str(status)) for status in (204, 206, 304, 501, 599)},
    "no HTTP": Fails(b"hello\n"),
    "no length": Fails(error(200).replace(b"Content-Length: 2", b"Content-Length: x"), "Length"),
    "no location": Fails(error(302), "redirected (302"),
    "a bad chunk": Fails(CHUNKED + b"ZZ\r\n", "not valid HTTP"),
}
#: What it does → the reason, after one try: another one would change nothing.
FINAL: dict[str, Fails] = {
    "too large": Fails(ok(bytes(2_000)), "larger than the 1,000 bytes allowed"),
    "a redirect to a file": Fails(moved("file:///etc/passwd"), "cannot be requested"),
    "a redirect to itself": Fails(moved("/loop"), "too many redirects"),
    "a pause of a day": Fails(error(404, "Retry-After: 86400"), "for another 86,400 seconds"),
}


@everywhere
def test_all_errors_are_retried_but_those_that_a_retry_cannot_change(
    tmp_path: Path, way: Way
) -> None:
    asked = judge(
        {**RETRIED, **FINAL},
        tmp_path,
        way,
        {"/loop": moved("/loop")},
        retries=1,
        retry_all_errors=True,
        max_filesize=1_000,
        rounds=(b"old",),
    )
    assert asked == {**dict.fromkeys(RETRIED, 2), **dict.fromkeys(FINAL, 1)}


@everywhere
def test_a_wrong_file_is_downloaded_again_from_its_beginning(tmp_path: Path, way: Way) -> None:
    """A wrong checksum, and a body that is longer than announced."""
    right, wrong = bytes(3 * LEFT), b"x" * (3 * LEFT)
    total = f"bytes {len(right) - 1}-{len(right) - 1}/{len(right)}"
    tail = ok(right[-1:], TAGGED, f"Content-Range: {total}", status="206 Partial Content")
    checksum = getflags.Checksum("md5", md5(right, usedforsecurity=False).hexdigest())

    def answer(connection: socket.socket, server: RawServer) -> None:
        first = len(server.heads) == 1
        partial = b"\r\nrange: " in server.head.lower()
        connection.sendall(tail if partial else ok(wrong if first else right, TAGGED))

    with RawServer({"/f": answer}) as server:
        entries = [getflags.Entry(server.url("/f"), checksum=checksum)]
        report = getflags.download(entries, dir=tmp_path, retry_all_errors=True, **way)
        assert server.asked("/f") == 2
        assert files(tmp_path) == {"f": right}
    with RawServer({"/f": ok(wrong, TAGGED)}) as server:
        entries = [getflags.Entry(server.url("/f"), checksum=checksum)]
        report = getflags.download(entries, dir=tmp_path, retry_all_errors=True, retries=1, **way)
        assert server.asked("/f") == 2
    (outcome,) = report.outcomes
    assert outcome.reason.startswith("checksum mismatch: ")
    assert outcome.reason.endswith(" (2 tries)")
    assert files(tmp_path) == {"f": right}


@everywhere
def test_failures_of_the_network_are_retried(
    tmp_path: Path, way: Way, closed_port: int, unknown_host: str
) -> None:
    with RawServer({"/f": ok(b"fine")}) as server:
        urls = [
            f"http://127.0.0.1:{closed_port}/refused",
            f"http://{unknown_host}/unknown",
            server.url("/tls").replace("http:", "https:"),
        ]
        report = getflags.download(
            urls, dir=tmp_path, retries=1, retry_all_errors=True, connect_timeout=1, **way
        )
    reasons = {each.target.name: each.reason for each in report.outcomes}
    assert set(reasons) == {"refused", "unknown", "tls"}
    assert all(reason.endswith(" (2 tries)") for reason in reasons.values()), reasons


@pytest.mark.parametrize("engine", ["sequential", "asyncio"])
def test_a_host_that_becomes_known_is_found_by_a_retry(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "_FIRST_DELAY", 1)
    system, asked = socket.getaddrinfo, []

    def look_up(host: bytes | str, *rest: Any, **named: Any) -> Any:
        if host not in {f"{engine}.example", f"{engine}.example".encode()}:
            return system(host, *rest, **named)
        asked.append(host)
        if len(asked) == 1:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return system("127.0.0.1", *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with RawServer({"/f": ok(b"fine")}) as server:
        url = server.url("/f").replace("127.0.0.1", f"{engine}.example")
        report = getflags.download([url], dir=tmp_path, engine=engine, retry_all_errors=True)
    assert [each.reason for each in report.outcomes] == [""]
    assert (report.retries, len(asked)) == (1, 2)


@everywhere
def test_what_is_local_is_never_retried(tmp_path: Path, way: Way) -> None:
    """A file that exists, a folder in its place, a URL that cannot be requested."""
    (tmp_path / "there").write_bytes(b"old")
    (tmp_path / "folder").mkdir()
    with RawServer({"/there": ok(b"new"), "/folder": ok(b"new")}) as server:
        urls = [server.url("/there"), server.url("/folder"), "http://a b/wrong"]
        report = getflags.download(urls, dir=tmp_path, retry_all_errors=True, exists="fail", **way)
    assert (report.failures, report.retries) == (3, 0)
    assert files(tmp_path) == {"there": b"old"}


def test_a_code_that_need_not_exist_is_not_retried_with_all_errors(tmp_path: Path) -> None:
    """It is no failure, unless --retry-on says so."""
    with RawServer({"/qa/qa.gif": ok(b"QA")}) as server:
        words = ["--base-url", server.url(""), "--retry-all-errors", "Q"]
        done = run_main(*words, cwd=tmp_path)
        assert server.asked("/qb/qb.gif") == 1
    assert done.returncode == 0


BAD = [
    "",
    "4",
    "40x",
    "200",
    "302",
    "200-299",
    "299-400",
    "500-404",
    "404,",
    "404;500",
    "1000",
    "-404",
]


@pytest.mark.parametrize("text", BAD)
def test_codes_that_are_no_failures_are_usage_errors(tmp_path: Path, text: str) -> None:
    done = run_main(f"--retry-on={text}", "http://127.0.0.1:1/f", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("getflags: argument --retry-on: ")
    assert len(done.stderr.splitlines()) == 1
    assert "404,500-599" in done.stderr
    with pytest.raises(UsageError, match=r"retry_on is .*; it must be status codes of failures"):
        checked({"retry_on": text})


@pytest.mark.parametrize("value", [404, None, b"\xcc", ["404"], [True], [200], {"404"}, 4.5])
def test_codes_of_another_type_are_usage_errors(value: Any) -> None:
    with pytest.raises(UsageError, match="retry_on is "):
        checked({"retry_on": value})


@pytest.mark.parametrize("value", [[404, 500], {404, 500}, (500, 404, 404), "404,500"])
def test_codes_may_be_given_in_any_collection(value: Any) -> None:
    assert checked({"retry_on": value}).retry_on == (404, 500)
