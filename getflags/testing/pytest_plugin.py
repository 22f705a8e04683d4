"""The pytest plugin: a fixture that starts bundled servers for testing HTTP clients.

This module imports nothing slow, because pytest loads it in every session of every environment
where getflags is installed.
"""

from __future__ import annotations

import pytest

TYPE_CHECKING = False  # type checkers treat this as true
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from getflags.testing.flag_server import FlagServer, Options, StartFlagServer
    from getflags.testing.fork_server import ForkServer


@pytest.fixture(scope="session")
def _flag_server_fork() -> Iterator[ForkServer]:
    """Start the process that forks servers when the first test requests a server."""
    from getflags.testing.fork_server import ForkServer

    with ForkServer() as fork_server:
        yield fork_server


@pytest.fixture
def flag_server(
    _flag_server_fork: ForkServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartFlagServer]:
    """Return a function that starts a local HTTP server with the faults that a test requests.

    Each call starts a new server, for example ``flag_server(error_rate=0.2, seed=7)``, and all of
    them stop at the end of the test. The keyword arguments are the options of ``getflags serve``:
    label, seed, error_rate, delay, latency, fail_first, busy_above, retry_after, rate_limit, burst,
    slots, bandwidth, freeze_every, freeze_for, max_connections_per_client, requests_per_connection,
    fault, scenario, directory, record, replay, tls, tls_delay. The returned server has url, root,
    url_for(path), add(path, body), ledger(), reset() and cafile. Raises ValueError, with the
    server's own message, for invalid options.
    """
    from contextlib import ExitStack

    from getflags.testing.temporary import running

    with ExitStack() as servers:

        def start(**options: Unpack[Options]) -> FlagServer:
            cafile = None
            if options.get("tls"):
                cafile = str(tmp_path_factory.mktemp("flag_server") / "ca.pem")
            return servers.enter_context(running(_flag_server_fork, options, cafile))

        yield start
