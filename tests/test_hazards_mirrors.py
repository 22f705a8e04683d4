"""Mirrors: several URLs of one file, which are tried in turn."""

from __future__ import annotations

import hashlib
import itertools
import json
import socket
import subprocess
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

import getflags
from getflags import Entry
from getflags.core.errors import BadCertificateFile, Disconnected, Exhausted, NotSaved, TimedOut
from getflags.core.events import Event, Retrying
from getflags.core.models import (
    Checksum,
    DownloadOptions,
    FetchRecord,
    Gap,
    PartialFile,
    ResumeRecord,
    Target,
)
from getflags.core.response_head import Head
from getflags.scheduling.host import HostState
from getflags.scheduling.limits import Limits
from getflags.transfer import retry
from getflags.transfer.actions import Done, Install, Queue, Request, Wait
from getflags.transfer.origin_state import OriginState
from getflags.transfer.refresh import source
from getflags.transfer.transfer import Transfer
from tests.hazards import SIZED, Way, everywhere
from tests.kit import ENVIRON, ROOT, command, files, free_port, run_main
from tests.rawserver import Answer, RawServer, moved, ok, reset, silence, stall_after
from tests.test_resume import asked_from, part, whole

GOOD = b"the file"
SUM = Checksum("sha256", hashlib.sha256(GOOD).hexdigest())
OLD = bytes(range(256)) * 8192  # 2 MiB, of which more than half is kept when it is cut
CUT = 1536 * 1024
MISSING = ok(b"no", status="404 Not Found")
BUSY = ok(b"later", status="503 Service Unavailable")
ETAG = b'ETag: "one"\r\n'
SECRETS = ("Bearer SECRET", "key-SECRET", "cookie=SECRET")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait only a moment before another round."""
    monkeypatch.setattr(retry, "_FIRST_DELAY", 0.05)


@contextmanager
def servers(*answers: dict[str, Answer]) -> Iterator[list[RawServer]]:
    """Yield a server for each mirror."""
    with ExitStack() as stack:
        yield [stack.enter_context(RawServer(each)) for each in answers]


def options(way: Way) -> list[str]:
    """Return the options for a way, on the command line."""
    return ["--engine", way["engine"], "--client", way["client"], "-d", "d"]


def entry(*urls: str, **more: Any) -> Entry:
    return Entry(urls[0], mirrors=urls[1:], **more)


#: What the first mirror does.
WRONGS: dict[str, Answer] = {
    "404": MISSING,
    "410": ok(b"", status="410 Gone"),
    "401": ok(b"", "WWW-Authenticate: Basic", status="401 Unauthorized"),
    "403": ok(b"", status="403 Forbidden"),
    "204": b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
    "429": ok(b"", status="429 Too Many Requests"),
    "500": ok(b"", status="500 Oh No"),
    "503": BUSY,
    "503 for an hour": ok(b"", "Retry-After: 3600", status="503 Service Unavailable"),
    "500 for an hour": ok(b"", "Retry-After: 3600", status="500 Oh No"),
    "reset": reset,
    "silence": silence,
    "noise": b"\x16\x03\x01 noise\r\n\r\n",
    "a cut head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "a cut body": SIZED + b"8\r\n\r\nthe fi",
    "another file": ok(b"the fish"),
    "too large": ok(b"x" * 2000),
    "a loop": moved("/"),
    "nowhere": moved("file:///etc/passwd"),
}


@everywhere
def test_another_mirror_has_the_file(tmp_path: Path, way: Way) -> None:
    paths = {f"/{n}": answer for n, answer in enumerate(WRONGS.values())}
    paths["/17"] = moved("/17")
    with servers(paths, {path: ok(GOOD) for path in [*paths, "/refused"]}) as (bad, good):
        targets = [entry(bad.url(path), good.url(path), checksum=SUM) for path in paths]
        dead = f"http://127.0.0.1:{free_port()}/refused"
        targets.append(entry(dead, good.url("/refused"), checksum=SUM))
        report = getflags.download(
            targets, dir=tmp_path, retries=0, timeout=2, max_redirs=3, max_filesize=1000, **way
        )
        assert [each.reason for each in report.outcomes if each.failed] == []
        assert report.exit_status == 0
        # After some that were told to come back in an hour, others may not be asked.
        assert all(good.asked(path) == 1 for path in [*paths, "/refused"])
        assert all(bad.asked(path) == 1 for path in paths if path != "/17")
    assert files(tmp_path) == dict.fromkeys([path[1:] for path in paths] + ["refused"], GOOD)
    assert {each.mirror for each in report.outcomes} == {
        good.url(path) for path in [*paths, "/refused"]
    }


@everywhere
def test_if_all_fail_one_line_names_each_of_them(tmp_path: Path, way: Way) -> None:
    with servers({"/f": MISSING, "/g": ok(GOOD)}, {"/m": BUSY}) as (first, second):
        dead = f"http://user:SECRET@127.0.0.1:{free_port()}/d?token=SECRET"
        shown = dead.replace("user:SECRET", "***").replace("SECRET", "***")
        line = "\t".join([first.url("/f"), second.url("/m"), dead])
        (tmp_path / "list").write_text(f"{line}\n{first.url('/g')}\n")
        words = ["-i", "list", *options(way), "--retries", "1", "-q", "--failed-out", "rest"]
        done = run_main(*words, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            f"getflags: {first.url('/f')}: 404 Not Found; {second.url('/m')}: "
            f"503 Service Unavailable (2 tries); {shown}: connection refused\n"
        )
        assert (first.asked("/f"), second.asked("/m")) == (1, 2)
        assert (tmp_path / "rest").read_text() == f"{line}\n"
        done = run_main("-i", "rest", *options(way), "--retries", "0", cwd=tmp_path)
        assert done.returncode == 3
        second.answers["/m"] = ok(GOOD)
        done = run_main("-i", "rest", *options(way), "-o", "f", cwd=tmp_path)
        assert done.returncode == 0
    assert files(tmp_path / "d") == {"f": GOOD, "g": GOOD}


@everywhere
def test_the_next_round_asks_only_those_that_may_answer(tmp_path: Path, way: Way) -> None:
    """Three rounds: a 404 is asked once, the others at each retry; then one of them answers."""
    answers = itertools.chain([BUSY, BUSY], itertools.repeat(ok(GOOD)))

    def later(connection: socket.socket, server: RawServer) -> None:
        del server
        connection.sendall(next(answers))

    rows: list[dict[str, Answer]] = [{"/f": reset}, {"/f": MISSING}, {"/f": later}]
    events: list[Event] = []
    with servers(*rows) as mirrors:
        urls = [each.url("/f") for each in mirrors]
        report = getflags.download(
            [entry(*urls)], dir=tmp_path, retries=2, emit=events.append, **way
        )
        assert [each.asked("/f") for each in mirrors] == [3, 1, 3]
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": GOOD}
    assert report.outcomes[0].mirror == urls[2]
    assert report.retries == 2
    waits = [each for each in events if isinstance(each, Retrying)]
    assert [each.mirror for each in waits] == [urls[1], urls[2], urls[0], urls[2], urls[0], urls[2]]
    assert [each.seconds > 0 for each in waits] == [False, False, True, False, True, False]


@everywhere
@pytest.mark.parametrize("retries", [0, 2])
def test_a_round_is_one_try(tmp_path: Path, way: Way, retries: int) -> None:
    with servers({"/f": BUSY}, {"/f": BUSY}) as mirrors:
        urls = [each.url("/f") for each in mirrors]
        report = getflags.download([entry(*urls)], dir=tmp_path, retries=retries, **way)
        assert [each.asked("/f") for each in mirrors] == [retries + 1] * 2
    tries = f" ({retries + 1} tries)" if retries else ""
    reason = f"503 Service Unavailable{tries}"
    assert report.outcomes[0].reason == f"{reason}; {urls[1]}: {reason}"
    assert report.outcomes[0].requests == 2 * (retries + 1)


@everywhere
def test_only_if_no_mirror_has_it_a_file_is_not_found(tmp_path: Path, way: Way) -> None:
    rows: dict[str, Answer] = {"/a": MISSING, "/b": ok(b"", status="403 Forbidden")}
    with servers(rows, rows) as (first, second):
        urls = [first.url("/a"), second.url("/a"), second.url("/b")]
        targets = [
            entry(*urls[:2], guessed=True),
            entry(*urls, guessed=True),
            entry(*reversed(urls), guessed=True),
        ]
        report = getflags.download(targets, dir=tmp_path, **way)
    outcomes = {each.target.number: each for each in report.outcomes}
    assert outcomes[0].reason == f"404 Not Found; {urls[1]}: 404 Not Found"
    assert [outcomes[number].failed for number in range(3)] == [False, True, True]
    assert files(tmp_path) == {}


def basic(pair: str) -> str:
    return "Basic " + b64encode(pair.encode()).decode()


def secrets(server: RawServer) -> set[str]:
    """Return the values of the requests that are credentials."""
    lines = [line for head in server.heads for line in head.decode().split("\r\n")[1:]]
    fields = [line.partition(": ") for line in lines]
    names = {"authorization", "x-key", "cookie"}
    return {value for name, _, value in fields if name.lower() in names}


@everywhere
@pytest.mark.parametrize("trusted", [False, True])
def test_credentials_are_for_the_origin_of_the_first_url(
    tmp_path: Path,
    way: Way,
    trusted: bool,  # noqa: FBT001 - as the other parameters
) -> None:
    with servers({"/same": MISSING}, {}, {"/f": ok(GOOD)}) as (home, away, last):
        own = away.url("/own").replace("//", "//me:own-SECRET@")
        far = away.url("/far").replace("127.0.0.1", "localhost")
        urls = [home.url("/f"), home.url("/same"), own, far, last.url("/f")]
        lines = ["\t".join(urls), "  header=X-Key: key-SECRET"]
        (tmp_path / "list").write_text("\n".join(lines))
        (tmp_path / "netrc").write_text("machine localhost login far password netrc-SECRET")
        words = ["-i", "list", *options(way), "-u", "you:user-SECRET", "-b", "cookie=SECRET"]
        words += ["--netrc-file", "netrc", "-H", "User-Agent: mine", "--json"]
        words += ["--location-trusted"] if trusted else []
        done = run_main(*words, cwd=tmp_path)
        assert done.returncode == 0
    given = {basic("you:user-SECRET"), "key-SECRET", "cookie=SECRET"}
    assert len(home.heads) == 2
    assert secrets(home) == given
    others = given - {basic("you:user-SECRET")} if trusted else set()
    mine = {basic("me:own-SECRET")}
    hers = {basic("you:user-SECRET")} if trusted else {basic("far:netrc-SECRET")}
    assert secrets(away) == others | mine | hers
    assert secrets(last) == (given if trusted else set())
    heads = home.heads + away.heads + last.heads
    assert all(b"user-agent: mine" in head.lower() for head in heads)
    assert "SECRET" not in done.stdout + done.stderr


@everywhere
def test_the_default_entry_of_netrc_is_for_mirrors_too(tmp_path: Path, way: Way) -> None:
    """The user has named them, unlike a server to which a redirect leads."""
    (tmp_path / "netrc").write_text("default login a password b")
    with servers({}, {"/f": ok(GOOD)}) as (first, second):
        target = entry(first.url("/f"), second.url("/f"))
        report = getflags.download([target], dir=tmp_path, netrc_file=tmp_path / "netrc", **way)
    assert report.exit_status == 0
    assert secrets(first) == secrets(second) == {basic("a:b")}


@everywhere
def test_a_mirror_that_redirects_to_the_first_origin_brings_it_no_secret(
    tmp_path: Path, way: Way
) -> None:
    with servers({"/g": ok(GOOD)}, {}) as (home, away):
        away.answers["/f"] = moved(home.url("/g"))
        target = entry(home.url("/f"), away.url("/f"), headers=(("X-Key", "key"),))
        report = getflags.download([target], dir=tmp_path, user="a:b", **way)
    assert report.exit_status == 0
    assert [b"x-key" in head.lower() for head in home.heads] == [True, False]


@everywhere
def test_a_file_that_grows_is_resumed_where_it_was_cut(tmp_path: Path, way: Way) -> None:
    with servers({"/f": whole(OLD, ETAG, CUT)}, {"/f": ok(b"another")}) as (first, second):

        def cut(connection: socket.socket, server: RawServer) -> None:
            first.answers["/f"] = part(OLD)
            whole(OLD, ETAG, CUT)(connection, server)

        first.answers["/f"] = cut
        urls = [first.url("/f"), second.url("/f")]
        report = getflags.download([entry(*urls)], dir=tmp_path, retries=1, **way)
        assert asked_from(first) > 0
        assert second.heads == []
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": OLD}


@everywhere
def test_a_part_of_one_mirror_is_never_continued_by_another(tmp_path: Path, way: Way) -> None:
    """The second has the same entity tag and other bytes; it is asked for all of them."""
    other = bytes(reversed(OLD))
    with servers({}, {"/f": part(other)}) as (first, second):

        def cut(connection: socket.socket, server: RawServer) -> None:
            first.answers["/f"] = ok(b"", status="403 Forbidden")
            whole(OLD, ETAG, CUT)(connection, server)

        first.answers["/f"] = cut
        urls = [first.url("/f"), second.url("/f")]
        report = getflags.download([entry(*urls)], dir=tmp_path, retries=1, **way)
        assert (first.asked("/f"), second.asked("/f")) == (2, 1)
        assert asked_from(first) > 0
        assert asked_from(second) == 0
    assert report.exit_status == 0
    assert report.outcomes[0].resumed == 0
    assert files(tmp_path) == {"f": other}


@everywhere
@pytest.mark.parametrize("number", [0, 2])
def test_what_a_killed_run_has_of_a_mirror_is_continued_there(
    tmp_path: Path, way: Way, number: int
) -> None:
    head = b"HTTP/1.1 200 OK\r\n" + ETAG + b"Content-Length: %d\r\n\r\n" % len(OLD)
    with servers({}, {}, {}) as mirrors:
        one = mirrors[number]
        one.answers["/f"] = stall_after(head + OLD[:CUT])
        line = "\t".join(each.url("/f") for each in mirrors)
        (tmp_path / "list").write_text(line)
        environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            command("-i", "list", *options(way)), cwd=tmp_path, env=environ, stdout=-3, stderr=-3
        ) as process:
            assert one.stalled.acquire(timeout=20)
            while not any(each.stat().st_size for each in (tmp_path / "d").glob(".*.json")):
                assert process.poll() is None
            process.kill()
        for each in mirrors:
            each.answers["/f"] = ok(b"another")
        one.answers["/f"] = part(OLD, least=1000)
        done = run_main("-i", "list", *options(way), "--json", cwd=tmp_path)
        assert asked_from(one) > 0
        assert one.asked("/f") == 2
        assert all(each.asked("/f") == (number > 0) for each in mirrors if each is not one)
    events = [json.loads(each) for each in done.stdout.splitlines()]
    (finished,) = (each for each in events if each["event"] == "finished")
    assert finished["status"] == "ok"
    assert finished["resumed"] > 0
    assert finished["url"] == mirrors[0].url("/f")
    assert finished["mirror"] == (one.url("/f") if number else None)
    assert files(tmp_path / "d") == {"f": OLD}


@everywhere
def test_a_part_of_a_url_that_is_listed_no_more_is_not_used(tmp_path: Path, way: Way) -> None:
    with servers({"/f": whole(OLD, ETAG, CUT)}, {"/f": part(OLD)}) as (first, second):
        getflags.download([first.url("/f")], dir=tmp_path, retries=0, **way)
        assert len(files(tmp_path)) == 2
        targets = [entry(second.url("/g"), second.url("/h"), second.url("/f"), out="f")]
        report = getflags.download(targets, dir=tmp_path, **way)
        assert asked_from(second) == 0
        assert [head.split()[1] for head in second.heads] == [b"/g", b"/h", b"/f"]
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": OLD}


@everywhere
def test_the_part_stays_if_the_other_mirrors_bring_nothing(tmp_path: Path, way: Way) -> None:
    with servers({"/f": whole(OLD, ETAG, CUT)}, {"/f": MISSING}) as (first, second):
        targets = [entry(first.url("/f"), second.url("/f"))]
        report = getflags.download(targets, dir=tmp_path, retries=0, **way)
        assert report.outcomes[0].reason.startswith("incomplete: ")
        assert len(files(tmp_path)) == 2
        first.answers["/f"] = part(OLD)
        report = getflags.download(targets, dir=tmp_path, retries=0, **way)
        assert asked_from(first) > 0
        assert second.asked("/f") == 1
    assert files(tmp_path) == {"f": OLD}


@everywhere
def test_a_file_is_refreshed_where_it_came_from(tmp_path: Path, way: Way) -> None:
    with servers({"/f": MISSING}, {"/f": ok(GOOD, 'ETag: "x"')}) as (first, second):
        targets = [entry(first.url("/f"), second.url("/f"))]
        getflags.download(targets, dir=tmp_path, **way)
        second.answers["/f"] = b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"
        report = getflags.download(targets, dir=tmp_path, exists="refresh", **way)
        assert b'if-none-match: "x"' in second.heads[-1].lower()
        assert first.asked("/f") == 1
        assert report.outcomes[0].reason == "not modified"
        first.answers["/f"], second.answers["/f"] = ok(b"new", 'ETag: "x"'), MISSING
        report = getflags.download(targets, dir=tmp_path, exists="refresh", **way)
        assert b"if-none-match" not in first.heads[-1].lower()
    assert report.outcomes[0].mirror == ""
    assert files(tmp_path) == {"f": b"new"}


@everywhere
def test_an_entity_tag_means_nothing_at_another_mirror(tmp_path: Path, way: Way) -> None:
    """The second has another file of the same size and tag, and is no proof of the first's."""
    with servers({"/f": ok(GOOD, 'ETag: "x"')}, {"/f": ok(b"the fish", 'ETag: "x"')}) as mirrors:
        targets = [entry(*[each.url("/f") for each in mirrors])]
        getflags.download(targets, dir=tmp_path, **way)
        mirrors[0].answers = {}
        settings: Any = {"dir": tmp_path, "exists": "refresh", **way}
        report = getflags.download(targets, **settings)
        assert report.outcomes[0].mirror == mirrors[1].url("/f")
        assert files(tmp_path) == {"f": b"the fish"}
        # It ignores If-None-Match, but says that it has still the same file.
        assert getflags.download(targets, **settings).outcomes[0].reason == "not modified"


@everywhere
def test_a_mirror_is_asked_for_no_more_than_its_origin_allows(tmp_path: Path, way: Way) -> None:
    """All targets fail at servers of their own, and then go to one that takes one at a time."""
    lock, flights, most = threading.Lock(), [0], [0]

    def count(connection: socket.socket, server: RawServer) -> None:
        del server
        with lock:
            flights[0] += 1
            most[0] = max(flights)
        threading.Event().wait(0.02)
        with lock:
            flights[0] -= 1
        connection.sendall(ok(GOOD))

    names = [f"/{number}" for number in range(8)]
    with servers(*[{} for _ in names], dict.fromkeys(names, count)) as (*bad, good):
        targets = [
            entry(each.url(name), good.url(name)) for each, name in zip(bad, names, strict=True)
        ]
        report = getflags.download(targets, dir=tmp_path, max_per_host=1, **way)
    assert report.exit_status == 0
    if way["engine"] != "processes":  # its workers share the requests of an origin among them
        assert most == [1]
    assert most[0] <= 2


@everywhere
def test_an_origin_that_asks_for_an_hour_is_left_for_the_mirror(tmp_path: Path, way: Way) -> None:
    """After three targets that were told so, the others go to the mirror without a request."""
    hour = ok(b"", "Retry-After: 3600", status="503 Service Unavailable")
    names = [f"/{number}" for number in range(8)]
    with servers(dict.fromkeys(names, hour), dict.fromkeys(names, ok(GOOD))) as (bad, good):
        targets = [entry(bad.url(name), good.url(name)) for name in names]
        report = getflags.download(targets, dir=tmp_path, max_req=1, **way)
        assert len(bad.heads) == 3
    assert report.exit_status == 0
    assert len(files(tmp_path)) == len(names)


@everywhere
def test_a_pause_is_waited_for_at_the_mirror_that_asked(tmp_path: Path, way: Way) -> None:
    """The second may be asked earlier in the next round; it has the file then."""
    answers = iter([BUSY, ok(GOOD)])

    def later(connection: socket.socket, server: RawServer) -> None:
        del server
        connection.sendall(next(answers))

    pause = ok(b"", "Retry-After: 50", status="500 Oh No")
    with servers({"/f": pause}, {"/f": later}) as mirrors:
        urls = [each.url("/f") for each in mirrors]
        report = getflags.download([entry(*urls)], dir=tmp_path, **way)
        assert [each.asked("/f") for each in mirrors] == [1, 2]
    assert report.exit_status == 0


@everywhere
def test_no_mirror_is_asked_after_the_time_for_the_file(tmp_path: Path, way: Way) -> None:
    with servers({"/f": MISSING}, {"/f": silence}, {"/f": ok(GOOD)}) as mirrors:
        urls = [each.url("/f") for each in mirrors]
        report = getflags.download([entry(*urls)], dir=tmp_path, max_time=0.5, **way)
        assert mirrors[2].heads == []
    reason = report.outcomes[0].reason
    assert reason.startswith(f"404 Not Found; {urls[1]}: ")
    assert urls[2] not in reason
    assert files(tmp_path) == {}


@everywhere
def test_there_is_no_time_left_for_another_round(tmp_path: Path, way: Way) -> None:
    pauses: list[dict[str, Answer]] = [
        {"/f": ok(b"", "Retry-After: 50", status=f"{status} Oh No")} for status in (500, 502)
    ]
    with servers(*pauses) as mirrors:
        urls = [each.url("/f") for each in mirrors]
        report = getflags.download([entry(*urls)], dir=tmp_path, max_time=20, **way)
    left = "500 Internal Server Error; no time left for another try"
    assert report.outcomes[0].reason == f"{left}; {urls[1]}: 502 Bad Gateway"


@everywhere
def test_a_full_folder_is_no_reason_to_ask_a_mirror(tmp_path: Path, way: Way) -> None:
    (tmp_path / "f").mkdir()
    with servers({"/f": ok(GOOD)}, {"/f": ok(GOOD)}) as mirrors:
        urls = [each.url("/f") for each in mirrors]
        report = getflags.download([entry(*urls)], dir=tmp_path, **way)
        assert mirrors[1].heads == []
    assert report.outcomes[0].reason.startswith("cannot save: ")


@pytest.mark.parametrize("engine", ["threads", "asyncio"])
def test_a_split_file_goes_to_the_next_mirror(tmp_path: Path, engine: str) -> None:
    """The first one sends another file; the second one sends parts of the right one."""
    right = Checksum("sha256", hashlib.sha256(OLD).hexdigest())
    with servers({"/f": ok(b"x")}, {"/f": part(OLD)}) as mirrors:
        report = getflags.download(
            [entry(*[each.url("/f") for each in mirrors], checksum=right)],
            dir=tmp_path, split=4, min_split_size=64 * 1024, engine=engine,
        )  # fmt: skip
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": OLD}


@pytest.mark.parametrize("engine", ["sequential", "threads"])
def test_what_has_gone_to_standard_output_is_continued_by_no_other(
    tmp_path: Path, engine: str
) -> None:
    with servers({}, {"/f": whole(OLD, ETAG)}) as (first, second):

        def cut(connection: socket.socket, server: RawServer) -> None:
            first.answers["/f"] = part(OLD)
            whole(OLD, ETAG, 1000)(connection, server)

        first.answers["/f"] = cut
        (tmp_path / "list").write_text(f"{first.url('/f')}\t{second.url('/f')}")
        words = command("-i", "list", "-o", "-", "-q", "--engine", engine)
        environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, check=False)
        assert second.heads == []
    assert done.stderr == b""
    assert (done.returncode, done.stdout == OLD) == (0, True)


@pytest.mark.parametrize("engine", ["sequential", "threads"])
def test_half_of_a_file_on_standard_output_is_never_a_missing_file(
    tmp_path: Path, engine: str
) -> None:
    """It need not exist, and the server that sent the beginning has lost it meanwhile."""
    with servers({}, {}) as (first, second):

        def cut(connection: socket.socket, server: RawServer) -> None:
            del first.answers["/f"]
            whole(OLD, ETAG, 1000)(connection, server)

        first.answers["/f"] = cut
        line = f"{first.url('/f')}\t{second.url('/f')}\n  optional=yes\n"
        (tmp_path / "list").write_text(line)
        words = command("-i", "list", "-o", "-", "-q", "--engine", engine)
        environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, check=False)
        assert second.heads == []
    assert done.stdout == OLD[:1000]
    assert done.returncode == 1


MIRRORED = Target(0, "", "", "http://a/f", "d", "f", mirrors=("http://b/f", "http://c/f"))
DATED = (("last-modified", "Sat, 01 Jan 2022 00:00:00 GMT"), ("etag", '"x"'))


def begun(target: Target = MIRRORED, **options: Any) -> Transfer:
    transfer = Transfer(target, DownloadOptions(**{"retries": 1, **options}))
    transfer.begin(None, None, 0.0)
    return transfer


def url(transfer: Transfer) -> str:
    """Return the URL that is asked; nothing else may have been decided."""
    assert isinstance(transfer.action, Request)
    return transfer.action.url


def wait(transfer: Transfer) -> Wait:
    """Return what is waited for; nothing else may have been decided."""
    assert isinstance(transfer.action, Wait)
    return transfer.action


def test_a_failure_of_this_system_is_tried_again_at_the_same_mirror() -> None:
    """Another mirror would need a thread, too."""
    transfer = begun()
    transfer.failed(Exhausted("no more threads"), 0.0)
    assert wait(transfer).mirror == ""
    transfer.begin(None, None, 1.0)
    assert url(transfer) == "http://a/f"
    transfer.failed(Exhausted("no more threads"), 1.0)
    assert isinstance(transfer.action, Done)
    assert transfer.action.outcome.reason == "no more threads (2 tries)"


def test_certificates_that_cannot_be_read_are_no_reason_to_ask_another_mirror() -> None:
    transfer = begun()
    transfer.failed(BadCertificateFile("cannot read the certificates"), 0.0)
    assert isinstance(transfer.action, Done)
    assert transfer.action.outcome.reason == "cannot read the certificates"


def test_what_came_before_an_end_is_named_with_it() -> None:
    """The second mirror has failed once; in its second try, the disk is full."""
    transfer = begun()
    for _ in range(3):
        transfer.head_arrived(Head(503, ()))
        transfer.begin(None, None, 0.0)
    transfer.head_arrived(Head(404, ()))
    transfer.begin(None, None, 0.0)
    transfer.failed(NotSaved("no space"), 0.0)
    assert isinstance(transfer.action, Done)
    assert transfer.action.outcome.reason == (
        "404 Not Found (2 tries); http://b/f: 503 Service Unavailable; cannot save: no space; "
        "http://c/f: 503 Service Unavailable"
    )


def test_a_mirror_knows_nothing_of_the_part_of_another() -> None:
    """Neither how much of it there was, nor its date, nor that it could not be split."""
    target = MIRRORED._replace(mirrors=(*MIRRORED.mirrors, "http://d/f"))
    transfer = begun(target, split=2, min_split_size=1)
    record = ResumeRecord('"x"', 10**7)
    transfer.head_arrived(Head(503, ()))
    transfer.begin(None, PartialFile(10**6, record, (Gap(10**6, 10**7),)), 0.0)
    assert url(transfer) == "http://b/f"
    transfer.head_arrived(Head(416, ()))  # no parts there
    transfer.succeeded(0.0)
    transfer.head_arrived(Head(200, (("content-length", "10000000"), *DATED)))
    assert transfer.begin_split() is None
    transfer.bytes_arrived(10, 0.0)
    transfer.failed(TimedOut("slow"), 0.0)
    transfer.begin(None, None, 0.0)
    assert url(transfer) == "http://c/f"
    transfer.head_arrived(Head(200, (("content-length", "10000000"), ("etag", '"x"'))))
    assert transfer.begin_split() is not None
    transfer.bytes_arrived(100_000, 0.0)
    transfer.failed(Disconnected("cut"), 0.0)
    assert wait(transfer).mirror == "", "it has brought more than before: the same one goes on"


def test_a_file_has_the_date_of_the_mirror_that_it_is_from() -> None:
    """A part of a response that has no date does not get that of another mirror."""
    target = MIRRORED._replace(mirrors=("http://b/f",))
    transfer = begun(target)
    transfer.head_arrived(Head(200, (("content-length", "100"), *DATED)))
    transfer.failed(TimedOut("slow"), 0.0)
    transfer.begin(None, PartialFile(10, ResumeRecord('"y"', 20)), 0.0)
    fields = (("content-range", "bytes 10-19/20"), ("content-length", "10"), ("etag", '"y"'))
    transfer.head_arrived(Head(206, fields))
    transfer.bytes_arrived(10, 0.0)
    action = transfer.succeeded(0.0)
    assert isinstance(action, Install)
    assert action.modified is None
    assert action.record == FetchRecord(source("http://b/f", "http://b/f"), '"y"', None)


def test_the_mirror_that_has_left_a_part_comes_first_in_the_next_round() -> None:
    transfer = begun()
    transfer.head_arrived(Head(503, ()))
    transfer.begin(None, None, 0.0)
    transfer.head_arrived(Head(200, (("content-length", "100"), *DATED)))
    transfer.bytes_arrived(10, 0.0)
    transfer.failed(TimedOut("slow"), 0.0)
    transfer.begin(None, None, 0.0)
    transfer.head_arrived(Head(503, ()))
    assert wait(transfer).mirror == "http://b/f"
    assert wait(transfer).seconds > 0
    transfer.begin(None, None, 1.0)
    transfer.head_arrived(Head(404, ()))
    assert wait(transfer).mirror == "http://a/f"


def test_each_mirror_waits_for_as_long_as_it_has_asked() -> None:
    transfer = begun()
    for pause in ("50", "20", "30"):
        transfer.head_arrived(Head(500, (("retry-after", pause),)))
        seconds = wait(transfer).seconds
        transfer.begin(None, None, 0.0)
    assert (seconds, url(transfer)) == (20, "http://b/f")
    waits = []
    for _ in range(2):
        transfer.head_arrived(Head(404, ()))
        waits.append((wait(transfer).seconds, wait(transfer).mirror))
        transfer.begin(None, None, 0.0)
    assert waits == [(10, "http://c/f"), (20, "http://a/f")]


def test_a_part_of_an_earlier_run_counts_if_it_is_used_in_a_later_round() -> None:
    record = ResumeRecord('"x"', 10**6)
    transfer = Transfer(MIRRORED, DownloadOptions(retries=1))
    transfer.begin(None, PartialFile(100_000, record), 0.0)
    transfer.head_arrived(Head(503, ()))
    for status in (404, 503):
        transfer.begin(None, None, 0.0)
        transfer.head_arrived(Head(status, ()))
    transfer.begin(None, PartialFile(100_000, record), 0.0)
    assert url(transfer) == "http://a/f"
    rest = "bytes 100000-999999/1000000"
    transfer.head_arrived(Head(206, (("content-range", rest), ("etag", '"x"'))))
    transfer.bytes_arrived(100_000, 0.0)
    transfer.failed(Disconnected("cut"), 0.0)
    assert wait(transfer).mirror == ""
    transfer.begin(None, PartialFile(200_000, record), 0.0)
    rest = "bytes 200000-999999/1000000"
    transfer.head_arrived(Head(206, (("content-range", rest), ("etag", '"x"'))))
    transfer.bytes_arrived(800_000, 0.0)
    transfer.succeeded(0.0)
    transfer.installed()
    done = transfer.action
    assert isinstance(done, Done)
    assert (done.outcome.status.value, done.outcome.resumed) == ("ok", 100_000)


def test_each_try_of_a_mirror_is_counted_also_if_the_file_has_grown() -> None:
    transfer = begun()
    transfer.head_arrived(Head(200, (("content-length", "1000000"), *DATED)))
    transfer.bytes_arrived(100_000, 0.0)
    transfer.failed(Disconnected("cut"), 0.0)
    transfer.begin(None, PartialFile(100_000, ResumeRecord('"x"', 10**6)), 0.0)
    transfer.head_arrived(Head(403, ()))
    transfer.begin(None, None, 0.0)
    done = transfer.failed(NotSaved("no space"), 0.0)
    assert isinstance(done, Done)
    assert done.outcome.reason == ("403 Forbidden (2 tries); http://b/f: cannot save: no space")


class Serving(OriginState):
    """An origin that goes on serving others."""

    @property
    def served(self) -> float:
        """Return more each time."""
        self.count = getattr(self, "count", 0) + 1
        return self.count


def test_a_round_that_ends_with_a_refusal_in_turn_is_no_retry() -> None:
    """As for a single URL: the origin serves others, so the turn of this target will come."""
    serving = Serving()
    transfer = Transfer(MIRRORED, DownloadOptions(retries=1), lambda _: serving)
    transfer.begin(None, None, 0.0)
    for _ in range(12):
        transfer.head_arrived(Head(429, ()))
        transfer.begin(None, None, 0.0)
    assert url(transfer) == "http://a/f"


def test_a_redirect_of_one_mirror_admits_to_no_other_origin() -> None:
    """The transfer has waited for the origin behind the redirect, and then goes to a mirror."""
    hosts: dict[str, HostState] = {}

    def host(origin: str) -> HostState:
        return hosts.setdefault(origin, HostState(Limits()))

    host("http://far:80").limits.learnt = True
    transfer = Transfer(MIRRORED, DownloadOptions(), host)
    transfer.begin(None, None, 0.0)
    transfer.head_arrived(Head(302, (("location", "http://far/f"),)))
    assert (transfer.action, transfer.admitted) == (Queue("http://far:80"), "http://far:80")
    transfer.begin(None, None, 0.0)
    transfer.head_arrived(Head(404, ()))
    assert (transfer.admitted, transfer.origin) == ("", "http://b:80")
