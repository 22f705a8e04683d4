"""The report: counts, sentences, and the exit code that can be believed."""

import pytest

from getflags.core.events import Finished, Progressed, Retrying, Started
from getflags.core.models import Checksum, ExitStatus, Outcome, Status, Target
from getflags.output.summary import FEW, Report, closing, opening

FLAG = Target(0, "BR", "BR", "http://h/br/br.gif", "d", "br.gif")
GUESS = Target(1, "BQ", "BQ", "http://h/bq/bq.gif", "d", "bq.gif", guessed=True)

OK = Outcome(FLAG, Status.OK, size=10)
PRESENT = Outcome(FLAG, Status.PRESENT, "already exists", size=99)
MISSING = Outcome(FLAG, Status.NOT_FOUND, "404 Not Found", 404)
NO_SUCH_CODE = Outcome(GUESS, Status.NOT_FOUND, "404 Not Found", 404)
FAILED = Outcome(FLAG, Status.FAILED, "reset")
FAILED_GUESS = Outcome(GUESS, Status.FAILED, "reset")


def report(*outcomes: Outcome) -> Report:
    result = Report()
    for outcome in outcomes:
        result.read(Finished(outcome))
    return result


def test_outcomes_are_counted_and_kept_in_order() -> None:
    result = report(OK, MISSING, OK, PRESENT, FAILED)
    assert result.outcomes == [OK, MISSING, OK, PRESENT, FAILED]
    assert (result.total, result.arrived, result.failures) == (5, 3, 2)
    assert result.bytes == 20, "what was there already was not fetched"


def test_only_ends_count() -> None:
    result = report()
    result.read(Started(FLAG))
    result.read(Progressed(FLAG, 5, 10))
    assert (result.total, result.bytes, result.outcomes) == (0, 0, [])


def test_a_run_of_millions_keeps_counts_alone() -> None:
    result = Report(keep=False)
    result.read(Finished(OK))
    assert (result.total, result.outcomes) == (1, [])


def test_its_repr_is_short() -> None:
    result = report(OK, MISSING, OK, PRESENT, FAILED)
    result.elapsed = 1.234
    shown = "<Report: 2 ok, 1 present, 1 not found, 1 failed; 20 bytes in 1.23 s>"
    assert repr(result) == shown
    assert repr(Report()) == "<Report: no targets; 0 bytes in 0.00 s>"


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ([], ExitStatus.OK),
        ([OK], ExitStatus.OK),
        ([PRESENT], ExitStatus.OK),
        ([OK, PRESENT], ExitStatus.OK),
        ([OK, NO_SUCH_CODE], ExitStatus.OK),
        ([NO_SUCH_CODE, NO_SUCH_CODE], ExitStatus.OK),
        ([OK, MISSING], ExitStatus.SOME_FAILED),
        ([OK, FAILED], ExitStatus.SOME_FAILED),
        ([OK, FAILED_GUESS], ExitStatus.SOME_FAILED),
        ([PRESENT, FAILED], ExitStatus.SOME_FAILED),
        ([FAILED], ExitStatus.ALL_FAILED),
        ([MISSING, FAILED], ExitStatus.ALL_FAILED),
        ([NO_SUCH_CODE, FAILED], ExitStatus.ALL_FAILED),
    ],
)
def test_the_exit_status_is_the_truth_in_one_number(
    outcomes: list[Outcome], expected: ExitStatus
) -> None:
    assert report(*outcomes).exit_status is expected


@pytest.mark.parametrize(
    ("labels", "total", "limit", "lines"),
    [
        (["BR"], 1, 1, ["Searching for 1 flag: BR", "1 connection will be used."]),
        (
            ["BR", "DE"],
            2,
            2,
            ["Searching for 2 flags: BR, DE", "2 concurrent connections will be used."],
        ),
        (
            ["AD", "LK"],
            100,
            100,
            [
                "Searching for 100 flags: from AD to LK",
                "100 concurrent connections will be used.",
            ],
        ),
        (
            ["AD", "ZW"],
            FEW + 1,
            20,
            ["Searching for 11 flags: from AD to ZW", "20 concurrent connections will be used."],
        ),
    ],
)
def test_the_opening_says_what_is_going_to_be_fetched(
    labels: list[str], total: int, limit: int, lines: list[str]
) -> None:
    assert opening("flag", labels, total, limit) == lines


def test_few_targets_are_all_named() -> None:
    labels = [f"A{letter}" for letter in "ABCDEFGHIJ"]
    auto = opening("flag", labels, FEW, 256, adaptive=True)[1]
    assert auto == "Up to 256 concurrent connections, adapted to each server, will be used."
    assert opening("flag", labels, FEW, 5)[0] == f"Searching for 10 flags: {', '.join(labels)}"


def test_the_closing_is_the_seeds_transcript() -> None:
    result = report(*[OK] * 52, *[FAILED] * 48)
    result.elapsed = 3.314
    assert closing(result, "flag") == [
        "--------------------",
        " 52 flags downloaded.",
        " 48 errors.",
        "Elapsed time: 3.31s",
    ]


@pytest.mark.parametrize(
    ("outcomes", "lines"),
    [
        ([], ["  0 files downloaded."]),
        ([OK], ["  1 file downloaded."]),
        ([OK, PRESENT], ["  1 file downloaded.", "  1 there already, not checked."]),
        ([PRESENT, PRESENT], ["  0 files downloaded.", "  2 there already, not checked."]),
        (
            [OK, NO_SUCH_CODE, MISSING],
            ["  1 file downloaded.", "  2 not found."],
        ),
        ([OK, FAILED], ["  1 file downloaded.", "  1 error."]),
        (
            [FAILED, MISSING, PRESENT, OK],
            [
                "  1 file downloaded.",
                "  1 there already, not checked.",
                "  1 not found.",
                "  1 error.",
            ],
        ),
    ],
)
def test_the_closing_says_only_what_occurred(outcomes: list[Outcome], lines: list[str]) -> None:
    said = closing(report(*outcomes), "file")
    volume = ["1 file, 10 B in 0.0 s, in d/"] if OK in outcomes else []
    assert said == ["-" * 20, *lines, *volume, "Elapsed time: 0.00s"]


def volume(*outcomes: Outcome) -> str:
    result = report(*outcomes)
    result.elapsed = 1.9
    return closing(result, "file")[-2]


def test_the_closing_says_how_much_how_fast_and_where() -> None:
    six = OK._replace(size=6_000_000)
    assert volume(six, six, six) == "3 files, 18.0 MB in 1.9 s (9.5 MB/s), in d/"
    half = six._replace(resumed=3_000_000)
    assert volume(half) == (
        "1 file, 6.0 MB in 1.9 s (1.6 MB/s), in d/; 3.0 MB of it from an earlier run"
    )


@pytest.mark.parametrize(("folder", "shown"), [("a/", "a/"), ("/", "/"), ("a\x1b", "a\\x1b/")])
def test_the_closing_names_the_folder(folder: str, shown: str) -> None:
    assert volume(OK._replace(target=FLAG._replace(folder=folder))).endswith(f", in {shown}")


def test_the_closing_names_no_folder_if_there_are_several() -> None:
    many = [OK._replace(target=FLAG._replace(folder=name)) for name in ("a", "b", "c")]
    assert volume(*many).endswith("B/s)")


def test_a_file_that_a_request_or_a_checksum_has_vouched_for_was_checked() -> None:
    unchanged = PRESENT._replace(reason="not modified", requests=1)
    known = PRESENT._replace(target=FLAG._replace(checksum=Checksum("sha-256", "00")))
    assert closing(report(unchanged, known), "file")[2] == "  2 files already on disk."


def test_the_closing_tells_of_tries_and_pauses() -> None:
    result = report()
    target = Target(0, "w", "w", "http://h/f", "d", "f")
    result.read(Retrying(target, 1, "reset"))
    assert " 1 retry." in closing(result, "file")[2]
    result.read(Retrying(target, 1, "429", "http://h:80", asked=True))
    result.read(Retrying(target, 1, "429", "http://g:80"))
    assert closing(result, "file")[2:5] == [
        "  3 retries.",
        "http://h:80 refused 1 request with Retry-After; getflags waited as requested.",
        "http://g:80 refused 1 request; getflags slowed down.",
    ]
