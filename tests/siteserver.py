"""Bundled servers for tests: a process of their own on a free port, and their ledger."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, TypeAlias

import pytest

from tests.kit import ENVIRON, ROOT


class Running:
    """A server that runs."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.root = base_url.removesuffix("/flags").rstrip("/")

    def ledger(self) -> dict[str, Any]:
        """Return what the server has seen."""
        return self._ask("/-/ledger")

    def reset(self, seed: int) -> None:
        """Begin anew."""
        self._ask(f"/-/reset?seed={seed}", b"")

    def _ask(self, path: str, data: bytes | None = None) -> dict[str, Any]:
        with urllib.request.urlopen(self.root + path, data, timeout=5) as answer:
            return dict(json.load(answer))


Site: TypeAlias = Callable[..., Running]


@contextmanager
def serve(label: str, **options: object) -> Iterator[Running]:
    """Run a bundled server with these options."""
    command = [sys.executable, "-m", "servers", label, "--port", "0", "--lifeline"]
    for name, value in options.items():
        command += [f"--{name.replace('_', '-')}", str(value)]
    with subprocess.Popen(
        command, cwd=ROOT, env=ENVIRON, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield Running(process.stdout.readline().split()[1])
        process.terminate()


@pytest.fixture
def site() -> Iterator[Site]:
    """Give servers that end with the test."""
    with ExitStack() as stack:
        yield lambda label, **options: stack.enter_context(serve(label, **options))
