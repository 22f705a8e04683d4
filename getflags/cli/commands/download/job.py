"""The job of a download: its options, its targets, and the source of the flags."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

from getflags import testing
from getflags.api import configure
from getflags.cli import standard_output
from getflags.cli.display import Screen
from getflags.cli.options import checks
from getflags.cli.options.download import Options
from getflags.core.accepted import AUTO
from getflags.core.feed import Feed, NoJob
from getflags.core.models import DownloadOptions, HostLimits, Plan, Target
from getflags.core.resource_limits import worker_count
from getflags.core.text import printable
from getflags.core.urls import is_loopback, origin, redact
from getflags.output import summary
from getflags.targets import resolve
from getflags.targets.list_file import Entry


class Site(NamedTuple):
    """The source of the flags. The origins in ``direct`` are never reached through a proxy."""

    base_url: str = ""
    direct: tuple[str, ...] = ()


class Job(NamedTuple):
    """The options, the targets, those still to come, the flags' source, and how to transfer."""

    options: Options
    targets: resolve.Listing
    feed: Feed[Entry] | None
    site: Site
    transfers: DownloadOptions

    @property
    def noun(self) -> str:
        """The noun for a target: ``file`` or ``flag``."""
        return "flag" if self.total is not None and not self.targets.urls else "file"

    @property
    def total(self) -> int | None:
        """The number of targets; None if the list has not ended."""
        return len(self.targets) if self.feed is None else None

    @property
    def labels(self) -> list[str]:
        """The labels of all targets, or only the first and last if there are many."""
        total = len(self.targets)
        shown = range(total) if total <= summary.FEW else (0, total - 1)
        return [resolve.label(self.targets[index].word) for index in shown]


def make_place(options: Options, base_url: str) -> resolve.Place:
    """Return the mirror of the flags and the places of files.

    No target may be a file that the run writes at its end: the failed list, and the cookies.
    """
    read_only = options.dry_run or options.settings.verify
    place = configure.place(options.settings, base_url, read_only=read_only)
    if options.checksums is not None:
        place = place._replace(checksum=options.checksums.checksum)
    if options.out == standard_output.NAME:  # the name has no meaning
        return place._replace(template=None, reserved=())
    failed_out = configure.reserved("--failed-out", options.failed_out)
    return place._replace(reserved=(*place.reserved, *failed_out))


def usual_site(options: Options) -> str:
    """Return the source of the flags; if it is a bundled server, the one on its usual port."""
    if (mirror := options.settings.base_url) is not None:
        return mirror
    if options.server == "REMOTE":
        return testing.REMOTE
    from getflags.testing import bundled  # the import takes 5 ms

    return bundled.usual(options.server).base_url


@contextmanager
def open_site(options: Options, targets: resolve.Listing, screen: Screen) -> Iterator[Site]:
    """Print and yield the source of the flags; start a bundled server if necessary."""
    if not targets.has_codes:
        # A code may follow in a list that has not ended.
        yield Site(options.settings.base_url or "")
    elif options.settings.verify:
        yield Site(usual_site(options))
    elif (mirror := options.settings.base_url) is not None:
        screen.info(f"Mirror site: {printable(redact(mirror))}")
        yield Site(mirror)
    elif options.server == "REMOTE":
        screen.info(f"REMOTE site: {testing.REMOTE}")
        yield Site(testing.REMOTE)
    else:
        from getflags.testing import bundled  # the import takes 5 ms

        with bundled.running(options.server, options.seed, screen.warn) as server:
            screen.info(f"{options.server} site: {server.shown}")
            yield Site(server.base_url, (origin(server.base_url),))


def with_options(entry: Entry, options: Options) -> Entry:
    """Apply ``-o`` and ``--checksum``, which are given only for a single target."""
    if options.out is None and options.checksum is None:
        return entry
    if options.out == standard_output.NAME:
        return entry._replace(out="", folder="", checksum=options.checksum or entry.checksum)
    return entry._replace(
        out=options.out or entry.out,
        checksum=options.checksum or entry.checksum,
    )


def settled(job: Job) -> Iterator[Target]:
    """Return the targets with their names, always the same ones."""
    entries = (with_options(entry, job.options) for entry in job.targets)
    return resolve.settle(entries, make_place(job.options, job.site.base_url))


def concurrency(job: Job) -> int:
    """Return the largest number of requests in flight that the options ask for."""
    options = job.options
    if options.settings.engine == "sequential":
        return 1
    remote = job.targets.has_codes and job.site.base_url == testing.REMOTE
    return checks.requested_limit(options, remote=remote)


def useful_requests(job: Job, total: int) -> int:
    """Return the largest number of requests in flight that so many targets may need."""
    engine, split = job.options.settings.engine, job.transfers.split
    if split == 1 or engine == "sequential":
        return total
    # All connections of a file are in the same process, which has a share of the number.
    useful = total * split
    return useful * worker_count(useful) if engine == "processes" else useful


def choose_engine(options: Options, total: int | None, limit: int) -> str:
    """Return the engine to use. Raises UsageError."""
    name = standard_output.engine(options) if options.out == standard_output.NAME else None
    return configure.select_engine(options.settings, total, limit, name)


def _host_limits(job: Job) -> HostLimits:
    chosen = job.options.max_req is not None
    return configure.host_limits(job.options.settings, chosen_level=chosen)


def shown_host_limits(job: Job) -> HostLimits:
    """Return the limits of servers that may concern a target, to tell the user."""
    limits = _host_limits(job)
    only_flags = job.total is not None and not job.targets.urls
    here = only_flags and is_loopback(origin(job.site.base_url))
    return HostLimits() if here and limits.only_remote else limits


def make_plan(job: Job, targets: Iterable[Target | NoJob], limit: int) -> Plan:
    """Return the plan of a run of the engine."""
    settings = job.options.settings
    return Plan(
        targets,
        settings.client,
        limit,
        settings.loop,
        job.transfers,
        configure.network(settings, job.site.direct),
        settings.max_req == AUTO,
        _host_limits(job),
        settings.max_failures,
    )
