"""What several test files share: running the command line, and looking at folders."""

from __future__ import annotations

import os
import subprocess
import sys
import unicodedata
from pathlib import Path

ROOT = Path(__file__).parent.parent
#: An environment in which no proxy stands between a test and its server.
ENVIRON = {
    key: value
    for key, value in os.environ.items()
    if not key.lower().endswith("_proxy") and key not in {"NO_COLOR", "PYTHONWARNINGS"}
}


def command(*words: str) -> list[str]:
    """Return the command line that runs getflags as a program."""
    return [sys.executable, "-m", "getflags", *words]


def getflags(
    *words: str, cwd: Path, stdin: str = "", environ: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run getflags to its end; whatever happens, its output is clean text."""
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
    assert "Traceback" not in done.stderr, done.stderr
    assert not set(done.stdout + done.stderr) & set(map(chr, [*range(9), *range(11, 32), 127]))
    return done


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


def descriptors() -> int:
    """Count the descriptors that this process has open."""
    return len(list(Path("/dev/fd").iterdir()))
