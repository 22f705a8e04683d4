"""From a file of rows to Markdown and a picture: ``python -m benchmarks.report FILE.jsonl``."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks import picture, summary, table

PICTURE = Path(__file__).with_name("peers.svg")
SHOWN = ("http", "defaults")  # in the picture, if it was measured: one panel for each job


def report(rows: Path, svg: Path) -> str:
    """Draw the picture of the cells in question and return the tables of all."""
    abouts, runs = summary.read(rows)
    cells = summary.summary(runs)
    shown = [cell for cell in cells if cell.key[1:] == SHOWN] or cells
    svg.write_text(picture.draw(shown), encoding="utf-8")
    return table.document(abouts, cells)


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.report", description="Tables and a picture of measured rows."
    )
    parser.add_argument("rows", type=Path, metavar="FILE.jsonl")
    parser.add_argument("--svg", type=Path, default=PICTURE, metavar="FILE", help="%(default)s")
    words = parser.parse_args()
    print(report(words.rows, words.svg))


if __name__ == "__main__":
    main()
