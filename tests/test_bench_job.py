"""A job survives the way to another process, and makes as many targets as wanted."""

from __future__ import annotations

import json

from getflags.bench.measure.job import Job, dumps, loads
from getflags.core.feed import NO_JOB
from getflags.core.models import Checksum, Credentials, DownloadOptions, Exists, Network

LIST = f"BR\nhttp://h/a/f.gif\n  out=elsewhere/x\n  dir=/etc\n  checksum=md5={'0' * 32}\nhttp://h/b/f.gif\n"


def job(**values: object) -> Job:
    options = DownloadOptions(
        headers=(("A", "b"), ("C", "\xfc")), retries=0, retry_on=(404, 599), max_time=3.5, salt="s",
        credentials=Credentials("Basic x", {"h": (("u", "p"),)}, trusted=True),
    )  # fmt: skip
    network = Network(
        proxies=(("all", "http://p:1"),),
        direct=("http://127.0.0.1:8000",),
        resolve=(("h", 80, ("::1",)),),
    )
    fields = {
        "engine": "threads", "client": "httpx", "level": 3, "targets": LIST, "files": 5,
        "base_url": "http://m", "options": options, "network": network, **values,
    }  # fmt: skip
    return Job(**fields)  # type: ignore[arg-type] # of the right kinds


def test_a_job_is_the_same_after_the_way() -> None:
    text = dumps(job())
    assert "\n" not in text
    assert loads(text.encode()) == job()
    plain = job(options=DownloadOptions(credentials=Credentials("Basic x")))
    assert loads(dumps(plain).encode()).options.credentials == Credentials("Basic x")
    assert (
        loads(dumps(job(network=Network(), options=DownloadOptions())).encode()).options
        == DownloadOptions()
    )


def test_options_and_networks_are_json_but_for_what_is_known() -> None:
    assert "exists" not in json.loads(dumps(job()))["options"]
    assert loads(dumps(job()).encode()).options.exists is Exists.OVERWRITE


def test_targets_are_repeated_in_turn_under_names_of_their_own() -> None:
    plan = job().plan("/folder")
    targets = [each for each in plan.targets if each is not NO_JOB]
    assert [target.url for target in targets] == [
        "http://m/br/br.gif", "http://h/a/f.gif", "http://h/b/f.gif",
        "http://m/br/br.gif", "http://h/a/f.gif",
    ]  # fmt: skip
    assert len({target.path for target in targets}) == 5
    assert {target.folder for target in targets} == {"/folder"}
    assert targets[1].name == "f.gif"
    assert targets[1].checksum == targets[4].checksum == Checksum("md5", "0" * 32)
    assert (plan.client, plan.limit, plan.options, plan.network) == (
        "httpx", 3, job().options, job().network
    )  # fmt: skip


def test_there_may_be_fewer_files_than_targets() -> None:
    assert len(list(job(files=2).plan("/folder").targets)) == 2
    assert len(list(job(targets="B", files=30).plan("/folder").targets)) == 30
