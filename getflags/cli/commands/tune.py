"""The command ``getflags tune``, which searches for the best concurrency level for a server."""

from __future__ import annotations

import json
import sys
import textwrap
from contextlib import ExitStack
from typing import TextIO

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
from getflags.core.text import printable
from getflags.output import terminal


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
            _search(tuner, session, options)
        except Interrupted as stop:
            stop.message = advice.interrupted(tuner)
            if options.json:
                print_line(json.dumps(advice.values(tuner, tuner.knee())), sys.stdout)
            raise
    return _print_result(tuner, options)


def _search(tuner: Tuner, session: Session, options: Options) -> None:
    """Run trials until the search is over, and print each round and trial."""
    shown = sys.stderr if not (options.quiet or options.json) else None
    latest = -1
    while trial := tuner.next():
        if trial.round > latest:
            latest = trial.round
            levels = "levels 1, 2, 4, ..." if latest == 0 else "the best levels"
            _print(f"Round {latest + 1} of {options.rounds}: {levels}", shown)
        sample = measure(session, options, trial)
        tuner.take(trial, sample)
        _print(_line(trial, sample), shown)


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
    errors = figures["errors"]
    return Sample(goodput, figures["requests"], advice.overload_signs(errors), errors)


def _line(trial: Trial, sample: Sample) -> str:
    result = f"{sample.goodput:,.1f} files/s"
    if sample.overload:
        result = sample.overload
    elif sample.errors and not sample.goodput:
        result = max(sample.errors, key=lambda reason: sample.errors[reason])
    return f"{trial.level:4} at a time: {printable(result)}"


def _print_result(tuner: Tuner, options: Options) -> int:
    """Print the result; return the exit code."""
    knee = tuner.knee()
    if options.json:
        print_line(json.dumps(advice.values(tuner, knee)), sys.stdout)
    elif options.quiet:
        print_line(f"-m {knee.level}" if knee else "", sys.stdout)
        if knee is None:
            print_line(f"getflags: {printable(advice.lines(tuner, knee)[0])}", sys.stderr)
    else:
        for line in advice.lines(tuner, knee):
            _print(printable(line), sys.stdout)
    if knee is None:
        return ExitStatus.ALL_FAILED
    return ExitStatus.OK if knee.sure else ExitStatus.SOME_FAILED


def _print(line: str, stream: TextIO | None) -> None:
    """Print a line; on a terminal, a long one is broken between words."""
    lines = [line]
    if stream and stream.isatty():
        width = terminal.size(stream).columns
        lines = textwrap.wrap(line, width, subsequent_indent="  ") or lines
    for each in lines:
        print_line(each, stream)
