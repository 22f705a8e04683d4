"""Which addresses a host has: ``--resolve``, ``-4`` and ``-6``, with each client and engine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

import getflags
from getflags.core.errors import UsageError
from tests.hazards import WAYS, Way, everywhere, title
from tests.kit import files, run_main
from tests.rawserver import RawServer, ok

# httpx has no way to give addresses.
giving = pytest.mark.parametrize(
    "way", [way for way in WAYS if way["client"] != "httpx"], ids=title
)


@pytest.fixture
def port() -> Iterator[int]:
    """Return a port on which 127.0.0.1 and ::1 serve files that say which they are."""
    for _ in range(20):
        with ExitStack() as stack:
            four = stack.enter_context(RawServer({"/f": ok(b"four")}))
            try:
                stack.enter_context(RawServer({"/f": ok(b"six")}, host="::1", port=four.port))
            except OSError:
                continue
            yield four.port
            return
    pytest.skip("no port is free for both")  # pragma: no cover - or there is no IPv6


@giving
def test_a_host_has_the_addresses_that_were_given(tmp_path: Path, way: Way, port: int) -> None:
    fixed = [f"Wherever.TEST:{port}:127.0.0.1"]
    urls = [f"http://wherever.test:{port}/f", f"http://127.0.0.1:{port}/f"]
    report = getflags.download(urls, dir=tmp_path, resolve=fixed, **way)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": b"four", "f.1": b"four"}


@giving
def test_only_the_port_that_was_given(tmp_path: Path, way: Way, port: int) -> None:
    fixed = [f"nowhere.invalid:{port + 1}:127.0.0.1"]
    url = f"http://nowhere.invalid:{port}/f"
    report = getflags.download([url], dir=tmp_path, resolve=fixed, retries=0, **way)
    assert report.exit_status == 3


@pytest.mark.parametrize(("version", "body"), [(4, b"four"), (6, b"six")])
@giving
def test_only_addresses_of_the_version_are_used(
    tmp_path: Path, way: Way, port: int, version: int, body: bytes
) -> None:
    fixed = [f"both.test:{port}:127.0.0.1,[::1]"]
    url = f"http://both.test:{port}/f"
    report = getflags.download([url], dir=tmp_path, resolve=fixed, ip_version=version, **way)
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": body}


@pytest.mark.parametrize(("version", "host"), [(4, "127.0.0.1"), (6, "[::1]")])
@everywhere
def test_an_address_of_the_other_version_cannot_be_reached(
    tmp_path: Path, way: Way, port: int, version: int, host: str
) -> None:
    url = f"http://{host}:{port}/f"
    report = getflags.download([url], dir=tmp_path, ip_version=version, **way)
    assert report.exit_status == 0
    report = getflags.download([url], dir=tmp_path, ip_version=10 - version, retries=0, **way)
    assert report.exit_status == 3
    assert report.outcomes[0].reason


@giving
def test_a_proxy_has_the_addresses_that_were_given(tmp_path: Path, way: Way) -> None:
    with RawServer({"http://h.invalid/f": ok(b"proxied")}) as server:
        fixed = [f"proxy.invalid:{server.port}:127.0.0.1"]
        proxy = f"http://proxy.invalid:{server.port}"
        report = getflags.download(
            ["http://h.invalid/f"], dir=tmp_path, proxy=proxy, resolve=fixed, **way
        )
    assert report.exit_status == 0
    assert files(tmp_path) == {"f": b"proxied"}


def test_on_the_command_line(tmp_path: Path, port: int) -> None:
    words = "--resolve", f"h.test:{port}:127.0.0.1,::1", f"http://h.test:{port}/f", "-q"
    for option, body in (("-4", b"four"), ("-6", b"six")):
        folder = tmp_path / f"with{option}"
        assert run_main(option, *words, "-d", str(folder), cwd=tmp_path).returncode == 0
        assert (folder / "f").read_bytes() == body
    environ = {"GETFLAGS_IPV6": "yes"}
    assert run_main(*words, "-d", "env", cwd=tmp_path, environ=environ).returncode == 0
    assert (tmp_path / "env" / "f").read_bytes() == b"six"


@pytest.mark.parametrize(
    "text",
    ["h", "h:80", "h:80:", "h:80:name", "h::1.2.3.4", "h:99999:1.2.3.4", ":80:1.2.3.4",
     "h:80:1.2.3.4,", "h/x:80:1.2.3.4"],
)  # fmt: skip
def test_what_is_no_address_of_a_host(tmp_path: Path, text: str) -> None:
    done = run_main("--resolve", text, "http://h/f", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"{text!r} is not of the form HOST:PORT:ADDRESS" in done.stderr
    with pytest.raises(UsageError, match=r"resolve has .* which is not of the form"):
        getflags.download(["http://h/f"], dir=tmp_path, resolve=[text])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ip_version": 5}, "ip_version is 5; it must be 4 or 6, or None"),
        ({"ip_version": True}, "ip_version is True; it must be 4 or 6, or None"),
        ({"ip_version": "4"}, "ip_version is '4'; it must be 4 or 6, or None"),
        ({"resolve": "h:80:1.2.3.4"}, "resolve is 'h:80:1.2.3.4'; it must be a list of strings"),
        ({"resolve": [80]}, "it must be a list of strings"),
        ({"resolve": ["h:80:::1"], "client": "httpx"}, "--resolve needs --client h1 or curl"),
    ],
)
def test_settings_that_are_refused(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as error:
        getflags.download(["http://h/f"], dir=tmp_path, **settings)
    assert message in str(error.value)


def test_both_versions_are_a_usage_error(tmp_path: Path) -> None:
    done = run_main("-4", "-6", "http://h/f", cwd=tmp_path)
    assert done.returncode == 2
    assert "-6/--ipv6: not allowed with argument -4/--ipv4" in done.stderr
