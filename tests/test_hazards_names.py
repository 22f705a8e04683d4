"""What names files get, and what people get to read: nothing that a server has thought of.

Names come from the URL that was typed and from nothing else; how they are made safe is shown in
test_filenames.py. Text from servers and lists is shown, and never obeyed.
"""

from __future__ import annotations

from base64 import b64encode
from pathlib import Path
from urllib.parse import quote

import getflags as library
from tests.hazards import Row, Way, Whole, everywhere, harmless, judge
from tests.kit import files, run_main
from tests.messages import REFUSED
from tests.rawserver import Answer, RawServer, moved, ok

#: The path of a URL → the name of the file.
NAMES = {
    "G1 /%2e%2e%2f%2e%2e%2f1": ".._.._1",
    "G1 /..%5c..%5c2": ".._.._2",
    "G1 /%2fetc%2fpasswd": "_etc_passwd",
    "G1 /C:%5c3": "C:_3",
    "G1 /%252e%252e%252f4": "%2e%2e%2f4",
    "G3 /%00%0a%1b%7f5": "____5",
    "G3 /%c2%9b6": "_6",
    "G3 /%e2%80%aefig.exe": "_fig.exe",
    "G3 /a%e2%80%a87": "a_7",
    "G3 /%ff%fe8": "\ufffd\ufffd8",
    "G3 /%ed%a0%809": "\ufffd\ufffd\ufffd9",
    "G4 /": "index.html",
    "G4 /%2e%2e": "index.1.html",
    "G4 /%20%20": "index.2.html",
    "G4 /...": "index.3.html",
    "G4 /a/": "index.4.html",
    "G5 /nul:%20": "nul:",  # where the system minds, see test_filenames.py
    "G7 /.bashrc": ".bashrc",  # who types it means it
    "G7 /-rf": "-rf",
    "G7 /~": "~",
    "G8 /one/same": "same",
    "G8 /two/same": "same.1",
    "X6 /.getflags-1.part": "_.getflags-1.part",
    "X6 /" + "n" * 300 + ".gif": "n" * 236 + ".gif",
}
LEADS_AWAY = "Content-Disposition: attachment; filename=../../../../evil"


@everywhere
def test_names_stay_inside_and_apart_and_are_what_was_typed(tmp_path: Path, way: Way) -> None:
    folder = tmp_path / "deep" / "d"
    paths = [key.partition(" ")[2] for key in NAMES]
    with RawServer({path: ok(path.encode(), LEADS_AWAY) for path in paths}) as server:
        report = library.download(map(server.url, paths), dir=folder, max_req=1, **way)
    assert {outcome.reason for outcome in report.outcomes} == {""}
    assert files(tmp_path) == {
        f"deep/d/{name}": path.encode() for path, name in zip(paths, NAMES.values(), strict=True)
    }


@everywhere
def test_a_link_in_a_sub_folder_makes_no_two_targets_one_file(tmp_path: Path, way: Way) -> None:
    folder, outside = tmp_path / "d", tmp_path / "outside"
    (folder / "sub").mkdir(parents=True)
    outside.mkdir()
    (folder / "link").symlink_to("sub")
    (folder / "away").symlink_to(outside)
    (folder / "nowhere").symlink_to(tmp_path / "missing")
    outs = ["link/x", "sub/x", "sub/new/x", "link/new/x", "away/x", "nowhere/x"]
    paths = [f"/{number}" for number in range(len(outs))]
    with RawServer({path: ok(path.encode()) for path in paths}) as server:
        entries = [
            library.Entry(server.url(path), out=out) for path, out in zip(paths, outs, strict=True)
        ]
        report = library.download(entries, dir=folder, **way)
        assert [server.asked(path) for path in paths] == [1, 1, 1, 1, 0, 0]
    reasons = {each.target.name: each.reason for each in report.outcomes}
    assert reasons == {
        "link/x": "",
        "sub/x.1": "",
        "sub/new/x": "",
        "link/new/x.1": "",
        "away/x": "the sub-folder 'away' is a link out of the folder",
        "nowhere/x": "the sub-folder 'nowhere' is a link out of the folder",
    }
    assert files(tmp_path) == {
        "d/sub/x": b"/0",
        "d/sub/x.1": b"/1",
        "d/sub/new/x": b"/2",
        "d/sub/new/x.1": b"/3",
    }


#: What servers call the file; nobody asks them.
DISPOSITIONS = {
    "G2 encoded": "attachment; filename*=UTF-8''..%2F..%2Fevil",
    "G2 encoded twice": "attachment; filename*=UTF-8''%252e%252e%252fevil",
    "G2 both": "attachment; filename=good; filename*=UTF-8''%2Fetc%2Fevil",
    "G2 no such charset": "attachment; filename*=x-odd'%00'%FF%FE",
    "G7 a dot": "attachment; filename=.bashrc",
    "G7 a dash": "attachment; filename=-rf",
    "G12 unquoted": "attachment; filename=a b; c",
    "G12 a semicolon": 'attachment; filename="a;b"',
    "G12 escapes": r'attachment; filename="a\"b\\c"',
    "G12 an odd quote": 'attachment; filename="evil',
    "G12 twice": "attachment; filename=a; filename=b",
    "G12 continued": "attachment; filename*0=ev; filename*1=il; filename*2*=%2F",
    "G12 nothing": "",
    "G12 signs alone": ';;=;"";*=',
    "G12 long": "attachment; filename=" + "x" * 5000,
}


@everywhere
def test_no_server_says_what_a_file_is_called(tmp_path: Path, way: Way) -> None:
    rows: dict[str, Row] = {
        key: Whole(ok(b"hello", f"Content-Disposition: {value}"))
        for key, value in DISPOSITIONS.items()
    }
    judge(rows, tmp_path / "deep", way)
    assert [path.name for path in tmp_path.iterdir()] == ["deep"]


#: Words of a list that can't be asked for.
BAD = {
    "I2 a line's end": "http://127.0.0.1/a\r\nX: y",
    "I2 a space": "http://127.0.0.1/a b",
    "I2 an escape": "http://127.0.0.1/\x1b[31m",
    "I2 NUL": "http://127.0.0.1/\0",
    "I2 a long label": f"http://{'a' * 64}.invalid/",
    "I2 a long name": f"http://{'a.' * 200}invalid/",
    "I2 punycode of nothing": "http://xn--/",
    "I2 punycode of nonsense": "http://xn--0.invalid/",
    "I2 an empty label": "http://a..invalid/",
    "I2 half an address": "http://[::1",
    "I2 a port": "http://127.0.0.1:99999/",
    "I2 port 0": "http://127.0.0.1:0/",
    "I2 half a character": "http://h\ud83d/",
    "I2 no host": "http://",
    "I2 another scheme": "gopher://127.0.0.1/",
    "I2 a backslash": "http://127.0.0.1\\@invalid/",
    "I2 nothing": "",
    "I2 the unspeakable": "http://\u00ad\u200b/",
}


@everywhere
def test_a_word_that_cannot_be_asked_for_fails_alone(tmp_path: Path, way: Way) -> None:
    with RawServer({"/good": ok(b"good")}) as server:
        words = [*BAD.values(), server.url("/good")]
        report = library.download(words, dir=tmp_path, retries=0, connect_timeout=5, **way)
    outcomes = sorted(report.outcomes, key=lambda outcome: outcome.target.number)
    for key, outcome in zip(BAD, outcomes[:-1], strict=True):
        assert outcome.failed, key
        assert outcome.reason, key
        assert harmless(outcome.reason + outcome.target.label), key
    assert files(tmp_path) == {"good": b"good"}


EVIL = "\x1b]0;pwn\x07\x9b31m"
RAW = EVIL.encode("latin-1")
#: What would drive a terminal; all but the first two fail.
HOSTILE: dict[str, Answer] = {
    "/%1b%5d0;pwn%07%c2%9b": ok(b"hello"),
    "/header": ok(b"hello").replace(b"Connection", b"X: " + RAW + b"\r\nConnection"),
    "/reason": b"HTTP/1.1 404 " + RAW + b"\r\nContent-Length: 0\r\n\r\n",
    "/status": b"HTTP/1.1 " + RAW + b"\r\n\r\n",
    "/start": RAW + b"\r\n\r\n",
    "/place": moved("/" + EVIL),
    "/scheme": moved(EVIL + ":x"),
    "/length": b"HTTP/1.1 200 OK\r\nContent-Length: " + RAW + b"\r\n\r\n",
    "/chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + RAW + b"\r\n",
    "/coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: " + RAW + b"\r\n\r\n",
}


@everywhere
def test_control_characters_are_shown_and_not_obeyed(tmp_path: Path, way: Way) -> None:
    """Those of a server, in whatever it says, and those of a list."""
    with RawServer(HOSTILE) as server:
        listed = [*map(server.url, HOSTILE), f"http://{EVIL}/", server.url("/\u202efig")]
        (tmp_path / "list").write_text("\n".join(listed))
        words = ["-v", "-i", "list", "-d", "d", "--retries", "0"]
        done = run_main(*words, "--engine", way["engine"], "--client", way["client"], cwd=tmp_path)
    assert done.returncode == 1
    for line in (done.stdout + done.stderr).splitlines():
        assert harmless(line), line
    assert sorted(files(tmp_path / "d")) == ["_]0;pwn__", "header"]
    named = done.stderr.replace("getflags: list:11: http", "getflags: http")
    assert named.count("getflags: http") == len(done.stderr.splitlines()) == 10


MARKUP = [
    "[red]",
    "[/red]x",
    "{x}",
    "{0.__class__}",
    "%s",
    "%(x)d%n",
    "\\n",
    "$HOME",
    "`id`",
    "<b>",
]


@everywhere
def test_markup_is_printed_as_it_is(tmp_path: Path, way: Way) -> None:
    paths = ["/" + quote(word, safe="") for word in MARKUP]
    with RawServer({path: ok(b"hello") for path in paths}) as server:
        words = [*map(server.url, paths), *(server.url(f"/no{path[1:]}") for path in paths)]
        options = ["--engine", way["engine"], "--client", way["client"], "-m", "1", "-d", "d"]
        done = run_main("-v", *options, *words, cwd=tmp_path)
    names = [word.replace("/", "_").replace("\\", "_") for word in MARKUP]
    assert files(tmp_path / "d") == dict.fromkeys(names, b"hello")
    for path, name in zip(paths, names, strict=True):
        assert f"{server.url(path)} OK d/{name} (5 B)\n" in done.stdout
        assert f"getflags: {server.url(f'/no{path[1:]}')}: 404 Not Found\n" in done.stderr


SECRETS = ("SECRET", b64encode(b"me:SECRET").decode())


@everywhere
def test_no_secret_is_ever_shown_or_written(tmp_path: Path, way: Way, closed_port: int) -> None:
    """But for the list of what failed, which could not be asked for again without them."""
    long = b'HTTP/1.1 200 OK\r\nETag: "x"\r\nContent-Length: 9999999\r\n\r\n' + b"x" * 2_000_000
    with RawServer({}) as server:
        server.answers = {
            server.url("/ok"): ok(b"fine"),
            server.url("/cut?token=SECRET-8"): long,  # what is kept of it has a note
            server.url("/moved"): moved("http://thief:SECRET-0@127.0.0.1/x y"),
            server.url("/odd"): b"HTTP/1.1 200OK\r\n\r\n",
        }
        paths = ["/ok", "/cut?token=SECRET-8", "/moved", "/odd", "/none", "/none?x=1&sig=SECRET-9"]
        urls = [server.url(path).replace("//", "//me:SECRET-1@") for path in paths]
        urls += [
            "https://me:SECRET-2@h.invalid/x",
            "http://me:SECRET-3@h:99999/",
            "me:SECRET-4@h/x",
        ]
        (tmp_path / "list").write_text("\n".join(urls))
        options = ["--engine", way["engine"], "--client", way["client"], "--retries", "0", "-v"]
        options += ["--json", "-d", "d", "-H", "X-Api-Key: SECRET-5"]
        options += ["--proxy", server.url("").replace("//", "//me:SECRET-6@")]
        done = run_main("-i", "list", *options, cwd=tmp_path)
    assert done.returncode == 1
    for secret in SECRETS:
        assert secret not in done.stdout + done.stderr
    assert done.stdout.count('"status": "failed"') == 5
    assert done.stdout.count('/none?x=1&sig=***"') == 4  # target and url of two events
    assert b"SECRET-1" not in b"".join(server.heads)  # but coded
    gone = f"http://me:SECRET-7@127.0.0.1:{closed_port}"
    done = run_main(*urls[:1], "--proxy", gone, "-d", "e", cwd=tmp_path)
    assert REFUSED in done.stderr
    for secret in SECRETS:
        assert secret not in done.stdout + done.stderr
    written = {name: body for name, body in files(tmp_path).items() if name != "list"}
    assert any(name.endswith(".json") for name in written)
    for name, body in written.items():
        for secret in SECRETS:
            assert secret not in name
            assert secret.encode() not in body
