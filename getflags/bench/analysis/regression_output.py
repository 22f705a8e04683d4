"""The output of a comparison of two result files: a table for the terminal, or JSON objects.

Pure. The comparison is computed in ``regression``; this module only formats it.
"""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from getflags.bench.analysis.figures import LATENCIES, Figures
from getflags.bench.analysis.regression import (
    FASTER,
    SLOWER,
    Comparison,
    Pair,
    caveats,
)
from getflags.bench.analysis.stats import CONFIDENCE, UNSURE, bounds
from getflags.bench.analysis.table import UNKNOWN, WIDTH, caveat_lines, columns, digits, interval
from getflags.core.text import brief, counted, quoted

_NAMES = ("engine/client", "-m", "server")
_HEADS = ("files", "old", "new", "ratio", "[95 %]", "")


def lines(found: Comparison) -> list[str]:
    """Return the versions that differ, a row for each cell, the result, and caveats."""
    return [
        *_changes(found),
        *(line for table in tables(found) for line in (*columns(table), "")),
        *textwrap.wrap(" ".join(_sentences(found)), WIDTH),
        *caveat_lines(caveats(found)),
    ]


def tables(found: Comparison) -> list[list[Sequence[str]]]:
    """Return the rows of goodput, and those of the open loops if there are any; heads first."""
    opened = [each for each in found.pairs if each.key.cell.rate]
    names = [*_NAMES, *(["rate/s"] if opened else [])]
    goodput = (
        [*_names(each, rated=bool(opened)), *_row(each, found.allowed)] for each in found.pairs
    )
    tables: list[list[Sequence[str]]] = [[[*names, *_HEADS], *goodput]]
    if opened:
        heads = [*names, "file", "reached/s", *(f"{name}, ms" for name in LATENCIES)]
        sides = [
            [*_names(each, rated=True), name, *_latency(figures)]
            for each in opened
            for name, figures in (("old", each.old), ("new", each.new))
        ]
        tables.append([heads, *sides])
    return tables


def _names(pair: Pair, *, rated: bool) -> list[str]:
    """Return what identifies a cell; with the rate if any cell has one."""
    engine, client, level, server, rate = pair.key.cell
    names = [brief(f"{engine}/{client}"), f"{level:,}", brief(server)]
    return [*names, digits(rate) if rate else UNKNOWN] if rated else names


def _latency(each: Figures) -> list[str]:
    """Return an open loop's rate and latencies from due time, which have no verdict."""
    known = [each.reached, *(each.latency.get(name) for name in LATENCIES)]
    factors = [1.0, *([1e3] * len(LATENCIES))]
    return [
        UNKNOWN if value is None else digits(value * factor)
        for value, factor in zip(known, factors, strict=True)
    ]


def _row(pair: Pair, allowed: float | None) -> list[str]:
    ratio = pair.ratio
    verdict = pair.verdict
    if allowed is not None and pair.slower_than(allowed):
        verdict = f"{SLOWER} by > {allowed * 100:.4g}%"
    return [
        f"{pair.key.files:,}",
        *(UNKNOWN if each is None else digits(each) for each in pair.goodput),
        f"{ratio.middle:.2f}" if ratio else UNKNOWN,
        interval(ratio) if ratio else "",
        verdict,
    ]


def _changes(found: Comparison) -> Iterator[str]:
    old, new = quoted(found.old.name), quoted(found.new.name)
    for name, (before, after) in found.changed.items():
        was, now = (brief(" and ".join(each)) for each in (before, after))
        yield f"{brief(name)}: {was} in {old}, {now} in {new}"
    if found.changed:
        yield ""


def _sentences(found: Comparison) -> Iterator[str]:
    """Yield what the columns mean, which cells are not compared, and the result."""
    yield (
        "old and new: goodput in files/s, the geometric mean of the rounds. ratio: new divided by "
        "old, round by round."
    )
    if any(each.key.cell.rate for each in found.pairs):
        yield "The latencies of open loops are not compared, only shown."
    if any(each.verdict in {SLOWER, FASTER} for each in found.pairs):
        yield (
            f"Slower and faster are significant at the {1 - CONFIDENCE:.0%} level, corrected for "
            f"{counted(len(found.pairs), 'cell')}."
        )
    alone = [
        f"{counted(number, 'cell')} that only {quoted(each.name)} has"
        for number, each in zip(found.only, (found.old, found.new), strict=True)
        if number
    ]
    if alone:
        yield f"Not compared: {', and '.join(alone)}."
    if found.allowed is not None:
        slow, cells = len(found.too_slow), counted(len(found.pairs), "cell")
        verb = "is" if slow == 1 else "are"
        yield (
            f"{slow:,} of {cells} {verb} proven to be slower by more than "
            f"{found.allowed * 100:.4g}%."
        )


def values(pair: Pair, allowed: float | None) -> dict[str, Any]:
    """Return a cell as the values of a JSON object; numbers that are not known are None."""
    ratio = pair.ratio
    old, new = pair.goodput
    low, high = bounds(ratio)
    cell = pair.key.cell._asdict()
    rate = cell.pop("rate")
    sides = (("old", pair.old), ("new", pair.new))
    return {
        **cell,
        "files": pair.key.files,
        "seed": pair.key.seed,
        "rounds": ratio.rounds if ratio else 0,
        "old": old,
        "new": new,
        "ratio": ratio.middle if ratio else None,
        "low": low,
        "high": high,
        "verdict": pair.verdict,
        "too_slow": allowed is not None and pair.slower_than(allowed),
        "rate": rate,
        **{f"{name}_reached": figures.reached for name, figures in sides},
        **{
            f"{name}_{share}": figures.latency.get(share)
            for name, figures in sides
            for share in LATENCIES
        },
    }


def summary(found: Comparison) -> dict[str, Any]:
    """Return the summary of a comparison as the values of a JSON object."""
    verdicts = Counter(each.verdict for each in found.pairs)
    known = {name: verdicts[name] for name in (SLOWER, FASTER, UNSURE)}
    only_old, only_new = found.only
    return {
        "cells": len(found.pairs),
        **known,
        "not_compared": len(found.pairs) - sum(known.values()),
        "too_slow": len(found.too_slow),
        "allowed": found.allowed,
        "only_old": only_old,
        "only_new": only_new,
        "changed": found.changed,
        "caveats": [" ".join(each) for each in caveats(found)],
    }
