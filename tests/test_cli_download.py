"""The command line from outside: a real process, real servers, real files."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import pty
import re
import socket
import struct
import subprocess
import tempfile
import termios
from pathlib import Path

import pytest

from getflags import engines
from getflags.cli import main
from getflags.core.events import EventHandler
from getflags.core.models import Plan
from tests.kit import ENVIRON, ROOT, command, files, getflags, run_main
from tests.messages import CHECKSUM
from tests.rawserver import RawServer, moved, ok
from tests.siteserver import Site, serve, site

FLAGS = ROOT / "servers" / "flags"
ENGINES = sorted(engines.ENGINES)

__all__ = ["site"]


def flag(code: str) -> bytes:
    return (FLAGS / code / f"{code}.gif").read_bytes()


def test_the_seeds_transcript(site: Site, tmp_path: Path) -> None:
    server = site("ERROR", seed=7, delay="0-0.01")
    done = getflags("-al", "100", "-m", "100", "--base-url", server.base_url, cwd=tmp_path)

    ledger = server.ledger()
    good, bad = ledger["responses"]["200"], ledger["responses"]["418"]
    assert good + bad == 100
    assert done.returncode == 1
    assert done.stdout.splitlines()[:-1] == [
        f"Mirror site: {server.base_url}",
        "Searching for 100 flags: from AD to LK",
        "100 concurrent connections will be used.",
        "--------------------",
        f"{good:3} flags downloaded.",
        f"{bad:3} errors.",
    ]
    assert done.stdout.splitlines()[-1].startswith("Elapsed time: ")
    assert done.stderr.count("418 I'm a Teapot\n") == bad
    assert len(files(tmp_path / "downloaded")) == good


@pytest.mark.parametrize("label", ["error", "Local"])
def test_a_bundled_server_is_started_for_the_run(label: str, tmp_path: Path) -> None:
    done = getflags("-s", label, "-l", "2", "-v", "--seed", "2210", cwd=tmp_path)

    assert done.returncode in {0, 1}
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{label.upper()} site: http://localhost:")
    assert lines[1:3] == ["Searching for 2 flags: BD, BR", "2 concurrent connections will be used."]
    assert re.fullmatch(r"Engine: threads; client: h1 \(getflags' own HTTP/1\.1\)\.", lines[3])


@pytest.mark.parametrize("engine", ENGINES)
def test_the_same_faults_at_any_concurrency_from_any_engine(
    site: Site, tmp_path: Path, engine: str
) -> None:
    server = site("ERROR", seed=7, delay="0-0.002")
    seen = set()
    for limit in ("1", "10", "100"):
        server.reset(7)
        words = ["-a", "-q", "-m", limit, "--engine", engine, "--base-url", server.base_url]
        done = run_main(*words, "--failed-out", "failed.txt", cwd=tmp_path)
        assert done.returncode == 1
        ledger = server.ledger()
        failed = (tmp_path / "failed.txt").read_text().split()
        assert len(failed) == ledger["responses"]["418"]
        seen.add((ledger["responses"]["200"], tuple(sorted(failed))))
    assert len(seen) == 1
    assert seen == {_expected(194)}


def _expected(total: int) -> tuple[int, tuple[str, ...]]:
    """Work out from the servers' own pure rule what must fail under seed 7."""
    from getflags.targets.country_codes import ALL
    from servers.faults.draws import Behaviour, decide

    behaviour = Behaviour(delay=(0.0, 0.002), error_rate=0.25)
    failed = tuple(
        code
        for code in ALL
        if decide(behaviour, 7, f"/flags/{code.lower()}/{code.lower()}.gif", 1).status
    )
    return total - len(failed), failed


def test_mixed_targets_one_checksum_wrong(site: Site, tmp_path: Path) -> None:
    mirror = site("LOCAL")
    body = b"binary \x00 stuff"
    with RawServer({"/a.bin": ok(body), "/b.bin": ok(body), "/c/f.gif": ok(body)}) as server:
        (tmp_path / "list.txt").write_text(
            f"# a list\r\n{server.url('/b.bin')}\r\n"
            f"  out=sub/renamed.bin\r\n  checksum=sha-256={hashlib.sha256(body).hexdigest()}\r\n"
            f"{server.url('/c/f.gif')}\n  dir=other\n  checksum=md5={'0' * 32}\n"
        )
        base = ["--base-url", mirror.base_url]
        words = ["BR", "C", server.url("/a.bin"), "-i", "list.txt", "--failed-out", "again.txt"]
        done = run_main(*words, *base, cwd=tmp_path)

        names = "br cv cy cz ca cd cf cg ch ci cl cm cn co cr cu".split()
        expected = {f"{code}.gif": flag(code) for code in names}
        expected |= {"a.bin": body, "sub/renamed.bin": body}
        assert files(tmp_path / "downloaded") == expected
        assert files(tmp_path / "other") == {}
        assert done.returncode == 1
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"getflags: {server.url('/c/f.gif')}: {CHECKSUM}: md5 expected 0000")
        assert hashlib.md5(body, usedforsecurity=False).hexdigest() in line

        again = run_main("-i", "again.txt", *base, "-v", cwd=tmp_path)
        assert again.returncode == 3
        assert f"Searching for 1 file: {server.url('/c/f.gif')}" in again.stdout
        assert server.asked("/c/f.gif") == 2
        assert server.asked("/a.bin") == 1


def test_targets_come_in_the_order_given_and_codes_sorted_once(site: Site, tmp_path: Path) -> None:
    mirror = site("LOCAL")
    with RawServer({f"/{n}": ok(b"x") for n in "1234"}) as server:
        words = [server.url("/2"), "CN", "br", server.url("/1"), "-i", "-", "-v"]
        words += ["--engine", "sequential", "--base-url", mirror.base_url]
        text = f"{server.url('/4')}\nAD\nCN\n{server.url('/3')}\n"
        done = getflags(*words, cwd=tmp_path, stdin=text)
    said = [line.split()[0] for line in done.stdout.splitlines() if " OK " in line]
    expected = [server.url("/2"), "AD", "BR", "CN", *map(server.url, ["/1", "/4", "/3"])]
    assert said == expected
    assert "Searching for 7 files" in done.stdout


def test_every_code_and_letters_may_miss_but_not_a_named_one(site: Site, tmp_path: Path) -> None:
    base = ["--base-url", site("LOCAL").base_url, "-m", "10"]
    every = run_main("-e", *base, cwd=tmp_path)
    assert every.returncode == 0
    assert "194 flags downloaded.\n482 not found.\n" in every.stdout
    assert every.stderr == ""

    letter = run_main("u", "-v", *base, cwd=tmp_path)
    assert letter.returncode == 0
    assert "UB not found" in letter.stdout

    named = run_main("BR", "UB", *base, cwd=tmp_path)
    assert named.returncode == 1
    assert "getflags: UB: 404 Not Found" in named.stderr

    nothing = run_main("X", *base, cwd=tmp_path)
    assert nothing.returncode == 0
    assert nothing.stderr == ""


def test_limits(site: Site, tmp_path: Path) -> None:
    base = ["--base-url", site("LOCAL").base_url]
    done = run_main("-l", "1", *base, cwd=tmp_path)
    assert "Searching for 1 flag: BD\n1 connection will be used.\n" in done.stdout
    assert "  1 flag downloaded.\n" in done.stdout
    done = run_main("--engine", "sequential", "-m", "9", *base, cwd=tmp_path)
    assert "Searching for 20 flags: from BD to VN\n1 connection will be used." in done.stdout


def test_existing_files(tmp_path: Path) -> None:
    name = tmp_path / "downloaded" / "f"
    with RawServer({"/f": ok(b"new", "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT")}) as server:
        url = server.url("/f")
        assert run_main(url, cwd=tmp_path).returncode == 0
        name.write_bytes(b"old")
        skip = run_main(url, "--exists", "skip", cwd=tmp_path)
        assert (skip.returncode, name.read_bytes(), len(server.heads)) == (0, b"old", 1)
        assert "  1 there already, not checked." in skip.stdout
        fail = run_main(url, "--exists", "fail", cwd=tmp_path)
        assert (fail.returncode, name.read_bytes(), len(server.heads)) == (3, b"old", 1)
        assert "a file with that name exists" in fail.stderr
        changed = run_main(url, "--exists", "refresh", "-v", cwd=tmp_path)
        assert (changed.returncode, name.read_bytes(), len(server.heads)) == (0, b"new", 2)
        same = run_main(url, "--exists", "refresh", "-v", cwd=tmp_path)
        assert (same.returncode, name.read_bytes(), len(server.heads)) == (0, b"new", 3)
        assert "not modified" in same.stdout
        server.answers["/f"] = ok(b"newer")
        assert run_main(url, "--exists", "refresh", cwd=tmp_path).returncode == 0
        assert name.read_bytes() == b"newer"


def test_out_and_checksum_for_a_single_target(tmp_path: Path) -> None:
    digest = hashlib.sha256(b"abc").hexdigest()
    with RawServer({"/f": ok(b"abc")}) as server:
        words = [server.url("/f"), "-o", "a/b.txt", "--checksum", f"sha-256={digest}", "-d", "D"]
        assert run_main(*words, cwd=tmp_path).returncode == 0
        assert files(tmp_path / "D") == {"a/b.txt": b"abc"}


def test_names_stay_inside_and_apart(tmp_path: Path) -> None:
    paths = ["/x/f.gif", "/y/f.gif", "/z/%2e%2e%2fup", "/", "/q?f=1", "/r/.bashrc", "/CON"]
    with RawServer({path: ok(path.encode()) for path in paths}) as server:
        server.answers["/moved"] = moved("/r/.bashrc")
        done = run_main(*map(server.url, [*paths, "/moved"]), "-m", "1", cwd=tmp_path)
    assert done.returncode == 0
    assert files(tmp_path) == {
        "downloaded/f.gif": b"/x/f.gif",
        "downloaded/f.1.gif": b"/y/f.gif",
        "downloaded/.._up": b"/z/%2e%2e%2fup",
        "downloaded/index.html": b"/",
        "downloaded/q": b"/q?f=1",
        "downloaded/.bashrc": b"/r/.bashrc",
        "downloaded/CON": b"/CON",
        "downloaded/moved": b"/r/.bashrc",
    }


def test_json_is_one_object_an_event(tmp_path: Path) -> None:
    with RawServer({"/f": ok(b"abc")}) as server:
        url = server.url("/f").replace("//", "//me:secret@")
        done = run_main(url, server.url("/none"), "--json", "-m", "1", cwd=tmp_path)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["started", "finished"] * 2 + ["summary"]
    assert events[1]["status"] == "ok"
    assert events[1]["path"] == "downloaded/f"
    assert events[3]["status"] == "not found"
    assert events[3]["reason"] == "404 Not Found"
    assert events[4]["exit_code"] == done.returncode == 1
    assert "  1 file downloaded." in done.stderr
    assert "secret" not in done.stdout + done.stderr


def test_auto_tells_its_decisions(tmp_path: Path) -> None:
    with serve("LOCAL", latency="fixed:0.1") as site:
        words = [f"{site.root}/bytes/9/{number}" for number in range(200)]
        (tmp_path / "list").write_text("\n".join(words))
        done = run_main("-i", "list", "-m", "auto", "-v", cwd=tmp_path)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert "Up to 200 concurrent connections, adapted to each server, will be used." in lines
    assert f"{site.root}: 32 at a time (no overload at 16)" in lines


def test_quiet_says_only_what_failed(tmp_path: Path) -> None:
    with RawServer({"/f": ok(b"abc")}) as server:
        done = run_main(server.url("/f"), server.url("/none"), "-q", cwd=tmp_path)
    assert done.stdout == ""
    assert done.stderr == f"getflags: {server.url('/none')}: 404 Not Found\n"


def test_failed_out_may_be_the_list_that_is_read(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    with RawServer({"/a/f": ok(b"abc")}) as server:
        (tmp_path / "list").write_text(
            f"{server.url('/a/f')}\n{server.url('/b/f')}\n{server.url('/c/f')}\n  dir=sub\n"
        )
        done = run_main("-i", "list", "--failed-out", "list", "-m", "1", cwd=tmp_path)
        assert done.returncode == 1
        assert (tmp_path / "list").read_text() == (
            f"{server.url('/b/f')}\n  out=f.1\n{server.url('/c/f')}\n  dir=sub\n"
        )
        server.answers |= {"/b/f": ok(b"second"), "/c/f": ok(b"third")}
        assert run_main("-i", "list", "--failed-out", "list", cwd=tmp_path).returncode == 0
    assert files(tmp_path) == {
        "list": b"",
        "downloaded/f": b"abc",
        "downloaded/f.1": b"second",
        "sub/f": b"third",
    }


def test_the_environments_proxy_is_used_but_not_for_the_bundled_servers(tmp_path: Path) -> None:
    with RawServer({"http://far.example/f": ok(b"via")}) as proxy:
        environ = {"HTTP_PROXY": proxy.url("")}
        done = run_main("http://far.example/f", "BR", "--seed", "1", cwd=tmp_path, environ=environ)
    assert done.returncode == 0, done.stderr
    assert files(tmp_path / "downloaded") == {"f": b"via", "br.gif": flag("br")}
    assert len(proxy.heads) == 1


def test_no_proxy_and_an_explicit_proxy(tmp_path: Path) -> None:
    with RawServer({"/f": ok(b"direct")}) as server, RawServer({}) as proxy:
        words = [server.url("/f"), "--proxy", proxy.url("").removeprefix("http://")]
        assert run_main(*words, cwd=tmp_path).returncode == 3
        assert len(proxy.heads) == 1
        done = run_main(*words, cwd=tmp_path, environ={"NO_PROXY": "127.0.0.1"})
    assert done.returncode == 0
    assert len(proxy.heads) == 1


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_either_event_loop(tmp_path: Path, loop: str) -> None:
    with RawServer({"/f": ok(b"abc")}) as server:
        assert run_main(server.url("/f"), "--loop", loop, cwd=tmp_path).returncode == 0


def test_a_terminal_gets_a_bar(tmp_path: Path) -> None:
    """A real pseudo-terminal on standard error."""
    with RawServer({f"/{n}": ok(b"x" * 1000) for n in range(3)}) as server:
        urls = [server.url(f"/{n}") for n in range(3)]
        main_end, its_end = pty.openpty()
        fcntl.ioctl(its_end, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 90, 0, 0))
        environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command(*urls), cwd=tmp_path, stdout=subprocess.PIPE, stderr=its_end,
            env=environ, timeout=30, check=False,
        )  # fmt: skip
        os.close(its_end)
        shown = _read_all(main_end)
    assert done.returncode == 0
    assert "100%|" in shown
    assert "3/3 files, 3.0/3.0 kB [" in shown


def _read_all(terminal: int) -> str:
    shown = b""
    try:
        while piece := os.read(terminal, 65536):
            shown += piece
    except OSError:  # how Linux says that nobody holds the other end any more
        pass
    os.close(terminal)
    return shown.decode()


def test_a_reader_that_goes_away_ends_the_text_and_not_the_downloads(tmp_path: Path) -> None:
    with RawServer({f"/{n}": ok(b"x") for n in range(50)}) as server:
        urls = [server.url(f"/{n}") for n in range(50)]
        environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            command("-v", *urls), cwd=tmp_path, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env=environ, text=True,
        )  # fmt: skip
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(20) == 0
        process.stderr.close()
    assert len(files(tmp_path / "downloaded")) == 50


@pytest.mark.parametrize("text", ["", "  odd=1\n" * 20_000], ids=["shrinks", "breaks"])
def test_a_list_that_changes_during_the_run_is_fetched_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    paths = [f"/{number:05}" for number in range(300)]

    def change(connection: socket.socket, _: RawServer) -> None:
        (tmp_path / "list").write_text(text)
        connection.sendall(ok(b"x"))

    with RawServer(dict.fromkeys(paths, ok(b"x"))) as server:
        # So long that it is not read at once.
        lines = (f"{server.url(path)}\n# {'x' * 1000}\n" for path in paths)
        (tmp_path / "list").write_text("".join(lines))
        server.answers[paths[3]] = change
        assert main(["-i", "list", "-m", "1", "--engine", "sequential"]) == 0
    assert len(files(tmp_path / "downloaded")) == 300


def test_an_engine_that_loses_a_target_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No engine does; but an exit code 0 promises all files, whatever the engines do."""
    monkeypatch.chdir(tmp_path)
    run = engines.engine("sequential")

    def loses_one(plan: Plan, emit: EventHandler) -> None:
        run(plan._replace(targets=list(plan.targets)[1:]), emit)

    monkeypatch.setattr(engines, "engine", lambda _: loses_one)
    with RawServer({"/a": ok(b"x"), "/b": ok(b"x")}) as server:
        assert main([server.url("/a"), server.url("/b")]) == 1
    assert (
        "getflags: internal error: only 1 of 2 targets have an outcome" in capsys.readouterr().err
    )


@pytest.mark.parametrize("name", ["list", "-"])
def test_a_bad_last_line_of_a_long_list_is_found_before_the_first_request(
    tmp_path: Path, name: str
) -> None:
    with RawServer({}) as server:
        text = "".join(f"{server.url('/')}{number}\n" for number in range(2500)) + "  odd=1\n"
        (tmp_path / "list").write_text(text)
        done = getflags("-i", name, "-l", "1", cwd=tmp_path, stdin=text)
        assert server.heads == []
    assert done.returncode == 2
    shown = "<stdin>" if name == "-" else name
    why = "'odd=1' is not out=NAME, dir=DIR, checksum=ALGO=HEX or header=Name: value"
    assert done.stderr == f"getflags: {shown}:2501: {why}\n"
    assert files(tmp_path) == {"list": text.encode()}


def test_a_full_disk_for_temporary_files_is_said_before_the_first_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: Path("/dev/full").open("wb"))  # noqa: SIM115
    with RawServer({}) as server:
        (tmp_path / "list").write_text(f"{server.url('/f')}\n" * 1000)
        assert main(["-i", "list"]) == 2
        assert server.heads == []
    sentence = "getflags: cannot write the list to a temporary file: No space left on device\n"
    assert capsys.readouterr().err == sentence


def test_failed_out_may_be_a_pipe_or_a_link(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("real")
    with RawServer({}) as server:
        url = server.url("/none")
        reader = subprocess.Popen(["cat", "pipe"], cwd=tmp_path, stdout=subprocess.PIPE, text=True)
        assert run_main(url, "--failed-out", "pipe", cwd=tmp_path).returncode == 3
        assert reader.communicate(timeout=10)[0] == f"{url}\n"
        assert run_main(url, "--failed-out", "link", cwd=tmp_path).returncode == 3
    assert (tmp_path / "pipe").is_fifo()
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == f"{url}\n"


def test_failed_out_may_be_standard_output_in_a_pipe(tmp_path: Path) -> None:
    with RawServer({}) as server:
        for listed in ("/dev/stdout", "/dev/fd/1"):
            done = getflags(server.url("/none"), "-q", "--failed-out", listed, cwd=tmp_path)
            assert done.returncode == 3
            assert done.stderr == f"getflags: {server.url('/none')}: 404 Not Found\n"
            assert done.stdout == f"{server.url('/none')}\n"


@pytest.mark.parametrize("failing", [True, False])
def test_the_temporary_file_of_failed_out_is_deleted(tmp_path: Path, *, failing: bool) -> None:
    def answer(connection: socket.socket, _: RawServer) -> None:
        for path in tmp_path.glob(".getflags-*"):
            path.unlink()
        connection.sendall(b"HTTP/1.1 404 x\r\n\r\n" if failing else ok(b"x"))

    with RawServer({"/f": answer}) as server:
        done = run_main(server.url("/f"), "-q", "--failed-out", "failed", cwd=tmp_path)
    assert done.returncode == (3 if failing else 1)
    assert done.stderr.endswith("getflags: cannot write 'failed': No such file or directory\n")
    assert done.stderr.count("\n") == 1 + failing
    assert not (tmp_path / "failed").exists()


SAME_FILE = "cannot be fetched: --failed-out names the same file"


@pytest.mark.parametrize("engine", ENGINES)
def test_failed_out_never_replaces_a_file_of_the_run(tmp_path: Path, engine: str) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"old")
    (tmp_path / "other").symlink_to("d")
    (tmp_path / "link").symlink_to("other/f")
    with RawServer({"/f": ok(b"x"), "/g": ok(b"y")}) as server:
        for listed in ("d/f", "other/f", "link", f"{tmp_path}/d/../d/f"):
            words = ["-d", "d", "--engine", engine, "--failed-out", listed]
            done = run_main(server.url("/f"), *words, cwd=tmp_path)
            assert done.returncode == 2
            assert done.stderr == f"getflags: '{server.url('/f')}' {SAME_FILE}\n"
            assert server.heads == []
            assert files(tmp_path / "d") == {"f": b"old"}
        done = run_main(server.url("/f"), server.url("/g"), *words, cwd=tmp_path)
        assert done.returncode == 1
        assert done.stderr == f"getflags: {server.url('/f')}: --failed-out names the same file\n"
        assert server.asked("/f") == 0
        assert files(tmp_path / "d") == {"f": f"{server.url('/f')}\n".encode(), "g": b"y"}


def test_the_cookie_jar_never_replaces_a_file_of_the_run(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    with RawServer({"/f": ok(b"x"), "/g": ok(b"y")}) as server:
        words = ["--cookie-jar", "d/f", "--failed-out", "d/rest", "-d", "d"]
        done = run_main(server.url("/f"), *words, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.endswith("cannot be fetched: --cookie-jar names the same file\n")
        done = run_main(server.url("/f"), server.url("/g"), *words, cwd=tmp_path)
        assert done.returncode == 1
        assert done.stderr == f"getflags: {server.url('/f')}: --cookie-jar names the same file\n"
        assert server.asked("/f") == 0
        assert (tmp_path / "d" / "g").read_bytes() == b"y"
        assert b"Cookie" in (tmp_path / "d" / "f").read_bytes()
        assert run_main(server.url("/f"), *words, "-o", "-", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("option", ["--failed-out", "--cookie-jar"])
@pytest.mark.parametrize("place", ["out=rest/a", "out=rest/a/b", "dir=d/rest", "dir=link/rest/a"])
def test_no_folder_of_a_target_is_a_file_that_the_run_writes(
    tmp_path: Path, option: str, place: str
) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "link").symlink_to("d")
    with RawServer({"/f": ok(b"x"), "/g": ok(b"y")}) as server:
        (tmp_path / "list").write_text(f"{server.url('/f')}\n  {place}\n{server.url('/g')}\n")
        done = run_main("-i", "list", "-d", "d", option, "d/rest", cwd=tmp_path)
        assert server.asked("/f") == 0
    reason = f"its folder would be the file that {option} names"
    assert done.stderr == f"getflags: list:1: {server.url('/f')}: {reason}\n"
    assert done.returncode == 1
    assert (tmp_path / "d" / "g").read_bytes() == b"y"
    assert (tmp_path / "d" / "rest").is_file()


def test_failed_out_on_a_full_disk_is_said_and_counts(tmp_path: Path) -> None:
    with RawServer({"/f": ok(b"x")}) as server:
        words = [server.url("/f"), server.url("/a"), server.url("/b")]
        done = run_main(*words, "--failed-out", "/dev/full", cwd=tmp_path)
    assert done.returncode == 1
    assert "cannot write '/dev/full': No space left on device" in done.stderr
    assert done.stderr.count("404 Not Found") == 2


def test_two_spellings_of_a_folder_are_one(tmp_path: Path) -> None:
    with RawServer({f"/{name}/f": ok(name.encode()) for name in "abc"}) as server:
        (tmp_path / "list").write_text(
            f"{server.url('/a/f')}\n{server.url('/b/f')}\n  dir=./downloaded/\n"
            f"{server.url('/c/f')}\n  dir={tmp_path}/downloaded\n"
        )
        assert run_main("-i", "list", cwd=tmp_path).returncode == 0
    assert set(files(tmp_path / "downloaded").values()) == {b"a", b"b", b"c"}


@pytest.mark.parametrize("engine", ENGINES)
def test_no_single_line_of_a_list_ends_the_run(tmp_path: Path, engine: str) -> None:
    bad = ["o\0p", "/etc/passwd/x", "x" * 300, "d/" * 1500]
    with RawServer({"/f": ok(b"fine"), "/g": ok(b"fine"), "/h": moved("http://a..b/")}) as server:
        lines = [server.url("/f")]
        lines += [f"{server.url('/g')}\n  dir={folder}" for folder in bad]
        lines += [f"{server.url('/g')}\n  out=f/below", "http://a..b/x", server.url("/h")]
        (tmp_path / "list").write_text("\n".join([*lines, server.url("/g")]))
        done = run_main("-i", "list", "--engine", engine, "-m", "1", "-d", ".", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 6
    for name in ("f", "g", "f.1/below"):
        assert (tmp_path / name).read_bytes() == b"fine"
