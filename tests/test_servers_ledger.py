"""The ledger, which counts each request once."""

from servers.state.ledger import Ledger


def test_a_new_ledger_is_empty() -> None:
    assert Ledger().as_dict() == {
        "requests": 0,
        "responses": {},
        "attempts": {},
        "bytes": 0,
        "in_flight": 0,
        "peak_in_flight": 0,
    }


def test_a_story() -> None:
    ledger = Ledger()
    assert ledger.opened("/a") == 1
    assert ledger.opened("/b") == 1
    ledger.answered(418)
    ledger.sent(10)
    ledger.closed()
    assert ledger.opened("/a") == 2
    ledger.answered(200)
    ledger.sent(5)
    ledger.sent(6)
    ledger.closed()
    ledger.closed()  # the client of /b disconnected
    ledger.opened("/c")
    assert ledger.as_dict() == {
        "requests": 4,
        "responses": {"200": 1, "418": 1},
        "attempts": {"/a": 2, "/b": 1, "/c": 1},
        "bytes": 21,
        "in_flight": 1,
        "peak_in_flight": 2,
    }


def test_the_dict_is_a_copy() -> None:
    ledger = Ledger()
    before = ledger.as_dict()
    ledger.opened("/a")
    assert before["attempts"] == {}


def test_the_refused_are_counted_apart() -> None:
    ledger = Ledger(refuses=True)
    assert ledger.as_dict()["refused"] == 0
    ledger.opened("/a")
    peak = ledger.peak
    assert ledger.opened("/a") == 2
    ledger.refused(peak)
    ledger.answered(429)
    ledger.closed()
    assert ledger.as_dict() == {
        "requests": 2,
        "responses": {"429": 1},
        "attempts": {"/a": 2},
        "bytes": 0,
        "in_flight": 1,
        "peak_in_flight": 1,
        "refused": 1,
    }
