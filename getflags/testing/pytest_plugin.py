"""The pytest plugin: a bundled server for whoever tests a client of their own.

What may live here: fixtures. What may not: anything that costs time to import, for pytest loads
this room in every session of everybody who has getflags installed.
"""

from __future__ import annotations

import pytest

TYPE_CHECKING = False  # as in the front door: type checkers know the name
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Unpack

    from getflags.testing.flag_server import FlagServer, Options, StartFlagServer
    from getflags.testing.fork_server import ForkServer


@pytest.fixture(scope="session")
def _flag_server_fork() -> Iterator[ForkServer]:
    """Keep what servers are forked from, once the first test has asked for one."""
    from getflags.testing.fork_server import ForkServer

    with ForkServer() as found:
        yield found


@pytest.fixture
def flag_server(
    _flag_server_fork: ForkServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StartFlagServer]:
    """Give a function that starts a local HTTP server, one that misbehaves as it is told.

    Each call starts one more, and all end with the test: ``flag_server(error_rate=0.2, seed=7)``.
    The keyword arguments are the options of ``getflags serve``: label, seed, error_rate, delay,
    latency, fail_first, busy_above, retry_after, slots, bandwidth, fault, scenario, directory,
    record, replay, tls. What comes back has url, root, url_for(path), ledger(), reset() and cafile.
    Raises ValueError for what makes no sense, in the words that the server has for it.
    """
    from contextlib import ExitStack

    from getflags.testing.flag_server import FlagServer, words

    with ExitStack() as servers:

        def start(**options: Unpack[Options]) -> FlagServer:
            cafile = None
            if options.get("tls"):
                cafile = str(tmp_path_factory.mktemp("flag_server") / "ca.pem")
            url = servers.enter_context(_flag_server_fork.server(words(options, cafile)))
            return FlagServer(url.rstrip("/"), cafile)

        yield start
