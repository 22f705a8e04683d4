"""What the documents say is true: their blocks run, and what they name exists."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from getflags import Settings
from getflags import __all__ as public
from getflags.cli import COMMANDS
from getflags.cli.commands.cluster.options import ACTIONS
from servers.faults.kinds.registry import FAULTS
from tests.docs_kit import RUNNABLE, Page, blocks, commands, matches
from tests.kit import ENVIRON, ROOT, run_main

DOCS = ROOT / "docs"
README = ROOT / "README.md"
DOCUMENTS = [
    README,
    *(ROOT / f"{name}.md" for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY")),
    *sorted(path for path in DOCS.rglob("*.md") if "_build" not in path.parts),
]
TEXTS = {path: path.read_text(encoding="utf-8") for path in DOCUMENTS}
PAGES = [path for path in DOCUMENTS if any(each.language in RUNNABLE for each in blocks(path))]
#: What can stand in the documents besides the blocks that run.
QUIET = {"text", "toml", "json"}
#: Blocks that can't run here; each has its reason beside it.
SKIPPED = {
    "README.md": 2,  # make, pip
    "CONTRIBUTING.md": 1,  # make
    "docs/tutorial.md": 1,  # pip
    "docs/how-to/cluster.md": 15,  # pip, dask; `make test-cluster` runs eleven
    "docs/how-to/checksums.md": 2,  # hosts that don't exist
    "docs/how-to/credentials.md": 2,  # servers that ask for a certificate, and with a login
    "docs/how-to/json.md": 1,  # jq
}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("path", PAGES, ids=name)
def test_the_blocks_of_a_page_run_and_print_what_is_shown(path: Path, tmp_path: Path) -> None:
    with Page(tmp_path) as page:
        for block in blocks(path):
            page.run(block)


def test_few_blocks_are_skipped_and_each_says_why() -> None:
    skipped = {}
    for path in DOCUMENTS:
        reasons = [each.marks["skip"] for each in blocks(path) if "skip" in each.marks]
        assert all(len(reason) > len("can't run") for reason in reasons)
        if reasons:
            skipped[name(path)] = len(reasons)
    assert skipped == SKIPPED


def test_every_block_has_a_language_that_the_runner_knows() -> None:
    known = {"file", "output", "background", "run", "expect", "skip"}
    for path in DOCUMENTS:
        for block in blocks(path):
            directive = block.language.startswith("{")
            assert directive or block.language in RUNNABLE | QUIET, f"{path}:{block.line}"
            assert set(block.marks) <= known, f"{path}:{block.line}"
        assert TEXTS[path].count("\n```") == 2 * len(blocks(path)) - TEXTS[path].startswith("```")


def test_a_wrong_example_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    for text, message in {
        "```console\n$ getflags --version\ngetflags 99\n```": "getflags 0",
        "```console\n$ echo good\ngood\n$ false\n```": "exit code 1",
        "```python\nprint(1 / 0)\n```": "ZeroDivisionError",
        "```python\n\ndef test_it():\n    assert False\n```": "1 failed",
        "```python\nprint(1)\n```\n\n<!-- output -->\n```text\n2\n```": "1",
        "<!-- background -->\n```console\n$ getflags serve LOCAL\nDELAY ...\n```": "LOCAL",
    }.items():
        page.write_text(f"\n{text}\n", encoding="utf-8")
        folder = tmp_path / str(len(list(tmp_path.iterdir())))
        folder.mkdir()
        with Page(folder) as runner, pytest.raises(AssertionError) as caught:
            for block in blocks(page):
                runner.run(block)
        assert message in str(caught.value)


def test_ellipses_ports_and_the_shorter_command_are_understood(tmp_path: Path) -> None:
    assert matches("at localhost:8000 in ...s\n", "at localhost:5 in 0.1s")
    assert matches(
        "done", "getflags: port 8000 is in use by another run\ngetflags: 1 of 2 done\ndone"
    )
    assert not matches("at localhost:8000 in ...s\n", "at localhost:5 in 0.1 min")
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- run: echo 1\n  && echo 2 -->\n<!-- expect: 1 ... -->\n```console\n$ x\ny\n```\n"
    )
    (block,) = blocks(page)
    (command,) = commands(block)
    assert command == ("echo 1\n  && echo 2\n", "1 ...")
    page.write_text("```console\n$ echo \\\n> 2\n2\n```\n")
    assert commands(blocks(page)[0]) == [("echo \\\n2\n", "2\n")]


def test_the_readme_is_short() -> None:
    assert len(TEXTS[README].splitlines()) <= 160


def test_every_make_target_that_is_named_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for path, text in TEXTS.items():
        named = set(re.findall(r"`make ([a-z-]+)`|\$ make ([a-z-]+)", text))
        assert {word for pair in named for word in pair if word} <= targets, path
    environ = {key: value for key, value in ENVIRON.items() if not key.startswith("MAKE")}
    listed = subprocess.run(
        ["make"], cwd=ROOT, capture_output=True, text=True, check=True, env=environ
    ).stdout
    assert {line.split()[1] for line in listed.splitlines()} == targets - {"help"} | {"help"}


def test_every_option_that_is_named_exists(tmp_path: Path) -> None:
    words = [["--help-all"], *([command, "-h"] for command in COMMANDS)]
    words += [["cluster", action, "-h"] for action in ACTIONS]
    known = "".join(run_main(*each, cwd=tmp_path).stdout for each in words)
    others = {"--retry", "--nworkers", "--nthreads"}  # those of curl and dask
    for path, text in TEXTS.items():
        # The page about other programs names theirs, and has a test of its own.
        if "decisions" not in path.parts and path.name != "other-tools.md":
            for option in set(re.findall(r"(?<=[ `])--[a-z][a-z-]*", text)) - others:
                assert option in known, f"{path}: {option}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links_and_files_that_are_named_exist(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", TEXTS[path]):
        if "://" not in link:
            assert (path.parent / link).exists(), link
    for file in re.findall(
        r"`((?:getflags|servers|tests|docs|benchmarks|examples)/[\w/.-]+)`", TEXTS[path]
    ):
        assert (ROOT / file).exists() or file in {"docs/_build", "getflags/servers"}, file


def test_decisions_are_numbered_without_gaps() -> None:
    names = sorted(path.name for path in (DOCS / "decisions").glob("*.md"))
    assert [int(each[:4]) for each in names] == list(range(1, len(names) + 1))


def test_decisions_that_the_code_names_exist() -> None:
    for path in [ROOT / "pyproject.toml", *(ROOT / "getflags").rglob("*.py")]:
        for each in re.findall(r"docs/decisions/[\w-]+\.md", path.read_text(encoding="utf-8")):
            assert (ROOT / each).exists(), f"{path}: {each}"


def test_the_picture_shows_what_the_program_prints() -> None:
    picture = (DOCS / "run.svg").read_text(encoding="utf-8")
    for words in (
        "DELAY site: http://localhost:8001/flags",
        "from AD to ZW",
        "194/194",
        "194 flags",
    ):
        assert words in picture


def test_the_reference_has_every_public_name_and_every_setting() -> None:
    page = TEXTS[DOCS / "reference" / "api.md"]
    documented = re.findall(r"^\.\. auto\w+:: getflags\.(\w+)$", page, re.MULTILINE)
    assert sorted(documented) == sorted(public)
    assert ".. autoclass:: getflags.Settings\n   :members:\n" in page
    assert all(getattr(Settings, name).__doc__ for name in Settings._fields)


def test_the_reference_describes_every_fault() -> None:
    table = (
        TEXTS[DOCS / "reference" / "servers.md"].partition("## Faults")[2].partition("\nEach")[0]
    )
    described = re.findall(
        r"`([a-z-]+)`", " ".join(re.findall(r"^\| (.*?) \|", table, re.MULTILINE))
    )
    assert sorted(described) == sorted(["latency", *FAULTS])


def test_the_reference_has_a_page_for_every_command() -> None:
    pages = {path.stem for path in (DOCS / "reference" / "commands").glob("*.md")}
    assert pages == {"download", *COMMANDS}
