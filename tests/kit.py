"""What several test files share: running the command line, and looking at folders.

`run_main` runs a command in the test's own process, which takes a tenth of the time that a process
of its own takes (`getflags`). A test needs the process where signals, terminals, file descriptors,
standard input, imports or the memory of the program are its subject.
"""

from __future__ import annotations

import io
import os
import random
import socket
import subprocess
import sys
import tempfile
import unicodedata
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path

import pytest

from getflags.cli import main

ROOT = Path(__file__).parent.parent
# No test depends on the configuration of the person who runs it. Other programs, such as the
# browser, may write into the folder.
os.environ["XDG_CONFIG_HOME"] = f"{tempfile.gettempdir()}/getflags-tests-configuration"
#: An environment in which no proxy stands between a test and its server.
ENVIRON = {
    key: value
    for key, value in os.environ.items()
    if not key.lower().endswith("_proxy")
    and not key.startswith("GETFLAGS_")
    and key not in {"NO_COLOR", "PYTHONWARNINGS"}
}


def command(*words: str) -> list[str]:
    """Return the command line that runs getflags as a program."""
    return [sys.executable, "-m", "getflags", *words]


def getflags(
    *words: str, cwd: Path, stdin: str = "", environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run getflags in a process of its own to its end; its output is clean text."""
    done = subprocess.run(
        command(*words),
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=50,
        env={**ENVIRON, "PYTHONPATH": str(ROOT), **(environ or {})},
        check=False,
    )
    _check_output(done)
    return done


def run_main(
    *words: str, cwd: Path, environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run getflags in this process to its end; its output is clean text."""
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(cwd)
        for name in set(os.environ) - set(ENVIRON):
            patch.delenv(name)
        for name, value in (environ or {}).items():
            patch.setenv(name, value)
        patch.setattr(tempfile, "tempdir", None)  # TMPDIR is looked up again
        try:
            code = main(words)
        except SystemExit as stop:  # after --help
            code = int(stop.code or 0)
    done = subprocess.CompletedProcess(list(words), code, out.getvalue(), err.getvalue())
    _check_output(done)
    return done


def _check_output(done: subprocess.CompletedProcess[str]) -> None:
    assert "Traceback" not in done.stderr, done.stderr
    assert not set(done.stdout + done.stderr) & set(map(chr, [*range(9), *range(11, 32), 127]))


def files(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, hidden ones too, by relative name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def harmless(text: str) -> bool:
    """Whether text drives no terminal, stays on one line, and can be encoded."""
    return not any(unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} for each in text)


def free_port() -> int:
    """Return a port that is free, and below those which the system gives to other tests."""
    while True:
        port = random.randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def descriptors() -> int:
    """Count the descriptors that this process has open."""
    return len(list(Path("/dev/fd").iterdir()))
