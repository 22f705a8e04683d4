"""A server's memory."""

import pytest

from servers.faults import Behaviour, decide
from servers.origin import Origin

ERROR = Behaviour(delay=(0.5, 5.0), error_rate=0.25)


def test_each_attempt_is_counted_and_decided() -> None:
    origin = Origin("ERROR", ERROR, 7)
    for attempt in (1, 2, 3):
        admission = origin.admit("/a?b")
        assert admission
        assert admission.ledger is origin.ledger
        assert admission.decision == decide(ERROR, 7, "/a?b", attempt)


@pytest.mark.parametrize("target", ["/", "/?x", "/-/", "/-/ledger", "/-/reset?seed=3"])
def test_looking_is_not_counted(target: str) -> None:
    origin = Origin("ERROR", ERROR, 7)
    assert origin.admit(target) is None
    assert origin.account()["requests"] == 0


def test_a_reset_starts_anew_and_leaves_the_old_ledger_to_its_requests() -> None:
    origin = Origin("ERROR", ERROR, 7)
    first = origin.admit("/a")
    assert first
    origin.reset()
    assert origin.seed == 7
    again = origin.admit("/a")
    assert again
    assert again.decision == first.decision
    origin.reset(8)
    first.ledger.closed()
    assert (origin.seed, origin.account()["in_flight"]) == (8, 0)


def test_the_account() -> None:
    origin = Origin("ERROR", ERROR, 7)
    about = {
        "server": "getflags-servers",
        "version": 1,
        "label": "ERROR",
        "seed": 7,
        "delay": (0.5, 5.0),
        "error_rate": 0.25,
        "private": False,
    }
    assert origin.about() == about
    assert origin.account() == about | origin.ledger.as_dict()
