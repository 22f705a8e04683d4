"""Lists as users have them: several, compressed, in UTF-16, with no-break spaces, damaged."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.kit import files, getflags, run_main
from tests.messages import NO_LIST
from tests.rawserver import RawServer, ok

TEXT = "# caf\u00e9\r\n{}\r\n  out=\u5317\u4eac.bin\r\n"
ENCODINGS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": str.encode,
    "UTF-8 with a byte order mark": lambda text: text.encode("utf-8-sig"),
    "UTF-16, little-endian": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "UTF-16, big-endian": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzip in two members": lambda text: gzip.compress(b"# c\n") + gzip.compress(text.encode()),
    "gzip of UTF-16": lambda text: gzip.compress(text.encode("utf-16")),
    "gzip with a byte order mark": lambda text: gzip.compress(text.encode("utf-8-sig")),
}


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_a_list_is_read_in_any_of_its_encodings(
    tmp_path: Path, encode: Callable[[str], bytes]
) -> None:
    with RawServer({"/f": ok(b"fine")}) as server:
        (tmp_path / "list").write_bytes(encode(TEXT.format(server.url("/f"))))
        done = run_main("-i", "list", "-q", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert files(tmp_path / "downloaded") == {"\u5317\u4eac.bin": b"fine"}


def test_all_lists_are_read_in_order(tmp_path: Path) -> None:
    with RawServer({f"/{name}/f": ok(name.encode()) for name in "abcd"}) as server:
        for name in "bd":
            (tmp_path / name).write_text(f"{server.url(f'/{name}/f')}\n")
        words = [server.url("/a/f"), "-i", "b", "-i", "-", "--input-file=d"]
        done = getflags(*words, cwd=tmp_path, stdin=f"{server.url('/c/f')}\n")
    assert done.returncode == 0, done.stderr
    assert files(tmp_path / "downloaded") == {"f": b"a", "f.1": b"b", "f.2": b"c", "f.3": b"d"}


def test_one_list_that_cannot_be_read_ends_the_run(tmp_path: Path) -> None:
    with RawServer({}) as server:
        (tmp_path / "good").write_text(f"{server.url('/f')}\n")
        done = run_main("-i", "good", "-i", "none", cwd=tmp_path)
        assert server.heads == []
    assert done.returncode == 2
    assert done.stderr == f"getflags: {NO_LIST} 'none': No such file or directory\n"


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file of Linux")
def test_a_list_that_breaks_off_while_it_is_read(tmp_path: Path) -> None:
    done = run_main("-i", "/proc/self/mem", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"getflags: {NO_LIST} '/proc/self/mem': Input/output error\n"


GZIP = gzip.compress(b"http://h/f\n" * 100)
DAMAGED = {
    "UTF-16 with an odd byte": (b"\xff\xfea\0b", "begins like UTF-16, but it is not valid"),
    "UTF-16 with half a pair": (b"\xff\xfe\0\xd8a\0", "begins like UTF-16, but it is not valid"),
    "gzip, cut": (GZIP[:-9], "the gzip data is damaged or incomplete"),
    "gzip, only its mark": (GZIP[:2], "the gzip data is damaged or incomplete"),
    "gzip, another method": (b"\x1f\x8b\x09" + GZIP[3:], "the gzip data is damaged"),
    "gzip, a wrong CRC": (GZIP[:-8] + bytes(4) + GZIP[-4:], "the gzip data is damaged"),
    "gzip, spoilt": (GZIP[:12] + b"\xff" * 20 + GZIP[32:], "the gzip data is damaged"),
}


@pytest.mark.parametrize(("data", "sentence"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_list_is_named(tmp_path: Path, data: bytes, sentence: str) -> None:
    (tmp_path / "list").write_bytes(data)
    done = run_main("-i", "list", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("getflags: list: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "bomb", [b"\n" * 300_000, b"x" * 3_000_000], ids=["blank lines", "a line without an end"]
)
def test_a_well_compressed_list_is_read_in_little_memory(tmp_path: Path, bomb: bytes) -> None:
    (tmp_path / "list").write_bytes(gzip.compress(bomb))
    tracemalloc.start()
    done = run_main("-i", "list", cwd=tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert done.returncode == (0 if b"\n" in bomb else 2)
    assert peak < 5_000_000


def test_a_bad_line_fails_alone_and_is_named(tmp_path: Path) -> None:
    with RawServer({"/a": ok(b"a"), "/b": ok(b"b")}) as server:
        lines = [server.url("/a"), "\u00a0" + server.url("/c"), server.url("/b"), "h.example/d"]
        done = getflags("-i", "-", "-q", cwd=tmp_path, stdin="\n".join(lines))
        assert server.asked("/c") == 0
    assert done.returncode == 1
    first, second = sorted(done.stderr.splitlines())  # they are tried at the same time
    why = "it begins with the character U+00A0, which is not an ordinary space"
    assert first == f"getflags: <stdin>:2: {lines[1]}: {why}"
    assert second.startswith("getflags: <stdin>:4: h.example/d: it is not an http:// or https://")
    assert second.endswith("; did you mean https://h.example/d?")
    assert files(tmp_path / "downloaded") == {"a": b"a", "b": b"b"}


def test_a_bad_option_line_of_standard_input_is_named(tmp_path: Path) -> None:
    done = getflags("-i", "-", cwd=tmp_path, stdin="http://h/a\n  checksum=md5=1\n")
    assert done.returncode == 2
    assert done.stderr.startswith("getflags: <stdin>:2: checksum 'md5=1': ")
