"""How often the measuring commands would say what isn't so: ``make honesty``.

On paper: results are drawn from distributions whose truth is known, and go the way that real ones
go. First benches of equal cells, and of cells of which one is worse, by different noises; then
searches for the level of servers with a known number of slots.
"""

from __future__ import annotations

import random
from statistics import median

from getflags.bench.cells import Cell
from getflags.bench.comparison import compare
from tests.bench_kit import DELAYS, tune
from tests.bench_rows import measured

SEEDS = 100
COUNTS = (2, 4, 8)  # cells
NOISES = (0.05, 0.1, 0.2)  # of a run, and as much again of a round
WORSE = 0.7
ROUNDS = 6
SLOTS = (4, 16, 64)


def claims(count: int, noise: float, worst: float) -> int:
    """Return in how many benches the last of so many cells, or any of equals, is called less."""
    cells = [Cell("asyncio", "curl", level, "DELAY") for level in range(1, count + 1)]
    rates = dict.fromkeys(cells, 100.0) | {cells[-1]: 100.0 * worst}
    watched = cells if worst == 1 else cells[-1:]
    found = 0
    source = random.Random(f"{count} {noise} {worst}")  # noqa: S311 - the same each time
    for _ in range(SEEDS):
        results = list(measured(rates, ROUNDS, noise, source.randrange(2**32)))
        figures = compare(cells, results)
        against = [each.against for each in figures if each.cell in watched]
        found += any(each is not None and each.claimed for each in against)
    return found


def differences() -> None:
    """Print how often a difference is claimed where there is none, and where there is one."""
    print(f"bench: {SEEDS} of each, {ROUNDS} rounds; benches in which a cell is called less")
    print("cells  noise  all equal  one at", WORSE)
    false = []
    for count in COUNTS:
        for noise in NOISES:
            equal, worse = claims(count, noise, 1), claims(count, noise, WORSE)
            print(f"{count:5}  {noise:5.0%}  {equal:9}  {worse:10}", flush=True)
            false.append(equal)
    print(f"of equals, together: {sum(false) / len(false) / SEEDS:.1%}; 5 % would be allowed")


def levels() -> None:
    """Print how often the level is found within one doubling, and after how many requests."""
    print(f"tune: {SEEDS} of each; level within one doubling of the slots, and requests spent")
    print("slots  delay        found  requests: median    most")
    for slots in SLOTS:
        for name, delay in DELAYS.items():
            tuners = [tune(slots, delay, seed) for seed in range(SEEDS)]
            knees = [found.level for tuner in tuners if (found := tuner.knee())]
            near = sum(slots / 2 <= level <= slots * 2 for level in knees)
            spent = [tuner.spent for tuner in tuners]
            print(
                f"{slots:5}  {name:11}  {near:5}  {median(spent):16,.0f}  {max(spent):6,}",
                flush=True,
            )


def main() -> None:
    """Simulate and print."""
    differences()
    levels()


if __name__ == "__main__":
    main()
