"""The house's rules: imports go down, pure rooms do no I/O, rooms are small and have charters."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from tests.kit import ROOT

#: From the ground up. A room may import from floors below its own, never from its own or above.
FLOORS = [
    {
        "errors",
        "model",
        "text",
        "throttle",
        "codes",
        "urls",
        "interrupts",
        "machine",
        "pace",
        "durable",
        "interpreter",
        "goodput",
    },
    {
        "governor",
        "events",
        "message",
        "naming",
        "inputfile",
        "proxies",
        "bundled",
        "policy",
        "request",
    },
    {"partfile", "refusals", "ondisk"},
    {"answer", "ranges", "forkserver", "flag_server"},
    {"plan", "transfer", "report", "progress", "jsonlines", "save", "wire", "wire.httpx_faults"},
    {
        "wire.tls",
        "wire.watchdog",
        "wire.names",
        "spill",
        "wire.curl_faults",
        "wire.curl_head",
        "wire.curl_sockets",
        "folders",
    },
    {"wire.httpx_common", "fetch", "wire.curl_easy", "origins"},
    {"wire.httpx_sync", "wire.curl_multi", "agenda"},
    {"wire.httpx_wire"},
    {"wire.curl_wire"},
    {"engines.sequential", "engines.threads", "engines.event_loop"},
    {"engines.shard"},
    {"engines.processes"},
    {"engines"},
    {"bench"},
    {"bench.stats", "bench.cells", "bench.job"},
    {"bench.window", "bench.knee", "bench.results", "bench.runs", "bench.ground"},
    {"bench.race", "bench.course", "bench.child", "bench.logbook", "bench.comparison"},
    {"bench.tuning", "bench.lanes", "bench.ranking", "bench.session", "bench.doubts"},
    {"bench.racer", "bench.track", "bench.table", "bench.advice"},
    {"bench.report"},
    {"bench.report.figures", "bench.report.words", "bench.report.palette", "bench.report.markup"},
    {"bench.report.evaluate", "bench.report.sentences", "bench.report.charts", "bench.report.svg"},
    {"bench.report.plot", "bench.report.tables"},
    {"bench.report.page"},
    {"api"},
    {""},
    {"pytest_plugin"},
    {"cli.values", "cli.signals", "cli.serve", "cli.lines", "cli.parser"},
    {"cli.groups"},
    {"cli.options"},
    {
        "cli.source",
        "cli.failed",
        "cli.screen",
        "cli.settings",
        "cli.checks",
        "cli.board",
        "cli.race_options",
        "cli.report",
        "cli.bench_options",
    },
    {"cli.bench_command", "cli.bench_field", "cli.bench_progress", "cli.tune_options"},
    {"cli.download", "cli.race", "cli.bench", "cli.tune"},
    {"cli"},
    {"__main__"},
]
PURE = (
    "model errors events text urls codes naming inputfile plan message proxies transfer report "
    "jsonlines policy agenda request answer ranges governor goodput origins "
    "bench.race bench.lanes bench.ranking bench.report.figures bench.report.words "
    "bench.report.palette bench.report.markup bench.report.evaluate bench.report.sentences "
    "bench.report.charts bench.report.svg bench.report.tables"
).split()
#: Pure, too, but for the dice: experiments are shuffled and resampled, from a seed.
SEEDED = (
    "bench.stats bench.window bench.knee bench.tuning bench.cells bench.job bench.comparison "
    "bench.doubts bench.table bench.advice cli.bench_command"
).split()
FORBIDDEN = set(
    "asyncio httpx time threading os pathlib tqdm socket io ssl subprocess signal tempfile shutil "
    "aiofiles pycurl selectors sys random".split()
)
LONGEST_FUNCTION = 40
LONGEST_MODULE = 250


def modules(package: str) -> dict[str, Path]:
    folder = ROOT / package
    return {
        ".".join(path.relative_to(folder).with_suffix("").parts)
        .removesuffix("__init__")
        .rstrip("."): path
        for path in sorted(folder.rglob("*.py"))
    }


OURS = modules("getflags")
EVERYTHING = [path for package in ("getflags", "servers", "artwork") for path in
              modules(package).values()]  # fmt: skip


def imports(path: Path) -> set[str]:
    """Return the full names of all that a file imports, also inside functions; not for types."""
    found: set[str] = set()
    skipped: set[ast.AST] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            skipped.update(ast.walk(node))
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def ours(name: str) -> str | None:
    """Return the room that an import leads to."""
    if name.partition(".")[0] != "getflags":
        return None
    room = name.removeprefix("getflags").lstrip(".")
    while room not in OURS:
        room = room.rpartition(".")[0]
    return room


def test_every_room_has_a_floor() -> None:
    assert sorted(room for floor in FLOORS for room in floor) == sorted(OURS)


@pytest.mark.parametrize("room", OURS)
def test_imports_go_down(room: str) -> None:
    level = {name: number for number, floor in enumerate(FLOORS) for name in floor}
    uphill = {
        target
        for name in imports(OURS[room])
        if (target := ours(name)) is not None and target != room and level[target] >= level[room]
    }
    assert not uphill, f"{room} imports uphill: {uphill}"


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_do_no_io(room: str) -> None:
    names = {name.partition(".")[0] for name in imports(OURS[room])}
    assert not names & FORBIDDEN


@pytest.mark.parametrize("room", SEEDED)
def test_seeded_rooms_do_no_io_either(room: str) -> None:
    names = {name.partition(".")[0] for name in imports(OURS[room])}
    assert not names & FORBIDDEN - {"random"}


def test_only_the_wire_knows_an_http_library() -> None:
    for room, path in OURS.items():
        known = {name.partition(".")[0] for name in imports(path)}
        assert not known & {"httpx", "httpcore", "h11"} or room.startswith("wire.httpx_"), room
        assert "pycurl" not in known or room.startswith("wire.curl_"), room


def test_only_who_draws_knows_the_plotting_library() -> None:
    for room, path in OURS.items():
        known = {name.partition(".")[0] for name in imports(path)}
        assert not known & {"matplotlib", "numpy"} or room == "bench.report.plot", room


def test_the_servers_know_nothing_of_getflags() -> None:
    for path in modules("servers").values():
        assert not any(name.startswith("getflags") for name in imports(path)), path


@pytest.mark.parametrize("path", EVERYTHING, ids=lambda path: str(path.relative_to(ROOT)))
def test_rooms_are_small_and_open_with_a_charter(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a charter says what may live here"
    assert len(text.splitlines()) <= LONGEST_MODULE
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            assert (node.end_lineno or 0) - node.lineno < LONGEST_FUNCTION, node.name


def test_every_room_has_its_test_file() -> None:
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests").glob("test_*.py")}
    shared = {
        "model": "engines", "events": "engines", "errors": "engines", "fetch": "wire_httpx",
        "wire": "wire_httpx", "wire.httpx_wire": "wire_httpx", "wire.httpx_faults": "wire_httpx",
        "engines.sequential": "engines", "engines.threads": "engines",
        "engines.event_loop": "engines", "engines.shard": "processes",
        "engines.processes": "processes", "": "api", "__main__": "cli_download",
        "cli": "cli_usage", "cli.options": "cli_usage", "cli.groups": "cli_usage",
        "cli.serve": "cli_serve", "cli.settings": "cli_usage",
        "cli.values": "cli_usage", "cli.lines": "cli_lines",
        "wire.curl_wire": "wire_curl", "wire.curl_multi": "wire_curl", "interrupts": "cli_signals",
        "wire.curl_easy": "wire_curl", "wire.curl_faults": "wire_curl",
        "wire.curl_head": "wire_curl",
        "wire.httpx_common": "wire_httpx", "request": "transfer", "answer": "transfer",
        "origins": "agenda", "goodput": "governor", "folders": "save", "ondisk": "save",
        "durable": "save",
        "wire.watchdog": "wire_watchdog", "wire.names": "wire_names", "forkserver": "flag_server",
        "partfile": "save", "refusals": "save",
        "pace": "engines", "wire.httpx_sync": "wire_httpx",
        "cli.source": "cli_usage", "cli.failed": "cli_download", "cli.screen": "cli_download",
        "cli.tune_options": "cli_tune",
        "bench": "bench_tuning", "interpreter": "bundled", "bench.lanes": "bench_race",
        "bench.ranking": "bench_race", "bench.course": "bench_track", "bench.racer": "bench_track",
        "cli.board": "cli_race", "cli.race_options": "cli_race", "cli.checks": "cli_usage",
        "cli.parser": "cli_usage", "wire.curl_sockets": "wire_curl",
        "bench.report": "bench_report_page", "bench.report.figures": "bench_report_evaluate",
        "cli.bench_options": "cli_bench",
        "cli.bench_field": "cli_bench", "cli.bench_command": "cli_bench",
        "cli.bench_progress": "cli_bench",
    }  # fmt: skip
    for room in OURS:
        assert shared.get(room, room.replace(".", "_")) in tests, room


def test_version_and_help_load_neither_httpx_nor_asyncio(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import subprocess

    monkeypatch.chdir(ROOT)
    for option in ("--version", "-h"):
        script = (
            "import sys; from getflags.cli import main\n"
            "try:\n"
            f"    main(['{option}'])\n"
            "except SystemExit:\n"
            "    pass\n"
            "sys.exit(bool({'httpx', 'asyncio', 'tqdm', 'matplotlib'} & set(sys.modules)))"
        )
        done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
        assert done.returncode == 0, option
