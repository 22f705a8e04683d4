"""A job: everything that a child process needs to run one cell once, and its JSON form.

Pure. The targets are passed as a list in the format of ``-i``; a run repeats them until it has the
required number of files.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any, NamedTuple

from getflags.core.models import Credentials, DownloadOptions, Fields, Network, Plan
from getflags.targets import resolve
from getflags.targets.list_file import Entry, parse


class Job(NamedTuple):
    """The downloads of one run of a cell. Country codes refer to the site ``base_url``.

    With a ``rate``, in requests a second, the requests begin in an open loop.
    """

    engine: str
    client: str
    level: int
    targets: str
    files: int
    base_url: str
    options: DownloadOptions
    network: Network
    rate: float | None = None

    def plan(self, folder: str) -> Plan:
        """Return the job's download plan, with lazily expanded targets."""
        targets = resolve.settle(self._entries(), resolve.Place(self.base_url, folder))
        return Plan(targets, self.client, self.level, options=self.options, network=self.network)

    def _entries(self) -> Iterator[Entry]:
        """Yield the required number of entries, without output names and folders."""
        entries = resolve.expand(parse(self.targets.split("\n")))
        return islice(cycle(each._replace(out="", folder="") for each in entries), self.files)


def dumps(job: Job) -> str:
    """Return a job as JSON, on one line."""
    options = job.options._asdict()
    del options["exists"]  # a bench starts with an empty folder
    return json.dumps({**job._asdict(), "options": options, "network": job.network._asdict()})


def loads(text: bytes) -> Job:
    """Return the job that ``dumps`` serialized."""
    values = json.loads(text)
    options, network = values["options"], values["network"]
    options["headers"] = _fields(options["headers"])
    options["retry_on"] = tuple(options["retry_on"])
    options["credentials"] = options["credentials"] and _credentials(*options["credentials"])
    network["proxies"] = _fields(network["proxies"])
    network["direct"] = tuple(network["direct"])
    network["resolve"] = tuple(
        (host, port, tuple(addresses)) for host, port, addresses in network["resolve"]
    )
    return Job(**{**values, "options": DownloadOptions(**options), "network": Network(**network)})


def _fields(pairs: list[Any]) -> Fields:
    return tuple((name, value) for name, value in pairs)


def _credentials(*values: Any) -> Credentials:
    found = Credentials(*values)  # without cookies, for which a bench has no options
    netrc = found.netrc
    hosts = None if netrc is None else {host: _fields(list(netrc[host])) for host in netrc}
    return found._replace(netrc=hosts)
