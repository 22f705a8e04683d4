"""The package as a whole: its three default servers, and its independence."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import servers
from servers.app.server_defaults import SERVER_DEFAULTS
from servers.faults.draws import Behaviour

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
    } == SERVER_DEFAULTS


def test_imports_stay_in_the_package_or_the_standard_library() -> None:
    """In a wheel the package has another name, so absolute imports of it would break."""
    found = {
        (str(module), name)
        for module in MODULES
        for name in imports(module)
        if not name.startswith(".")
        and name.partition(".")[0] not in sys.stdlib_module_names | FOREIGN
    }
    assert found == set()
