"""Rules of the source that no linter checks. Which layer imports which stands in pyproject.toml."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit import ENVIRON, ROOT
from tests.rawserver import RawServer, ok

LONGEST_FUNCTION = 40  # lines
MOST_ENTRIES = {"getflags": 17}  # in a folder; 12 in all others
PACKAGES = ("getflags", "servers", "artwork")


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (ROOT / package).rglob("*.py")


def test_each_module_opens_with_a_docstring() -> None:
    without = [path for path in sources() if not ast.get_docstring(ast.parse(path.read_text()))]
    assert without == []


def test_no_function_is_longer_than_a_screen() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert found == []


def test_a_folder_listing_fits_in_one_look() -> None:
    listings: dict[str, set[str]] = {}
    for package in ("getflags", "servers"):
        for path in (ROOT / package).rglob("*.*"):
            if path.is_file() and "__pycache__" not in path.parts and "flags" not in path.parts:
                *folders, name = path.relative_to(ROOT).parts
                for depth in range(1, len(folders) + 1):
                    entries = listings.setdefault("/".join(folders[:depth]), set())
                    entries.add([*folders, name][depth])
    assert {
        folder: sorted(entries)
        for folder, entries in listings.items()
        if len(entries) > MOST_ENTRIES.get(folder, 12)
    } == {}


def test_a_short_run_over_http_loads_neither_openssl_nor_idna(tmp_path: Path) -> None:
    """They take 6 ms, and only checksums, TLS and host names that are not ASCII need them."""
    with RawServer({"/f": ok(b"fine")}) as server:
        script = (
            "import sys; from getflags.cli import main\n"
            f"code = main(['-q', '-d', {str(tmp_path)!r}, {server.url('/f')!r}])\n"
            "print(code, {'ssl', 'hashlib', '_hashlib', 'encodings.idna'} & set(sys.modules))"
        )
        command = [sys.executable, "-c", script]
        environ = {key: each for key, each in ENVIRON.items() if not key.startswith("COVERAGE_")}
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=ROOT, env=environ
        )
    assert done.stdout == "0 set()\n", done.stderr
    assert (tmp_path / "f").read_bytes() == b"fine"


def test_version_and_help_load_neither_httpx_nor_asyncio(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(ROOT)
    for option in ("--version", "-h"):
        script = (
            "import sys; from getflags.cli import main\n"
            "try:\n"
            f"    main(['{option}'])\n"
            "except SystemExit:\n"
            "    pass\n"
            "sys.exit(bool({'httpx', 'asyncio', 'tqdm', 'matplotlib'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
        assert done.returncode == 0, option
