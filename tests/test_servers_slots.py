"""The limit on concurrently served requests."""

import pytest

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
