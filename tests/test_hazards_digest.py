"""HTTP Digest: what is sent, to which server, and how often, whatever a server demands."""

from __future__ import annotations

import shutil
import subprocess
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

import getflags
from getflags.core.response_head import Head
from getflags.transfer import retry
from getflags.transfer.authentication.challenges import Challenge, schemes, strongest
from getflags.transfer.authentication.digest import Nonce
from getflags.transfer.parts import split
from tests import test_split
from tests.digestserver import Site, digest_server, parameters
from tests.hazards import Way, everywhere
from tests.kit import files, run_main
from tests.rawserver import Answer, RawServer, moved, ok
from tests.test_hazards_credentials import fields, written
from tests.test_resume import CUT, OLD, asked_from, part, whole

FILES = {"/a": b"a" * 300, "/b%2fc?q=%22x%22&r=1": b"bc", "/d": b"d"}
ME = "Mufasa:Circle of Life"

#: Servers that want different forms of an answer.
SITES: dict[str, dict[str, Any]] = {
    "MD5": {},
    "no algorithm": {"algorithm": ""},
    "MD5-sess": {"algorithm": "MD5-sess"},
    "SHA-256": {"algorithm": "SHA-256"},
    "SHA-256-sess": {"algorithm": "SHA-256-sess", "qop": "auth-int,auth"},
    "RFC 2069": {"qop": "", "algorithm": ""},
    "each nonce once": {"uses": 1},
    "each nonce twice": {"uses": 2, "algorithm": "SHA-256"},
    "in order": {"ordered": True},
    "among others": {"others": ("Negotiate", 'Basic realm="x", NTLM abc==, Bearer')},
    "a quote in the realm": {"realm": 'a \\"quoted\\" realm, with a = sign'},
    "not ASCII": {"user": "J\u00e4s\u00f8n", "password": "\u20ac:x", "realm": "\xc3\xa4"},
    "UTF-8": {"user": 'J\u00e4s\u00f8n "Doe"', "utf8": True, "algorithm": "SHA-256"},
    "a quote in the name": {"user": 'J "D" D'},
}
#: What libcurl does not do.
NOT_CURL = {"UTF-8", "a quote in the realm"}


def download(site: Site, server: RawServer, folder: Path, **settings: Any) -> getflags.Report:
    """Download all files of a site."""
    settings.setdefault("user", f"{site.user}:{site.password}")
    urls = [server.url(path) for path in site.files]
    settings.setdefault("retries", 0)
    return getflags.download(urls, dir=folder, digest=True, **settings)


@pytest.mark.parametrize("row", SITES)
@everywhere
def test_each_request_has_the_right_answer(tmp_path: Path, way: Way, row: str) -> None:
    site = Site(FILES, **SITES[row])
    with digest_server(site) as server:
        report = download(site, server, tmp_path, **way)
    assert [outcome.reason for outcome in report.outcomes] == [""] * len(FILES)
    assert sorted(files(tmp_path).values()) == sorted(FILES.values())
    assert set(site.rejected) <= {"nothing", "stale"}


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize("row", sorted(SITES.keys() - NOT_CURL))
def test_the_server_accepts_the_answers_of_another_client(tmp_path: Path, row: str) -> None:
    site = Site(FILES, **SITES[row])
    with digest_server(site) as server:
        for number, path in enumerate(FILES):
            words = ["curl", "-sS", "--path-as-is", "--digest", "-o", str(tmp_path / f"{number}")]
            words += ["--noproxy", "*", "-u", f"{site.user}:{site.password}", server.url(path)]
            subprocess.run(words, check=True, timeout=20)
    assert list(files(tmp_path).values()) == list(FILES.values())
    assert len(site.accepted) == len(FILES)


@pytest.mark.parametrize("uses", [1, 2, 10])
@everywhere
def test_a_nonce_serves_as_many_requests_as_the_server_allows(
    tmp_path: Path, way: Way, uses: int
) -> None:
    site = Site({f"/{number}": b"%d" % number for number in range(6)}, uses=uses)
    with digest_server(site) as server:
        report = download(site, server, tmp_path, max_req=1, **way)
    assert report.exit_status == 0
    counts = [int(sent["nc"], 16) for sent in site.accepted]
    assert counts == [number % uses + 1 for number in range(6)]
    assert site.rejected == ["nothing"] + ["stale"] * ((6 - 1) // uses)
    assert sum(outcome.requests for outcome in report.outcomes) == len(server.heads)


@pytest.mark.parametrize("demand", [{"uses": 1}, {"uses": 3}, {"ordered": True}])
@everywhere
def test_many_requests_at_a_time_get_their_answers(
    tmp_path: Path, way: Way, demand: dict[str, Any]
) -> None:
    """No nonce of another request may take away the two challenges that a request has."""
    site = Site({f"/{number}": b"%d" % number for number in range(30)}, **demand)
    with digest_server(site) as server:
        report = download(site, server, tmp_path, max_req=15, **way)
    assert {outcome.reason for outcome in report.outcomes} == {""}
    assert set(site.rejected) <= {"nothing", "stale"}


@pytest.mark.parametrize("stale", [False, True])
@everywhere
def test_a_password_that_is_wrong_is_not_sent_again_and_again(
    tmp_path: Path, way: Way, *, stale: bool
) -> None:
    site = Site({"/a": b"a", "/b": b"b"}, stale_for_ever=stale)
    with digest_server(site) as server:
        user = "Mufasa:Circle of Life" if stale else "Mufasa:SECRET"
        report = download(site, server, tmp_path, max_req=1, user=user, **way)
    assert {outcome.reason for outcome in report.outcomes} == {"401 Unauthorized"}
    expected = ["nothing", "stale", "stale"] if stale else ["nothing", "response"]
    assert site.rejected == expected * 2
    assert files(tmp_path) == {}


@everywhere
def test_basic_is_never_sent(tmp_path: Path, way: Way) -> None:
    wanted = ok(b"", 'WWW-Authenticate: Basic realm="x"', status="401 Unauthorized")
    with RawServer({"/a": wanted, "/b": ok(b"free")}) as server:
        urls = [server.url("/a"), server.url("/b")]
        report = getflags.download(urls, dir=tmp_path, user=ME, digest=True, **way)
    reasons = {outcome.target.name: outcome.reason for outcome in report.outcomes}
    assert reasons == {
        "a": "401 Unauthorized; the server offers no Digest, only Basic", "b": "",
    }  # fmt: skip
    assert len(server.heads) == 2
    assert all("authorization" not in dict(fields(head)) for head in server.heads)


@everywhere
def test_without_the_option_a_failure_names_it(tmp_path: Path, way: Way) -> None:
    site = Site({"/a": b"a"})
    other = Site({"/b": b"b"}, others=('Basic realm="x"',))
    with digest_server(site) as one, digest_server(other) as two:
        urls = [one.url("/a"), two.url("/b")]
        report = getflags.download(urls, dir=tmp_path, user=ME, **way)
    reasons = {outcome.target.name: outcome.reason for outcome in report.outcomes}
    assert reasons == {
        "a": "401 Unauthorized; the server asks for HTTP Digest: use --digest",
        "b": "401 Unauthorized",
    }
    assert site.rejected == other.rejected == ["Basic instead of Digest"]


@pytest.mark.parametrize("trusted", [False, True])
@everywhere
def test_another_origin_gets_no_answer(tmp_path: Path, way: Way, *, trusted: bool) -> None:
    """Unless it is trusted; the same origin gets one, and netrc's names are for their hosts."""
    there, home = Site({"/there": b"there"}), Site({"/here": b"here"})
    with digest_server(there) as other, digest_server(home) as server:
        server.answers |= {"/far": moved(other.url("/there")), "/near": moved("/here")}
        urls = [server.url("/far"), server.url("/near")]
        report = getflags.download(
            urls, dir=tmp_path, user=ME, digest=True, location_trusted=trusted, **way
        )
    reasons = {outcome.target.name: outcome.reason for outcome in report.outcomes}
    unsent = "401 Unauthorized; --digest has no user and password for this server (-u, its URL or "
    unsent += "--netrc)"
    assert reasons == {"far": "" if trusted else unsent, "near": ""}
    assert len(other.heads) == 1 + trusted
    assert len(there.accepted) == trusted


@pytest.mark.parametrize("trusted", [False, True])
@everywhere
def test_an_answer_to_one_origin_is_not_sent_to_another(
    tmp_path: Path, way: Way, *, trusted: bool
) -> None:
    there = Site({"/there": b"there"})
    with digest_server(there) as other:
        away = moved(other.url("/there"))
        home = Site({"/far": b""}, serve=lambda connection, _: connection.sendall(away))
        with digest_server(home) as server:
            report = download(home, server, tmp_path, location_trusted=trusted, **way)
    assert report.outcomes[0].failed != trusted
    assert home.rejected == there.rejected == ["nothing"]
    assert len(there.accepted) == trusted


#: Where the user's name and the password come from.
SOURCES: dict[str, tuple[str, dict[str, Any], str]] = {
    "URL": ("Mufasa:Circle%20of%20Life@", {}, ""),
    "the URL before -u": ("Mufasa:Circle%20of%20Life@", {"user": "a:b"}, ""),
    "netrc": ("", {}, 'machine 127.0.0.1 login Mufasa password "Circle of Life"'),
    "the URL's user": ("Mufasa@", {}, 'default login Mufasa password "Circle of Life"'),
}


@pytest.mark.parametrize("row", SOURCES)
@everywhere
def test_each_password_is_sent_as_a_digest(tmp_path: Path, way: Way, row: str) -> None:
    userinfo, settings, netrc = SOURCES[row]
    if netrc:
        settings = {**settings, **written(tmp_path, netrc_file=netrc)}
    site = Site({"/a": b"a", "/b": b"b"})
    with digest_server(site) as server:
        urls = [server.url(path).replace("//", f"//{userinfo}") for path in site.files]
        report = getflags.download(urls, dir=tmp_path / "d", digest=True, **settings, **way)
    assert report.exit_status == 0
    assert set(site.rejected) <= {"nothing"}


@everywhere
def test_each_user_of_a_server_has_a_nonce_of_its_own(tmp_path: Path, way: Way) -> None:
    site = Site({"/a": b"a", "/b": b"b", "/c": b"c"})
    with digest_server(site) as server:
        urls = [server.url("/a"), server.url("/b").replace("//", "//you:x@"), server.url("/c")]
        report = getflags.download(
            urls, dir=tmp_path, digest=True, user=ME, max_req=1, retries=0, **way
        )
    reasons = [outcome.reason for outcome in report.outcomes]
    assert sorted(reasons) == ["", "", "401 Unauthorized"]
    assert site.rejected == ["nothing", "nothing", "username=you"]


@everywhere
def test_a_header_of_the_user_is_sent_instead(tmp_path: Path, way: Way) -> None:
    site = Site({"/a": b"a"})
    with digest_server(site) as server:
        report = getflags.download(
            [server.url("/a")], dir=tmp_path, digest=True, user=ME,
            headers={"Authorization": "Own x"}, **way,
        )  # fmt: skip
    assert report.outcomes[0].failed
    assert site.rejected == ["Own instead of Digest"]


@pytest.mark.parametrize("most", [0, 150_000])
@everywhere
def test_a_file_is_resumed(
    tmp_path: Path, way: Way, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Also from a server that sends its rest in parts of so many bytes, each with a new nonce."""
    monkeypatch.setattr(retry, "_FIRST_DELAY", 0.01)
    behaviours = chain([whole(OLD, cut=CUT)], repeat(part(OLD, most=most)))
    site = Site({"/a": OLD}, uses=1, serve=lambda *peers: next(behaviours)(*peers))  # noqa: PLW0108
    with digest_server(site) as server:
        report = download(site, server, tmp_path, retries=1, **way)
    assert report.outcomes[0].reason == ""
    assert files(tmp_path) == {"a": OLD}
    assert site.rejected == ["nothing"] + ["stale"] * (len(site.accepted) - 1)
    assert len(site.accepted) > (4 if most else 1)
    assert asked_from(server) > 0


@pytest.mark.parametrize("uses", [1, 2, 100])
@everywhere
def test_a_file_is_split(
    tmp_path: Path, way: Way, uses: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of its requests has a nonce count of its own."""
    monkeypatch.setattr(split, "_WINDOWS", ((0.0, 1),))
    monkeypatch.setattr(split, "_GAIN", -1.0)
    parts = test_split.Site()
    parts.wait_for = test_split.most(way) if uses == 100 else 1
    site = Site({"/a": parts.body}, uses=uses, serve=parts)
    with digest_server(site) as server:
        report = download(site, server, tmp_path, split=4, min_split_size=test_split.LEAST, **way)
    assert report.outcomes[0].reason == ""
    assert files(tmp_path) == {"a": parts.body}
    assert set(site.rejected) <= {"nothing", "stale"}
    if uses == 100 and way["engine"] != "sequential":
        assert len(site.accepted) > 1
        assert len({sent["nonce"] for sent in site.accepted}) == 1


LONG = "x" * 5000
#: Challenges that are not answered, and whether a response is expected all the same.
HOSTILE: dict[str, tuple[tuple[str, ...], bool]] = {
    "none": ((), False),
    "empty": (("",), False),
    "commas": ((", ,,",), False),
    "no parameters": (("Digest",), False),
    "no realm": (('Digest nonce="n"',), False),
    "no nonce": (('Digest realm="r"',), False),
    "an unknown algorithm": (('Digest realm="r", nonce="n", algorithm=ROT13',), False),
    "an unknown -sess": (('Digest realm="r", nonce="n", algorithm=SHA-512-sess, qop=auth',), False),
    "-sess without qop": (('Digest realm="r", nonce="n", algorithm=MD5-sess',), False),
    "only auth-int": (('Digest realm="r", nonce="n", qop="auth-int"',), False),
    "twice a nonce": (('Digest realm="r", nonce="n", nonce="m"',), False),
    "an open quote": (('Digest realm="r", nonce="n',), False),
    "a backslash at the end": (('Digest realm="r", nonce="n\\"',), False),
    "what is no list": (('Digest realm="r" nonce="n"',), False),
    "what follows is malformed": (('Digest realm="r", nonce="n", =, Digest nonce="m"',), False),
    "too long": ((f'Digest realm="{LONG}", nonce="{LONG}"',), False),
    "long": ((f'Digest realm="r", nonce="{LONG}"',), True),
    "a good one after a bad field": (('Digest realm="', 'Digest realm="r", nonce="n"'), True),
    "many": (tuple(f'Digest realm="r", nonce="{n}"' for n in range(50)), True),
    "a token68": (("Digest abc==",), False),
    "tabs": (('Digest realm\t=\t"r"\t,\tnonce="n"',), True),
}


@everywhere
def test_hostile_challenges_do_no_harm(tmp_path: Path, way: Way) -> None:
    """A request is made again only if there is an answer, and once."""
    answers: dict[str, Answer] = {
        f"/{number}": ok(
            b"", *[f"WWW-Authenticate: {each}" for each in challenges], status="401 Unauthorized"
        )
        for number, (challenges, _) in enumerate(HOSTILE.values())
    }
    with RawServer(answers) as server:
        urls = map(server.url, answers)
        report = getflags.download(urls, dir=tmp_path, user=ME, digest=True, retries=0, **way)
    reasons = {outcome.target.name: outcome.reason for outcome in report.outcomes}
    for number, (row, (_, answered)) in enumerate(HOSTILE.items()):
        unsent = "; the server sent no usable challenge for --digest"
        assert reasons[str(number)] == "401 Unauthorized" + ("" if answered else unsent), row
        assert server.asked(f"/{number}") == 1 + answered, row
    assert files(tmp_path) == {}


def test_a_control_character_never_comes_back() -> None:
    """Some HTTP libraries pass them on."""
    for text in ("a\rb", "a\nb", "a\0b", "a\x7fb", "\\\r"):
        for name, other in (("realm", "nonce"), ("nonce", "realm")):
            field = f'Digest {name}="{text}", {other}="x"'
            assert strongest(Head(401, (("www-authenticate", field),))) is None
    odd = 'Digest realm="r", nonce="n", opaque="a\rb"'
    assert strongest(Head(401, (("www-authenticate", odd),))) is None


#: Fields of WWW-Authenticate, and the schemes in them.
LISTS = {
    'Basic realm="a, b", Digest nonce="c"': {"basic", "digest"},
    "Negotiate, NTLM": {"negotiate", "ntlm"},
    "NTLM TlRMTVNTUAAC+/==, Basic realm=x": {"ntlm", "basic"},
    "NEGOTIATE a=, DIGEST a=b": {"negotiate", "digest"},
    'Basic realm="a\\"b", Bearer': {"basic", "bearer"},
    "  , Basic ,": {"basic"},
    'Basic realm="unclosed, Digest': set(),
    "Bearer  scope = x , error=y, Basic": {"bearer", "basic"},
    "@": set(),
    "": set(),
}


@pytest.mark.parametrize("field", LISTS)
def test_a_field_may_have_several_challenges(field: str) -> None:
    assert schemes(Head(401, (("www-authenticate", field),))) == LISTS[field]


def test_the_strongest_challenge_is_answered() -> None:
    weak = ("www-authenticate", 'Digest realm="r", nonce="1", algorithm="md5"')
    strong = ("www-authenticate", 'Digest realm="r", nonce="2", algorithm=sha-256')
    for order in ((weak, strong), (strong, weak)):
        found = strongest(Head(401, order))
        assert found is not None
        assert (found.nonce, found.function) == ("2", "sha256")


#: The examples of RFC 7616 section 3.9.1: algorithms and responses.
EXAMPLES = {
    "MD5": "8ca523f5e9506fed4657c9700eebdbec",
    "SHA-256": "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
}


@pytest.mark.parametrize("algorithm", EXAMPLES)
def test_the_examples_of_the_rfc(algorithm: str) -> None:
    field = (
        f'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={algorithm}, '
        'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
        'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
    )
    challenge = strongest(Head(401, (("www-authenticate", field),)))
    assert challenge is not None
    nonce = Nonce(
        challenge, b"Mufasa", b"Circle of Life", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    )
    sent = parameters(
        f"GET / HTTP/1.1\r\nAuthorization: {nonce.authorization('/dir/index.html')}".encode()
    )
    assert sent == {
        "username": "Mufasa",
        "realm": "http-auth@example.org",
        "uri": "/dir/index.html",
        "algorithm": algorithm,
        "nonce": "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
        "nc": "00000001",
        "cnonce": "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        "qop": "auth",
        "response": EXAMPLES[algorithm],
        "opaque": "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
    }


def test_a_user_name_with_a_control_character_is_sent_in_the_extended_notation() -> None:
    challenge = Challenge(
        "r", "n", None, "", "md5", session=False, qop=False, stale=False, utf8=False
    )
    sent = Nonce(challenge, b"a\nb", b"", "c").authorization("/")
    assert sent.startswith("Digest username*=UTF-8''a%0Ab, realm=")


@everywhere
def test_the_command_line_shows_no_secret(tmp_path: Path, way: Way) -> None:
    site = Site({"/a": b"a"}, password="SECRET")
    words = ["--engine", way["engine"], "--client", way["client"], "-v", "--json", "--digest"]
    with digest_server(site) as server:
        right = run_main(server.url("/a"), "-u", "Mufasa:SECRET", *words, cwd=tmp_path)
        wrong = run_main(server.url("/a"), "-u", "Mufasa:SECRET!", *words, cwd=tmp_path)
    assert (right.returncode, wrong.returncode) == (0, 3)
    shown = right.stdout + right.stderr + wrong.stdout + wrong.stderr
    assert "SECRET" not in shown
    assert "Digest" not in shown
    assert site.accepted[0]["response"] not in shown


def test_a_token_cannot_be_sent_as_a_digest(tmp_path: Path) -> None:
    with RawServer({"/a": ok(b"a")}) as server:
        words = ["--oauth2-bearer", "SECRET", "--digest"]
        done = run_main(server.url("/a"), *words, cwd=tmp_path)
    assert (done.returncode, done.stdout, server.heads) == (2, "", [])
    assert done.stderr == (
        "getflags: --digest cannot be used with --oauth2-bearer, because it sends only answers to "
        "Digest\n"
    )
