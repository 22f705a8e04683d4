"""A session of a bench: what is asked for, from whom, and how one run becomes one result.

The composition of the rooms below, with what only the moment knows: the date and the load. Which
run is next is decided elsewhere, and so is where its result goes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from getflags.bench.measure.cells import Cell, Run, experiment
from getflags.bench.measure.job import Job
from getflags.bench.measure.results import Result, made_of
from getflags.bench.measure.runs import carry_out
from getflags.bench.measure.servers import BundledServer
from getflags.core.errors import GetflagsError
from getflags.core.models import Network, Rules
from getflags.core.urls import origin


@dataclass(frozen=True, slots=True)
class Field:
    """What every run of a bench fetches: so many ``files``.

    They are of ``targets`` (a list as for ``-i``), whose country codes are found at ``base_url`` or
    at the bundled server of the run; or, where there is a ``size``, made up by that server.
    """

    targets: str
    files: int
    servers: Sequence[str]  # labels of bundled ones, or one name for all that is not ours
    bundled: bool
    base_url: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Makes results. ``conditions`` are what else runs share, in words; ``version`` is ours."""

    field: Field
    rules: Rules
    network: Network
    seed: int
    servers: Mapping[str, BundledServer]
    conditions: Sequence[str]
    version: str

    @property
    def experiment(self) -> str:
        """The name of all that runs have to share; a salt, a folder, a port are none of that."""
        settings: dict[str, Any] = asdict(self.field)
        rules, network = asdict(self.rules), asdict(self.network)
        del settings["servers"], rules["exists"], rules["salt"]
        return experiment(
            {
                **settings,
                "rules": rules,
                "network": network,
                "seed": self.seed,
                "conditions": self.conditions,
                "getflags": self.version,
            }
        )

    def measure(self, run: Run, command: str) -> Result:
        """Make a run. Raises GetflagsError where nothing was measured."""
        server = self.servers.get(run.cell.server)
        load, at = os.getloadavg()[0], datetime.now(UTC)
        figures = self.figures(run, self.field.files)
        peak = server.peak() if server else None
        if not figures["arrived"] and not server:
            reason, number = next(iter(figures["errors"].items()))
            raise GetflagsError(f"nothing arrived: {reason} ({number:,} of {figures['files']:,})")
        return made_of(
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
            }
        )

    def figures(self, run: Run, files: int) -> dict[str, Any]:
        """Carry out a run with so many files, in a process of its own. Raises GetflagsError.

        In each round the faults are others, and the same for all its cells.
        """
        server = self.servers.get(run.cell.server)
        if server:
            server.begin_anew(self.seed + run.round)
        return carry_out(self.job(run.cell, server, files))

    def job(self, cell: Cell, server: BundledServer | None, files: int) -> Job:
        """Return what it takes to run a cell once, on a server that is ready, if it is ours."""
        field, network = self.field, self.network
        targets, base_url = field.targets, field.base_url
        if server:
            base_url = server.base_url
            network = replace(network, direct=(origin(base_url),))
            if field.size is not None:
                names = (f"{server.root}/bytes/{field.size}/{n}.bin" for n in range(files))
                targets = "\n".join(names)
        return Job(
            cell.engine,
            cell.client,
            cell.level,
            targets,
            files,
            base_url,
            self.rules,
            network,
        )
