"""The command ``getflags race``, which runs the engines side by side and prints the ranking.

The ranking goes to standard output. During the race, the bars (or a line when an engine finishes)
go to standard error.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from getflags import testing, transport
from getflags.api import configure
from getflags.bench.race import job
from getflags.bench.race.ranking import ranking
from getflags.bench.race.standings import Race
from getflags.bench.race.track import Track, run_race
from getflags.cli.console import print_line
from getflags.cli.lists.target_source import read_targets
from getflags.cli.options import checks
from getflags.cli.options import race as race_options
from getflags.cli.options.race import RaceOptions
from getflags.cli.race_display import display
from getflags.cli.signals import Interrupted, defer_signals
from getflags.core.errors import GetflagsError
from getflags.core.models import DownloadOptions, ExitStatus, Plan
from getflags.core.text import counted, printable
from getflags.core.urls import origin, redact
from getflags.targets import resolve
from getflags.testing import bundled

_SEEDS = 10_000  # random seeds are below this number, so that they are short to type


def main(arguments: list[str]) -> int:
    """Run the race and return the exit code. Raises UsageError."""
    options = race_options.parse(arguments)
    with read_targets(options, options.limit) as targets:
        if not targets:
            _info("Nothing to do: the list contains no targets.")
            return ExitStatus.OK
        checks.mirror(options)
        settings = options.settings
        transport.client(settings.client).check(configure.network(settings))
        transfers = configure.download_options(settings)
        race = Race(options.engines, len(targets), "file" if targets.urls else "flag")
        try:
            _run(options, race, targets, transfers)
        except Interrupted as stop:
            finished = sum(standing.finished for standing in race.standings.values())
            stop.message = f"interrupted; {finished} of {len(race.standings)} engines had finished"
            raise
        except GetflagsError as error:
            _warn(f"getflags: {printable(str(error))}")
            return ExitStatus.SOME_FAILED
    for line in ["-" * 20, *ranking(race)]:
        _info(line)
    return race.exit_status


def _run(
    options: RaceOptions, race: Race, targets: resolve.Listing, transfers: DownloadOptions
) -> None:
    """Set up the race, run it and clean up."""
    # The display is closed last, because writing to a terminal may block.
    with closing(display(race, sys.stderr, _warn)) as shown:
        stack = ExitStack()
        try:
            with defer_signals():
                folder = stack.enter_context(TemporaryDirectory(prefix="getflags-race-"))
            sites = _sites(options, stack, codes=targets.has_codes)
            remote = sites[0].base_url == testing.REMOTE
            requested = checks.requested_limit(options, remote=remote)
            limit = checks.affordable(
                min(requested, race.total), options.engines, options.settings.client, _warn
            )
            one_by_one = options.one_by_one or remote
            for line in _opening(options, race, limit, one_by_one=one_by_one):
                _info(line)
            plan = Plan((), options.settings.client, limit, options.settings.loop, transfers)
            track = stack.enter_context(closing(Track()))
            for each in _jobs(options, plan, sites, targets, folder):
                track.add(each, str(Path(folder, f"{each.engine}.job")))
            run_race(race, track, shown.show, one_by_one=one_by_one)
        finally:
            with defer_signals():
                stack.close()


def _jobs(
    options: RaceOptions, plan: Plan, sites: list[_Site], targets: resolve.Listing, folder: str
) -> Iterator[job.RaceJob]:
    """Yield each racer's job, and create the folder for its files.

    ``plan`` has what the racers share; its targets and its network are not set.
    """
    entries = str(Path(folder, "entries"))
    job.write_entries(targets, entries)
    for engine, site in zip(options.engines, sites, strict=True):
        files = Path(folder, engine)
        files.mkdir()
        own = plan._replace(network=configure.network(options.settings, site.direct))
        yield job.RaceJob(engine, own, site.base_url, str(files), entries)


class _Site(NamedTuple):
    """The source of an engine's flags. Origins in ``direct`` are never reached through a proxy."""

    base_url: str = ""
    direct: tuple[str, ...] = ()


def _sites(options: RaceOptions, stack: ExitStack, *, codes: bool) -> list[_Site]:
    """Print and return the site of each engine. Bundled servers stop with the stack."""
    count = len(options.engines)
    if not codes:
        return [_Site()] * count
    mirror = options.settings.base_url
    if mirror is not None:
        _info(f"Mirror site, shared by all engines: {printable(redact(mirror))}")
        return [_Site(mirror)] * count
    if options.server == "REMOTE":
        _info(f"REMOTE site, shared by all engines: {testing.REMOTE}")
        return [_Site(testing.REMOTE)] * count
    seed = secrets.randbelow(_SEEDS) if options.seed is None else options.seed
    _info(f"{options.server} site: a separate server for each engine, all with seed {seed}")
    servers = stack.enter_context(bundled.several(options.server, seed, count))
    return [_Site(server.base_url, (origin(server.base_url),)) for server in servers]


def _opening(options: RaceOptions, race: Race, limit: int, *, one_by_one: bool) -> list[str]:
    """Return the lines printed before the race."""
    client = options.settings.client
    order = "one engine after another" if one_by_one else "all engines at once"
    lines = [f"Race for {counted(race.total, race.noun)}, {order}: {', '.join(race.standings)}"]
    if "sequential" in race.standings and limit > 1:
        lines.append(f"{limit} requests at a time with {client}; sequential makes one at a time.")
    else:
        lines.append(f"{counted(limit, 'request')} at a time with {client}.")
    return lines


def _info(line: str) -> None:
    print_line(line, sys.stdout)


def _warn(line: str) -> None:
    print_line(line, sys.stderr)
