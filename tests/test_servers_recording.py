"""Recordings can be replayed."""

import errno
import io
import json
from http import HTTPStatus
from pathlib import Path

import pytest

from servers.content.resources import Flags
from servers.faults.draws import Behaviour, Decision
from servers.faults.fault_plan import FaultPlan
from servers.faults.kinds.body.reset import Reset
from servers.faults.kinds.status.busy import Busy
from servers.faults.kinds.status.error import Error
from servers.faults.latency import Latency
from servers.faults.rules import parse
from servers.faults.values import BodyPosition
from servers.state.recording import RecordWriter, read
from tests.messages import NO_FAULT
from tests.servers_kit import Running, flags, request, running, until

PLANS = {
    "/a": FaultPlan(Decision(0.25, HTTPStatus.IM_A_TEAPOT), {}),
    "/b?c": FaultPlan(
        Decision(), {"reset": Reset(BodyPosition(50, relative=True)), "error": Error(500)}
    ),
    "/c": FaultPlan(Decision(0.1, None), {"busy": Busy(3)}),
}


def silence(sentence: str) -> None:
    raise AssertionError(sentence)


def parameter_values() -> str:
    file = io.StringIO()
    record = RecordWriter(file, silence)
    for path, plan in PLANS.items():
        record.decided("ERROR", path, 2, plan)
    return file.getvalue()


def test_a_line() -> None:
    assert json.loads(parameter_values().splitlines()[1]) == {
        "label": "ERROR",
        "path": "/b?c",
        "attempt": 2,
        "decision": {
            "delay": 0.0,
            "status": None,
            "faults": [{"fault": "reset", "after": "50%"}, {"fault": "error", "status": 500}],
        },
    }


def test_there_and_back() -> None:
    replay = read(parameter_values().splitlines())
    for path, plan in PLANS.items():
        assert replay.plan("ERROR", path, 2) == plan
    assert replay.plan("ERROR", "/a", 1) == FaultPlan()
    assert replay.plan("LOCAL", "/a", 2) == FaultPlan()
    assert read(["", "  "]).plan("ERROR", "/a", 2) == FaultPlan()


@pytest.mark.parametrize(
    "text",
    ["drip:every=0.00001", "stall:seconds=0.00002,after=0.00003%", "truncate:after=33.3333333%"],
)
def test_small_and_long_numbers_come_back_as_they_were(text: str) -> None:
    file = io.StringIO()
    rule = parse(text)
    assert not isinstance(rule.effect, Latency)
    plan = FaultPlan(Decision(), {rule.fault: rule.effect})
    RecordWriter(file, silence).decided("LOCAL", "/a", 1, plan)
    assert read(file.getvalue().splitlines()).plan("LOCAL", "/a", 1) == plan


def test_a_record_tells_of_the_servers_that_it_names() -> None:
    replay = read(parameter_values().splitlines())
    assert replay.covers(["LOCAL", "ERROR"])
    assert not replay.covers(["LOCAL"])
    assert read(['{"path": "/a", "attempt": 1, "decision": {}}']).covers(["LOCAL"])
    assert read([]).covers(["LOCAL"])


def test_a_line_without_a_label_is_for_all() -> None:
    replay = read(['{"path": "/a", "attempt": 1, "decision": {"delay": 2}}'])
    assert replay.plan("LOCAL", "/a", 1) == FaultPlan(Decision(2, None))


def test_a_reset_takes_back_what_was_recorded_of_that_server() -> None:
    file = io.StringIO(parameter_values())
    file.seek(0, io.SEEK_END)
    record = RecordWriter(file, silence)
    record.decided("LOCAL", "/a", 1, PLANS["/a"])
    record.reset("ERROR")
    record.decided("ERROR", "/z", 1, PLANS["/c"])
    replay = read(file.getvalue().splitlines())
    assert replay.plan("ERROR", "/a", 2) == FaultPlan()
    assert replay.plan("ERROR", "/z", 1) == PLANS["/c"]
    assert replay.plan("LOCAL", "/a", 1) == PLANS["/a"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("x", "line 2 is not part of a recording: "),
        ("[" * 100_000, "line 2 is not part of a recording: "),
        ("1", "it must be an object with label, path, attempt and decision"),
        ('{"x": 1}', "it must be an object with"),
        ('{"path": "/a", "attempt": 1}', "decision is missing or has the wrong type"),
        ('{"path": 1, "attempt": 1, "decision": {}}', "path is missing or has the wrong type"),
        ('{"path": "/a", "attempt": "1", "decision": {}}', "attempt is missing or has"),
        (
            '{"path": "/a", "attempt": 1, "decision": {"x": 1}}',
            "a decision has only delay, status and",
        ),
        ('{"path": "/a", "attempt": 1, "decision": {"delay": -1}}', "delay: use seconds"),
        ('{"path": "/a", "attempt": 1, "decision": {"status": 999}}', "999 is not a valid"),
        ('{"path": "/a", "attempt": 1, "decision": {"faults": [1]}}', f"'' {NO_FAULT}"),
        (
            '{"path": "/a", "attempt": 1, "decision": {"faults": [{"fault": "latency"}]}}',
            f"'latency' {NO_FAULT}: use error,",
        ),
        (
            '{"path": "/a", "attempt": 1, "decision": {"faults": [{"fault": "drip", "size": 0}]}}',
            "size: '0' is not a size",
        ),
    ],
)
def test_what_is_no_record(line: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r"^line 2 is not part of a recording: ") as caught:
        read(["", line])
    assert sentence in str(caught.value)


class Full(io.StringIO):
    """A file on a full disk."""

    def write(self, _: str) -> int:
        """Raise the error of a full disk."""
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_ends_the_record_and_is_told_once() -> None:
    sentences: list[str] = []
    record = RecordWriter(Full(), sentences.append)
    record.reset("LOCAL")
    record.reset("LOCAL")
    assert sentences == ["recording stopped: No space left on device"]


TARGETS = [f"/bytes/1000/{number}" for number in range(30)]


def outcomes(server: Running) -> list[bytes]:
    """Request all targets twice; return the responses without their Date."""
    found = []
    for target in TARGETS + TARGETS[::-1]:
        with server.client() as client:
            client.send(request(target, connection="close"))
            data, end = client.rest()
            lines = [line for line in data.split(b"\r\n") if not line.startswith(b"Date")]
            found.append(b"\r\n".join(lines) + end.encode())
    return found


def test_a_run_is_done_again_under_another_seed(tmp_path: Path) -> None:
    served = Flags(flags(tmp_path)._catalogue)
    rules = ("error:rate=0.2", "reset:rate=0.2", "busy:rate=0.2", "etag-changes")
    behaviour = Behaviour((0.0, 0.001), 0.1, tuple(map(parse, rules)))
    file = io.StringIO()
    with running(served, behaviour, record=RecordWriter(file, silence)) as server:
        assert server.ask("/-/reset", "POST").status == 200
        first = outcomes(server)
    lines = file.getvalue().splitlines()
    assert len(lines) == 1 + 2 * len(TARGETS)
    with running(served, seed=8, replay=read(lines)) as server:
        assert outcomes(server) == first
        until(lambda: server.counts()["in_flight"] == 0)
        assert server.counts()["refused"] == sum(b" 429 " in each for each in first) > 0
        assert server.service.state.about()["replay"] is True
    assert len(set(first)) > 4


def test_a_record_of_no_faults(tmp_path: Path) -> None:
    file = io.StringIO()
    with running(flags(tmp_path), record=RecordWriter(file, silence)) as server:
        assert server.ask("/flags/br/br.gif").status == 200
        assert server.ask("/-/about").status == 200
    (line,) = file.getvalue().splitlines()
    assert json.loads(line)["decision"] == {"delay": 0.0, "status": None, "faults": []}
