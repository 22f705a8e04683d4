"""The argument parsers of all commands, for the reference page that is generated from them."""

from __future__ import annotations

from functools import partial

from getflags.cli.commands.cluster.options import make_parser as cluster
from getflags.cli.commands.report import make_parser as report
from getflags.cli.commands.trial import make_parser as trial
from getflags.cli.options.bench import make_parser as bench
from getflags.cli.options.download import make_parser as download
from getflags.cli.options.race import make_parser as race
from getflags.cli.options.tune import make_parser as tune
from servers.app import options

serve = partial(options.make_parser, "getflags serve")

__all__ = ["bench", "cluster", "download", "race", "report", "serve", "trial", "tune"]
