"""``getflags report``: from a file of results to a page or a picture, and a sentence a server.

The composition root of the reports: words in, files out. What figures mean and how they look is
said in ``bench``; a file is written when all of it is known.
"""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from getflags.bench.analysis import sections
from getflags.bench.analysis.figures import Book
from getflags.bench.measure import results
from getflags.bench.report import charts, palette, sentences
from getflags.cli.console import print_line
from getflags.cli.options import values
from getflags.cli.options.parser import Parser
from getflags.core.errors import UsageError
from getflags.core.text import human_bytes, printable, quoted

_PAGE = "report.html"
_FORMS = (".svg", ".png")
_EPILOG = """\
A page holds all it needs, works without a network, and follows the reader's light or dark theme.
Drawing needs matplotlib: pip install 'getflags[report]'

  getflags report results.jsonl -o report.html
  getflags report results.jsonl --plot goodput.svg
"""


class _Options(argparse.Namespace):
    """The parsed words, with types."""

    results: str
    out: str | None
    plot: str | None


def main(words: list[str]) -> int:
    """Write what the words ask for; return the exit code. Raises UsageError."""
    options = make_parser().parse_args(words, namespace=_Options())
    source = Path(options.results)
    if not options.plot:
        options.out = options.out or _PAGE
    if options.out == options.plot:
        raise UsageError(f"{quoted(options.plot or '')} can't be both, the page and the picture")
    for name in filter(None, (options.out, options.plot)):
        _check(Path(name), source)
    book = sections.book(results.read(source))
    if book is None:
        raise UsageError(f"{quoted(options.results)} holds no results, or none but of the warm-up")
    if find_spec("matplotlib") is None:
        raise UsageError("drawing needs matplotlib: pip install 'getflags[report]'")
    contents = {
        name: make(book, name)
        for name, make in ((options.out, _page), (options.plot, _picture))
        if name
    }
    made = [_written(Path(name), content) for name, content in contents.items()]
    for line in (*map(sentences.headline, book.sections), *made):
        print_line(line, sys.stdout)
    return 0


def make_parser() -> Parser:
    """Return the parser of ``getflags report``."""
    parser = Parser(
        prog="getflags report",
        description="Make a page of the results of `getflags bench`: how many at a time.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "results", metavar="RESULTS", type=values.text, help="a file that `getflags bench` wrote"
    )
    parser.add_argument(
        "-o", "--out", metavar="FILE", type=values.text,
        help=f"the page to write (default: {_PAGE}, unless --plot is given)",
    )  # fmt: skip
    parser.add_argument(
        "--plot", metavar="FILE", type=_picture_name,
        help="write goodput against requests at a time as a picture: FILE ends in .svg or .png",
    )  # fmt: skip
    return parser


def _picture_name(text: str) -> str:
    if Path(text).suffix.lower() not in _FORMS:
        raise argparse.ArgumentTypeError(f"{quoted(text)} does not end in .svg or .png")
    return text


def _check(path: Path, source: Path) -> None:
    """Refuse to write over the results. Raises UsageError."""
    if path.exists() and source.exists() and path.samefile(source):
        raise UsageError(f"{quoted(str(path))} is what is to be read, and would be overwritten")


def _page(book: Book, name: str) -> bytes:
    del name
    from getflags.bench.report.page import page

    return page(book).encode()


def _picture(book: Book, name: str) -> bytes:
    """Return goodput on all servers. Raises UsageError where there is none."""
    from getflags.bench.report import plot

    looks = palette.looks((one.engine, one.client) for part in book.sections for one in part.series)
    shown = [
        (sentences.title(part, book.sections), found, charts.described(found, part.server))
        for part in book.sections
        if (found := charts.goodput(part, looks)).levels
    ]
    if not shown:
        raise UsageError("there is no goodput to draw: nothing arrived")
    words = " ".join(told for _, _, told in shown)
    drawn = [(title, found) for title, found, _ in shown]
    return plot.picture(drawn, Path(name).suffix.lower()[1:], words)


def _written(path: Path, content: bytes) -> str:
    """Write a file; return a line about it. Raises UsageError."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"cannot write {quoted(str(path))}: {error.strerror}") from error
    return f"{printable(str(path))}: {human_bytes(len(content))}"
