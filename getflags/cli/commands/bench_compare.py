"""The comparison of two result files: ``getflags bench --compare OLD NEW``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from getflags.bench.analysis import export, regression, regression_output
from getflags.bench.measure import results
from getflags.cli.commands import bench_export
from getflags.cli.console import print_line
from getflags.cli.options.bench import Options
from getflags.core.errors import UsageError
from getflags.core.models import ExitStatus
from getflags.core.text import quoted


def main(options: Options) -> int:
    """Print the comparison and return the exit code. Raises UsageError.

    The exit code is 1 if a cell is proven to be slower by more than the allowed share.
    """
    old, new = map(Path, options.compare or ())
    if old.exists() and new.exists() and old.samefile(new):
        raise UsageError(f"--compare names the same file twice, {quoted(str(old))}")
    bench_export.check(options, (str(old), str(new)))
    before, after = (regression.source(str(path), results.read(path)) for path in (old, new))
    found = regression.compare(before, after, options.fail_if_slower)
    cells = [regression_output.values(each, found.allowed) for each in found.pairs]
    if options.json:
        lines = [json.dumps(each) for each in (*cells, regression_output.summary(found))]
    else:
        lines = regression_output.lines(found)
    for line in lines:
        print_line(line, sys.stdout)
    exported = bench_export.export(
        options,
        csv=lambda: export.csv_text(cells),
        markdown=lambda: "\n".join(map(export.markdown, regression_output.tables(found))),
    )
    return ExitStatus.OK if exported and not found.too_slow else ExitStatus.SOME_FAILED
