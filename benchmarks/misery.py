"""What the soak fetches, and how it fails: drawn from a seed, the same for everybody.

What may live here: targets, the scenario for the server, and who fails by it. Nothing runs here.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import cycle, islice
from typing import NamedTuple

from servers.content.generated import find
from servers.faults import fault_plan, scenario
from servers.faults.draws import Behaviour
from servers.faults.kinds.body.stall import Stall

FAILING = 3  # attempts at a path that may fail; the ones after them don't
TIMEOUT = 1.0  # seconds
SMALL, LARGE = 12_000, 700_000  # bytes; of the large, a part is gone on with
LARGE_EVERY = 20


class Target(NamedTuple):
    """A file on the server; what it fails with is told by the first part of its name."""

    path: str

    @property
    def name(self) -> str:
        """Return the name that it is to get."""
        return self.path.rpartition("/")[2]

    def content(self) -> bytes:
        """Return the right bytes."""
        found = find(self.path)
        if found is None:
            raise LookupError(self.path)
        content = found.content
        return content if isinstance(content, bytes) else content.read(0, found.size)


def faults(source: random.Random) -> Iterator[str]:
    """Yield rules, one for each kind of name, as a scenario has them."""
    kinds = [
        *(f'fault = "reset"\nafter = "{source.randrange(100)}%"' for _ in range(5)),
        *(f'fault = "reset"\nafter = {source.randrange(SMALL)}' for _ in range(3)),
        *(f'fault = "truncate"\nafter = "{source.randrange(100)}%"' for _ in range(5)),
        *(f'fault = "truncate"\nafter = {source.randrange(SMALL)}' for _ in range(3)),
        *(f'fault = "error"\nstatus = {status}' for status in (503, 500, 429)),
        'fault = "busy"\nretry-after = 0',
    ]
    for number, kind in enumerate(kinds):
        yield f'{kind}\nmatch = "*/{number:02}-*"\nrate = 0.53\nfirst = {FAILING}'
    yield f'fault = "busy"\nretry-after = 1\nmatch = "*/20-*"\nrate = 0.1\nfirst = {FAILING}'
    yield f'fault = "stall"\nmatch = "*/20-*"\nrate = 0.1\nfirst = {FAILING}'
    yield 'fault = "stall"\nafter = "30%"\nseconds = 0.05\nrate = 0.03'  # soon over


class Plan:
    """What is fetched, and how it fails."""

    def __init__(self, count: int, seed: int) -> None:
        self.seed = seed
        rules = faults(random.Random(seed))  # noqa: S311 - reproducible is what is wanted
        self.scenario = "\n".join(f"[[rule]]\n{each}\n" for each in rules)
        self.targets = [
            Target(f"/bytes/{LARGE if number % LARGE_EVERY == 0 else SMALL}/{kind:02}-{number}.bin")
            for number, kind in enumerate(islice(cycle(range(21)), count))
        ]
        self._behaviour = Behaviour(rules=scenario.parse(self.scenario).rules)

    def fails(self, target: Target) -> bool:
        """Whether the first request for it fails, whoever makes it."""
        met = fault_plan.plan_faults(self._behaviour, self.seed, target.path, 1, 1).faults.values()
        return any(not isinstance(each, Stall) or each.seconds > TIMEOUT for each in met)
