"""``getflags bench`` from outside: what it prints and writes, and when it ends with which code.

Its end by signals and kills is in test_cli_bench_ends.py.
"""

from __future__ import annotations

import io
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from getflags.bench.analysis.stats import estimate
from getflags.bench.measure.cells import Cell, Run
from getflags.bench.measure.environment import environment
from getflags.bench.measure.results import read
from getflags.cli import bench_workload, main
from getflags.cli.bench_progress import Bar, Heartbeat, progress
from getflags.cli.bench_workload import LOCAL_FILES
from getflags.cli.options import bench as bench_options
from getflags.cli.reproduce import command
from getflags.core import settings
from tests.bench_rows import result
from tests.kit import run_main
from tests.messages import (
    EMPTY_LIST,
    NO_CERTIFICATES,
    NO_LIST,
    NO_RESULTS,
    NONE_OF,
    NOT_A_COUNT,
    NOT_A_SIZE,
    NOT_STARTED,
    NOT_WHOLE,
)
from tests.rawserver import RawServer, ok
from tests.screen import sizeless
from tests.test_processes import children

QUICK = ["--files", "30", "-s", "DELAY", "--delay", "0.01", "--rounds", "1"]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    assert children() == []


def rows(name: str = "results.jsonl") -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(name).read_text().splitlines()]


def bench(*words: str) -> int:
    return main(["bench", *words])


def test_every_cell_is_run_in_every_round_and_a_table_tells(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [*QUICK, "--engine", "asyncio,sequential", "--client", "curl", "-m", "2,4"]
    assert bench(*words) == 0
    results = read(Path("results.jsonl"))
    cells = {Cell("asyncio", "curl", 2, "DELAY"), Cell("asyncio", "curl", 4, "DELAY"),
             Cell("sequential", "curl", 1, "DELAY")}  # fmt: skip
    assert [each.round for each in results] == [0, 0, 0, 1, 1, 1]
    assert {each.run for each in results} == {Run(cell, n) for cell in cells for n in (0, 1)}
    assert all(each.arrived == each.files == 30 for each in results)
    assert all(each.peak == each.level for each in results)
    assert {tuple(each.environment) for each in results} == {tuple(environment())}
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("3 cells, a warm-up and 1 round: 6 runs.\n")
    assert "DELAY: 30 files a run, 1 round after the warm-up" in out
    assert sum(line.startswith("sequential/curl") for line in out.splitlines()) == 2
    assert "? There are fewer than 5 rounds" in out


def test_a_file_of_results_grows_and_nothing_is_measured_twice(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = [*QUICK, "-m", "2"]
    assert bench(*words) == 0
    before = Path("results.jsonl").read_bytes()
    first = capsys.readouterr().out.splitlines()
    assert bench(*words) == 0
    assert Path("results.jsonl").read_bytes() == before
    again = capsys.readouterr().out.splitlines()
    assert again[0] == "1 cell, a warm-up and 1 round: 2 runs, 2 of them already done."
    assert again[1:] == first[1:]
    assert bench(*words, "--rounds", "2") == 0
    assert Path("results.jsonl").read_bytes().startswith(before)
    assert [row["round"] for row in rows()] == [0, 1, 2]
    _a_cell_that_is_added_later_is_measured_and_not_compared(capsys)
    _another_experiment_in_the_file_is_left_alone(capsys)


def _a_cell_that_is_added_later_is_measured_and_not_compared(
    capsys: pytest.CaptureFixture[str],
) -> None:
    capsys.readouterr()
    assert bench(*QUICK, "-m", "2,4") == 0
    assert [(row["level"], row["round"]) for row in rows()[3:]] == [(4, 0), (4, 1)]
    assert "? Some cells were added later and not measured side by side" in capsys.readouterr().out


def _another_experiment_in_the_file_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    before = Path("results.jsonl").read_bytes()
    assert bench(*QUICK, "-m", "2", "--seed", "2") == 0
    assert Path("results.jsonl").read_bytes().startswith(before)
    assert [(row["level"], row["round"]) for row in rows()[5:]] == [(2, 0), (2, 1)]
    assert len({row["experiment"] for row in rows()}) == 2
    assert "already done" not in capsys.readouterr().out


def test_the_command_of_a_result_measures_its_cell_again() -> None:
    assert bench(*QUICK, "-m", "2,4", "--seed", "3") == 0
    first = rows()[0]
    words = shlex.split(first["command"])
    assert words[:2] == ["getflags", "bench"]
    assert main(words[1:]) == 0
    again = rows("again.jsonl")
    same = ("experiment", "engine", "client", "level", "server", "files", "seed", "bytes")
    assert [row["level"] for row in again] == [first["level"]] * 2
    assert all(row[name] == first[name] for row in again for name in same)


def test_files_of_a_size_and_several_servers() -> None:
    words = ["-s", "local,error", "--error-rate", "0.5", "--delay", "0", "--size", "2K"]
    assert bench(*words, "-m", "3", "--files", "20", "--rounds", "1", "-o", "r") == 0
    by = {row["server"]: row for row in rows("r")}
    assert by["LOCAL"]["bytes"] == 20 * 2048
    assert by["ERROR"]["errors"] == {"418 I'm a Teapot": 20 - by["ERROR"]["arrived"]}
    assert 0 < by["ERROR"]["arrived"] < 20


def test_a_list_of_ones_own(folder: Path) -> None:
    with RawServer({"/a": ok(b"a" * 10), "/b": ok(b"b" * 20)}) as server:
        lines = [server.url("/a"), "  out=x", server.url("/b"), "  dir=/etc"]
        (folder / "list.txt").write_text("\n".join(lines))
        assert bench("-i", "list.txt", "-m", "1", "--rounds", "1", "--files", "5") == 0
        assert server.asked("/a") == 2 * 3
    row = rows()[1]
    assert (row["server"], row["bytes"], row["peak"]) == (server.url(""), 70, None)
    assert sorted(path.name for path in folder.iterdir()) == ["list.txt", "results.jsonl"]


def test_without_more_words_a_list_is_fetched_once_a_run(folder: Path) -> None:
    del folder
    with (
        RawServer({"/br/br.gif": ok(b"a"), "/cn/cn.gif": ok(b"b")}) as server,
        RawServer({"/f": ok(b"f")}) as another,
    ):
        base = ["--base-url", server.url(""), "-m", "1", "--rounds", "1"]
        assert bench(*base, "CN", "BR", "cn", "-o", "flags") == 0
        urls = [server.url("/br/br.gif"), another.url("/f")]
        assert bench(*urls, "-m", "1", "--rounds", "1", "-o", "urls") == 0
    assert [(row["files"], row["server"]) for row in rows("flags")] == [(2, server.url(""))] * 2
    assert [(row["files"], row["server"]) for row in rows("urls")] == [(2, "2 hosts")] * 2


@pytest.mark.parametrize(
    ("words", "files"),
    [
        ("-m 1 -s DELAY", 194),
        ("-m 1,100 -s DELAY", 600),
        ("-m 100 --size 1K -s DELAY", 600),
        ("-m 100 --files 7", 7),
        ("-m 16", LOCAL_FILES),
        ("-m 16 -s LOCAL,DELAY", 194),
        ("-m 16 --delay 1", 194),
        ("-m 100 --base-url http://h", 600),
        ("-m 100 BR CN", 2),
        ("-m 100 B", 26),
        ("-m 100 B --files 90", 90),
        ("--rate 5,50.05", 501),
        ("--rate 1 -m 100 --delay 1 BR", 1),
    ],
)
def test_as_many_files_as_the_highest_level_needs(words: str, files: int) -> None:
    assert bench_workload.workload(bench_options.parse(words.split())).files == files


@pytest.mark.slow
def test_equals_are_equal_for_real() -> None:
    """A/A: one cell's rounds in turns, as if they were of two.

    Chance claims a difference in one run of twenty; but not a large one.
    """
    assert bench(*QUICK, "--files", "60", "--rounds", "12", "-m", "4") == 0
    found = {row["round"]: row["steady_files"] / row["steady_seconds"] for row in rows()}
    ratio = estimate([found[number] / found[number + 1] for number in range(1, 12, 2)])
    assert ratio.rounds == 6
    assert ratio.low < 1.2
    assert ratio.high > 0.8


def test_secrets_stay_out_of_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    with RawServer({"/f": ok(b"a")}) as server:
        url = server.url("/f").replace("//", "//user:secret@")
        words = ["-H", "X-Key: secret\xfc", "-m", "1", "--rounds", "1", url]
        assert bench(*words) == 0
        assert b"x-key: secret" in server.heads[0].lower()
    assert "secret" not in Path("results.jsonl").read_text()
    assert "secret" not in capsys.readouterr().out


USAGE = {
    "level 0": (["-m", "0"], f"-m/--max-req/--max_req: '0' {NOT_A_COUNT}"),
    "level -1": (["-m", "1,-1"], f"'-1' {NOT_A_COUNT}"),
    "no level": (["-m", ""], f"'' {NOT_WHOLE}"),
    "a hole": (["-m", "1,,4"], f"'' {NOT_WHOLE}"),
    "doubled": (["-m", "1,4,1"], "'1,4,1' contains 1 twice"),
    "levels for all": (["-m", "all"], f"'all' {NOT_WHOLE}"),
    "too high": (["-m", "9999999"], "-m 9999999 needs more open files than the system allows"),
    "engine": (["--engine", "asyncio,warp"], f"--engine: 'warp' {NONE_OF} sequential, threads"),
    "doubled engine": (["--engine", "threads,threads"], "contains threads twice"),
    "client": (["--client", "telnet"], f"--client: 'telnet' {NONE_OF} curl, h1, httpx"),
    "server": (["-s", "remote"], f"-s/--server: 'REMOTE' {NONE_OF} LOCAL, DELAY, ERROR"),
    "rounds": (["--rounds", "0"], f"--rounds: '0' {NOT_A_COUNT}"),
    "files": (["--files", "0"], f"--files: '0' {NOT_WHOLE}"),
    "size": (["--size", "big"], f"--size: 'big' {NOT_A_SIZE}"),
    "seed": (["--seed", "x"], f"--seed: 'x' {NOT_WHOLE}"),
    "folder": (["-o", "."], "cannot write '.': Is a directory"),
    "no folder": (["-o", "none/r"], "cannot write 'none/r': No such file or directory"),
    "no name": (["-o", ""], "-o/--out: the value is empty"),
    "not ours": (["-o", "diary"], f"'diary' {NO_RESULTS}"),
    "of tomorrow": (["-o", "tomorrow"], "written by another version of getflags (2); this one"),
    "word": (["brazil"], "'brazil' is not an http:// or https:// URL"),
    "bad URL": (["http://h:99999/"], "'http://h:99999/' cannot be fetched: its port"),
    "bad URL in a list": (["-i", "bad"], "'http://[::1/' cannot be fetched: it is malformed"),
    "bad word in a list": (["-i", "diary"], "'Dear diary' cannot be fetched: it is not an http"),
    "no list": (["-i", "none"], f"{NO_LIST} 'none'"),
    "empty list": (["-i", "empty"], f"nothing to measure: {EMPTY_LIST}"),
    "mixed": (["BR", "http://h/x"], "country codes and URLs cannot be measured together"),
    "base URL": (["--base-url", "gopher://u:secret@h"], "--base-url 'gopher://***@h' cannot be"),
    "base URL alone": (
        ["--base-url", "http://h", "http://h/x"],
        "--base-url is a mirror of the flags, but",
    ),
    "two servers": (["--base-url", "http://h", "-s", "LOCAL"], "-s selects bundled servers and"),
    "URLs and -s": (["http://h/x", "-s", "LOCAL"], "-s selects bundled servers and cannot be"),
    "URLs and --delay": (
        ["http://h/x", "--delay", "1"],
        "--delay is for bundled servers and cannot be",
    ),
    "size and codes": (["--size", "1", "BR"], "--size cannot be combined with targets"),
    "size and URL": (["--size", "1", "--base-url", "http://h"], "--size cannot be combined with"),
    "delay": (["--delay", "soon"], "argument --delay: 'soon' is not a delay"),
    "rate": (["-s", "local,delay", "--error-rate", "1"], "--error-rate needs the server ERROR, or"),
    "fault": (["--fault", "flood"], "--fault"),
    "scenario": (["--scenario", "none"], "--scenario: cannot read 'none': No such file"),
    "scenario's bytes": (
        ["--scenario", "bytes"],
        "--scenario: cannot read 'bytes': it is not UTF-8",
    ),
    "cacert": (["--cacert", "none"], f"{NO_CERTIFICATES} in 'none'"),
    "option": (["--frobnicate"], "unrecognized arguments: --frobnicate (getflags bench -h"),
}


@pytest.mark.parametrize(("words", "sentence"), USAGE.values(), ids=USAGE)
def test_usage_errors(
    words: list[str], sentence: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = {"diary": b"Dear diary", "tomorrow": b'{"version": 2}\n', "bad": b"http://[::1/\n",
             "empty": b"# nothing\n", "bytes": b"\xff\xfe\xff"}  # fmt: skip
    for name, text in there.items():
        (folder / name).write_bytes(text)
    assert bench(*words) == 2
    out, err = capsys.readouterr()
    assert sentence in err
    assert err.startswith("getflags: ")
    assert err.count("\n") == 1
    assert "secret" not in err
    assert out == ""
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == there


def test_a_scenario_is_part_of_the_experiment(folder: Path) -> None:
    for delay in ("0.001", "0.002"):
        (folder / "s.toml").write_text(f"[[rule]]\nfault = 'latency'\nseconds = 'fixed:{delay}'\n")
        assert bench("--scenario", "s.toml", "-m", "3", "--files", "9", "--rounds", "1") == 0
    assert [row["round"] for row in rows()] == [0, 1, 0, 1]


def test_a_host_that_does_not_answer_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert bench("http://127.0.0.1:1/f", "-m", "1", "--rounds", "1") == 3
    out, err = capsys.readouterr()
    assert err.startswith(
        "getflags: asyncio/h1 -m 1 on http://127.0.0.1:1: no file was downloaded: "
    )
    assert err.count("\n") == 1
    assert out == "1 cell, a warm-up and 1 round: 2 runs.\n"
    assert rows() == []


def test_what_was_measured_before_a_host_fell_silent_is_kept(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def once(connection: object, server: RawServer) -> None:
        if server.asked("/f") <= 2:
            connection.sendall(ok(b"here"))  # type: ignore[attr-defined] # it is a socket

    with RawServer({"/f": once}) as server:
        words = [server.url("/f"), "-m", "1", "--rounds", "3"]
        assert bench(*words) == 1
        out, err = capsys.readouterr()
        assert "no file was downloaded" in err
        assert f"{server.url('')}: 1 file a run, 1 round after" in out
        assert [row["round"] for row in rows()] == [0, 1]
        server.answers["/f"] = ok(b"here again")
        assert bench(*words) == 0
    assert [row["round"] for row in rows()] == [0, 1, 2, 3]
    assert [row["bytes"] for row in rows()] == [4, 4, 10, 10]


def test_a_bundled_server_that_does_not_start(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("getflags.bench.measure.servers.module", lambda: "no_such_module_here")
    assert bench(*QUICK) == 3
    assert capsys.readouterr().err == f"getflags: the bundled servers {NOT_STARTED}\n"


def test_help_lists_every_option(folder: Path) -> None:
    text = run_main("bench", "-h", cwd=folder).stdout
    for option in (
        "--engine --client --max-req --server --base-url --input-file --files --size --rounds "
        "--seed --out --delay --error-rate --latency --fail-first --busy-above --retry-after "
        "--bandwidth --fault --scenario --header --proxy --cacert --insecure --retries --timeout "
        "--connect-timeout --max-time --max-filesize --limit-rate --speed-limit --max-redirs"
    ).split():
        assert option in text
    assert "(default: 0)" in text.partition("--retries N")[2][:120]


def test_nothing_is_tried_again_unless_somebody_says_so() -> None:
    assert bench_options.parse([]).retries == 0
    assert bench_options.parse(["--retries", "2"]).retries == 2


def test_the_levels_of_an_open_loop_are_bounds_and_have_another_default() -> None:
    assert bench_options.parse([]).levels == [1, 4, 16, 64]
    assert bench_options.parse(["--rate", "5"]).levels == [64]
    assert bench_options.parse(["--rate", "5", "-m", "1,2"]).levels == [1, 2]


def test_all_stands_for_all() -> None:
    options = bench_options.parse(["--engine", "all", "--client", "all", "-s", "All"])
    assert options.engines == list(settings.ENGINES)
    assert options.clients == list(settings.CLIENTS)
    assert options.servers == ["LOCAL", "DELAY", "ERROR"]


CELL = Cell("threads", "curl", 8, "DELAY")
OWN = "--engine threads --client curl -m 8 -s DELAY --files 30 --seed 0 -o again.jsonl"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("-s DELAY", f"getflags bench {OWN}"),
        ("-sDELAY -m1,8 -ofile --files=3 --engine=all --max_req 4 --rounds 2",
         f"getflags bench --rounds 2 {OWN}"),
        ("-s DELAY --delay 1-2 -- BR", f"getflags bench --delay 1-2 {OWN} -- BR"),
        ("-s DELAY -H 'A: secret' -k", f"getflags bench -H 'A: ***' -k {OWN}"),
        ("-s DELAY -u me:secret -k", f"getflags bench -u '***' -k {OWN}"),
        ("-s DELAY --oauth2-bearer=secret", f"getflags bench '--oauth2-bearer=***' {OWN}"),
        ("-s DELAY -H A: --proxy http://u:secret@h",
         f"getflags bench -H A: --proxy 'http://***@h' {OWN}"),
        ("-s DELAY -i 'a\x1bb'", rf"getflags bench -i 'a\x1bb' {OWN}"),
    ],
)  # fmt: skip
def test_a_command_for_a_cell_has_no_secret_and_no_other_cell(words: str, shown: str) -> None:
    split = shlex.split(words)
    assert command(split, bench_options.parse(split), CELL, 30) == shown


def test_a_command_for_others_servers_names_none_of_ours() -> None:
    words = ["http://h/x"]
    options = bench_options.parse(words)
    assert " -s " not in command(words, options, CELL._replace(server="http://h:80"), 1)


class Terminal(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def test_a_terminal_sees_the_run_and_the_time_left() -> None:
    slow, fast = CELL, CELL._replace(level=64)
    left = [Run(slow, 1), Run(fast, 1), Run(slow, 2)]
    screen = Terminal()
    known = [result(**slow._asdict(), round=0, seconds=100.0)]
    with progress(known, 4, 3, screen) as shown:
        assert isinstance(shown, Bar)
        shown.start(left)
        assert "1/4 runs |" in screen.getvalue()
        assert "threads/curl -m 8 on DELAY" in screen.getvalue()
        assert "left" not in screen.getvalue()
        shown.finish(result(**slow._asdict(), seconds=100.0))
        shown.start([*left[2:], *left[2:]])
        assert "about 3 min left; threads/curl -m 8" in screen.getvalue()
        shown.finish(result(**fast._asdict(), seconds=1.0))
        shown.start(left[1:2])
        assert "about 1 s left; threads/curl -m 64" in screen.getvalue()
        assert "3/4 runs |" in screen.getvalue()


def test_a_terminal_that_does_not_know_its_size_sees_the_run() -> None:
    with sizeless() as (stream, read_until):
        with progress([], 4, 3, stream) as shown:
            shown.start([Run(CELL, 1)])
        print("END", file=stream, flush=True)
        written = read_until("END")
    assert re.search(r"\r1/4 runs \|[^|]{20}\| threads/curl -m 8 on DELAY", written), written


def test_elsewhere_a_line_is_printed_now_and_then() -> None:
    stream = io.StringIO()
    now = 5.0
    shown = Heartbeat([], 1_200, stream, lambda: now)
    left = [Run(CELL, number) for number in range(1_200)]
    shown.start(left)
    assert stream.getvalue() == "", "a short bench prints its tables alone"
    shown.finish(result(**CELL._asdict(), seconds=0.6))
    now = 15.0
    shown.start(left[5:])
    shown.start(left[6:])
    now = 25.1
    shown.start(left[-3:])
    assert stream.getvalue().splitlines() == [
        "getflags: 5 of 1,200 runs done; about 20 min left; threads/curl -m 8 on DELAY",
        "getflags: 1,197 of 1,200 runs done; about 3 s left; threads/curl -m 8 on DELAY",
    ]


def test_without_a_terminal_there_is_no_bar() -> None:
    for stream in (io.StringIO(), None):
        with progress([], 1, 1, stream) as shown:
            assert isinstance(shown, Heartbeat)
