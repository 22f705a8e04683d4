"""The parser of ``getflags cluster``: run, status, retry, verify and sweep."""

from __future__ import annotations

import argparse

from getflags.cli.options import groups, values
from getflags.cli.options.parser import Parser
from getflags.cluster.run import MAX_REQ, PER_ORIGIN, SHARD_TARGETS
from getflags.cluster.work.pack import FORMATS

ACTIONS = {
    "run": "download the targets of a list, or resume the job",
    "status": "show the progress of a job, from its storage alone",
    "retry": "request again the targets of a finished job that failed",
    "verify": "compare all files of a job with their checksums",
    "sweep": "delete what killed workers have left",
}
_OVERVIEW = "Each action has its own -h, as in getflags cluster run -h."
_RUN_EPILOG = """\
OUT is a folder that all workers can reach, or s3://BUCKET/JOB, gs://, az:// or file://. The
credentials of an object store are those of the environment of each process (AWS_ACCESS_KEY_ID,
AWS_ENDPOINT_URL and so on). Without --on, the workers are processes of this machine.

The same command resumes a job: shards that are done are not requested again. There is no option for
passwords: --netrc reads each worker's own ~/.netrc.

  getflags cluster run -i urls.txt -o s3://bucket/job
  getflags cluster run -i urls.txt -o s3://bucket/job --on dask://scheduler:8786 -m 64

exit codes: 0 every target was downloaded; 1 some failed; 2 usage, nothing was requested; 3 all
failed; 75 some shards are missing: run the same command to resume; 130 or 143 interrupted.
"""
_EPILOG = """\
exit codes of retry: those of run. Of the others: 0 success (verify: all files match); 1 verify:
some do not; 2 usage; 75 the storage cannot be reached, or some shards are missing.
"""


class ClusterOptions(argparse.Namespace):
    """The parsed options, with types. Each action has some of them."""

    action: str
    source: str
    out: str
    on: str
    workers: int
    max_req: int
    per_origin: int
    rate_per_origin: float | None
    file_format: str
    dedupe: bool
    accept_failures: bool
    shard_targets: int
    json: bool
    quiet: bool


def make_parser() -> Parser:
    """Return the parser of ``getflags cluster``, with one for each action."""
    parser = Parser(
        prog="getflags cluster",
        usage="getflags cluster ACTION [OPTION]...",
        description="Download with several machines, into a folder or an object store.",
        epilog=_OVERVIEW,
    )
    actions = parser.add_subparsers(
        dest="action", metavar="ACTION", required=True, parser_class=Parser, title="actions"
    )
    for name, does in ACTIONS.items():
        source = "-i LIST " if name == "run" else ""
        _add_options(
            actions.add_parser(
                name,
                prog=f"getflags cluster {name}",
                help=does,
                usage=f"getflags cluster {name} {source}-o OUT [OPTION]...",
                description=f"{does[0].upper()}{does[1:]}.",
                epilog=_RUN_EPILOG if name == "run" else _EPILOG,
            ),
            name,
        )
    return parser


def _add_options(parser: Parser, action: str) -> None:
    """Add the options of an action."""
    if action == "run":
        _add_job(parser)
    parser.add_argument(
        "-o", "--out", metavar="OUT", required=True, type=values.text,
        help="where the job is: a folder, or the URL of an object store",
    )  # fmt: skip
    if action in {"run", "retry"}:
        _add_workers(parser)
    parser.add_argument(
        "--json", action="store_true", help="print one JSON object, instead of text"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="print errors only")


def _add_job(parser: Parser) -> None:
    """Add the options that belong to a job: a later run must have the same."""
    add = parser.add_argument
    add(
        "-i", "--input-file", metavar="LIST", dest="source", required=True, type=values.text,
        help="the list of targets, as for a download",
    )  # fmt: skip
    add(
        "--per-origin", metavar="N", type=values.count, default=PER_ORIGIN,
        help="maximum number of requests in flight at one server, of all workers together "
        f"(default: {PER_ORIGIN})",
    )  # fmt: skip
    add(
        "--rate-per-origin", metavar="R", type=values.request_rate,
        help="maximum number of requests started at one server a second, of all workers together "
        "(default: none)",
    )  # fmt: skip
    add(
        "--format", metavar="F", dest="file_format", choices=FORMATS, default="tar",
        help="what the files of a shard become: tar (which WebDataset reads), files (an object for "
        "each), parquet (default: tar)",
    )  # fmt: skip
    add("--dedupe", action="store_true", help="leave out a target that is repeated in the list")
    add(
        "--shard-targets", metavar="N", type=values.count, default=SHARD_TARGETS,
        help=f"approximate number of targets in a shard (default: {SHARD_TARGETS})",
    )  # fmt: skip
    add(
        "--accept-failures", action="store_true",
        help="commit a shard even if no server answered any of its requests; by default its "
        "targets are requested again by a later run, because the network may have been down",
    )  # fmt: skip
    _add_settings(parser.add_argument_group("each download"))


def _add_settings(group: groups.Group) -> None:
    """Add the settings of downloads that a job takes: see ``cluster.run.SETTINGS``."""
    groups.limits_of_each(group)
    groups.add_setting(group, "compressed", "--compressed", action=groups.SWITCH)
    groups.add_setting(group, "netrc", "--netrc", action=groups.SWITCH)
    groups.no_private_addresses(group)


def _add_workers(parser: Parser) -> None:
    add = parser.add_argument
    add(
        "--on", metavar="BACKEND", default="dask", type=values.text,
        help="dask://HOST:PORT or ray://HOST:PORT, or dask or ray for workers of this machine "
        "(default: dask)",
    )  # fmt: skip
    add(
        "--workers", metavar="N", type=values.count, default=0,
        help="number of workers that are started (default: one for each processor)",
    )  # fmt: skip
    add(
        "-m", "--max-req", metavar="N", type=values.count, default=MAX_REQ,
        help="maximum number of requests in flight, for each thread of a worker "
        f"(default: {MAX_REQ})",
    )  # fmt: skip
