"""mypy and pyright, both strict, on a user's script: what they accept, and what they refuse."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import getflags
from tests.kit import ENVIRON

USER = Path(__file__).with_name("user.py").read_text(encoding="utf-8")
#: The Any of every ``async def``: what may be sent into a coroutine, and what it yields.
COROUTINE = re.compile(r"Coroutine(?:Type)?\[Any, Any, ")
CHECKERS = {
    "mypy": ["mypy", "--strict", "--config-file=", "--python-executable"],
    "pyright": ["basedpyright", "--pythonpath"],
}
#: pyright is large, so it is installed and asked in `make test-all` only.
EITHER = ["mypy", pytest.param("pyright", marks=pytest.mark.slow)]


def public() -> Iterator[str]:
    """Yield lines of a script that reveals each public name, and each attribute of a class."""
    yield "import getflags"
    for number, name in enumerate(getflags.__all__):
        yield f"reveal_type(getflags.{name})"
        value = getattr(getflags, name)
        if not isinstance(value, type) or value is getflags.Settings:
            continue
        yield f"def reveal_{number}(value: getflags.{name}) -> None:"
        yield f"    reveal_type(value)  # {name}"
        found = dict(vars(value))
        if value is getflags.Report:  # which sets its attributes when it is made
            found |= vars(value())
        yield from (f"    reveal_type(value.{each})" for each in found if not each.startswith("_"))


SCRIPTS = {
    "user": USER,
    "misspelt": USER.replace('engine="threads", retries=0', 'engine="threads", retires=0'),
    "mistyped": USER.replace('engine="threads", retries=0', 'engine="threads", retries="0"'),
    "public": "\n".join(public()),
}


def findings(checker: str, python: Path, folder: Path) -> dict[str, list[str]]:
    """Check all scripts at once as a user of that interpreter would; return lines by script."""
    (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}')
    for name, script in SCRIPTS.items():
        (folder / f"{name}.py").write_text(script, encoding="utf-8")
    program, *words = CHECKERS[checker]
    done = subprocess.run(
        [Path(sys.executable).with_name(program), *words, python, *(f"{n}.py" for n in SCRIPTS)],
        cwd=folder, env=ENVIRON, capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr  # two of them are wrong
    found: dict[str, list[str]] = {name: [] for name in SCRIPTS}
    for name, line in re.findall(r"(\w+)\.py:\d+.*? ((?:error|note|information): .*)", done.stdout):
        found[name].append(line)
    return found


def verify(found: dict[str, list[str]]) -> None:
    """Raise AssertionError unless the types are as promised."""
    assert found["user"] == []
    for name, word in (("misspelt", "retires"), ("mistyped", "retries")):
        assert any(line.startswith("error") and f'"{word}"' in line for line in found[name]), name
    revealed = [COROUTINE.sub("", line) for line in found["public"]]
    assert len(revealed) == SCRIPTS["public"].count("reveal_type(")
    for line in revealed:
        assert not re.search(r"^error|\bAny\b|\bUnknown\b", line)


@pytest.mark.parametrize("checker", EITHER)
def test_a_users_types_are_known(checker: str, tmp_path: Path) -> None:
    verify(findings(checker, Path(sys.executable), tmp_path))


@pytest.mark.slow
@pytest.mark.timeout(200)
@pytest.mark.parametrize("checker", CHECKERS)
def test_they_are_known_from_the_wheel_too(checker: str, installed: Path, tmp_path: Path) -> None:
    verify(findings(checker, installed, tmp_path))
