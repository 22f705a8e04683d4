"""How near the engines come to the best possible time on a slow server.

The DELAY server decides every delay from its seed, so the ideal is known in advance: the delays,
list-scheduled on as many slots as there are connections. Printed are elapsed / ideal, and the
most requests that the server saw at once, which has to be the number asked for.
"""

from __future__ import annotations

import heapq
import tempfile

import getflags
from getflags.targets.country_codes import ALL
from servers.app.server_defaults import SERVER_DEFAULTS
from servers.faults.draws import decide
from tests.siteserver import serve

SEED = 7
LEVELS = (5, 20, 100)


def ideal(limit: int) -> float:
    """Return the makespan in seconds of all flags on so many slots, in order."""
    behaviour = SERVER_DEFAULTS["DELAY"].behaviour
    slots = [0.0] * limit
    for code in ALL:
        path = f"/flags/{code.lower()}/{code.lower()}.gif"
        heapq.heapreplace(slots, slots[0] + decide(behaviour, SEED, path, 1).delay)
    return max(slots)


def main() -> None:
    """Measure and print."""
    print("engine    -m   elapsed     ideal   ratio   peak   files")
    with serve("DELAY", seed=SEED) as server:
        for limit in LEVELS:
            for engine in ("threads", "asyncio"):
                server.reset(SEED)
                with tempfile.TemporaryDirectory() as folder:
                    report = getflags.download(
                        ALL, dir=folder, engine=engine, max_req=limit, base_url=server.base_url
                    )
                peak = server.ledger()["peak_in_flight"]
                best = ideal(limit)
                print(
                    f"{engine:8} {limit:3}  {report.elapsed:7.2f} s {best:7.2f} s "
                    f"  {report.elapsed / best:.3f}   {peak:4}    {report.arrived:4}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
