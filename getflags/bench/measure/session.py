"""A bench session: it runs one cell in a child process and returns the result.

The session combines the other modules of this package and adds the date and the load average. The
caller chooses the next run and stores the result.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from getflags.bench.measure.cells import Cell, Run, experiment
from getflags.bench.measure.environment import shared
from getflags.bench.measure.job import Job
from getflags.bench.measure.results import Result, result_from
from getflags.bench.measure.runs import run_job
from getflags.bench.measure.servers import BundledServer
from getflags.core.errors import GetflagsError
from getflags.core.models import DownloadOptions, Network
from getflags.core.urls import origin


@dataclass(frozen=True, slots=True)
class Workload:
    """The downloads of every run of a bench; ``files`` is their number.

    The files come from ``targets`` (a list in the format of ``-i``), whose country codes refer to
    ``base_url`` or to the bundled server of the run. If there is a ``size``, the bundled server
    generates files of that many bytes instead.
    """

    targets: str
    files: int
    servers: Sequence[str]  # labels of bundled servers, or one name for all others
    bundled: bool
    base_url: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A bench session. ``conditions`` are other settings that all runs share, as text.

    ``environment`` has the machine and the versions of the software.
    """

    workload: Workload
    options: DownloadOptions
    network: Network
    seed: int
    servers: Mapping[str, BundledServer]
    conditions: Sequence[str]
    version: str
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def experiment(self) -> str:
        """The hash of the settings that runs must share; salts, folders and ports are left out."""
        settings: dict[str, Any] = asdict(self.workload)
        options, network = self.options._asdict(), self.network._asdict()
        del settings["servers"], options["exists"], options["salt"]
        return experiment(
            {
                **settings,
                "rules": options,
                "network": network,
                "seed": self.seed,
                "conditions": self.conditions,
                "getflags": self.version,
                "environment": shared(self.environment),
            }
        )

    def measure(self, run: Run, command: str) -> Result:
        """Measure a run. Raises GetflagsError if nothing could be measured."""
        server = self.servers.get(run.cell.server)
        load, at = os.getloadavg()[0], datetime.now(UTC)
        figures = self.figures(run, self.workload.files)
        peak = server.peak() if server else None
        if not figures["arrived"] and not server:
            reason, number = next(iter(figures["errors"].items()))
            raise GetflagsError(
                f"no file was downloaded: {reason} ({number:,} of {figures['files']:,} files)"
            )
        return result_from(
            {
                **figures,
                **run.cell._asdict(),
                "experiment": self.experiment,
                "round": run.round,
                "seed": self.seed,
                "peak": peak,
                "load": load,
                "at": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
                "getflags": self.version,
                "command": command,
                "environment": dict(self.environment),
            }
        )

    def figures(self, run: Run, files: int) -> dict[str, Any]:
        """Run a cell with that many files in a child process. Raises GetflagsError.

        The faults of a bundled server differ between rounds and are the same within a round.
        """
        server = self.servers.get(run.cell.server)
        if server:
            server.reset(self.seed + run.round)
        return run_job(self.job(run.cell, server, files))

    def job(self, cell: Cell, server: BundledServer | None, files: int) -> Job:
        """Return the job that runs a cell once. ``server`` is the bundled server, if any."""
        workload, network = self.workload, self.network
        targets, base_url = workload.targets, workload.base_url
        if server:
            base_url = server.base_url
            network = network._replace(direct=(origin(base_url),))
            if workload.size is not None:
                names = (f"{server.root}/bytes/{workload.size}/{n}.bin" for n in range(files))
                targets = "\n".join(names)
        return Job(
            cell.engine,
            cell.client,
            cell.level,
            targets,
            files,
            base_url,
            self.options,
            network,
            cell.rate,
        )
