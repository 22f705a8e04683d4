"""``--no-private-addresses``: no connection to an address that is not public, whatever leads there.

All servers of tests listen on loopback addresses. Where one of them has to be public, a fixture
takes 127.0.0.0/8 out of the table of special addresses; ::1 is still none.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import getflags
from getflags import Entry
from getflags.cli.commands.cluster.options import make_parser
from getflags.cluster.run import SETTINGS
from getflags.cluster.work import breaker
from getflags.core.errors import NotPublic, Refused, UsageError
from getflags.core.models import DownloadOptions
from getflags.transfer import retry
from getflags.transfer.origin_state import OriginState
from getflags.transport import dns, public_addresses
from getflags.transport.public_addresses import is_public, refusal
from tests.hazards import Way, everywhere
from tests.kit import files, run_main
from tests.rawserver import RawServer, moved, ok

UNSPECIFIED = "0.0.0.0"  # noqa: S104 - nothing is served there
REASON = "{} is not a public address (--no-private-addresses)"


@pytest.mark.parametrize(
    "address",
    [
        "1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.0", "11.0.0.0", "126.255.255.255",
        "128.0.0.0", "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.0.1",
        "198.17.0.1", "198.20.0.1", "223.255.255.255", "192.31.196.1", "168.63.129.15",
        "2606:4700::1111", "2001:200::1", "2001:4860:4860::8888", "2a00::1", "3ffe:ffff::1",
        "2620:4f:8000::1",
        "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
    ],
)  # fmt: skip
def test_public_addresses(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        UNSPECIFIED, "0.1.2.3", "10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255",
        "100.100.100.200", "127.0.0.1", "127.255.255.255", "168.63.129.16", "169.254.169.254",
        "172.16.0.0", "172.31.255.255", "192.0.0.0", "192.0.0.9", "192.0.0.192", "192.0.2.1",
        "192.88.99.1", "192.168.0.0", "192.168.255.255", "198.18.0.0", "198.19.255.255",
        "198.51.100.1", "203.0.113.1", "224.0.0.1", "224.0.1.1", "239.255.255.255", "240.0.0.1",
        "255.255.255.255",
        "::", "::1", "::2", "::7f00:1", "::ffff:0:7f00:1", "64:ff9b:1::808:808", "100::1",
        "2001::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "3fff::1", "4000::1",
        "5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1",
        "ff0e::1", "ffff::1",
        "2001:0:808:808::f7f7:f7f7",  # Teredo, whatever addresses are in it
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::ffff:100.64.0.1",
        "::ffff:0.0.0.0", "::ffff:224.0.0.1", "::ffff:127.0.0.1%lo",
        "64:ff9b::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b::",
        "2002:7f00:1::1", "2002:a00:1::1", "2002:a9fe:a9fe::1", "2002:c0a8:1::1", "2002::",
        "", "localhost", "8.8.8.8 ", "08.8.8.8", "/run/socket",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


def test_a_refusal_names_a_few_addresses() -> None:
    assert str(refusal(["::1"])) == REASON.format("::1")
    assert str(refusal(["::1", "10.0.0.1", "::1"])) == (
        "10.0.0.1, ::1 are not public addresses (--no-private-addresses)"
    )
    found = refusal(f"10.0.0.{number}" for number in range(9))
    assert str(found).startswith("10.0.0.0, 10.0.0.1, 10.0.0.2... are not public")


class Listener(NamedTuple):
    """A socket that listens and never accepts, so a connection to it stays in its queue."""

    socket: socket.socket
    port: int

    def assert_untouched(self) -> None:
        """Fail if there was a connection."""
        self.socket.settimeout(0)
        with pytest.raises(BlockingIOError):
            self.socket.accept()


@pytest.fixture
def private() -> Iterator[Listener]:
    """Return a listener on 127.0.0.1 and ::1."""
    # An IPv6 socket takes IPv4 connections, too.
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as found:
        yield Listener(found, found.getsockname()[1])


@pytest.fixture
def public_ipv4(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 127.0.0.1 be a public address; ::1 is not."""
    kept = [each for each in public_addresses._SPECIAL_IPV4 if each != IPv4Network("127.0.0.0/8")]
    monkeypatch.setattr(public_addresses, "_SPECIAL_IPV4", tuple(kept))


@pytest.fixture
def both(private: Listener, public_ipv4: None) -> Iterator[tuple[RawServer, Listener]]:
    """Return a server on 127.0.0.1, which is public, and a listener on ::1 with its port."""
    del private, public_ipv4
    for _ in range(20):
        with ExitStack() as stack:
            server = stack.enter_context(RawServer({"/f": ok(b"public")}))
            try:
                other = stack.enter_context(
                    socket.create_server(("::1", server.port), family=socket.AF_INET6)
                )
            except OSError:
                continue
            yield server, Listener(other, server.port)
            return
    pytest.skip("no port is free for both")  # pragma: no cover - or there is no IPv6


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """Return a table of hosts, each with the answers that it gets, the last of which is repeated.

    Only this process and processes forked from it are affected, not the lookups of libcurl.
    """
    table: dict[str, list[list[str]]] = {}
    system = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **named: Any) -> Any:
        answers = table.get(host.decode() if isinstance(host, bytes) else host)
        if answers is None:
            return system(host, port, *rest, **named)
        now = answers.pop(0) if len(answers) > 1 else answers[0]
        return [found for each in now for found in system(each, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(dns.HOST_LOOKUPS, "_complete", {})  # what other tests have looked up
    return table


HOSTS = {
    "127.0.0.1": "127.0.0.1",
    "127.8.8.8": "127.8.8.8",
    "[::1]": "::1",
    "localhost": "127.0.0.1",
    "2130706433": "127.0.0.1",
    "0x7f000001": "127.0.0.1",
    "127.1": "127.0.0.1",
    UNSPECIFIED: UNSPECIFIED,
    "[::]": "::",
    "[::ffff:127.0.0.1]": "::ffff:127.0.0.1",
    "[::ffff:7f00:1]": "::ffff:127.0.0.1",
    "169.254.169.254": "169.254.169.254",
    "10.0.0.1": "10.0.0.1",
    "192.168.1.1": "192.168.1.1",
    "172.16.0.1": "172.16.0.1",
    "100.64.0.1": "100.64.0.1",
    "224.0.0.1": "224.0.0.1",
    "240.0.0.1": "240.0.0.1",
    "[fd00::1]": "fd00::1",
    "[fe80::1]": "fe80::1",
    "[64:ff9b::7f00:1]": "64:ff9b::7f00:1",
    "[2002:7f00:1::1]": "2002:7f00:1::1",
}


@everywhere
def test_addresses_that_are_not_public_get_no_connection(
    tmp_path: Path, way: Way, private: Listener
) -> None:
    urls = [f"http://{host}:{private.port}/{number}" for number, host in enumerate(HOSTS)]
    (tmp_path / "0").write_bytes(b"old")
    report = getflags.download(
        urls, dir=tmp_path, no_private_addresses=True, retries=3, retry_all_errors=True,
        retry_connrefused=True, **way,
    )  # fmt: skip
    assert report.exit_status == 3
    assert len(report.outcomes) == len(HOSTS)
    for outcome in report.outcomes:
        address = list(HOSTS.values())[int(outcome.target.name)]
        assert outcome.reason.endswith("(--no-private-addresses)"), outcome
        assert address in outcome.reason
        assert (outcome.requests, outcome.code) == (0, None)
    assert files(tmp_path) == {"0": b"old"}
    private.assert_untouched()


@everywhere
def test_https_begins_no_handshake(tmp_path: Path, way: Way, private: Listener) -> None:
    urls = [f"https://127.0.0.1:{private.port}/{number}" for number in range(5)]
    report = getflags.download(urls, dir=tmp_path, no_private_addresses=True, **way)
    assert [each.reason for each in report.outcomes] == [REASON.format("127.0.0.1")] * 5
    private.assert_untouched()


@everywhere
def test_of_two_addresses_the_public_one_is_used(
    tmp_path: Path,
    way: Way,
    both: tuple[RawServer, Listener],
    lookups: dict[str, list[list[str]]],
) -> None:
    server, private = both
    lookups["two.test"] = [["::1", "127.0.0.1"]]
    url = f"http://two.test:{server.port}/f"
    given = [f"two.test:{server.port}:[::1],127.0.0.1"] if way["client"] != "httpx" else []
    report = getflags.download(
        [url] * 3, dir=tmp_path, no_private_addresses=True, resolve=given, **way
    )
    assert [each.reason for each in report.outcomes] == [""] * 3
    assert set(files(tmp_path).values()) == {b"public"}
    private.assert_untouched()
    report = getflags.download(
        [url], dir=tmp_path, no_private_addresses=True, resolve=given, ip_version=6, **way
    )
    assert report.exit_status == 3
    private.assert_untouched()


@everywhere
def test_addresses_that_the_user_gives_are_checked(
    tmp_path: Path, way: Way, private: Listener
) -> None:
    if way["client"] == "httpx":
        pytest.skip("httpx has no way to give addresses")
    given = [f"example.org:{private.port}:127.0.0.1,[::1]"]
    report = getflags.download(
        [f"http://example.org:{private.port}/f"], dir=tmp_path, no_private_addresses=True,
        resolve=given, **way,
    )  # fmt: skip
    assert [each.reason for each in report.outcomes] == [
        "127.0.0.1, ::1 are not public addresses (--no-private-addresses)"
    ]
    private.assert_untouched()


@everywhere
def test_a_redirect_to_an_address_that_is_not_public_is_refused(
    tmp_path: Path, way: Way, both: tuple[RawServer, Listener]
) -> None:
    server, private = both
    server.answers["/away"] = moved(f"http://[::1]:{private.port}/secret")
    report = getflags.download(
        [server.url("/away"), server.url("/f")], dir=tmp_path, no_private_addresses=True, **way
    )
    reasons = {each.target.name: each.reason for each in report.outcomes}
    assert reasons == {
        "away": f"{REASON.format('::1')} (redirected to http://[::1]:{private.port})",
        "f": "",
    }
    assert (report.exit_status, server.asked("/away")) == (1, 1)
    assert files(tmp_path) == {"f": b"public"}
    private.assert_untouched()


@everywhere
def test_a_name_that_changes_its_address_after_the_check(
    tmp_path: Path,
    way: Way,
    both: tuple[RawServer, Listener],
    lookups: dict[str, list[list[str]]],
) -> None:
    """DNS rebinding: the first answer is public, and all others are not.

    libcurl looks names up itself; it finds the addresses of localhost.
    """
    server, private = both
    if way["client"] == "curl":
        lookups["localhost"] = [["8.8.8.8"]]
        url, reason = f"http://localhost:{private.port}/f", REASON.format("::1")
        report = getflags.download(
            [url], dir=tmp_path, no_private_addresses=True, ip_version=6, **way
        )
        assert [each.reason for each in report.outcomes] in ([reason], [NO_IPV6])
    else:
        lookups["changes.test"] = [["127.0.0.1"], ["::1"]]
        url = f"http://changes.test:{server.port}/f"
        report = getflags.download([url], dir=tmp_path, no_private_addresses=True, **way)
        assert files(tmp_path) == {"f": b"public"}
    private.assert_untouched()


#: Where localhost has only an IPv4 address.
NO_IPV6 = "host name no longer found (4 tries)"


@everywhere
def test_a_name_whose_address_becomes_public_is_downloaded(
    tmp_path: Path,
    way: Way,
    both: tuple[RawServer, Listener],
    lookups: dict[str, list[list[str]]],
) -> None:
    if way["client"] == "curl" or way["engine"] == "processes":
        pytest.skip("libcurl remembers an address for a minute, and each process looks up its own")
    server, private = both
    lookups["mends.test"] = [["::1"], ["127.0.0.1"]]
    url = f"http://mends.test:{server.port}/f"
    codes = [
        getflags.download([url], dir=tmp_path, no_private_addresses=True, **way).exit_status
        for _ in range(2)
    ]
    assert codes == [3, 0]
    private.assert_untouched()


@everywhere
def test_mirrors_are_checked_like_targets(
    tmp_path: Path, way: Way, both: tuple[RawServer, Listener]
) -> None:
    server, private = both
    bad = f"http://[::1]:{private.port}/f"
    targets = [
        Entry(bad, out="good", mirrors=(server.url("/f"),)),
        Entry(bad, out="bad", mirrors=(f"http://10.0.0.1:{private.port}/f",)),
    ]
    report = getflags.download(
        targets, dir=tmp_path, no_private_addresses=True, retry_all_errors=True, **way
    )
    found = {each.target.name: each for each in report.outcomes}
    assert found["good"].requests == 1
    other = f"http://10.0.0.1:{private.port}/f: {REASON.format('10.0.0.1')}"
    assert found["bad"].reason == f"{REASON.format('::1')}; {other}"
    assert found["bad"].requests == 0
    assert files(tmp_path) == {"good": b"public"}
    private.assert_untouched()


@everywhere
def test_the_next_public_address_is_tried(
    tmp_path: Path,
    way: Way,
    public_ipv4: None,
    monkeypatch: pytest.MonkeyPatch,
    lookups: dict[str, list[list[str]]],
) -> None:
    del public_ipv4
    monkeypatch.setattr(public_addresses, "_GLOBAL_UNICAST", IPv6Network("::/0"))
    with RawServer({"/f": ok(b"fine")}) as server:
        lookups["two.test"] = [["::1", "127.0.0.1"]]
        url = f"http://two.test:{server.port}/f"
        given = [f"two.test:{server.port}:[::1],127.0.0.1"] if way["client"] != "httpx" else []
        report = getflags.download(
            [url], dir=tmp_path, no_private_addresses=True, resolve=given, **way
        )
        assert [each.reason for each in report.outcomes] == [""]
    lookups["gone.test"] = [["::1", "127.0.0.1"]]
    url = f"http://gone.test:{server.port}/f"
    given = [f"gone.test:{server.port}:[::1],127.0.0.1"] if way["client"] != "httpx" else []
    report = getflags.download([url], dir=tmp_path, no_private_addresses=True, resolve=given, **way)
    assert [each.reason for each in report.outcomes] == ["connection refused"]


@everywhere
def test_a_host_without_any_address_is_not_found(
    tmp_path: Path, way: Way, lookups: dict[str, list[list[str]]]
) -> None:
    lookups["none.invalid"] = [[]]
    report = getflags.download(
        ["http://none.invalid/f"], dir=tmp_path, no_private_addresses=True, retries=0, **way
    )
    assert [each.reason for each in report.outcomes] in (
        ["no connection"],
        ["host name no longer found"],  # libcurl's own lookup
    )


def test_bundled_servers_are_refused(tmp_path: Path) -> None:
    done = run_main("--no-private-addresses", "-q", "BR", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr == f"getflags: BR: {REASON.format('127.0.0.1')}\n"
    environ = {"GETFLAGS_NO_PRIVATE_ADDRESSES": "yes"}
    assert run_main("-q", "BR", cwd=tmp_path, environ=environ).returncode == 3
    assert run_main("-q", "BR", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize("client", ["h1", "curl", "httpx"])
@pytest.mark.parametrize("environ", [
    {"http_proxy": "http://proxy.example:3128"},
    {"ALL_PROXY": "http://proxy.example:3128", "NO_PROXY": "127.0.0.1"},
    {},
])  # fmt: skip
def test_a_proxy_is_a_usage_error(tmp_path: Path, client: str, environ: dict[str, str]) -> None:
    words = [] if environ else ["--proxy", "http://me:SECRET@proxy.example:3128"]
    done = run_main(
        "--no-private-addresses", "--client", client, *words, "http://127.0.0.1:1/f",
        cwd=tmp_path, environ=environ,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "getflags: --no-private-addresses cannot be used with a proxy, which looks up the hosts "
        "itself; give no --proxy, and unset the proxy variables or set NO_PROXY='*'\n"
    )


@pytest.mark.parametrize("client", ["h1", "curl", "httpx"])
@pytest.mark.parametrize(
    "environ", [{"ALL_PROXY": "http://127.0.0.1:1", "NO_PROXY": "*"}, {"NO_PROXY": "example.org"}]
)
def test_without_a_proxy_hosts_are_connected_to_directly_and_checked(
    tmp_path: Path, client: str, environ: dict[str, str]
) -> None:
    done = run_main(
        "--no-private-addresses", "--client", client, "-q", "http://127.0.0.1:1/f",
        cwd=tmp_path, environ=environ,
    )  # fmt: skip
    assert done.returncode == 3
    assert REASON.format("127.0.0.1") in done.stderr


def test_a_pycurl_that_cannot_check_is_a_usage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pycurl = pytest.importorskip("pycurl")
    monkeypatch.delattr(pycurl, "OPENSOCKETFUNCTION")
    with pytest.raises(UsageError, match="cannot be used with the installed pycurl"):
        getflags.download(["http://h/f"], dir=tmp_path, client="curl", no_private_addresses=True)
    with RawServer({"/f": ok(b"fine")}) as server:
        assert getflags.download([server.url("/f")], dir=tmp_path, client="curl").arrived == 1


def test_libcurl_gets_no_socket_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    pycurl = pytest.importorskip("pycurl")
    from getflags.transport.curl import public_sockets

    def refuse(*_: object) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    sockets = public_sockets.PublicSockets()
    assert sockets.open(0, (socket.AF_UNIX, 1, 0, b"/run/socket")) == pycurl.SOCKET_BAD
    with pytest.raises(NotPublic):
        sockets.check()
    sockets.begin()
    sockets.check()
    with monkeypatch.context() as crowded:
        crowded.setattr(public_sockets, "_Original", refuse)
        address = (socket.AF_INET, socket.SOCK_STREAM, 0, ("8.8.8.8", 80))
        assert sockets.open(0, address) == pycurl.SOCKET_BAD
    with pytest.raises(Exception, match="too many open files"):
        sockets.check()


def test_only_a_refusal_of_our_own_is_never_retried() -> None:
    options = DownloadOptions(retry_all_errors=True, retry_connrefused=True)
    assert not retry.is_transient(refusal(["::1"]), options, OriginState())
    assert retry.is_transient(Refused("connection refused"), options, OriginState())


def test_in_a_configuration_file(tmp_path: Path) -> None:
    (tmp_path / "on.toml").write_text("no-private-addresses = true\n")
    words = "-q", "--config", "on.toml", "http://127.0.0.1:1/f"
    done = run_main(*words, cwd=tmp_path)
    assert (done.returncode, REASON.format("127.0.0.1") in done.stderr) == (3, True)
    (tmp_path / "on.toml").write_text("private-addresses = false\n")
    done = run_main(*words, cwd=tmp_path)
    assert (done.returncode, "no option 'private-addresses'" in done.stderr) == (2, True)
    (tmp_path / "on.toml").write_text("no-fsync = true\n")
    done = run_main(*words, cwd=tmp_path)
    assert (done.returncode, "no option 'no-fsync'" in done.stderr) == (2, True)


def test_an_option_of_a_job() -> None:
    words = ["run", "-i", "list", "-o", "job"]
    assert make_parser().parse_args(words).no_private_addresses is None
    assert make_parser().parse_args([*words, "--no-private-addresses"]).no_private_addresses is True


def test_a_job_takes_the_setting_and_commits_its_refusals(tmp_path: Path) -> None:
    """A shard of which no server answered is not committed; here none was asked."""
    assert "no_private_addresses" in SETTINGS
    report = getflags.download(
        ["http://10.0.0.1/a", "http://10.0.0.2/b"], dir=tmp_path, no_private_addresses=True
    )
    assert [each.requests for each in report.outcomes] == [0, 0]
    assert breaker.doubt(report.outcomes) == ""
