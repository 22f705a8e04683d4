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
    table, _, _ = text.partition("\n\n")
    heads, *rows = table.splitlines()
    assert len(rows) == 7
    assert {len(heads), *map(len, rows)} == {40}, "it fits a narrow terminal"
    (marked,) = [line.split() for line in rows if line.startswith(">")]
    assert marked == [">", "16", "320.0", "100%", "100-100%", "6"]


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
    assert told(nothing).startswith(
        "No level can be recommended, because the server was overloaded even by one request at a "
        "time: 429"
    )
    assert "The search stopped" not in told(nothing)
    unspent = tune(16, DELAYS["fixed"], 1, most=5)
    assert told(unspent).startswith("No level can be recommended, because nothing was measured.")
    one = Tuner(highest=1, most=20)
    trial = one.next()
    assert trial
    one.take(trial, Sample(1.0, 1))
    assert "No level brought more than 1." in told(one)
    assert "1 request was made." in told(one)


def trial(tuner: Tuner, goodput: float, errors: dict[str, int]) -> None:
    chosen = tuner.next()
    assert chosen
    signs = advice.overload_signs(errors)
    tuner.take(chosen, Sample(goodput, chosen.files, signs, errors))


def test_the_reasons_of_failures_are_told() -> None:
    dead = Tuner(highest=1, most=99)
    trial(dead, 0, {"404 Not Found": 19, "connection refused": 1})
    reasons = "404 Not Found (19 times), connection refused"
    assert told(dead).startswith(
        f"No level can be recommended, because nothing arrived: {reasons}.\n"
    )
    assert advice.values(dead, None)["errors"] == {"404 Not Found": 19, "connection refused": 1}
    partly = Tuner(highest=2, most=99)
    trial(partly, 9, {"404 Not Found": 3})
    trial(partly, 9, {"404 Not Found": 3, "429 Too Many Requests": 1})
    assert "6 of 40 files failed: 404 Not Found (6 times)." in told(partly)
    assert "overloaded: 429 Too Many Requests." in told(partly)


def test_an_interrupted_search_tells_what_it_has_learned() -> None:
    tuner = Tuner(highest=2, most=999)
    assert advice.interrupted(tuner) == "interrupted after 0 requests; nothing was measured"
    trial(tuner, 0, {"connection refused": 20})
    assert advice.interrupted(tuner) == (
        "interrupted after 20 requests; nothing arrived: connection refused (20 times)"
    )
    trial(tuner, 5, {})
    assert advice.interrupted(tuner) == (
        "interrupted after 40 requests; the best level so far is -m 2 (not certain)"
    )
    sure = tune(16, DELAYS["fixed"], 1)
    assert advice.interrupted(sure).endswith("; the best level so far is -m 16")


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
    assert "    1       1.0  " in "\n".join(advice.lines(tuner, knee))


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
