"""The documented schema of events is true: real events satisfy it and have no other fields."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests.kit import ROOT, getflags

if TYPE_CHECKING:
    from getflags.testing.flag_server import StartFlagServer

PAGE = ROOT / "docs" / "reference" / "events.md"
SCHEMA = json.loads(PAGE.with_name("events.schema.json").read_text(encoding="utf-8"))
KINDS: dict[str, Any] = {
    each["$ref"].rpartition("/")[2]: SCHEMA["$defs"][each["$ref"].rpartition("/")[2]]
    for each in SCHEMA["oneOf"]
}
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def events(*words: str, cwd: Path) -> list[dict[str, Any]]:
    """Return the events of a run, each of which satisfies the schema."""
    lines = getflags("--json", *words, cwd=cwd).stdout.splitlines()
    found = [json.loads(line) for line in lines]
    for event in found:
        VALIDATOR.validate(event)
        assert set(event) == set(KINDS[event["event"]]["properties"])
    return found


def test_the_schema_is_one_and_demands_every_field() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for name, kind in KINDS.items():
        assert kind["properties"]["event"] == {"const": name}
        assert set(kind["required"]) == set(kind["properties"])


def test_the_page_names_every_event_and_every_field() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, kind in KINDS.items():
        assert f"`{name}`" in text
        for field in kind["properties"]:
            assert f"`{field}`" in text


def test_real_events_satisfy_the_schema(flag_server: StartFlagServer, tmp_path: Path) -> None:
    plain = flag_server()
    busy = flag_server(fail_first=1)
    hurt = flag_server(busy_above=1, retry_after=1, latency="fixed:0.05")
    cut = flag_server(fault="truncate")
    limited = flag_server(rate_limit=20, burst=2)
    shared = ["-m", "2", "-d", "files"]
    (tmp_path / "files").mkdir()
    (tmp_path / "list.txt").write_text("http://[\n")
    seen = events(
        *shared, plain.url_for("/bytes/20000000/large"), plain.url_for("/nothing"),
        busy.url_for("br/br.gif"), cwd=tmp_path,
    )  # fmt: skip
    seen += events(*shared, "--exists", "skip", busy.url_for("br/br.gif"), cwd=tmp_path)
    seen += events(*shared, "-i", "list.txt", cwd=tmp_path)
    seen += events(*shared, "--base-url", plain.url, "X", cwd=tmp_path)
    seen += events(*shared, *(hurt.url_for(f"/bytes/9/{n}") for n in range(3)), cwd=tmp_path)
    seen += events("-d", "limited", "-l", "9", "-a", "--base-url", limited.url, cwd=tmp_path)
    seen += events(*shared, "--retries", "1", cut.url_for("/bytes/20000000/cut"), cwd=tmp_path)
    seen += events("-m", "auto", "-a", "--base-url", plain.url, cwd=tmp_path)
    seen += events(*shared, "--dry-run", "-i", "list.txt", plain.url_for("/f"), cwd=tmp_path)
    mirrors = f"{plain.url_for('/nothing')}\t{plain.url_for('/bytes/9/mirror')}\n"
    (tmp_path / "mirrors.txt").write_text(mirrors)
    seen += events(*shared, "-i", "mirrors.txt", cwd=tmp_path)
    assert {event["event"] for event in seen} == set(KINDS)
    statuses = {event["status"] for event in seen if event["event"] == "finished"}
    assert statuses == set(KINDS["finished"]["properties"]["status"]["enum"])
    assert any(event.get("pause") for event in seen)
    assert sum(bool(event.get("mirror")) for event in seen) == 2
    assert any(event.get("path", "") is None for event in seen)


@pytest.mark.parametrize("broken", [{"seconds": -1}, {"status": "lost"}, {"code": "200"}])
def test_the_schema_refuses_what_an_event_never_is(
    broken: dict[str, Any], flag_server: StartFlagServer, tmp_path: Path
) -> None:
    *_, finished, _ = events("--base-url", flag_server().url, "BR", cwd=tmp_path)
    with pytest.raises(jsonschema.ValidationError):
        VALIDATOR.validate(finished | broken)
