"""That every file is accounted for where half of all requests fail, by every engine and client.

The bundled server resets, cuts, stalls and refuses at places drawn from a seed, the same for
everybody. There are three passes, each in a process of its own:

    all   with enough retries: each target ends once and well, and stands on disk byte for byte
    once  without any: those fail whose first request fails, the same for everybody, and no others
    rest  with retries again, what the pass before has listed with ``--failed-out``

After each, what the client says is held against the folder, the exit code and the server's ledger.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from time import perf_counter

from benchmarks.account import Evidence, complaints
from benchmarks.misery import FAILING, TIMEOUT, Plan, Target
from getflags.engines import ENGINES
from getflags.transport import CLIENTS
from tests.kit import ENVIRON
from tests.siteserver import Running, serve

SEED = 2026
COUNT = 2_000
RETRIES = FAILING + 2  # a pause may be asked for on top
HEAD = "engine      client  pass   files  failed  requests  ledger  seconds"


class Soak:
    """A server, and runs of the program against it; ``print`` is told each line of the table."""

    def __init__(self, plan: Plan, work: Path, say: Callable[[str], None]) -> None:
        self.plan = plan
        self.wrong = 0
        self._work = work
        self._say = say

    def run(self, pairs: Iterable[tuple[str, str]]) -> int:
        """Make the three passes for each engine and client; return how often something was off."""
        file = self._work / "scenario.toml"
        file.write_text(self.plan.scenario, encoding="utf-8")
        self._say(HEAD)
        with serve("LOCAL", seed=self.plan.seed, scenario=file) as server:
            for engine, client in pairs:
                self._passes(server, engine, client)
        return self.wrong

    def _passes(self, server: Running, engine: str, client: str) -> None:
        every, nothing = self.plan.targets, set[Target]()
        failing = {target for target in every if self.plan.fails(target)}
        standing = {target.name for target in every if target not in failing}
        home = self._work / f"{engine}-{client}"
        words = ["--engine", engine, "--client", client]
        for name, targets, failing_now, folder, before, retries in (
            ("all", every, nothing, home / "all", set[str](), RETRIES),
            ("once", every, failing, home / "once", set[str](), 0),
            ("rest", sorted(failing), nothing, home / "once", standing, RETRIES),
        ):
            server.reset(self.plan.seed)
            seen = fetch(server, [*words, "--retries", str(retries)], targets, folder)
            off = list(complaints(seen, targets, failing_now, before))
            self.wrong += len(off)
            self._say(
                f"{engine:11} {client:7} {name:4} {len(targets):7,} {len(seen.listed):7,} "
                f"{sum(each['requests'] for each in seen.finished):9,} "
                f"{sum(seen.attempts.values()):7,} {seen.seconds:8.1f}"
            )
            for each in off:
                self._say(f"  off: {each}")
        shutil.rmtree(home)


def fetch(
    server: Running, words: Sequence[str], targets: Iterable[Target], folder: Path
) -> Evidence:
    """Run the program on some targets."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = folder.with_name("failed.txt")
    begin = perf_counter()
    done = subprocess.run(
        [
            sys.executable, "-m", "getflags", "--json", "--timeout", str(TIMEOUT), "-i", "-",
            "-d", str(folder), "--failed-out", str(listed), *words,
        ],
        input="".join(f"{server.root}{target.path}\n" for target in targets),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=ENVIRON, check=False,
    )  # fmt: skip
    seconds = perf_counter() - begin
    events = [json.loads(line) for line in done.stdout.splitlines()]
    return Evidence(
        done.returncode,
        [event for event in events if event["event"] == "finished"],
        listed.read_text(encoding="utf-8").splitlines(),
        server.ledger()["attempts"],
        server.root,
        folder,
        seconds,
    )


def main() -> int:
    """Run, print the table, and return 1 where anything is off."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--count", type=int, default=COUNT, help="targets (%(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="of the faults (%(default)s)")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        soak = Soak(Plan(words.count, words.seed), Path(work), partial(print, flush=True))
        return min(1, soak.run(product(ENGINES, CLIENTS)))


if __name__ == "__main__":
    sys.exit(main())
