"""``getflags bench``: which level, engine and client brings how much; from words to exit code.

The composition root. Nothing is asked of anybody before everything that a person may have got wrong
was looked at, and every result is in the file before the next run begins.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from getflags import __version__, transport
from getflags.api import configure
from getflags.bench.analysis import caveats, comparison, table
from getflags.bench.measure import cells, servers
from getflags.bench.measure.cells import Cell, Run
from getflags.bench.measure.logbook import Logbook
from getflags.bench.measure.results import Result
from getflags.bench.measure.session import Session
from getflags.cli import bench_workload
from getflags.cli.bench_progress import progress
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


def main(words: list[str]) -> int:
    """Measure what is missing, and tell what all of it says. Raises UsageError."""
    options = bench_options.parse(words)
    with _prepared(words, options) as bench:
        code = _measure(bench)
        for line in _report(bench):
            print_line(line, sys.stdout)
    return code


@dataclass(frozen=True, slots=True)
class _Bench:
    """A bench that is ready to begin."""

    words: list[str]
    options: Options
    files: int
    matrix: list[Cell]
    session: Session
    logbook: Logbook

    @property
    def results(self) -> list[Result]:
        """What is known of this experiment."""
        name = self.session.experiment
        return [result for result in self.logbook.results if result.experiment == name]

    @property
    def left(self) -> list[Run]:
        """What is to be run."""
        done = {result.run for result in self.results}
        return cells.left(self.matrix, self.options.rounds, done, self.options.seed)

    @property
    def runs(self) -> int:
        """How many runs there are in all."""
        return len(self.matrix) * (self.options.rounds + 1)


@contextmanager
def _prepared(words: list[str], options: Options) -> Iterator[_Bench]:
    """Look at everything, start the servers, open the file of results. Raises UsageError."""
    field = bench_workload.field(options)
    conditions = bench_workload.conditions(options)
    rules = configure.rules(options.settings)
    network = configure.network(options.settings)
    for level in options.levels:
        if checks.allowed(level) < level:
            raise UsageError(f"-m {level} needs more open files than the system allows (ulimit -n)")
    for client in options.clients:
        transport.client(client).check(network)
    matrix = cells.matrix(options.engines, options.clients, options.levels, field.servers)
    with ExitStack() as stack:
        bundled = {}
        if field.bundled:
            bundled = stack.enter_context(servers.prepared(field.servers, options.faults))
        logbook = stack.enter_context(closing(Logbook(Path(options.results))))
        session = Session(field, rules, network, options.seed, bundled, conditions, __version__)
        yield _Bench(words, options, field.files, matrix, session, logbook)


def _measure(bench: _Bench) -> int:
    """Run what is left; return the exit code. What was measured before a failure is kept."""
    left, results = bench.left, bench.results
    print_line(table.summary(len(bench.matrix), bench.options.rounds, bench.runs, len(left)),
               sys.stdout)  # fmt: skip
    try:
        with progress(results, bench.runs, len(left), sys.stderr) as shown:
            for number, run in enumerate(left):
                shown.begin(left[number:])
                shown.end(_run(bench, run))
    except Interrupted as stop:
        kept = f"{bench.runs - len(bench.left)} of {counted(bench.runs, 'run')}"
        file = quoted(bench.options.results)
        stop.told = f"interrupted; {kept} are in {file}, and the same command does the others"
        raise
    except GetflagsError as error:
        print_line(f"getflags: {printable(str(error))}", sys.stderr)
        return ExitStatus.SOME_FAILED if bench.results else ExitStatus.ALL_FAILED
    return ExitStatus.OK


def _run(bench: _Bench, run: Run) -> Result:
    """Make a run and write its result down. Raises GetflagsError."""
    told = command(bench.words, bench.options, run.cell, bench.files)
    try:
        result = bench.session.measure(run, told)
    except GetflagsError as error:
        raise GetflagsError(f"{run.cell}: {error}") from error
    bench.logbook.add(result)
    return result


def _report(bench: _Bench) -> list[str]:
    """Return what all results of the experiment say."""
    results = bench.results
    compared = comparison.compare(bench.matrix, results)
    if not compared:
        return []
    processors = resource_limits.worker_count(sys.maxsize)
    found = caveats.caveats([each.figures for each in compared], processors)
    return [*table.tables(compared), *table.caveat_lines(found)]
