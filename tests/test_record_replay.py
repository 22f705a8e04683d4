"""What one client has met, another meets again: recorded with getflags, replayed to curl."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from getflags.testing.flag_server import FlagServer, StartFlagServer
from tests.kit import ENVIRON, files, run_main

CURL = shutil.which("curl")

#: Faults that end a try, which both clients are told to repeat, and some that don't. The third
#: request for a path meets none of the former, so that both get everything in the end.
SCENARIO = """
seed = 7

[[rule]]
fault = "error"
first = 2
rate = 0.3

[[rule]]
fault = "busy"
retry-after = 0
first = 2
rate = 0.2

[[rule]]
fault = "reset"
after = 2000
first = 2
rate = 0.2

[[rule]]
fault = "truncate"
after = "33.3333333%"
first = 2
rate = 0.2

[[rule]]
fault = "wrong-length"
first = 1
rate = 0.2

[[rule]]
fault = "drip"
size = 5000
every = 0.00001

[[rule]]
fault = "latency"
seconds = "uniform:0-0.02"

[[rule]]
fault = "etag-changes"
"""
PATHS = [
    *(f"/flags/{code}/{code}.gif" for code in ("br", "cn", "de", "fr")),
    *(f"/bytes/{size}/{size}.bin?x={size}" for size in range(20_000, 20_008)),
]


def name(path: str) -> str:
    return path.partition("?")[0].rpartition("/")[2]


def run_getflags(server: FlagServer, folder: Path) -> None:
    urls = [server.url_for(path) for path in PATHS]
    words = ["--retries", "5", "-m", "4", "-d", str(folder), *urls]
    done = run_main(*words, cwd=folder.parent)
    assert done.returncode == 0, done.stderr


def run_curl(server: FlagServer, folder: Path) -> None:
    """Fetch all paths at once, begun in the opposite order."""
    folder.mkdir()
    assert CURL
    again = ["--retry", "5", "--retry-all-errors", "--retry-delay", "1"]
    runs = [
        subprocess.Popen(
            [CURL, "-q", "-sS", "--fail", *again, "-o", name(path), server.url_for(path)],
            cwd=folder, env=ENVIRON, stderr=subprocess.PIPE, text=True,
        )
        for path in reversed(PATHS)
    ]  # fmt: skip
    for run in runs:
        _, errors = run.communicate(timeout=50)
        assert run.returncode == 0, errors


def by_path(record: Path) -> dict[str, list[dict[str, Any]]]:
    """Return what was decided for each path, one attempt after the other."""
    found = defaultdict(list)
    for line in map(json.loads, record.read_text(encoding="utf-8").splitlines()):
        found[line["path"]].append(line["decision"])
        assert line["attempt"] == len(found[line["path"]])
    return dict(found)


@pytest.mark.skipif(CURL is None, reason="needs curl")
def test_what_getflags_met_is_done_to_curl_again(
    flag_server: StartFlagServer, tmp_path: Path
) -> None:
    scenario, first, second = (tmp_path / each for each in ("s.toml", "first", "second"))
    scenario.write_text(SCENARIO, encoding="utf-8")
    recorded = flag_server(scenario=scenario, record=first)
    run_getflags(recorded, tmp_path / "one")
    replayed = flag_server(replay=first, record=second)
    run_curl(replayed, tmp_path / "two")

    one, two = recorded.ledger(), replayed.ledger()
    assert one.attempts == two.attempts
    assert one.responses == two.responses
    assert one.refused == two.refused > 0
    decisions = by_path(first)
    assert decisions == by_path(second)
    assert files(tmp_path / "one") == files(tmp_path / "two")
    assert set(map(len, decisions.values())) == {1, 2, 3}
    assert {
        fault["fault"] for path in PATHS for each in decisions[path] for fault in each["faults"]
    } == {"error", "busy", "reset", "truncate", "wrong-length", "drip", "etag-changes"}
