"""The command ``getflags tune``, which searches for the best concurrency level for a server."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack

from getflags import transport
from getflags.api import configure
from getflags.bench.measure import servers
from getflags.bench.measure.cells import Cell, Run
from getflags.bench.measure.session import Session
from getflags.bench.measure.steady_state import rate
from getflags.bench.tune import advice
from getflags.bench.tune.experiment import Sample, Trial, Tuner
from getflags.cli import bench_workload
from getflags.cli.console import print_line
from getflags.cli.options import checks
from getflags.cli.options import tune as tune_options
from getflags.cli.options.tune import Options
from getflags.cli.signals import Interrupted
from getflags.core.errors import UsageError
from getflags.core.models import ExitStatus
from getflags.core.text import counted, printable


def main(arguments: list[str]) -> int:
    """Search for the best level, print it, and return the exit code. Raises UsageError."""
    options = tune_options.parse(arguments)
    settings = options.settings
    highest = checks.allowed(options.max_level, settings.engine, settings.client)
    tuner = Tuner(
        highest=highest, most=options.max_requests, rounds=options.rounds, seed=options.seed
    )
    with ExitStack() as stack:
        session = _session(options, stack)
        try:
            while trial := tuner.next():
                sample = measure(session, options, trial)
                tuner.take(trial, sample)
                if not (options.quiet or options.json):
                    print_line(_line(trial, sample), sys.stderr)
        except Interrupted as stop:
            stop.message = f"interrupted after {counted(tuner.spent, 'request')}"
            raise
    return _print_result(tuner, options)


def _session(options: Options, stack: ExitStack) -> Session:
    """Check the options and start the server. Raises UsageError."""
    workload = bench_workload.workload(options)
    if len(workload.servers) > 1:
        raise UsageError(
            "-s takes a single server here, because the best level depends on the server"
        )
    settings = options.settings
    download_options = configure.download_options(settings)
    network = configure.network(settings)
    transport.client(settings.client).check(network)
    bundled = {}
    if workload.bundled:
        bundled = stack.enter_context(servers.prepared(workload.servers, options.faults))
    return Session(workload, download_options, network, options.seed, bundled, (), "")


def measure(session: Session, options: Options, trial: Trial) -> Sample:
    """Run a trial and return its outcome. Raises GetflagsError."""
    settings = options.settings
    cell = Cell(settings.engine, settings.client, trial.level, session.workload.servers[0])
    figures = session.figures(Run(cell, trial.round), trial.files)
    goodput = rate(figures["steady_files"], figures["steady_seconds"])
    return Sample(goodput, figures["requests"], advice.overload_signs(figures["errors"]))


def _line(trial: Trial, sample: Sample) -> str:
    result = printable(sample.overload) if sample.overload else f"{sample.goodput:,.1f} files/s"
    return f"{trial.level:4} at a time: {result}"


def _print_result(tuner: Tuner, options: Options) -> int:
    """Print the result; return the exit code."""
    knee = tuner.knee()
    if options.json:
        print_line(json.dumps(advice.values(tuner, knee)), sys.stdout)
    elif options.quiet:
        print_line(f"-m {knee.level}" if knee else "", sys.stdout)
    else:
        for line in advice.lines(tuner, knee):
            print_line(printable(line), sys.stdout)
    if knee is None:
        return ExitStatus.ALL_FAILED
    return ExitStatus.OK if knee.sure else ExitStatus.SOME_FAILED
