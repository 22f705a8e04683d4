"""What ``tune`` answers on real servers that serve so many at a time: ``make knees``.

Ten runs of each; right is an answer within one doubling of the slots. What it costs is told, too.
(On paper, a hundred times each: ``make honesty``.)
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from statistics import median
from time import perf_counter
from typing import Any

RUNS = 10
SLOTS = (4, 16, 64)
DELAYS = ("fixed:0.05", "uniform:0.02-0.2")  # seconds


def tune(slots: int, delay: str, seed: int) -> tuple[dict[str, Any], float]:
    """Return the answer for a server, and its seconds."""
    words = ["tune", "--json", "--latency", delay, "--slots", str(slots), "--seed", str(seed)]
    begin = perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "getflags", *words], stdout=subprocess.PIPE, text=True, check=False
    )
    return json.loads(done.stdout), perf_counter() - begin


def main() -> None:
    """Ask, and print what was answered."""
    print(f"slots  delay             right of {RUNS}  requests: median    most  seconds  levels")
    for delay in DELAYS:
        for slots in SLOTS:
            runs = [tune(slots, delay, seed) for seed in range(RUNS)]
            levels = Counter(answer["level"] for answer, _ in runs)
            right = sum(levels[level] for level in (slots // 2, slots, 2 * slots))
            spent = [answer["requests"] for answer, _ in runs]
            seconds = median(seconds for _, seconds in runs)
            told = ", ".join(f"{level} x {count}" for level, count in sorted(levels.items()))
            print(
                f"{slots:5}  {delay:16}  {right:11}  {median(spent):16,.0f}  {max(spent):6,}"
                f"  {seconds:7.0f}  {told}",
                flush=True,
            )


if __name__ == "__main__":
    main()
