"""The state of a server."""

from pathlib import Path

import pytest

from servers.faults.draws import Behaviour, RateLimit, decide
from servers.faults.fault_plan import BEYOND_RATE_LIMIT
from servers.faults.rules import parse
from servers.state.recording import RecordWriter, read
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


def test_requests_beyond_the_rate_limit_are_refused_on_every_path(tmp_path: Path) -> None:
    behaviour = Behaviour((0.5, 5.0), rules=(parse("reset"),), rate_limit=RateLimit(10, 2))
    moments = iter([0.0, 0.0, 0.0, 0.0, 0.1, 0.1])
    with (tmp_path / "r").open("w") as file:
        record = RecordWriter(file, print)
        state = ServerState("LOCAL", behaviour, 7, record=record, clock=lambda: next(moments))
        assert (state.about()["rate_limit"], state.about()["burst"]) == (10, 2)
        assert state.count_request("/-/ledger") is None
        found = [state.count_request(f"/{number}") for number in range(5)]
        plans = [each.plan for each in found if each and each.plan]
        assert [plan.refused for plan in plans] == [False, False, False, True, False]
        assert plans[3] == BEYOND_RATE_LIMIT, "no delay and no other fault"
        assert state.about_and_counts()["refused"] == 1
        state.reset()
        again = state.count_request("/5")
        assert again
        assert again.plan
        assert not again.plan.refused
    lines = (tmp_path / "r").read_text().splitlines()
    replay = read(lines[:5])
    assert replay.plan("LOCAL", "/3", 1) == BEYOND_RATE_LIMIT


def test_what_meets_no_fault_is_answered_the_short_way() -> None:
    state = ServerState("LOCAL", Behaviour(rules=(parse("reset:match=/b"),)), 7)
    counted = state.count_request("/a")
    assert counted
    assert counted.plan is None
