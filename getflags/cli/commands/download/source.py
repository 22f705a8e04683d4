"""Reading the targets and the checksum file of a download, as its options say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from getflags.cli import COMMANDS
from getflags.cli.commands.download.job import make_place, usual_site
from getflags.cli.lists.target_source import (
    Filter,
    read_arriving,
    read_checksums,
    read_targets,
)
from getflags.cli.options.download import Options
from getflags.core.errors import GetflagsError, UsageError
from getflags.core.feed import Feed
from getflags.output import summary
from getflags.targets import resolve
from getflags.targets.list_file import Entry
from getflags.transfer.retry import DEADLINE_PASSED

if TYPE_CHECKING:
    from getflags.targets.checksum_list import ChecksumList


def read_checksum_file(name: str, options: Options) -> ChecksumList:
    """Read the checksum file. Raises UsageError."""
    if name == "-" and "-" in (options.input_files or ()):
        raise UsageError("-i - and --checksum-file - would both read standard input")
    return read_checksums(name)


@contextmanager
def open_targets(
    options: Options, result: summary.Report, started: float
) -> Iterator[tuple[resolve.Listing, Feed[Entry] | None]]:
    """Read the targets, and the beginning of a list that has not ended. Raises UsageError."""
    deadline = options.settings.deadline
    kept: Filter = iter
    if options.settings.dedupe:
        kept = resolve.Duplicates(
            make_place(options, usual_site(options)), result.count_duplicate
        ).kept
    if options.out is None and options.checksum is None and not options.dry_run:
        with read_arriving(options, options.limit, COMMANDS, kept) as targets:
            yield targets
    # -o and --checksum are for a single target, so the list must end.
    elif deadline is not None:
        left = max(0.0, started + deadline - monotonic())
        with read_arriving(options, options.limit, COMMANDS, kept, left) as (listing, feed):
            if feed is not None:
                raise GetflagsError(f"{DEADLINE_PASSED}; the list had not ended")
            yield listing, None
    else:
        with read_targets(options, options.limit, COMMANDS, kept) as listing:
            yield listing, None
