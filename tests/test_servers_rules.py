"""Rules: the requests they cover, and the text they are parsed from."""

import pytest

from servers.app.server_defaults import SERVER_DEFAULTS
from servers.faults.kinds.body.drip import Drip
from servers.faults.kinds.body.reset import Reset
from servers.faults.kinds.status.error import Error
from servers.faults.latency import Latency
from servers.faults.rules import LABELS, Rule, check_consistent, parse, rules_for
from servers.faults.values import BodyPosition
from tests.messages import NO_FAULT, NO_SERVER


def test_labels_are_those_of_the_sites() -> None:
    assert tuple(SERVER_DEFAULTS) == LABELS


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("reset", Rule("reset", Reset())),
        ("reset:after=2K", Rule("reset", Reset(BodyPosition(2048)))),
        ("drip:size=5,every=0.5,rate=0.3", Rule("drip", Drip(5, 0.5), rate=0.3)),
        (
            "latency:seconds=lognormal:0.2,0.8,rate=0.5",
            Rule("latency", Latency("lognormal", 0.2, 0.8), rate=0.5),
        ),
        (
            "error:match=/flags/b*,label=error,first=2,above=3,status=500",
            Rule("error", Error(500), match="/flags/b*", label="ERROR", first=2, above=3),
        ),
    ],
)
def test_reading(text: str, rule: Rule) -> None:
    assert parse(text) == rule


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("explode", f"'explode' {NO_FAULT}: use latency, error, busy,"),
        ("", f"'' {NO_FAULT}"),
        ("reset:", "is not a fault: use NAME or NAME:PARAM=VALUE,..."),
        ("reset:after", "is not a fault: use NAME"),
        ("drip:size=1,size=2", "each parameter once"),
        ("drip:speed=1", "'speed' is not a parameter of drip: use size, every, rate, match, label"),
        ("drip:every=x", "every: 'x' is not a time"),
        ("reset:rate=2", "rate: '2' is not a rate"),
        ("reset:label=MARS", f"label: 'MARS' {NO_SERVER}: use LOCAL, DELAY, ERROR"),
        ("latency", "latency requires seconds"),
        ("range-wrong:how=x", "how: 'x' is not a kind of wrong range"),
        ("etag-changes:if-range=x", "if-range: 'x' is not a way to treat If-Range"),
        ("\x1b", r"\x1b"),
    ],
)
def test_refusals(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse(text)
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("text", "path", "attempt", "in_flight", "meant"),
    [
        ("reset", "/a", 9, 9, True),
        ("reset:match=/flags/b*", "/flags/br/br.gif", 1, 1, True),
        ("reset:match=/flags/b*", "/flags/cn/cn.gif", 1, 1, False),
        ("reset:match=/FLAGS/*", "/flags/br/br.gif", 1, 1, False),
        ("reset:first=2", "/a", 2, 1, True),
        ("reset:first=2", "/a", 3, 1, False),
        ("reset:above=2", "/a", 1, 2, False),
        ("reset:above=2", "/a", 1, 3, True),
    ],
)
def test_what_a_rule_is_meant_for(
    text: str, path: str, attempt: int, in_flight: int, *, meant: bool
) -> None:
    assert parse(text).applies_to(path, attempt, in_flight) is meant


@pytest.mark.parametrize(
    ("texts", "fine"),
    [
        (["reset", "drip"], True),
        (["reset", "reset:rate=0.1"], False),
        (["reset:rate=0.1", "reset:match=/a"], False),
        (["reset:match=/a", "reset"], True),
        (["reset:match=/a", "reset:match=/a"], False),
        (["reset:label=ERROR", "reset"], True),
        (["reset:label=ERROR", "reset:label=error"], False),
        (["reset:first=1", "reset"], True),
        (["reset:above=1", "reset"], True),
    ],
)
def test_rules_that_would_never_count(texts: list[str], *, fine: bool) -> None:
    rules = [parse(text) for text in texts]
    if fine:
        check_consistent(rules)
    else:
        with pytest.raises(ValueError, match="only the first of the rules for reset would ever"):
            check_consistent(rules)


def test_rules_for_a_server() -> None:
    everywhere, error = parse("reset"), parse("drip:label=ERROR")
    assert rules_for("ERROR", [everywhere, error]) == (everywhere, error)
    assert rules_for("LOCAL", [everywhere, error]) == (everywhere,)


def test_a_rule_as_a_table() -> None:
    assert parse("reset:first=2,after=50%").as_dict() == {
        "fault": "reset",
        "after": "50%",
        "rate": 1.0,
        "match": "*",
        "first": 2,
    }
    assert parse("latency:seconds=fixed:1").as_dict()["seconds"] == "fixed:1.0"
