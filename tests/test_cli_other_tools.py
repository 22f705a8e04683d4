"""Options that users of curl, wget and aria2 type by habit: accepted, or refused with a hint."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from getflags.cli.options.download import make_parser
from tests.kit import ROOT, files, run_main
from tests.rawserver import RawServer, ok

REFUSED = {
    "-c": "getflags resumes interrupted downloads by itself",
    "--continue": "getflags resumes interrupted downloads by itself",
    "-C": "getflags resumes interrupted downloads by itself",
    "-J": "--content-disposition lets servers choose names",
    "-j": "-m N sets the number of requests in flight",
    "-P": "-d DIR sets the folder for the files",
    "--retry": "--retries N sets the number of retries",
    "-x": "--proxy URL sets a proxy, --force-directories makes folders, and --split N gives a file "
    "several connections",
    "-Z": "downloads are always parallel, and -m N sets the number of requests in flight",
}


@pytest.mark.parametrize("words", [["-O", "-L"], ["-LO"], ["--location", "--remote-name"]])
def test_what_getflags_always_does_may_be_asked_for(words: list[str], tmp_path: Path) -> None:
    with RawServer({"/a.iso": ok(b"a"), "/b.iso": ok(b"b")}) as server:
        done = run_main(*words, server.url("/a.iso"), server.url("/b.iso"), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert files(tmp_path / "downloaded") == {"a.iso": b"a", "b.iso": b"b"}


@pytest.mark.parametrize(("option", "hint"), REFUSED.items(), ids=REFUSED)
def test_other_habits_are_a_sentence_that_names_the_option(
    option: str, hint: str, tmp_path: Path
) -> None:
    with RawServer({}) as server:
        url = server.url("/user:secret@x")
        for words in ([option, url, url], [url, option], [option, "8", url], ["-v", option]):
            done = run_main(*words, cwd=tmp_path)
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr == f"getflags: there is no option {option}: {hint}\n"
        assert server.heads == []
    assert files(tmp_path) == {}


@pytest.mark.parametrize("words", ["-j8", "-Zj", "-vx8", "-OJ", "--max-concurrent-downloads=8"])
def test_glued_forms_are_refused_too(words: str, tmp_path: Path) -> None:
    done = run_main(words, "http://127.0.0.1:9/x", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("getflags: there is no option -")


@pytest.mark.parametrize("name", ["file.iso", "-", "dir/file"])
def test_a_name_after_dash_o_as_in_wget_is_refused_with_the_way_to_give_it(
    name: str, tmp_path: Path
) -> None:
    with RawServer({}) as server:
        for words in (["-O", name, server.url("/x")], [server.url("/x"), "-O", name]):
            done = run_main(*words, cwd=tmp_path)
            assert (done.returncode, done.stdout) == (2, "")
            sentence = f"'{name}' is not a target, and -O takes no value; -o NAME names the file"
            assert done.stderr == f"getflags: {sentence}\n"
        assert server.heads == []


def test_a_value_of_an_option_without_value_is_not_repeated(tmp_path: Path) -> None:
    done = run_main("-qO-u:secret@h", "http://127.0.0.1:9/x", cwd=tmp_path)
    assert done.returncode == 2
    sentence = "argument -O/--remote-name: takes no value (getflags --help-all lists all options)"
    assert done.stderr == f"getflags: {sentence}\n"


def test_the_page_about_other_tools_names_options_that_exist() -> None:
    lines = (ROOT / "docs/reference/other-tools.md").read_text().splitlines()
    cells = [line.split("|")[2] for line in lines if line.startswith("| ")]
    pattern = re.compile(r"(?<![\w-])--?[a-z][\w.-]*")
    options = {option for cell in cells for option in pattern.findall(cell)}
    assert len(options) > 30
    assert options - set(make_parser()._option_string_actions) == set()
