"""A runner for the code blocks of the documentation: finds them, runs them, compares their output.

A block is a fenced code block in Markdown. HTML comments right above it, which readers don't see,
say how it is run:

``<!-- file: NAME -->``     the block is the content of this file
``<!-- output -->``         the block is what the Python block above prints
``<!-- background -->``     the command is a server; it runs until the page ends, on free ports
``<!-- run: COMMAND -->``   run this shorter command in place of the one that is shown
``<!-- expect: TEXT -->``   compare the output with this, because the shorter command prints less
``<!-- skip: REASON -->``   the block can't run here

In expected output ``...`` stands for any text. Ports on this machine and times are not compared.
"""

from __future__ import annotations

import doctest
import re
import signal
import stat
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple, Self

from tests.kit import ENVIRON, ROOT

RUNNABLE = {"console", "python"}
PATIENCE = 50  # seconds for one block
_BLOCK = re.compile(
    r"^(?P<marks>(?:<!--(?:(?!-->).)*-->\n)*)```(?P<language>\S*)[^\n]*\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_MARK = re.compile(r"<!--\s*(\w+):?\s*(.*?)\s*-->\n", re.DOTALL)
_PORT = re.compile(r"(localhost|127\.0\.0\.1):(\d+)")
_TIME = re.compile(r'(Elapsed time: |"seconds": |B in )[\d.]+( s \([\d.]+ \w+/s\))?')
#: What getflags reports on a busy machine: a bundled server's port is taken, or a run takes long.
_BUSY = re.compile(
    r"^getflags: (port \d+ (is in use|was taken)|[\d,]+ of [\d,]+ (runs )?done).*\n", re.MULTILINE
)
_END = "\x1e"  # ASCII's record separator, between a command's output and its exit code


class Block(NamedTuple):
    """A code block: where it begins, its language, its text and the comments above it."""

    line: int
    language: str
    text: str
    marks: dict[str, str]


class Command(NamedTuple):
    """A shell command of a console block and the output that is shown below it."""

    words: str
    shown: str


def blocks(page: Path) -> list[Block]:
    """Return the code blocks of a page."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            text.count("\n", 0, found.start("text")),
            found["language"],
            found["text"],
            dict(_MARK.findall(found["marks"])),
        )
        for found in _BLOCK.finditer(text)
    ]


def commands(block: Block) -> list[Command]:
    """Split a console block at its prompts; lines that begin with ``> `` continue a command."""
    found: list[Command] = []
    for line in block.text.splitlines(keepends=True):
        if line.startswith("$ "):
            found.append(Command(line[2:], ""))
        elif line.startswith("> ") and not found[-1].shown:
            found[-1] = Command(found[-1].words + line[2:], "")
        else:
            found[-1] = Command(found[-1].words, found[-1].shown + line)
    if "run" in block.marks:
        (command,) = found
        found = [Command(block.marks["run"] + "\n", block.marks.get("expect", command.shown))]
    return found


def matches(shown: str, printed: str) -> bool:
    """Whether the output is the one that is shown, but for ellipses, ports and space."""
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    want, got = (
        _TIME.sub(r"\1TIME", _PORT.sub(r"\1:PORT", text.strip() + "\n"))
        for text in (shown, _BUSY.sub("", printed))
    )
    return doctest.OutputChecker().check_output(want, got, flags)


class Page:
    """The place where the blocks of one page run, in order: a folder, and servers on free ports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "page"
        self.folder.mkdir()
        self._bin = folder / "bin"
        self._bin.mkdir()
        self._ports: dict[str, str] = {}
        self._stack = ExitStack()
        self._shown = ""
        for name, words in {"getflags": "-m getflags", "python": ""}.items():
            program = self._bin / name
            program.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
            program.chmod(program.stat().st_mode | stat.S_IXUSR)
        # The examples are shown, not measured: the tests of the code are, which need no examples.
        plain = {key: value for key, value in ENVIRON.items() if not key.startswith("COVERAGE_")}
        self._environ = {
            **plain, "PATH": f"{self._bin}:{ENVIRON['PATH']}", "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1", "HOME": str(folder),
        }  # fmt: skip

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def run(self, block: Block) -> None:
        """Do with a block what its language and its marks say. Raises AssertionError."""
        if "skip" in block.marks:
            return
        if "file" in block.marks:
            path = self.folder / block.marks["file"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(self._here(block.text), encoding="utf-8")
        elif "output" in block.marks:
            assert matches(block.text, self._shown), self._shown
        elif "background" in block.marks:
            self._background(block)
        elif block.language == "console":
            self._console(block)
        elif block.language == "python":
            self._python(block)

    def _here(self, text: str) -> str:
        """Replace the ports that the page shows by those on which its servers listen."""
        return _PORT.sub(lambda found: f"{found[1]}:{self._ports.get(found[2], found[2])}", text)

    def _console(self, block: Block) -> None:
        todo = commands(block)
        script = "".join(
            f"{self._here(each.words)}__code=$?; printf '{_END}%s{_END}' $__code; (exit $__code)\n"
            for each in todo
        )
        printed = self._finish(["bash", "-c", script], stderr=subprocess.STDOUT).stdout
        parts = printed.split(_END)
        outputs, codes = parts[:-1:2], parts[1::2]
        assert len(codes) == len(todo), printed
        asked = [each.words.strip() == "echo $?" for each in todo[1:]] + [False]
        for each, output, code, follows in zip(todo, outputs, codes, asked, strict=True):
            assert matches(each.shown, output), f"{each.words}{output}"
            assert code == "0" or follows, f"{each.words}exit code {code}: {output}"

    def _background(self, block: Block) -> None:
        (command,) = commands(block)
        words = f"exec {command.words.strip()} --port 0"
        server = self._stack.enter_context(
            subprocess.Popen(
                ["bash", "-c", words],
                cwd=self.folder,
                env=self._environ,
                stdout=subprocess.PIPE,
                text=True,
            )
        )
        self._stack.callback(server.send_signal, signal.SIGINT)
        assert server.stdout is not None
        lines = [server.stdout.readline() for _ in command.shown.splitlines()]
        assert matches(command.shown, "".join(lines)), lines
        for shown, real in zip(command.shown.splitlines(), lines, strict=True):
            self._ports[_PORT.findall(shown)[0][1]] = _PORT.findall(real)[0][1]

    def _python(self, block: Block) -> None:
        path = self.folder / "test_block.py"  # a name that pytest would take, too
        path.write_text(self._here(block.text), encoding="utf-8")
        tests = block.text.count("\ndef test_")
        words = ["-m", "pytest", "-W", "error", "-p", "no:cacheprovider"] if tests else []
        done = self._finish([sys.executable, *words, str(path)], stderr=subprocess.PIPE)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
        assert not tests or f" {tests} passed" in done.stdout, done.stdout
        self._shown = done.stdout

    def _finish(self, words: list[str], stderr: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=self.folder, env=self._environ, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=stderr, text=True, timeout=PATIENCE, check=False,
        )  # fmt: skip
