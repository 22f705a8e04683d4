"""The clients: a table of command lines.

Everybody is told to be quiet and given the same list, the same folder and the same certificate
authority. On equal terms (``limit`` is a number) each is told to have so many files in transfer,
each over one connection; with its defaults (``limit`` is None) it is told no number at all.
Nothing is run here.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from getflags.engines import ENGINES
from getflags.transport import CLIENTS

SCRIPTS = "benchmarks.scripts"
#: Where programs of this interpreter stand; its virtual environment need not be active.
BIN = str(Path(sys.executable).parent)


@dataclass(frozen=True, slots=True)
class Errand:
    """One job to put into a command line. ``urls`` is a list, ``config`` the same for curl."""

    urls: Path
    config: Path
    first: str  # the first URL, for those who take only one
    folder: Path
    scheme: str = "http"
    limit: int | None = None
    tries: int = 1
    cacert: Path | None = None


Words = Callable[[Errand], list[str]]


@dataclass(frozen=True, slots=True)
class Peer:
    """A client: its name in tables, its command line, and what it needs to be there."""

    name: str
    words: Words
    program: str = ""
    modules: tuple[str, ...] = ()
    install: str = ""
    cells: tuple[str, ...] = ()  # the only cells it is good for; empty: all
    schemes: tuple[str, ...] = ("http", "https", "h2")
    one_at_a_time: bool = False
    defaults: bool = True  # whether it has defaults that differ from another row's

    def missing(self) -> str:
        """Return what is missing and how to get it, in one sentence, or nothing."""
        gone = [name for name in self.modules if importlib.util.find_spec(name) is None]
        if self.program and not find(self.program):
            gone.append(self.program)
        return f"{self.name}: no {', '.join(gone)} here; try `{self.install}`." if gone else ""


def find(program: str) -> str | None:
    """Return the path of a program, beside this interpreter or wherever programs are."""
    return shutil.which(program, path=BIN) or shutil.which(program)


def given(errand: Errand, option: str, value: object) -> list[str]:
    """Return an option and its value on equal terms, nothing with defaults."""
    return [] if errand.limit is None else [option, str(value)]


def trust(errand: Errand, option: str) -> list[str]:
    """Return the option that names the certificate authority, where there is one."""
    return [option, str(errand.cacert)] if errand.cacert else []


def getflags(engine: str = "", client: str = "") -> Words:
    """Return the command line of getflags, with its own choices where a name is empty."""

    def words(errand: Errand) -> list[str]:
        return [
            "getflags", "-q", "-i", str(errand.urls), "-d", str(errand.folder),
            *given(errand, "-m", errand.limit),
            *(["--engine", engine] if engine else []),
            *(["--client", client] if client else []),
            *trust(errand, "--cacert"),
        ]  # fmt: skip

    return words


def curl(errand: Errand) -> list[str]:
    """Return curl's command line; it prefers HTTP/2 over TLS by itself."""
    again = errand.limit is not None and errand.tries > 1
    return [
        "curl", "-Z", "-sS", "--fail", "--output-dir", str(errand.folder),
        *given(errand, "--parallel-max", errand.limit),
        *(["--retry", str(errand.tries - 1)] if again else []),
        *trust(errand, "--cacert"), "-K", str(errand.config),
    ]  # fmt: skip


def wget2(errand: Errand) -> list[str]:
    """Return wget2's command line; it prefers HTTP/2 over TLS by itself."""
    return [
        "wget2", "-q", "-i", str(errand.urls), "-P", str(errand.folder),
        *given(errand, "--max-threads", errand.limit),
        *trust(errand, "--ca-certificate"),
    ]  # fmt: skip


def aria2c(errand: Errand) -> list[str]:
    """Return aria2's command line; it knows no HTTP/2."""
    again = errand.limit is not None and errand.tries > 1
    return [
        "aria2c", "-q", "-i", str(errand.urls), "-d", str(errand.folder),
        *given(errand, "-j", errand.limit), *given(errand, "-s", 1), *given(errand, "-x", 1),
        *(["--max-tries", str(errand.tries), "--retry-wait", "1"] if again else []),
        *trust(errand, "--ca-certificate"),
    ]  # fmt: skip


def axel(errand: Errand) -> list[str]:
    """Return axel's command line: one file, in parts. It trusts SSL_CERT_FILE."""
    name = errand.first.rsplit("/", 1)[1]
    target = str(errand.folder / name)
    return ["axel", "-q", *given(errand, "-n", errand.limit), "-o", target, errand.first]


def script(module: str) -> Words:
    """Return the command line of one of the scripts."""

    def words(errand: Errand) -> list[str]:
        return [
            sys.executable, "-m", f"{SCRIPTS}.{module}", str(errand.urls), str(errand.folder),
            *given(errand, "--limit", errand.limit), *given(errand, "--tries", errand.tries),
            *(["--http2"] if errand.scheme == "h2" and module == "httpx_get" else []),
            *trust(errand, "--cacert"),
        ]  # fmt: skip

    return words


def _combinations() -> list[Peer]:
    # One of them is what getflags does anyway; the two rows then show how noisy the machine is.
    return [
        Peer(
            f"getflags {engine}/{client}",
            getflags(engine, client),
            program="getflags",
            install="pip install --editable .",
            one_at_a_time=engine == "sequential",
            defaults=False,
        )
        for engine in ENGINES
        for client in CLIENTS
    ]


ONE = ("http", "https")  # those who don't know HTTP/2
EXTRA = "pip install --editable '.[bench]'"
PEERS = (
    Peer("getflags", getflags(), program="getflags", install="pip install --editable ."),
    *_combinations(),
    Peer("curl -Z", curl, program="curl", install="apt-get install curl"),
    Peer("wget2", wget2, program="wget2", install="apt-get install wget2"),
    Peer("aria2c", aria2c, program="aria2c", install="apt-get install aria2", schemes=ONE),
    Peer("axel", axel, "axel", (), "apt-get install axel", cells=("big",), schemes=ONE),
    Peer("parfive", script("parfive_get"), "", ("parfive",), EXTRA, schemes=ONE),
    Peer("pypdl", script("pypdl_get"), "", ("pypdl",), EXTRA, schemes=ONE),
    Peer("httpx script", script("httpx_get"), "", ("httpx", "h2"), EXTRA),
    Peer("aiohttp script", script("aiohttp_get"), "", ("aiohttp",), EXTRA, schemes=ONE),
)
