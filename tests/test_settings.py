"""The one description of the settings, and everything that must agree with it."""

from __future__ import annotations

import argparse
import pickle
import pydoc
import subprocess
import sys
from typing import Any, get_type_hints

import pytest

import getflags
from getflags import engines, transport
from getflags.api import SettingsDict, configure
from getflags.cli.options import (
    bench as bench_options,
)
from getflags.cli.options import (
    download as download_options,
)
from getflags.cli.options import (
    groups,
)
from getflags.cli.options import (
    race as race_options,
)
from getflags.cli.options import (
    tune as tune_options,
)
from getflags.core import settings
from getflags.core.errors import UsageError
from getflags.core.events import Event
from getflags.core.models import DownloadOptions, Exists, Network
from getflags.core.settings import DEFAULTS, OPTIONS, Settings, checked, described
from tests.kit import ROOT

#: Settings that may be given in other forms than they are kept in.
FORMS = {
    "resolve": "list[str] | tuple[str, ...]",
    "dir": "str | os.PathLike[str]",
    "cacert": "str | os.PathLike[str] | None",
    "cert": "str | os.PathLike[str] | None",
    "key": "str | os.PathLike[str] | None",
    "netrc_file": "str | os.PathLike[str] | None",
    "cookie_jar": "str | os.PathLike[str] | None",
    "headers": "Mapping[str, str]",
    "retry_on": "str | Collection[int]",
    "emit": "EventHandler | None",
}
#: Settings that only the library has, because the command line has its own ways.
LIBRARY = {"keep_outcomes", "emit"}


def test_settings_cannot_be_changed_and_can_be_sent_to_a_process() -> None:
    with pytest.raises(AttributeError):
        DEFAULTS.retries = 5  # type: ignore[misc]
    assert pickle.loads(pickle.dumps(DEFAULTS)) == DEFAULTS  # noqa: S301 - our own


def test_the_static_view_has_the_same_names_and_types() -> None:
    given = SettingsDict.__annotations__
    kept = get_type_hints(Settings, {"Event": Event})
    assert list(given) == list(Settings._fields)
    for name, hint in given.items():
        if name in FORMS:
            assert hint.__forward_arg__ == FORMS[name]
        else:
            assert get_type_hints(SettingsDict)[name] == kept[name], name


@pytest.mark.parametrize("name", Settings._fields)
def test_a_default_is_in_its_own_range(name: str) -> None:
    default: Any = getattr(DEFAULTS, name)
    given = {} if name == "headers" else default
    assert checked({name: given}) == DEFAULTS


def test_nothing_given_is_all_defaults() -> None:
    assert checked({}) == DEFAULTS == Settings()


def test_help_tells_the_meaning_of_each_setting() -> None:
    text = pydoc.plain(pydoc.render_doc(getflags.Settings))
    for name, option in OPTIONS.items():
        assert option.meaning in text
        assert f"\n |  {name}\n" in text
    assert "Option(" not in text
    assert "timeout: float = 30.0" in text


def test_the_words_of_a_choice_are_those_that_there_are() -> None:
    assert tuple(engines.ENGINES) == settings.ENGINES
    assert tuple(transport.CLIENTS) == settings.CLIENTS
    assert tuple(one.value for one in Exists) == settings.EXISTS
    assert f"{engines.PROCESSES_FROM:,} targets" in OPTIONS["engine"].auto
    assert f"({engines.PROCESSES_FROM_WITH_TWO:,} with two" in OPTIONS["engine"].auto


@pytest.mark.parametrize(
    ("name", "words", "text"),
    [
        ("retries", {}, "retries after failures that may be temporary (default: 3)"),
        ("retries", {"default": 0}, "temporary (default: 0)"),
        ("timeout", {}, "(default: 30)"),
        ("max_time", {}, "(default: none)"),
        ("cacert", {}, "file of certificates to trust (default: the system's)"),
        ("cacert", {"usual": "x"}, "file of certificates to trust (default: x)"),
        ("max_req", {}, "at a time, or auto: adapted to the goodput of each server"),
        ("max_req", {"auto": False}, "number of requests in flight at a time (default: 20)"),
        ("headers", {}, "more header fields, sent only to the target's own origin"),
        ("insecure", {}, "accept any certificate: anyone may answer in the server's place"),
    ],
)  # fmt: skip
def test_a_setting_is_described(name: str, words: dict[str, Any], text: str) -> None:
    found = described(name, **words)
    assert text in found
    assert found.count("(default: ") == text.count("(default: ") or name == "max_req"


def test_a_proxys_password_is_not_shown() -> None:
    with pytest.raises(UsageError) as caught:
        checked({"engine": "http://u:secret@h"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("module", [download_options, race_options, bench_options, tune_options])
def test_options_that_were_not_given_have_the_defaults(module: Any) -> None:
    own: dict[str, Any] = {"engine": "auto"} if module is download_options else {}
    if module in (bench_options, tune_options):
        own = {"retries": 0}
    found = module.parse([]).settings
    assert found == DEFAULTS._replace(client=found.client, **own)


def test_every_setting_has_an_option_with_its_meaning() -> None:
    parser = argparse.ArgumentParser()
    group = parser.add_argument_group("all")
    for define in (
        groups.targets,
        groups.files,
        groups.concurrency,
        groups.network,
        groups.versions,
        groups.addresses,
        groups.cookies,
        groups.limits,
        groups.ends,
    ):
        define(group)
    helps = {action.dest: str(action.help) for action in parser._actions}
    for name, option in OPTIONS.items():
        if name not in LIBRARY:
            assert helps[name].startswith(option.meaning), name


def test_options_become_settings() -> None:
    words = "-d x -m 7 --engine threads --client httpx --loop asyncio --exists fail --retries 0 "
    words += "--timeout 1.5 --connect-timeout 2 --max-time 9 --max-filesize 2K --limit-rate 1M "
    words += "--speed-limit 0 --max-redirs 0 --proxy h:1 --cacert c -k --fsync --base-url http://h "
    words += "--retry-on 404,500-501 --retry-connrefused --retry-all-errors "
    words += "--max-failures 7 --deadline 1.5 --http1.1 "
    words += " -b c=d --cookie-jar j -u me:a --digest --location-trusted --netrc --netrc-file n"
    words += " --cert own.pem --key own.key"
    found = download_options.parse([*words.split(), "-H", "A: b", "-H", "A: \xfc"]).settings
    assert found == Settings(
        dir="x", max_req=7, engine="threads", client="httpx", loop="asyncio", exists="fail",
        retries=0, timeout=1.5, connect_timeout=2, max_time=9, max_filesize=2048,
        limit_rate=1 << 20, speed_limit=0, max_redirs=0, proxy="h:1", cacert="c", insecure=True,
        fsync=True, base_url="http://h", cookie="c=d", cookie_jar="j", user="me:a", netrc=True,
        cert="own.pem", key="own.key", digest=True, location_trusted=True,
        netrc_file="n", headers=(("A", "b"), ("A", "\xc3\xbc")),
        retry_on=(404, 500, 501), retry_connrefused=True, retry_all_errors=True,
        max_failures=7, deadline=1.5, http_version="1.1",
    )  # fmt: skip


def test_the_command_lines_client_is_never_auto() -> None:
    assert download_options.parse([]).settings.client == transport.DEFAULT
    assert download_options.parse(["--client", "auto"]).settings.client == transport.DEFAULT


def test_settings_become_what_transfers_and_connections_need() -> None:
    options = configure.download_options(DEFAULTS)
    network = configure.network(DEFAULTS, ("http://h:80",))
    assert options.salt != configure.download_options(DEFAULTS).salt
    assert options == DownloadOptions(salt=options.salt)
    assert network == Network(proxies=network.proxies, direct=("http://h:80",))
    place = configure.place(DEFAULTS, None)
    assert (place.base_url, place.folder) == ("", "downloaded")


def test_the_description_loads_neither_dataclasses_nor_argparse() -> None:
    script = (
        "import sys; before = set(sys.modules); import getflags.core.settings\n"
        "new = set(sys.modules) - before  # coverage loads some of them\n"
        "sys.exit(bool({'dataclasses', 'inspect', 'argparse', 'difflib'} & new))"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False, cwd=ROOT).returncode == 0
