"""Fault rules: which fault occurs, how often, and for which requests.

This module checks whether a rule applies to a request, and parses rules from option text and from
TOML tables. Parsing raises ValueError, with a sentence that is safe to print. The draws are in
`draws`; the effect of a fault is in `kinds`.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from . import latency
from .kinds.interface import Fault, parameter_readers, parameter_values
from .kinds.registry import FAULTS
from .latency import Latency
from .values import count, count_or_zero, decimal_text, printable, rate

LABELS = ("LOCAL", "DELAY", "ERROR")
LATENCY = "latency"
KINDS = (LATENCY, *FAULTS)

# A value may contain a comma (lognormal:0.2,0.8), so a comma separates parameters only if another
# name follows it.
_SEPARATOR = re.compile(r",(?=[a-z-]+=)")


class Rule(NamedTuple):
    """A rule that applies its fault to the share `rate` of the requests that it covers.

    `match` is a shell pattern for the path without its query, in which `*` also matches slashes.
    `first` limits the rule to the first attempts at each path, and `above` to requests that raise
    the number in flight above that count. `label` limits the rule to one server. None means no
    limit.
    """

    fault: str
    effect: Fault | Latency
    rate: float = 1.0
    match: str = "*"
    label: str | None = None
    first: int | None = None
    above: int | None = None

    def applies_to(self, path: str, attempt: int, in_flight: int) -> bool:
        """Return whether the rule covers a request, which is counted in `in_flight`."""
        if self.first is not None and attempt > self.first:
            return False
        if self.above is not None and in_flight <= self.above:
            return False
        return self.match == "*" or fnmatchcase(path, self.match)

    def can_coexist_with(self, other: "Rule") -> bool:
        """Return whether the later rule `other` can ever apply after this one."""
        return (
            self.fault != other.fault
            or self.match not in {"*", other.match}
            or self.label not in {None, other.label}
            or self.first is not None
            or self.above is not None
        )

    def as_dict(self) -> dict[str, object]:
        """Return the rule as a TOML table would define it."""
        common = {name: getattr(self, name) for name in ("rate", "match", *_SCOPE)}
        given = {name: value for name, value in common.items() if value is not None}
        return {"fault": self.fault, **parameters(self.effect), **given}


_SCOPE = ("label", "first", "above")


def parameters(effect: Fault | Latency) -> dict[str, str | int | float]:
    """Return the parameters of a fault by name."""
    return {"seconds": str(effect)} if isinstance(effect, Latency) else parameter_values(effect)


def fault(name: str, given: Mapping[str, object]) -> Fault | Latency:
    """Return the fault `name` with the given parameters. Raises ValueError."""
    if name not in KINDS:
        raise ValueError(f"{printable(repr(name))} is not a fault: use {', '.join(KINDS)}")
    read = _own(name)
    for each in given:
        if each not in read:
            # The message lists common parameters too, because users do not distinguish the two
            # kinds.
            raise ValueError(
                f"{printable(repr(each))} is not a parameter of {name}: use "
                f"{', '.join([*read, *_COMMON])}"
            )
    values = {each: _read(each, read[each], value) for each, value in given.items()}
    if name != LATENCY:
        return FAULTS[name](**{each.replace("-", "_"): value for each, value in values.items()})
    if not values:
        raise ValueError("latency requires seconds, such as seconds=lognormal:0.2,0.8")
    found: Latency = values["seconds"]
    return found


def rule(name: str, given: Mapping[str, object]) -> Rule:
    """Return the rule for the fault `name` with its parameters and scope. Raises ValueError."""
    own = {each: value for each, value in given.items() if each not in _COMMON}
    common = {
        each: _read(each, _COMMON[each], value) for each, value in given.items() if each in _COMMON
    }
    return Rule(name, fault(name, own), **common)


def parse(text: str) -> Rule:
    """Parse a rule, `fault` or `fault:name=value,name=value`. Raises ValueError."""
    name, colon, rest = text.partition(":")
    given: dict[str, object] = {}
    for part in _SEPARATOR.split(rest) if colon else ():
        key, equals, value = part.partition("=")
        if not equals or key in given:
            raise ValueError(
                f"{printable(repr(text))} is not a fault: use NAME or NAME:PARAM=VALUE,..., each "
                "parameter once"
            )
        given[key] = value
    return rule(name, given)


def check_consistent(rules: Sequence[Rule]) -> None:
    """Raise ValueError if an earlier rule hides a later one completely."""
    for index, later in enumerate(rules):
        if not all(earlier.can_coexist_with(later) for earlier in rules[:index]):
            raise ValueError(
                f"only the first of the rules for {later.fault} would ever apply: distinguish them "
                "by match, label, first or above"
            )


def rules_for(label: str, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return the rules that apply to the server `label`."""
    return tuple(each for each in rules if each.label in {None, label})


def _own(name: str) -> Mapping[str, Callable[[str], Any]]:
    return {"seconds": latency.parse} if name == LATENCY else parameter_readers(FAULTS[name])


def _label(text: str) -> str:
    if text.upper() not in LABELS:
        raise ValueError(f"{printable(repr(text))} is not a server: use {', '.join(LABELS)}")
    return text.upper()


_COMMON: Mapping[str, Callable[[str], Any]] = {
    "rate": rate,
    "match": str,
    "label": _label,
    "first": count,
    "above": count_or_zero,
}


def _read(name: str, read: Callable[[str], Any], value: object) -> Any:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{name}: use a string or a number")  # noqa: TRY004 - the file is wrong
    try:
        return read(decimal_text(value) if isinstance(value, float) else str(value))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
