"""Our own interpreter, for running a module of ours as another process.

Only how such a process finds our modules, wherever its parent had them from, and never takes a
file that happens to lie where the user stands for one of them.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

_ROOT = Path(__file__).parent.parent


def command(module: str, *words: str) -> list[str]:
    """Return the command line that runs a module of ours."""
    return [sys.executable, "-P", "-m", module, *words]


def environment() -> dict[str, str]:
    """Return the environment for it: ours, and where our modules are."""
    path = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{_ROOT}{os.pathsep}{path}" if path else str(_ROOT)}
