"""Bad input: one clear sentence that names the thing, exit 2, nothing requested, nothing made."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import pytest

from getflags import __version__, testing
from getflags.__main__ import main as program
from getflags.cli import main
from getflags.cli.options import download, parser, values
from getflags.testing import bundled
from tests.kit import files
from tests.messages import (
    BAD_PORT,
    EMPTY_LIST,
    NO_CERTIFICATES,
    NO_FOLDER,
    NO_HOST,
    NO_LIST,
    NONE_OF,
    NOT_A_COUNT,
    NOT_A_SIZE,
    NOT_STARTED,
    NOT_WHOLE,
)
from tests.rawserver import RawServer, ok

ACCEPTED = "an http:// or https:// URL, a country code such as BR, or a letter such as B"

USAGE = {
    "unknown word": (
        ["SERVER/x", "brazil"],
        f"'brazil' is neither a command nor {ACCEPTED}; see getflags -h\n",
    ),
    "help": (["help"], f"'help' is neither a command nor {ACCEPTED}; see getflags -h\n"),
    "a misspelt command": (
        ["serv", "LOCAL"],
        f"'serv' is neither a command nor {ACCEPTED}; did you mean getflags serve?\n",
    ),
    "no scheme": (
        ["example.org/a.iso"],
        f"'example.org/a.iso' is not {ACCEPTED}; did you mean https://example.org/a.iso?\n",
    ),
    "a list without -i": (["one"], f"'one' is not {ACCEPTED}; did you mean -i one?\n"),
    "no scheme, with a port": (["localhost:80?q"], "did you mean http://localhost:80/?q?\n"),
    "no scheme, an address": (["10.0.0.1/x"], "did you mean http://10.0.0.1/x?\n"),
    "no scheme, the port of https": (
        ["a.example:443/x"],
        "did you mean https://a.example:443/x?\n",
    ),
    "no scheme, malformed": (["example.org:99999/x"], f"'example.org:99999/x' is not {ACCEPTED}\n"),
    "a digit": (["B1"], f"'B1' is not {ACCEPTED}"),
    "not ascii": (["ÄÖ"], f"'ÄÖ' is not {ACCEPTED}"),
    "other scheme": (["ftp://user:secret@h/x"], f"'ftp://***@h/x' is not {ACCEPTED}"),
    "an option of another command": (
        ["report", "one", "-u", "me:secret", "-H", "A: secret"],
        "unrecognized arguments: -u ... (getflags report -h lists all options)\n",
    ),
    "escape codes": (["\x1b[31mred"], r"'\x1b[31mred' is not"),
    "malformed URL": (["http://[::1/x"], "'http://[::1/x' cannot be fetched: it is malformed"),
    "no host": (["http://"], f"'http://' cannot be fetched: it {NO_HOST}"),
    "space in URL": (["http://h/a b"], "it contains a space or a control character"),
    "bad port": (["http://h:99999/x"], f"its {BAD_PORT} up to 65535"),
    "bad word in a list": (["BR", "http://h/x", "brazil"], "'brazil' is neither"),
    "engine": (["--engine", "warp", "BR"], "--engine: invalid choice: 'warp' (choose from"),
    "client": (["--client", "telnet", "BR"], "--client: invalid choice: 'telnet' (choose from"),
    "loop": (["--loop", "fruit", "BR"], "--loop: invalid choice: 'fruit'"),
    "server": (["-s", "MOON", "BR"], "-s/--server: invalid choice: 'MOON' (choose from"),
    "-m 0": (
        ["-m", "0", "SERVER/x"],
        f"-m/--max-req/--max_req: '0' {NOT_A_COUNT}",
    ),
    "-m auto of processes": (
        ["-m", "auto", "--engine", "processes", "SERVER/x"],
        "-m auto cannot be used with --engine processes",
    ),
    "-m half": (["-m", "half"], f"'half' {NOT_A_COUNT}, or auto"),
    "-m -1": (["-m", "-1"], f"'-1' {NOT_A_COUNT}"),
    "-m abc": (["-m", "abc"], f"'abc' {NOT_WHOLE}"),
    "-m 10^30": (["-m", "1" + "0" * 30], NOT_WHOLE),
    "-l -1": (["-l", "-1"], f"-l/--limit: '-1' {NOT_A_COUNT}"),
    "-l 0": (["-l", "0"], f"'0' {NOT_A_COUNT}"),
    "--max-time": (["--max-time", "-1"], "'-1' is not a positive number of seconds"),
    "--retries": (["--retries", "-1"], f"'-1' {NOT_WHOLE}, 0 or more"),
    "--max-filesize 0": (["--max-filesize", "0"], f"'0' {NOT_A_SIZE}, such as 500K"),
    "--max-filesize x": (["--max-filesize", "5X"], f"'5X' {NOT_A_SIZE}"),
    "--max-filesize -": (["--max-filesize", "-5"], f"'-5' {NOT_A_SIZE}"),
    "--limit-rate 0": (["--limit-rate", "0.0001"], f"'0.0001' {NOT_A_SIZE}"),
    "--speed-limit -1": (["--speed-limit", "-1"], f"'-1' {NOT_A_SIZE}"),
    "--timeout 0": (["--timeout", "0"], "'0' is not a positive number of seconds"),
    "--timeout nan": (["--timeout", "nan"], "'nan' is not a positive number of seconds"),
    "--timeout inf": (["--connect-timeout", "inf"], "'inf' is not a positive number"),
    "--timeout x": (["--timeout", "1s"], "'1s' is not a positive number of seconds"),
    "--max-redirs": (["--max-redirs", "-1"], f"'-1' {NOT_WHOLE}, 0 or more"),
    "--exists": (["--exists", "maybe"], f"'maybe' {NONE_OF} overwrite, skip, refresh, fail"),
    "header": (
        ["-H", "no colon, secret"],
        "-H/--header: the header is not of the form 'Name: value'",
    ),
    "password in a number": (
        ["--retries", "http://u:secret@h/x"],
        f"--retries: 'http://***@h/x' {NOT_WHOLE}",
    ),
    "password after an equals sign": (["--retries=http://u:secret@h/x"], "'http://***@h/x'"),
    "password after a letter": (["-mhttp://u:secret@h/x"], "'http://***@h/x'"),
    "password with a backslash": ([r"--retries=http://u:sec\ret@h/x"], "'http://***@h/x'"),
    "password in a choice": (["--loop", "http://u:secret@h/x"], "invalid choice: 'http://***@h/x'"),
    "password in an unknown option": (
        ["--what=http://u:secret@h/x"],
        "unrecognized arguments: --what=*** (",
    ),
    "password in a misspelt option": (
        ["--usr=me:secret", "http://h/x"],
        "unrecognized arguments: --usr=***; did you mean --user? (",
    ),
    "a misspelt option": (["--retires", "3"], "arguments: --retires; did you mean --retries? ("),
    "empty -i": (["-i", ""], "-i/--input-file: the value is empty"),
    "empty --base-url": (["--base-url", ""], "--base-url: the value is empty"),
    "password": (["user:secret@h/f"], f"'***@h/f' is not {ACCEPTED}"),
    "password with a slash": (["http://u:secret/x@h/f"], "'http://***@h/f' cannot be fetched: its"),
    "-o leaves, one in a list": (["-o", "../x", "-i", "one"], "-o '../x': the name must be"),
    "header injection": (["-H", "A: b\r\nC: d"], "is not of the form 'Name: value'"),
    "checksum length": (["--checksum", "md5=00", "BR"], "md5 takes 32 hexadecimal digits"),
    "checksum name": (["--checksum", "crc=00", "BR"], "unknown algorithm"),
    "-o for two": (["-o", "x", "BR", "CN"], "-o takes a single target, but there are 2"),
    "-o without a target": (["-o", "x"], "-o needs a target, and none was given"),
    "--checksum for two": (
        ["--checksum", "md5=" + "0" * 32, "B"],
        "--checksum takes a single target, but there are 26",
    ),
    "-o leaves the folder": (["-o", "../x", "BR"], "-o '../x': the name must be relative"),
    "-o absolute": (["-o", "/etc/x", "BR"], "the name must be relative and stay inside"),
    "-o for control": (["-o", "a\x1bb", "BR"], "not allowed in a file name"),
    "base URL": (["--base-url", "gopher://h", "BR"], "--base-url 'gopher://h' cannot be used"),
    "no such list": (["-i", "no-such"], f"{NO_LIST} 'no-such': No such file"),
    "list is a folder": (["-i", "."], f"{NO_LIST} '.': Is a directory"),
    "folder is a file": (["-d", "a-file", "SERVER/x"], f"{NO_FOLDER} 'a-file'"),
    "failed-out": (["--failed-out", "no/such", "SERVER/x"], "cannot write 'no/such': No such file"),
    "failed-out folder": (["--failed-out", ".", "SERVER/x"], "cannot write '.': Is a directory"),
    "proxy": (["SERVER/x", "--proxy", "ftp://u:secret@h"], "proxy 'ftp://***@h' is not an http"),
    "socks": (["--client", "httpx", "--proxy", "socks5://h:1", "BR"], "pip install 'httpx[socks]'"),
    "cacert": (["--cacert", "none", "BR"], f"{NO_CERTIFICATES} in 'none'"),
    "unknown option": (["--frobnicate"], "unrecognized arguments: --frobnicate"),
    "abbreviation": (["--verb"], "unrecognized arguments: --verb"),
    "quiet and verbose": (["-q", "-v"], "not allowed with argument"),
    "progress": (["--progress", "dots"], "--progress"),
    "progress and verbose": (["-v", "--progress", "bar"], "cannot be used with -v or -q"),
    "progress and quiet": (["-q", "--progress", "none"], "cannot be used with -v or -q"),
    "missing value": (["-m"], "expected one argument"),
}


#: field → what getflags does about it by itself
REFUSED = {
    "Range": "fetches whole files and resumes interrupted ones by itself",
    "if-range": "fetches whole files and resumes interrupted ones by itself",
    "If-None-Match": "use --exists refresh to download only files that have changed",
    "If-Modified-Since": "use --exists refresh to download only files that have changed",
    "CONTENT-LENGTH": "a GET request has no Content-Length or Transfer-Encoding",
    "Transfer-Encoding": "a GET request has no Content-Length or Transfer-Encoding",
}


@pytest.mark.parametrize("command", ["", "bench", "tune", "race"])
@pytest.mark.parametrize(("name", "why"), REFUSED.items(), ids=REFUSED)
def test_fields_that_are_not_the_users_to_set(
    command: str, name: str, why: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with RawServer({}) as server:
        words = [*command.split(), "-H", f"{name}: secret", server.url("/f")]
        assert main(words) == 2
        assert server.heads == []
    out, err = capsys.readouterr()
    assert f"argument -H/--header: {name} cannot be set: " in err
    assert why in err
    assert "secret" not in err
    assert out == ""
    assert files(folder) == {"a-file": b"", "one": b"BR"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a-file").touch()
    (tmp_path / "one").write_text("BR")
    return tmp_path


@pytest.mark.parametrize(("words", "sentence"), USAGE.values(), ids=USAGE)
def test_usage_errors(
    words: list[str], sentence: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with RawServer({}) as server:
        words = [word.replace("SERVER", server.url("")) for word in words]
        assert main(words) == 2
        assert server.heads == []
    out, err = capsys.readouterr()
    assert sentence in err
    assert err.startswith("getflags: ")
    assert err.count("\n") == 1
    assert err.count("(") <= 1
    assert "secret" not in err
    assert r"sec\\ret" not in err
    assert "\x1b" not in err
    if "--failed-out" not in words:
        assert out == ""
    assert files(folder) == {"a-file": b"", "one": b"BR"}


LISTS = {
    "option first": ("  out=x\nBR\n", "getflags: list.txt:1: an option without a target above it"),
    "unknown option": ("BR\n  head=x\n", "list.txt:2: 'head=x' is not out=NAME"),
    "empty option": ("BR\n  out=\n", "list.txt:2: 'out=' is not out=NAME"),
    "bad checksum": (
        "BR\n\n# c\n  checksum=md5=zz\n",
        "list.txt:4: checksum 'md5=zz': md5 takes 32",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), LISTS.values(), ids=LISTS)
def test_a_list_that_cannot_be_understood_names_the_line(
    text: str, sentence: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "list.txt").write_text(text)
    assert main(["-i", "list.txt"]) == 2
    assert sentence in capsys.readouterr().err


def test_a_line_without_an_end_is_an_error_in_little_memory(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tracemalloc.start()
    assert main(["-i", "/dev/zero"]) == 2
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20_000_000
    sentence = "longer than 1,048,576 characters\n"
    assert capsys.readouterr().err == f"getflags: /dev/zero:1: {sentence}"
    longest = "#" * (1 << 20)
    (folder / "list.txt").write_text(f"{longest[1:]}\n{longest}#\nBR\n")
    assert main(["-i", "list.txt"]) == 2
    assert capsys.readouterr().err == f"getflags: list.txt:2: {sentence}"


@pytest.mark.parametrize("text", ["", "# nothing\n\n", "\ufeff\r\n"])
def test_an_empty_list_is_an_empty_job(
    text: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "list.txt").write_text(text, encoding="utf-8")
    assert main(["-i", "list.txt"]) == 0
    assert capsys.readouterr().out == f"Nothing to do: {EMPTY_LIST}.\n"


def _printed(option: str, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as stop:
        main([option])
    assert stop.value.code == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_fits_a_small_terminal_and_has_five_examples(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = _printed(option, capsys).splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    examples = [line.split("   ")[0].split() for line in lines if line.startswith("  getflags ")]
    assert len(examples) == 5
    for name, *words in examples:
        assert name == "getflags"
        download.parse(words)
    named = {word for line in lines for word in re.findall(r"--?[a-zA-Z][a-z-]*", line)}
    assert named <= download.make_parser()._option_string_actions.keys()


def test_the_whole_help_lists_every_option_in_groups(capsys: pytest.CaptureFixture[str]) -> None:
    text = _printed("--help-all", capsys)
    assert {"files:", "network:", "limits:", "output:"} <= set(text.splitlines())
    for option in (
        "--all --every --limit --max-req --max_req --server --verbose --input-file --dir --out "
        "--base-url --engine --client --loop --exists --checksum --header --timeout "
        "--connect-timeout --max-redirs --proxy --cacert --insecure --quiet --json --failed-out "
        "--seed --version --help --help-all --remote-name --location"
    ).split():
        assert option in text


@pytest.mark.parametrize("words", [["--version"], ["-V"], ["-v", "--version"]])
def test_version(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(words)
    except SystemExit as stop:
        code = stop.code  # type: ignore[assignment]
    assert code == 0
    assert capsys.readouterr().out == "getflags 0.1.0\n"


def test_the_public_site_is_asked_gently(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with RawServer({"/br/br.gif": ok(b"flag")}) as server:
        monkeypatch.setattr(testing, "REMOTE", server.url(""))
        words = ["-s", "remote", "-H", "X-A: \xfc", "--timeout", "5", "--exists", "overwrite"]
        assert main([*words, "-q", "BR"]) == 0
        assert main([*words, "-l", "9"]) == 1
    assert files(folder / "downloaded") == {"br.gif": b"flag"}
    assert b"x-a: \xc3\xbc" in server.heads[0].lower()
    out = capsys.readouterr().out
    assert out.startswith(f"REMOTE site: {server.url('')}\n")
    assert "\n5 concurrent connections will be used.\n" in out


def test_a_bundled_server_that_does_not_start(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundled, "module", lambda: "no_such_module_here")
    assert main(["BR"]) == 3
    assert capsys.readouterr().err == f"getflags: the bundled server LOCAL {NOT_STARTED}\n"
    assert not files(folder / "downloaded")


def test_a_single_bad_target_in_a_list_fails_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with RawServer({"/ok": ok(b"fine")}) as server:
        lines = ["http://[::1/x", server.url("/ok"), "http://h/a b", "brazil", "http://h:0x/"]
        (folder / "list.txt").write_text("\n".join(lines))
        assert main(["-i", "list.txt"]) == 1
    err = capsys.readouterr().err.splitlines()
    assert sorted(": ".join(line.split(": ")[1:3]) for line in err) == [
        "list.txt:1: http://[::1/x", "list.txt:3: http://h/a b", "list.txt:4: brazil",
        "list.txt:5: http://h:0x/",
    ]  # fmt: skip
    assert files(folder / "downloaded") == {"ok": b"fine"}


def test_a_list_of_one_bad_target_is_all_failed(folder: Path) -> None:
    (folder / "list.txt").write_text("http://[::1/x\n")
    assert main(["-i", "list.txt"]) == 3


def test_a_malformed_url_among_others_on_the_command_line_fails_alone(folder: Path) -> None:
    with RawServer({"/ok": ok(b"fine")}) as server:
        assert main([server.url("/ok"), "http://h:99999/"]) == 1
    assert files(folder / "downloaded") == {"ok": b"fine"}


@pytest.mark.parametrize(
    ("text", "size"),
    [("1", 1), ("500", 500), ("2k", 2048), ("1.5K", 1536), ("2M", 2 << 20), ("1G", 1 << 30)],
)
def test_sizes_have_suffixes(text: str, size: int) -> None:
    assert values.size(text) == size


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_needs_no_command_line(
    option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["getflags", option])
    monkeypatch.setattr("getflags.cli.main", None)
    assert program() == 0
    assert capsys.readouterr().out == f"getflags {__version__}\n"


def test_the_help_is_as_wide_as_usual_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for columns, width in (("", 78), ("0", 78), ("wide", 78), ("50", 48)):
        monkeypatch.setenv("COLUMNS", columns)
        parser._width.cache_clear()
        assert parser._width() == width
    parser._width.cache_clear()
