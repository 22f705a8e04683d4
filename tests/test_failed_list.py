"""``--failed-out``: the rest of the job, which completes it, however the run ended."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from time import monotonic

import pytest

from getflags.cli.lists.failed_list import FailedList, list_rest
from getflags.core.errors import GetflagsError
from getflags.core.events import Finished
from getflags.core.models import Outcome, Status, Target
from tests.kit import ENVIRON, ROOT, command, files, getflags, run_main
from tests.rawserver import RawServer, ok, stall_after

ENGINES = ["sequential", "threads", "asyncio", "processes"]
BODY = b"binary \x00 stuff"


def test_a_run_without_failures_leaves_an_empty_list(tmp_path: Path) -> None:
    (tmp_path / "rest").write_text("http://stale.example/\n")
    with RawServer({"/f": ok(b"x")}) as server:
        assert run_main(server.url("/f"), "--failed-out", "rest", cwd=tmp_path).returncode == 0
    assert files(tmp_path) == {"rest": b"", "downloaded/f": b"x"}


def test_a_usage_error_leaves_the_old_list(tmp_path: Path) -> None:
    (tmp_path / "rest").write_text("old")
    words = ["http://h/f", "--failed-out", "rest", "--engine", "asyncio", "--loop", "uvloop"]
    environ = {"PYTHONPATH": f"{tmp_path}/hidden:{ROOT}"}
    (tmp_path / "hidden" / "uvloop").mkdir(parents=True)
    (tmp_path / "hidden" / "uvloop" / "__init__.py").write_text("raise ImportError")
    done = getflags(*words, cwd=tmp_path, environ=environ)
    assert done.returncode == 2
    assert "uvloop is not installed" in done.stderr
    assert (tmp_path / "rest").read_text() == "old"
    assert not list(tmp_path.glob(".getflags-*"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("engine", ENGINES)
def test_an_interrupted_job_is_completed_from_its_rest(
    tmp_path: Path, engine: str, number: signal.Signals
) -> None:
    """With names that a list of only the rest would not settle, folders and checksums."""
    answers = {f"/{number}/f": ok(b"%d" % number) for number in range(30)}
    digest = hashlib.sha256(b"29").hexdigest()
    with RawServer({**answers, "/3/f": stall_after(b"")}) as server:
        urls = [server.url(f"/{number}/f") for number in range(30)]
        urls[7] += "\n  dir=other\n  out=sub/seven"
        urls[29] += f"\n  checksum=sha-256={digest}"
        (tmp_path / "list").write_text("\n".join(urls))
        words = ["-i", "list", "--failed-out", "rest", "-m", "1", "--engine", engine]
        with subprocess.Popen(
            command(*words), cwd=tmp_path, env={**ENVIRON, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            assert server.stalled.acquire(timeout=20)
            process.send_signal(number)
            began = monotonic()
            assert process.wait(10) == 128 + number
            assert monotonic() - began < 3
        rest = (tmp_path / "rest").read_text()
        assert "/2/f" not in rest or engine == "processes"  # its worker may not have reported it
        assert f"{server.url('/3/f')}\n  out=f.3\n" in rest
        assert rest.endswith(f"/29/f\n  out=f.28\n  checksum=sha-256={digest}\n")
        assert (tmp_path / "rest").stat().st_mode & 0o777 == 0o600

        server.answers["/3/f"] = ok(b"3")
        done = run_main("-i", "rest", "--failed-out", "rest", "--engine", engine, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    folder = {"f": b"0"} | {f"f.{n}": b"%d" % n for n in range(1, 7)}
    folder |= {f"f.{n}": b"%d" % (n + 1) for n in range(7, 29)}
    assert files(tmp_path / "downloaded") == folder
    assert files(tmp_path / "other") == {"sub/seven": b"7"}
    assert (tmp_path / "rest").read_bytes() == b""


def test_codes_that_may_not_exist_are_no_failures_later_either(tmp_path: Path) -> None:
    with RawServer({"/br/br.gif": ok(b"flag"), "/bs/bs.gif": b""}) as server:
        words = ["--base-url", server.url(""), "--retries", "0", "--failed-out", "rest"]
        assert run_main("B", *words, cwd=tmp_path).returncode == 1
        assert (tmp_path / "rest").read_text() == "BS\n  optional=yes\n"
        del server.answers["/bs/bs.gif"]
        assert run_main("-i", "rest", *words, cwd=tmp_path).returncode == 0
    assert files(tmp_path) == {"rest": b"", "downloaded/br.gif": b"flag"}


def test_secrets_are_written_and_the_file_is_private(tmp_path: Path) -> None:
    (tmp_path / "rest").touch(0o666)
    with RawServer({}) as server:
        url = server.url("/none?sig=secret").replace("//", "//me:secret@")
        done = run_main(url, "--failed-out", "rest", cwd=tmp_path)
    assert done.returncode == 3
    assert (tmp_path / "rest").read_text() == f"{url}\n"
    assert (tmp_path / "rest").stat().st_mode & 0o777 == 0o600


def test_many_targets_done_here_and_there(tmp_path: Path) -> None:
    answers = {f"/{number}": ok(b"") for number in range(0, 1100, 7)}
    with RawServer(answers) as server:
        paths = [f"/{number}" for number in range(1100)]
        (tmp_path / "list").write_text("".join(f"{server.url(path)}\n" for path in paths))
        words = ["-q", "-i", "list", "--failed-out", "list", "--engine", "asyncio"]
        assert run_main(*words, cwd=tmp_path).returncode == 1
        left = [server.url(path) for path in paths if path not in answers]
    assert (tmp_path / "list").read_text().split() == left


def test_an_interrupt_is_the_exit_code_even_if_the_list_cannot_be_written(tmp_path: Path) -> None:
    with RawServer({"/f": stall_after(b"")}) as server:
        words = [server.url("/f"), "--failed-out", "/dev/full"]
        with subprocess.Popen(
            command(*words), cwd=tmp_path, env={**ENVIRON, "PYTHONPATH": str(ROOT)},
            stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
        ) as process:  # fmt: skip
            assert server.stalled.acquire(timeout=20)
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=10)
    assert process.returncode == 143
    sentence = "getflags: cannot write '/dev/full': No space left on device\n"
    assert err.startswith(f"{sentence}getflags: interrupted")


def test_a_list_that_no_disk_has_room_for_is_found_before_the_first_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> tuple[int, str]:
        return os.open("/dev/full", os.O_RDWR), str(tmp_path / "gone")

    monkeypatch.setattr("tempfile.mkstemp", full)
    with RawServer({}) as server:
        (tmp_path / "list").write_text(f"{server.url('/f')}\n" * 999)
        done = run_main("-i", "list", "--failed-out", "rest", cwd=tmp_path)
        assert server.heads == []
    assert done.returncode == 2
    assert done.stderr == "getflags: cannot write 'rest': No space left on device\n"


@pytest.mark.skipif(not shutil.which("aria2c"), reason="aria2c is not installed")
def test_aria2c_completes_the_job(tmp_path: Path) -> None:
    names = ["sha-1", "sha-224", "sha-256", "sha-384", "sha-512", "md5"]
    paths = [f"/{name}?sig=a%2Fb&x=1" for name in names]
    with RawServer({}) as server:
        (tmp_path / "list").write_text(
            "".join(
                f"{server.url(path)}\n  out=sub/{name}\n  dir=there\n"
                f"  checksum={name}={hashlib.new(name.replace('-', ''), BODY).hexdigest()}\n"
                for name, path in zip(names, paths, strict=True)
            )
        )
        words = ["-q", "-i", "list", "--failed-out", "rest"]
        assert run_main(*words, cwd=tmp_path).returncode == 3
        server.answers |= dict.fromkeys(paths, ok(BODY))
        done = subprocess.run(
            ["aria2c", "--no-conf", "--input-file", "rest", "--check-integrity=true"],
            cwd=tmp_path, env=ENVIRON, capture_output=True, text=True, timeout=50, check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert files(tmp_path / "there") == {f"sub/{name}": BODY for name in names}


def test_a_signal_while_the_list_is_written_takes_effect_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace = os.replace

    def interrupted(source: str, target: str) -> None:
        signal.raise_signal(signal.SIGINT)
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted)
    target = Target(0, "http://h/f", "http://h/f", "http://h/f", "d", "f")
    name = str(tmp_path / "rest")
    with pytest.raises(KeyboardInterrupt), list_rest(name, "d", [target], print):
        pass
    assert files(tmp_path) == {"rest": b"http://h/f\n"}


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
def test_a_standard_stream_in_a_file_keeps_its_other_text(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    with RawServer({}) as server, out.open("w") as stream:
        stream.write("before\n")
        stream.flush()
        words = command("-q", server.url("/f"), "--failed-out", name)
        subprocess.run(words, cwd=tmp_path, stdout=stream, stderr=-3, check=False)
    assert out.read_text() == f"before\n{server.url('/f')}\n"


def test_a_dash_is_no_file(tmp_path: Path) -> None:
    words = command("-q", "http://127.0.0.1:1/", "--failed-out", "-")
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "getflags: --failed-out needs a file; - would be standard output\n"


def test_a_disk_that_is_full_during_the_run_is_told_at_the_end(tmp_path: Path) -> None:
    target = Target(0, "http://h/f", "http://h/f", "http://h/f", "d", "f")
    with (
        pytest.raises(GetflagsError, match="No space left on device"),
        list_rest(str(tmp_path / "rest"), "d", [], print) as rest,
        Path("/dev/full").open("wb", buffering=0) as full,
    ):
        rest._entries, temporary = full, rest._entries
        rest.add_later(target)
        rest._entries = temporary
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_during_the_run_is_named_at_its_end() -> None:
    """The targets that arrive after that are not in the list, and may end as they like."""
    rest = FailedList("rest", "d")
    rest._entries = open("/dev/full", "w+b", buffering=0)  # noqa: PTH123, SIM115
    targets = [Target(number, "w", "w", f"http://h/{number}", "d", "f") for number in range(3)]
    for target in targets:
        rest.add_later(target)
    rest.read(Finished(Outcome(targets[2], Status.OK), 0.1))
    with pytest.raises(GetflagsError, match="cannot write 'rest': No space left on device"):
        rest.commit()
    rest.close()
