"""``getflags [OPTION]... [TARGET]...``: the download, from words to exit code.

The composition root: here the rooms are put together, in the order in which ``main`` reads. No
request is made before everything that a person may have got wrong was looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from time import perf_counter

from getflags import engines, transport
from getflags.api import configure
from getflags.cli.display import Screen
from getflags.cli.failed_list import list_failures
from getflags.cli.options import checks
from getflags.cli.options import download as grammar
from getflags.cli.options.download import Options
from getflags.cli.signals import Interrupted
from getflags.cli.target_source import Source
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
        with closing(Source(options)) as source:
            job = _survey(options, source)
            if job.total == 0:
                screen.say("Nothing to do: the list holds no target.")
                return ExitStatus.OK
            _check(options, job)
            with _site(options, job, screen) as site:
                return _carried_out(options, screen, source, replace(job, site=site), result)
    except Interrupted as stop:
        stop.told = f"interrupted; {counted(result.arrived, 'file')} complete"
        raise


@dataclass(frozen=True, slots=True)
class _Site:
    """Where flags come from. ``direct``: an origin that no proxy may stand before."""

    base_url: str = ""
    direct: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Job:
    """What the first reading of the targets tells."""

    seen: resolve.Survey
    total: int  # after --limit
    labels: list[str]  # all, where they are few; else the first and the last
    only: Entry | None  # the entry, where there is only one
    site: _Site = _Site()

    @property
    def noun(self) -> str:
        """What to call the targets."""
        return "file" if self.seen.urls else "flag"


def _survey(options: Options, source: Source) -> _Job:
    """Read all targets once: how many, which codes, what to call them."""
    seen = resolve.survey(source.entries())
    total = min(len(seen), options.limit or len(seen))
    words: list[str] = []
    only = None
    for entry in _in_order(source, seen, total):
        only = entry
        words[summary.FEW :] = [entry.word]  # where there are many: the last one
    labels = [resolve.label(word) for word in words]
    return _Job(seen, total, labels, only if total == 1 else None)


def _in_order(source: Source, seen: resolve.Survey, total: int) -> Iterator[Entry]:
    return islice(resolve.in_order(resolve.expand(source.entries()), seen), total)


def _check(options: Options, job: _Job) -> None:
    """Look at what makes sense by itself but not together. Raises UsageError."""
    settings = options.settings
    for name, value in (("-o", options.out), ("--checksum", options.checksum)):
        if value is not None and job.only is None:
            raise UsageError(f"{name} is for a single target, and there are {job.total:,}")
    if options.out is not None:
        try:
            filenames.checked(options.out)
        except filenames.BadName as error:
            raise UsageError(f"-o {quoted(options.out)}: {error}") from None
    if job.only and options.input_file is None:  # in a list, a bad target fails alone
        place = configure.place(settings, bundled.REMOTE)
        (target,) = resolve.settle([_with_options(job.only, options)], place)
        if target.flaw:
            raise UsageError(f"{quoted(target.label)} cannot be fetched: {target.flaw}")
    checks.mirror(options)
    engines.suited(settings.engine, job.total, 1, adaptive=settings.max_req == AUTO)
    transport.client(settings.client).check(configure.network(settings))
    directories.make_folder(settings.dir)


@contextmanager
def _site(options: Options, job: _Job, screen: Screen) -> Iterator[_Site]:
    """Say where flags come from, and start the server if need be."""
    if not job.seen.codes:
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


def _carried_out(
    options: Options, screen: Screen, source: Source, job: _Job, result: summary.Report
) -> int:
    """Download; from here on no error is a usage error any more: something was requested."""
    try:
        _download(options, screen, source, job, result)
    except GetflagsError as error:
        if not result.total:
            raise
        screen.complain(f"getflags: {printable(str(error))}")
        return ExitStatus.SOME_FAILED if result.arrived else ExitStatus.ALL_FAILED
    return result.exit_status


def _download(
    options: Options, screen: Screen, source: Source, job: _Job, result: summary.Report
) -> None:
    """Run the engine, with a reader of events for each thing that was asked for."""
    settings = options.settings
    adaptive = settings.max_req == AUTO
    limit = checks.affordable(min(_limit(options, job.site), job.total), screen.complain)
    engine = engines.suited(settings.engine, job.total, limit, adaptive=adaptive)
    for line in summary.opening(job.noun, job.labels, job.total, limit, adaptive=adaptive):
        screen.say(line)
    if options.verbose:
        client = transport.client(settings.client).about()
        screen.say(f"Engine: {engine}; client: {settings.client} ({client}).")
    entries = (_with_options(entry, options) for entry in _in_order(source, job.seen, job.total))
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
        readers.append(stack.enter_context(closing(screen.view(job.total))).read)
        engines.engine(engine)(work, _to_all(readers))
        result.elapsed = perf_counter() - start
    for line in summary.closing(result, job.noun):
        screen.say(line)
    if result.total != job.total:
        raise GetflagsError(
            f"the list has changed meanwhile: {result.total:,} of {job.total:,} targets were in it"
        )


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
