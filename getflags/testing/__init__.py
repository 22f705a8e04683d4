"""Access to the bundled servers, the pytest fixture, and ``trial``, which tests any client.

``trial``, its result and ``local_server`` are imported when they are first used.
"""

TYPE_CHECKING = False  # type checkers treat it like typing's, whose import is slow
if TYPE_CHECKING:
    from getflags.testing.temporary import local_server
    from getflags.testing.trials.trial import trial
    from getflags.testing.trials.verdict import FaultResult, TrialResult

#: The usual port of each bundled server.
PORTS = {"LOCAL": 8000, "DELAY": 8001, "ERROR": 8002}
REMOTE = "https://www.fluentpython.com/data/flags"  #: the public site of the flags

_MODULES = {
    "FaultResult": "trials.verdict",
    "TrialResult": "trials.verdict",
    "local_server": "temporary",
    "trial": "trials.trial",
}

__all__ = ["PORTS", "REMOTE", "FaultResult", "TrialResult", "local_server", "trial"]


def __getattr__(name: str) -> object:
    """Import a public name from its module (PEP 562)."""
    from importlib import import_module

    if name in _MODULES:
        return getattr(import_module(f"getflags.testing.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'getflags.testing' has no attribute {name!r}")
