"""A server on paper: so many slots, one queue, a service time from a distribution."""

from __future__ import annotations

import random
from collections.abc import Callable
from heapq import heapify, heappop, heappush
from typing import TypeAlias

from getflags.bench.measure.steady_state import End, steady
from getflags.bench.tune.experiment import Sample, Trial, Tuner

Delay: TypeAlias = Callable[[random.Random], float]

#: Seconds of service, as servers have it.
DELAYS: dict[str, Delay] = {
    "fixed": lambda _: 0.05,
    "uniform": lambda source: source.uniform(0.5, 5),
    "exponential": lambda source: source.expovariate(1),
}


def run(level: int, files: int, slots: int, delay: Delay, source: random.Random) -> list[End]:
    """Return the ends of a run: ``level`` clients, each asking again when it was answered."""
    server, clients = [0.0] * slots, [0.0] * level
    heapify(server)
    heapify(clients)
    ends = []
    for _ in range(files):
        asked = heappop(clients)
        ended = max(heappop(server), asked) + delay(source)
        heappush(server, ended)
        heappush(clients, ended)
        ends.append(End(ended, ended - asked, 1, arrived=True))
    return sorted(ends)


def tune(
    slots: int, delay: Delay, seed: int, *, refused_above: int = 1 << 20, most: int = 10**6
) -> Tuner:
    """Return an experiment that was carried out on such a server."""
    source = random.Random(seed)
    tuner = Tuner(highest=512, most=most, seed=seed)
    while trial := tuner.next():
        tuner.take(trial, measure(trial, slots, delay, source, refused_above))
    return tuner


def measure(
    trial: Trial, slots: int, delay: Delay, source: random.Random, refused_above: int
) -> Sample:
    """Return what a trial would bring."""
    if trial.level > refused_above:
        return Sample(0, trial.files, "429 Too Many Requests")
    ends = run(trial.level, trial.files, slots, delay, source)
    return Sample(steady(ends, trial.level).rate, trial.files)
