"""The command ``getflags report``, which makes a page or a plot from a results file.

The command also prints a headline for each server. The package ``bench.report`` generates the
contents; no file is written before all contents are complete.
"""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from getflags.bench.analysis import sections
from getflags.bench.analysis.figures import Analysis
from getflags.bench.measure import results
from getflags.bench.report import charts, palette, sentences
from getflags.cli.console import print_line
from getflags.cli.options import values
from getflags.cli.options.parser import Parser
from getflags.core.errors import UsageError
from getflags.core.text import human_bytes, printable, quoted

_PAGE = "report.html"
_FORMATS = (".svg", ".png")
_LIBRARY = "matplotlib: pip install 'getflags[report]'"
_EPILOG = """\
The page is a single file, works offline, and follows the light or dark theme of the browser.
Drawings need matplotlib (pip install 'getflags[report]'). Without it, the page has sentences and
tables alone, and --plot is an error.

  getflags report results.jsonl -o report.html
  getflags report results.jsonl --plot goodput.svg
"""


class _Options(argparse.Namespace):
    """The parsed options, with types."""

    results: str
    out: str | None
    plot: str | None


def main(arguments: list[str]) -> int:
    """Write the page and the plot; return the exit code. Raises UsageError."""
    options = make_parser().parse_args(arguments, namespace=_Options())
    source = Path(options.results)
    if not options.plot:
        options.out = options.out or _PAGE
    if options.out == options.plot:
        raise UsageError(f"--out and --plot name the same file, {quoted(options.plot or '')}")
    for name in filter(None, (options.out, options.plot)):
        _check(Path(name), source)
    analysis = sections.analyse(results.read(source))
    if analysis is None:
        raise UsageError(
            f"{quoted(options.results)} contains no results of rounds after the warm-up"
        )
    if options.plot and not _can_draw():
        raise UsageError(f"--plot needs {_LIBRARY}")
    contents = {
        name: make(analysis, name)
        for name, make in ((options.out, _page), (options.plot, _plot))
        if name
    }
    written = [_write(Path(name), content) for name, content in contents.items()]
    for line in (*map(sentences.headline, analysis.sections), *written):
        print_line(line, sys.stdout)
    if not _can_draw():
        print_line(f"getflags: the page has no drawings; they need {_LIBRARY}", sys.stderr)
    return 0


def make_parser() -> Parser:
    """Return the parser of ``getflags report``."""
    parser = Parser(
        prog="getflags report",
        description="Make a page about the results of `getflags bench`.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "results",
        metavar="RESULTS",
        type=values.text,
        help="a file of results, written by `getflags bench`",
    )
    parser.add_argument(
        "-o", "--out", metavar="FILE", type=values.text,
        help=f"the page to write (default: {_PAGE}, unless --plot is given)",
    )  # fmt: skip
    parser.add_argument(
        "--plot", metavar="FILE", type=_plot_name,
        help="write a plot of goodput by concurrency level: FILE ends in .svg or .png",
    )  # fmt: skip
    return parser


def _can_draw() -> bool:
    return find_spec("matplotlib") is not None


def _plot_name(text: str) -> str:
    if Path(text).suffix.lower() not in _FORMATS:
        raise argparse.ArgumentTypeError(f"{quoted(text)} does not end in .svg or .png")
    return text


def _check(path: Path, source: Path) -> None:
    """Raise UsageError if writing ``path`` would overwrite the results."""
    if path.exists() and source.exists() and path.samefile(source):
        raise UsageError(
            f"{quoted(str(path))} is the results file and would be overwritten; use another file"
        )


def _page(analysis: Analysis, name: str) -> bytes:
    del name
    from getflags.bench.report.page import page

    return page(analysis, drawings=_can_draw()).encode()


def _plot(analysis: Analysis, name: str) -> bytes:
    """Return the plot of goodput on all servers. Raises UsageError if no file arrived."""
    from getflags.bench.report import plot

    looks = palette.looks(
        (one.engine, one.client) for part in analysis.sections for one in part.series
    )
    shown = [
        (sentences.title(part, analysis.sections), found, charts.described(found, part.load))
        for part in analysis.sections
        if (found := charts.goodput(part, looks)).levels
    ]
    if not shown:
        raise UsageError("nothing to plot: no file was downloaded in any run")
    description = " ".join(text for _, _, text in shown)
    drawn = [(title, found) for title, found, _ in shown]
    return plot.picture(drawn, Path(name).suffix.lower()[1:], description)


def _write(path: Path, content: bytes) -> str:
    """Write a file; return the line to print about it. Raises UsageError."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"cannot write {quoted(str(path))}: {error.strerror}") from error
    return f"{printable(str(path))}: {human_bytes(len(content))}"
