"""The actions of ``getflags cluster`` on a job, from outside."""

from __future__ import annotations

import json
import sys
import tarfile
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import pytest
from xxhash import xxh3_128_hexdigest

from getflags.cluster.job import layout
from getflags.testing import local_server
from tests.cluster.conftest import MakeJob
from tests.cluster.kit import Job, digest, urls_of
from tests.kit import run_main
from tests.screen import on_terminal

PARQUET = pytest.param(
    "parquet", marks=pytest.mark.skipif(not find_spec("pyarrow"), reason="pyarrow is missing")
)


def act(job: Job, folder: Path, action: str, *words: str) -> tuple[int, str, str]:
    """Run an action in this process; return the exit code and the two outputs."""
    done = run_main("cluster", action, "-o", job.out, *words, cwd=folder, environ=job.environ)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("place", ["file", "s3"], indirect=True)
@pytest.mark.parametrize("file_format", ["tar", "files", PARQUET])
def test_a_job_and_what_can_be_asked_of_it(
    make_job: MakeJob, tmp_path: Path, file_format: str
) -> None:
    with local_server(fault="error:status=404,match=*/f1?.bin") as server:
        urls = urls_of(server, 100)
        job = make_job([*urls, "http://"])
        run = job.run(*job.words("--format", file_format, "--json"), code=1)
        values = json.loads(run.out)
    assert (values["targets"], values["counts"]["ok"], values["exit_code"]) == (101, 90, 1)
    code, out, _ = act(job, tmp_path, "status")
    assert (code, out.splitlines()[0].partition(",")[0]) == (0, "101 of 101 targets")
    code, out, _ = act(job, tmp_path, "status", "--json")
    assert (code, json.loads(out)["seconds_left"]) == (0, 0.0)
    code, out, _ = act(job, tmp_path, "verify", "--json")
    assert (code, json.loads(out)["problems"]) == (0, 0)
    assert act(job, tmp_path, "sweep") == (0, "0 objects deleted (0 B)\n", "")
    assert json.loads(act(job, tmp_path, "sweep", "--json")[1]) == {"deleted": 0, "bytes": 0}
    with job.storage() as storage:
        failed = (storage.read(layout.FAILED) or b"").decode().split()
    assert sorted(failed) == sorted(["http://", *urls[10:20]])
    assert {row["url"]: row["sha256"] for row in job.index() if row["key"]} == {
        url: digest(url) for url in urls if url not in failed
    }


def test_damage_is_found(make_job: MakeJob, tmp_path: Path) -> None:
    with local_server() as server:
        job = make_job(urls_of(server, 100))
        run = job.run(*job.words("--workers", "1"))
        assert run.out.startswith("100 targets in 5 of 5 shards: 100 ok, 300.0 kB, ")
    data = Path(job.out.removeprefix("file://"), "data")
    tars = sorted(data.glob("*.tar"))
    tars[0].unlink()
    tars[1].write_bytes(b"not a tar")
    content = tars[2].read_bytes()
    changed = content[:600] + bytes([content[600] ^ 1]) + content[601:]
    tars[2].write_bytes(changed)
    record = Path(job.out.removeprefix("file://"), layout.record(2))
    digest = json.loads(record.read_bytes())["digest"]
    record.write_text(record.read_text().replace(digest, xxh3_128_hexdigest(changed)))
    sorted(data.glob("*.gz"))[3].unlink()
    sorted(data.glob("*.gz"))[3].write_bytes(b"not a manifest")
    with tarfile.open(fileobj=BytesIO(content)) as tar:
        first = tar.getnames()[0]
    code, out, err = act(job, tmp_path, "verify")
    assert (code, out) == (1, "100 targets in 5 shards: 5 problems\n")
    names = [f"data/{each.name}" for each in tars]
    assert f"getflags: {names[0]}: it is missing\n" in err
    assert f"getflags: {names[1]}: its content is not what was stored\n" in err
    assert f"getflags: {names[2]}: {first} is not what was downloaded\n" in err
    assert ".jsonl.gz, which a record names, is missing\n" in err
    assert "the manifest of shard 00000004 is damaged\n" in err
    assert act(job, tmp_path, "verify", "-q")[:2] == (1, "")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["cluster"], "the following arguments are required: ACTION"),
        (["cluster", "rum"], "invalid choice: 'rum' (choose from 'run', 'status'"),
        (["cluster", "status", "-o", "nowhere"], "there is no folder 'nowhere'"),
        (["cluster", "status", "-o", "."], "there is no job in ."),
        (["cluster", "status", "-o", "ftp://x/y"], "neither a folder nor one of s3://"),
        (["cluster", "run", "-i", "no.txt", "-o", "job"], "cannot read the list 'no.txt'"),
        (["cluster", "run", "-i", "empty.txt", "-o", "job"], "'empty.txt' has no targets"),
        (["cluster", "run", "-i", "bad.txt", "-o", "job"], "bad.txt:1: "),
        (["cluster", "run", "-i", "code.txt", "-o", "job"], "code.txt:1: 'BR' is not a URL"),
        (["cluster", "run", "-i", "x.txt", "-o", "job", "--on", "spark"], "--on is 'spark'"),
        (["cluster", "run", "-i", "x.txt", "-o", "x.txt"], "'x.txt' cannot be used"),
    ],
)
def test_what_cannot_be_is_one_sentence(tmp_path: Path, words: list[str], sentence: str) -> None:
    (tmp_path / "empty.txt").write_text("# nothing\n")
    (tmp_path / "bad.txt").write_text("  out=x\n")
    (tmp_path / "code.txt").write_text("BR\n")
    (tmp_path / "x.txt").write_text("http://127.0.0.1:1/x\n")
    done = run_main(*words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("getflags: ")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_job_that_is_not_finished_is_not_retried(make_job: MakeJob, tmp_path: Path) -> None:
    with local_server() as server:
        job = make_job(urls_of(server, 40))
        job.run()
    root = Path(job.out.removeprefix("file://"), "_getflags")
    record = next((root / "done").iterdir())
    content = record.read_bytes()
    record.unlink()
    code, _, err = act(job, tmp_path, "retry")
    assert (code, err) == (
        2,
        f"getflags: the job in {job.out} is not finished; resume it with getflags cluster run\n",
    )
    assert act(job, tmp_path, "verify", "-q")[0] == 75
    record.write_bytes(b"{}")
    code, _, err = act(job, tmp_path, "status")
    assert (code, err) == (
        75,
        f"getflags: the record _getflags/done/{record.name} is damaged; run it again later\n",
    )
    record.write_bytes(content)
    (root / "job.json").write_bytes(b"{}")
    assert "is damaged" in act(job, tmp_path, "status")[2]
    (root / "job.json").write_bytes(b'{"format": 99}')
    assert "was made by another version of getflags" in act(job, tmp_path, "status")[2]


def test_repeated_targets_are_left_out_and_requests_have_a_rate(make_job: MakeJob) -> None:
    with local_server(delay=0.05) as server:
        urls = urls_of(server, 60)
        job = make_job([*urls, *urls])
        job.urls = urls
        words = ["--dedupe", "--rate-per-origin", "40", "--workers", "1"]
        run = job.run(*job.words(*words))
        assert server.ledger().requests == 60
        again = job.run(*job.words("--rate-per-origin", "40", "--workers", "1"), code=2)
    assert float(run.out.splitlines()[0].rpartition(", ")[2].removesuffix(" s")) > 1
    assert "another job" in again.err
    job.check()


def test_a_terminal_shows_a_bar(make_job: MakeJob, tmp_path: Path) -> None:
    with local_server(delay=0.05) as server:
        job = make_job(urls_of(server, 100))
        with on_terminal(tmp_path, *job.words(), environ=job.environ) as terminal:
            lines = terminal.read_all()
            assert terminal.process.wait(60) == 0
    assert lines[0].startswith("100 targets in 6 of 6 shards: 100 ok, 300.0 kB, ")
    job.check()


def test_parquet_without_its_library_is_one_sentence(
    make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the files of a job are only compared: on another machine than that of the run."""
    with local_server() as server:
        job = make_job(urls_of(server, 5))
        job.run()
    description = Path(job.out.removeprefix("file://"), layout.JOB)
    description.write_text(description.read_text().replace('"tar"', '"parquet"'))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    sentence = "getflags: --format parquet needs one more package: pip install pyarrow\n"
    assert act(job, tmp_path, "verify") == (2, "", sentence)
    words = ["cluster", "run", "-i", "x", "-o", "job", "--format", "parquet"]
    done = run_main(*words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, sentence)
