"""docs/hazards.md tells the truth: every hazard is there once, every test that it names exists."""

from __future__ import annotations

import ast
import importlib
import re
from typing import NamedTuple

from tests.kit import ROOT

PAGE = (ROOT / "docs" / "hazards.md").read_text(encoding="utf-8")
#: The list that the page began with; its gaps are numbers that were given up.
IDS = (
    "A1 A2 A3 A4 A6 A7 A8 A11 A13 A14 A15 A16 A17 A18 A19 B1 B2 B4 B6 C1 C2 C3 C4 C6 C7 C8 C9 C10 "
    "C11 C12 C15 D1 D2 D3 D5 D6 D7 D8 D9 D10 D11 D12 E1 E2 E3 E4 E6 E7 E8 E9 E10 E11 F1 F2 F3 F4 "
    "F5 F6 G1 G2 G3 G4 G5 G7 G8 G11 G12 H1 H3 H4 H5 H7 H9 H13 H14 H16 H17 H18 I1 I2 I3"
).split()


class Row(NamedTuple):
    """A line of a table."""

    name: str
    tests: str


ROWS = [
    Row(cells[0], cells[-1])
    for line in PAGE.splitlines()
    if re.match(r"\| [A-Z][0-9]+ \|", line)
    for cells in [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]]
]
TEST = re.compile(r"`(test_\w+\.py)::(test_\w+)`(?: \(([^)]*)\))?")
NAMED = [(row.name, *match.groups()) for row in ROWS for match in TEST.finditer(row.tests)]


def tables(module: str, test: str) -> list[dict[object, object]]:
    """Return the module's dictionaries that a test mentions, in its body or above it."""
    text = (ROOT / "tests" / module).read_text(encoding="utf-8")
    (function,) = [
        node
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef) and node.name == test
    ]
    mentioned = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    found = vars(importlib.import_module(f"tests.{module.removesuffix('.py')}"))
    return [found[name] for name in mentioned if isinstance(found.get(name), dict)]


def test_every_hazard_is_there_once_and_names_its_tests() -> None:
    names = [row.name for row in ROWS]
    ours = [name for name in names if name.startswith("X")]
    reported = [name for name in names if name.startswith("J")]
    assert [name for name in names if name not in {*ours, *reported}] == IDS
    assert reported == sorted(set(reported), key=lambda name: int(name[1:]))
    assert ours == [f"X{number}" for number in range(1, len(ours) + 1)]
    for row in ROWS:
        assert TEST.search(row.tests), row


def test_every_test_that_is_named_exists_and_so_do_its_rows() -> None:
    assert len(NAMED) >= len(ROWS)
    assert [each for named in NAMED for each in missing(*named)] == []


def missing(row: str, module: str, test: str, keys: str | None) -> list[str]:
    """Return the test or the rows of its tables that a line of the page names in vain."""
    path = ROOT / "tests" / module
    if not path.exists() or f"\ndef {test}(" not in path.read_text(encoding="utf-8"):
        return [f"{row}: {module}::{test}"]
    wanted = re.findall(r"`([^`]+)`", keys or "")
    known = [str(each) for table in tables(module, test) for each in table] if wanted else []
    return [
        f"{row}: {module}::{test}: {key}"
        for key in wanted
        if not (
            any(each.startswith(key[:-1]) for each in known) if key.endswith("*") else key in known
        )
    ]


def test_every_row_of_a_table_that_is_about_a_hazard_is_named_there() -> None:
    for path in sorted((ROOT / "tests").glob("test_hazards_*.py")):
        found = vars(importlib.import_module(f"tests.{path.stem}"))
        for table in [each for each in found.values() if isinstance(each, dict)]:
            for key in table:
                match = re.match(r"([A-IX][0-9]+) ", key) if isinstance(key, str) else None
                if match:
                    (row,) = [row for row in ROWS if row.name == match[1]]
                    assert f"`{path.name}::" in row.tests, key
                    assert f"`{match[1]} *`" in row.tests, key
