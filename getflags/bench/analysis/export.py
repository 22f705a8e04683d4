"""The tables of a bench or of a comparison as the text of a CSV or Markdown file.

Pure. CSV has the figures in seconds and bytes, unrounded; Markdown has the terminal's tables.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from getflags.bench.analysis.comparison import Compared
from getflags.bench.analysis.figures import LATENCIES
from getflags.bench.analysis.stats import bounds
from getflags.bench.analysis.table import by_server, verdict
from getflags.core.text import brief


def csv_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows, one or more, with the same keys, as CSV (RFC 4180); None is an empty field."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def markdown(rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown; the first row has the heads. Numbers are to the right."""
    head, *others = rows
    rule = [":--", *["--:"] * (len(head) - 1)]
    return "".join(map(_line, (head, rule, *others)))


def _line(fields: Iterable[str]) -> str:
    cells = (brief(each).replace("|", "\\|") for each in fields)
    return f"| {' | '.join(cells)} |\n"


def bench_markdown(compared: Sequence[Compared]) -> str:
    """Return the tables of every server."""
    return "\n".join(
        f"{each.title}\n\n{markdown(each.gains)}\n{markdown(each.costs)}"
        for each in by_server(compared)
    )


def bench_values(compared: Compared) -> dict[str, Any]:
    """Return the figures of a cell by name."""
    each, ratio = compared.figures, compared.ratio
    low, high = bounds(each.goodput)
    ratio_low, ratio_high = bounds(ratio)
    cell = each.cell._asdict()
    rate = cell.pop("rate")
    return {
        **cell,
        "files": each.files,
        "rounds": each.rounds,
        "files_per_second": each.goodput.middle if each.goodput else None,
        "low": low,
        "high": high,
        "bytes_per_second": each.rate,
        "seconds": each.makespan,
        **{share: each.latency.get(share) for share in LATENCIES},
        "cpu_per_file": each.cpu,
        "memory": each.rss,
        "failed": each.failed,
        "of_best": 1.0 if compared.best else ratio and ratio.middle,
        "of_best_low": ratio_low,
        "of_best_high": ratio_high,
        "verdict": verdict(compared),
        "rate": rate,
        "reached": each.reached,
        "late": each.late,
    }
