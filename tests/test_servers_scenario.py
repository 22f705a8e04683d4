"""Scenarios: parsing, and error messages."""

import re

import pytest

from servers.faults.draws import RateLimit
from servers.faults.freeze import Freeze
from servers.faults.kinds.interface import parameter_values
from servers.faults.kinds.registry import FAULTS
from servers.faults.rules import KINDS
from servers.faults.rules import parse as rule
from servers.faults.scenario import Scenario, parse
from tests.messages import NO_FAULT
from tests.servers_kit import ROOT

PAGE = (ROOT / "docs" / "reference" / "servers.md").read_text(encoding="utf-8")

EVERYTHING = """
seed = -7
bandwidth = "1.5M"

[[rule]]
fault = "latency"
seconds = "lognormal:0.2,0.8"

[[rule]]
match = "/flags/b*"
label = "error"
fault = "reset"
after = 2000
rate = 0.3

[[rule]]
fault = "error"
first = 2

[[rule]]
fault = "busy"
above = 20
retry-after = 2
"""


def test_everything() -> None:
    assert parse(EVERYTHING) == Scenario(
        rules=(
            rule("latency:seconds=lognormal:0.2,0.8"),
            rule("reset:match=/flags/b*,label=ERROR,after=2000,rate=0.3"),
            rule("error:first=2"),
            rule("busy:above=20,retry-after=2"),
        ),
        seed=-7,
        bandwidth=1_572_864,
    )


def test_nothing() -> None:
    assert parse("") == Scenario()
    assert parse("bandwidth = 1000").bandwidth == 1000
    assert parse("slots = 4").slots == 4
    assert parse("rate-limit = 0.00001").rate_limit == RateLimit(0.00001)
    assert parse("rate-limit = 20\nburst = 5").rate_limit == RateLimit(20, 5)
    assert parse("freeze-every = 10\nfreeze-for = 0.5").freeze == Freeze(10, 0.5)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("rule", "not TOML: "),
        ("x = " + "[" * 5000, "not TOML: "),
        (
            "speed = 1",
            "'speed' is not a key of a scenario: use seed, bandwidth, slots, rate-limit, burst",
        ),
        ('"\\u001b" = 1', r"\x1b"),
        ("seed = 1.5", "seed: use a whole number"),
        ("seed = true", "seed: use a whole number"),
        ("bandwidth = 0", "bandwidth: '0' is not a size"),
        ("slots = 0", "slots: "),
        ("rate-limit = 0", "rate-limit: '0' is not a request rate"),
        ("rate-limit = true", "rate-limit: 'True' is not a request rate"),
        ("rate-limit = 1\nburst = -1", "burst: '-1' is not a count"),
        ("burst = 1", "burst requires rate-limit"),
        ("freeze-for = 1", "freeze-for requires freeze-every"),
        ("freeze-every = 1\nfreeze-for = 1", "freeze-for has to be more than 0 and less than"),
        ("freeze-every = true", "freeze-every: 'True' is not a time"),
        ("bandwidth = true", "bandwidth: 'True' is not a size"),
        ("rule = 1", "rule: use tables, each under a line [[rule]]"),
        ("rule = [1]", "rule 1: fault is missing: use one of latency, error,"),
        ("[[rule]]\nfault = 1", "rule 1: fault is missing"),
        ('[[rule]]\nfault = "x"', f"rule 1: 'x' {NO_FAULT}: use latency, error,"),
        ('[[rule]]\nfault = "drip"\nspeed = 1', "rule 1: 'speed' is not a parameter of drip: use"),
        ('[[rule]]\nfault = "drip"\nsize = true', "rule 1: size: use a string or a number"),
        ('[[rule]]\nfault = "drip"\nsize = []', "rule 1: size: use a string or a number"),
        ('[[rule]]\nfault = "drip"\nrate = 2', "rule 1: rate: '2' is not a rate: use a number"),
        ('[[rule]]\nfault = "drip"\n' * 2, "only the first of the rules for drip would ever apply"),
    ],
)
def test_refusals(text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse(text)
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()


def test_the_documented_scenario_is_valid() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert [each.fault for each in parse(text).rules] == ["latency", "reset", "busy"]


def test_the_documented_table_has_every_fault_and_every_parameter_with_its_default() -> None:
    table = PAGE.partition("| fault |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1:3] for line in table.splitlines()[2:]]
    found = {name: row for row in rows for name in re.findall(r"`([a-z-]+)`", row[0])}
    assert set(found) == set(KINDS)
    for name, kind in FAULTS.items():
        defaults = {f"`{key}={value}`" for key, value in parameter_values(kind()).items()}
        assert set(re.findall(r"`[^`]+`", found[name][1])) == {
            each.replace(".0`", "`") for each in defaults
        }


def test_a_small_number_is_a_number() -> None:
    (found,) = parse('[[rule]]\nfault = "error"\nrate = 1e-5\n').rules
    assert found.rate == 0.00001
