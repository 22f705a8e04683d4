"""The checks of a download before its first request: combinations of options and targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from getflags import testing, transport
from getflags.api import configure
from getflags.cli import standard_output
from getflags.cli.commands.download.job import choose_engine, make_place, with_options
from getflags.cli.options import checks
from getflags.cli.options.download import Options
from getflags.core.errors import UsageError
from getflags.core.models import Checksum, DownloadOptions
from getflags.core.text import brief, quoted
from getflags.storage import directories
from getflags.targets import filenames, resolve

if TYPE_CHECKING:
    from getflags.targets.checksum_list import ChecksumList


def check(options: Options, targets: resolve.Listing, started: float) -> DownloadOptions:
    """Check combinations of options and targets; return the options of transfers.

    ``started`` is when the run has started, on the monotonic clock. Raises UsageError.
    """
    settings = options.settings
    total = len(targets)
    _check_single(options, total)
    place = make_place(options, testing.REMOTE)._replace(checksum=None)
    if total == 1 and not options.input_files:  # in a list, the other targets are downloaded
        (target,) = resolve.settle([with_options(targets[0], options)], place)
        if target.flaw:
            raise UsageError(f"{quoted(target.label)} cannot be fetched: {target.flaw}")
    checks.mirror(options)
    if options.checksums is not None:
        _check_agreement(options.checksums, options, targets)
    choose_engine(options, total, 1)
    transport.client(settings.client).check(configure.network(settings))
    if options.out is not None:  # the user's name is used
        settings = settings._replace(content_disposition=False)
    transfers = configure.download_options(settings, started, options.failed_out)
    if not (options.dry_run or settings.verify or options.out == standard_output.NAME):
        directories.make_folder(settings.dir)
    return transfers


def _check_single(options: Options, total: int) -> None:
    """Check the options for a single target. Raises UsageError."""
    for name, value in (("-o", options.out), ("--checksum", options.checksum)):
        if value is not None and total > 1:
            if not (options.targets or options.input_files or options.every or options.all):
                raise UsageError(f"{name} needs a target, and none was given")
            raise UsageError(f"{name} takes a single target, but there are {total:,}")
    if options.out == standard_output.NAME:
        standard_output.check(options)
    elif options.out is not None:
        try:
            filenames.checked(options.out)
        except filenames.BadName as error:
            raise UsageError(f"-o {quoted(options.out)}: {error}") from None


def _check_agreement(checksums: ChecksumList, options: Options, targets: resolve.Listing) -> None:
    """Raise UsageError if a target has a checksum that differs from that of the checksum file."""
    from getflags.targets.checksum_list import Disagreement  # most runs do not need it

    def agreed(path: str, url: str, own: Checksum | None) -> Checksum:
        try:
            return checksums.checksum(path, url, own)
        except Disagreement as error:
            raise UsageError(str(error)) from None

    settler = resolve.Settler(make_place(options, testing.REMOTE)._replace(checksum=agreed))
    for entry in targets:
        try:
            settler.settle(with_options(entry, options))
        except UsageError as error:
            where = f"{entry.source}:{entry.line}: " if entry.source else ""
            raise UsageError(f"{where}{brief(resolve.label(entry.word))}: {error}") from None
