"""The benchmark's arithmetic, tables, command lines and picture; nothing is measured here."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import re
import tarfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from benchmarks import (
    capped,
    cells,
    clients,
    files,
    honesty,
    jobs,
    picture,
    report,
    stats,
    summary,
    table,
    trial,
)
from benchmarks.grounds import Ground, configuration, site
from benchmarks.job_rows import HUNG, KILLED, Output, Row, judge
from benchmarks.job_rows import table as job_table
from benchmarks.job_tools import (
    TOOLS,
    datatrove_found,
    files_found,
    getflags_found,
    getflags_reported,
    img2dataset_found,
    s5cmd_reported,
)
from benchmarks.job_tools import Errand as JobErrand
from benchmarks.peers import groups, options
from benchmarks.rounds import Job, Method, environment, fitting, planned, told
from getflags.engines import ENGINES
from getflags.testing import FaultResult, TrialResult
from getflags.testing.trials.faults import STANDARD
from getflags.transport import CLIENTS
from tests.kit import ROOT


def row(client: str, number: int, wall: float, **other: Any) -> dict[str, Any]:
    """Return a row as a run leaves it."""
    return {
        "cell": "small", "scheme": "http", "group": "equal", "limit": 10, "client": client,
        "round": number, "load": 0.5, "wall": wall, "cpu": 0.5, "rss": 20_480, "floor": 9_000,
        "exit": 0, "late": False, "said": "", "files": 5_000, "right": 5_000, "strange": 0,
        "refused": 0, "spoken": "HTTP/1.1" if number == 0 else "", **other,
    }  # fmt: skip


ROWS = [
    *(row("curl -Z", number, 1.0 + number / 10) for number in range(4)),
    *(row("wget2", number, 2.0 + number / 5, scheme="http") for number in range(4)),
    *(row("getflags", number, 3.0 + 3 * number / 10) for number in range(3)),
    *(row("liar", number, 0.1, right=16) for number in range(4)),
    row("late", 0, 40.0, right=0, late=True, exit=None, cpu=None, rss=None),
]
ERRAND = clients.Errand(Path("/l/urls"), Path("/l/curl"), "http://x/a.bin", Path("/d"))
EQUAL = clients.Errand(
    Path("/l/urls"), Path("/l/curl"), "https://x/a.bin", Path("/d"), "https", 7, 3, Path("/ca.pem")
)


def job(name: str = "small", scheme: str = "http", group: str = "equal") -> Job:
    """Return a job that nobody will run."""
    ground = Ground({"http": "http://a/"}, {"http": "http://p/"}, Path("/ca.pem"))
    folder = Path("/nowhere")
    return Job(cells.CELLS[name], scheme, group, 10, ground, folder, ["a.bin"], folder)


# stats


def test_the_interval_holds_the_median_and_is_the_same_each_time() -> None:
    one = stats.estimate([1.0, 1.2, 1.1, 3.0, 1.3])
    assert one == stats.estimate([1.0, 1.2, 1.1, 3.0, 1.3])
    assert one
    assert (one.middle, one.count) == (1.2, 5)
    assert 1.0 <= one.low < one.middle < one.high <= 3.0


def test_no_rounds_no_estimate_and_one_round_no_width() -> None:
    assert stats.estimate([]) is None
    assert stats.estimate([2.0]) == stats.Estimate(2.0, 2.0, 2.0, 1)


# summary and table


def test_a_summary_sorts_by_wall_and_puts_who_failed_last() -> None:
    (cell,) = summary.summary(ROWS)
    assert [one.client for one in cell.lines] == ["curl -Z", "wget2", "getflags", "liar", "late"]
    assert cell.best == "curl -Z"
    ours = cell.lines[2]
    assert ours.ratio
    assert ours.ratio.middle == pytest.approx(3)
    assert (ours.rounds, ours.ratio.count) == (2, 2)  # the warm-up doesn't count
    assert ours.cpu == pytest.approx(100e-6)
    assert ours.peak == 20


def test_who_lies_and_who_is_late_is_said_so() -> None:
    (cell,) = summary.summary(ROWS)
    *_, liar, late = cell.lines
    assert (liar.false_code, liar.whole, liar.ratio) == (True, False, None)
    assert (late.late, late.false_code, late.rounds) == (True, False, 0)
    text = table.table(cell)
    assert "**0 (false)** | **16 of 5,000**" in text
    assert "> 40.000" in text
    assert "warm-up only" in text


def test_right_files_with_a_bad_exit_code_are_false_as_well() -> None:
    (cell,) = summary.summary([row("curl -Z", number, 1.0, exit=1) for number in range(2)])
    assert cell.lines[0].false_code


def test_a_reference_that_fails_is_none() -> None:
    rows = [row("curl -Z", 1, 0.1, right=3, exit=22), row("wget2", 1, 2.0), row("x", 1, 3.0)]
    (cell,) = summary.summary(rows)
    assert cell.best == "wget2"
    assert all(one.ratio is None for one in cell.lines)
    assert picture.against(cell) == "wget2"
    assert "1 = wget2" in picture.draw([cell])


def test_a_peak_below_what_can_be_seen_is_marked() -> None:
    (cell,) = summary.summary([row("curl -Z", 1, 1.0, rss=9_000)])
    assert "≤ 9 |" in table.table(cell)


def test_tables_are_rectangular_and_tell_protocols_and_refusals_where_they_matter() -> None:
    (cell,) = summary.summary([row("curl -Z", n, 1.0, scheme="h2", refused=3) for n in (0, 1)])
    lines = table.table(cell).splitlines()[2:]
    assert len({line.count("|") for line in lines}) == 1
    assert "refusals" in lines[0]
    assert "curl -Z (HTTP/1.1)" in lines[2]


@pytest.mark.parametrize(
    ("value", "text"), [(0.987, "0.99"), (12.34, "12.3"), (1234.5, "1,234"), (9.994, "9.99")]
)
def test_numbers_carry_as_many_digits_as_they_deserve(value: float, text: str) -> None:
    assert table.number(value) == text


# picture and report


def test_the_picture_names_every_client_and_stays_on_its_paper() -> None:
    svg = picture.draw(summary.summary([*ROWS, row("<&> script", 1, 50.0)]))
    root = ET.fromstring(svg)  # noqa: S314 - our own
    width, height = map(float, root.attrib["viewBox"].split()[2:])
    shown = {}
    for element in root.findall(".//{*}text"):
        shown[element.text] = element
        place = re.match(r"translate\((\S+) (\S+)\)", element.get("transform", ""))
        x, y = place.groups() if place else (element.get("x", ""), element.get("y", ""))
        assert 0 <= float(x) <= width
        assert 0 <= float(y) <= height
    assert {"curl -Z", "wget2", "getflags", "liar", "late", "<&> script"} < set(shown)
    assert {"\u2717 16 of 5,000 files right, exit 0 (false)", "\u2717 stopped after 40 s"} < set(
        shown
    )
    assert "prefers-color-scheme: dark" in svg
    assert svg.count("var(--accent)") >= 2  # the interval and the median of getflags


def test_nothing_to_compare_makes_an_empty_picture() -> None:
    svg = picture.draw(summary.summary([row("getflags", 1, 1.0)]))
    assert [text.text for text in ET.fromstring(svg).findall(".//{*}text")] == [picture.HEADING]  # noqa: S314 - our own


def test_the_picture_shows_plain_http_with_own_defaults_if_it_was_measured(tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    for more, titles in (([], 2), ([row("curl -Z", 1, 1.0, group="defaults")], 1)):
        others = [row("curl -Z", 1, 1.0), row("curl -Z", 1, 1.0, scheme="https")]
        rows.write_text("".join(json.dumps(one) + "\n" for one in [*others, *more]))
        report.report(rows, tmp_path / "rows.svg")
        assert (tmp_path / "rows.svg").read_text().count("; 1 = curl") == titles


def test_the_published_picture_shows_what_the_tables_say() -> None:
    docs = Path(picture.__file__).parents[1] / "docs"
    page = (docs / "peers.md").read_text(encoding="utf-8")
    drawn = [text.text for text in ET.parse(docs / "peers.svg").findall(".//{*}text")]  # noqa: S314 - our own
    tables = [part for part in page.split("## ") if "over http, own defaults" in part]
    assert len(tables) == 4
    for part in tables:
        assert f"{part.splitlines()[0]}; 1 = curl -Z" in drawn
        for client, value in re.findall(
            r"^\| ([^|]+) \| [\d.]+ \| ([\d.]+) \[", part, re.MULTILINE
        ):
            drawn.remove(client)
            drawn.remove(value)
    rest = [text for text in drawn if text and ":" not in text]
    assert all(re.fullmatch(r"(0\.)?[125]0*", text) for text in rest), rest  # the axes


def test_a_file_of_rows_becomes_tables_and_a_picture(tmp_path: Path) -> None:
    about = {
        "about": "today", "cores": 2, "system": "Linux", "workers": 1, "python": "3.11",
        "seed": 7, "load": 0.1,
        "versions": {"curl": "curl 7.88.1 (x86_64)", "nginx": "nginx/1.22.1"},
    }  # fmt: skip
    rows = tmp_path / "rows.jsonl"
    rows.write_text("".join(json.dumps(one) + "\n" for one in [about, *ROWS]))
    text = report.report(rows, tmp_path / "rows.svg")
    assert "curl 7.88.1; nginx 1.22.1." in text
    assert "## small over http, 10 at a time: 5,000 files of 12 KB" in text
    ET.parse(tmp_path / "rows.svg")  # noqa: S314 - our own


# clients and rounds


def test_every_engine_meets_every_client() -> None:
    names = [peer.name for peer in clients.PEERS]
    assert len(set(names)) == len(names)
    for engine in ENGINES:
        for client in CLIENTS:
            assert f"getflags {engine}/{client}" in names


@pytest.mark.parametrize("peer", clients.PEERS, ids=lambda peer: peer.name)
def test_equal_terms_tell_the_number_and_defaults_tell_none(peer: clients.Peer) -> None:
    equal, alone = peer.words(EQUAL), peer.words(ERRAND)
    assert "7" in equal
    assert not [word for word in alone if word.isdigit()]
    assert "/d" in " ".join(alone)


@pytest.mark.parametrize("name", ["getflags", "curl -Z", "wget2", "aria2c", "httpx script"])
def test_clients_trust_the_throw_away_authority_over_tls_alone(name: str) -> None:
    (peer,) = (peer for peer in clients.PEERS if peer.name == name)
    assert "/ca.pem" in peer.words(EQUAL)
    assert "/ca.pem" not in peer.words(ERRAND)


def test_what_is_missing_is_told_with_the_way_to_get_it() -> None:
    peer = clients.Peer("x", clients.curl, "no-such-tool", ("no_such_module",), "apt-get install x")
    assert peer.missing() == "x: no no_such_module, no-such-tool here; try `apt-get install x`."
    assert clients.Peer("y", clients.curl, "", ("json",)).missing() == ""


def test_clients_run_where_they_make_sense() -> None:
    peers = list(clients.PEERS)

    def names(one: Job) -> set[str]:
        return {peer.name for peer in fitting(peers, one)}

    assert "axel" in names(job("big")) - names(job("small"))
    assert "aria2c" in names(job()) - names(job(scheme="h2"))
    assert "getflags sequential/httpx" in names(job()) - names(job("wan"))
    assert not [name for name in names(job(group="defaults")) if "/" in name]


def test_slow_clients_run_fewer_rounds_and_hopeless_ones_none() -> None:
    method = Method(rounds=7, budget=20.0, seed=1)
    assert planned(row("x", 0, 0.2), method) == 7
    assert planned(row("x", 0, 9.0), method) == 3
    assert planned(row("x", 0, 30.0), method) == 1
    assert planned(row("x", 0, 0.1, right=0), method) == 0
    assert planned(row("x", 0, 40.0, late=True), method) == 0


def test_clients_get_nobodys_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:1")
    assert "HTTPS_PROXY" not in environment(job())
    assert "SSL_CERT_FILE" not in environment(job())
    assert environment(job(scheme="h2"))["SSL_CERT_FILE"] == "/ca.pem"


def test_watchers_learn_of_wrong_files() -> None:
    assert told(row("x", 1, 1.0, right=3)).endswith("exit 0, 3 of 5000 right")
    assert told(row("x", 1, 1.0, late=True)).endswith("too late")


# cells, files, grounds, capped


def test_schemes_are_those_that_the_server_speaks() -> None:
    assert cells.schemes(cells.CELLS["small"], ("http", "h2")) == ("http", "h2")
    assert cells.schemes(cells.CELLS["wan"], ("http", "h2")) == ("http",)
    assert cells.schemes(cells.CELLS["wan"], ("h2",)) == ()


def test_files_are_distinct_and_the_check_sees_every_flaw(tmp_path: Path) -> None:
    cell = cells.Cell("few", "", 5, 1_000, 2)
    names = files.make(cell, tmp_path / "served")
    assert len({(tmp_path / "served" / name).read_bytes() for name in names}) == 5
    there = tmp_path / "there"
    files.make(cell, there)
    assert files.check(tmp_path / "served", names, there) == files.Check(5, 0, 0)
    (there / names[0]).write_bytes(bytes(1_000))
    (there / names[1]).write_bytes(b"short")
    (there / names[2]).rename(there / "stranger")
    assert files.check(tmp_path / "served", names, there) == files.Check(2, 3, 1)


def test_the_flags_are_the_projects_own(tmp_path: Path) -> None:
    assert len(files.make(cells.CELLS["tiny"], tmp_path / "served")) == 20


def test_nginx_shares_nothing_with_another_nginx() -> None:
    folder = Path("/own")
    sites = [site(scheme, 1, folder, folder / "served", None) for scheme in cells.SCHEMES]
    text = configuration(folder, sites)
    assert text.count("/own/") > 10
    assert "/var" not in text
    assert "ssl" not in sites[0].partition(";")[0]
    assert " ssl http2" in sites[2]


def test_the_capped_server_refuses_what_is_too_much(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"hello")

    async def ask(port: int, words: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(words + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await reader.readuntil(b"\r\n\r\n")
        if words.startswith(b"GET") and b"200 OK" in answer:
            answer += await reader.readexactly(5)
        writer.close()
        await writer.wait_closed()
        return answer

    async def scene() -> list[bytes]:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: capped.Connection(service), "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            asked = [ask(port, b"GET /a.bin") for _ in range(3)]
            return [*await asyncio.gather(*asked), await ask(port, b"HEAD /a.bin"),
                    await ask(port, b"GET /b.bin")]  # fmt: skip

    service = capped.Service(tmp_path, cap=2, delay=0.05)
    *three, head, missing = asyncio.run(scene())
    assert sum(answer.endswith(b"hello") for answer in three) == 2
    assert sum(b" 429 " in answer and b"Retry-After: 1" in answer for answer in three) == 1
    assert b" 200 " in head
    assert b" 404 " in missing
    assert service.ledger == {"requests": 4, "refused": 1, "peak": 2}
    assert service.busy == 0


# the command line


def test_a_wrong_name_is_refused_with_the_right_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options().parse_args(["--cells", "small,huge"])
    assert "'huge' is none of small, mid" in capsys.readouterr().err


def test_the_groups_can_be_chosen() -> None:
    assert groups(options().parse_args([])) == ["equal", "defaults"]
    assert groups(options().parse_args(["--equal-only"])) == ["equal"]
    assert groups(options().parse_args(["--defaults-only"])) == ["defaults"]


# honesty: in the slow tests, as 300 benches each are simulated


@pytest.mark.slow
@pytest.mark.parametrize("count", [4, 8])
def test_no_output_claims_differences_between_equal_cells(count: int) -> None:
    """A/A: each output may claim one in 5 % of the benches, 15 of 300; chance makes up to 26."""
    found = honesty.claims(count, 1.0)
    assert max(found[output] for output in ("table", "caveats", "page")) <= 26


@pytest.mark.slow
@pytest.mark.parametrize("count", [4, 8])
def test_three_rounds_prove_nothing(count: int) -> None:
    assert not +honesty.claims(count, 1.0, rounds=3)


@pytest.mark.slow
@pytest.mark.parametrize("count", [4, 8])
def test_real_differences_are_found(count: int) -> None:
    found = honesty.claims(count, honesty.WORSE)
    assert min(found["table"], found["page"]) >= 180


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 4])
def test_a_comparison_of_equal_benches_finds_nothing_slower(count: int) -> None:
    """A/A: 5 % of 300 comparisons may be wrong, half of these in this direction; see above."""
    assert honesty.slower(count, 1.0, 0.0, 0.03, in_turn=True) <= 26
    assert honesty.slower(count, 1.0, 0.05, 0.03, in_turn=True) <= 1
    assert honesty.slower(count, 1.0, 0.0, 0.03, honesty.DRIFT, in_turn=True) <= 26


@pytest.mark.slow
@pytest.mark.parametrize(("count", "noise"), [(1, 0.03), (4, 0.02)])
def test_a_comparison_finds_a_tenth(count: int, noise: float) -> None:
    """In nine of ten pairs of benches with the default number of rounds."""
    assert honesty.slower(count, 0.9, 0.0, noise, in_turn=True) >= 270


@pytest.mark.slow
def test_a_tenth_is_more_than_five_percent() -> None:
    assert honesty.slower(1, 0.9, 0.05, 0.02, in_turn=True) >= 270


@pytest.mark.slow
def test_benches_one_after_the_other_on_a_machine_that_drifts_prove_little() -> None:
    """It is the reason for the caveat."""
    assert honesty.slower(1, 1.0, 0.0, 0.03, honesty.DRIFT, in_turn=False) > 60


def test_the_page_of_trials_has_a_column_for_each_client() -> None:
    def result(fault: str, reason: str) -> FaultResult:
        return FaultResult(fault, 7, 0, 3, {"0": 1}, not reason, reason, 10, 0, 1, 0.5, "")

    honest = TrialResult(tuple(result(name, "") for name in STANDARD))
    liar = TrialResult(tuple(result(name, "exit code 0, 3 files missing") for name in STANDARD))
    first, _, head, _, *rows = trial.table({"a": honest, "b": liar}, ["c"]).splitlines()
    assert first.endswith(". Not installed and left out: c.")
    assert head == "| fault | a | b |"
    assert rows[0] == "| `none` | 7 right | **no:** exit code 0, 3 files missing |"
    assert len(rows) == len(STANDARD)
    page = (ROOT / "docs" / "trial.md").read_text(encoding="utf-8")
    assert page.count(trial.MARK) == 1
    assert all(f"| `{name}` | " in page.partition(trial.MARK)[2] for name in STANDARD)


def test_clients_that_are_not_installed_are_known() -> None:
    assert trial.is_there(("sh",), "")
    assert not trial.is_there(("sh",), "no_such_package")
    assert not trial.is_there(("no-such-program",), "")


# jobs


def test_the_output_of_a_job_is_held_against_the_list_and_the_contents() -> None:
    contents = {name: name.encode() for name in "abcde"}
    found = [("a", b"a"), ("b", b"x"), ("c", b"c"), ("c", b"c"), ("f", b"f")]
    output = judge(found, ["a", "b", "c", "d"], contents)
    assert output == Output(right=2, wrong=1, missing=1, twice=1, strange=1)
    assert not output.is_whole
    assert judge([("a", b"a")], ["a"], contents).is_whole


def test_the_table_of_jobs_tells_who_told_the_truth() -> None:
    whole, part = Output(1_000, 0, 0, 0, 0), Output(950, 0, 50, 0, 0)
    lines = job_table(
        [
            Row("a", whole, ["0"], 1_000, 1_000, 0),
            Row("b", part, [KILLED, "0"], 1_000, 2_000, 7),
            Row("c", part, [HUNG], None, 2_000, 0),
        ]
    ).splitlines()
    assert len({line.count("|") for line in lines}) == 1
    assert lines[2:] == [
        "| a | 1,000 | 0 | 0 | 0 | 0 | 0 | yes | 1,000 | yes | 1,000 | 0 |",
        "| b | 950 | 0 | 50 | 0 | 0 | killed, then 0 | **no** | 1,000 | **no** | 2,000 | 7 |",
        "| c | 950 | 0 | 50 | 0 | 0 | none | - | none | - | 2,000 | 0 |",
    ]


def test_all_tools_of_a_job_get_the_same_terms(tmp_path: Path) -> None:
    urls = [f"http://x:1/files/{number:05}.jpg" for number in range(250)]
    for tool in TOOLS:
        words = tool.words(JobErrand(urls, tmp_path, 64, tmp_path))
        assert any(word in {"32", "64", "--max-threads=32"} for word in words), tool.name
        assert any(word in {"3", "--tries=4"} for word in words), tool.name
    assert [path.name for path in sorted((tmp_path / "parts").iterdir())] == [
        "00000.jsonl", "00001.jsonl", "00002.jsonl",
    ]  # fmt: skip
    assert "cp s3://files/00249.jpg " in (tmp_path / "commands.txt").read_text()


def tarred(path: Path, members: dict[str, bytes], end: int | None = None) -> None:
    """Write a tar, or its beginning."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.getvalue()[:end])


def test_the_outputs_of_all_tools_can_be_read_also_where_they_end_early(tmp_path: Path) -> None:
    members = {"0.jpg": b"hello", "0.json": b'{"url": "http://x/files/a.jpg"}'}
    tarred(tmp_path / "00000.tar", members)
    tarred(tmp_path / "00001.tar", members, 100)
    assert list(img2dataset_found(tmp_path)) == [("a.jpg", b"hello")]
    media = '{"media": [{"url": "http://x/b.jpg", "media_bytes": "aGVsbG8="}]}'
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "0.jsonl.gz").write_bytes(gzip.compress(media.encode()))
    (tmp_path / "data" / "1.jsonl.gz").write_bytes(gzip.compress(media.encode())[:20])
    assert list(datatrove_found(tmp_path)) == [("b.jpg", b"hello")]
    tarred(tmp_path / "data" / "00000000-ab.tar", {"7.jpg": b"hello"})
    row = '{"key": "7.jpg", "url": "http://x/c.jpg"}'
    (tmp_path / "data" / "00000000-ab.jsonl.gz").write_bytes(gzip.compress(row.encode()))
    (tmp_path / "_getflags" / "done").mkdir(parents=True)
    record = tmp_path / "_getflags" / "done" / "00000000.json"
    record.write_text('{"shard": 0, "attempt": "ab", "ending": ".tar"}')
    assert list(getflags_found(tmp_path)) == [("c.jpg", b"hello")]
    assert list(files_found(tmp_path / "_getflags" / "done")) == [
        (record.name, record.read_bytes())
    ]


def test_the_reports_of_tools_are_read_from_what_they_print() -> None:
    assert getflags_reported(Path(), 'x\n{"targets": 9, "counts": {"ok": 7}}\n') == 7
    assert getflags_reported(Path(), "getflags: error") is None
    assert s5cmd_reported(Path(), "Operation\tTotal\tError\tSuccess\t\ncp\t\t4\t2\t1\t\n") == 1
    assert s5cmd_reported(Path(), "") is None


def test_the_page_of_jobs_has_a_table_for_each_situation() -> None:
    page = jobs.PAGE.read_text(encoding="utf-8")
    assert page.count(jobs.MARK) == 1
    tables = page.partition(jobs.MARK)[2].split("\n## ")[1:]
    assert [each.splitlines()[0] for each in tables] == [each.heading for each in jobs.SITUATIONS]
    for text, situation in zip(tables, jobs.SITUATIONS, strict=True):
        assert situation.about in text
        assert "| getflags cluster |" in text


def test_the_files_of_a_job_are_different_pictures(tmp_path: Path) -> None:
    (situation,) = (each for each in jobs.SITUATIONS if each.heading == "404 and 503")
    names = situation.names()
    assert sum("-gone" in name for name in names[: jobs.COUNT]) == 50
    assert sum("-busy" in name for name in names[: jobs.COUNT]) == 50
    contents = jobs.pictures(names[:20], tmp_path / "files")
    assert len(contents) == len(set(contents.values())) == 19
    assert all(content.startswith(b"\xff\xd8") for content in contents.values())
    assert {path.name for path in (tmp_path / "files").iterdir()} == set(contents)
