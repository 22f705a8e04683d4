"""File systems with other manners: names, dates and permissions (J7, J8)."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from getflags.storage.directories import Comparison, NameKeys, compare
from tests.hazards import Way, everywhere
from tests.kit import ENVIRON, ROOT, command
from tests.rawserver import RawServer, ok

COMPILER = shutil.which("cc")
LAST_MODIFIED = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT"
ACCENTED = "/caf%C3%A9", "/cafe%CC%81"  # the same word in composed and decomposed form


@pytest.fixture(scope="session")
def shim(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment in which a program finds such a file system."""
    if COMPILER is None or sys.platform != "linux":
        pytest.skip("a library to be preloaded needs Linux and a C compiler")
    library = tmp_path_factory.mktemp("shim") / "shim.so"
    words = [
        COMPILER,
        "-shared",
        "-fPIC",
        "-o",
        str(library),
        str(ROOT / "tests" / "shim.c"),
        "-ldl",
    ]
    subprocess.run(words, check=True)
    return {**ENVIRON, "PYTHONPATH": str(ROOT), "LD_PRELOAD": str(library)}


def run(way: Way, urls: list[str], folder: Path, environ: dict[str, str]) -> str:
    words = ["--engine", way["engine"], "--client", way["client"], "-v", "-d", str(folder), *urls]
    done = subprocess.run(
        command(*words), env=environ, capture_output=True, text=True, check=False, cwd=folder.parent
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@everywhere
def test_j8_capitals_alone_make_no_second_file(
    tmp_path: Path, way: Way, shim: dict[str, str]
) -> None:
    folder = tmp_path / "folding" / "x"
    folder.mkdir(parents=True)
    with RawServer({"/README": ok(b"loud"), "/readme": ok(b"soft")}) as server:
        urls = [server.url("/README"), server.url("/readme")]
        run(way, urls, folder, shim | {"SHIM_FOLD": "1"})
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == {
        "readme": b"loud",  # as such a file system may store it
        "readme.1": b"soft",
    }


@everywhere
def test_j8_capitals_alone_make_no_second_file_of_a_servers_name(
    tmp_path: Path, way: Way, shim: dict[str, str]
) -> None:
    folder = tmp_path / "folding" / "x"
    folder.mkdir(parents=True)
    field = "Content-Disposition: attachment; filename="
    answers = {"/1": ok(b"loud", f"{field}README"), "/2": ok(b"soft", f"{field}readme")}
    with RawServer(answers) as server:
        words = ["--content-disposition", *map(server.url, answers)]
        run(way, words, folder, shim | {"SHIM_FOLD": "1"})
    found = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(found) == {"readme", "readme.1"}
    assert set(found.values()) == {b"loud", b"soft"}


@everywhere
def test_j8_forms_of_a_character_alone_make_no_second_file(
    tmp_path: Path, way: Way, shim: dict[str, str]
) -> None:
    folder = tmp_path / "folding" / "x"
    folder.mkdir(parents=True)
    with RawServer({path: ok(path.encode()) for path in ACCENTED}) as server:
        run(way, [server.url(path) for path in ACCENTED], folder, shim | {"SHIM_NORMALIZE": "1"})
    found = {path.name: path.read_bytes().decode() for path in folder.iterdir()}
    assert found == dict(zip(["cafe\u0301", "cafe\u0301.1"], ACCENTED, strict=True))


@everywhere
def test_j7_a_date_or_permissions_that_are_refused_lose_no_file(
    tmp_path: Path, way: Way, shim: dict[str, str]
) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "f").write_bytes(b"old")
    with RawServer({"/f": ok(b"new", LAST_MODIFIED)}) as server:
        said = run(way, [server.url("/f")], tmp_path / "d", shim | {"SHIM_REFUSE": "1"})
    assert (tmp_path / "d" / "f").read_bytes() == b"new"
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["f"]
    assert "the file system refused its permissions: Operation not permitted" in said
    assert "the file system refused its date: Operation not permitted" in said


def test_a_usual_folder_tells_all_names_apart(tmp_path: Path) -> None:
    assert compare(str(tmp_path)) == Comparison()
    assert compare(str(tmp_path / "not" / "there")) == Comparison()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_probed_is_taken_for_a_usual_one() -> None:
    assert compare("/proc/self") == Comparison()


def test_a_file_system_without_accents_is_asked_about_case_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def plain(path: str, flags: int, mode: int = 0o777) -> int:
        if not path.isascii():
            raise OSError(84, "Invalid or incomplete multibyte or wide character")
        return real(path, flags, mode)

    monkeypatch.setattr(os, "open", plain)
    monkeypatch.setattr(os.path, "lexists", lambda _: True)
    assert compare(str(tmp_path)) == Comparison(ignores_case=True)


@pytest.mark.parametrize(
    ("comparison", "same"),
    [
        (Comparison(), False),
        (Comparison(ignores_case=True), False),
        (Comparison(normalizes=True), False),
        (Comparison(ignores_case=True, normalizes=True), True),
    ],
)
def test_keys_are_as_the_folder_compares(
    monkeypatch: pytest.MonkeyPatch, comparison: Comparison, *, same: bool
) -> None:
    monkeypatch.setattr("getflags.storage.directories.compare", lambda _: comparison)
    keys = NameKeys()
    assert (keys("/d/CAF\u00c9") == keys("/d/cafe\u0301")) is same
    assert (keys("/d/A") == keys("/d/a")) is comparison.ignores_case
    assert (keys("/\u00e9") == keys("/e\u0301")) is comparison.normalizes


def test_a_folder_is_probed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def count(folder: str) -> Comparison:
        asked.append(folder)
        return Comparison()

    monkeypatch.setattr("getflags.storage.directories.compare", count)
    keys = NameKeys()
    assert [keys(f"{tmp_path}/{n}") for n in range(9)] == [f"{tmp_path}/{n}" for n in range(9)]
    assert asked == [str(tmp_path)]
