"""``getflags trial``: which commands it believes, and that nothing of a command is left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from getflags.core.errors import GetflagsError, UsageError
from getflags.testing import trial
from getflags.testing.flag_server import FlagServer
from getflags.testing.trials import faults, placeholders, processes, table, verdict
from getflags.testing.trials.verdict import FileState, Run, TrialResult
from servers.faults.rules import KINDS
from tests.kit import ENVIRON, ROOT, command, files, run_main

#: A download client that behaves as its first argument says; the second is a file of URLs.
CLIENT = """\
import os, signal, subprocess, sys, time, urllib.request
mode, urls, notes = sys.argv[1], open(sys.argv[2]).read().split(), sys.argv[3]
if mode in ("stubborn", "outlived"):
    if mode == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    words = [sys.executable, "-c", "import time; time.sleep(600)"]
    children = [subprocess.Popen(words, start_new_session=new).pid for new in (False, True)]
    with open(notes + ".new", "w") as file:
        print(os.getpid(), *children, file=file)
    os.rename(notes + ".new", notes)
    if mode != "outlived":
        time.sleep(600)
if mode == "noisy":
    os.set_blocking(1, True)
    for _ in range(100):
        os.write(1, b"x" * 1_000_000)
    print("\\n\\x1b[31mthe end")
if mode == "deaf":
    os.close(1), os.close(2)
    time.sleep(0.2)
if mode == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
failed = False
for url in urls:
    name = url.rpartition("/")[2]
    try:
        body = urllib.request.urlopen(url).read()
    except OSError:
        failed = True
        continue
    if mode == "deep":
        os.makedirs("a/b", exist_ok=True)
        name = "a/b/" + name
        open("../outside", "w").close()
        here = os.getcwd()
        for _ in range(1500):
            os.makedirs("deeper", exist_ok=True)
            os.chdir("deeper")
        os.chdir(here)
    open(name, "wb").write(body[:-1] + b"?" if mode.startswith("wrong") else body)
if mode == "links":
    os.symlink("/nonexistent", urls[0].rpartition("/")[2] + ".x")
    os.mkdir("other")
    os.symlink("/nonexistent", "other/" + urls[0].rpartition("/")[2])
sys.exit({"liar": 0, "wrong": 0, "wrong-said": 5, "denies": 4}.get(mode, int(failed)))
"""
KNOWN = ", ".join([*faults.STANDARD, "latency"])
ONLY_FIRST = "error:match=*[2-9].bin"


@pytest.fixture
def client(tmp_path: Path) -> str:
    path = tmp_path / "client.py"
    path.write_text(CLIENT)
    return str(path)


def run(
    client: str, mode: str, *options: str, cwd: Path, fault: str = "none"
) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    """Try a fake client on one fault with two files; return what was printed, and the result."""
    done = run_main(
        "trial", "--json", "-v", "--files", "2", "--fault", fault, *options, "--",
        sys.executable, client, mode, "{list}", str(cwd / "notes"), cwd=cwd,
    )  # fmt: skip
    result, summary = map(json.loads, done.stdout.splitlines())
    assert (result["event"], summary["event"]) == ("fault", "summary")
    assert summary["told_the_truth"] == result["told_the_truth"] == (done.returncode == 0)
    assert summary["exit_code"] == done.returncode
    return done, result


@pytest.mark.parametrize(
    ("mode", "fault", "counts", "code", "reason"),
    [
        ("honest", "none", (2, 0, 0), "0", ""),
        ("honest", ONLY_FIRST, (1, 0, 1), "1", ""),
        ("deep", "none", (2, 0, 0), "0", ""),
        ("deaf", "none", (2, 0, 0), "0", ""),
        ("liar", ONLY_FIRST, (1, 0, 1), "0", "exit code 0, 1 file missing"),
        ("wrong", "none", (0, 2, 0), "0", "exit code 0, 2 files wrong"),
        ("wrong-said", "none", (0, 2, 0), "5", "left 2 wrong files"),
        ("links", "none", (1, 1, 0), "0", "exit code 0, 1 file wrong"),
        ("denies", "none", (2, 0, 0), "4", "exit code 4, all files right"),
        ("killed", "none", (0, 0, 2), "137", ""),
    ],
)
def test_a_command_is_believed_if_its_exit_code_and_its_files_agree(  # noqa: PLR0917 - a table
    mode: str, fault: str, counts: tuple[int, ...], code: str, reason: str,
    client: str, tmp_path: Path,
) -> None:  # fmt: skip
    _, result = run(client, mode, fault=fault, cwd=tmp_path)
    assert (result["right"], result["wrong"], result["missing"]) == counts
    assert result["exit_codes"] == {code: 1}
    assert (result["told_the_truth"], result["reason"]) == (not reason, reason)
    if mode != "killed":
        assert (result["requests"], result["peak_in_flight"]) == (2, 1)
        assert result["refused"] == 2 - counts[0] - counts[1]
    assert set(files(tmp_path)) == {"client.py"}


def is_left(pid: int) -> bool:
    """Whether a process runs; one that nobody waits for may stay as a zombie."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environments")
@pytest.mark.parametrize("mode", ["stubborn", "outlived"])
def test_at_the_time_limit_or_the_end_no_process_is_left(
    mode: str, client: str, tmp_path: Path
) -> None:
    limit = ("--time-limit", "60" if mode == "outlived" else "3")
    _, result = run(client, mode, *limit, cwd=tmp_path)
    late = mode != "outlived"
    assert result["exit_codes"] == {"time limit" if late else "0": 1}
    assert result["reason"] == ("did not end within the time limit" if late else "")
    pids = [int(pid) for pid in (tmp_path / "notes").read_text().split()]
    assert len(pids) == 3
    assert not any(map(is_left, pids))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environments")
def test_after_ctrl_c_no_process_and_no_folder_is_left(client: str, tmp_path: Path) -> None:
    temporary, notes = tmp_path / "tmp", tmp_path / "notes"
    temporary.mkdir()
    words = ("--fault", "none", "--", sys.executable, client, "stubborn", "{list}", str(notes))
    with subprocess.Popen(
        command("trial", *words), cwd=tmp_path, stderr=subprocess.PIPE, text=True,
        env={**ENVIRON, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
    ) as process:  # fmt: skip
        while not notes.exists():
            assert process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "getflags: interrupted\n")
    assert not any(is_left(int(pid)) for pid in notes.read_text().split())
    assert list(temporary.iterdir()) == []


def test_output_neither_blocks_the_command_nor_reaches_the_terminal_raw(
    client: str, tmp_path: Path
) -> None:
    done, result = run(client, "noisy", cwd=tmp_path)
    assert result["told_the_truth"]
    assert done.stderr == "none: \\x1b[31mthe end\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no command: write it after --, as in getflags trial -- wget -i {list}"),
        (["--"], "no command: write it after the options and --, as in -- wget -i {list}"),
        (["--", "true", "{x}", "{url}"],
         "'{x}' is not a placeholder: use {list}, {url} or {dir}, or {{x}} for the text itself"),
        (["--", "true", "{dir}", "{{url}}"],
         "the command gets no URL: use {list} (a file with one URL a line) or {url} in it"),
        (["--", "true", "{url}", "{list}"],
         "{list} and {url} cannot be used together: use one of them"),
        (["--", "no-such-program", "{url}"],
         "cannot start 'no-such-program': there is no such program"),
        (["--", "./plain", "{url}"], "cannot start './plain': it is not executable"),
        (["--", "./folder", "{url}"], "cannot start './folder': it is a folder"),
        (["--", "./script", "{url}"],
         "cannot start 'DIR/script': there is no such program as its first line (#!)"),
        (["--", "./garbage", "{url}"], "cannot start 'DIR/garbage': Exec format error"),
        (["--fault", "trunkate:after=1", "--", "true", "{url}"],
         f"--fault: 'trunkate:after=1' is not a fault: use {KNOWN}; did you mean truncate?"),
        (["--fault", "\x1b", "--", "true", "{url}"], "--fault: '\\x1b' is not a fault: use "),
        (["--fault", "truncate:when=1", "--", "true", "{url}"],
         "argument --fault: 'when' is not a parameter of truncate: use after, rate"),
        (["--files", "0", "--", "true", "{url}"],
         "argument --files: '0' is not a whole number, 1 or more"),
        (["curl", "{url}"], "unrecognized arguments: curl {url} (getflags trial -h lists"),
    ],
)  # fmt: skip
def test_usage_errors_are_one_sentence(words: list[str], message: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "script").write_text("#!/no/such/program\n")
    (tmp_path / "script").chmod(0o755)
    (tmp_path / "plain").touch()
    (tmp_path / "garbage").write_text("no program")
    (tmp_path / "garbage").chmod(0o755)
    done = run_main("trial", *words, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert done.stderr.startswith(f"getflags: {message.replace('DIR', str(tmp_path))}")


def test_the_command_sees_no_configuration_and_no_proxy(tmp_path: Path) -> None:
    script = "import json, os; print(json.dumps([os.getcwd(), os.listdir(), dict(os.environ)]))"
    seen = tmp_path / "seen"
    run_main(
        "trial", "--fault", "none", "--", "sh", "-c",
        f"{sys.executable} -c '{script}' > {seen}", "{list}{dir}", cwd=tmp_path,
        environ={"HTTP_PROXY": "http://p", "no_proxy": "*", "CURL_HOME": "/c", "KEPT": "yes",
                 "GETFLAGS_RETRIES": "9"},
    )  # fmt: skip
    folder, listing, environ = json.loads(seen.read_text())
    assert listing == []
    assert environ["KEPT"] == "yes"
    assert {"HTTP_PROXY", "no_proxy", "CURL_HOME", "GETFLAGS_RETRIES"}.isdisjoint(environ)
    assert {environ[name] for name in processes._HOMES} == {str(Path(folder).parent / "home")}
    assert environ["TMPDIR"] == str(Path(folder).parent / "tmp")


def test_at_the_time_limit_no_other_run_is_started(tmp_path: Path) -> None:
    chosen = ("--json", "--fault", "none", "--files", "3", "--time-limit", "0.2")
    done = run_main("trial", *chosen, "--", "sh", "-c", "sleep 600", "{url}", cwd=tmp_path)
    assert json.loads(done.stdout.splitlines()[0])["exit_codes"] == {"time limit": 3}
    assert done.returncode == 1


def test_the_same_seed_gives_the_same_table(tmp_path: Path) -> None:
    script = "import sys, urllib.request as u; u.urlretrieve(sys.argv[1], sys.argv[1][-6:])"

    def once(seed: str) -> list[list[str]]:
        done = run_main(
            "trial", "--seed", seed, "--files", "5", "--fault", "busy:rate=0.5", "--",
            sys.executable, "-c", script, "{url}", cwd=tmp_path,
        )  # fmt: skip
        return [line.split("|")[:7] + line.split("|")[9:] for line in done.stdout.splitlines()]

    first = once("5")
    assert [cell.strip() for cell in first[0][1:-1]] == [
        "fault", "right", "wrong", "missing", "requests", "refused", "exit code", "told the truth",
    ]  # fmt: skip
    assert first == once("5")
    assert first[-1] == ["The command told the truth about every file (1 fault)."]
    assert first[2] != once("6")[2]


def test_our_own_program_and_curl_are_tried(tmp_path: Path) -> None:
    chosen = ("--files", "3", "--fault", "truncate", "--fault", "error:first=1")
    ours = command("-q", "-i", "{list}", "-d", "{dir}")
    done = run_main("trial", *chosen, "--", *ours, cwd=tmp_path, environ={"PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("| yes |") == 2
    if shutil.which("curl"):
        done = run_main("trial", *chosen, "--", "curl", "-sSfO", "{url}", cwd=tmp_path)
        assert done.returncode == 1
        assert "did not tell the truth with truncate (2 faults)." in done.stdout


def test_a_command_that_never_works_is_not_praised_without_a_warning(tmp_path: Path) -> None:
    words = ("--files", "1", "--", "false", "{list}")
    done = run_main("trial", "--fault", "none", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("without any fault")) == (0, 1)
    done = run_main("trial", "--fault", "error", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr.count("no file at all")) == (0, 1)


def test_a_server_that_stops_responding_is_reported(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fail(_: FlagServer) -> None:
        raise GetflagsError("gone")

    monkeypatch.setattr(FlagServer, "ledger", fail)
    done = run_main("trial", "--fault", "none", "--", "true", "{list}", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (1, "getflags: gone\n")


def fetch(urls: list[str], folder: Path) -> bool:
    """Download as an honest function does: an exception is a failure."""
    for url in urls:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url) as answer:
            body = answer.read()
        (folder / url.rpartition("/")[2]).write_bytes(body)
    return True


def test_a_function_is_tried_in_this_process() -> None:
    seen: list[verdict.FaultResult] = []
    result = trial(fetch, faults=["none", "truncate:after=1%"], files=2, report=seen.append)
    assert result.told_the_truth
    assert tuple(seen) == result.faults
    assert [each.right for each in seen] == [2, 0]
    assert seen[1].last_line.startswith("IncompleteRead: ")

    def silent(urls: list[str], folder: Path) -> None:
        with suppress(Exception):
            fetch(urls, folder)

    (only,) = trial(silent, faults=["none"], files=1).faults
    assert only.reason == "exit code 1, all files right"
    assert not trial(lambda *_: True, faults=["none"], files=1).told_the_truth


def test_the_arguments_of_the_function_are_checked() -> None:
    for given, message in (
        ({"seed": -1}, "seed must be a whole number, 0 or more"),
        ({"files": 0}, "files must be a whole number, 1 or more"),
        ({"time_limit": 0}, "time_limit must be a positive number of seconds"),
    ):
        with pytest.raises(UsageError, match=message):
            trial(fetch, **given)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="a list of arguments, not a text"):
        trial("wget -i {list}")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        __import__("getflags.testing").testing.nothing  # noqa: B018


def test_placeholders_are_replaced_within_arguments() -> None:
    given = ["-P{dir}", "{url}", "{{url}}", "${dir}", "{print $1}", "{}", "{ url }"]
    assert placeholders.used(given) == {"dir", "url"}
    filled = placeholders.fill(given, {"dir": "/d", "url": "{dir}"})
    assert filled == ["-P/d", "{dir}", "{url}", "$/d", "{print $1}", "{}", "{ url }"]


def test_each_run_is_judged_by_its_own_files() -> None:
    states = {"a": FileState.RIGHT, "b": FileState.MISSING, "c": FileState.RIGHT}
    runs = [Run(["a"], 0), Run(["b"], 7), Run(["c"], 0)]
    assert verdict.judge(runs, states) == (2, 0, 1, {"0": 2, "7": 1}, "")
    runs[2] = Run(["c"], 7)
    assert verdict.judge(runs, states).reason == "exit code 7, all files right"
    assert verdict.judge(runs, states, confirmed=False).reason == ""
    runs[2] = Run(["c"], None)
    judged = verdict.judge(runs, states)
    assert judged.reason == "did not end within the time limit"
    assert table.exit_codes(judged.exit_codes) == "0 (1x), 7 (1x), time limit (1x)"


def test_every_fault_of_the_servers_has_a_name_in_a_trial() -> None:
    assert set(KINDS) == set(faults._OTHERS) | (set(faults.STANDARD) & set(KINDS))
    assert faults.select([]) == faults.STANDARD
    assert not faults.confirms("wrong-length:by=2")
    assert TrialResult(()).told_the_truth
