"""Fault plans: rules are combined, and each rule has a draw of its own."""

from http import HTTPStatus
from statistics import fmean

import pytest

from servers.faults.draws import Behaviour, Decision, decide, draw
from servers.faults.fault_plan import FaultPlan, apply_faults, plan_faults
from servers.faults.rules import parse
from servers.http.body_delivery import Ending
from servers.http.responses import Request, Response, Span, head

PATHS = [f"/{number}" for number in range(2000)]


def behaviour(*texts: str, delay: tuple[float, float] = (0.0, 0.0), rate: float = 0) -> Behaviour:
    return Behaviour(delay, rate, tuple(map(parse, texts)))


def met(found: Behaviour, path: str, attempt: int = 1, in_flight: int = 1) -> set[str]:
    return set(plan_faults(found, 7, path, attempt, in_flight).faults)


def test_rates_are_kept_and_kinds_are_drawn_independently() -> None:
    both = behaviour("reset:rate=0.3", "drip:rate=0.5")
    found = [met(both, path) for path in PATHS]
    assert fmean("reset" in each for each in found) == pytest.approx(0.3, abs=0.03)
    assert fmean("drip" in each for each in found) == pytest.approx(0.5, abs=0.03)
    assert fmean(each == {"reset", "drip"} for each in found) == pytest.approx(0.15, abs=0.03)
    alone = behaviour("reset:rate=0.3")
    assert [met(alone, path) for path in PATHS] == [each - {"drip"} for each in found]


def test_a_hit_is_this_draw() -> None:
    rule = behaviour("reset:rate=0.3")
    for path in PATHS:
        assert (met(rule, path, 2) == {"reset"}) is (draw(7, "reset", path, 2) < 0.3)


def test_delay_and_error_are_as_they_were() -> None:
    old = Behaviour((0.5, 5.0), 0.25)
    new = behaviour("drip", delay=(0.5, 5.0), rate=0.25)
    for path in PATHS[:200]:
        assert plan_faults(new, 7, path, 1, 1).decision == decide(old, 7, path, 1)


def test_a_uniform_latency_makes_the_waits_of_a_delay() -> None:
    old, new = Behaviour((0.5, 5.0)), behaviour("latency:seconds=uniform:0.5-5")
    for path in PATHS[:200]:
        assert plan_faults(new, 7, path, 1, 1).decision == decide(old, 7, path, 1)
        assert not plan_faults(new, 7, path, 1, 1).faults


def test_a_latency_comes_on_top_and_has_a_limit() -> None:
    both = behaviour("latency:seconds=fixed:1", delay=(2.0, 2.0))
    assert plan_faults(both, 7, "/a", 1, 1).decision.delay == 3.0
    day = behaviour("latency:seconds=fixed:86400", delay=(2.0, 2.0))
    assert plan_faults(day, 7, "/a", 1, 1).decision.delay == 86_400


def test_the_first_rule_that_is_meant_counts() -> None:
    rules = behaviour("reset:match=/a*,rate=0", "reset:match=/b*,first=1", "reset:after=5")
    assert met(rules, "/abc") == set()  # an exception
    assert met(rules, "/b?query=1") == met(rules, "/b", 2) == {"reset"}
    assert plan_faults(rules, 7, "/b", 1, 1).faults != plan_faults(rules, 7, "/b", 2, 1).faults


def test_a_match_is_on_the_path_without_its_query() -> None:
    rules = behaviour("reset:match=*.gif")
    assert met(rules, "/a.gif?x=/b") == {"reset"}
    assert met(rules, "/a?x=.gif") == set()


def test_failing_first() -> None:
    rules = behaviour("error:first=2")
    assert [met(rules, "/a", attempt) for attempt in (1, 2, 3)] == [{"error"}, {"error"}, set()]


def test_who_is_busy_does_nothing_else() -> None:
    rules = behaviour("drip", "busy:above=2", "latency:seconds=fixed:9", delay=(1.0, 1.0), rate=1)
    assert met(rules, "/a", 1, 2) == {"drip"}
    method_error = plan_faults(rules, 7, "/a", 1, 3)
    assert (method_error.refused, set(method_error.faults)) == (True, {"busy"})
    assert method_error.decision == Decision()
    assert not plan_faults(rules, 7, "/a", 1, 2).refused


def honest(request: Request) -> Response:
    assert request.target == "/a"
    return Response(HTTPStatus.OK, head(HTTPStatus.OK, {"Content-Length": 10}), b"x" * 10)


def test_faults_wrap_each_other() -> None:
    plan = plan_faults(behaviour("truncate:after=3", "error:status=500", "drip"), 7, "/a", 1, 1)
    response = apply_faults(Request("GET", "/a", {}), plan, honest)
    assert response.status == 500
    assert response.delivery
    assert (response.delivery.piece, response.delivery.stop_at) == (1, 3)
    assert isinstance(response.body, Span)
    assert response.body.source.read(0, 3) == b"500"


@pytest.mark.parametrize(
    ("texts", "at", "ending"),
    [
        (["truncate:after=3", "reset:after=5"], 3, Ending.CLOSE),
        (["truncate:after=5", "reset:after=3"], 3, Ending.RESET),
        (["truncate:after=10", "reset:after=10"], None, Ending.CLOSE),
    ],
)
def test_the_earlier_of_two_ends_counts(texts: list[str], at: int | None, ending: Ending) -> None:
    plan = plan_faults(behaviour(*texts), 7, "/a", 1, 1)
    delivery = apply_faults(Request("GET", "/a", {}), plan, honest).delivery
    assert delivery
    assert (delivery.stop_at, delivery.ending) == (at, ending)


def test_no_body_needs_no_pieces() -> None:
    plan = plan_faults(behaviour("drip", "error"), 7, "/a", 1, 1)
    response = apply_faults(Request("HEAD", "/a", {}), plan, honest)
    assert (response.body, response.delivery) == (b"", None)


def test_an_error_of_old_is_spoilt_too() -> None:
    plan = FaultPlan(Decision(0.0, HTTPStatus.IM_A_TEAPOT), {})
    assert apply_faults(Request("GET", "/a", {}), plan, honest).status == 418
