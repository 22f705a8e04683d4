"""What the tests of jobs share: a job, its processes, and the check of what is promised."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from hashlib import sha256, shake_128
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

import pytest

if missing := [name for name in ("distributed", "obstore", "moto", "flask") if not find_spec(name)]:
    pytest.skip(
        f"the tests of getflags cluster need {', '.join(missing)}: "
        "pip install 'getflags[cluster,cluster-tests]'",
        allow_module_level=True,
    )

import psutil

from getflags.cluster.job import layout, prepare
from getflags.cluster.results import read
from getflags.cluster.storage import Storage
from getflags.testing.flag_server import FlagServer
from tests.kit import ENVIRON, ROOT, run_main

SIZE = 3000  # bytes of a file
#: The least number of targets of a job with faults, for `make cluster-faults`.
LEAST = int(os.environ.get("GETFLAGS_TEST_TARGETS", "0"))
SHARD_TARGETS = max(20, LEAST // 20)
#: Runs a test in a folder, and with ``LEAST`` also on S3.
anywhere = pytest.mark.parametrize("place", ["file", "s3"] if LEAST else ["file"], indirect=True)
PATIENCE = 300.0  # seconds, for a machine that is busy with other things
_MARK = "TEST_OF_A_JOB"  # a variable that all processes of a job have
#: What a run may print to standard error.
_CLEAN = re.compile(r"(getflags: [^\x00-\x1f]+|[\d,]+ of [\d,]+ shards?: [^\x00-\x1f]+)")


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until a condition holds."""
    end = monotonic() + seconds
    while not condition():
        assert monotonic() < end, "the condition never held"
        sleep(0.02)


def urls_of(server: FlagServer, count: int, prefix: str = "f") -> list[str]:
    """Return the URLs of files of a server."""
    return [server.url_for(f"/bytes/{SIZE}/{prefix}{index}.bin") for index in range(count)]


def many_urls(server: FlagServer, count: int, prefix: str = "f") -> list[str]:
    """Return the URLs of ``count`` files of a server, or of more: see ``LEAST``."""
    return urls_of(server, max(count, LEAST), prefix)


def digest(url: str) -> str:
    """Return the SHA-256 of a file of the server."""
    return sha256(shake_128(url.rpartition("/")[2].encode()).digest(SIZE)).hexdigest()


@dataclass
class Place:
    """Where jobs go: a folder, or a bucket. ``environ`` has what its storage needs."""

    url: str
    environ: dict[str, str] = field(default_factory=dict)


class Job:
    """A job of some URLs, in a temporary folder of its own."""

    def __init__(self, folder: Path, place: Place, urls: Iterable[str], on: str = "dask") -> None:
        self.urls = list(urls)
        self.out = place.url
        self.on = on
        self.scratch = folder / "scratch"
        self.scratch.mkdir()
        self.list = folder / "urls.txt"
        self.list.write_text("".join(f"{url}\n" for url in self.urls))
        self._folder = folder
        self._mark = uuid4().hex
        self.environ = {**place.environ, _MARK: self._mark, "TMPDIR": str(self.scratch)}
        self._runs: list[Run] = []

    def words(self, *more: str, shard_targets: int = SHARD_TARGETS) -> list[str]:
        """Return the arguments of a run; later ones replace earlier ones."""
        faster = ["-m", "32", "--per-origin", "64"] if LEAST else []
        return [
            "cluster", "run", "-i", str(self.list), "-o", self.out, "--on", self.on,
            "--workers", "2", "-m", "8", "--shard-targets", str(shard_targets), *faster, *more,
        ]  # fmt: skip

    def start(self, *words: str, program: str = "getflags", before: Iterable[str] = ()) -> Run:
        """Start a command; without words, a run of the job. ``before`` runs it."""
        run = Run(
            [*before, sys.executable, "-m", program, *(words or self.words())],
            self._folder,
            f"run{len(self._runs) + 1}",
            {**ENVIRON, "PYTHONPATH": str(ROOT), **self.environ},
        )
        self._runs.append(run)
        return run

    def run(self, *words: str, code: int = 0) -> Run:
        """Run a command to its end; without words, a run of the job."""
        run = self.start(*words)
        run.ends(code)
        return run

    def end(self) -> None:
        """Kill what a test that failed has left running."""
        for process in self.processes():
            with suppress(psutil.Error):
                process.kill()
        for run in self._runs:
            run.process.wait()

    def records(self) -> int:
        """Return the number of shards that are done; 0 if there is no job yet."""
        with self.storage() as storage:
            return len(read.done_shards(storage))

    def shards(self) -> int:
        """Return the number of shards of the job."""
        with self.storage() as storage:
            return prepare.existing(storage).first.shard_count

    def processes(self) -> list[psutil.Process]:
        """Return the processes of the job's runs."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                if process.environ().get(_MARK) == self._mark:
                    found.append(process)
        return found

    def listening(self) -> set[str]:
        """Return the addresses on which the job's processes listen."""
        found = set()
        for process in self.processes():
            with suppress(psutil.Error):
                for each in process.net_connections("inet"):
                    if each.status == psutil.CONN_LISTEN:
                        found.add(each.laddr.ip.removeprefix("::ffff:"))
        return found

    @contextmanager
    def storage(self) -> Iterator[Storage]:
        """Yield the storage of the job."""
        before = {name: os.environ.get(name) for name in self.environ}
        os.environ.update(self.environ)
        try:
            yield Storage(self.out, create=True)
        finally:
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    def index(self) -> list[dict[str, object]]:
        """Return the rows of the index."""
        with self.storage() as storage:
            text = gzip.decompress(storage.read(layout.INDEX) or b"").decode()
        return [json.loads(line) for line in text.splitlines()]

    def check(self, failed: Iterable[str] = ()) -> None:
        """Assert what is promised of a finished job; ``failed`` are the URLs that have no file."""
        rows = self.index()
        assert Counter(row["url"] for row in rows) == Counter(self.urls)
        expected = {url: digest(url) for url in self.urls} | dict.fromkeys(failed, "")
        assert {row["url"]: row["sha256"] for row in rows} == expected
        assert sorted(row["n"] for row in rows) == list(range(len(self.urls)))  # type: ignore[type-var]
        self.check_storage()
        self.check_machine()

    def check_storage(self) -> None:
        """Assert that the storage has what the records name, and after ``sweep`` nothing else."""
        swept = run_main("cluster", "sweep", "-o", self.out, cwd=self._folder, environ=self.environ)
        assert swept.returncode == 0, swept.stderr
        verified = run_main(
            "cluster", "verify", "-o", self.out, cwd=self._folder, environ=self.environ
        )
        assert (verified.returncode, verified.stderr) == (0, "")
        assert verified.stdout.endswith(": all as recorded\n")
        with self.storage() as storage:
            results = read.read(storage)
            attempts = {(each.shard, each.attempt) for each in results.records.values()}
            names = [each.name for each in storage.listed(layout.DATA)]
        assert {layout.attempt_of(name) for name in names} == attempts
        assert len(names) == 2 * len(attempts)
        if self.out.startswith("file://"):  # nor files that were written in part
            root = Path(self.out.removeprefix("file://"))
            kept = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
            of_shards = [name for name in kept if name.startswith(("data/", layout.DONE))]
            assert [name for name in of_shards if "#" in name] == []

    def check_machine(self) -> None:
        """Assert that no process and no temporary file is left."""
        until(lambda: not self.processes(), 20)
        assert sorted(each.name for each in self.scratch.iterdir()) == []


class Run:
    """A process of ``getflags cluster``."""

    def __init__(
        self, words: Iterable[str], folder: Path, name: str, environ: dict[str, str]
    ) -> None:
        self._out, self._err = folder / f"{name}.out", folder / f"{name}.err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [*words], cwd=folder, env=environ, stdout=out, stderr=err,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    @property
    def out(self) -> str:
        """What it has printed to standard output."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """What it has printed to standard error."""
        return self._err.read_text()

    def ends(self, code: int, seconds: float = PATIENCE) -> None:
        """Wait for the end, and check the exit code and that the output is for people."""
        try:
            found = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)
            self.process.wait()
            raise
        assert found == code, self.out + self.err
        if code >= 0:  # a shell may report that it was killed
            assert [line for line in self.err.splitlines() if not _CLEAN.fullmatch(line)] == []

    def interrupt(self, number: signal.Signals) -> None:
        """Send a signal; SIGINT as a terminal does, to the workers, too."""
        if number == signal.SIGINT:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def workers(self) -> list[psutil.Process]:
        """Return the processes that run bundles, the oldest first."""
        found = []
        with suppress(psutil.Error):
            for each in psutil.Process(self.process.pid).children(recursive=True):
                with suppress(psutil.Error):
                    words = each.cmdline()
                    if words and ("ray::run_bundle" in words[0] or "spawn_main" in " ".join(words)):
                        found.append(each)
        return sorted(found, key=lambda each: float(each.create_time()))

    def kill_worker(self) -> psutil.Process | None:
        """Kill one of the workers, if there is one, and return it."""
        for worker in self.workers():
            worker.kill()
            return worker
        return None


@contextmanager
def repeatedly(action: Callable[[], bool], seconds: float) -> Iterator[list[bool]]:
    """Do something every few seconds within the block, on a thread; yield the results."""
    ended = threading.Event()
    results: list[bool] = []

    def act() -> None:
        while not ended.wait(seconds):
            with suppress(psutil.Error):
                results.append(action())

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield results
    finally:
        ended.set()
        thread.join()
