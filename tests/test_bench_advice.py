"""What is advised, in words and for programs."""

from __future__ import annotations

import json

import pytest

from getflags.bench.tune import advice
from getflags.bench.tune.experiment import Sample, Tuner
from tests.bench_kit import DELAYS, tune


def told(tuner: Tuner) -> str:
    return "\n".join(advice.lines(tuner, tuner.knee()))


def test_a_knee_is_told_with_its_reason_and_what_it_cost() -> None:
    tuner = tune(16, DELAYS["fixed"], 1)
    text = told(tuner)
    assert "Use -m 16." in text
    assert "half as many brought 50% of it." in text
    assert "No difference was found from 16 to 32" in text
    assert text.endswith("2,464 requests were made.")
    (marked,) = [line.split() for line in text.splitlines() if line.endswith("<")]
    assert marked == ["16", "320.0", "100%", "100%", "to", "100%", "6", "<"]
    assert len([line for line in text.splitlines() if line.strip()[:1].isdigit()]) == 8


def test_a_smaller_level_that_nearly_does_it_is_told_so() -> None:
    tuner = Tuner(highest=4, most=10**6)
    while trial := tuner.next():
        tuner.take(trial, Sample({1: 50.0, 2: 97.0, 4: 100.0}[trial.level], trial.files))
    assert "2 brought 97% of the best (4); half as many brought 50% of it." in told(tuner)


def test_what_hurt_and_what_was_not_done_is_told() -> None:
    hurt = tune(512, DELAYS["fixed"], 1, refused_above=16)
    sign = "The search stopped at 32, where the server was overloaded: 429 Too Many Requests."
    assert sign in told(hurt)
    capped = tune(16, DELAYS["fixed"], 1, most=700)
    assert "This is a guess: it takes 5 rounds" in told(capped)
    assert "another run would have exceeded --max-requests" in told(capped)
    nothing = tune(4, DELAYS["fixed"], 1, refused_above=0)
    assert told(nothing).startswith("No level can be recommended: nothing arrived.")
    one = Tuner(highest=1, most=20)
    trial = one.next()
    assert trial
    one.take(trial, Sample(1.0, 1))
    assert "No level brought more than 1." in told(one)
    assert "1 request was made." in told(one)


def test_programs_are_told_the_same() -> None:
    tuner = tune(16, DELAYS["fixed"], 1)
    values = json.loads(json.dumps(advice.values(tuner, tuner.knee())))
    assert (values["level"], values["flag"], values["best"]) == (16, "-m 16", 16)
    assert (values["sure"], values["hurt"], values["capped"]) == (True, None, False)
    assert values["requests"] == 2464
    levels = {each["level"]: each for each in values["levels"]}
    assert list(levels) == [1, 2, 4, 8, 16, 32, 64]
    assert (levels[1]["rounds"], levels[1]["high"]) == (1, None)
    assert levels[8]["high"] < 0.6
    nothing = tune(4, DELAYS["fixed"], 1, refused_above=0)
    values = advice.values(nothing, nothing.knee())
    assert (values["level"], values["levels"]) == (None, [])
    assert values["hurt"] == {"level": 1, "sign": "429 Too Many Requests"}


def test_levels_that_never_met_the_best_one_have_no_share() -> None:
    tuner = Tuner(highest=4, most=10**6)
    tuner.goodput = {1: {0: 1.0}, 2: {0: 2.0}, 4: {0: 1.9, 1: 4.0}}
    knee = tuner.knee()
    assert knee
    assert knee.best == 4
    tuner.goodput |= {1: {5: 1.0}, 2: {0: 0.0}}
    first, last = advice.levels(tuner, knee)
    assert (first.level, first.share, last.level) == (1, None, 4), "2 brought nothing at all"
    assert "   1       1.0" in "\n".join(advice.lines(tuner, knee))


def test_a_round_in_which_nothing_arrived_is_no_measure() -> None:
    tuner = Tuner(highest=2, most=10**6)
    tuner.goodput = {1: {0: 1.0, 1: 1.0, 2: 1.1}, 2: {0: 2.0, 1: 0.0, 2: 2.0}}
    first, best = advice.levels(tuner, tuner.knee() or pytest.fail("there is one"))
    assert (first.share and first.share.rounds, best.rounds) == (2, 2)


def test_who_met_the_best_one_once_has_no_interval() -> None:
    tuner = Tuner(highest=2, most=10**6)
    tuner.goodput = {1: {0: 1.0, 1: 1.0}, 2: {0: 2.0}}
    knee = tuner.knee()
    text = json.dumps(advice.values(tuner, knee), allow_nan=False)
    assert json.loads(text)["levels"][0]["high"] is None
    assert "inf" not in "\n".join(advice.lines(tuner, knee))


def test_signs_of_pain_are_refusals_and_resets() -> None:
    errors = {"429 Too Many Requests": 3, "connection reset by peer": 1, "404 Not Found": 9}
    assert (
        advice.overload_signs(errors) == "429 Too Many Requests (3 times), connection reset by peer"
    )
    assert advice.overload_signs({"418 I'm a Teapot": 5}) == ""
