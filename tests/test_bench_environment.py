"""The environment of a bench names the machine and the versions of the software."""

from __future__ import annotations

import os
import platform
import re
import ssl
from pathlib import Path

import pytest

from getflags.bench.measure.environment import cpu, environment, machine, shared


def test_it_names_the_machine_and_the_versions() -> None:
    found = environment()
    assert found["cpu"]
    assert int(found["processors"]) >= 1
    assert re.fullmatch(r"\d+\.\d GiB", found["memory"])
    assert found["openssl"] == ssl.OPENSSL_VERSION.removeprefix("OpenSSL ")
    assert found["system"].startswith(f"{platform.system()} ")
    assert found["python"].endswith(f" {platform.python_version()}")
    for name in ("httpx", "pycurl", "uvloop", "libcurl"):
        assert found[name][0].isdigit()


def test_what_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    module = "getflags.bench.measure.environment"
    monkeypatch.setattr(f"{module}._LIBRARIES", ("httpx", "no-such-package-here"))
    assert {"httpx", "pycurl", "libcurl", "no-such-package-here"} & environment().keys() == {
        "httpx"
    }


def test_memory_of_unknown_size_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> int:
        raise ValueError(name)

    monkeypatch.setattr(os, "sysconf", unknown)
    assert "memory" not in environment()
    monkeypatch.setattr(os, "sysconf", lambda _: -1)
    assert "memory" not in environment()


def test_no_name_of_the_machine_or_its_user_is_recorded() -> None:
    text = " ".join(environment().values())
    assert platform.node() not in text.split()
    assert str(Path.home()) not in text


def test_libraries_may_differ_between_results_that_are_compared() -> None:
    found = {
        "cpu": "Z80", "memory": "64 KiB", "system": "CP/M", "python": "CPython 3.11.7",
        "openssl": "3.0.1", "httpx": "0.28.1",
    }  # fmt: skip
    assert shared(found) == {"cpu": "Z80", "system": "CP/M", "python": "CPython 3.11.7"}


@pytest.mark.parametrize(
    ("system", "known"),
    [("Linux 6.1 #1 x86_64", "Linux x86_64"), ("CP/M", "CP/M"), ("", "")],
)
def test_a_machine_is_the_same_with_another_kernel(system: str, known: str) -> None:
    found = {"cpu": "Z80", "system": system, "python": "CPython 3.11.7", "httpx": "0.28.1"}
    assert machine(found) == {"cpu": "Z80", "system": known}
    assert machine({}) == {}


def test_a_system_that_does_not_name_its_processor(tmp_path: Path) -> None:
    named, unnamed = tmp_path / "named", tmp_path / "unnamed"
    named.write_text("processor\t: 0\nmodel name\t: Zilog Z80: 4 MHz\nmodel name\t: other\n")
    unnamed.write_text("processor\t: 0\nCPU part\t: 0xd0c\n")
    assert cpu(named) == "Zilog Z80: 4 MHz"
    architecture = platform.processor() or platform.machine()
    assert cpu(unnamed) == cpu(tmp_path / "none") == architecture
