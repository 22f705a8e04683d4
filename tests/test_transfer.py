"""One file's journey: facts go in, decisions come out."""

from base64 import b64encode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from getflags.core.errors import (
    Aborted,
    Disconnected,
    Excess,
    Exhausted,
    Expired,
    Fault,
    Malformed,
    NotSaved,
    Refused,
    TimedOut,
    Unreachable,
    Unresolved,
    Untrusted,
)
from getflags.core.events import Progressed, Resumed
from getflags.core.models import (
    Checksum,
    DownloadOptions,
    Exists,
    FetchRecord,
    Fields,
    OnDisk,
    Outcome,
    PartialFile,
    ResumeRecord,
    Status,
    Target,
)
from getflags.core.response_head import Head
from getflags.transfer.actions import Done, Install, ProgressStep, Refusal, Request, Wait
from getflags.transfer.body import MIN_EVENT_INTERVAL, PROGRESS_INTERVAL, PROGRESS_STEP
from getflags.transfer.origin_state import OriginState
from getflags.transfer.refresh import source
from getflags.transfer.state import TRANSITIONS, State
from getflags.transfer.transfer import Transfer
from tests.messages import (
    CHECKSUM,
    INCOMPLETE,
    NOT_SAVED,
    TOO_LARGE,
    TOO_MANY_REDIRECTS,
    UNWANTED_PART,
)

relaxed = settings(deadline=None)

NOW = 1000.0  # seconds, on any clock
HOME = "http://h/a/f.gif"
OURS: Fields = (("accept-encoding", "identity"), ("accept", "*/*"), ("user-agent", "getflags"))
DIGEST = "0123456789abcdef" * 4
SHA256 = Checksum("sha256", DIGEST)
OLD_DATE = "Sun, 06 Nov 1994 08:49:37 GMT"
MINE = FetchRecord(source(HOME, HOME), '"mine"', None)
OLD = OnDisk(1640995200, 42, record=MINE)  # Sat, 01 Jan 2022 00:00:00 GMT
USUAL = DownloadOptions(retries=0)

# What a user may add, and a server elsewhere must not learn.
SECRETS: Fields = (
    ("Authorization", "Bearer token"),
    ("Cookie", "session=1"),
    ("X-Api-Key", "key"),
    ("Proxy-Authorization", "Basic eDp5"),
    ("X-Something-Else", "who knows"),
    ("Referer", "http://intranet/"),
)
HARMLESS: Fields = (
    ("Accept", "image/gif"),
    ("Accept-Language", "pt"),
    ("Cache-Control", "no-cache"),
    ("Pragma", "no-cache"),
    ("User-Agent", "mine/1"),
)


def transfer(
    url: str = HOME,
    *,
    rules: DownloadOptions = USUAL,
    on_disk: OnDisk | None = None,
    checksum: Checksum | None = None,
) -> Transfer:
    """Return a transfer that has begun."""
    begun = Transfer(Target(0, url, url, url, "d", "f.gif", checksum), rules)
    begun.begin(on_disk, None, NOW)
    return begun


def head(status: int, **fields: str) -> Head:
    return Head(status, tuple((name.replace("_", "-"), value) for name, value in fields.items()))


def asked(under_way: Transfer) -> Request:
    """Return what is to be asked now; nothing else may have been decided."""
    assert isinstance(under_way.action, Request)
    return under_way.action


def waits(under_way: Transfer) -> Wait:
    """Return what is to be waited for; nothing else may have been decided."""
    assert under_way.state is State.WAITING
    assert isinstance(under_way.action, Wait)
    return under_way.action


def is_complete(under_way: Transfer) -> bool:
    """Whether the file is to be put in place."""
    return under_way.state is State.INSTALLING and isinstance(under_way.action, Install)


def fields_of(under_way: Transfer) -> dict[str, str]:
    """Return the fields to be sent, by name in lower case; each at most once."""
    headers = asked(under_way).headers
    found = {name.lower(): value for name, value in headers}
    assert len(found) == len(headers)
    return found


def ended(done: Transfer) -> Outcome:
    """Return the outcome; nothing more may be asked."""
    assert done.state is State.DONE
    assert isinstance(done.action, Done)
    return done.action.outcome


def keeps_part(done: Transfer) -> bool:
    """Whether what has come is of use to a later run."""
    assert isinstance(done.action, Done)
    return done.action.keep_part


def reason(done: Transfer) -> str:
    """Return why a transfer failed."""
    outcome = ended(done)
    assert outcome.status is Status.FAILED
    assert outcome.reason
    assert outcome.size == 0
    return outcome.reason


def redirect(under_way: Transfer, to: str, status: int = 302) -> None:
    assert under_way.head_arrived(head(status, location=to)) is False, "its body is not wanted"
    under_way.succeeded(NOW)


def answer(under_way: Transfer, size: int = 10, digest: str | None = None) -> None:
    """Answer with a whole body of that size."""
    assert under_way.head_arrived(head(200, content_length=str(size)))
    under_way.bytes_arrived(size, 0)
    under_way.succeeded(NOW, digest)


# Beginning


def test_a_transfer_begins_by_asking_for_its_url() -> None:
    begun = transfer()
    assert asked(begun) == Request(HOME, OURS)
    assert begun.state is State.REQUESTED
    assert begun.size is None


def test_a_fact_out_of_order_is_a_bug_and_changes_nothing() -> None:
    under_way = transfer()
    with pytest.raises(RuntimeError, match="cannot go from REQUESTED to REQUESTED"):
        under_way.succeeded(NOW)
    answer(under_way)
    under_way.installed()
    with pytest.raises(RuntimeError, match="cannot go from DONE to RECEIVING"):
        under_way.head_arrived(head(200))
    assert ended(under_way).status is Status.OK


def test_every_state_has_its_row_and_all_but_the_last_lead_to_the_end() -> None:
    assert set(TRANSITIONS) == set(State)
    assert [state for state in State if State.DONE not in TRANSITIONS[state]] == [State.DONE]
    assert TRANSITIONS[State.DONE] == set()
    assert {State.NEW} == set(State).difference(*TRANSITIONS.values())


def test_a_target_with_a_flaw_fails_without_a_request() -> None:
    target = Target(0, "x", "x", "", "d", "x", flaw="it names no host")
    flawed = Transfer(target, USUAL)
    flawed.begin(None, None, NOW)
    assert ended(flawed) == Outcome(target, Status.FAILED, "it names no host")


def test_a_flaw_outweighs_a_file_that_is_there() -> None:
    flawed = Transfer(
        Target(0, "x", "x", "", "d", "x", flaw="bad"), DownloadOptions(exists=Exists.SKIP)
    )
    flawed.begin(OLD, None, NOW)
    assert reason(flawed) == "bad"


# A response with a body


def test_a_whole_body_of_the_announced_length_is_a_file() -> None:
    under_way = transfer()
    assert under_way.head_arrived(head(200, content_length="10")) is True
    assert under_way.body.expected == 10
    assert asked(under_way)
    assert [under_way.bytes_arrived(piece, 0)[0] for piece in (4, 6)] == [0, 4]
    assert under_way.succeeded(NOW) == Install(None)
    under_way.installed()
    outcome = ended(under_way)
    assert (outcome.status, outcome.reason) == (Status.OK, "")
    assert (outcome.code, outcome.size, outcome.requests) == (200, 10, 1)
    assert not outcome.unsized


def test_an_empty_body_is_a_file_too() -> None:
    under_way = transfer()
    under_way.head_arrived(head(200, content_length="0"))
    under_way.succeeded(NOW)
    assert is_complete(under_way)
    under_way.installed()
    assert (ended(under_way).size, ended(under_way).unsized) == (0, False)


@pytest.mark.parametrize("status", [201, 202, 203, 207, 226, 299])
def test_of_all_successes_only_200_brings_the_file(status: int) -> None:
    assert transfer().head_arrived(head(200)) is True
    other = transfer()
    assert other.head_arrived(head(status)) is False
    assert reason(other).startswith(str(status))


def test_a_file_that_is_being_made_is_asked_for_later() -> None:
    pending = transfer(rules=TWICE)
    pending.head_arrived(head(202, retry_after="7"))
    assert waits(pending) == Wait(7, "202 Accepted")
    pending.begin(None, None, NOW)
    pending.head_arrived(head(202, retry_after="7"))
    assert reason(pending) == "202 Accepted (2 tries)"


@pytest.mark.parametrize("came", [0, 9])
def test_a_body_that_is_not_as_long_as_announced_is_no_file(came: int) -> None:
    under_way = transfer()
    under_way.head_arrived(head(200, content_length="10"))
    under_way.bytes_arrived(came, 0)
    under_way.succeeded(NOW)
    assert reason(under_way) == f"incomplete: {came} of 10 bytes received"
    assert ended(under_way).code == 200


def test_a_body_longer_than_announced_ends_with_the_first_byte_too_many() -> None:
    under_way = transfer()
    under_way.head_arrived(head(200, content_length="10"))
    under_way.bytes_arrived(10, 0)
    with pytest.raises(Excess) as caught:
        under_way.bytes_arrived(1, 0)
    under_way.failed(caught.value, NOW)
    assert reason(under_way) == "too long: 11 of 10 bytes received"
    assert not keeps_part(under_way)


def test_a_right_checksum_does_not_excuse_a_wrong_length() -> None:
    under_way = transfer(checksum=SHA256)
    under_way.head_arrived(head(200, content_length="10"))
    under_way.bytes_arrived(9, 0)
    under_way.succeeded(NOW, DIGEST)
    assert "incomplete" in reason(under_way)


def test_a_length_that_makes_no_sense_fails_before_the_body() -> None:
    under_way = transfer()
    assert under_way.head_arrived(head(200, content_length="5, 6")) is False
    assert "Content-Length" in reason(under_way)


def test_without_a_length_the_file_is_taken_and_marked() -> None:
    under_way = transfer()
    under_way.head_arrived(head(200))
    assert under_way.body.expected is None
    under_way.bytes_arrived(7, 0)
    under_way.succeeded(NOW)
    under_way.installed()
    assert (ended(under_way).status, ended(under_way).size) == (Status.OK, 7)
    assert ended(under_way).unsized


def test_chunks_say_where_a_body_ends_without_a_length() -> None:
    under_way = transfer()
    under_way.head_arrived(head(200, transfer_encoding="chunked"))
    assert under_way.body.expected is None
    under_way.bytes_arrived(7, 0)
    under_way.succeeded(NOW)
    under_way.installed()
    assert (ended(under_way).size, ended(under_way).unsized) == (7, False)


def test_the_date_of_the_file_is_that_of_the_last_response() -> None:
    redirected = head(302, location="/b", last_modified="Thu, 01 Jan 2015 00:00:00 GMT")
    for fields, modified in (({}, None), ({"last_modified": OLD_DATE}, 784111777)):
        under_way = transfer()
        under_way.head_arrived(redirected)
        under_way.succeeded(NOW)
        under_way.head_arrived(head(200, **fields))
        record = FetchRecord(source(HOME, "http://h/b"), "", modified) if modified else None
        assert under_way.succeeded(NOW) == Install(modified, record)


def test_a_checksum_proves_what_no_length_announced() -> None:
    under_way = transfer(checksum=SHA256)
    under_way.head_arrived(head(200))
    under_way.bytes_arrived(7, 0)
    under_way.succeeded(NOW, DIGEST)
    assert is_complete(under_way)
    under_way.installed()
    assert not ended(under_way).unsized


@pytest.mark.parametrize("digest", ["f" * 64, "", None])
def test_a_wrong_checksum_is_no_file_and_names_both(digest: str | None) -> None:
    under_way = transfer(checksum=SHA256)
    answer(under_way, digest=digest)
    assert reason(under_way) == f"{CHECKSUM}: sha256 expected {DIGEST}, got {digest}"


def test_a_disk_that_refuses_is_a_failure_with_its_reason() -> None:
    under_way = transfer()
    under_way.head_arrived(head(200, content_length="10"))
    under_way.bytes_arrived(10, 0)
    under_way.failed(NotSaved("No space left on device"), NOW)
    assert reason(under_way) == f"{NOT_SAVED}No space left on device"


def test_a_whole_file_that_could_not_be_put_in_place_has_failed() -> None:
    under_way = transfer()
    answer(under_way)
    under_way.failed(NotSaved("Is a directory"), NOW)
    assert ended(under_way).status is Status.FAILED
    assert ended(under_way).reason == f"{NOT_SAVED}Is a directory"


def test_progress_is_told_at_every_step_and_not_between() -> None:
    under_way = transfer()
    under_way.head_arrived(head(200))
    half = PROGRESS_STEP // 2
    assert [
        bool(under_way.bytes_arrived(half, 0, NOW + number * MIN_EVENT_INTERVAL)[1])
        for number in range(5)
    ] == [False, True, False, True, False]
    now = NOW + 5 * MIN_EVENT_INTERVAL
    event = Progressed(under_way.target, PROGRESS_STEP * 11 + half, None)
    step = ProgressStep(event, None)
    assert under_way.bytes_arrived(PROGRESS_STEP * 9, 0, now) == (5 * half, step)
    assert under_way.bytes_arrived(PROGRESS_STEP - 1, 0, now + 0.5) == (event.received, None)
    assert under_way.size == PROGRESS_STEP * 12 + half - 1


def test_a_fast_body_reports_progress_ten_times_a_second() -> None:
    under_way = transfer()
    under_way.head_arrived(head(200))
    steps = [under_way.bytes_arrived(PROGRESS_STEP, 0, NOW + each / 100)[1] for each in range(100)]
    assert None not in steps, "a part file may be resumed from each step"
    events = [step.event for step in steps if step]
    assert events[0] == Progressed(under_way.target, PROGRESS_STEP, None)
    assert len(events) - events.count(None) == 10


def test_a_slow_body_reports_progress_by_time_and_a_small_one_never() -> None:
    under_way = transfer()
    under_way.head_arrived(head(200))
    assert under_way.bytes_arrived(5, 0, NOW) == (0, None)
    assert under_way.bytes_arrived(5, 0, NOW + PROGRESS_INTERVAL - 0.01) == (5, None)
    at, step = under_way.bytes_arrived(5, 0, NOW + PROGRESS_INTERVAL)
    assert (at, step and step.event) == (10, Progressed(under_way.target, 15, None))
    assert under_way.bytes_arrived(5, 0, NOW + PROGRESS_INTERVAL + 0.5) == (15, None)
    assert under_way.bytes_arrived(5, 0, NOW + PROGRESS_INTERVAL * 2)[1]


# Other answers


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (204, "204 No Content: no content"),
        (205, "205 Reset Content: no content"),
        (206, f"206 Partial Content: a part that was {UNWANTED_PART}"),
        (300, "300 Multiple Choices"),
        (304, "304 Not Modified"),
        (305, "305 Use Proxy"),
        (400, "400 Bad Request"),
        (401, "401 Unauthorized"),
        (403, "403 Forbidden"),
        (410, "410 Gone"),
        (418, "418 I'm a Teapot"),
        (429, "429 Too Many Requests"),
        (500, "500 Internal Server Error"),
        (503, "503 Service Unavailable"),
        (101, "101 Switching Protocols"),
        (999, "999 (not a standard status code)"),
    ],
)
def test_any_other_answer_is_a_failure_in_the_standards_words(status: int, why: str) -> None:
    under_way = transfer()
    assert under_way.head_arrived(head(status, content_length="5")) is False
    under_way.succeeded(NOW)
    assert reason(under_way) == why
    assert (ended(under_way).code, ended(under_way).requests) == (status, 1)


def test_not_found_is_a_status_of_its_own() -> None:
    under_way = transfer()
    assert under_way.head_arrived(head(404)) is False
    outcome = ended(under_way)
    assert (outcome.status, outcome.reason) == (Status.NOT_FOUND, "404 Not Found")
    assert (outcome.code, outcome.requests, outcome.size) == (404, 1, 0)


# A file that is there already


def test_a_file_that_is_there_can_be_skipped() -> None:
    skipped = transfer(rules=DownloadOptions(exists=Exists.SKIP), on_disk=OLD)
    outcome = ended(skipped)
    assert (outcome.status, outcome.size, outcome.requests) == (Status.PRESENT, 42, 0)
    assert outcome.reason


def test_a_file_that_is_there_can_be_a_failure() -> None:
    refused = transfer(rules=DownloadOptions(exists=Exists.FAIL), on_disk=OLD)
    assert reason(refused) == "a file with that name exists"
    assert ended(refused).requests == 0


@pytest.mark.parametrize("exists", list(Exists))
def test_a_file_that_is_not_there_is_asked_for_whatever_the_rule(exists: Exists) -> None:
    assert asked(transfer(rules=DownloadOptions(exists=exists))) == Request(HOME, OURS)


REFRESH = DownloadOptions(exists=Exists.REFRESH, retries=0)


def test_a_file_may_be_asked_for_only_if_it_changed() -> None:
    under_way = transfer(rules=REFRESH, on_disk=OLD)
    assert fields_of(under_way)["if-none-match"] == '"mine"'
    assert under_way.head_arrived(head(304)) is False
    outcome = ended(under_way)
    assert (outcome.status, outcome.size) == (Status.PRESENT, 42)
    assert (outcome.code, outcome.requests) == (304, 1)


@pytest.mark.parametrize(
    "record",
    [
        None,
        FetchRecord(source("http://h/x", HOME), '"mine"', None),  # of another target
        FetchRecord(source(HOME, "http://h/x"), '"mine"', None),  # behind a redirect
        FetchRecord(source(HOME, HOME), 'W/"mine"', None),
        FetchRecord(source(HOME, HOME), "", 5),
    ],
)
def test_without_a_strong_tag_of_that_url_no_304_is_believed(record: FetchRecord | None) -> None:
    under_way = transfer(rules=REFRESH, on_disk=OLD._replace(record=record))
    assert not {"if-none-match", "if-modified-since"} & fields_of(under_way).keys()
    under_way.head_arrived(head(304))
    assert reason(under_way) == "304 Not Modified"


SIX = 784111777  # Sun, 06 Nov 1994 08:49:37 GMT, in seconds
HERE = source(HOME, HOME)


@pytest.mark.parametrize(
    ("there", "fields", "kept"),
    [
        (OnDisk(SIX, 42), {"content_length": "42", "last_modified": OLD_DATE}, True),
        (OnDisk(SIX, 41), {"content_length": "42", "last_modified": OLD_DATE}, False),
        (OnDisk(SIX, 42), {"last_modified": OLD_DATE}, False),
        (OnDisk(SIX + 1, 42), {"content_length": "42", "last_modified": OLD_DATE}, False),
        (OnDisk(SIX, 42), {"content_length": "42"}, False),
        (OLD, {"content_length": "42", "etag": '"mine"'}, True),
        (OLD, {"content_length": "42", "etag": '"other"'}, False),
        (OLD, {"content_length": "43", "etag": '"mine"'}, False),
        (OLD, {"content_length": "42"}, False),
        (
            OnDisk(SIX, 42, record=FetchRecord(HERE, 'W/"mine"', SIX)),
            {"content_length": "42", "etag": 'W/"mine"', "last_modified": OLD_DATE},
            True,
        ),
        (
            OnDisk(SIX, 42, record=FetchRecord(HERE, 'W/"mine"', None)),
            {"content_length": "42", "etag": 'W/"mine"'},
            False,
        ),
        (
            OnDisk(SIX, 42, record=FetchRecord("another", "", SIX)),
            {"content_length": "42", "last_modified": OLD_DATE},
            False,
        ),
    ],
)
def test_the_head_of_a_whole_response_may_confirm_what_is_there(
    there: OnDisk, fields: dict[str, str], *, kept: bool
) -> None:
    under_way = transfer(rules=REFRESH, on_disk=there)
    assert under_way.head_arrived(head(200, **fields)) is not kept
    if kept:
        assert (ended(under_way).status, ended(under_way).size) == (Status.PRESENT, 42)


def test_the_record_of_a_download_is_that_of_the_response_with_the_file() -> None:
    under_way = transfer()
    under_way.head_arrived(head(200, etag='"mine"', content_length="0"))
    assert under_way.succeeded(NOW) == Install(None, MINE)
    odd = transfer()
    odd.head_arrived(head(200, etag='"a\tb"', content_length="0"))
    assert odd.succeeded(NOW) == Install(None, None)


@pytest.mark.parametrize("status", [204, 206, 403, 500])
def test_a_file_that_is_there_does_not_excuse_an_error(status: int) -> None:
    under_way = transfer(rules=DownloadOptions(exists=Exists.REFRESH, retries=0), on_disk=OLD)
    under_way.head_arrived(head(status))
    assert reason(under_way)


def test_a_file_that_changed_is_fetched_anew() -> None:
    under_way = transfer(rules=DownloadOptions(exists=Exists.REFRESH), on_disk=OLD)
    answer(under_way)
    under_way.installed()
    assert (ended(under_way).status, ended(under_way).size) == (Status.OK, 10)


def test_the_tag_of_a_file_is_told_to_the_url_that_it_came_from() -> None:
    behind = "http://elsewhere/f"
    there = OLD._replace(record=FetchRecord(source(HOME, behind), '"mine"', None))
    under_way = transfer(rules=REFRESH, on_disk=there)
    assert "if-none-match" not in fields_of(under_way)
    redirect(under_way, behind)
    assert fields_of(under_way)["if-none-match"] == '"mine"'
    under_way.head_arrived(head(304))
    assert ended(under_way).status is Status.PRESENT


@pytest.mark.parametrize("exists", [Exists.SKIP, Exists.REFRESH])
@pytest.mark.parametrize("digest", ["f" * 64, None], ids=["another file", "a folder"])
def test_what_is_there_but_not_what_is_wanted_is_replaced(
    exists: Exists, digest: str | None
) -> None:
    there = OnDisk(OLD.modified, OLD.size, digest, MINE)
    under_way = transfer(rules=DownloadOptions(exists=exists), on_disk=there, checksum=SHA256)
    assert "if-none-match" not in fields_of(under_way)
    assert under_way.head_arrived(head(304)) is False
    assert reason(under_way) == "304 Not Modified"


def test_what_is_there_and_has_the_right_checksum_is_skipped() -> None:
    there = OnDisk(OLD.modified, OLD.size, DIGEST)
    skipped = transfer(rules=DownloadOptions(exists=Exists.SKIP), on_disk=there, checksum=SHA256)
    assert ended(skipped).status is Status.PRESENT


def test_what_is_there_and_has_the_right_checksum_is_refreshed_by_its_tag() -> None:
    there = OnDisk(OLD.modified, OLD.size, DIGEST, MINE)
    under_way = transfer(
        rules=DownloadOptions(exists=Exists.REFRESH), on_disk=there, checksum=SHA256
    )
    assert fields_of(under_way)["if-none-match"] == '"mine"'


@pytest.mark.parametrize("digest", [DIGEST, "f" * 64])
def test_a_rule_to_fail_asks_for_nothing_whatever_the_checksum(digest: str) -> None:
    there = OnDisk(OLD.modified, OLD.size, digest)
    refused = transfer(rules=DownloadOptions(exists=Exists.FAIL), on_disk=there, checksum=SHA256)
    assert reason(refused) == "a file with that name exists"


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_every_kind_of_redirect_is_followed(status: int) -> None:
    under_way = transfer()
    redirect(under_way, "/b.gif", status)
    assert asked(under_way) == Request("http://h/b.gif", OURS)
    answer(under_way)
    under_way.installed()
    outcome = ended(under_way)
    assert (outcome.status, outcome.code, outcome.requests) == (Status.OK, 200, 2)


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("b.gif", "http://h/a/b.gif"),
        ("../b.gif", "http://h/b.gif"),
        ("/b.gif", "http://h/b.gif"),
        ("//o/b.gif", "http://o/b.gif"),
        ("https://o/b.gif", "https://o/b.gif"),
        ("?q=1", "http://h/a/f.gif?q=1"),
        ("", "http://h/a/f.gif"),
        ("#part", "http://h/a/f.gif"),
        ("/b.gif#part", "http://h/b.gif"),
        ("/a b.gif", "http://h/a%20b.gif"),
        ("/\u00c3\u00a4.gif", "http://h/%C3%A4.gif"),
        ("http://thief:trap@o/b.gif", "http://o/b.gif"),
    ],
)
def test_a_redirect_is_resolved_against_the_url_it_came_from(reference: str, url: str) -> None:
    under_way = transfer()
    redirect(under_way, reference)
    assert asked(under_way) == Request(url, OURS)


def test_a_second_redirect_is_resolved_against_the_first() -> None:
    under_way = transfer()
    redirect(under_way, "http://o/x/y")
    redirect(under_way, "z")
    assert asked(under_way).url == "http://o/x/z"


@pytest.mark.parametrize(
    "reference",
    [
        "file:///etc/passwd",
        "ftp://h/f",
        "javascript:alert(1)",
        "data:text/plain,x",
        "http://[::1",
        "http://h:99999/",
        "/a\x00b",
    ],
)
def test_a_redirect_to_what_is_no_http_url_fails(reference: str) -> None:
    under_way = transfer()
    redirect(under_way, reference)
    assert reason(under_way).startswith("redirected to a URL that cannot be requested: ")
    assert (ended(under_way).code, ended(under_way).requests) == (302, 1)


def test_a_redirect_from_https_to_http_is_refused() -> None:
    under_way = transfer("https://h/f")
    redirect(under_way, "http://h/f")
    assert reason(under_way) == "redirected from https to http, which is refused"


def test_a_redirect_within_https_is_followed() -> None:
    under_way = transfer("https://h/f")
    redirect(under_way, "/g")
    redirect(under_way, "https://o/h")
    assert asked(under_way) == Request("https://o/h", OURS)


def test_a_redirect_to_https_may_not_lead_back_to_http() -> None:
    under_way = transfer("http://h/f")
    redirect(under_way, "https://h/f")
    assert asked(under_way).url == "https://h/f"
    redirect(under_way, "http://h/f")
    assert "https to http" in reason(under_way)


@pytest.mark.parametrize("count", [0, 2])
def test_a_redirect_needs_exactly_one_location(count: int) -> None:
    under_way = transfer()
    assert under_way.head_arrived(Head(302, (("location", "/x"),) * count)) is False
    assert "Location" in reason(under_way)


@pytest.mark.parametrize("limit", [0, 1, 3])
def test_a_loop_ends_at_the_limit(limit: int) -> None:
    under_way = transfer(rules=DownloadOptions(max_redirs=limit))
    for _ in range(limit):
        redirect(under_way, HOME)
        assert asked(under_way).url == HOME
    redirect(under_way, HOME)
    assert reason(under_way) == f"{TOO_MANY_REDIRECTS} (more than {limit})"
    assert ended(under_way).requests == limit + 1


def test_the_body_behind_a_redirect_is_counted_by_itself() -> None:
    under_way = transfer()
    assert under_way.head_arrived(head(302, location="/b", content_length="99")) is False
    under_way.succeeded(NOW)
    assert under_way.head_arrived(head(200, content_length="3"))
    assert under_way.bytes_arrived(3, 0) == (0, None)
    assert (under_way.body.received, under_way.body.expected) == (3, 3)


# What is sent to whom


def test_the_users_fields_are_sent_first_and_as_written() -> None:
    headers: Fields = (("X-One", "1"), ("x-two", "2"))
    assert asked(transfer(rules=DownloadOptions(headers=headers))).headers == (*headers, *OURS)


@pytest.mark.parametrize("name", ["User-Agent", "ACCEPT-ENCODING", "accept"])
def test_a_field_of_the_users_wins_over_ours(name: str) -> None:
    begun = transfer(rules=DownloadOptions(headers=((name, "mine"),)))
    assert fields_of(begun)[name.lower()] == "mine"


@pytest.mark.parametrize(
    "elsewhere",
    ["http://other/f", "https://h/f", "http://h:8080/f", "http://h.example/f", "//127.0.0.1/f"],
    ids=["host", "scheme", "port", "longer name", "without scheme"],
)
def test_another_origin_learns_no_secret(elsewhere: str) -> None:
    under_way = transfer("http://u:p@h/f", rules=DownloadOptions(headers=(*SECRETS[1:], *HARMLESS)))
    assert "authorization" in fields_of(under_way)
    redirect(under_way, elsewhere)
    assert fields_of(under_way) == {
        "accept-encoding": "identity",
        **{name.lower(): value for name, value in HARMLESS},
    }


@pytest.mark.parametrize("secret", SECRETS)
def test_a_secret_goes_to_the_same_origin_alone_and_again_on_coming_home(
    secret: tuple[str, str],
) -> None:
    under_way = transfer(rules=DownloadOptions(headers=(secret,)))
    seen = []
    for place in ("/b", "http://h:80/c", "http://other/d", "http://other/e", "http://h/f"):
        seen.append(secret in asked(under_way).headers)
        redirect(under_way, place)
    seen.append(secret in asked(under_way).headers)
    assert seen == [True, True, True, False, False, True]


def test_credentials_leave_the_url_and_are_sent_as_a_field() -> None:
    begun = transfer("http://user:secret@h/f")
    login = "Basic " + b64encode(b"user:secret").decode()
    assert asked(begun) == Request("http://h/f", (("authorization", login), *OURS))


def test_credentials_stay_at_home_and_return_with_it() -> None:
    under_way = transfer("http://user:secret@h/f")
    redirect(under_way, "http://other/f")
    assert "authorization" not in fields_of(under_way)
    redirect(under_way, "http://h/g")
    assert "authorization" in fields_of(under_way)


def test_an_authorization_of_the_users_wins_over_the_urls() -> None:
    begun = transfer(
        "http://u:p@h/f", rules=DownloadOptions(headers=(("AUTHORIZATION", "Bearer x"),))
    )
    assert fields_of(begun)["authorization"] == "Bearer x"


def test_a_servers_location_cannot_log_us_in() -> None:
    under_way = transfer()
    redirect(under_way, "http://thief:trap@h/f")
    assert asked(under_way) == Request("http://h/f", OURS)


# Faults


@pytest.mark.parametrize(
    "fault",
    [
        Unreachable("connection refused"),
        TimedOut("no answer within 30 s"),
        Untrusted("certificate has expired"),
        Malformed("not HTTP"),
        Disconnected("closed without an answer"),
        Exhausted("the system grants no more threads"),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_a_fault_before_the_head_fails_with_its_own_words(fault: Fault) -> None:
    under_way = transfer()
    under_way.failed(fault, NOW)
    assert reason(under_way) == str(fault)
    assert (ended(under_way).code, ended(under_way).requests) == (None, 1)


def test_a_connection_that_breaks_within_a_body_is_incomplete() -> None:
    under_way = transfer()
    under_way.head_arrived(head(200, content_length="2000"))
    under_way.bytes_arrived(1000, 0)
    under_way.failed(Disconnected("connection reset"), NOW)
    assert reason(under_way) == f"{INCOMPLETE}1,000 of 2,000 bytes received (connection reset)"


def test_a_connection_that_breaks_within_a_body_of_unknown_length_says_what_came() -> None:
    under_way = transfer()
    under_way.head_arrived(head(200))
    under_way.bytes_arrived(5, 0)
    under_way.failed(Disconnected("connection reset"), NOW)
    assert reason(under_way) == f"{INCOMPLETE}5 bytes received (connection reset)"


@pytest.mark.parametrize("fault", [TimedOut("silent for 30 s"), Malformed("bad chunk")])
def test_other_faults_within_a_body_fail_with_their_own_words(fault: Fault) -> None:
    under_way = transfer()
    under_way.head_arrived(head(200, content_length="10"))
    under_way.bytes_arrived(5, 0)
    under_way.failed(fault, NOW)
    assert reason(under_way) == str(fault)
    assert ended(under_way).code == 200


def test_an_idle_connection_that_was_closed_is_worth_one_fresh_try() -> None:
    under_way = transfer()
    before = asked(under_way)
    under_way.failed(Disconnected("closed", stale=True), NOW)
    assert asked(under_way) == before
    answer(under_way)
    under_way.installed()
    assert (ended(under_way).status, ended(under_way).requests) == (Status.OK, 2)


def test_one_fresh_try_and_no_more() -> None:
    under_way = transfer()
    under_way.failed(Disconnected("closed", stale=True), NOW)
    under_way.failed(Disconnected("closed again", stale=True), NOW)
    assert reason(under_way) == "closed again"
    assert ended(under_way).requests == 2


def test_a_fault_that_is_not_a_stale_connections_is_worth_no_try() -> None:
    under_way = transfer()
    under_way.failed(Disconnected("closed"), NOW)
    assert reason(under_way) == "closed"


def test_a_hop_that_meets_a_stale_connection_is_asked_again_where_it_leads() -> None:
    under_way = transfer()
    redirect(under_way, "/b.gif")
    under_way.failed(Disconnected("closed", stale=True), NOW)
    assert asked(under_way) == Request("http://h/b.gif", OURS)


# Tries

TWICE = DownloadOptions(retries=1)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 522, 524])
def test_an_error_that_may_pass_is_worth_another_try(status: int) -> None:
    under_way = transfer(rules=TWICE)
    under_way.head_arrived(head(status))
    assert waits(under_way).reason.startswith(str(status))
    assert 0.25 <= waits(under_way).seconds <= 0.75

    under_way.begin(None, None, NOW)
    assert asked(under_way) == Request(HOME, OURS)
    under_way.head_arrived(head(status))
    assert reason(under_way).endswith("(2 tries)")
    assert ended(under_way).requests == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 411, 416, 418, 425, 501, 505])
def test_an_error_that_will_not_pass_is_final(status: int) -> None:
    under_way = transfer(rules=DownloadOptions(retries=9))
    under_way.head_arrived(head(status))
    assert ended(under_way).requests == 1


@pytest.mark.parametrize(
    "fault",
    [Disconnected("reset"), TimedOut("silent"), Exhausted("no threads"), Unresolved("later")],
)
def test_a_fault_that_may_pass_is_worth_another_try(fault: Fault) -> None:
    under_way = transfer(rules=TWICE)
    under_way.failed(fault, NOW)
    waits(under_way)
    under_way.begin(None, None, NOW)
    under_way.failed(fault, NOW)
    assert reason(under_way) == f"{fault} (2 tries)"


@pytest.mark.parametrize(
    "fault",
    [Unreachable("gone"), Refused("refused"), Untrusted("bad"), Malformed("odd"), Aborted("us")],
)
def test_a_fault_that_will_not_pass_is_final(fault: Fault) -> None:
    under_way = transfer(rules=TWICE)
    under_way.failed(fault, NOW)
    assert reason(under_way) == str(fault)


def test_another_try_begins_where_the_user_said_and_counts_from_zero() -> None:
    under_way = transfer(rules=DownloadOptions(retries=1, max_redirs=1))
    redirect(under_way, "/b.gif")
    under_way.head_arrived(head(200, content_length="5"))
    under_way.bytes_arrived(3, 0)
    under_way.succeeded(NOW)
    assert waits(under_way).reason == f"{INCOMPLETE}3 of 5 bytes received"

    under_way.begin(None, None, NOW)
    assert asked(under_way).url == HOME
    redirect(under_way, "/b.gif")
    under_way.head_arrived(head(200, content_length="5"))
    under_way.bytes_arrived(5, 0)
    under_way.succeeded(NOW)
    assert is_complete(under_way)


@pytest.mark.parametrize(("status", "whole"), [(429, True), (503, True), (500, False)])
def test_a_server_that_asks_for_time_gets_it(status: int, whole: bool) -> None:  # noqa: FBT001 - a column of the table
    under_way = transfer(rules=TWICE)
    under_way.head_arrived(head(status, retry_after="7"))
    assert waits(under_way).seconds == 7
    assert waits(under_way).refusal == (Refusal("http://h:80", 7) if whole else None)


def test_a_server_that_asks_for_too_much_time_is_not_waited_for() -> None:
    under_way = transfer(rules=TWICE)
    under_way.head_arrived(head(503, retry_after="86400"))
    assert reason(under_way) == (
        "503 Service Unavailable, for another 86,400 seconds (--max-retry-after is 60)"
    )


# The rest of what an earlier try has left

KEPT = PartialFile(40, ResumeRecord('"tag"', 100))


def resumed(
    kept: PartialFile = KEPT, rules: DownloadOptions = USUAL, checksum: Checksum | None = None
) -> Transfer:
    begun = Transfer(Target(0, HOME, HOME, HOME, "d", "f.gif", checksum), rules)
    begun.begin(None, kept, NOW)
    return begun


def part(first: int, last: int, total: str = "100", **more: str) -> Head:
    more = {"etag": '"tag"', **more}
    return head(206, content_range=f"bytes {first}-{last}/{total}", **more)


@pytest.mark.parametrize(
    "answer",
    [head(500, retry_after="120"), head(302), head(302, location="ftp://h/"),
     head(200, content_length="1, 2")],
)  # fmt: skip
def test_an_answer_that_says_nothing_of_the_file_keeps_what_there_is_of_it(answer: Head) -> None:
    under_way = resumed()
    under_way.head_arrived(answer)
    under_way.succeeded(NOW)
    assert reason(under_way)
    assert keeps_part(under_way)


def test_a_file_that_is_too_large_leaves_nothing() -> None:
    under_way = resumed(rules=DownloadOptions(max_filesize=50))
    under_way.head_arrived(head(200, content_length="99"))
    under_way.succeeded(NOW)
    assert not keeps_part(under_way)


def test_a_resume_is_reported_once_with_the_first_bytes() -> None:
    under_way = resumed()
    under_way.head_arrived(part(40, 99))
    at, step = under_way.bytes_arrived(20, 0)
    assert (at, step and step.event) == (40, Resumed(under_way.target, 40, 100))
    assert under_way.bytes_arrived(40, 0) == (60, None)
    under_way.succeeded(NOW)
    under_way.installed()
    assert ended(under_way).resumed == 40


def test_only_what_an_earlier_run_has_left_counts_as_resumed() -> None:
    under_way = resumed(rules=TWICE)
    under_way.head_arrived(part(40, 99))
    under_way.bytes_arrived(20, 0)
    under_way.failed(Disconnected("cut"), NOW)
    under_way.begin(None, KEPT._replace(size=60), NOW)
    under_way.head_arrived(part(60, 99))
    _, step = under_way.bytes_arrived(5, 0)
    assert step
    assert step.event == Resumed(under_way.target, 60, 100)
    under_way.bytes_arrived(35, 0)
    under_way.succeeded(NOW)
    under_way.installed()
    assert ended(under_way).resumed == 40


def test_a_file_that_starts_over_is_not_resumed() -> None:
    under_way = resumed()
    under_way.head_arrived(head(200, content_length="9"))
    assert under_way.bytes_arrived(9, 0) == (0, None)
    under_way.succeeded(NOW)
    under_way.installed()
    assert ended(under_way).resumed == 0


def test_the_rest_is_asked_for_on_the_condition_that_it_is_the_same_file() -> None:
    assert fields_of(resumed())["range"] == "bytes=40-"
    assert fields_of(resumed())["if-range"] == '"tag"'


def test_the_rest_completes_the_file() -> None:
    under_way = resumed()
    assert under_way.head_arrived(part(40, 99, etag='"tag"'))
    assert under_way.size == 40
    under_way.bytes_arrived(60, 0)
    assert under_way.size == 100
    under_way.succeeded(NOW)
    assert is_complete(under_way)
    under_way.installed()
    assert ended(under_way).size == 100


def test_a_rest_that_is_cut_is_incomplete() -> None:
    under_way = resumed(rules=TWICE)
    under_way.head_arrived(part(40, 99))
    under_way.bytes_arrived(20, 0)
    under_way.succeeded(NOW)
    assert waits(under_way).reason == f"{INCOMPLETE}60 of 100 bytes received"


def test_all_instead_of_the_rest_is_taken_from_the_beginning() -> None:
    under_way = resumed()
    assert under_way.head_arrived(head(200, content_length="7"))
    assert under_way.size == 0
    under_way.bytes_arrived(7, 0)
    under_way.succeeded(NOW)
    assert is_complete(under_way)


@pytest.mark.parametrize(
    "odd",
    [
        part(39, 99),
        part(41, 99),
        part(40, 100, "101"),
        part(40, 99, etag='"x"'),
        head(206),
        head(416),
    ],
)
def test_what_is_not_exactly_the_rest_is_asked_for_anew_and_once(odd: Head) -> None:
    under_way = resumed()
    assert not under_way.head_arrived(odd)
    assert under_way.size is None
    under_way.succeeded(NOW)
    assert asked(under_way) == Request(HOME, OURS)
    under_way.head_arrived(odd)
    assert reason(under_way)
    assert ended(under_way).requests == 2


def test_a_part_of_the_rest_is_not_the_end() -> None:
    under_way = resumed()
    for first, last in ((40, 59), (60, 98), (99, 99)):
        assert fields_of(under_way)["range"] == f"bytes={first}-"
        assert under_way.head_arrived(part(first, last))
        under_way.bytes_arrived(last + 1 - first, 0)
        under_way.succeeded(NOW)
    assert is_complete(under_way)


def test_a_server_that_gives_a_byte_at_a_time_is_not_humoured_for_ever() -> None:
    under_way = resumed(PartialFile(1, ResumeRecord('"tag"', 10_000)))
    while "range" in dict(getattr(under_way.action, "headers", ())):
        at = int(fields_of(under_way)["range"].removeprefix("bytes=").rstrip("-"))
        under_way.head_arrived(part(at, at, "10000"))
        under_way.bytes_arrived(1, 0)
        under_way.succeeded(NOW)
    assert reason(under_way).startswith("incomplete: ")
    assert ended(under_way).requests == 1000


def test_a_size_that_nobody_knew_is_learnt_from_the_rest() -> None:
    under_way = resumed(PartialFile(40, ResumeRecord('"tag"', None)))
    under_way.head_arrived(part(40, 59))
    under_way.bytes_arrived(20, 0)
    under_way.succeeded(NOW)
    assert fields_of(under_way)["range"] == "bytes=60-"


def test_the_checksum_is_of_the_whole() -> None:
    under_way = resumed(checksum=SHA256)
    under_way.head_arrived(part(40, 99))
    under_way.bytes_arrived(60, 0)
    under_way.succeeded(NOW, "0" * 64)
    assert reason(under_way).startswith("checksum mismatch")
    assert not keeps_part(under_way)


@pytest.mark.parametrize(
    ("fault", "kept"),
    [(TimedOut("x"), True), (Unreachable("x"), True), (Excess("x"), False)],
)
def test_what_a_later_run_could_go_on_with_is_worth_keeping(
    fault: Fault,
    kept: bool,  # noqa: FBT001 - a column of the table
) -> None:
    under_way = resumed()
    under_way.failed(fault, NOW)
    assert reason(under_way)
    assert keeps_part(under_way) == kept


@pytest.mark.parametrize(("status", "kept"), [(404, False), (410, False), (401, True), (403, True)])
def test_what_is_not_there_any_more_is_not_worth_keeping(status: int, *, kept: bool) -> None:
    under_way = resumed()
    under_way.head_arrived(head(status))
    assert keeps_part(under_way) is kept


# Limits

SMALL = DownloadOptions(max_filesize=100, retries=3)


def test_what_announces_that_it_is_too_large_is_not_begun() -> None:
    under_way = transfer(rules=SMALL)
    assert not under_way.head_arrived(head(200, content_length="101"))
    assert reason(under_way) == TOO_LARGE.format(100)


def test_what_turns_out_to_be_too_large_is_ended_at_once() -> None:
    under_way = transfer(rules=SMALL)
    assert under_way.head_arrived(head(200, transfer_encoding="chunked"))
    under_way.bytes_arrived(100, 0)
    with pytest.raises(Excess) as caught:
        under_way.bytes_arrived(1, 0)
    under_way.failed(caught.value, NOW)
    assert reason(under_way) == "larger than the 100 bytes allowed"


def test_as_large_as_allowed_is_not_too_large() -> None:
    under_way = transfer(rules=SMALL)
    answer(under_way, 100)
    assert is_complete(under_way)


def test_a_file_that_is_out_of_time_is_not_tried_again() -> None:
    under_way = transfer(rules=DownloadOptions(max_time=5))
    under_way.failed(Expired("over"), NOW)
    assert reason(under_way) == "over"


@pytest.mark.parametrize(("then", "late"), [(14.9, False), (15.0, True)])
def test_no_try_is_begun_that_would_be_too_late(then: float, late: bool) -> None:  # noqa: FBT001 - a column of the table
    under_way = Transfer(Target(0, HOME, HOME, HOME, "d", "f.gif"), DownloadOptions(max_time=5))
    under_way.begin(None, None, 10)
    assert asked(under_way).time_left == 5
    under_way.head_arrived(head(503, retry_after="1"))
    assert waits(under_way).seconds == 1, "whether that is too long, the end of the response tells"
    under_way.succeeded(then - 1)
    if late:
        why = "503 Service Unavailable; no time left for another try"
        assert reason(under_way) == why
        assert under_way.action == Done(ended(under_way), keep_part=True, overloaded=True)
    else:
        assert waits(under_way) == Wait(
            1, "503 Service Unavailable", Refusal("http://h:80", 1), overloaded=True
        )


def test_each_request_is_told_how_much_time_is_left() -> None:
    under_way = transfer(rules=DownloadOptions(max_time=5))
    assert asked(under_way).time_left == 5
    under_way.head_arrived(head(302, location="/b"))
    under_way.succeeded(NOW + 1)
    assert asked(under_way) == Request("http://h/b", OURS, 4)
    under_way.failed(Disconnected("closed", stale=True), NOW + 2)
    assert asked(under_way) == Request("http://h/b", OURS, 3)
    under_way.failed(TimedOut("silent"), NOW + 3)
    under_way.begin(None, None, NOW + 4)
    assert asked(under_way) == Request(HOME, OURS, 1)


def test_the_wait_for_the_first_piece_says_nothing_of_a_bodys_speed() -> None:
    under_way = transfer(rules=DownloadOptions(speed_limit=10, speed_time=30))
    under_way.head_arrived(head(200))
    for seconds in (1000, 15, 14):
        under_way.bytes_arrived(1, seconds)
    with pytest.raises(TimedOut, match="slower than 10 bytes a second for 30 s") as caught:
        under_way.bytes_arrived(1, 1)
    under_way.failed(caught.value, NOW)
    assert waits(under_way).reason == str(caught.value)

    under_way.begin(None, None, NOW)
    under_way.head_arrived(head(200))
    for seconds in (1000, 29):
        under_way.bytes_arrived(1, seconds)
    assert under_way.size == 2, "another body begins anew"


# All together

heads = st.builds(
    Head,
    st.sampled_from([200, 204, 206, 299, 301, 302, 304, 307, 308, 404, 429, 500, 999]),
    st.lists(
        st.sampled_from(
            [
                ("content-length", "3"),
                ("content-length", "x"),
                ("transfer-encoding", "chunked"),
                ("location", "/x"),
                ("retry-after", "9"),
                ("location", "http://other/"),
                ("location", "https://h/"),
                ("location", "file:///etc/passwd"),
            ]
        ),
        max_size=2,
    ).map(tuple),
)
exchanges = st.one_of(
    st.tuples(heads, st.integers(0, 4)),
    st.sampled_from(
        [
            Disconnected("stale", stale=True),
            Disconnected("reset"),
            TimedOut("silent"),
            Malformed("?"),
        ]
    ),
)


@given(
    st.lists(exchanges, max_size=8),
    st.integers(0, 4),
    st.integers(0, 3),
    st.sampled_from(Exists),
    st.sampled_from([None, OLD]),
)
@relaxed
def test_whatever_happens_a_transfer_comes_to_one_end_and_soon(
    story: list[tuple[Head, int] | Fault],
    max_redirs: int,
    retries: int,
    exists: Exists,
    there: OnDisk | None,
) -> None:
    on_disk = None if exists is Exists.OVERWRITE else there  # as the save layer looks
    rules = DownloadOptions(max_redirs=max_redirs, exists=exists, retries=retries)
    under_way = transfer(rules=rules, on_disk=on_disk)
    rest = iter(story)
    requests = 0
    tries = 1
    while isinstance(under_way.action, Request | Wait):
        if isinstance(under_way.action, Wait):
            assert 0 <= under_way.action.seconds <= rules.max_retry_after
            under_way.begin(on_disk, None, NOW)
            tries += 1
            continue
        asked(under_way)
        requests += 1
        happens = next(rest, (head(200, content_length="3"), 3))
        if isinstance(happens, Fault):
            under_way.failed(happens, NOW)
            continue
        arrived, size = happens
        try:
            if under_way.head_arrived(arrived):
                under_way.bytes_arrived(size, 0)
        except Excess as excess:
            under_way.failed(excess, NOW)
        else:
            under_way.succeeded(NOW)
    complete = is_complete(under_way)
    if complete:
        under_way.installed()
    outcome = ended(under_way)
    assert tries <= retries + 1
    assert outcome.requests == requests <= (max_redirs + 2) * tries
    assert (outcome.reason == "") == (outcome.status is Status.OK)
    assert (outcome.status is Status.OK) == complete


def test_a_fault_while_hanging_up_changes_no_decision() -> None:
    under_way = transfer()
    under_way.head_arrived(head(302, location="/b"))
    under_way.failed(Disconnected("gone"), NOW)
    assert asked(under_way).url.endswith("/b")
    under_way.head_arrived(head(404))
    under_way.failed(Disconnected("gone"), NOW)
    assert ended(under_way).status is Status.NOT_FOUND


def test_only_what_the_last_try_has_shown_is_held_against_the_server() -> None:
    transfer = resumed(rules=DownloadOptions(retries=2))
    shown = []
    transfer.head_arrived(head(429))
    transfer.succeeded(NOW)
    shown.append(waits(transfer).overloaded)
    transfer.begin(None, None, NOW)
    transfer.failed(TimedOut("silence"), NOW)
    shown.append(waits(transfer).overloaded)
    transfer.begin(None, None, NOW)
    transfer.failed(Disconnected("reset"), NOW)
    assert ended(transfer)
    assert isinstance(transfer.action, Done)
    assert [*shown, transfer.action.overloaded] == [True, False, True]


def test_a_disk_that_refuses_before_a_second_try_ends_the_target() -> None:
    under_way = transfer(rules=TWICE)
    under_way.failed(TimedOut("silent"), NOW)
    waits(under_way)
    under_way.failed(NotSaved("Input/output error"), NOW)
    assert reason(under_way) == "cannot save: Input/output error"


def test_a_connection_refused_after_an_answer_may_pass() -> None:
    """The server may be restarting; one that never answered is probably not there."""
    origin = OriginState()
    under_way = Transfer(Target(0, HOME, HOME, HOME, "d", "f"), TWICE, lambda _: origin)
    under_way.begin(None, None, NOW)
    under_way.failed(Refused("connection refused"), NOW)
    assert reason(under_way) == "connection refused"
    patient = DownloadOptions(retries=3)
    other = Transfer(Target(1, HOME, HOME, HOME, "d", "g"), patient, lambda _: origin)
    other.begin(None, None, NOW)
    other.head_arrived(head(500))
    other.succeeded(NOW)
    other.begin(None, None, NOW)
    other.failed(Refused("connection refused"), NOW)
    assert waits(other).reason == "connection refused"


def test_a_403_that_says_when_to_come_back_is_a_refusal() -> None:
    plain = transfer(rules=TWICE)
    plain.head_arrived(head(403))
    assert reason(plain) == "403 Forbidden"
    limited = transfer(rules=TWICE)
    limited.head_arrived(head(403, retry_after="7"))
    assert waits(limited).refusal == Refusal("http://h:80", 7)


def test_a_longer_wait_may_be_allowed() -> None:
    patient = transfer(rules=DownloadOptions(max_retry_after=120))
    patient.head_arrived(head(429, retry_after="90"))
    assert waits(patient).seconds == 90
    later = transfer(rules=TWICE)
    later.head_arrived(head(500, retry_after="90"))
    assert "for another 90 seconds (--max-retry-after is 60)" in reason(later)


def test_a_date_is_compared_with_our_clock_where_the_answer_has_none() -> None:
    under_way = Transfer(Target(0, HOME, HOME, HOME, "d", "f"), TWICE)
    under_way.begin(None, None, NOW, 784111747)
    under_way.head_arrived(head(503, retry_after=OLD_DATE))
    assert waits(under_way).seconds == 30


def test_a_fault_behind_a_redirect_names_the_server() -> None:
    under_way = transfer()
    redirect(under_way, "http://other:81/b")
    under_way.failed(Refused("connection refused"), NOW)
    assert reason(under_way) == "connection refused (redirected to http://other:81)"
