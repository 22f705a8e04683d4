"""The package as a whole: its three sites, and that it stands on its own."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import servers
from servers.faults import Behaviour

MODULES = sorted(Path(servers.__file__).parent.rglob("*.py"))
FOREIGN = {"httptools", "trustme", "uvloop"}


def imports(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def test_the_three_sites() -> None:
    assert {
        "LOCAL": (8000, Behaviour()),
        "DELAY": (8001, Behaviour(delay=(0.5, 5.0))),
        "ERROR": (8002, Behaviour(delay=(0.5, 5.0), error_rate=0.25)),
    } == servers.SITES


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_imports_stay_in_the_package_or_the_standard_library(module: Path) -> None:
    """In a wheel the folder lies elsewhere, so an absolute import of itself would break."""
    names = {name.partition(".")[0] for name in imports(module) if not name.startswith(".")}
    assert names <= sys.stdlib_module_names | FOREIGN


@pytest.mark.parametrize(
    "name",
    "faults ledger ranges validators respond pages bandwidth slots delivery latency rules scenario "
    "values verdict".split(),
)
def test_the_pure_modules_have_no_way_to_the_world(name: str) -> None:
    module = Path(servers.__file__).with_name(f"{name}.py")
    assert not set(imports(module)) & {"asyncio", "time", "random", "socket", "pathlib", "io"}


def test_faults_have_no_way_to_the_world() -> None:
    world = {"asyncio", "time", "random", "socket", "pathlib", "io", "os"}
    for module in MODULES:
        if module.parent.name == "misbehaviour":
            assert not set(imports(module)) & world, module


def test_every_module_has_its_test_file() -> None:
    tests = {path.stem for path in Path(__file__).parent.glob("test_servers_*.py")}
    shared = {"__init__": "package", "__main__": "main", "representation": "respond"}
    for module in MODULES:
        if module.parent.name != "misbehaviour":
            assert f"test_servers_{shared.get(module.stem, module.stem)}" in tests, module
