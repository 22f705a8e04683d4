"""The servers on offer, by label: the default port of each, and how it treats its clients."""

from typing import NamedTuple

from ..faults.draws import Behaviour


class Site(NamedTuple):
    """A server as it is offered: its default port, and how it treats its clients."""

    port: int
    behaviour: Behaviour


SITES = {
    "LOCAL": Site(8000, Behaviour()),
    "DELAY": Site(8001, Behaviour(delay=(0.5, 5.0))),
    "ERROR": Site(8002, Behaviour(delay=(0.5, 5.0), error_rate=0.25)),
}
