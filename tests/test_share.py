"""The manual page and the completions: up to date, understood by their readers, in the wheel."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from docs import make_share
from getflags import cli
from tests.kit import ENVIRON, files

PAGE = make_share.SHARE / "man" / "man1" / "getflags.1"
BASH = make_share.SHARE / "bash-completion" / "completions" / "getflags"
ZSH = make_share.SHARE / "zsh" / "site-functions" / "_getflags"
_ASK = """\
source {script}
COMP_WORDS=({words})
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_shtab_getflags
echo "${{COMPREPLY[*]}}"
"""


def run(*words: str, cwd: Path | None = None) -> str:
    """Run a program that has nothing to complain of; return its output."""
    done = subprocess.run(
        words, cwd=cwd, env={**ENVIRON, "LC_ALL": "C.UTF-8"}, capture_output=True, text=True,
        check=False, timeout=50,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def test_they_are_what_the_parsers_say() -> None:
    made = {name: text.encode() for name, text in make_share.files().items()}
    assert made == files(make_share.SHARE), "run `make share`"


def test_no_command_is_left_out() -> None:
    assert make_share.COMMANDS.keys() == cli.COMMANDS.keys()


def test_the_page_has_the_sections_that_readers_look_for() -> None:
    text = PAGE.read_text()
    found = re.findall(r"^\.SH ([A-Z ]+)$", text, re.MULTILINE)
    assert {"NAME", "SYNOPSIS", "DESCRIPTION", "TARGETS", "EXIT STATUS"} <= set(found)
    assert "default here" not in text


def test_no_text_of_the_page_is_taken_for_a_request() -> None:
    requests = re.findall(r"^[.'].*", PAGE.read_text(), re.MULTILINE)
    assert {each.split()[0] for each in requests} <= {
        ".TH", ".SH", ".SS", ".TP", ".B", ".RS", ".RE", ".br",
    }  # fmt: skip


@needs("mandoc")  # where man is not man-db, as on macOS
def test_mandoc_finds_no_error() -> None:
    run("mandoc", "-T", "lint", "-W", "error", str(PAGE))


@needs("mandb")  # the man of man-db, which takes a file
def test_man_shows_the_page() -> None:
    shown = run("man", "--warnings", "-l", str(PAGE))
    assert "--max-filesize SIZE" in shown
    assert "getflags tune [OPTION]... [TARGET]..." in shown


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["be"], "bench"),
        ([""], "bench cluster race report serve trial tune"),
        (["--max-t"], "--max-time"),
        (["bench", "--ro"], "--rounds"),
        (["serve", "--fau"], "--fault"),
        (["-m", "10", "--engine", "thr"], "threads"),
        (["--exists", ""], "overwrite skip refresh fail"),
        (["-i", "li"], "list.txt"),
        (["-d", ""], "folder"),
    ],
)
def test_bash_completes(words: list[str], completed: str, tmp_path: Path) -> None:
    (tmp_path / "list.txt").touch()
    (tmp_path / "folder").mkdir()
    script = _ASK.format(script=shlex.quote(str(BASH)), words=shlex.join(["getflags", *words]))
    assert run("bash", "-c", script, cwd=tmp_path) == f"{completed}\n"


@needs("zsh")
def test_zsh_reads_its_completions() -> None:
    run("zsh", "-n", str(ZSH))


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_the_wheel_has_them(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    shared = {name.partition("/data/share/")[2] for name in names if "/data/share/" in name}
    assert shared == files(make_share.SHARE).keys()


@pytest.mark.slow
@pytest.mark.timeout(200)
def test_an_installed_wheel_has_a_command_and_its_completion(installed: Path) -> None:
    prefix = installed.parent.parent
    assert run(str(prefix / "bin" / "getflags"), "--version").startswith("getflags ")
    found = prefix / "share" / "bash-completion" / "completions" / "getflags"
    shown = run("bash", "-c", f"source {shlex.quote(str(found))}; complete -p getflags")
    assert shown.endswith(" getflags\n")
    assert (prefix / "share" / "man" / "man1" / "getflags.1").read_bytes() == PAGE.read_bytes()
