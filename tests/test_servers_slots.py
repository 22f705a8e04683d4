"""The limit on concurrently served requests."""

import pytest

from servers.faults.draws import Behaviour, RateLimit
from servers.state.server_state import ServerState
from servers.state.slots import Slots


def test_as_many_as_there_are_slots_are_served_at_once() -> None:
    slots = Slots(3)
    waits = [slots.reserve(0.5, 10.0) for _ in range(7)]
    assert waits == pytest.approx([0.5] * 3 + [1.0] * 3 + [1.5])


def test_who_comes_later_finds_slots_free() -> None:
    slots = Slots(2)
    assert slots.reserve(1.0, 0.0) == 1.0
    assert slots.reserve(3.0, 0.0) == 3.0
    assert slots.reserve(1.0, 2.0) == 1.0
    assert slots.reserve(1.0, 2.5) == 1.5, "after the one that ends at 3.0"
    assert slots.reserve(0.0, 9.0) == 0.0


def test_a_reset_frees_the_slots() -> None:
    """Clients that gave up keep theirs until then."""
    state = ServerState("LOCAL", Behaviour(delay=(30, 30), slots=1), 0)
    counted = state.count_request("/x")
    assert counted
    assert [state.delay(counted, 5.0) for _ in range(2)] == [30, 60]
    state.reset()
    assert state.delay(counted, 6.0) == 30


def test_a_refusal_needs_no_slot() -> None:
    behaviour = Behaviour(delay=(30, 30), slots=1, rate_limit=RateLimit(1))
    state = ServerState("LOCAL", behaviour, 0, clock=lambda: 5.0)
    served, refused = state.count_request("/x"), state.count_request("/y")
    assert served
    assert refused
    assert [state.delay(each, 5.0) for each in (served, refused)] == [30, 0]
