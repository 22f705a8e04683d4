"""Lists as CSV and as JSON Lines: what databases, spreadsheets and programs write."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
import os
import re
import subprocess
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from getflags.core.models import Checksum
from getflags.targets import tabular_list
from getflags.targets.list_file import Entry
from tests.hazards import Way, everywhere
from tests.kit import ENVIRON, ROOT, command, files, run_main
from tests.messages import CHECKSUM
from tests.rawserver import RawServer, ok
from tests.servers_kit import until

BODY = b"the file\n"
HEX = hashlib.sha256(BODY).hexdigest()
FIELDS = ["id", "checksum", "url", "out", "optional", "dir"]
Write = Callable[[Sequence[Mapping[str, str]]], str]


def as_csv(rows: Sequence[Mapping[str, str]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, FIELDS)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue()


def as_jsonl(rows: Sequence[Mapping[str, str]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


FORMATS: dict[str, Write] = {"csv": as_csv, "jsonl": as_jsonl}


@everywhere
@pytest.mark.parametrize("ending", FORMATS)
def test_a_table_is_downloaded(tmp_path: Path, way: Way, ending: str) -> None:
    words = ["--engine", way["engine"], "--client", way["client"], "-q"]
    with RawServer({f"/{name}": ok(BODY) for name in "abc"}) as server:
        url = server.url
        rows = [
            {"id": "1", "url": url("/a"), "checksum": f"sha-256={HEX}"},
            {"id": "2", "url": url("/b"), "out": 'sub/\u5317, "b"', "dir": "other"},
            {"id": "3", "url": url("/c"), "checksum": f"sha-256={'0' * 64}"},
            {"id": "4", "url": url("/none"), "optional": "yes"},
            {"id": "5", "url": url("/lost"), "optional": "no"},
        ]  # fmt: skip
        (tmp_path / f"list.{ending}").write_text(FORMATS[ending](rows), encoding="utf-8")
        done = run_main(*words, "-i", f"list.{ending}", "--failed-out", "rest", cwd=tmp_path)
        assert (tmp_path / "rest").read_text() == (
            f"{url('/c')}\n  checksum=sha-256={'0' * 64}\n{url('/lost')}\n"
        )
    assert done.returncode == 1
    assert files(tmp_path / "downloaded") == {"a": BODY}
    assert files(tmp_path / "other") == {'sub/\u5317, "b"': BODY}
    assert len(done.stderr.splitlines()) == 2
    assert f"{url('/c')}: {CHECKSUM}" in done.stderr
    assert f"{url('/lost')}: 404" in done.stderr


ENCODINGS: dict[str, tuple[str, Callable[[str], bytes]]] = {
    "gzip": (".gz", lambda text: gzip.compress(text.encode())),
    "upper case": ("", str.encode),
    "a byte order mark": ("", lambda text: text.encode("utf-8-sig")),
    "UTF-16": ("", lambda text: text.encode("utf-16")),
    "Windows line ends": ("", lambda text: text.replace("\n", "\r\n").encode()),
    "no line end": ("", lambda text: text.rstrip("\n").encode()),
    "empty lines": ("", lambda text: f"\n{text}\n \n".replace("\n", "\n\n").encode()),
}


@pytest.mark.parametrize(("suffix", "encode"), ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("text", ["url\nhttp://h/f\n", '{"url": "http://h/f"}\n'])
def test_a_table_in_any_of_its_encodings(
    tmp_path: Path, suffix: str, encode: Callable[[str], bytes], text: str
) -> None:
    ending = ".jsonl" if text.startswith("{") else ".CSV"
    (tmp_path / f"list{ending}{suffix}").write_bytes(encode(text))
    done = run_main("--dry-run", "-i", f"list{ending}{suffix}", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "http://h/f\tdownloaded/f\n"


def test_all_lists_are_read_in_order(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('URL, Out \n"http://h/a,b", x \nbr,\n,\n')
    (tmp_path / "b").write_text("http://h/b\n")
    (tmp_path / "c.jsonl").write_text(
        '{"url": "http://h/c", "out": null, "x": [1], "optional": false}'
    )
    words = ["-i", "a.csv", "-i", "b", "-i", "c.jsonl", "--base-url", "http://m"]
    done = run_main("--dry-run", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "http://h/a,b\tdownloaded/x", "http://m/br/br.gif\tdownloaded/br.gif",
        "http://h/b\tdownloaded/b", "http://h/c\tdownloaded/c",
    ]  # fmt: skip


BAD = {
    "no column url": ("csv", "link,out\nhttp://h/f,\n", "list.csv: its first line names no column"),
    "no header": ("csv", "http://h/f\n", "list.csv: its first line names no column url"),
    "nothing": ("csv", "", "list.csv: it is empty; the first line of a CSV list names the columns"),
    "a column twice": ("csv", "url,out,OUT\n", "list.csv: its first line names the column out"),
    "a comma": ("csv", "url,out\nhttp://h/a,b,c\n", "list.csv:2: it has 3 values for 2 columns; "),
    "too few": ("csv", "url,out\n\nhttp://h/a\n", "list.csv:3: it has 1 value for 2 columns"),
    "no url": ("csv", "url,out\n,b\n", "list.csv:2: it has no url"),
    "a checksum": ("csv", "url,checksum\nhttp://h/a,b\n", "list.csv:2: checksum 'b': unknown"),
    "optional": ("csv", "url,optional\nhttp://h/a,maybe\n", "list.csv:2: optional is 'maybe'; it"),
    "a line break": ("csv", 'url,out\nhttp://h,\nhttp://h,"a\nb"\nx', "list.csv:3: out contains a"),
    "after two lines": ("csv", 'url,x\nhttp://h/a,"1\n2"\n,3\n', "list.csv:4: it has no url"),
    "an open quote": ("csv", 'url\nhttp://h/a\n"http://h/f\n', "list.csv:3: it is not valid CSV ("),
    "a quote within": ("csv", 'url\n"http://h/"f\n', "list.csv:2: it is not valid CSV ("),
    "a huge value": ("csv", f"url\n{'a' * 200_000}\n", "list.csv:2: it is not valid CSV (field"),
    "a huge line": ("csv", f"url\n{'a' * 1_100_000}\n", "list.csv:2: longer than 1,048,576"),
    "a comment": ("csv", "url\n#http://h/f\n", "list.csv:2: '#http://h/f' is not a URL"),
    "an option": ("jsonl", '{"url": "out=f"}', "list.jsonl:1: 'out=f' is not a URL"),
    "a header": ("csv", "url\nheader=A:b\n", "list.csv:2: 'header=A:b' is not a URL"),
    "no JSON": ("jsonl", '{"url": "http://h/f"}\nurl\n', "list.jsonl:2: it is not valid JSON ("),
    "no object": ("jsonl", '\n["http://h/f"]\n', "list.jsonl:2: it is not a JSON object"),
    "no key url": ("jsonl", '{"uri": "http://h/f"}\n', "list.jsonl:1: it has no url"),
    "a number": ("jsonl", '{"url": "http://h/f", "out": 1}\n', "list.jsonl:1: out is not a string"),
    "half a pair": ("jsonl", '{"url": "http://h/\\ud800"}\n', "list.jsonl:1: url contains a"),
    "many digits": ("jsonl", f"{'1' * 5_000}\n", "list.jsonl:1: it is not valid JSON ("),
    "deep": ("jsonl", f"{'[' * 200_000}\n", "list.jsonl:1: it is not valid JSON ("),
}  # fmt: skip


@pytest.mark.parametrize(("ending", "text", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_line_is_named(tmp_path: Path, ending: str, text: str, sentence: str) -> None:
    (tmp_path / f"list.{ending}").write_text(text)
    done = run_main("-i", f"list.{ending}", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"getflags: {sentence}")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "downloaded").exists()


@pytest.mark.parametrize("text", ["url,out\n", "\n"])
def test_a_table_without_a_row_is_an_empty_job(tmp_path: Path, text: str) -> None:
    (tmp_path / f"list.{'csv' if 'url' in text else 'jsonl'}").write_text(text)
    done = run_main("-i", next(tmp_path.iterdir()).name, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout == "Nothing to do: the list contains no targets.\n"


def test_a_malformed_url_fails_alone_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "list.jsonl").write_text('{"url": "http://h/f"}\n{"url": "http://u:pa55@[/"}\n')
    done = run_main("--dry-run", "-i", "list.jsonl", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "http://h/f\tdownloaded/f\n")
    assert done.stderr.startswith("getflags: list.jsonl:2: http://***@[/: ")


def test_no_password_is_shown(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("url,out\n#http://u:pa55@h/f,\n")
    assert "'***@h/f' is not a URL" in run_main("-i", "list.csv", cwd=tmp_path).stderr


def test_a_table_from_a_pipe_that_is_still_written(tmp_path: Path) -> None:
    """Each row is downloaded when it comes, and one that is bad fails alone."""
    os.mkfifo(tmp_path / "list.csv")
    with RawServer({f"/{name}": ok(BODY) for name in "abc"}) as server:
        process = subprocess.Popen(
            command("-q", "-i", "list.csv", "--failed-out", "rest"), cwd=tmp_path,
            env={**ENVIRON, "PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        with process:
            try:
                with (tmp_path / "list.csv").open("w") as pipe:
                    pipe.write(f"url,out\n{server.url('/a')},\n")
                    pipe.flush()
                    until((tmp_path / "downloaded" / "a").exists)
                    pipe.write(f"{server.url('/b')}\n{server.url('/c')},\n")
                _, err = process.communicate(timeout=30)
            finally:
                process.kill()
        assert err.startswith(f"getflags: list.csv:3: {server.url('/b')}: it has 1 value for 2 ")
        assert err.count("\n") == 2
        assert err.endswith(": 1 target that could not be read is only a comment in 'rest'\n")
        comment = (tmp_path / "rest").read_text()
        assert re.fullmatch("# list.csv:3: it has 1 value for 2 columns; .*/b\n", comment)
    assert process.returncode == 1
    assert files(tmp_path / "downloaded") == {"a": BODY, "c": BODY}


def test_other_names_are_those_of_lists_of_lines() -> None:
    for name in ("list", "csv", "list.csv.txt", "-", "list.csv.gz.1", "list.json"):
        assert tabular_list.parser(name) is None


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"))
ROWS = st.lists(
    st.fixed_dictionaries(
        {"url": TEXTS.map("http://h/{}".format), "out": TEXTS, "dir": TEXTS},
        optional={
            "checksum": st.just(f"sha-256={HEX}"), "optional": st.sampled_from(["yes", "No"])
        },
    )
)  # fmt: skip


@settings(deadline=None)
@given(ROWS, st.sampled_from(sorted(FORMATS)))
def test_what_is_written_is_read(rows: list[dict[str, str]], ending: str) -> None:
    parse = tabular_list.parser(f"list.{ending}")
    assert parse
    lines = io.StringIO(FORMATS[ending](rows), newline=None)
    assert list(parse(lines, "list")) == [
        Entry(
            row["url"].strip(), row["out"].strip(), row["dir"].strip(),
            Checksum("sha256", HEX) if "checksum" in row else None,
            row.get("optional") == "yes", "list", number,
        )
        for number, row in enumerate(rows, 1 + (ending == "csv"))
    ]  # fmt: skip


@pytest.mark.parametrize("ending", FORMATS)
def test_a_long_table_is_not_held_in_memory(ending: str) -> None:
    parse = tabular_list.parser(f"list.{ending}")
    assert parse
    row = '{"url": "http://host/a/path"}\n' if ending == "jsonl" else "http://host/a/path\n"
    lines = (row if number else "url\n" for number in range(ending == "jsonl", 20_000))
    next(iter(parse(iter([row]), "") if ending == "jsonl" else parse(iter(["url\n", row]), "")))
    tracemalloc.start()
    try:
        assert sum(1 for _ in parse(lines, "list")) == 19_999
        assert tracemalloc.get_traced_memory()[1] < 300_000  # the rows are 0.4 MB, their entries 4
    finally:
        tracemalloc.stop()
