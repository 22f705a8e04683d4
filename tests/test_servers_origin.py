"""A server's memory."""

import pytest

from servers.faults.draws import Behaviour, decide
from servers.faults.rules import parse
from servers.state.server import Origin

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


def test_an_account_of_what_goes_wrong() -> None:
    behaviour = Behaviour(rules=(parse("reset:rate=0.3"), parse("busy:above=0")), bandwidth=9)
    origin = Origin("LOCAL", behaviour, 7)
    about = origin.about()
    assert about["rules"] == [
        {"fault": "reset", "after": "50%", "rate": 0.3, "match": "*"},
        {"fault": "busy", "retry-after": 1, "rate": 1.0, "match": "*", "above": 0},
    ]
    assert (about["bandwidth"], about["replay"]) == (9, False)
    admission = origin.admit("/a")
    assert admission
    assert admission.verdict
    assert admission.verdict.refused
    assert (origin.account()["refused"], origin.account()["peak_in_flight"]) == (1, 0)
    origin.reset()
    assert origin.account()["refused"] == 0


def test_what_meets_no_fault_is_answered_the_short_way() -> None:
    origin = Origin("LOCAL", Behaviour(rules=(parse("reset:match=/b"),)), 7)
    admission = origin.admit("/a")
    assert admission
    assert admission.verdict is None
