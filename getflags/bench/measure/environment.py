"""The environment of a bench: the machine, and the versions of Python and of the HTTP libraries."""

from __future__ import annotations

import os
import platform
import ssl
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from getflags import transport
from getflags.core.resource_limits import worker_count

# What results must share to be comparable. Memory is no part of it, because the size that a system
# reports changes with its kernel.
_IDENTITY = ("cpu", "processors", "system")
#: The part of an environment that describes the machine; the rest is software.
MACHINE = (*_IDENTITY, "memory")
_LIBRARIES = ("httpx", "pycurl", "uvloop")
_GIB = 1 << 30
_CPUINFO = Path("/proc/cpuinfo")


def environment() -> dict[str, str]:
    """Return the machine and the versions of the software, by name."""
    found = {
        "cpu": cpu(_CPUINFO),
        "processors": str(worker_count(sys.maxsize)),  # those that this process may use
        **_memory(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "openssl": ssl.OPENSSL_VERSION.removeprefix("OpenSSL "),
    }
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    if "pycurl" in found:
        found["libcurl"] = transport.client("curl").about().removeprefix("libcurl ")
    return found


def shared(found: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that results must share to be comparable.

    Libraries are no part of it, because one may be installed later and compared with the others.
    """
    return {name: found[name] for name in (*_IDENTITY, "python") if name in found}


def machine(found: Mapping[str, str]) -> dict[str, str]:
    """Return the part of an environment that identifies the machine, without the kernel's version.

    Results of different machines are never compared; those of different kernels may be.
    """
    values = {name: found[name] for name in _IDENTITY if name in found}
    if "system" in values:
        words = values["system"].split()
        values["system"] = " ".join(dict.fromkeys(words[:1] + words[-1:]))
    return values


def _memory() -> dict[str, str]:
    """Return the size of the physical memory; nothing if the system does not tell it."""
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return {}
    return {"memory": f"{size / _GIB:.1f} GiB"} if size > 1 else {}


def cpu(path: Path) -> str:
    """Return the model of the processor, or its architecture if the system does not name it."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # not Linux
        lines = []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()
