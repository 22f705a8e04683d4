"""Cookies: kept during a run, read from files, written to a file."""

from __future__ import annotations

import asyncio
import http.cookiejar
import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

import getflags
from getflags import GetflagsError, UsageError
from getflags.api import cookie_file
from getflags.api.cookies import Cookies
from tests.hazards import Way, everywhere
from tests.kit import ENVIRON, ROOT, command, files, run_main
from tests.rawserver import Answer, RawServer, moved, ok, stall_after
from tests.test_hazards_credentials import fields, proxied

NOT_WRITTEN = "cannot write the cookie file 'jars/jar': No such file or directory\n"
FAR = "Fri, 31 Dec 2100 23:59:59 GMT"
ONE_PROCESS = pytest.mark.parametrize("engine", ["sequential", "threads", "asyncio"])


def setting(answer: bytes, *cookies: str) -> bytes:
    """Return a response that sets cookies."""
    lines = "".join(f"Set-Cookie: {each}\r\n" for each in cookies).encode()
    return answer.replace(b"\r\n", b"\r\n" + lines, 1)


def carried(server: RawServer) -> dict[str, str]:
    """Return the Cookie of the request for each path."""
    return {
        head.split(b" ")[1].decode(): dict(fields(head)).get("cookie", "") for head in server.heads
    }


@everywhere
def test_a_cookie_of_a_redirect_reaches_the_next_hop(tmp_path: Path, way: Way) -> None:
    """And no other host; without the option, it reaches nobody."""
    rows: list[tuple[dict[str, Any], str]] = [({"cookie": ""}, "id=1; z=2"), ({}, "")]
    for settings, expected in rows:
        with proxied() as site:
            (proxy,) = site.servers
            for target in site.targets:
                answer = proxy.answers[target]
                assert isinstance(answer, bytes)
                proxy.answers[target] = setting(answer, "id=1; Path=/", "z=2; Path=/")
            proxy.answers[site.hops["other host"]] = setting(ok(b"there"), "far=3; Path=/")
            report = getflags.download(
                site.targets[1:], dir=tmp_path / f"d{len(settings)}", max_req=1,
                **site.settings, **settings, **way,
            )  # fmt: skip
            assert report.exit_status == 0
            found = carried(proxy)
        assert found[site.targets[1]] == ""
        assert found[site.hops["other port"]] == expected
        assert found[site.hops["other host"]] == ""
        assert found[site.hops["sub-domain"]] == ""
        assert found[site.targets[4]] == expected


@everywhere
def test_cookies_of_a_file_are_sent_to_their_hosts(tmp_path: Path, way: Way) -> None:
    lines = [
        "# Netscape HTTP Cookie File",
        "",
        "127.0.0.1\tFALSE\t/\tFALSE\t0\ta\t1",
        "#HttpOnly_127.0.0.1\tFALSE\t/\tTRUE\t99999999999\tb\t\xfc",
        "127.0.0.1\tFALSE\t/\tFALSE\t1\told\t3",
        "127.0.0.1\tFALSE\t/x\tFALSE\t0\tpath\t4",
        "127.0.0.1\tFALSE\t/\tFALSE\t0\tempty",
        "other.example\tTRUE\t/\tFALSE\t0\tother\t5",
        "Set-Cookie: h=6; domain=127.0.0.1",
        "127.0.0.1\tFALSE\t/\tFALSE\t\tsession\t7",
        "127.0.0.1\tFALSE\t/\tFALSE\t99999999999.52\tfraction\t8",
        "127.0.0.1\tFALSE\t/\tFALSE\t1.52\told\t9",
    ]
    (tmp_path / "cookies").write_text("\n".join(lines) + "\n", encoding="latin-1")
    with RawServer({"/f": ok(b"fine")}) as server:
        cookie = str(tmp_path / "cookies")
        report = getflags.download([server.url("/f")], dir=tmp_path / "d", cookie=cookie, **way)
    assert report.exit_status == 0
    assert carried(server) == {"/f": "a=1; b=\xfc; empty=; h=6; session=7; fraction=8"}


def test_a_session_cookie_of_pythons_cookie_jar_is_written_back(tmp_path: Path) -> None:
    jar = tmp_path / "jar"
    theirs = http.cookiejar.MozillaCookieJar(jar)
    for name, expires in {"session": None, "dated": 4_133_980_799}.items():
        theirs.set_cookie(
            http.cookiejar.Cookie(
                0, name, "v", None, False, "h.example", False, False, "/", True,  # noqa: FBT003
                False, expires, expires is None, None, None, {},  # noqa: FBT003
            )
        )  # fmt: skip
    theirs.save(ignore_discard=True)
    cookie_file.write(str(jar), Cookies(cookie_file.read(str(jar))))
    assert jar.read_text().splitlines()[1:] == [
        "h.example\tFALSE\t/\tFALSE\t0\tsession\tv",
        "h.example\tFALSE\t/\tFALSE\t4133980799\tdated\tv",
    ]


@ONE_PROCESS
def test_a_jar_keeps_the_cookies_that_its_file_had(tmp_path: Path, engine: str) -> None:
    jar = tmp_path / "jar"
    own = ["127.0.0.1\tFALSE\t/\tFALSE\t0\tlogin\tv", "h.example\tFALSE\t/\tFALSE\t0\tk\tv"]
    jar.write_text("\n".join(own) + "\n")
    with RawServer({"/f": setting(ok(b"fine"), *(f"{number}=v" for number in range(120)))}) as site:
        words = ["-b", "jar", "--cookie-jar", "jar", "--engine", engine]
        assert run_main(site.url("/f"), *words, cwd=tmp_path).returncode == 0
    lines = jar.read_text().splitlines()[1:]
    assert lines[:2] == own
    assert len(lines) == len(own) + 100


@ONE_PROCESS
def test_a_cookie_jar_has_all_cookies_at_the_end(tmp_path: Path, engine: str) -> None:
    jar = tmp_path / "jar"
    words = ["-b", "jar", "--cookie-jar", "jar", "--engine", engine]
    with RawServer({}) as server:
        server.answers = {
            "/a": setting(moved("/b"), "s=1", f"far=2; HttpOnly; Expires={FAR}"),
            "/b": setting(ok(b"fine"), "d=3; Domain=127.0.0.1; Path=/x"),
            "/c": setting(ok(b"fine"), "s=; Max-Age=0"),
            "/x/d": ok(b"fine"),
        }
        assert run_main(server.url("/a"), *words, cwd=tmp_path).returncode == 0
        assert jar.read_text().splitlines() == [
            "# Netscape HTTP Cookie File",
            "127.0.0.1\tFALSE\t/\tFALSE\t0\ts\t1",
            "#HttpOnly_127.0.0.1\tFALSE\t/\tFALSE\t4133980799\tfar\t2",
            "127.0.0.1\tFALSE\t/x\tFALSE\t0\td\t3",
        ]
        assert jar.stat().st_mode & 0o777 == 0o600
        assert run_main(server.url("/c"), *words, cwd=tmp_path).returncode == 0
        assert run_main(server.url("/x/d"), *words, "-b", "jar", cwd=tmp_path).returncode == 0
    assert carried(server) == {
        "/a": "", "/b": "s=1; far=2", "/c": "s=1; far=2", "/x/d": "d=3; far=2",
    }  # fmt: skip
    assert set(files(tmp_path)) == {"jar", "downloaded/a", "downloaded/c", "downloaded/d"}


def test_a_jar_may_be_combined_with_a_cookie_and_a_domain_is_written_with_a_dot(
    tmp_path: Path,
) -> None:
    with proxied() as site:
        (proxy,) = site.servers
        url = site.hops["sub-domain"]
        proxy.answers[url] = setting(ok(b"fine"), "k=v; Domain=home.example")
        for _ in range(2):
            report = getflags.download(
                [url], dir=tmp_path, cookie="own=1", cookie_jar=tmp_path / "jar", engine="auto",
                exists="overwrite", **site.settings,
            )  # fmt: skip
            assert report.exit_status == 0
        assert carried(proxy) == {url: "own=1"}
    text = (tmp_path / "jar").read_text()
    assert text.splitlines()[1:] == [".home.example\tTRUE\t/\tFALSE\t0\tk\tv"]


def test_the_jar_is_written_by_the_asynchronous_api(tmp_path: Path) -> None:
    with RawServer({"/f": setting(ok(b"fine"), "k=v")}) as server:
        jar = tmp_path / "jar"
        asyncio.run(getflags.adownload([server.url("/f")], dir=tmp_path, cookie_jar=jar))
    assert "\tk\tv\n" in (tmp_path / "jar").read_text()


#: Options, and the beginning of the usage error.
MISTAKES = {
    "-b none": "there is no cookie file of the name that -b gives; a cookie is NAME=VALUE\n",
    "-b /": "cannot read the cookie file '/': Is a directory\n",
    "-b page": "'page':2: this is not a cookie\n",
    "-b short": "'short':1: this is not a cookie\n",
    "-b date": "'date':1: this is not a cookie\n",
    "-b fractions": "'fractions':1: this is not a cookie\n",
    "-b fraction": "'fraction':1: this is not a cookie\n",
    "-b infinite": "'infinite':1: this is not a cookie\n",
    "-b path": "'path':1: this is not a cookie\n",
    "-b nowhere": "'nowhere':1: this is not a cookie\n",
    "-b control": "'control':1: this is not a cookie\n",
    "-b k=SECRET\n": "argument -b/--cookie: the value has a character that cannot be sent",
    "--cookie-jar none/jar": "cannot write the cookie file 'none/jar': No such file or directory\n",
    "--cookie-jar /dev/null": "cannot write the cookies to '/dev/null': it is not an ordinary",
    "--cookie-jar=": "argument --cookie-jar: the value is empty",
    "--cookie-jar jar --engine processes": "--cookie-jar cannot be used with --engine processes",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_mistakes_are_one_sentence(tmp_path: Path, words: str) -> None:
    texts = {
        "page": "#\n<html>SECRET</html>\n",
        "short": "h\tFALSE\t/\tFALSE\t0\n",
        "date": "h\tFALSE\t/\tFALSE\tSECRET\tk\tv\n",
        "fractions": "h\tFALSE\t/\tFALSE\t1.5.2\tk\tv\n",
        "fraction": "h\tFALSE\t/\tFALSE\t.5\tk\tv\n",
        "infinite": "h\tFALSE\t/\tFALSE\tinf\tk\tv\n",
        "path": "h\tFALSE\tx\tFALSE\t0\tk\tv\n",
        "nowhere": "Set-Cookie: k=SECRET\n",
        "control": "h\tFALSE\t/\tFALSE\t0\tk\tSECRET\x01\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    with RawServer({"/f": ok(b"fine")}) as server:
        done = run_main(server.url("/f"), *words.split(" "), cwd=tmp_path)
    assert (done.returncode, done.stdout, server.heads) == (2, "", [])
    assert done.stderr.startswith(f"getflags: {MISTAKES[words]}")
    assert done.stderr.count("\n") == 1
    assert "SECRET" not in done.stderr
    assert set(files(tmp_path)) == set(texts)


def test_a_jar_that_cannot_be_written_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "jars").mkdir()

    def answer(connection: socket.socket, server: RawServer) -> None:
        del server
        shutil.rmtree(tmp_path / "jars")
        connection.sendall(ok(b"fine"))

    with RawServer({"/f": answer}) as server:
        done = run_main(server.url("/f"), "--cookie-jar", "jars/jar", cwd=tmp_path)
    assert NOT_WRITTEN in done.stderr
    assert done.returncode == 1


@pytest.mark.parametrize("gone", [False, True])
def test_an_interrupted_run_writes_its_cookies(tmp_path: Path, *, gone: bool) -> None:
    """If that fails, the exit code is that of the interrupt all the same."""
    (tmp_path / "jars").mkdir()
    answers: dict[str, Answer] = {"/f": setting(moved("/g"), "k=v"), "/g": stall_after(b"")}
    with RawServer(answers) as server:
        words = [server.url("/f"), "--cookie-jar", "jars/jar"]
        environ = {**ENVIRON, "PYTHONPATH": str(ROOT)}
        with subprocess.Popen(
            command(*words), cwd=tmp_path, stderr=subprocess.PIPE, text=True, env=environ
        ) as process:
            assert server.stalled.acquire(timeout=30)
            if gone:
                shutil.rmtree(tmp_path / "jars")
            process.send_signal(signal.SIGINT)
            err = process.communicate(timeout=30)[1]
    assert process.returncode == 130
    assert (NOT_WRITTEN in err) == gone
    assert gone or "\tk\tv\n" in (tmp_path / "jars/jar").read_text()


def test_a_full_disk_leaves_the_old_jar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "jar").write_text("# old\n")
    with RawServer({"/f": setting(ok(b"fine"), "k=v")}) as server:
        monkeypatch.setattr("getflags.api.cookie_file._line", full)
        with pytest.raises(GetflagsError, match="cannot write the cookie file"):
            getflags.download([server.url("/f")], dir=tmp_path, cookie_jar=tmp_path / "jar")
    assert files(tmp_path) == {"f": b"fine", "jar": b"# old\n"}


def test_settings_that_are_no_cookies_are_named(tmp_path: Path) -> None:
    for given, sentence in {
        "k=\u20ac": "cookie has a character that cannot be sent",
        5: "cookie is 5; it must be a string",
    }.items():
        with pytest.raises(UsageError, match=sentence):
            getflags.download([], dir=tmp_path, cookie=given)  # type: ignore[arg-type]
