"""The logger ``getflags``: what it tells, what it keeps to itself, and who loads ``logging``."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import getflags
from getflags.core.events import Adjusted, Event, Progressed, Retrying, Slowed
from getflags.core.models import Target
from getflags.output import event_log
from tests.kit import ENVIRON, ROOT, harmless
from tests.rawserver import RawServer, ok

TARGET = Target(0, "word", "a label", "http://user:secret@127.0.0.1/f", "d", "f")


@pytest.fixture
def server() -> Iterator[RawServer]:
    broken = ok(b"", status="500 Internal Server Error")
    with RawServer({"/f": ok(b"abc"), "/broken": broken}) as running:
        yield running


def told(caplog: pytest.LogCaptureFixture) -> set[tuple[str, str]]:
    found = [record for record in caplog.records if record.name == "getflags"]
    return {(record.levelname, record.getMessage()) for record in found}


def test_starts_and_ends_are_told(
    server: RawServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "getflags")
    whole, broken, missing = urls = [server.url(path) for path in ("/f", "/broken", "/none")]
    getflags.download(urls, dir=tmp_path, retries=0)
    getflags.download([whole], dir=tmp_path, exists="skip")
    assert told(caplog) == {
        *(("DEBUG", f"{url}: started") for url in urls),
        ("DEBUG", f"{whole}: ok (complete)"),
        ("DEBUG", f"{whole}: present (already exists)"),
        ("INFO", f"{broken}: failed (500 Internal Server Error)"),
        ("INFO", f"{missing}: not found (404 Not Found)"),
    }


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (Slowed("http://h:80", 2.5), "http://h:80: 2.5 requests a second at most"),
        (Retrying(TARGET, 1.25, "cut\x1b short"), "a label: retrying in 1.2 s: cut\\x1b short"),
        (Adjusted("http://h:80", 32, "more"), "http://h:80: 32 at a time: more"),
        (Progressed(TARGET, 1, 2), None),
    ],
)
def test_what_happens_between_is_told(
    event: Event, text: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "getflags")
    read = event_log.handler()
    assert read is not None
    read(event)
    assert told(caplog) == ({("INFO", text)} if text else set())


def test_no_secret_and_no_control_character_is_told(
    server: RawServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "getflags")
    urls = [f"http://user:secret@127.0.0.1:{server.port}{path}" for path in ("/f", "/none")]
    getflags.download([*urls, "http://user:secret@\x1b[7m/"], dir=tmp_path, retries=0)
    assert len(told(caplog)) == 6
    for record in caplog.records:
        assert "secret" not in str(vars(record))
        assert harmless(record.getMessage())


def test_nothing_is_printed_unless_the_program_asks(tmp_path: Path) -> None:
    script = (
        "import logging, getflags\n"
        "for _ in range(2):\n"
        "    getflags.download(['http://127.0.0.1:1/f'], retries=0, engine='threads')\n"
        "(only,) = logging.getLogger('getflags').handlers\n"
        "assert isinstance(only, logging.NullHandler)\n"
        "logging.getLogger('getflags').error('it would print this')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={**ENVIRON, "PYTHONPATH": str(ROOT)},
        capture_output=True, check=True, timeout=50,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (b"", b"")


def test_logging_that_is_not_loaded_stays_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "logging")
    assert event_log.handler() is None
    assert "logging" not in sys.modules


@pytest.mark.parametrize("client", ["curl", "httpx"])
@pytest.mark.parametrize("engine", ["sequential", "asyncio"])
def test_a_run_does_not_load_logging_by_our_doing(
    server: RawServer, tmp_path: Path, engine: str, client: str
) -> None:
    """The packages asyncio and httpx load it themselves; the first to do so must be theirs."""
    script = (
        "import builtins, sys\n"
        "who = []\n"
        "load = builtins.__import__\n"
        "def watched(name, *words, **named):\n"
        "    if name.partition('.')[0] == 'logging':\n"
        "        who.append(sys._getframe(1).f_globals['__name__'])\n"
        "    return load(name, *words, **named)\n"
        "builtins.__import__ = watched\n"
        "import getflags\n"
        f"url, engine, client = {server.url('/f')!r}, {engine!r}, {client!r}\n"
        "report = getflags.download([url], engine=engine, client=client)\n"
        "assert report.arrived == 1\n"
        "print(who[0] if who else None)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env={**ENVIRON, "PYTHONPATH": str(ROOT)},
        capture_output=True, check=True, timeout=50, text=True,
    )  # fmt: skip
    assert not done.stdout.startswith("getflags")


def test_a_program_that_wants_no_records_pays_for_no_text(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "getflags")
    read = event_log.handler()
    assert read is not None
    monkeypatch.delattr(event_log, "brief")
    read(Retrying(TARGET, 1, "cut"))
    assert told(caplog) == set()
