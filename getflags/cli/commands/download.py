"""``getflags [OPTION]... [TARGET]...``: the download, from words to exit code.

The composition root: here the rooms are put together, in the order in which ``main`` reads. No
request is made before everything that a person may have got wrong was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from time import perf_counter
from typing import NamedTuple

from getflags import engines, transport
from getflags.api import configure
from getflags.cli.display import Screen
from getflags.cli.failed_list import list_failures
from getflags.cli.options import checks
from getflags.cli.options import download as grammar
from getflags.cli.options.download import Options
from getflags.cli.signals import Interrupted
from getflags.cli.target_source import listed
from getflags.core.accepted import AUTO
from getflags.core.errors import GetflagsError, UsageError
from getflags.core.events import Event, EventHandler
from getflags.core.models import ExitStatus, Plan
from getflags.core.text import counted, printable, quoted
from getflags.core.urls import origin, redact
from getflags.output import summary
from getflags.storage import directories
from getflags.targets import filenames, resolve
from getflags.targets.list_file import Entry
from getflags.testing import bundled


def main(words: list[str]) -> int:
    """Download what the words ask for; return the exit code. Raises UsageError."""
    options = grammar.parse(words)
    screen = Screen(options)
    result = summary.Report(keep=False)
    try:
        with listed(options, options.limit) as targets:
            if not targets:
                screen.say("Nothing to do: the list holds no target.")
                return ExitStatus.OK
            _check(options, targets)
            with _site(options, targets, screen) as site:
                return _carried_out(_Job(options, targets, site), screen, result)
    except Interrupted as stop:
        stop.told = f"interrupted; {counted(result.arrived, 'file')} complete"
        raise


class _Site(NamedTuple):
    """Where flags come from. ``direct``: an origin that no proxy may stand before."""

    base_url: str = ""
    direct: tuple[str, ...] = ()


class _Job(NamedTuple):
    """What is to be done."""

    options: Options
    targets: resolve.Listing
    site: _Site

    @property
    def noun(self) -> str:
        """What to call the targets."""
        return "file" if self.targets.urls else "flag"

    @property
    def labels(self) -> list[str]:
        """How to call all of them, where they are few; else the first and the last."""
        total = len(self.targets)
        shown = range(total) if total <= summary.FEW else (0, total - 1)
        return [resolve.label(self.targets[index].word) for index in shown]


def _check(options: Options, targets: resolve.Listing) -> None:
    """Look at what makes sense by itself but not together. Raises UsageError."""
    settings = options.settings
    total = len(targets)
    for name, value in (("-o", options.out), ("--checksum", options.checksum)):
        if value is not None and total > 1:
            raise UsageError(f"{name} is for a single target, and there are {total:,}")
    if options.out is not None:
        try:
            filenames.checked(options.out)
        except filenames.BadName as error:
            raise UsageError(f"-o {quoted(options.out)}: {error}") from None
    if total == 1 and options.input_file is None:  # in a list, a bad target fails alone
        place = configure.place(settings, bundled.REMOTE)
        (target,) = resolve.settle([_with_options(targets[0], options)], place)
        if target.flaw:
            raise UsageError(f"{quoted(target.label)} cannot be fetched: {target.flaw}")
    checks.mirror(options)
    engines.select(settings.engine, total, 1, adaptive=settings.max_req == AUTO)
    transport.client(settings.client).check(configure.network(settings))
    directories.make_folder(settings.dir)


@contextmanager
def _site(options: Options, targets: resolve.Listing, screen: Screen) -> Iterator[_Site]:
    """Say where flags come from, and start the server if need be."""
    if not targets.has_codes:
        yield _Site()
    elif (mirror := options.settings.base_url) is not None:
        screen.say(f"Mirror site: {printable(redact(mirror))}")
        yield _Site(mirror)
    elif options.server == "REMOTE":
        screen.say(f"REMOTE site: {bundled.REMOTE}")
        yield _Site(bundled.REMOTE)
    else:
        with bundled.running(options.server, options.seed, screen.complain) as server:
            screen.say(f"{options.server} site: {server.shown}")
            yield _Site(server.base_url, (origin(server.base_url),))


def _carried_out(job: _Job, screen: Screen, result: summary.Report) -> int:
    """Download; from here on no error is a usage error any more: something was requested."""
    try:
        _download(job, screen, result)
    except GetflagsError as error:
        if not result.total:
            raise
        screen.complain(f"getflags: {printable(str(error))}")
        return ExitStatus.SOME_FAILED if result.arrived else ExitStatus.ALL_FAILED
    return result.exit_status


def _download(job: _Job, screen: Screen, result: summary.Report) -> None:
    """Run the engine, with a reader of events for each thing that was asked for."""
    options, total = job.options, len(job.targets)
    settings = options.settings
    adaptive = settings.max_req == AUTO
    limit = checks.affordable(min(_limit(options, job.site), total), screen.complain)
    engine = engines.select(settings.engine, total, limit, adaptive=adaptive)
    for line in summary.opening(job.noun, job.labels, total, limit, adaptive=adaptive):
        screen.say(line)
    if options.verbose:
        client = transport.client(settings.client).about()
        screen.say(f"Engine: {engine}; client: {settings.client} ({client}).")
    entries = (_with_options(entry, options) for entry in job.targets)
    work = Plan(
        resolve.settle(entries, configure.place(settings, job.site.base_url)),
        settings.client,
        limit,
        settings.loop,
        configure.rules(settings),
        configure.network(settings, job.site.direct),
        adaptive,
    )
    start = perf_counter()
    with ExitStack() as stack:
        readers: list[EventHandler] = [result.read]
        if options.json:
            readers.append(screen.json())
        if options.failed_out is not None:
            readers.append(stack.enter_context(list_failures(options.failed_out, settings.dir)))
        readers.append(stack.enter_context(closing(screen.view(total))).read)
        engines.engine(engine)(work, _to_all(readers))
        result.elapsed = perf_counter() - start
    for line in summary.closing(result, job.noun):
        screen.say(line)
    if result.total != total:  # never; but an exit code 0 must not depend on it
        raise GetflagsError(f"only {result.total:,} of {total:,} targets have ended")


def _to_all(readers: list[EventHandler]) -> EventHandler:
    def emit(event: Event) -> None:
        for read in readers:
            read(event)

    return emit


def _limit(options: Options, site: _Site) -> int:
    if options.settings.engine == "sequential":
        return 1
    return checks.wanted(options, remote=site.base_url == bundled.REMOTE)


def _with_options(entry: Entry, options: Options) -> Entry:
    """Apply ``-o`` and ``--checksum``, which were found to be for this one."""
    if options.out is None and options.checksum is None:
        return entry
    return entry._replace(
        out=options.out or entry.out,
        checksum=options.checksum or entry.checksum,
    )
