"""Which clients tell the truth: ``python -m benchmarks.trial`` makes the page docs/trial.md.

Each client that is installed is tried with the standard faults of ``getflags trial``. Clients that
are not are named below the table. The table is replaced, and the text of the page stays.
"""

from __future__ import annotations

import importlib.util
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.clients import find
from benchmarks.peers import package, program
from getflags.testing import TrialResult, trial
from getflags.testing.trials.faults import STANDARD

PAGE = Path(__file__).parent.parent / "docs" / "trial.md"
EXAMPLES = Path(__file__).parent.parent / "examples" / "trial"
PACKAGES = ("getflags", "httpx", "requests", "aiohttp")
MARK = "<!-- made by make trial -->\n"

#: The clients: the command of each, and the package that it needs besides its program.
CLIENTS: Mapping[str, tuple[Sequence[str], str]] = {
    "getflags": ((sys.executable, "-m", "getflags", "-q", "-i", "{list}", "-d", "{dir}"), ""),
    "curl": (("curl", "-sSfLO", "--retry", "3", "{url}"), ""),
    "wget": (("wget", "-q", "-i", "{list}"), ""),
    "wget2": (("wget2", "-q", "-i", "{list}"), ""),
    "aria2c": (("aria2c", "-q", "-i", "{list}"), ""),
    "httpx": ((sys.executable, str(EXAMPLES / "httpx_get.py"), "{list}"), "httpx"),
    "requests": ((sys.executable, str(EXAMPLES / "requests_get.py"), "{list}"), "requests"),
    "aiohttp": ((sys.executable, str(EXAMPLES / "aiohttp_get.py"), "{list}"), "aiohttp"),
}


def is_there(command: Sequence[str], package: str) -> bool:
    """Return whether the program and the package of a client are installed."""
    there = not package or importlib.util.find_spec(package) is not None
    return there and find(command[0]) is not None


def versions() -> list[str]:
    """Return the version of each client that is installed, as far as it is known."""
    packages = [f"{name} {package(name)}" for name in PACKAGES if package(name)]
    lines = [program(find(name)) for name in CLIENTS if name not in PACKAGES and find(name)]
    return packages + [
        found[0] for line in lines if (found := re.match(r"[\w ]+? \d[\d.]*\d", line))
    ]


def table(results: Mapping[str, TrialResult], missing: Sequence[str]) -> str:
    """Return the results as Markdown: a column for each client, a row for each fault."""
    lines = [f"| {' | '.join(['fault', *results])} |", f"|{' --- |' * (len(results) + 1)}"]
    for name in STANDARD:
        cells = [
            f"{each.right} right" if each.told_the_truth else f"**no:** {each.reason}"
            for result in results.values()
            for each in result.faults
            if each.fault == name
        ]
        lines.append(f"| {' | '.join([f'`{name}`', *cells])} |")
    left_out = f" Not installed and left out: {', '.join(missing)}." if missing else ""
    day = datetime.now(UTC).date()
    return "\n".join([f"{day}, {platform.system()} {platform.machine()}.{left_out}", "", *lines])


def main() -> None:
    """Try all clients and replace the table of the page."""
    there = {name: command for name, (command, need) in CLIENTS.items() if is_there(command, need)}
    results = {}
    for name, command in there.items():
        print(name, flush=True)
        results[name] = trial(
            command, report=lambda each: print(f"  {each.fault}: {each.reason or 'yes'}")
        )
    made = f"{'; '.join(versions())}.\n\n"
    made += table(results, [name for name in CLIENTS if name not in there])
    text = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
    PAGE.write_text(f"{text}{MARK}\n{made}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
