"""The wheel, as it is built: what an installation gets."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

import getflags
from getflags.__main__ import main as program
from tests.kit import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ZipFile]:
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", folder],
        cwd=ROOT, check=True, capture_output=True, timeout=50,
    )  # fmt: skip
    (built,) = folder.glob("*.whl")
    with ZipFile(built) as opened:
        yield opened


def test_the_wheel_says_that_it_is_typed(wheel: ZipFile) -> None:
    """Without this file, type checkers ignore all of our annotations (PEP 561)."""
    assert "getflags/py.typed" in wheel.namelist()


def test_the_wheel_claims_one_name_and_holds_every_module(wheel: ZipFile) -> None:
    names = wheel.namelist()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"getflags"}
    for source, place in (("getflags", "getflags"), ("servers", "getflags/servers")):
        for path in (ROOT / source).rglob("*.py"):
            assert str(Path(place) / path.relative_to(ROOT / source)) in names


def test_windows_is_told_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("sys.platform", "win32")
        code = program()
        with pytest.raises(ImportError, match=r"^getflags runs on Linux and macOS; on Windows"):
            getflags.download  # noqa: B018
    assert (code, *capsys.readouterr()) == (
        2, "", "getflags runs on Linux and macOS; on Windows it needs WSL\n"
    )  # fmt: skip


def test_no_code_is_for_windows() -> None:
    """But what says that getflags does not run there."""
    asks = re.compile(r"win32|os\.name|not on Windows|hasattr\((os, .register|signal)")
    found = {
        str(path.relative_to(ROOT))
        for folder in ("getflags", "servers")
        for path in (ROOT / folder).rglob("*.py")
        if asks.search(path.read_text())
    }
    assert found == {"getflags/__init__.py", "getflags/__main__.py"}
