"""The command ``getflags bench``, which measures engines and levels and prints tables.

All options are checked before the first request, and each result is written to the file before the
next run starts.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from getflags import __version__, transport
from getflags.api import configure
from getflags.bench.analysis import caveats, comparison, export, table
from getflags.bench.analysis.comparison import Compared
from getflags.bench.measure import cells, servers
from getflags.bench.measure.cells import Cell, Run
from getflags.bench.measure.environment import environment
from getflags.bench.measure.logbook import Logbook
from getflags.bench.measure.results import Result
from getflags.bench.measure.session import Session
from getflags.cli import bench_workload
from getflags.cli.bench_progress import progress
from getflags.cli.commands import bench_compare, bench_export
from getflags.cli.console import print_line
from getflags.cli.options import bench as bench_options
from getflags.cli.options import checks
from getflags.cli.options.bench import Options
from getflags.cli.reproduce import command
from getflags.cli.signals import Interrupted
from getflags.core import resource_limits
from getflags.core.errors import GetflagsError, UsageError
from getflags.core.models import ExitStatus
from getflags.core.text import counted, printable, quoted


def main(arguments: list[str]) -> int:
    """Perform the remaining runs, print the tables, and return the exit code. Raises UsageError.

    With ``--compare``, only compare two files of results.
    """
    options = bench_options.parse(arguments)
    if options.compare:
        return bench_compare.main(options)
    bench_export.check(options, (options.results,))
    with _prepared(arguments, options) as bench:
        code = _measure(bench)
        compared = comparison.compare(bench.matrix, bench.results)
    if not compared:
        return code
    for line in _report(compared):
        print_line(line, sys.stdout)
    exported = bench_export.export(
        options,
        csv=lambda: export.csv_text(list(map(export.bench_values, compared))),
        markdown=lambda: export.bench_markdown(compared),
    )
    return code if exported else code or ExitStatus.SOME_FAILED


@dataclass(frozen=True, slots=True)
class _Bench:
    """A bench that is ready to start."""

    arguments: list[str]
    options: Options
    files: int
    matrix: list[Cell]
    session: Session
    logbook: Logbook

    @property
    def results(self) -> list[Result]:
        """The results of this experiment."""
        name = self.session.experiment
        return [result for result in self.logbook.results if result.experiment == name]

    @property
    def left(self) -> list[Run]:
        """The remaining runs."""
        done = {result.run for result in self.results}
        return cells.left(self.matrix, self.options.rounds, done, self.options.seed)

    @property
    def runs(self) -> int:
        """The total number of runs."""
        return len(self.matrix) * (self.options.rounds + 1)


@contextmanager
def _prepared(arguments: list[str], options: Options) -> Iterator[_Bench]:
    """Check the options, start the servers, and open the results. Raises UsageError."""
    workload = bench_workload.workload(options)
    conditions = bench_workload.conditions(options)
    download_options = configure.download_options(options.settings)
    network = configure.network(options.settings)
    for way in product(options.levels, options.engines, options.clients):
        if checks.allowed(*way) < way[0]:
            raise UsageError(
                f"-m {way[0]} needs more open files than the system allows (ulimit -n)"
            )
    for client in options.clients:
        transport.client(client).check(network)
    matrix = cells.matrix(
        options.engines,
        options.clients,
        options.levels,
        workload.servers,
        options.rates or [None],
    )
    with ExitStack() as stack:
        bundled = {}
        if workload.bundled:
            bundled = stack.enter_context(servers.prepared(workload.servers, options.faults))
        logbook = stack.enter_context(closing(Logbook(Path(options.results))))
        session = Session(
            workload, download_options, network, options.seed, bundled, conditions, __version__,
            environment(),
        )  # fmt: skip
        yield _Bench(arguments, options, workload.files, matrix, session, logbook)


def _measure(bench: _Bench) -> int:
    """Perform the remaining runs; return the exit code. Results before a failure are kept."""
    left, results = bench.left, bench.results
    print_line(table.summary(len(bench.matrix), bench.options.rounds, bench.runs, len(left)),
               sys.stdout)  # fmt: skip
    try:
        with progress(results, bench.runs, len(left), sys.stderr) as shown:
            for number, run in enumerate(left):
                shown.start(left[number:])
                shown.finish(_run(bench, run))
    except Interrupted as stop:
        kept = f"{bench.runs - len(bench.left)} of {counted(bench.runs, 'run')}"
        file = quoted(bench.options.results)
        stop.message = f"interrupted; {kept} are in {file}; run the same command again to resume"
        raise
    except GetflagsError as error:
        print_line(f"getflags: {printable(str(error))}", sys.stderr)
        return ExitStatus.SOME_FAILED if bench.results else ExitStatus.ALL_FAILED
    return ExitStatus.OK


def _run(bench: _Bench, run: Run) -> Result:
    """Perform a run and record its result. Raises GetflagsError."""
    reproduce = command(bench.arguments, bench.options, run.cell, bench.files)
    try:
        result = bench.session.measure(run, reproduce)
    except GetflagsError as error:
        raise GetflagsError(f"{run.cell}: {error}") from error
    bench.logbook.add(result)
    return result


def _report(compared: Sequence[Compared]) -> list[str]:
    """Return the tables and caveats of all results of the experiment, as lines."""
    processors = resource_limits.worker_count(sys.maxsize)
    found = caveats.caveats([each.figures for each in compared], processors)
    return [*table.tables(compared), *table.caveat_lines(found)]
