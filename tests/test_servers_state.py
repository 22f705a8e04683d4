"""The state of a server."""

import pytest

from servers.faults.draws import Behaviour, decide
from servers.faults.rules import parse
from servers.state.server_state import ServerState

ERROR = Behaviour(delay=(0.5, 5.0), error_rate=0.25)


def test_each_attempt_is_counted_and_decided() -> None:
    state = ServerState("ERROR", ERROR, 7)
    for attempt in (1, 2, 3):
        counted = state.count_request("/a?b")
        assert counted
        assert counted.ledger is state.ledger
        assert counted.decision == decide(ERROR, 7, "/a?b", attempt)


@pytest.mark.parametrize("target", ["/", "/?x", "/-/", "/-/ledger", "/-/reset?seed=3"])
def test_looking_is_not_counted(target: str) -> None:
    state = ServerState("ERROR", ERROR, 7)
    assert state.count_request(target) is None
    assert state.about_and_counts()["requests"] == 0


def test_a_reset_starts_anew_and_leaves_the_old_ledger_to_its_requests() -> None:
    state = ServerState("ERROR", ERROR, 7)
    first = state.count_request("/a")
    assert first
    state.reset()
    assert state.seed == 7
    again = state.count_request("/a")
    assert again
    assert again.decision == first.decision
    state.reset(8)
    first.ledger.closed()
    assert (state.seed, state.about_and_counts()["in_flight"]) == (8, 0)


def test_the_account() -> None:
    state = ServerState("ERROR", ERROR, 7)
    about = {
        "server": "getflags-servers",
        "version": 1,
        "label": "ERROR",
        "seed": 7,
        "delay": (0.5, 5.0),
        "error_rate": 0.25,
        "private": False,
    }
    assert state.about() == about
    assert state.about_and_counts() == about | state.ledger.as_dict()


def test_an_account_of_what_goes_wrong() -> None:
    behaviour = Behaviour(rules=(parse("reset:rate=0.3"), parse("busy:above=0")), bandwidth=9)
    state = ServerState("LOCAL", behaviour, 7)
    about = state.about()
    assert about["rules"] == [
        {"fault": "reset", "after": "50%", "rate": 0.3, "match": "*"},
        {"fault": "busy", "retry-after": 1, "rate": 1.0, "match": "*", "above": 0},
    ]
    assert (about["bandwidth"], about["replay"]) == (9, False)
    counted = state.count_request("/a")
    assert counted
    assert counted.plan
    assert counted.plan.refused
    assert (state.about_and_counts()["refused"], state.about_and_counts()["peak_in_flight"]) == (
        1,
        0,
    )
    state.reset()
    assert state.about_and_counts()["refused"] == 0


def test_what_meets_no_fault_is_answered_the_short_way() -> None:
    state = ServerState("LOCAL", Behaviour(rules=(parse("reset:match=/b"),)), 7)
    counted = state.count_request("/a")
    assert counted
    assert counted.plan is None
