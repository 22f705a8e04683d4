"""What the documents say is true: examples run, commands and links exist, options are real."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from getflags.cli import COMMANDS
from tests.kit import ENVIRON, ROOT, run_main

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")]


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_readmes_examples_run(number: int, tmp_path: Path) -> None:
    words = ["-c", EXAMPLES[number]]
    if "def test_" in EXAMPLES[number]:
        (tmp_path / "test_example.py").write_text(EXAMPLES[number], encoding="utf-8")
        words = ["-m", "pytest", "-W", "error", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, *words], cwd=tmp_path, timeout=50,
        env={**ENVIRON, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.returncode == 0, done.stdout
    assert done.stdout
    if "getflags.download" in EXAMPLES[number]:
        assert done.stdout.startswith("2 files, ")
        assert "BR ok" in done.stdout
    if "def test_" in EXAMPLES[number]:
        assert f" {EXAMPLES[number].count('def test_')} passed" in done.stdout


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`|\$ make ([a-z-]+)", README))
    assert {word for pair in named for word in pair if word} <= targets
    environ = {key: value for key, value in ENVIRON.items() if not key.startswith("MAKE")}
    listed = subprocess.run(
        ["make"], cwd=ROOT, capture_output=True, text=True, check=True, env=environ
    ).stdout
    assert {line.split()[1] for line in listed.splitlines()} == targets - {"help"} | {"help"}


def test_every_option_that_is_named_exists(tmp_path: Path) -> None:
    commands: list[list[str]] = [[], *([name] for name in COMMANDS)]
    text = "".join(run_main(*words, "-h", cwd=tmp_path).stdout for words in commands)
    shell = "\n".join(re.findall(r"```console\n(.*?)```", README, re.DOTALL))
    for option in set(re.findall(r"(?<=[ `])--[a-z-]+", shell + README)):
        assert option in text, option


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_files_that_are_named_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in link:
            assert (document.parent / link).exists(), link
    for name in re.findall(r"`((?:getflags|servers|tests|docs)/[\w/.]+)`", text):
        assert (ROOT / name).exists() or name == "getflags/servers", name


def test_decisions_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (ROOT / "docs" / "decisions").glob("*.md"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))


def test_decisions_that_the_code_names_exist() -> None:
    for path in [ROOT / "pyproject.toml", *(ROOT / "getflags").rglob("*.py")]:
        for name in re.findall(r"docs/decisions/[\w-]+\.md", path.read_text(encoding="utf-8")):
            assert (ROOT / name).exists(), f"{path}: {name}"


def test_the_picture_shows_what_the_program_prints() -> None:
    picture = (ROOT / "docs" / "run.svg").read_text(encoding="utf-8")
    for words in (
        "DELAY site: http://localhost:8001/flags",
        "from AD to ZW",
        "194/194",
        "194 flags",
    ):
        assert words in picture
