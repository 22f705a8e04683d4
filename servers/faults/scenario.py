"""Scenarios: TOML files that define the faults of the servers.

This module parses the text of a scenario. It raises ValueError, with a sentence that is safe to
print, for invalid text. The rules themselves are in `rules`.
"""

import tomllib
from collections.abc import Callable, Mapping
from typing import NamedTuple, TypeVar

from .draws import RateLimit, parse_seed
from .freeze import Freeze, freeze
from .rules import KINDS, Rule, check_consistent, rule
from .values import (
    count,
    count_or_zero,
    decimal_text,
    nonzero_size,
    printable,
    request_rate,
    seconds,
)

_KEYS = "seed, bandwidth, slots, rate-limit, burst, freeze-every, freeze-for and [[rule]]"
T = TypeVar("T")


class Scenario(NamedTuple):
    """The contents of a scenario file. A value that the file does not set is None."""

    rules: tuple[Rule, ...] = ()
    seed: int | None = None
    bandwidth: int | None = None
    slots: int | None = None
    rate_limit: RateLimit | None = None
    freeze: Freeze | None = None


def parse(text: str) -> Scenario:
    """Parse the text of a scenario. Raises ValueError."""
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ValueError(f"not TOML: {printable(str(error))}") from error
    entries = table.pop("rule", [])
    seed = table.pop("seed", None)
    bandwidth = _number("bandwidth", table.pop("bandwidth", None), nonzero_size)
    slots = _number("slots", table.pop("slots", None), count)
    rate = _number("rate-limit", table.pop("rate-limit", None), request_rate)
    burst = _number("burst", table.pop("burst", None), count_or_zero)
    every = _number("freeze-every", table.pop("freeze-every", None), seconds)
    frozen = _number("freeze-for", table.pop("freeze-for", None), seconds)
    if table:
        raise ValueError(
            f"{printable(repr(next(iter(table))))} is not a key of a scenario: use {_KEYS}"
        )
    if not isinstance(entries, list):
        raise ValueError("rule: use tables, each under a line [[rule]]")  # noqa: TRY004 - the file is wrong
    rules = tuple(_rule(number, each) for number, each in enumerate(entries, 1))
    check_consistent(rules)
    limit = _rate_limit(rate, burst)
    return Scenario(rules, _seed(seed), bandwidth, slots, limit, freeze(every, frozen))


def _rate_limit(rate: float | None, burst: int | None) -> RateLimit | None:
    if rate is not None:
        return RateLimit(rate, burst or 0)
    if burst is not None:
        raise ValueError("burst requires rate-limit")
    return None


def _rule(number: int, entry: object) -> Rule:
    given = dict(entry) if isinstance(entry, Mapping) else {}
    name = given.pop("fault", None)
    try:
        if not isinstance(name, str):
            raise ValueError(f"fault is missing: use one of {', '.join(KINDS)}")  # noqa: TRY004, TRY301 - the file is wrong
        return rule(name, given)
    except ValueError as error:
        raise ValueError(f"rule {number}: {error}") from error


def _seed(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("seed: use a whole number")  # noqa: TRY004 - the file is wrong
    return parse_seed(str(value))


def _number(key: str, value: object, read: Callable[[str], T]) -> T | None:
    if value is None:
        return None
    try:
        return read(decimal_text(value) if isinstance(value, float) else str(value))
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error
