"""Rules: which fault, how often, and for which requests.

What may live here: the value, whether a rule is meant for a request, and reading one from words
or from the keys of a table (ValueError, its message a sentence that is safe to print). What may
not: drawing, and what a fault does.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from . import latency
from .kinds import FAULTS
from .kinds.base import Fault, readers, written
from .latency import Latency
from .values import count, level, plain, printable, rate

LABELS = ("LOCAL", "DELAY", "ERROR")
LATENCY = "latency"
KINDS = (LATENCY, *FAULTS)

# A value may hold a comma (lognormal:0.2,0.8): only one with a new name behind it separates.
_SEPARATOR = re.compile(r",(?=[a-z-]+=)")


class Rule(NamedTuple):
    """A share `rate` of the requests it is meant for meets the fault.

    Meant are paths (without query) that `match`, a pattern in the manner of the shell in which
    `*` stands for slashes too; of each path the `first` so many attempts; and only those that make
    it more than `above` in flight. `label` names the server. None: whichever.
    """

    fault: str
    effect: Fault | Latency
    rate: float = 1.0
    match: str = "*"
    label: str | None = None
    first: int | None = None
    above: int | None = None

    def meant_for(self, path: str, attempt: int, in_flight: int) -> bool:
        """Return whether the rule is meant for a request, which is counted in `in_flight`."""
        if self.first is not None and attempt > self.first:
            return False
        if self.above is not None and in_flight <= self.above:
            return False
        return self.match == "*" or fnmatchcase(path, self.match)

    def leaves(self, other: "Rule") -> bool:
        """Return whether `other`, further down, may ever count beside this rule."""
        return (
            self.fault != other.fault
            or self.match not in {"*", other.match}
            or self.label not in {None, other.label}
            or self.first is not None
            or self.above is not None
        )

    def as_dict(self) -> dict[str, object]:
        """Return the rule as a table that reads the same."""
        common = {name: getattr(self, name) for name in ("rate", "match", *_SCOPE)}
        given = {name: value for name, value in common.items() if value is not None}
        return {"fault": self.fault, **parameters(self.effect), **given}


_SCOPE = ("label", "first", "above")


def parameters(effect: Fault | Latency) -> dict[str, str | int | float]:
    """Return the parameters of a fault by their names in text."""
    return {"seconds": str(effect)} if isinstance(effect, Latency) else written(effect)


def fault(name: str, given: Mapping[str, object]) -> Fault | Latency:
    """Return the fault `name` with the given parameters. Raises ValueError."""
    if name not in KINDS:
        raise ValueError(f"{printable(repr(name))} is no fault: give {', '.join(KINDS)}")
    read = _own(name)
    for each in given:
        if each not in read:
            # The common ones are listed too, because a person doesn't care which are which.
            raise ValueError(
                f"{printable(repr(each))} is no parameter of {name}: give "
                f"{', '.join([*read, *_COMMON])}"
            )
    values = {each: _read(each, read[each], value) for each, value in given.items()}
    if name != LATENCY:
        return FAULTS[name](**{each.replace("-", "_"): value for each, value in values.items()})
    if not values:
        raise ValueError("latency needs its seconds, such as lognormal:0.2,0.8")
    found: Latency = values["seconds"]
    return found


def rule(name: str, given: Mapping[str, object]) -> Rule:
    """Return the rule for the fault `name`, its parameters and scope given. Raises ValueError."""
    own = {each: value for each, value in given.items() if each not in _COMMON}
    common = {
        each: _read(each, _COMMON[each], value) for each, value in given.items() if each in _COMMON
    }
    return Rule(name, fault(name, own), **common)


def parse(text: str) -> Rule:
    """Return the rule written as `fault` or `fault:name=value,name=value`. Raises ValueError."""
    name, colon, rest = text.partition(":")
    given: dict[str, object] = {}
    for part in _SEPARATOR.split(rest) if colon else ():
        key, equals, value = part.partition("=")
        if not equals or key in given:
            raise ValueError(
                f"{printable(repr(text))} is not a fault: give NAME or NAME:PARAM=VALUE,..., each "
                "parameter once"
            )
        given[key] = value
    return rule(name, given)


def consistent(rules: Sequence[Rule]) -> None:
    """Raise ValueError if one of `rules` could never count, whatever the requests."""
    for place, later in enumerate(rules):
        if not all(earlier.leaves(later) for earlier in rules[:place]):
            raise ValueError(
                f"of the rules for {later.fault} only the first would ever count: tell them apart "
                "by match, label, first or above"
            )


def meant_for(label: str, rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return those of `rules` that are meant for the server `label`."""
    return tuple(each for each in rules if each.label in {None, label})


def _own(name: str) -> Mapping[str, Callable[[str], Any]]:
    return {"seconds": latency.parse} if name == LATENCY else readers(FAULTS[name])


def _label(text: str) -> str:
    if text.upper() not in LABELS:
        raise ValueError(f"{printable(repr(text))} is no server: give {', '.join(LABELS)}")
    return text.upper()


_COMMON: Mapping[str, Callable[[str], Any]] = {
    "rate": rate,
    "match": str,
    "label": _label,
    "first": count,
    "above": level,
}


def _read(name: str, read: Callable[[str], Any], value: object) -> Any:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{name}: give a text or a number")  # noqa: TRY004 - from a file
    try:
        return read(plain(value) if isinstance(value, float) else str(value))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
