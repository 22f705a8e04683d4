"""Checksum files as they are published, and what becomes of targets that they list or not."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from getflags.core.models import Checksum
from getflags.targets.checksum_list import ChecksumList, Disagreement
from getflags.targets.list_file import BadInput
from tests.hazards import Way, everywhere
from tests.kit import files, getflags, run_main
from tests.messages import CHECKSUM
from tests.rawserver import RawServer, ok
from tests.test_arriving_targets import producing

BODY = b"the file\n"
HEX = hashlib.sha256(BODY).hexdigest()
MD5 = hashlib.md5(BODY, usedforsecurity=False).hexdigest()
OTHER = "0" * 64
UBUNTU = f"{HEX} *f.iso\n{OTHER} *other.iso\n"
FEDORA = f"""\
-----BEGIN PGP SIGNED MESSAGE-----
Hash: SHA256

# f.iso: 9 bytes
SHA256 (f.iso) = {HEX}
-----BEGIN PGP SIGNATURE-----

iQIzBAEBCAAdFiEEcf7
=abcd
-----END PGP SIGNATURE-----
"""


def sha(bits: int) -> str:
    return hashlib.new(f"sha{bits}", BODY).hexdigest()


FORMS = {
    "Debian": f"{HEX}  f.iso\n{OTHER}  other.iso\n",
    "Debian's installer": f"{OTHER}  ./other/f.iso\n{HEX}  ./f.iso\n",
    "Ubuntu": UBUNTU,
    "Fedora": FEDORA,
    "BSD": f"SHA256 (f.iso) = {HEX}\n",
    "OpenSSL": f"SHA256(f.iso)= {HEX}\n",
    "BSD with several algorithms": f"MD5 (f.iso) = {'0' * 32}\nSHA512 (f.iso) = {sha(512)}\n"
    f"SHA256 (f.iso) = {OTHER}\n",
    "md5 -r": f"{MD5} f.iso\n",
    "md5sum": f"{MD5}  f.iso\n",
    "sha1sum": f"{sha(1)}  f.iso\n",
    "sha224sum": f"{sha(224)}  f.iso\n",
    "sha384sum": f"{sha(384)}  f.iso\n",
    "sha512sum": f"{sha(512)}  f.iso\n",
    "cksum -a blake2b": f"BLAKE2b (f.iso) = {hashlib.blake2b(BODY).hexdigest()}\n",
    "upper case, Windows line ends, comments": f"\ufeff# all\r\n\r\n{HEX.upper()} *f.iso\r\n",
    "the same twice": f"{HEX}  f.iso\n{HEX} *f.iso\n",
    "no line end": f"{HEX}  f.iso",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
def test_a_file_is_checked_with_a_published_list(tmp_path: Path, text: str) -> None:
    (tmp_path / "SUMS").write_bytes(text.encode())
    with RawServer({"/f.iso": ok(BODY)}) as server:
        done = run_main("-q", "--checksum-file", "SUMS", server.url("/f.iso"), cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert files(tmp_path / "downloaded") == {"f.iso": BODY}


@everywhere
def test_what_is_wrong_or_not_listed_fails_alone(tmp_path: Path, way: Way) -> None:
    (tmp_path / "SUMS").write_text(f"{HEX}  right\n{OTHER}  wrong\n{OTHER}  none\n")
    words = ["--engine", way["engine"], "--client", way["client"], "-q", "-d", "d"]
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "wrong").write_bytes(b"old")
    with RawServer({f"/{name}": ok(BODY) for name in ("right", "wrong", "new")}) as server:
        urls = [server.url(f"/{name}") for name in ("right", "wrong", "new")]
        done = run_main(*words, "--checksum-file", "SUMS", *urls, cwd=tmp_path)
        assert server.asked("/new") == 0
    assert done.returncode == 1
    assert files(tmp_path / "d") == {"right": BODY, "wrong": b"old"}
    assert f"getflags: {urls[1]}: {CHECKSUM}: sha256 expected {OTHER}, got {HEX}\n" in done.stderr
    assert f"getflags: {urls[2]}: SUMS does not list 'new'\n" in done.stderr


def test_a_single_target_that_is_not_listed_fails(tmp_path: Path) -> None:
    (tmp_path / "SUMS").write_text(UBUNTU)
    done = run_main("-q", "--checksum-file", "SUMS", "http://127.0.0.1:1/g", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr == "getflags: http://127.0.0.1:1/g: SUMS does not list 'g'\n"


@pytest.mark.parametrize(
    ("url", "options", "listed"),
    [
        ("/f", "", "f"),
        ("/f?x=/g", "", "f"),
        ("/f", "  out=sub/g", "sub/g"),
        ("/f", "  dir=data/sub", "sub/f"),
        ("/f", "  dir=other", "other/f"),
        ("/f", "  dir=other", "f"),
        ("/f", "  out=g", "f"),
        ("/a%20b", "", "a b"),
        ("/p/q/f", "", "p/q/f"),
        ("/p/q/f", "", "q/f"),
        ("/p/q/", "", "index.html"),
    ],
)
def test_a_target_is_found_by_its_path_or_by_the_end_of_its_url(
    tmp_path: Path, url: str, options: str, listed: str
) -> None:
    (tmp_path / "SUMS").write_text(f"{HEX}  {listed}\n")
    with RawServer({url: ok(BODY)}) as server:
        (tmp_path / "list").write_text(f"{server.url(url)}\n{options}\n")
        words = ["-q", "-i", "list", "-d", "data", "--checksum-file", "SUMS"]
        done = run_main(*words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_path_decides_before_the_url() -> None:
    sums = ChecksumList([f"{OTHER}  f\n", f"{HEX}  g\n"], "SUMS")
    assert sums.checksum("g", "http://h/f", None) == Checksum("sha256", HEX)
    assert sums.checksum("x", "http://h/f", None) == Checksum("sha256", OTHER)


def test_escaped_names() -> None:
    lines = [f"\\{HEX}  a\\\\b\\nc\\rd\n", f"\\SHA256 (e\\\\) = {OTHER}\n", f"\\{HEX}  f\\x\\\n"]
    sums = ChecksumList(lines, "SUMS")
    assert sums.checksum("a\\b\nc\rd", "", None).hexdigest == HEX
    assert sums.checksum("e\\", "", None).hexdigest == OTHER
    assert sums.checksum("f\\x\\", "", None).hexdigest == HEX


def test_odd_names() -> None:
    lines = [f"{HEX}    two\n", f"{HEX} **star\n", f"SHA256 (a) = (b) = {HEX}\n"]
    sums = ChecksumList(lines, "SUMS")
    for name in ("  two", "*star", "a) = (b"):
        assert sums.checksum(name, "", None).hexdigest == HEX


@pytest.mark.skipif(not shutil.which("sha256sum"), reason="a program of GNU coreutils")
@pytest.mark.parametrize("program", ["sha256sum", "sha512sum --tag", "md5sum -b", "b2sum --tag"])
def test_what_the_programs_write_is_read(tmp_path: Path, program: str) -> None:
    names = ["plain", "two words", "back\\slash", "new\nline", "(odd) = *", "caf\u00e9"]
    for name in names:
        (tmp_path / name).write_bytes(BODY)
    words = [*program.split(), *names]
    text = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True).stdout.decode()
    sums = ChecksumList(text.splitlines(keepends=True), "SUMS")
    for name in names:
        algorithm, digest = sums.checksum(name, "", None)
        assert hashlib.new(algorithm, BODY).hexdigest() == digest


BAD = {
    "a page": ("<html>\n", "SUMS:1: '<html>' is not a checksum and a name"),
    "a short digest": (f"{UBUNTU}{HEX[:60]}  f\n", "SUMS:3: '"),
    "no name": (f"{HEX}\n", "SUMS:1: "),
    "an unknown word": ("SIZE (f.iso) = 1234\n", "SUMS:1: checksum 'SIZE=1234': unknown algorithm"),
    "a wrong length": (f"MD5 (f.iso) = {HEX}\n", "SUMS:1: checksum 'MD5="),
    "nothing": ("# nothing\n\n", "SUMS: it lists no checksum"),
    "two digests": (f"{HEX}  f\n{OTHER}  ./f\n", "SUMS:2: 'f' is listed twice, with different"),
    "an escape": ("\x1b[2J\n", "SUMS:1: '\\x1b[2J' is not a checksum"),
    "a long line": ("a" * 1_100_000, "SUMS:1: longer than"),
}


@pytest.mark.parametrize(("text", "sentence"), BAD.values(), ids=BAD)
def test_a_bad_file_is_a_usage_error(tmp_path: Path, text: str, sentence: str) -> None:
    (tmp_path / "SUMS").write_text(text)
    done = run_main("--checksum-file", "SUMS", "http://127.0.0.1:1/f.iso", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith(f"getflags: {sentence}")
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "downloaded").exists()


def test_a_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    done = run_main("--checksum-file", "SUMS", "http://127.0.0.1:1/f", cwd=tmp_path)
    assert done.returncode == 2
    sentence = "cannot read the checksum file 'SUMS': No such file or directory"
    assert done.stderr == f"getflags: {sentence}\n"


ENCODINGS: list[Callable[[bytes], bytes]] = [bytes, gzip.compress]


@pytest.mark.parametrize("encode", ENCODINGS)
def test_a_file_may_be_compressed_and_come_from_standard_input(
    tmp_path: Path, encode: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "SUMS").write_bytes(encode(UBUNTU.encode()))
    with RawServer({"/f.iso": ok(BODY)}) as server:
        done = run_main("-q", "--checksum-file", "SUMS", server.url("/f.iso"), cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        options = ["-q", "--checksum-file", "-", "-d", "again", server.url("/f.iso")]
        done = getflags(*options, cwd=tmp_path, stdin=UBUNTU)
    assert (done.returncode, done.stderr) == (0, "")
    assert files(tmp_path / "again") == {"f.iso": BODY}


def test_standard_input_is_read_once(tmp_path: Path) -> None:
    done = run_main("-i", "-", "--checksum-file", "-", cwd=tmp_path)
    assert done.returncode == 2
    assert "-i - and --checksum-file - would both read standard input" in done.stderr


def test_an_own_checksum_may_be_the_same(tmp_path: Path) -> None:
    (tmp_path / "SUMS").write_text(UBUNTU)
    with RawServer({"/f.iso": ok(BODY)}) as server:
        words = ["-q", "--checksum-file", "SUMS", "--checksum", f"sha-256={HEX}"]
        done = run_main(*words, server.url("/f.iso"), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        (f"sha-256={OTHER}", "its own checksum differs from that of SUMS"),
        (f"md5={MD5}", "its own checksum is md5, but that of SUMS is sha256; getflags checks only"),
    ],
)
def test_an_own_checksum_that_disagrees_is_a_usage_error(
    tmp_path: Path, own: str, sentence: str
) -> None:
    (tmp_path / "SUMS").write_text(UBUNTU)
    (tmp_path / "list").write_text(f"http://h/other.iso\nhttp://h/f.iso\n  checksum={own}\n")
    for words, where in ((["-i", "list"], "list:2: "), (["http://h/f.iso", "--checksum", own], "")):
        done = run_main(*words, "--checksum-file", "SUMS", cwd=tmp_path)
        assert done.returncode == 2
        assert done.stderr.startswith(f"getflags: {where}http://h/f.iso: {sentence}")
    assert not (tmp_path / "downloaded").exists()
    with pytest.raises(Disagreement):
        ChecksumList([f"{HEX}  f"], "SUMS").checksum("f", "", Checksum("md5", MD5))
    with pytest.raises(BadInput):
        ChecksumList([f"{HEX}  f"], "SUMS").checksum("g", "", None)


def test_a_target_that_arrives_late_fails_alone(tmp_path: Path) -> None:
    (tmp_path / "SUMS").write_text(f"{HEX}  a\n{HEX}  b\n{HEX}  c\n")
    with (
        RawServer({f"/{name}": ok(BODY) for name in "abc"}) as server,
        producing(tmp_path, "--checksum-file", "SUMS", "--failed-out", "rest") as producer,
    ):
        producer.write(f"{server.url('/a')}\n", arrived="a")
        producer.write(f"{server.url('/b')}\n  checksum=sha-256={OTHER}\n{server.url('/c')}\n")
        code, _, err = producer.close()
        assert server.asked("/b") == 0
    assert code == 1
    assert "<stdin>:2: " in err
    assert "its own checksum differs from that of SUMS" in err
    assert set(files(tmp_path / "downloaded")) == {"a", "c"}


def test_what_failed_is_listed_with_its_checksum(tmp_path: Path) -> None:
    (tmp_path / "SUMS").write_text(UBUNTU)
    with RawServer({"/f.iso": ok(BODY)}) as server:
        urls = [server.url("/other.iso"), server.url("/f.iso"), server.url("/none")]
        words = ["-q", "--checksum-file", "SUMS", "--failed-out", "rest"]
        assert run_main(*words, *urls, cwd=tmp_path).returncode == 1
        text = f"{urls[0]}\n  checksum=sha-256={OTHER}\n{urls[2]}\n"
        assert (tmp_path / "rest").read_text() == text
        done = run_main(*words, "-i", "rest", cwd=tmp_path)
        assert done.returncode == 3
        assert f"getflags: rest:3: {urls[2]}: SUMS does not list 'none'\n" in done.stderr
        assert (tmp_path / "rest").read_text() == text


def test_a_dry_run_names_what_is_not_listed(tmp_path: Path) -> None:
    (tmp_path / "SUMS").write_text(UBUNTU)
    words = ["--dry-run", "--checksum-file", "SUMS", "http://h/f.iso", "http://h/g"]
    done = run_main(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "http://h/f.iso\tdownloaded/f.iso\n")
    assert done.stderr == "getflags: http://h/g: SUMS does not list 'g'\n"
