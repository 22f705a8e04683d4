"""The bundled servers by label: the default port and the default behaviour of each."""

from typing import NamedTuple

from ..faults.draws import Behaviour


class ServerDefaults(NamedTuple):
    """The default port and the default behaviour of one bundled server."""

    port: int
    behaviour: Behaviour


SERVER_DEFAULTS = {
    "LOCAL": ServerDefaults(8000, Behaviour()),
    "DELAY": ServerDefaults(8001, Behaviour(delay=(0.5, 5.0))),
    "ERROR": ServerDefaults(8002, Behaviour(delay=(0.5, 5.0), error_rate=0.25)),
}
