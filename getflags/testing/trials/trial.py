"""Run a trial: give a client the same files with each fault, and judge what it did.

Each fault has a server of its own. The servers start before the first run, so that a fault which
they reject is reported before any request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from time import monotonic
from typing import NamedTuple, TypeAlias

from getflags.core.accepted import COUNT, NATURAL, SECONDS, ValueRange
from getflags.core.errors import UsageError
from getflags.core.text import brief
from getflags.testing.flag_server import FlagServer, Options
from getflags.testing.fork_server import ForkServer
from getflags.testing.temporary import running
from getflags.testing.trials import faults as fault_set
from getflags.testing.trials import files as served_files
from getflags.testing.trials import placeholders, processes
from getflags.testing.trials.verdict import FaultResult, Run, TrialResult, judge

#: A Python function under trial: it gets the URLs and a folder, and returns whether it succeeded.
Download: TypeAlias = Callable[[list[str], Path], object]
FILES = 10
TIME_LIMIT = 60.0  # seconds for each fault
_REFUSALS = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


class _Job(NamedTuple):
    """The files to download with one fault, the folder for them, and one for everything else."""

    urls: Mapping[str, str]  # by name
    folder: Path
    own: Path
    deadline: float


_Client: TypeAlias = Callable[[_Job], list[Run]]


def trial(
    command: Sequence[str] | Download,
    *,
    faults: Iterable[str] = (),
    seed: int = 0,
    files: int = FILES,
    time_limit: float = TIME_LIMIT,
    report: Callable[[FaultResult], object] = lambda _: None,
) -> TrialResult:
    """Run a download client with each fault; return whether it told the truth about every file.

    ``command`` is a list of arguments with the placeholders of ``getflags trial``, or a function
    that gets a list of URLs and a folder. The function reports success by returning a true value,
    and runs in this process, without the time limit. ``faults`` are names (default: the standard
    set); ``files`` and ``time_limit`` (seconds) are for each fault. ``report`` is called with each
    result. Raises UsageError before any request, and GetflagsError if no server can be started.
    """
    _check(seed=(seed, NATURAL), files=(files, COUNT), time_limit=(time_limit, SECONDS))
    chosen = fault_set.select(faults)
    client = _function(command) if callable(command) else _command(command)
    results = []
    with (
        TemporaryDirectory(prefix="getflags-trial-", ignore_cleanup_errors=True) as folder,
        ForkServer() as fork_server,
        ExitStack() as stack,
    ):
        served = Path(folder, "served")
        contents = served_files.write(served, files, seed)
        servers = {
            name: stack.enter_context(_server(fork_server, options, served, seed))
            for name, options in chosen.items()
        }
        for name, server in servers.items():
            with _folder(folder) as own:
                job = _job(server, contents, own, time_limit)
                results.append(_run(name, server, client, contents, job))
            report(results[-1])
    return TrialResult(tuple(results))


def _check(**given: tuple[object, ValueRange]) -> None:
    """Raise UsageError if a value is outside its range."""
    for name, (value, kind) in given.items():
        try:
            kind.accept(value)
        except ValueError:
            raise UsageError(f"{name} must be {kind.description}") from None


@contextmanager
def _folder(parent: str) -> Iterator[Path]:
    """Return a context with a new folder, which is removed at its end."""
    folder = Path(mkdtemp(dir=parent))
    try:
        yield folder
    finally:
        processes.remove(folder)


@contextmanager
def _server(
    fork_server: ForkServer, options: Options, folder: Path, seed: int
) -> Iterator[FlagServer]:
    """Run a server of the folder with a fault. Raises UsageError if it rejects the fault."""
    given: Options = {**options, "directory": folder, "seed": seed}
    with ExitStack() as stack:
        try:
            server = stack.enter_context(running(fork_server, given, None))
        except ValueError as error:
            raise UsageError(str(error)) from None
        yield server


def _job(server: FlagServer, names: Iterable[str], own: Path, time_limit: float) -> _Job:
    folder = own / "files"
    folder.mkdir()
    urls = {name: server.url_for(name) for name in names}
    return _Job(urls, folder, own, monotonic() + time_limit)


def _run(
    fault: str,
    server: FlagServer,
    client: _Client,
    contents: Mapping[str, bytes],
    job: _Job,
) -> FaultResult:
    """Run the client with one fault, and judge it."""
    start = monotonic()
    runs = client(job)
    seconds = monotonic() - start
    ledger = server.ledger()
    states = served_files.check(job.folder, contents)
    judged = judge(runs, states, confirmed=fault_set.confirms(fault))
    return FaultResult(
        fault=fault,
        **judged._asdict(),
        told_the_truth=not judged.reason,
        requests=ledger.requests,
        refused=sum(ledger.responses.get(status, 0) for status in _REFUSALS),
        peak_in_flight=ledger.peak_in_flight,
        seconds=seconds,
        last_line=runs[-1].last_line,
    )


def _command(command: Sequence[str]) -> _Client:
    """Return a client that runs a command: once, or once for each URL. Raises UsageError."""
    if isinstance(command, str):
        raise UsageError("the command must be a list of arguments, not a text")
    words = list(command)
    one_by_one = "url" in placeholders.used(words)
    words[0] = processes.program(words[0])

    def client(job: _Job) -> list[Run]:
        environ = processes.environment(job.own)
        list_file = job.own / "urls.txt"
        list_file.write_text("".join(f"{url}\n" for url in job.urls.values()))
        common = {"dir": str(job.folder), "list": str(list_file)}
        parts = [[name] for name in job.urls] if one_by_one else [list(job.urls)]
        runs = []
        for names in parts:
            filled = placeholders.fill(words, {**common, "url": job.urls[names[0]]})
            ended: tuple[int | None, str] = (None, "")
            if monotonic() < job.deadline:
                ended = processes.run(filled, job.folder, environ, job.deadline)
            runs.append(Run(names, *ended))
        return runs

    return client


def _function(function: Download) -> _Client:
    """Return a client that calls a function once."""

    def client(job: _Job) -> list[Run]:
        names = list(job.urls)
        try:
            success = bool(function(list(job.urls.values()), job.folder))
        except Exception as error:  # noqa: BLE001 - whatever it raises, it reports a failure
            return [Run(names, 1, brief(f"{type(error).__name__}: {error}"))]
        return [Run(names, 0 if success else 1)]

    return client
