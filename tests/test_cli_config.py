"""The configuration file and the variables of the environment: defaults for downloads."""

from __future__ import annotations

from pathlib import Path

import pytest

import getflags
from tests.kit import files, run_main
from tests.rawserver import RawServer, ok


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Return a folder for XDG_CONFIG_HOME, beside the working folder."""
    folder = tmp_path / "xdg" / "getflags"
    folder.mkdir(parents=True)
    (tmp_path / "work").mkdir()
    return folder.parent


def configure(home: Path, text: str) -> dict[str, str]:
    (home / "getflags" / "config.toml").write_text(text)
    return {"XDG_CONFIG_HOME": str(home)}


def sent(server: RawServer) -> str:
    """Return the head of the only request, in lower case."""
    (head,) = server.heads
    return head.decode().lower()


def test_a_file_gives_defaults(home: Path) -> None:
    work = home.parent / "work"
    environ = configure(home, 'dir = "there"\nheader = ["X-One: 1", "X-Two: 2"]\nquiet = true\n')
    with RawServer({"/f": ok(b"body")}) as server:
        done = run_main(server.url("/f"), cwd=work, environ=environ)
        assert "x-one: 1\r\nx-two: 2\r\n" in sent(server)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert files(work) == {"there/f": b"body"}


@pytest.mark.parametrize(
    ("environ", "words", "agent"),
    [
        ({}, [], "file"),
        ({"GETFLAGS_HEADER": "User-Agent: environment"}, [], "environment"),
        ({"GETFLAGS_HEADER": ""}, [], "file"),
        ({}, ["--no-config"], "getflags"),
        ({"GETFLAGS_HEADER": "User-Agent: environment"}, ["--no-config"], "environment"),
    ],
)
def test_the_environment_takes_precedence_over_the_file(
    home: Path, environ: dict[str, str], words: list[str], agent: str
) -> None:
    environ = configure(home, 'header = "User-Agent: file"\n') | environ
    with RawServer({"/f": ok(b"body")}) as server:
        done = run_main(*words, server.url("/f"), cwd=home.parent / "work", environ=environ)
        assert f"user-agent: {agent}\r\n" in sent(server)
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("words", "folder"), [([], "configured"), (["-d", "said"], "said"), (["--dir=said"], "said")]
)
def test_the_command_line_takes_precedence(home: Path, words: list[str], folder: str) -> None:
    work = home.parent / "work"
    environ = configure(home, 'dir = "there"\n') | {"GETFLAGS_DIR": "configured"}
    with RawServer({"/f": ok(b"body")}) as server:
        run_main(*words, server.url("/f"), cwd=work, environ=environ)
    assert files(work) == {f"{folder}/f": b"body"}


def test_a_header_of_the_command_line_is_added(home: Path) -> None:
    environ = configure(home, 'header = "X-One: 1"\n')
    with RawServer({"/f": ok(b"body")}) as server:
        run_main("-H", "X-Two: 2", server.url("/f"), cwd=home.parent / "work", environ=environ)
        assert "x-one: 1\r\nx-two: 2\r\n" in sent(server)


def test_a_header_of_the_command_line_replaces_those_of_its_name(home: Path) -> None:
    environ = configure(home, 'header = ["X-One: 1", "authorization: Bearer a", "X-One: 2"]\n')
    words = ["-H", "X-ONE: 3", "-H", "Authorization: Bearer b"]
    with RawServer({"/f": ok(b"body")}) as server:
        run_main(*words, server.url("/f"), cwd=home.parent / "work", environ=environ)
        head = sent(server)
    assert [line for line in head.splitlines() if line.startswith(("x-one", "auth"))] == [
        "x-one: 3", "authorization: bearer b",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("configured", "words", "place"),
    [
        ('engine = "asyncio"', ["-o", "-"], "FILE"),
        ('oauth2-bearer = "secret"', ["-u", "a:b"], "FILE"),
        ('user = "a:secret"', ["--oauth2-bearer", "b"], "GETFLAGS_USER"),
        ("force-directories = true", ["--output-template", "{name}"], "FILE"),
        ("split = 2", ["--compressed"], "FILE"),
        ("split = 2", ["--checksum", "sha-1=00"], ""),
    ],
)
def test_an_error_about_a_configured_option_names_the_place(
    home: Path, configured: str, words: list[str], place: str
) -> None:
    environ = configure(home, configured)
    if place.startswith("GETFLAGS_"):
        environ = {place: "a:secret"}
    file = home / "getflags" / "config.toml"
    done = run_main(*words, "http://h/f", cwd=home.parent / "work", environ=environ)
    shown = place.replace("FILE", str(file))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.endswith(f" (configured in {shown})\n") == bool(place)
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("configured", "words", "lines"),
    [
        ("quiet = true", [], False),
        ("quiet = true", ["--no-quiet"], True),
        ("quiet = true", ["-v"], True),
        ("verbose = true", ["-q"], False),
        ('progress = "lines"', ["-q"], False),
        ("quiet = true", ["--progress", "lines"], True),
    ],
)
def test_a_switch_can_be_turned_off(
    home: Path, configured: str, words: list[str], *, lines: bool
) -> None:
    environ = configure(home, configured)
    with RawServer({"/f": ok(b"body")}) as server:
        done = run_main(*words, server.url("/f"), cwd=home.parent / "work", environ=environ)
    assert (done.returncode, bool(done.stdout)) == (0, lines)


def test_another_file_can_be_named(home: Path) -> None:
    work = home.parent / "work"
    environ = configure(home, 'dir = "there"\n')
    (work / "other.toml").write_text('exists = "fail"\n')
    with RawServer({"/f": ok(b"body")}) as server:
        done = run_main("--config", "other.toml", server.url("/f"), cwd=work, environ=environ)
    assert done.returncode == 0
    assert files(work) == {"downloaded/f": b"body", "other.toml": b'exists = "fail"\n'}


def test_without_a_folder_for_configurations_it_is_that_of_the_home(home: Path) -> None:
    """A relative XDG_CONFIG_HOME is ignored: it could lead to the folder of a stranger."""
    work = home.parent / "work"
    for folder, name in ((home / ".config" / "getflags", "right"), (work / "getflags", "wrong")):
        folder.mkdir(parents=True)
        (folder / "config.toml").write_text(f'dir = "~/{name}"\n')
    environ = {"HOME": str(home), "XDG_CONFIG_HOME": "."}
    with RawServer({"/f": ok(b"body")}) as server:
        assert run_main(server.url("/f"), cwd=work, environ=environ).returncode == 0
    assert (home / "right" / "f").read_bytes() == b"body"


def test_a_file_in_the_working_folder_is_not_read(home: Path) -> None:
    work = home.parent / "work"
    for name in ("config.toml", "getflags.toml", ".getflags.toml", "pyproject.toml"):
        (work / name).write_text("no TOML")
    with RawServer({"/f": ok(b"body")}) as server:
        assert run_main(server.url("/f"), cwd=work).returncode == 0


BAD = {
    "unknown": ("retrys = 3", "there is no option 'retrys'; did you mean retries?"),
    "unlike any other": ("quux = 3", "there is no option 'quux'\n"),
    "a control character": (r'"\u001b[31m" = 3', r"there is no option '\x1b[31m'"),
    "a table": ("[network]\nretries = 3", "there is no option 'network'"),
    "of one run": ('out = "f"', "out can only be given on the command line"),
    "of one run, a list": ('input-file = "f"', "input-file can only be given on the command line"),
    "a short name": ("m = 3", "there is no option 'm'"),
    "a number": ("retries = -1", "retries: '-1' is not a whole number, 0 or more"),
    "a text for a number": ('retries = "x"', "retries: 'x' is not a whole number, 0 or more"),
    "a truth for a number": ("retries = true", "retries: it is neither a text nor a number"),
    "a number for a text": ("dir = 5", "dir: it is a number; a text needs quotation marks"),
    "a list for one": ("retries = [1, 2]", "retries: it is neither a text nor a number"),
    "a list of lists": ('header = [["A: b"]]', "header: it is neither a text nor a number"),
    "no choice": ('engine = "warp"', "engine: it is not one of auto, sequential, threads, "),
    "no truth": ('fsync = "perhaps"', "fsync: it is neither true nor false"),
    "a number for a truth": ("fsync = 1", "fsync: it is neither true nor false"),
    "a header": ('header = "no secret"', "header: the header is not of the form 'Name: value'"),
    "not TOML": ("dir = there", "is not valid TOML: Invalid value (at line 1, column 7)"),
    "both": ("verbose = true\nquiet = true", "verbose and quiet cannot both be configured"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_a_file_may_not_say(home: Path, name: str) -> None:
    text, message = BAD[name]
    work = home.parent / "work"
    with RawServer({"/f": ok(b"body")}) as server:
        done = run_main(server.url("/f"), cwd=work, environ=configure(home, text))
        assert not server.heads
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert "secret" not in done.stderr
    assert not files(work)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot read missing.toml: No such file or directory"),
        (b"\xff", "missing.toml is not valid TOML: 'utf-8' codec can't decode"),
    ],
)
def test_a_file_that_cannot_be_read(tmp_path: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        (tmp_path / "missing.toml").write_bytes(content)
    done = run_main("--config", "missing.toml", "BR", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("GETFLAGS_RETRIES", "x", "GETFLAGS_RETRIES: retries: 'x' is not a whole number"),
        ("GETFLAGS_MAX_REDIR", "3", "there is no option 'max-redir'; did you mean max-redirs?"),
        ("GETFLAGS_INSECURE", "maybe", "GETFLAGS_INSECURE: insecure: it is neither true nor false"),
    ],
)
def test_what_a_variable_may_not_say(tmp_path: Path, name: str, value: str, message: str) -> None:
    done = run_main("BR", cwd=tmp_path, environ={name: value})
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr


@pytest.mark.parametrize(("value", "code"), [("1", 2), ("ON", 2), ("no", 0), ("False", 0)])
def test_a_variable_turns_a_switch_on_or_off(home: Path, value: str, code: int) -> None:
    """With both on, it is a usage error."""
    environ = configure(home, "quiet = true") | {"GETFLAGS_VERBOSE": value}
    with RawServer({"/f": ok(b"body")}) as server:
        done = run_main(server.url("/f"), cwd=home.parent / "work", environ=environ)
    assert done.returncode == code


def test_they_are_for_downloads_of_the_command_line_only(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environ = configure(home, "no TOML") | {"GETFLAGS_RETRIES": "x"}
    assert run_main("tune", "-h", cwd=home, environ=environ).returncode == 0
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with RawServer({"/f": ok(b"body")}) as server:
        report = getflags.download([server.url("/f")], dir=home / "files")
    assert report.exit_status == 0
