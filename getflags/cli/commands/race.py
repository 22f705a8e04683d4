"""``getflags race [OPTION]... [TARGET]...``: the engines side by side, from words to ranking.

The composition root of a race. What the engines did is told on standard output; on the way there
the bars, or a line when one finishes, go to standard error.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from getflags import transport
from getflags.api import configure
from getflags.bench.race import job
from getflags.bench.race.ranking import ranking
from getflags.bench.race.standings import Race
from getflags.bench.race.track import Track, run_race
from getflags.cli.console import print_line
from getflags.cli.options import checks
from getflags.cli.options import race as race_options
from getflags.cli.options.race import RaceOptions
from getflags.cli.race_display import board
from getflags.cli.signals import Interrupted, hung_up, put_off
from getflags.cli.target_source import listed
from getflags.core.errors import GetflagsError
from getflags.core.models import ExitStatus, Plan
from getflags.core.text import counted, printable
from getflags.core.urls import origin, redact
from getflags.targets import resolve
from getflags.testing import bundled

_SEEDS = 10_000  # to choose from where none is given: few digits, for they may be typed again


def main(words: list[str]) -> int:
    """Run the race that the words ask for; return the exit code. Raises UsageError."""
    options = race_options.parse(words)
    with hung_up(), listed(options, options.limit) as targets:
        if not targets:
            _say("Nothing to do: the list holds no target.")
            return ExitStatus.OK
        checks.mirror(options)
        settings = options.settings
        transport.client(settings.client).check(configure.network(settings))
        race = Race(options.engines, len(targets), "file" if targets.urls else "flag")
        try:
            _run(options, race, targets)
        except Interrupted as stop:
            finished = sum(standing.finished for standing in race.standings.values())
            stop.told = f"interrupted; {finished} of {len(race.standings)} had finished"
            raise
        except GetflagsError as error:
            _complain(f"getflags: {printable(str(error))}")
            return ExitStatus.SOME_FAILED
    for line in ["-" * 20, *ranking(race)]:
        _say(line)
    return race.exit_status


def _run(options: RaceOptions, race: Race, targets: resolve.Listing) -> None:
    """Set everything up, let them go, and tidy up after them, whatever happens."""
    # The board is closed last, for a terminal may hold up whoever writes to it.
    with closing(board(race, sys.stderr, _complain)) as shown:
        stack = ExitStack()
        try:
            with put_off():
                folder = stack.enter_context(TemporaryDirectory(prefix="getflags-race-"))
            sites = _sites(options, stack, codes=targets.has_codes)
            remote = sites[0].base_url == bundled.REMOTE
            wish = checks.wanted(options, remote=remote)
            limit = checks.affordable(min(wish, race.total), _complain)
            one_by_one = options.one_by_one or remote
            for line in _opening(options, race, limit, one_by_one=one_by_one):
                _say(line)
            track = stack.enter_context(closing(Track()))
            for each in _jobs(options, sites, targets, limit, folder):
                track.add(each, str(Path(folder, f"{each.engine}.job")))
            run_race(race, track, shown.show, one_by_one=one_by_one)
        finally:
            with put_off():
                stack.close()


def _jobs(
    options: RaceOptions, sites: list[_Site], targets: resolve.Listing, limit: int, folder: str
) -> Iterator[job.RaceJob]:
    """Yield what each racer must know, and make the folder for its files."""
    settings = options.settings
    listed = str(Path(folder, "entries"))
    job.write_entries(targets, listed)
    for engine, site in zip(options.engines, sites, strict=True):
        files = Path(folder, engine)
        files.mkdir()
        without_targets = Plan(
            (),
            settings.client,
            limit,
            settings.loop,
            configure.rules(settings),
            configure.network(settings, site.direct),
        )
        yield job.RaceJob(engine, without_targets, site.base_url, str(files), listed)


class _Site(NamedTuple):
    """Where an engine's flags come from. ``direct``: an origin that no proxy may stand before."""

    base_url: str = ""
    direct: tuple[str, ...] = ()


def _sites(options: RaceOptions, stack: ExitStack, *, codes: bool) -> list[_Site]:
    """Return each engine's site, and say where that is. Bundled servers stop with the stack."""
    count = len(options.engines)
    if not codes:
        return [_Site()] * count
    mirror = options.settings.base_url
    if mirror is not None:
        _say(f"Mirror site, the same for all: {printable(redact(mirror))}")
        return [_Site(mirror)] * count
    if options.server == "REMOTE":
        _say(f"REMOTE site, the same for all: {bundled.REMOTE}")
        return [_Site(bundled.REMOTE)] * count
    seed = secrets.randbelow(_SEEDS) if options.seed is None else options.seed
    _say(f"{options.server} site: a server of its own for each engine, all with seed {seed}")
    servers = stack.enter_context(bundled.several(options.server, seed, count))
    return [_Site(server.base_url, (origin(server.base_url),)) for server in servers]


def _opening(options: RaceOptions, race: Race, limit: int, *, one_by_one: bool) -> list[str]:
    """Say what the race is about."""
    client = options.settings.client
    order = "one by one" if one_by_one else "all at once"
    lines = [f"Race for {counted(race.total, race.noun)}, {order}: {', '.join(race.standings)}"]
    if "sequential" in race.standings and limit > 1:
        lines.append(f"{limit} at a time with {client}; sequential is one by nature.")
    else:
        lines.append(f"{limit} at a time with {client}.")
    return lines


def _say(line: str) -> None:
    print_line(line, sys.stdout)


def _complain(line: str) -> None:
    print_line(line, sys.stderr)
