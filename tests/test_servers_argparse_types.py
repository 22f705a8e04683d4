"""Argument types that read files; the others are tested with the options that use them."""

import argparse
from collections.abc import Callable
from pathlib import Path

import pytest

from servers.app import argparse_types
from servers.faults.fault_plan import FaultPlan


def test_a_scenario_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text("seed = 3\n")
    assert argparse_types.scenario(str(file)).seed == 3


def test_a_record_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    file.write_text('{"path": "/a", "attempt": 1, "decision": {"delay": 1}}\n')
    assert argparse_types.replay(str(file)).plan("LOCAL", "/a", 1) != FaultPlan()


@pytest.mark.parametrize("read", [argparse_types.scenario, argparse_types.replay])
@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "cannot read '"), (b"\xff", "utf-8"), (b"x", "s\\x1b: ")],
)
def test_refusals(
    tmp_path: Path, read: Callable[[str], object], content: bytes | None, sentence: str
) -> None:
    file = tmp_path / "s\x1b"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(argparse.ArgumentTypeError) as caught:
        read(str(file))
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_name_that_none_can_have() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="null"):
        argparse_types.scenario("a\0b")
