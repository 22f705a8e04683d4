"""A scenario: everything that goes wrong, in a TOML file.

What may live here: from the text of such a file to values; ValueError, its message a sentence that
is safe to print, for the rest. What may not: opening the file, and what a rule means (in `rules`).
"""

import tomllib
from collections.abc import Callable, Mapping
from typing import NamedTuple

from .draws import parse_seed
from .rules import KINDS, Rule, consistent, rule
from .values import count, printable, some

_KEYS = "seed, bandwidth, slots and [[rule]]"


class Scenario(NamedTuple):
    """What a file says. What it says nothing about is None."""

    rules: tuple[Rule, ...] = ()
    seed: int | None = None
    bandwidth: int | None = None
    slots: int | None = None


def parse(text: str) -> Scenario:
    """Return the scenario written in `text`. Raises ValueError."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"not TOML: {printable(str(error))}") from error
    entries = table.pop("rule", [])
    seed = table.pop("seed", None)
    bandwidth = _number("bandwidth", table.pop("bandwidth", None), some)
    slots = _number("slots", table.pop("slots", None), count)
    if table:
        raise ValueError(f"{printable(repr(next(iter(table))))} is not known: give {_KEYS}")
    if not isinstance(entries, list):
        raise ValueError("rule: give tables, each under a line [[rule]]")  # noqa: TRY004 - a file's
    rules = tuple(_rule(number, each) for number, each in enumerate(entries, 1))
    consistent(rules)
    return Scenario(rules, _seed(seed), bandwidth, slots)


def _rule(number: int, entry: object) -> Rule:
    given = dict(entry) if isinstance(entry, Mapping) else {}
    name = given.pop("fault", None)
    try:
        if not isinstance(name, str):
            raise ValueError(f"it has no fault: give fault = one of {', '.join(KINDS)}")  # noqa: TRY004, TRY301 - a file's
        return rule(name, given)
    except ValueError as error:
        raise ValueError(f"rule {number}: {error}") from error


def _seed(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("seed: give a whole number")  # noqa: TRY004 - from a file
    return parse_seed(str(value))


def _number(key: str, value: object, read: Callable[[str], int]) -> int | None:
    if value is None:
        return None
    try:
        return read(str(value))
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error
