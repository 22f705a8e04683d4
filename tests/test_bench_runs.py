"""Jobs are carried out in processes of their own, and those are gone afterwards."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from getflags.bench.measure import runs
from getflags.bench.measure.runs import run_job
from getflags.core.errors import GetflagsError
from tests.rawserver import Answer, RawServer, ok, stall_after
from tests.test_bench_child import job
from tests.test_processes import children


def test_figures_come_back_from_a_process_that_is_gone() -> None:
    with RawServer({"/f": ok(b"body")}) as server:
        figures = run_job(job([server.url("/f")] * 3))
    assert (figures["arrived"], figures["bytes"]) == (3, 12)
    assert children() == []


def test_a_large_list_goes_through() -> None:
    """Larger than any pipe."""
    urls = [f"http://127.0.0.1:1/{'x' * 100}{number}" for number in range(5_000)]
    figures = run_job(job(urls, files=9))
    assert (figures["files"], figures["arrived"]) == (9, 0)


def test_what_cannot_work_is_raised() -> None:
    with pytest.raises(GetflagsError, match=r"^unknown client 'telnet'; choose from"):
        run_job(job(["http://127.0.0.1:1/"], client="telnet"))


def test_a_process_that_dies_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "_MODULE", "getflags.bench.no_such_room")
    with pytest.raises(
        GetflagsError, match=r"the measuring process exited without a result \(exit code 1\)"
    ):
        run_job(job([f"http://127.0.0.1:1/{'x' * 100}{number}" for number in range(5_000)]))
    assert children() == []


def test_an_interruption_takes_the_process_along() -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def alarm(*_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.001)

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        answers: dict[str, Answer] = {"/stall": stall_after(b"HTTP/1.1 200 OK"), "/alarm": alarm}
        with RawServer(answers) as server, pytest.raises(KeyboardInterrupt):
            run_job(job([server.url("/stall"), server.url("/alarm")]))
    finally:
        signal.signal(signal.SIGALRM, before)
    assert children() == []


def test_a_process_that_lingers_after_its_last_word_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "lingering.py").write_text(
        "import os\nprint('{}', flush=True)\nwhile os.read(0, 999): pass\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(runs, "_MODULE", "lingering")
    monkeypatch.setattr(runs, "_EXIT_TIMEOUT", 0.1)
    assert run_job(job(["BR"])) == {}
    assert children() == []
