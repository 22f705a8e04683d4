"""``getflags race`` from outside: in a pipe, on a terminal, interrupted, misused."""

from __future__ import annotations

import io
import os
import pty
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from getflags import testing
from getflags.bench.race.standings import Race, RacerReport, Tally
from getflags.cli import main
from getflags.cli.race_display import Bars, FinishLines, display
from getflags.core import settings
from getflags.testing import bundled
from tests.kit import ENVIRON, ROOT, command, files, getflags, run_main
from tests.messages import EMPTY_LIST, INTERRUPTED, NO_LIST, NONE_OF, NOT_A_COUNT, NOT_STARTED
from tests.rawserver import RawServer, moved, ok, stall_after
from tests.screen import on_terminal, resize, shown

STALLED = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\nabc"
ENGINES = settings.ENGINES


@pytest.fixture
def temporary(tmp_path: Path) -> Iterator[Path]:
    """Lend a folder for temporary ones, which is empty at the end, whatever the test did."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def cwd(tmp_path: Path) -> Iterator[Path]:
    """Lend a folder in which a race leaves nothing."""
    folder = tmp_path / "here"
    folder.mkdir()
    yield folder
    assert [name for name in files(folder) if name != "list.txt"] == []
    assert [path.name for path in folder.iterdir() if path.is_dir()] == []


@pytest.fixture
def server() -> Iterator[RawServer]:
    answers = {f"/{number}": ok(b"fine") for number in range(5)}
    stalls = {f"/stall{number}": stall_after(STALLED) for number in range(3)}
    evil = moved("gopher://h/\x1b[2Jpwned")
    with RawServer({**answers, **stalls, "/evil": evil}) as running:
        yield running


def race(
    cwd: Path, temporary: Path, *words: str, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    environ = {"TMPDIR": str(temporary)}
    if "-" in words:  # the list comes from standard input
        return getflags("race", *words, cwd=cwd, stdin=stdin, environ=environ)
    return run_main("race", *words, cwd=cwd, environ=environ)


def rows(output: str) -> list[list[str]]:
    """Return the ranking's rows, in the order of engines as they usually are."""
    table = output.partition("-\nplace")[2].splitlines()[1:]
    found = [line.split() for line in table if re.match(r" +[\d-]  \w", line)]
    return sorted(found, key=lambda row: ENGINES.index(row[1]))


def test_in_a_pipe_there_are_finishes_and_the_ranking(cwd: Path, temporary: Path) -> None:
    done = race(cwd, temporary, "-l", "5", "-m", "3", "--seed", "7")
    assert done.returncode == 0
    assert done.stdout.startswith(
        "LOCAL site: a separate server for each engine, all with seed 7\n"
        "Race for 5 flags, all engines at once: " + ", ".join(ENGINES) + "\n"
        "3 requests at a time with h1; sequential makes one at a time.\n"
        "--------------------\n"
        "place  engine      seconds"  # how wide the next column is depends on the figures
    )
    assert re.search(r"\nplace  engine      seconds +ratio  flags  errors\n", done.stdout)
    table = rows(done.stdout)
    assert [row[1] for row in table] == list(ENGINES)
    assert {tuple(row[4:]) for row in table} == {("5", "0")}
    assert sorted(row[0] for row in table) == [str(place + 1) for place in range(len(ENGINES))]
    assert min(float(row[3]) for row in table) == 1
    said = sorted(done.stderr.splitlines(), key=lambda line: ENGINES.index(line.split()[1]))
    assert len(said) == len(ENGINES)
    for engine, line in zip(ENGINES, said, strict=True):
        assert re.fullmatch(rf"getflags: {engine} finished after \d+\.\d\d s: 5 flags", line)


def test_all_engines_meet_the_same_delays(cwd: Path, temporary: Path) -> None:
    """One after the other, and none knows of what another has asked for."""
    words = ["-s", "delay", "BR", "-m", "1", "--seed", "245", "--engine", "threads,asyncio"]
    done = race(cwd, temporary, *words)
    assert done.returncode == 0
    first, second = (float(row[2]) for row in rows(done.stdout))
    assert first > 0.5
    assert abs(first - second) < 0.4, "the second request for it would take 3.46 s"
    assert "No engine was much faster: each had" in done.stdout


def test_without_a_seed_there_is_one_that_can_be_used_again(cwd: Path, temporary: Path) -> None:
    done = race(cwd, temporary, "BR", "--engine", "threads")
    assert re.match(r"LOCAL site: .* all with seed \d{1,4}\n", done.stdout)
    assert "\n1 request at a time with h1.\n" in done.stdout


def test_codes_that_do_not_exist_are_no_failure(cwd: Path, temporary: Path) -> None:
    done = race(cwd, temporary, "-e", "-l", "26", "--engine", "asyncio,threads")
    assert done.returncode == 0
    assert re.search("place  engine   seconds +ratio  flags  not found  errors\n", done.stdout)
    assert all(int(row[4]) + int(row[5]) == 26 and row[6] == "0" for row in rows(done.stdout))


def test_an_error_anywhere_ends_with_1_and_is_named_harmlessly(
    server: RawServer, cwd: Path, temporary: Path
) -> None:
    done = race(cwd, temporary, server.url("/0"), server.url("/evil"), "--engine", "threads")
    assert done.returncode == 1
    assert f"threads: 1 error, the first: {server.url('/evil')}: redirected" in done.stdout
    assert rows(done.stdout) == [["1", "threads", rows(done.stdout)[0][2], "1.00", "1", "1"]]


def test_a_list_from_standard_input_is_read_by_all_and_its_folders_are_left_alone(
    server: RawServer, cwd: Path, temporary: Path
) -> None:
    text = f"{server.url('/0')}\n  dir=elsewhere\n  out=x\n{server.url('/1')}\n"
    done = race(cwd, temporary, "-i", "-", "--one-by-one", stdin=text)
    assert done.returncode == 0, done
    assert "Race for 2 files, one engine after another: sequential" in done.stdout
    assert [server.asked(path) for path in ("/0", "/1")] == [len(ENGINES)] * 2
    finished = [line.split()[1] for line in done.stderr.splitlines()]
    assert finished == list(ENGINES)


def test_a_mirror_is_the_same_for_all_and_its_password_is_not_shown(
    cwd: Path, temporary: Path
) -> None:
    with RawServer({"/br/br.gif": ok(b"flag")}) as mirror:
        base = mirror.url("").replace("http://", "http://user:secret@")
        done = race(cwd, temporary, "BR", "--base-url", base, "--engine", "threads,sequential")
        assert mirror.asked("/br/br.gif") == 2
    assert done.returncode == 0
    shown_as = mirror.url("").replace("http://", "http://***@")
    assert done.stdout.startswith(f"Mirror site, shared by all engines: {shown_as}\n")


def test_an_empty_list_is_nothing_to_race_for(cwd: Path, temporary: Path) -> None:
    done = race(cwd, temporary, "-i", "-")
    assert (done.returncode, done.stdout) == (0, f"Nothing to do: {EMPTY_LIST}.\n")


def test_the_public_site_is_asked_by_one_after_the_other(
    cwd: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(cwd)
    with RawServer({"/br/br.gif": ok(b"flag")}) as site:
        monkeypatch.setattr(testing, "REMOTE", site.url(""))
        assert main(["race", "-s", "remote", "-l", "9", "--engine", "threads,asyncio"]) == 1
    out = capsys.readouterr().out
    assert out.startswith(f"REMOTE site, shared by all engines: {site.url('')}\n")
    assert (
        "Race for 9 flags, one engine after another: threads, asyncio\n5 requests at a time with "
        in out
    )


def test_a_server_that_does_not_start(
    cwd: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(cwd)
    monkeypatch.setattr(bundled, "module", lambda: "no_such_module_here")
    assert main(["race", "BR"]) == 1
    assert capsys.readouterr().err == f"getflags: the bundled server LOCAL {NOT_STARTED}\n"


USAGE = {
    "engine": (["--engine", "threads,warp"], f"--engine: 'warp' {NONE_OF} sequential, threads"),
    "auto": (["--engine", "auto"], f"--engine: 'auto' {NONE_OF}"),
    "no engine": (["--engine", ""], f"--engine: '' {NONE_OF}"),
    "twice": (
        ["--engine", "threads,asyncio,threads"],
        "--engine: 'threads,asyncio,threads' contains threads twice",
    ),
    "word": (["brazil"], "'brazil' is not an http:// or https:// URL"),
    "option": (["--json"], "unrecognized arguments: --json (getflags race -h lists all options)"),
    "level": (["-m", "0"], f"'0' {NOT_A_COUNT}"),
    "mirror": (["--base-url", "gopher://h", "BR"], "--base-url 'gopher://h' cannot be used"),
    "list": (["-i", "no-such"], f"{NO_LIST} 'no-such': No such file"),
    "proxy": (["--proxy", "ftp://u:secret@h"], "proxy 'ftp://***@h' is not an http"),
}


@pytest.mark.parametrize(("words", "sentence"), USAGE.values(), ids=USAGE)
def test_usage_errors(words: list[str], sentence: str, cwd: Path, temporary: Path) -> None:
    done = race(cwd, temporary, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


def test_help_lists_every_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["race", "-h"])
    assert stop.value.code == 0
    text = capsys.readouterr().out
    for option in (
        "--engine --one-by-one --max-req --client --loop --input-file --all --every --limit "
        "--server --base-url --seed --header --proxy --cacert --insecure --retries --timeout "
        "--connect-timeout --max-time --max-filesize --limit-rate --speed-limit --max-redirs --help"
    ).split():
        assert option in text


# Signals


def descendants(ancestor: int) -> set[int]:
    """Return the processes that a process has started, and those that these have."""
    found = {ancestor}
    for _ in range(4):
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(status.read_text().rpartition(")")[2].split()[1])
            except OSError:  # gone while we looked
                continue
            if parent in found:
                found.add(int(status.parent.name))
    return found - {ancestor}


def wait_for_the_end_of(processes: set[int]) -> None:
    """Wait until none of them runs: who is killed is gone soon, not at once."""
    while any(map(_runs, processes)):
        pass


def _runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def start(cwd: Path, temporary: Path, *words: str, before: str = "") -> subprocess.Popen[str]:
    environ = {**ENVIRON, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    words = tuple(before.split()) + tuple(command("race", *words))
    return subprocess.Popen(
        words, cwd=cwd, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.parametrize("client", ["curl", "httpx"])
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGINT, 130),
        (signal.SIGTERM, 143),
        pytest.param(signal.SIGHUP, 143, marks=pytest.mark.slow),
    ],
)
def test_a_signal_ends_everybody_and_leaves_nothing(  # noqa: PLR0917 - a table
    server: RawServer, cwd: Path, temporary: Path, number: signal.Signals, code: int, client: str
) -> None:  # fmt: skip
    urls = [server.url(f"/stall{each}") for each in range(3)]
    with start(cwd, temporary, *urls, "--client", client) as process:
        for _ in range(10):  # 3 for each engine, and 1 for the sequential one
            assert server.stalled.acquire(timeout=30)
        children = descendants(process.pid)
        assert len(children) >= 4
        process.send_signal(number)
        began = monotonic()
        _, err = process.communicate(timeout=10)
    wait_for_the_end_of(children)
    assert monotonic() - began < 3
    assert process.returncode == code
    assert err == f"{INTERRUPTED}; 0 of {len(ENGINES)} engines had finished\n"


def test_ctrl_c_twice_leaves_nothing_either(server: RawServer, cwd: Path, temporary: Path) -> None:
    """The second comes while the first one's tidying up is under way, or after it."""
    with start(cwd, temporary, server.url("/0"), server.url("/stall0")) as process:
        assert server.stalled.acquire(timeout=30)
        children = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        wait_for_the_end_of(children)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert err in {"", f"{INTERRUPTED}; 0 of {len(ENGINES)} engines had finished\n"}


def test_a_signal_while_servers_start_leaves_nothing(cwd: Path, temporary: Path) -> None:
    with start(cwd, temporary, "-s", "delay") as process:
        assert process.stdout
        process.stdout.readline()
        children = descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (
        143,
        f"{INTERRUPTED}; 0 of {len(ENGINES)} engines had finished\n",
    )
    wait_for_the_end_of(children)


def test_who_ignores_the_end_of_the_terminal_goes_on(
    server: RawServer, cwd: Path, temporary: Path
) -> None:
    words = [server.url("/stall0"), "--timeout", "1", "--retries", "0", "--engine", "threads"]
    with start(cwd, temporary, *words, before="nohup") as process:
        assert server.stalled.acquire(timeout=30)
        process.send_signal(signal.SIGHUP)
        out, _ = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "threads: 1 error, the first: " in out


def test_nobody_outlives_a_race_that_was_killed(
    server: RawServer, cwd: Path, tmp_path: Path
) -> None:
    with start(cwd, tmp_path, server.url("/stall0"), server.url("/stall1")) as process:
        for _ in range(7):
            assert server.stalled.acquire(timeout=30)
        children = descendants(process.pid)
        process.kill()
        process.communicate()
    wait_for_the_end_of(children)


# Terminals


def test_on_a_terminal_bars_stay_in_their_place(cwd: Path, temporary: Path) -> None:
    words = ["-l", "3", "-s", "delay", "--seed", "4382", "--engine", "threads,asyncio,processes"]
    with on_terminal(cwd, "race", *words, environ={"TMPDIR": str(temporary)}) as terminal:
        screen = terminal.read_all()
    assert terminal.process.returncode == 0
    assert [line.split()[0] for line in screen[:8]] == [
        "DELAY", "Race", "3", "threads", "asyncio", "processes", "-" * 20, "place",
    ]  # fmt: skip
    assert "\x1b[3A" in terminal.written
    assert "\x1b[36m" in terminal.written
    for line in screen[3:6]:
        assert re.fullmatch(r"\w+ +█+  3/3 +\d\.\d/s +\d+\.\d s  (1st|2nd|3rd)", line)
    assert "finished after" not in terminal.written


def test_on_a_terminal_ctrl_c_leaves_a_clean_screen(
    server: RawServer, cwd: Path, temporary: Path
) -> None:
    with on_terminal(
        cwd, "race", server.url("/stall0"), server.url("/0"), "-m", "2", "--engine",
        "threads,asyncio", columns=60, environ={"TMPDIR": str(temporary), "NO_COLOR": "1"},
    ) as terminal:  # fmt: skip
        terminal.read_until(" 1/2 ")
        os.write(terminal.descriptor, b"\x03")
        screen = terminal.read_all()
    assert terminal.process.returncode == 130
    assert screen[:2] == [
        "Race for 2 files, all engines at once: threads, asyncio", "2 requests at a time with h1."
    ]  # fmt: skip
    assert [line.split()[0] for line in screen[2:4]] == ["threads", "asyncio"]
    assert screen[4:] == [f"{INTERRUPTED}; 0 of 2 engines had finished", ""]
    assert "\x1b[3" not in terminal.written, "no colours"
    assert not set(terminal.written) & set(map(chr, [*range(9), *range(11, 13), 127]))


def test_a_dumb_terminal_gets_lines(cwd: Path, temporary: Path) -> None:
    environ = {"TMPDIR": str(temporary), "TERM": "dumb"}
    with on_terminal(cwd, "race", "BR", "--engine", "threads", environ=environ) as terminal:
        terminal.read_all()
    assert "\x1b" not in terminal.written
    assert "getflags: threads finished after" in terminal.written


class Pad:
    """Bars on a pseudo-terminal that the test holds."""

    def __init__(self, columns: int, rows: int = 30, encoding: str = "utf-8") -> None:
        self.ours, self.its = pty.openpty()
        resize(self.its, columns, rows)
        self.stream = os.fdopen(self.its, "w", encoding=encoding)
        self.race = Race(["threads", "asyncio"], 4, "flag")
        self.race.begin("threads", 0)
        self.race.take("threads", RacerReport(Tally(3)), 1)
        self.bars = Bars(self.race, self.stream)

    def show(self) -> str:
        """Draw; return what was written."""
        self.bars.show(2)
        return os.read(self.ours, 65536).decode()

    def close(self) -> None:
        """Hang up."""
        self.stream.close()
        os.close(self.ours)


@pytest.fixture
def pad(request: pytest.FixtureRequest) -> Iterator[Pad]:
    made = Pad(*getattr(request, "param", (80,)))
    yield made
    made.close()


def test_bars_are_drawn_over_the_last_ones(pad: Pad) -> None:
    first = pad.show()
    assert not first.startswith("\r\x1b[")
    pad.race.take("threads", RacerReport(Tally(4), 2.0), 3)
    second = pad.show()
    assert second.startswith("\r\x1b[2A")
    screen = shown(first + second)
    assert [line.split()[0] for line in screen[:2]] == ["threads", "asyncio"]
    assert "1st" in screen[0]
    assert screen[2:] == [""]


def test_lines_that_a_narrow_window_has_broken_are_drawn_over(pad: Pad) -> None:
    *lines, _ = shown(pad.show())
    assert [len(line) for line in lines] == [74, 74]
    resize(pad.its, 25)
    redrawn = pad.show()
    assert redrawn.startswith(f"\r\x1b[{3 + 3}A")
    assert redrawn.endswith("\x1b[J"), "the rest of the longer lines goes"
    assert pad.show().startswith("\r\x1b[2A")


@pytest.mark.parametrize("pad", [(80, 2)], indirect=True)
def test_a_low_window_gets_as_many_bars_as_it_has_room_for(pad: Pad) -> None:
    assert shown(pad.show())[0].startswith("threads")
    assert pad.show().startswith("\r\x1b[1A")


@pytest.mark.parametrize("pad", [(0, 0)], indirect=True)
def test_a_terminal_that_does_not_know_its_size_is_taken_for_a_usual_one(pad: Pad) -> None:
    assert 60 < len(shown(pad.show())[0]) < 80


def test_a_terminal_that_is_gone_does_not_disturb(pad: Pad) -> None:
    pad.show()
    os.close(pad.ours)
    pad.bars.show(3)
    pad.bars.close()
    pad.ours = os.open(os.devnull, os.O_RDONLY)


@pytest.mark.parametrize("pad", [(80, 30, "latin-1")], indirect=True)
def test_a_terminal_without_blocks_gets_plain_characters(pad: Pad) -> None:
    assert "threads  \x1b[36m###" in pad.show()


def test_closing_draws_nothing_where_nothing_was_drawn(pad: Pad) -> None:
    pad.bars.close()
    pad.show()
    pad.bars.close()
    assert shown(os.read(pad.ours, 65536).decode())[0].startswith("threads")


def test_a_finish_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    said: list[str] = []
    standings = Race(["threads", "asyncio"], 1, "flag")
    shown_on = display(standings, io.StringIO(), said.append)
    assert isinstance(shown_on, FinishLines)
    shown_on.show(0)
    standings.take("asyncio", RacerReport(Tally(1), 2.0), 2)
    shown_on.show(2)
    shown_on.show(3)
    standings.exited("threads", "its process has ended", 3)
    shown_on.show(4)
    shown_on.close()
    assert said == [
        "getflags: asyncio finished after 2.00 s: 1 flag",
        "getflags: threads is out: its process has ended",
    ]
    assert capsys.readouterr() == ("", "")


def test_where_there_is_no_standard_error_there_are_no_bars() -> None:
    assert isinstance(display(Race(["threads"], 1, "flag"), None, print), FinishLines)
