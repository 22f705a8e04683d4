"""The file of results while it is written: whole lines, whatever happens."""

from __future__ import annotations

import errno
import os
import resource
import signal
from contextlib import closing
from pathlib import Path

import pytest

from getflags.bench.measure import logbook
from getflags.bench.measure.logbook import Logbook
from getflags.bench.measure.results import line, read
from getflags.core.errors import GetflagsError, UsageError
from tests.bench_rows import result


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "r.jsonl"


def test_results_are_in_the_file_at_once_and_stay(path: Path) -> None:
    with closing(Logbook(path)) as book:
        for number in range(3):
            book.add(result(round=number))
            assert [each.round for each in read(path)] == list(range(number + 1))
    with closing(Logbook(path)) as book:
        assert [each.round for each in book.results] == [0, 1, 2]
        book.add(result(round=3))
        assert len(book.results) == 4
    assert [each.round for each in read(path)] == [0, 1, 2, 3]


@pytest.mark.parametrize("end", [1, 25, 300, -1])
def test_a_torn_line_is_cut_off_before_anything_is_written(path: Path, end: int) -> None:
    whole = line(result(round=1))
    path.write_bytes(whole + line(result(round=2))[:end])
    with closing(Logbook(path)) as book:
        assert path.read_bytes() == whole
        book.add(result(round=5))
    assert [each.round for each in read(path)] == [1, 5]


@pytest.mark.parametrize("text", [b"Dear diary", b"Dear diary\n", b'{"version": 2}\n'])
def test_what_is_somebody_elses_is_refused_and_left_as_it_is(path: Path, text: bytes) -> None:
    path.write_bytes(text)
    with pytest.raises(UsageError):
        Logbook(path)
    assert path.read_bytes() == text


def test_two_benches_do_not_write_at_a_time(path: Path) -> None:
    with (
        closing(Logbook(path)),
        pytest.raises(
            UsageError, match=r"another bench is writing to '.*r.jsonl'; wait until it has finished"
        ),
    ):
        Logbook(path)
    Logbook(path).close()


def test_a_file_system_without_locks_will_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(logbook, "flock", none)
    with closing(Logbook(path)) as book:
        book.add(result())
    assert len(read(path)) == 1


def test_a_folder_a_pipe_and_a_bad_name_are_sentences(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot write '.*': Is a directory"):
        Logbook(tmp_path)
    with pytest.raises(UsageError, match=r"cannot write '.*': No such file or directory"):
        Logbook(tmp_path / "none" / "r.jsonl")
    with pytest.raises(UsageError, match=r"cannot write '.*': not a valid file name"):
        Logbook(tmp_path / "a\0b")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match=r"cannot write '.*pipe': not a regular file"):
        Logbook(tmp_path / "pipe")


def test_a_device_takes_all_and_tells_nothing() -> None:
    with closing(Logbook(Path(os.devnull))) as book, closing(Logbook(Path(os.devnull))):
        book.add(result())
        assert len(book.results) == 1


def test_a_full_disk_is_a_sentence_and_leaves_whole_lines(path: Path) -> None:
    """As for a file that may not grow beyond a limit: a part of the line fits."""
    with closing(Logbook(path)) as book:
        book.add(result(round=1))
        before = path.read_bytes()
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        try:
            for room, reason in ((50, "no space left for a whole line"), (0, "File too large")):
                resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + room, limit[1]))
                with pytest.raises(GetflagsError, match=f"cannot write '.*r.jsonl': {reason}"):
                    book.add(result(round=2))
                assert path.read_bytes() == before
                assert len(book.results) == 1
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
            signal.signal(signal.SIGXFSZ, handler)
        book.add(result(round=2))
    assert len(read(path)) == 2


def test_a_disk_that_is_full_from_the_start_is_a_sentence() -> None:
    with (
        closing(Logbook(Path("/dev/full"))) as book,
        pytest.raises(GetflagsError, match=r"cannot write '/dev/full': No space left on device"),
    ):
        book.add(result())
