"""The command ``getflags serve``, which runs the command line of the bundled servers."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from getflags.testing.bundled import module


def main(arguments: list[str]) -> int:
    """Run the servers until a signal stops them; return their exit code."""
    servers = import_module(f"{module()}.app.main")
    return cast("int", servers.main(arguments, prog="getflags serve"))
