"""Racers for real: ready, let go together or in turn, heard, ended with all that they began."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from getflags.bench.race import job, racer
from getflags.bench.race.standings import News, Race, Tally
from getflags.bench.race.track import Track, conduct
from getflags.core.errors import GetflagsError
from getflags.core.models import Checksum, Plan
from getflags.targets.list_file import Entry
from tests.kit import ENVIRON, ROOT, files
from tests.rawserver import RawServer, ok, stall_after

STALLED = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\nabc"
THREE = ("threads", "asyncio", "processes")


@pytest.fixture
def server() -> Iterator[RawServer]:
    answers = {f"/{number}": ok(b"fine") for number in range(9)}
    with RawServer({**answers, "/stall": stall_after(STALLED)}) as running:
        yield running


@pytest.fixture
def track() -> Iterator[Track]:
    with closing(Track()) as made:
        yield made


def enter(track: Track, folder: Path, engine: str, *urls: str, client: str = "curl") -> None:
    entries = str(folder / f"{engine}.entries")
    job.write_entries(map(Entry, urls), entries)
    (folder / engine).mkdir()
    mine = job.RaceJob(engine, Plan((), client, 4), "", str(folder / engine), entries)
    track.enter(mine, str(folder / f"{engine}.job"))


def show_nothing(now: float) -> None:
    del now


def wait_for_the_end_of(group: int) -> None:
    """Wait until no process of a group runs: who is killed is gone soon, not at once."""
    while _alive(group):
        pass


def _alive(group: int) -> bool:
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, its = status.read_text().rpartition(")")[2].split()[:3]
        except OSError:  # gone while we looked
            continue
        if int(its) == group and state != "Z":
            return True
    return False


def test_what_is_asked_for_gets_through_but_for_folders(tmp_path: Path) -> None:
    path = str(tmp_path / "entries")
    odd = Entry("http://h/\udcff", "name", "elsewhere", Checksum("md5", "00"), guessed=True)
    job.write_entries([odd, *(Entry(f"{number}") for number in range(2500))], path)
    first, *rest = job.read_entries(path)
    assert first == odd._replace(folder="")
    assert [entry.word for entry in rest] == [f"{number}" for number in range(2500)]


def test_what_is_asked_for_is_read_as_it_is_needed(tmp_path: Path) -> None:
    path = str(tmp_path / "entries")
    job.write_entries((Entry(f"{number}") for number in range(2000)), path)
    with open(path, "r+b") as file:  # noqa: PTH123
        first = len(pickle.dumps([Entry(f"{number}") for number in range(1000)]))
        file.truncate(first + 1)
    entries = job.read_entries(path)
    assert [next(entries).word for _ in range(1000)][-1] == "999"
    with pytest.raises((EOFError, pickle.UnpicklingError)):
        next(entries)


def test_everybody_gets_every_file(server: RawServer, track: Track, tmp_path: Path) -> None:
    urls = [server.url(f"/{number}") for number in range(9)]
    engines = ["sequential", *THREE]
    race = Race(engines, 9, "file")
    for engine in engines:
        enter(track, tmp_path, engine, *urls)
    conduct(race, track, show_nothing, one_by_one=False)
    assert race.exit_status == 0
    for standing in race.standings.values():
        assert standing.tally.arrived == 9
        assert standing.tally.took > 0
        assert standing.seconds > 0
        assert files(tmp_path / standing.engine) == {f"{number}": b"fine" for number in range(9)}
    assert all(server.asked(f"/{number}") == 4 for number in range(9))


def test_who_is_ready_says_so_and_waits(server: RawServer, track: Track, tmp_path: Path) -> None:
    for engine in ("threads", "asyncio"):
        enter(track, tmp_path, engine, server.url("/0"))
    told = track.news(30)
    ready = dict([next(told), next(told)])
    assert sorted(ready) == ["asyncio", "threads"]
    assert all(news and news.tally.done == 0 and news.seconds is None for news in ready.values())
    loop = Path(f"/proc/{track._racers['asyncio'].process.pid}/maps").read_text()
    assert "uvloop" in loop, "loading it is no part of the race"
    track.go("threads")
    engine, news = next(told)
    assert news
    assert (engine, news.tally.arrived) == ("threads", 1)
    assert server.asked("/0") == 1
    while next(told) != ("threads", None):
        pass


def test_nobody_begins_before_all_are_ready(
    server: RawServer, track: Track, tmp_path: Path
) -> None:
    race = Race(("threads", "asyncio"), 1, "file")
    for engine in race.standings:
        enter(track, tmp_path, engine, server.url("/0"))
    late = track._racers["asyncio"].process.pid
    os.kill(late, signal.SIGSTOP)
    looks: list[bool] = []

    def show(now: float) -> None:
        del now
        looks.append(any(standing.began is not None for standing in race.standings.values()))
        if len(looks) == 10:
            os.kill(late, signal.SIGCONT)

    conduct(race, track, show, one_by_one=False)
    assert looks[:10] == [False] * 10
    assert race.exit_status == 0


def test_one_by_one_nobody_begins_before_the_other_is_gone(
    server: RawServer, track: Track, tmp_path: Path
) -> None:
    race = Race(THREE, 3, "file")
    for engine in THREE:
        enter(track, tmp_path, engine, *(server.url(f"/{number}") for number in range(3)))
    seen: list[tuple[str, ...]] = []

    def show(now: float) -> None:
        del now
        begun = [standing for standing in race.standings.values() if standing.began is not None]
        seen.append(tuple(standing.engine for standing in begun))
        assert all(standing.over for standing in begun[:-1])
        assert not {standing.engine for standing in begun[:-1]} & track.under_way

    conduct(race, track, show, one_by_one=True)
    assert race.exit_status == 0
    assert {THREE[:1], THREE[:2], THREE} <= set(seen)


@pytest.mark.parametrize("one_by_one", [False, True])
def test_who_is_killed_is_out_and_the_others_go_on(
    server: RawServer, track: Track, tmp_path: Path, *, one_by_one: bool
) -> None:
    race = Race(("processes", "asyncio"), 1, "file")
    enter(track, tmp_path, "processes", server.url("/stall"))
    enter(track, tmp_path, "asyncio", server.url("/0"))
    killed: list[int] = []

    def show(now: float) -> None:
        del now
        if server.stalled.acquire(blocking=False):
            killed.append(track._racers["processes"].process.pid)
            os.kill(killed[0], signal.SIGKILL)

    conduct(race, track, show, one_by_one=one_by_one)
    assert killed
    assert race.standings["processes"].trouble == "its process was ended by signal 9"
    assert race.exit_status == 1
    wait_for_the_end_of(killed[0])


def test_who_is_killed_before_the_start_is_out(track: Track, tmp_path: Path) -> None:
    race = Race(("threads",), 1, "file")
    enter(track, tmp_path, "threads", "http://127.0.0.1:1/")
    track._racers["threads"].process.kill()
    conduct(race, track, show_nothing, one_by_one=False)
    assert race.standings["threads"].trouble == "its process was ended by signal 9"


def test_who_is_let_go_when_it_is_gone_does_not_disturb(track: Track, tmp_path: Path) -> None:
    enter(track, tmp_path, "threads", "http://127.0.0.1:1/")
    track._racers["threads"].process.kill()
    assert [news for _, news in track.news(30)][-1] is None
    track.go("threads")
    assert track.how("threads") == "its process was ended by signal 9"


def test_closing_ends_racers_with_all_that_they_have_begun(
    server: RawServer, track: Track, tmp_path: Path
) -> None:
    enter(track, tmp_path, "processes", server.url("/stall"))
    group = track._racers["processes"].process.pid
    assert next(track.news(30))[0] == "processes"
    track.go("processes")
    assert server.stalled.acquire(timeout=20)
    track.close()
    wait_for_the_end_of(group)


def test_an_engine_that_cannot_begin_says_why(track: Track, tmp_path: Path) -> None:
    race = Race(("threads",), 1, "file")
    enter(track, tmp_path, "threads", "http://127.0.0.1:1/", client="pigeon")
    conduct(race, track, show_nothing, one_by_one=False)
    assert race.standings["threads"].trouble.startswith("unknown client 'pigeon'; choose from")


def test_a_bug_is_told_and_no_failure_of_a_file(track: Track, tmp_path: Path) -> None:
    race = Race(("threads",), 1, "file")
    job.write_entries([], str(tmp_path / "entries"))
    odd = job.RaceJob("threads", Plan((), "curl", limit=None), "", "", "")  # type: ignore[arg-type]
    track.enter(odd, str(tmp_path / "job"))
    conduct(race, track, show_nothing, one_by_one=False)
    assert race.standings["threads"].trouble.startswith("TypeError: ")
    assert race.standings["threads"].tally.failed == 0


def test_a_process_that_cannot_be_started_is_one_sentence(
    track: Track, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(GetflagsError, match="no process could be started: No such file"):
        enter(track, tmp_path, "threads")
    assert not track.under_way


def run_alone(tmp_path: Path, given: bytes, *urls: str) -> subprocess.CompletedProcess[bytes]:
    """Run a racer with that on its standard input."""
    entries, path = str(tmp_path / "entries"), str(tmp_path / "job")
    job.write_entries(map(Entry, urls), entries)
    job.write(job.RaceJob("threads", Plan((), "curl", 1), "", str(tmp_path), entries), path)
    return subprocess.run(
        [sys.executable, "-m", "getflags.bench.race.racer", path], input=given, capture_output=True,
        env={**ENVIRON, "PYTHONPATH": str(ROOT)}, check=False, timeout=30, start_new_session=True,
    )  # fmt: skip


def test_who_is_never_let_go_requests_nothing(server: RawServer, tmp_path: Path) -> None:
    done = run_alone(tmp_path, b"", server.url("/0"))
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == pickle.dumps(News(Tally()))
    assert server.heads == []


def test_a_racer_whose_listener_is_gone_ends_in_the_midst_of_it(
    server: RawServer, tmp_path: Path
) -> None:
    done = run_alone(tmp_path, b"!", server.url("/stall"))
    assert done.returncode == -signal.SIGKILL


def test_a_lifeline_is_held_until_its_other_end_is_closed() -> None:
    ended: list[Callable[[], None]] = []
    ours, its = os.pipe()
    os.write(its, b"any")
    os.close(its)
    racer.end_with(ours, lambda: ended.append(lambda: None))
    os.close(ours)
    assert len(ended) == 1


def test_what_is_printed_by_anybody_is_no_news() -> None:
    script = (
        "import os\n"
        "from getflags.bench.race.racer import _own_output\n"
        "output = _own_output()\n"
        "print('a warning of some library', flush=True)\n"
        "os.write(output, b'news')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=True, cwd=ROOT, env=ENVIRON
    )
    assert done.stdout == b"news"


def test_all_of_a_group_are_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "killpg", lambda group, number: ended.append((group, number)))
    racer._end_all()
    assert ended == [(os.getpgrp(), signal.SIGKILL)]
