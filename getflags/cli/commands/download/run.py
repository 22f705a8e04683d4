"""A run of the engine: its event handlers, the rest of the job, and the cookies at its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from time import perf_counter

from getflags import engines
from getflags.api import credentials
from getflags.cli.commands.download.job import Job, make_place, make_plan, settled
from getflags.cli.display import Screen
from getflags.cli.lists.arriving_targets import ArrivingTargets
from getflags.cli.lists.failed_list import FailedList, list_rest
from getflags.cli.signals import defer_signals
from getflags.core.errors import GetflagsError, Stopped
from getflags.core.events import Event, EventHandler
from getflags.core.feed import NoJob
from getflags.core.models import Target
from getflags.core.text import counted, printable, quoted
from getflags.engines.early_end import stop_after
from getflags.output import summary
from getflags.output.estimate import Total


def run_engine(
    job: Job, limit: int, engine: str, screen: Screen, result: summary.Report
) -> int | None:
    """Run the engine, and return the number of targets, or None if the list has not ended.

    The report's elapsed time is set also if the run is interrupted.
    """
    start = perf_counter()
    with ExitStack() as stack:
        rest = stack.enter_context(_rest(job, screen))
        targets, total = stack.enter_context(_all_targets(job, rest, screen))
        handlers: list[EventHandler] = [result.read]
        if job.options.json:
            handlers.append(screen.json())
        if rest:
            handlers.append(rest.read)
        stack.enter_context(_cookies_saved(job, screen))
        handlers.append(stack.enter_context(screen.progress(total, job.noun)))
        try:
            emit = stop_after(job.options.settings.max_failures, _tee(handlers))
            engines.engine(engine)(make_plan(job, targets, limit), emit)
        except Stopped as stop:
            _end_early(str(stop), result, rest, total() if callable(total) else total)
        finally:
            result.elapsed = perf_counter() - start
    return total() if callable(total) else total


def _end_early(
    reason: str, result: summary.Report, rest: FailedList | None, total: int | None
) -> None:
    """Record why the run has ended, unless all targets had ended as well."""
    if result.total == total:
        return
    result.stopped = reason
    if rest:
        rest.comment = reason


def _rest(job: Job, screen: Screen) -> AbstractContextManager[FailedList | None]:
    """Return a context with the rest of the job, which is written at its end."""
    name = job.options.failed_out
    if name is None:
        return nullcontext()
    server_names = job.transfers.server_names is not None
    folder = job.options.settings.dir
    return list_rest(name, folder, settled(job), screen.warn, server_names=server_names)


@contextmanager
def _cookies_saved(job: Job, screen: Screen) -> Iterator[None]:
    """Write the cookies at the end of the block, also if it is interrupted.

    Raises GetflagsError if that failed; after an interrupt, that is only a warning.
    """
    interrupted = True
    try:
        yield
        interrupted = False
    finally:
        try:
            with defer_signals():
                credentials.save_cookies(job.options.settings, job.transfers)
        except GetflagsError as error:
            if not interrupted:
                raise
            screen.warn(f"getflags: {printable(str(error))}")


@contextmanager
def _all_targets(
    job: Job, rest: FailedList | None, screen: Screen
) -> Iterator[tuple[Iterable[Target | NoJob], Total]]:
    """Yield the targets of the run, and their number.

    At the end of the block, all targets that have arrived are added to the rest of the job.
    """
    if job.feed is None:
        yield settled(job), len(job.targets)
        return
    place = make_place(job.options, job.site.base_url)
    limit = job.options.limit
    if rest is None:
        arriving = ArrivingTargets(job.targets, job.feed, place, limit)
        yield arriving, lambda: arriving.total
        return
    arriving = ArrivingTargets(job.targets, job.feed, place, limit, rest.add_later)
    try:
        yield arriving, lambda: arriving.total
    finally:
        arriving.take_rest()
        name = quoted(job.options.failed_out or "")
        if rest.unread:
            noun = counted(rest.unread, "target")
            verb = "is only a comment" if rest.unread == 1 else "are only comments"
            screen.warn(f"getflags: {noun} that could not be read {verb} in {name}")
        if arriving.total is None:
            screen.warn(
                f"getflags: the list had not ended; of its targets, {name} has only those that had "
                "been read"
            )


def _tee(handlers: list[EventHandler]) -> EventHandler:
    """Return an event handler that calls all the given handlers."""

    def handle(event: Event) -> None:
        for each in handlers:
            each(event)

    return handle
