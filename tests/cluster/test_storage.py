"""Storage and disks that refuse, are down or are full: one sentence each, and the job resumes."""

from __future__ import annotations

import os
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from time import sleep

import pytest

from getflags.cluster import storage
from getflags.testing import local_server
from tests.cluster.conftest import MakeJob
from tests.cluster.fault_proxy import FaultProxy, Hold
from tests.cluster.kit import Place, anywhere, many_urls, until, urls_of
from tests.cluster.test_workers import SLOW
from tests.kit import run_main

on_s3 = pytest.mark.parametrize("place", ["s3"], indirect=True)
DENIED = (
    b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n"
    b"Connection: close\r\n\r\n%b"
)
BODY = (
    b"<?xml version='1.0'?><Error><Code>%b</Code><Message>The AWS Access Key Id you provided "
    b"does not exist in our records: secret-of-s3.</Message></Error>"
)


@on_s3
@pytest.mark.parametrize("code", [b"InvalidAccessKeyId", b"SignatureDoesNotMatch", b"AccessDenied"])
def test_credentials_that_are_refused(make_job: MakeJob, s3: FaultProxy, code: bytes) -> None:
    body = BODY % code
    s3.answer = DENIED % (len(body), body)
    with local_server() as server:
        job = make_job(urls_of(server, 20))
        run = job.run(code=2)
        assert server.ledger().requests == 0
    name = "_getflags/job.json"
    assert run.err == f"getflags: {job.out}: {name}: the storage refuses it ({code.decode()})\n"


@on_s3
def test_credentials_that_expire(make_job: MakeJob, s3: FaultProxy) -> None:
    """Requests have been made, so it is no usage error."""
    body = BODY % b"ExpiredToken"
    with local_server(delay=SLOW) as server:
        job = make_job(many_urls(server, 300))
        run = job.start()
        until(job.records)
        s3.answer = DENIED % (len(body), body)
        run.ends(75)
        assert run.err.endswith(": the storage refuses it (ExpiredToken); run it again later\n")
        s3.answer = b""
        job.run()
    job.check()


@on_s3
def test_a_bucket_that_is_missing(make_job: MakeJob) -> None:
    with local_server() as server:
        job = make_job(urls_of(server, 20))
        job.out = "s3://no-such-bucket/job"
        run = job.run(code=2)
        assert server.ledger().requests == 0
    name = "_getflags/job.json"
    assert run.err == f"getflags: {job.out}: {name}: the storage refuses it (NoSuchBucket)\n"


@on_s3
def test_a_storage_that_is_down(make_job: MakeJob, s3: FaultProxy) -> None:
    with local_server() as server:
        job = make_job(urls_of(server, 20))
        s3.down = True
        run = job.run(code=75)
        assert server.ledger().requests == 0
    assert run.err == (
        f"getflags: {job.out}: _getflags/job.json: HTTP error: error sending request; "
        "run it again later\n"
    )


@on_s3
def test_a_storage_that_goes_down_and_comes_back(make_job: MakeJob, s3: FaultProxy) -> None:
    with local_server(delay=SLOW) as server:
        job = make_job(many_urls(server, 300))
        run = job.start()
        until(job.records)
        s3.down = True
        sleep(8)
        s3.down = False
        run.ends(0)
    job.check()


@on_s3
def test_a_request_that_stalls_is_repeated(
    place: Place, s3: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(storage._CLIENT, "read_timeout", timedelta(seconds=1))
    for name, value in place.environ.items():
        monkeypatch.setenv(name, value)
    store = storage.Storage(place.url)
    s3.hold = hold = Hold(lambda request: request.method == "PUT")
    store.put("object", b"content")
    assert hold.held.is_set()
    hold.release.set()
    s3.hold = hold = Hold(lambda request: request.method == "GET")
    assert store.read("object") == b"content"
    assert hold.held.is_set()
    hold.release.set()
    until(lambda: s3.closed == len(s3.requests))


@anywhere
@pytest.mark.skipif(not shutil.which("unshare"), reason="only Linux can mount a small disk")
@pytest.mark.parametrize(("size", "count"), [(40, 400), (128, 20)])
def test_a_full_scratch_disk(make_job: MakeJob, size: int, count: int) -> None:
    """Either a download fails, or what packs the files of a shard."""
    with_small_disk = [
        "unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
        f'mount -t tmpfs -o size={size}k none "$TMPDIR" && exec "$@"', "sh",
    ]  # fmt: skip
    if subprocess.run([*with_small_disk, "true"], env={"TMPDIR": "/mnt"}, check=False).returncode:
        pytest.skip("this machine does not let its users mount a small disk")
    with local_server() as server:
        job = make_job(many_urls(server, count) if size == 40 else urls_of(server, count))
        run = job.start(*job.words("--workers", "1", shard_targets=40), before=with_small_disk)
        run.ends(75)
        assert "No space left on device" in run.err
        assert job.records() == 0
        if count > 40:
            assert server.ledger().requests < len(job.urls), "the rest is not requested in vain"
        job.run(*job.words("--workers", "1", shard_targets=40))
    job.check()


def test_files_that_were_written_in_part_are_swept(make_job: MakeJob) -> None:
    """A process that is killed in a put leaves them; those of a shard under way are kept."""
    with local_server() as server:
        job = make_job(urls_of(server, 60))
        job.run()
    root = Path(job.out.removeprefix("file://"))
    partial = [
        "data/00000001-0123456789ab.tar#1", "data/00000001-0123456789ab/000000.bin#2",
        "_getflags/done/00000001.json#1", "_getflags/index.jsonl.gz#7", "_getflags/job.json#1",
        "_getflags/lists/0123456789ab/000.jsonl#1",
    ]  # fmt: skip
    under_way = ["data/00000099-0123456789ab.tar#1", "_getflags/done/00000099.json#1"]
    for name in [*partial, *under_way]:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"12345")
        os.utime(root / name, (0, 0))
    (root / "notes#1.txt").write_text("somebody's own")
    now = root / "_getflags/index.jsonl.gz#8"
    now.write_bytes(b"12345")
    run = job.run("cluster", "sweep", "-o", job.out)
    assert run.out == "6 objects deleted (30 B)\n"
    under_way += ["_getflags/index.jsonl.gz#8"]
    left = sorted(str(path.relative_to(root)) for path in root.rglob("*#*"))
    assert left == sorted([*under_way, "notes#1.txt"])
    for name in [*under_way, "notes#1.txt"]:
        (root / name).unlink()
    job.check()


def test_what_a_symlink_of_another_user_points_to_is_left_alone(
    make_job: MakeJob, tmp_path: Path
) -> None:
    """In a folder for all users, anybody can make a link with the name of a scratch folder."""
    own = tmp_path / "own"
    own.mkdir()
    for name in ("lock", "precious"):
        (own / name).write_text("somebody's")
    with local_server() as server:
        job = make_job(urls_of(server, 20))
        (job.scratch / "getflags-shards-x").symlink_to(own)
        job.run()
    assert sorted(each.name for each in own.iterdir()) == ["lock", "precious"]


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("S3://bucket/job", "is neither a folder nor one of s3://"),
        ("s3:/bucket/job", "is neither a folder nor one of s3://"),
        ("file://elsewhere/job", "is on another machine"),
        ("s3://key:SECRET@bucket/job", "has a password"),
        ("file:///job?a=SECRET", "has a password, a query"),
    ],
)
def test_a_place_that_means_something_else(tmp_path: Path, place: str, sentence: str) -> None:
    done = run_main("cluster", "status", "-o", place, cwd=tmp_path)
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert sentence in done.stderr
    assert "SECRET@" not in done.stderr


def test_a_list_that_is_not_utf_8(make_job: MakeJob) -> None:
    with local_server() as server:
        url = server.url_for("/none/")
        job = make_job([url])
        job.list.write_bytes(url.encode() + b"\xff\xfe.bin\n")
        job.run(code=3)
    failed = Path(job.out.removeprefix("file://"), "_getflags/failed.txt")
    assert failed.read_bytes() == url.encode() + b"\xff\xfe.bin\n"
