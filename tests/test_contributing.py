"""What contributors are given: hooks that run anywhere, and a workflow for each Python."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.kit import ENVIRON, ROOT

HOOKS = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
WORKFLOW = (ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def test_hooks_are_valid_and_reach_no_host(tmp_path: Path) -> None:
    assert re.findall(r"^ *- repo: (.*)$", HOOKS, re.MULTILINE) == ["local"]
    subprocess.run(
        [BIN / "pre-commit", "validate-config", ROOT / ".pre-commit-config.yaml"],
        env={**ENVIRON, "PRE_COMMIT_HOME": str(tmp_path)}, check=True, timeout=50,
    )  # fmt: skip


def test_hooks_use_the_tools_of_the_environment() -> None:
    entries = [entry.split() for entry in re.findall(r"^ *entry: (.*)$", HOOKS, re.MULTILINE)]
    assert len(entries) == HOOKS.count("language: system")
    for program, *_ in entries:
        assert program == "make" or (BIN / program.removeprefix(".venv/bin/")).exists(), program


def test_the_workflow_begins_with_the_oldest_python() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (listed,) = re.findall(r"python: \[(.*)\]", WORKFLOW)
    versions = re.findall(r'"(3\.\d+)"', listed)
    assert f">={versions[0]}" == project["requires-python"]
    for classifier in project["classifiers"]:
        if match := re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", classifier):
            assert match[1] in versions
