"""What is written down can be done again."""

import errno
import io
import json
from http import HTTPStatus
from pathlib import Path

import pytest

from servers.content.resources import Flags
from servers.faults.decision import Verdict
from servers.faults.draws import Behaviour, Decision
from servers.faults.kinds.body.reset import Reset
from servers.faults.kinds.status.busy import Busy
from servers.faults.kinds.status.error import Error
from servers.faults.latency import Latency
from servers.faults.rules import parse
from servers.faults.values import Point
from servers.state.recording import Record, read
from tests.messages import NO_FAULT
from tests.servers_kit import Running, flags, request, running, until

VERDICTS = {
    "/a": Verdict(Decision(0.25, HTTPStatus.IM_A_TEAPOT), {}),
    "/b?c": Verdict(Decision(), {"reset": Reset(Point(50, relative=True)), "error": Error(500)}),
    "/c": Verdict(Decision(0.1, None), {"busy": Busy(3)}),
}


def silence(sentence: str) -> None:
    raise AssertionError(sentence)


def written() -> str:
    file = io.StringIO()
    record = Record(file, silence)
    for path, verdict in VERDICTS.items():
        record.decided("ERROR", path, 2, verdict)
    return file.getvalue()


def test_a_line() -> None:
    assert json.loads(written().splitlines()[1]) == {
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
    replay = read(written().splitlines())
    for path, verdict in VERDICTS.items():
        assert replay.verdict("ERROR", path, 2) == verdict
    assert replay.verdict("ERROR", "/a", 1) == Verdict()
    assert replay.verdict("LOCAL", "/a", 2) == Verdict()
    assert read(["", "  "]).verdict("ERROR", "/a", 2) == Verdict()


@pytest.mark.parametrize(
    "text",
    ["drip:every=0.00001", "stall:seconds=0.00002,after=0.00003%", "truncate:after=33.3333333%"],
)
def test_small_and_long_numbers_come_back_as_they_were(text: str) -> None:
    file = io.StringIO()
    rule = parse(text)
    assert not isinstance(rule.effect, Latency)
    verdict = Verdict(Decision(), {rule.fault: rule.effect})
    Record(file, silence).decided("LOCAL", "/a", 1, verdict)
    assert read(file.getvalue().splitlines()).verdict("LOCAL", "/a", 1) == verdict


def test_a_record_tells_of_the_servers_that_it_names() -> None:
    replay = read(written().splitlines())
    assert replay.tells_of(["LOCAL", "ERROR"])
    assert not replay.tells_of(["LOCAL"])
    assert read(['{"path": "/a", "attempt": 1, "decision": {}}']).tells_of(["LOCAL"])
    assert read([]).tells_of(["LOCAL"])


def test_a_line_without_a_label_is_for_all() -> None:
    replay = read(['{"path": "/a", "attempt": 1, "decision": {"delay": 2}}'])
    assert replay.verdict("LOCAL", "/a", 1) == Verdict(Decision(2, None))


def test_a_reset_takes_back_what_was_recorded_of_that_server() -> None:
    file = io.StringIO(written())
    file.seek(0, io.SEEK_END)
    record = Record(file, silence)
    record.decided("LOCAL", "/a", 1, VERDICTS["/a"])
    record.reset("ERROR")
    record.decided("ERROR", "/z", 1, VERDICTS["/c"])
    replay = read(file.getvalue().splitlines())
    assert replay.verdict("ERROR", "/a", 2) == Verdict()
    assert replay.verdict("ERROR", "/z", 1) == VERDICTS["/c"]
    assert replay.verdict("LOCAL", "/a", 1) == VERDICTS["/a"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("x", "line 2 is not of a record: "),
        ("[" * 100_000, "line 2 is not of a record: "),
        ("1", "give an object with label, path, attempt and decision"),
        ('{"x": 1}', "give an object with"),
        ('{"path": "/a", "attempt": 1}', "decision is missing, or not what it should be"),
        ('{"path": 1, "attempt": 1, "decision": {}}', "path is missing, or not what"),
        ('{"path": "/a", "attempt": "1", "decision": {}}', "attempt is missing"),
        ('{"path": "/a", "attempt": 1, "decision": {"x": 1}}', "a decision has delay, status and"),
        ('{"path": "/a", "attempt": 1, "decision": {"delay": -1}}', "delay: give seconds"),
        ('{"path": "/a", "attempt": 1, "decision": {"status": 999}}', "999 is not a valid"),
        ('{"path": "/a", "attempt": 1, "decision": {"faults": [1]}}', f"'' {NO_FAULT}"),
        (
            '{"path": "/a", "attempt": 1, "decision": {"faults": [{"fault": "latency"}]}}',
            f"'latency' {NO_FAULT}: give error,",
        ),
        (
            '{"path": "/a", "attempt": 1, "decision": {"faults": [{"fault": "drip", "size": 0}]}}',
            "size: '0' is not a size",
        ),
    ],
)
def test_what_is_no_record(line: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=r"^line 2 is not of a record: ") as caught:
        read(["", line])
    assert sentence in str(caught.value)


class Full(io.StringIO):
    """A file on a disk without room."""

    def write(self, _: str) -> int:
        """Fail."""
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_ends_the_record_and_is_told_once() -> None:
    sentences: list[str] = []
    record = Record(Full(), sentences.append)
    record.reset("LOCAL")
    record.reset("LOCAL")
    assert sentences == ["the record ends here: No space left on device"]


TARGETS = [f"/bytes/1000/{number}" for number in range(30)]


def outcomes(server: Running) -> list[bytes]:
    """Ask for all targets twice; return what came back, without its date."""
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
    with running(served, behaviour, record=Record(file, silence)) as server:
        assert server.ask("/-/reset", "POST").status == 200
        first = outcomes(server)
    lines = file.getvalue().splitlines()
    assert len(lines) == 1 + 2 * len(TARGETS)
    with running(served, seed=8, replay=read(lines)) as server:
        assert outcomes(server) == first
        until(lambda: server.counts()["in_flight"] == 0)
        assert server.counts()["refused"] == sum(b" 429 " in each for each in first) > 0
        assert server.service.origin.about()["replay"] is True
    assert len(set(first)) > 4


def test_a_record_of_no_faults(tmp_path: Path) -> None:
    file = io.StringIO()
    with running(flags(tmp_path), record=Record(file, silence)) as server:
        assert server.ask("/flags/br/br.gif").status == 200
        assert server.ask("/-/about").status == 200
    (line,) = file.getvalue().splitlines()
    assert json.loads(line)["decision"] == {"delay": 0.0, "status": None, "faults": []}
