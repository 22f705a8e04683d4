"""One server as a thing with a memory: who it is, how it behaves, what it has counted.

What may live here: the state that requests change, and the two ways to look at it. What may not:
sockets, HTTP, what is served.
"""

from typing import NamedTuple

from ..faults.decision import Verdict, judge
from ..faults.draws import Behaviour, Decision, decide
from ..http.dateline import SERVER
from .ledger import Ledger
from .recording import Record, Replay

VERSION = 1  # of the JSON under `/-/`; it grows when a client would have to be changed


class Admission(NamedTuple):
    """A request's place in a ledger, and what will happen to it.

    `verdict` is None if the decision is all there is to know: the answer is then sent the short
    way. `attempt` is which request for its target it is.
    """

    ledger: Ledger
    decision: Decision
    verdict: Verdict | None = None
    attempt: int = 0


class Origin:
    """A server without its sockets. `label` is its name: LOCAL, DELAY or ERROR.

    `private` says that it ends with the program that started it, so nobody else should count on it.
    `record` takes down what is decided; `replay` decides in place of behaviour and seed.
    """

    def __init__(
        self,
        label: str,
        behaviour: Behaviour,
        seed: int,
        *,
        private: bool = False,
        record: Record | None = None,
        replay: Replay | None = None,
    ) -> None:
        self.label = label
        self.private = private
        self.behaviour = behaviour
        self.seed = seed
        self._record = record
        self._replay = replay
        # Servers without rules take the short way: they are what clients are measured by.
        self._long_way = bool(
            behaviour.rules
            or behaviour.bandwidth is not None
            or behaviour.slots is not None
            or record
            or replay
        )
        self.ledger = Ledger(refuses=self._long_way)

    def admit(self, target: str) -> Admission | None:
        """Count a request and decide what happens to it; None if it is not to be counted.

        Not counted, and free of faults, are the page at `/` and everything under `/-/`: to look
        at a server must not change what is seen.
        """
        if target == "/" or target.startswith(("/-/", "/?")):
            return None
        if self._long_way:
            return self._consider(target)
        attempt = self.ledger.opened(target)
        return Admission(self.ledger, decide(self.behaviour, self.seed, target, attempt))

    def _consider(self, target: str) -> Admission:
        ledger, peak = self.ledger, self.ledger.peak
        attempt = ledger.opened(target)
        if self._replay is not None:
            verdict = self._replay.verdict(self.label, target, attempt)
        else:
            verdict = judge(self.behaviour, self.seed, target, attempt, ledger.in_flight)
        if verdict.refused:
            ledger.refused(peak)
        if self._record is not None:
            self._record.decided(self.label, target, attempt, verdict)
        plain = not verdict.faults and self.behaviour.bandwidth is None
        return Admission(ledger, verdict.decision, None if plain else verdict, attempt)

    def reset(self, seed: int | None = None) -> None:
        """Start the ledger and the attempts anew, under another seed if one is given.

        Requests under way stay in the ledger that they began in, so the new one starts at zero
        and never hears of them.
        """
        self.ledger = Ledger(refuses=self._long_way)
        if self._record is not None:
            self._record.reset(self.label)
        if seed is not None:
            self.seed = seed

    def about(self) -> dict[str, object]:
        """Return what tells this server from a stranger's and from its siblings."""
        more: dict[str, object] = {}
        if self._long_way:
            more = {
                "rules": [each.as_dict() for each in self.behaviour.rules],
                "bandwidth": self.behaviour.bandwidth,
                "slots": self.behaviour.slots,
                "replay": self._replay is not None,
            }
        return {
            "server": SERVER,
            "version": VERSION,
            "label": self.label,
            "seed": self.seed,
            "delay": self.behaviour.delay,
            "error_rate": self.behaviour.error_rate,
            "private": self.private,
            **more,
        }

    def account(self) -> dict[str, object]:
        """Return the identity above and all counts."""
        return {**self.about(), **self.ledger.as_dict()}
