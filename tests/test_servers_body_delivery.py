"""The delivery of a body, step by step at simulated times."""

import pytest

from servers.http.bandwidth import SharedBandwidth
from servers.http.body_delivery import Delivery, DeliverySchedule, Ending, Step


def story(
    delivery: Delivery, size: int, line: SharedBandwidth | None = None
) -> tuple[list[tuple[float, int]], Ending | None]:
    """Simulate a delivery; return the sizes sent by time, and the early end, if any."""
    pace, now, left = DeliverySchedule(delivery, size, line), 0.0, size
    sent: list[tuple[float, int]] = []
    while left:
        step = pace.step(now)
        if step.ending is not None:
            return sent, step.ending
        if step.wait:
            now += step.wait
            continue
        piece = min(step.size, left)
        pace.sent(piece)
        sent.append((round(now, 6), piece))
        left -= piece
    return sent, None


@pytest.mark.parametrize(
    ("delivery", "sent", "ending"),
    [
        (Delivery(), [(0, 10)], None),
        (Delivery(piece=4, every=0.5), [(0, 4), (0.5, 4), (1.0, 2)], None),
        (Delivery(stall_at=3, stall_for=60), [(0, 3), (60, 7)], None),
        (Delivery(stall_at=0, stall_for=60), [(60, 10)], None),
        (Delivery(stop_at=6, ending=Ending.RESET), [(0, 6)], Ending.RESET),
        (Delivery(stop_at=0), [], Ending.CLOSE),
        (
            Delivery(piece=4, every=1, stall_at=5, stall_for=60, stop_at=7),
            [(0, 4), (1, 1), (61, 2)],
            Ending.CLOSE,
        ),
    ],
)
def test_deliveries(
    delivery: Delivery, sent: list[tuple[float, int]], ending: Ending | None
) -> None:
    assert story(delivery, 10) == (sent, ending)


def test_a_narrow_line() -> None:
    sent, _ = story(Delivery(), 100, SharedBandwidth(100))
    assert {size for _, size in sent} == {2}
    assert sent[-1][0] == pytest.approx(1.0, abs=0.06)


def test_two_share_a_line() -> None:
    line = SharedBandwidth(100)
    paces = [DeliverySchedule(Delivery(), 50, line) for _ in range(2)]
    sent, now = [0, 0], 0.0
    while now < 0.5:
        for place, pace in enumerate(paces):
            step = pace.step(now)
            if step.size:
                pace.sent(step.size)
                sent[place] += step.size
        now += 0.001
    assert sum(sent) == pytest.approx(50, abs=4)
    assert abs(sent[0] - sent[1]) <= 2


def test_a_piece_that_is_due_stays_due() -> None:
    """The client may be slow to read."""
    pace = DeliverySchedule(Delivery(), 5, None)
    assert pace.step(1.0) == pace.step(9.0) == Step(size=5)


def test_a_piece_that_is_sent_in_parts_is_paid_for_once() -> None:
    """A connection sends no more than a certain size at a time."""
    line = SharedBandwidth(100 * 2**20)
    schedule = DeliverySchedule(Delivery(), 10 * 2**20, line)
    now = schedule.step(0.0).wait
    assert schedule.step(now) == Step(size=line.piece)
    assert line.piece > 2**20
    schedule.sent(2**18)
    assert schedule.step(now) == Step(size=line.piece - 2**18)
