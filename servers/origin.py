"""One server as a thing with a memory: who it is, how it behaves, what it has counted.

What may live here: the state that requests change, and the two ways to look at it. What may not:
sockets, HTTP, what is served.
"""

from typing import NamedTuple

from . import SERVER
from .faults import Behaviour, Decision, decide
from .ledger import Ledger

VERSION = 1  # of the JSON under `/-/`; it grows when a client would have to be changed


class Admission(NamedTuple):
    """A request's place in a ledger, and what will happen to it."""

    ledger: Ledger
    decision: Decision


class Origin:
    """A server without its sockets. `label` is its name: LOCAL, DELAY or ERROR.

    `private` says that it ends with the program that started it, so nobody else should count on it.
    """

    def __init__(
        self, label: str, behaviour: Behaviour, seed: int, *, private: bool = False
    ) -> None:
        self.label = label
        self.private = private
        self.behaviour = behaviour
        self.seed = seed
        self.ledger = Ledger()

    def admit(self, target: str) -> Admission | None:
        """Count a request and decide what happens to it; None if it is not to be counted.

        Not counted, and free of faults, are the page at `/` and everything under `/-/`: to look
        at a server must not change what is seen.
        """
        if target == "/" or target.startswith(("/-/", "/?")):
            return None
        attempt = self.ledger.opened(target)
        return Admission(self.ledger, decide(self.behaviour, self.seed, target, attempt))

    def reset(self, seed: int | None = None) -> None:
        """Start the ledger and the attempts anew, under another seed if one is given.

        Requests under way stay in the ledger that they began in, so the new one starts at zero
        and never hears of them.
        """
        self.ledger = Ledger()
        if seed is not None:
            self.seed = seed

    def about(self) -> dict[str, object]:
        """Return what tells this server from a stranger's and from its siblings."""
        return {
            "server": SERVER,
            "version": VERSION,
            "label": self.label,
            "seed": self.seed,
            "delay": self.behaviour.delay,
            "error_rate": self.behaviour.error_rate,
            "private": self.private,
        }

    def account(self) -> dict[str, object]:
        """Return the identity above and all counts."""
        return {**self.about(), **self.ledger.as_dict()}
