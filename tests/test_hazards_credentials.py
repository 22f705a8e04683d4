"""Credentials: which of them a request carries, and to which server."""

from __future__ import annotations

import os
import re
import threading
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import getflags
from getflags.core.models import Credentials, DownloadOptions
from getflags.core.settings import Settings
from tests.hazards import Way, everywhere
from tests.kit import files, run_main
from tests.rawserver import Answer, RawServer, moved, ok
from tests.test_hazards_tls import AUTHORITY, SecureServer, issued

Field = tuple[str, str]


def basic(pair: str) -> Field:
    """Return the field that carries a user name and a password."""
    return "authorization", "Basic " + b64encode(pair.encode("utf-8", "surrogateescape")).decode()


def fields(head: bytes) -> list[Field]:
    """Return the fields of a request, with their names in lower case."""
    lines = [line.partition(": ") for line in head.decode("latin-1").split("\r\n")[1:-2]]
    return [(name.lower(), value) for name, _, value in lines]


class Site(NamedTuple):
    """Where targets are, and where each of them is redirected to, by the name of the difference."""

    home: str
    hops: Mapping[str, str]
    servers: list[RawServer]
    settings: dict[str, Any]

    @property
    def targets(self) -> list[str]:
        """A URL at home for each hop."""
        return [f"http://{self.home}/{number}" for number in range(len(self.hops))]

    def carried(self, secret: Field) -> set[str]:
        """Return the hops whose requests carried it, and check that all at home did."""
        heads = {
            head.split(b" ")[1].decode().rpartition("/")[2]: secret in fields(head)
            for server in self.servers
            for head in server.heads
        }
        assert len(heads) == 2 * len(self.hops)
        assert all(heads[str(number)] for number in range(len(self.hops)))
        return {hop for number, hop in enumerate(self.hops) if heads[f"hop{number}"]}


@contextmanager
def proxied() -> Iterator[Site]:
    """Yield a site behind a proxy, where each host has any name."""
    hosts = {
        "same origin": "home.example",
        "other port": "home.example:8080",
        "other host": "far.example",
        "sub-domain": "sub.home.example",
        "domain above": "example",
    }
    hops = {name: f"http://{host}/hop{n}" for n, (name, host) in enumerate(hosts.items())}
    with RawServer({}) as proxy:
        site = Site("home.example", hops, [proxy], {"proxy": proxy.url("")})
        for target, url in zip(site.targets, hops.values(), strict=True):
            proxy.answers |= {target: moved(url), url: ok(b"there")}
        yield site


@contextmanager
def direct() -> Iterator[Site]:
    """Yield a site of several servers."""
    with ExitStack() as stack:
        there: dict[str, Answer] = {f"/hop{number}": ok(b"there") for number in range(3)}
        home, other = (stack.enter_context(RawServer(there)) for _ in range(2))
        hops = {
            "same origin": home.url("/hop0"),
            "other port": other.url("/hop1"),
            "other host": home.url("/hop2").replace("127.0.0.1", "localhost"),
        }
        home.answers |= {f"/{number}": moved(url) for number, url in enumerate(hops.values())}
        yield Site(home.url("").removeprefix("http://"), hops, [home, other], {})


SITES = {"direct": direct, "proxy": proxied}


class Kind(NamedTuple):
    """Credentials, the secret in the head of a request, and the hops that carry it."""

    settings: dict[str, Any]
    secret: Field
    hops: set[str]
    userinfo: str = ""
    files: Mapping[str, str] = {}  # settings whose values are files with this text
    own: tuple[tuple[str, str], ...] = ()


HOME = {"same origin"}
HOSTS = ("home.example", "127.0.0.1")
KINDS = {
    "-u": Kind({"user": "me:s:cret"}, basic("me:s:cret"), HOME),
    "bearer": Kind({"oauth2_bearer": "t0ken"}, ("authorization", "Bearer t0ken"), HOME),
    "URL": Kind({}, basic("me:s"), HOME, "me:s@"),
    "netrc": Kind(
        {}, basic("me:s"), {"same origin", "other port"}, "",
        {"netrc_file": "".join(f"machine {host} login me password s\n" for host in HOSTS)},
    ),
    "netrc's default": Kind(
        {}, basic("me:s"), HOME, "", {"netrc_file": "default login me password s"}
    ),
    "header": Kind({"headers": {"X-Api-Key": "s"}}, ("x-api-key", "s"), HOME),
    "-b": Kind({"cookie": "k=s; l=t"}, ("cookie", "k=s; l=t"), HOME),
    "a file's cookie": Kind(
        {}, ("cookie", "k=s"), {"same origin", "other port"}, "",
        {"cookie": "".join(f"{host}\tFALSE\t/\tFALSE\t0\tk\ts\n" for host in HOSTS)},
    ),
    "a file's cookie of a domain": Kind(
        {}, ("cookie", "k=s"), {"same origin", "other port", "sub-domain"}, "",
        {"cookie": "".join(f".{host}\tTRUE\t/\tFALSE\t0\tk\ts\n" for host in HOSTS)},
    ),
    "header line": Kind({}, ("x-api-key", "s"), HOME, own=(("X-Api-Key", "s"),)),
}  # fmt: skip


#: Credentials that every server gets with --location-trusted.
EVERYWHERE = {"-u", "-b", "bearer", "URL", "header", "header line"}


def written(folder: Path, **texts: str) -> dict[str, Any]:
    """Write files and return the settings that name them."""
    for setting, text in texts.items():
        (folder / setting).write_text(text, encoding="utf-8")
    return {setting: str(folder / setting) for setting in texts}


@pytest.mark.parametrize("trusted", [False, True])
@pytest.mark.parametrize("place", SITES)
@pytest.mark.parametrize("kind", KINDS)
@everywhere
def test_credentials_stay_where_they_belong(
    tmp_path: Path, way: Way, kind: str, place: str, *, trusted: bool
) -> None:
    settings, secret, hops, userinfo, texts, own = KINDS[kind]
    settings = {**settings, **written(tmp_path, **texts), "location_trusted": trusted}
    with SITES[place]() as site:
        urls = [url.replace("//", f"//{userinfo}") for url in site.targets]
        targets = [getflags.Entry(url, headers=own) for url in urls]
        report = getflags.download(targets, dir=tmp_path / "d", **site.settings, **settings, **way)
        assert report.exit_status == 0
        everyone = trusted and kind in EVERYWHERE
        assert site.carried(secret) == (set(site.hops) if everyone else hops & set(site.hops))
    assert set(files(tmp_path / "d").values()) == {b"there"}


@everywhere
def test_a_trusted_host_gets_no_other_hosts_name(tmp_path: Path, way: Way) -> None:
    with RawServer({"/there": ok(b"there")}) as other, RawServer({}) as home:
        home.answers = {"/f": moved(other.url("/there"))}
        options = ["--engine", way["engine"], "--client", way["client"], "--location-trusted"]
        options += ["-H", "Host: own.example", "-H", "Cookie: a=b"]
        done = run_main(home.url("/f"), *options, cwd=tmp_path)
    assert done.returncode == 0
    sent, there = dict(fields(home.heads[0])), dict(fields(other.heads[0]))
    assert (sent["host"], sent["cookie"]) == ("own.example", "a=b")
    assert (there["host"], there["cookie"]) == (f"127.0.0.1:{other.port}", "a=b")


@everywhere
def test_no_credentials_are_sent_in_clear_after_https(
    tmp_path: Path, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    AUTHORITY.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    settings = written(tmp_path, netrc_file="machine localhost login me password s")
    with RawServer({"/there": ok(b"there")}) as plain:
        there = plain.url("/there").replace("127.0.0.1", "localhost")
        with SecureServer({"/f": moved(there)}, issued(AUTHORITY, "localhost")) as server:
            url = server.url("/f").replace("http://127.0.0.1", "https://localhost")
            report = getflags.download(
                [url], dir=tmp_path / "d", cacert=tmp_path / "ca.pem", user="me:s",
                headers={"X-Api-Key": "s"}, location_trusted=True, **settings, **way,
            )  # fmt: skip
        assert basic("me:s") in fields(server.heads[0])
    assert report.outcomes[0].reason == "redirected from https to http, which is refused"
    assert plain.heads == []


@everywhere
def test_each_hop_gets_what_netrc_has_for_its_host(tmp_path: Path, way: Way) -> None:
    """Whatever the target's own host gets; an entry without a password does not get another's."""
    netrc = "machine far.example login you password t machine sub.home.example login only"
    settings = written(tmp_path, netrc_file=f"{netrc} machine example default login no password no")
    with proxied() as site:
        targets = [url.replace("//", "//me:s@") for url in site.targets]
        report = getflags.download(
            targets, dir=tmp_path / "d", user="a:b", **site.settings, **settings, **way
        )
        assert report.exit_status == 0
        assert site.carried(basic("me:s")) == {"same origin"}
        found = {
            head.split(b" ")[1].decode(): dict(fields(head)).get("authorization")
            for head in site.servers[0].heads
        }
    assert found[site.hops["other host"]] == basic("you:t")[1]
    assert found[site.hops["sub-domain"]] == basic("only:")[1]
    assert found[site.hops["domain above"]] is None  # its entry is empty
    assert found[site.hops["other port"]] is None


#: Credentials that compete, and the Authorization that wins.
NETRC = {"netrc": "machine 127.0.0.1 login u password p machine 127.0.0.1 login me password s"}
RANKS: dict[str, tuple[str, dict[str, Any], Field]] = {
    "-u before netrc": ("", {"user": "a:b", **NETRC}, basic("a:b")),
    "a token before netrc": ("", {"oauth2_bearer": "t", **NETRC}, ("authorization", "Bearer t")),
    "the URL before netrc": ("me:x@", NETRC, basic("me:x")),
    "the URL's user, with netrc's password": ("me@", NETRC, basic("me:s")),
    "another user in the URL": ("you@", NETRC, basic("you:")),
    "the first entry": ("", NETRC, basic("u:p")),
    "the default entry": ("", {"netrc": "machine a default login d password e"}, basic("d:e")),
    "a header before netrc": (
        "", {"headers": {"Authorization": "Own x"}, **NETRC}, ("authorization", "Own x"),
    ),
    "the URL before -u": ("me:s@", {"user": "a:b"}, basic("me:s")),
    "the URL before a token": ("me:s@", {"oauth2_bearer": "t"}, basic("me:s")),
    "a header before -u": (
        "", {"user": "a:b", "headers": {"Authorization": "Own x"}}, ("authorization", "Own x"),
    ),
    "a header before the URL": (
        "me:s@", {"headers": {"authorization": "Own x"}}, ("authorization", "Own x"),
    ),
    "a header before cookies": (
        "", {"headers": {"Cookie": "own=x"}, "cookie": "k=s"}, ("cookie", "own=x"),
    ),
    "an empty password": ("", {"user": "me:"}, basic("me:")),
    "no user name": ("", {"user": ":s"}, basic(":s")),
    "not ASCII": ("", {"user": "m\u00e9:\u20ac"}, basic("m\u00e9:\u20ac")),
}  # fmt: skip


@pytest.mark.parametrize("row", RANKS)
@everywhere
def test_a_request_has_one_authorization(tmp_path: Path, way: Way, row: str) -> None:
    userinfo, settings, expected = RANKS[row]
    texts = {"netrc_file": settings["netrc"]} if "netrc" in settings else {}
    settings = {**settings, **written(tmp_path, **texts)}
    settings.pop("netrc", None)
    with RawServer({"/f": ok(b"fine")}) as server:
        url = server.url("/f").replace("//", f"//{userinfo}")
        report = getflags.download([url], dir=tmp_path / "d", **settings, **way)
    assert report.exit_status == 0
    (head,) = server.heads
    assert [field for field in fields(head) if field[0] == expected[0]] == [expected]


#: Options, and the field that they send.
TAKEN = {
    "-u me:a:b": basic("me:a:b"),
    "--user=you:c": basic("you:c"),
    "-u m\u00e9:\udcff": basic("m\u00e9:\udcff"),
    "-b m\u00e9=\udcff": ("cookie", "m\xc3\xa9=\xff"),
    "--cookie=a=b": ("cookie", "a=b"),
    "--oauth2-bearer abc.def": ("authorization", "Bearer abc.def"),
}


LIST = """\
URL/a
  header=X-Api-Key: SECRET-a
  header=X-Two: 1
  header=X-Two: \u00e9
URL/b
  header=Authorization: Own SECRET-b
  header=X-All: mine
URL/c
"""


@everywhere
def test_header_lines_of_a_list_are_for_one_target_and_kept_with_it(
    tmp_path: Path, way: Way
) -> None:
    words = ["--engine", way["engine"], "--client", way["client"], "--retries", "0", "--json"]
    words += ["-u", "me:s", "-H", "X-All: all", "--failed-out", "list"]
    with RawServer({}) as server:
        text = LIST.replace("URL", server.url(""))
        (tmp_path / "list").write_text(text, encoding="utf-8")
        done = run_main("-i", "list", *words, cwd=tmp_path)
        assert done.returncode == 3
        assert (tmp_path / "list").read_text(encoding="utf-8") == text
        assert (tmp_path / "list").stat().st_mode & 0o777 == 0o600
        server.answers = {path: ok(b"fine") for path in ("/a", "/b", "/c")}
        again = run_main("-i", "list", *words, cwd=tmp_path)
        assert again.returncode == 0
    heads = {head.split(b" ")[1]: fields(head) for head in server.heads[3:]}
    usual = {"host", "accept", "accept-encoding", "user-agent"}
    sent = {path: [each for each in heads[path] if each[0] not in usual] for path in heads}
    assert sent == {
        b"/a": [
            ("x-api-key", "SECRET-a"), ("x-two", "1"), ("x-two", "\xc3\xa9"), ("x-all", "all"),
            basic("me:s"),
        ],
        b"/b": [("authorization", "Own SECRET-b"), ("x-all", "mine")],
        b"/c": [("x-all", "all"), basic("me:s")],
    }  # fmt: skip
    assert "SECRET" not in done.stdout + done.stderr + again.stdout + again.stderr


def test_a_header_line_that_cannot_be_sent_is_a_usage_error(tmp_path: Path) -> None:
    for line, why in {
        "header=Range: bytes=SECRET": "Range cannot be set: getflags fetches whole files",
        "header=SECRET": "the header is not of the form 'Name: value'",
    }.items():
        with RawServer({"/a": ok(b"fine")}) as server:
            (tmp_path / "list").write_text(f"{server.url('/a')}\n  {line}\n")
            done = run_main("-i", "list", cwd=tmp_path)
        assert (done.returncode, done.stdout, server.heads) == (2, "", [])
        assert done.stderr.startswith(f"getflags: list:2: {why}")
        assert "SECRET" not in done.stderr


@everywhere
def test_a_netrc_file_is_read_once(tmp_path: Path, way: Way) -> None:
    """It may be a pipe, such as the shell's <(pass show netrc)."""
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(
        target=(tmp_path / "pipe").write_text, args=["default login me password s"], daemon=True
    )
    writer.start()
    with RawServer({"/f": ok(b"fine"), "/g": ok(b"fine")}) as server:
        options = ["--engine", way["engine"], "--client", way["client"]]
        urls = [server.url("/f"), server.url("/g")]
        done = run_main(*urls, "--netrc-file", "pipe", *options, cwd=tmp_path)
    writer.join()
    assert done.returncode == 0
    assert all(basic("me:s") in fields(head) for head in server.heads)
    assert len(server.heads) == 2


def test_the_users_netrc_file_is_in_the_home_folder_and_private(tmp_path: Path) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password SECRET")
    home = {"HOME": str(tmp_path)}
    for mode in (0o640, 0o604, 0o602):
        netrc.chmod(mode)
        with RawServer({}) as server:
            done = run_main(server.url("/f"), "--netrc", cwd=tmp_path, environ=home)
        sentence = f"'{netrc}' can be read or changed by other users; run chmod 600 ~/.netrc"
        assert (done.returncode, done.stdout, server.heads) == (2, "", [])
        assert done.stderr == f"getflags: {sentence}\n"
    netrc.chmod(0o600)
    with RawServer({"/f": ok(b"fine")}) as server:
        done = run_main(server.url("/f"), "--netrc", cwd=tmp_path, environ=home)
    assert done.returncode == 0
    assert basic("me:SECRET") in fields(server.heads[0])


@pytest.mark.parametrize("words", TAKEN)
def test_the_command_line_takes_credentials(tmp_path: Path, words: str) -> None:
    with RawServer({"/f": ok(b"fine")}) as server:
        done = run_main(server.url("/f"), *words.split(), "-v", "--json", cwd=tmp_path)
    assert done.returncode == 0
    assert TAKEN[words] in fields(server.heads[0])
    assert re.split("[ =]", words, maxsplit=1)[1] not in done.stdout + done.stderr


#: Options, and the beginning of the usage error.
MISTAKES = {
    "-u SECRET": "argument -u/--user: the value has no password: write USER:PASSWORD",
    "--user=": "argument -u/--user: the value has no password: write USER:PASSWORD",
    "--oauth2-bearer=SECRET\u00e9": "argument --oauth2-bearer: the value is empty, or has a space",
    "--oauth2-bearer=": "argument --oauth2-bearer: the value is empty",
    "--netrc-file none": "cannot read the netrc file 'none': No such file or directory\n",
    "--netrc": "cannot read the netrc file '/nonexistent/.netrc': No such file or directory\n",
    "--netrc-file /": "cannot read the netrc file '/': Is a directory\n",
    "--netrc-file /dev/zero": "the netrc file '/dev/zero' is larger than 1,048,576 bytes\n",
    "--netrc-file=": "argument --netrc-file: the value is empty",
    "-u me:SECRET --oauth2-bearer SECRET": "a user (--user) and a bearer token (--oauth2-bearer)",
}


@pytest.mark.parametrize("command", ["", "race", "bench", "tune"])
@pytest.mark.parametrize("words", MISTAKES)
def test_mistakes_are_one_sentence_without_the_secret(
    tmp_path: Path, words: str, command: str
) -> None:
    with RawServer({"/f": ok(b"fine")}) as server:
        done = run_main(
            *command.split(), server.url("/f"), *words.split(),
            cwd=tmp_path, environ={"HOME": "/nonexistent"},
        )  # fmt: skip
    assert (done.returncode, done.stdout, server.heads) == (2, "", [])
    assert done.stderr.startswith(f"getflags: {MISTAKES[words]}")
    assert done.stderr.count("\n") == 1
    assert "SECRET" not in done.stderr
    assert files(tmp_path) == {}


def test_credentials_are_not_shown_by_mistake() -> None:
    """A debugger, or a notebook, prints any value."""
    assert "secret" not in repr(DownloadOptions(credentials=Credentials("secret")))
    assert "secret" not in repr(Settings(user="me:secret", oauth2_bearer="secret"))
    assert "secret" not in repr(DownloadOptions(headers=(("X-Api-Key", "secret"),)))
    assert "secret" not in repr(Settings(headers=(("X-Api-Key", "secret"),)))
