"""The manual page and the shell completions, made from the parsers: ``make share``.

They are files of the repository, in the folders that a wheel installs them to, so that building a
wheel needs neither these tools nor an importable getflags. A test tells when they are out of date.
"""

from __future__ import annotations

import argparse
import re
from functools import partial
from pathlib import Path

import shtab
from argparse_manpage.manpage import Manpage

from getflags import __version__
from getflags.cli.commands import report, trial
from getflags.cli.commands.cluster import options as cluster
from getflags.cli.options import bench, download, race, tune
from getflags.core.models import Exists
from servers.app import options as servers_options

SHARE = Path(__file__).with_name("share")
#: The commands, each with its parser and what it does, in a few words.
COMMANDS = {
    "bench": (bench.make_parser, "measure engines, clients and concurrency levels"),
    "cluster": (cluster.make_parser, "download with several machines"),
    "race": (race.make_parser, "run the engines side by side and compare their times"),
    "report": (report.make_parser, "make a page about the results of a bench"),
    "serve": (
        lambda: servers_options.make_parser("getflags serve"),
        "run the bundled servers",
    ),
    "trial": (trial.make_parser, "test whether a download client tells the truth"),
    "tune": (tune.make_parser, "find the best concurrency level for a server"),
}
_COMPLETERS = {"FILE": shtab.FILE, "RESULTS": shtab.FILE, "DIR": shtab.DIRECTORY}
_HERE = re.compile(r" \(default here: \w+\)")  # true of one machine, so not for a manual
# Wide, because a line that is broken here could begin as a roff request does.
_FORMATTER = partial(argparse.RawDescriptionHelpFormatter, width=10_000)


def whole_parser() -> argparse.ArgumentParser:
    """Return one parser for the download and all commands, as these tools want it."""
    parser = download.make_parser()
    parser.formatter_class = _FORMATTER
    usage = {line.split()[1]: line.strip() for line in (parser.usage or "").splitlines()}
    commands = parser.add_subparsers(title="commands", parser_class=argparse.ArgumentParser)
    for name, (make, does) in COMMANDS.items():
        own = make()
        _prepare(own)
        commands.add_parser(
            name, parents=[own], add_help=False, help=does, usage=usage[name],
            description=f"{own.description}\n\n{own.epilog}",  # the page would leave that out
            formatter_class=_FORMATTER,
        )  # fmt: skip
    _prepare(parser)
    return parser


def _prepare(parser: argparse.ArgumentParser) -> None:
    """Say how values are completed, and nothing that is true of this machine alone."""
    for action in list(parser._actions):  # noqa: SLF001 - argparse has no other way to see them
        if isinstance(action.metavar, str) and action.metavar in _COMPLETERS:
            action.complete = _COMPLETERS[action.metavar]  # type: ignore[attr-defined] # shtab's
        if action.dest == "exists":
            action.choices = [one.value for one in Exists]
        if action.metavar == "TARGET":  # a URL can't be completed, but a command can, in its place
            parser._remove_action(action)  # noqa: SLF001
        elif action.help:
            action.help = _HERE.sub("", action.help)


def manual() -> str:
    """Return the manual page, for man(1)."""
    parser = whole_parser()
    usage, epilog = parser.usage or "", parser.epilog or ""
    parser.epilog = None
    page = Manpage(
        parser,
        {
            "project_name": "getflags",
            "version": __version__,
            "manual_title": "User Commands",
            "description": "download many files at a time, with an exit code to believe",
        },
        format="single-commands-section",
    )
    page.date = ""  # of this day would be a new page each day
    page.add_section("synopsis", "=", "\n.br\n".join(map(str.strip, usage.splitlines())))
    for paragraph in map(page.format_text, epilog.split("\n\n")):
        if paragraph.startswith("exit codes: "):
            page.add_section("exit status", "=", paragraph.removeprefix("exit codes: "))
        elif not paragraph.startswith("other commands"):  # which the page has in full
            page.add_section("targets", "=", paragraph)
    return str(page)


def _completion(shell: str) -> str:
    return shtab.complete(whole_parser(), shell).rstrip("\n") + "\n"


def files() -> dict[str, str]:
    """Return what belongs below ``share/``, by path."""
    return {
        "man/man1/getflags.1": manual(),
        "bash-completion/completions/getflags": _completion("bash"),
        "zsh/site-functions/_getflags": _completion("zsh"),
    }


if __name__ == "__main__":
    for name, text in files().items():
        path = SHARE / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
