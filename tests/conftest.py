"""What holds for all tests: Ctrl-C works, also where a shell has started us in the background."""

from __future__ import annotations

import signal
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.kit import ENVIRON, ROOT

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # inherited, and children would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel as a user's pip would; return its path."""
    folder = tmp_path_factory.mktemp("wheel")
    words = ["--quiet", "--disable-pip-version-check", "--no-deps", "--wheel-dir", str(folder)]
    build = [sys.executable, "-m", "pip", "wheel", *words, str(ROOT)]
    subprocess.run(build, env=ENVIRON, check=True, timeout=100)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment that holds the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("venv")
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, wheel], env=ENVIRON, check=True, timeout=100)
    return python
