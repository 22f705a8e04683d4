"""Heads of responses: what their fields say, and what is nonsense."""

import time
from collections.abc import Iterator
from email.utils import formatdate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from getflags.core.errors import Malformed
from getflags.core.models import Fields
from getflags.core.response_head import (
    Head,
    content_length,
    describe,
    is_chunked,
    location,
    modified,
    rate_limit_policy,
    rate_limit_reset,
    retry_after,
    seconds,
)

relaxed = settings(deadline=None)
NOON = "Sun, 06 Nov 1994 12:00:00 GMT"


def test_a_head_shows_what_it_holds() -> None:
    assert repr(Head(200, (("a", "b"),))) == "Head(200, (('a', 'b'),))"


def lengths(*values: str) -> Head:
    return Head(200, tuple(("content-length", value) for value in values))


def test_every_value_of_a_field_is_found_in_order() -> None:
    head = Head(200, (("a", "1"), ("b", "2"), ("a", "3")))
    assert head.all("a") == ["1", "3"]
    assert head.all("c") == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((), None),
        (("0",), 0),
        (("5",), 5),
        (("005",), 5),
        ((" 5\t",), 5),
        (("5, 5",), 5),
        (("5", "5"), 5),
        (("5,5", "5"), 5),
        (("9223372036854775807",), 2**63 - 1),
    ],
)
def test_a_length_is_announced_once_or_in_agreement(
    values: tuple[str, ...], expected: int | None
) -> None:
    assert content_length(lengths(*values)) == expected


@pytest.mark.parametrize(
    "values",
    [
        ("",),
        ("5,",),
        (",",),
        ("5", "6"),
        ("5, 6",),
        ("+5",),
        ("-5",),
        ("5.0",),
        ("0x5",),
        ("5 5",),
        ("1_000",),
        ("five",),
        ("\u0665",),
        ("\u00b2",),
        (str(2**65),),
        ("9" * 5000,),
    ],
)
def test_an_illegal_or_conflicting_length_is_refused(values: tuple[str, ...]) -> None:
    with pytest.raises(Malformed, match="Content-Length"):
        content_length(lengths(*values))


@pytest.mark.parametrize("coding", ["chunked", "\tChunked "])
@pytest.mark.parametrize("length", ["3", "-5", "1, 2"])
def test_a_coding_overrides_whatever_length_is_announced(length: str, coding: str) -> None:
    head = Head(200, (("content-length", length), ("transfer-encoding", coding)))
    assert content_length(head) is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["content-length", "transfer-encoding", "date"]),
            st.text() | st.integers().map(str),
        )
    )
)
@relaxed
def test_no_head_whatever_is_more_than_malformed(fields: list[tuple[str, str]]) -> None:
    try:
        length = content_length(Head(200, tuple(fields)))
    except Malformed:
        return
    assert length is None or length >= 0


@pytest.mark.parametrize(
    ("fields", "chunked"),
    [
        ((), False),
        ((("content-length", "1"),), False),
        ((("transfer-encoding", "chunked"),), True),
        ((("transfer-encoding", "\tChunked "),), True),
    ],
)
def test_whether_a_body_comes_in_chunks(fields: Fields, *, chunked: bool) -> None:
    assert is_chunked(Head(200, fields)) is chunked


@pytest.mark.parametrize(
    "values",
    [
        ("",),
        ("identity",),
        ("unchunked",),
        ("chunked,",),
        ("chunked, chunked",),
        ("chunked", "chunked"),
        ("chunked, gzip",),
        ("gzip,\tChunked ",),
        ("gzip", "chunked"),
        ("chunked;q=1",),
        ('"chunked"',),
        ("\x0bchunked",),
    ],
)
def test_any_other_transfer_coding_is_refused(values: tuple[str, ...]) -> None:
    codings = tuple([("transfer-encoding", value) for value in values])
    for fields in (codings, (("content-length", "5"), *codings)):
        with pytest.raises(Malformed, match="Transfer-Encoding"):
            content_length(Head(200, fields))
        with pytest.raises(Malformed, match="Transfer-Encoding"):
            is_chunked(Head(200, fields))


def dated(*values: str) -> Head:
    return Head(200, tuple(("last-modified", value) for value in values))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("Sun, 06 Nov 1994 08:49:37 GMT",), 784111777),
        (("Sunday, 06-Nov-94 08:49:37 GMT",), 784111777),
        (("Sun Nov  6 08:49:37 1994",), 784111777),
        (("yesterday", "Sun, 06 Nov 1994 08:49:37 GMT"), 784111777),
        ((), None),
        (("",), None),
        (("0",), None),
        (("yesterday",), None),
        (("Wed, 01 Jan 1969 00:00:00 GMT",), None),
        (("Thu, 01 Jan 1970 00:00:00 GMT",), None),
        (("Thu, 01 Jan 99999999999 00:00:00 GMT",), None),
    ],
)
def test_a_date_of_modification_is_read_in_all_three_forms_or_ignored(
    values: tuple[str, ...], expected: int | None
) -> None:
    assert modified(dated(*values)) == expected


@pytest.fixture(params=["America/New_York", "Asia/Kolkata"])
def far_from_greenwich(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Put this process into another time zone."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        seconds.cache_clear()
        yield
    time.tzset()
    seconds.cache_clear()


@pytest.mark.usefixtures("far_from_greenwich")
@pytest.mark.parametrize(
    "date",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 -0000",
        "Sun, 06 Nov 1994 08:49:37",
    ],
)
def test_a_date_that_names_no_zone_is_in_utc_wherever_we_are(date: str) -> None:
    assert modified(dated(date)) == 784111777
    pause = (("date", "Sun, 06 Nov 1994 08:48:37 GMT"), ("retry-after", date))
    assert retry_after(Head(503, pause)) == 60


near_dates = st.lists(
    st.sampled_from(["Sun", ", ", "06", "Nov", "1994", "94", "08:49:37", "GMT", "+9999", "-0000"])
    | st.sampled_from([" ", "-", ":", "(", ")", "EST", "Z", "99999999999", "\x00", "\u0660"]),
    max_size=12,
).map("".join)  # fmt: skip


@given(st.text() | near_dates | st.datetimes().map(str))
@relaxed
def test_no_date_whatever_is_more_than_ignored(value: str) -> None:
    then = modified(dated(value))
    assert then is None or then > 0
    pause = retry_after(Head(503, (("retry-after", value), ("date", NOON))))
    assert pause is None or pause >= 0


@given(st.integers(1, 253_402_300_799))
@relaxed
def test_a_date_is_read_as_it_was_written(then: int) -> None:
    assert modified(dated(formatdate(then, usegmt=True))) == then


@given(st.integers(0, 2**63 - 1), st.integers(1, 3))
@relaxed
def test_a_length_is_read_as_it_was_written(length: int, times: int) -> None:
    assert content_length(lengths(", ".join([str(length)] * times))) == length


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (200, "200 OK"),
        (404, "404 Not Found"),
        (418, "418 I'm a Teapot"),
        (503, "503 Service Unavailable"),
        (299, "299 (not a standard status code)"),
        (999, "999 (not a standard status code)"),
    ],
)
def test_a_status_is_described_in_the_standards_words(status: int, text: str) -> None:
    assert describe(status) == text


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/x", "/x"),
        ("", ""),
        ("/\u00c3\u00a4", "/\u00e4"),
        ("/\u00e4", "/\u00e4"),
        ("/\u4e2d", "/\u4e2d"),
    ],
    ids=["plain", "empty", "raw UTF-8", "Latin-1", "decoded already"],
)
def test_a_location_is_read_as_the_text_that_was_meant(value: str, expected: str) -> None:
    assert location(Head(302, (("date", "now"), ("location", value)))) == expected


def test_a_redirect_that_points_nowhere_is_refused() -> None:
    with pytest.raises(Malformed, match=r"redirected \(302 Found\) with no Location"):
        location(Head(302, ()))


def test_a_redirect_that_points_to_two_places_is_refused() -> None:
    with pytest.raises(Malformed, match=r"redirected \(301 .*\) with more than one Location"):
        location(Head(301, (("location", "/a"), ("location", "/b"))))


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ((), None),
        ((("retry-after", "0"),), 0),
        ((("retry-after", "120"),), 120),
        ((("retry-after", "1" + "0" * 4300),), 1e29),
        ((("retry-after", "-1"),), None),
        ((("retry-after", "1.5"),), None),
        ((("retry-after", "\u0665"),), None),
        ((("retry-after", "soon"),), None),
        ((("retry-after", "1"), ("retry-after", "2")), None),
        ((("date", NOON), ("retry-after", NOON.replace(":00:00", ":01:30"))), 90),
        ((("date", NOON), ("retry-after", NOON.replace("12:", "11:"))), 0),
        ((("retry-after", NOON),), None),
        ((("date", NOON), ("retry-after", "Sun, 99 Nov 1994")), None),
    ],
)
def test_how_long_a_server_asks_to_be_left_alone(fields: Fields, seconds: float | None) -> None:
    assert retry_after(Head(503, fields)) == seconds


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ratelimit": '"default";r=0;t=30'}, 30),
        ({"ratelimit": "limit=100, remaining=0, reset=31"}, 31),
        ({"ratelimit": '"default";r=5;t=30'}, None),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "32"}, 32),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "33"}, 33),
        ({"x-rate-limit-reset": "784111812"}, None),  # it is before 2001: seconds from now on
        ({"x-ratelimit-reset": "1700000034"}, 34),
        ({"x-ratelimit-reset": "1700000034", "date": "Tue, 14 Nov 2023 22:13:24 GMT"}, 30),
        ({"x-ratelimit-reset": "1600000000"}, 0),
        ({"x-ratelimit-remaining": "7", "x-ratelimit-reset": "33"}, None),
        ({"x-ratelimit-reset": "soon"}, None),
        ({}, None),
    ],
)
def test_when_a_rate_limit_is_reset(fields: dict[str, str], expected: float | None) -> None:
    found = rate_limit_reset(Head(429, (*fields.items(),)), 1_700_000_000)
    assert found == (784111812 if "x-rate-limit-reset" in fields else expected)


def test_a_reset_at_a_date_needs_a_clock() -> None:
    assert rate_limit_reset(Head(429, (("x-ratelimit-reset", "1700000034"),))) is None
    assert (
        retry_after(Head(429, (("retry-after", formatdate(1_700_000_034, usegmt=True)),))) is None
    )


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ('"default";q=100;w=60', 100 / 60),
        ("100;w=60", 100 / 60),
        ('"burst";q=100;w=1, "daily";q=8640;w=86400', 0.1),
        ('"burst";q=100;w=1, "slow";q=1;w=1000000', 100),
        ('"default";q=100', None),
        ('"default";q=100;w=0', None),
        ('"default";q=0;w=60', None),
        ("nonsense", None),
    ],
)
def test_an_announced_policy_is_a_rate(policy: str, expected: float | None) -> None:
    assert rate_limit_policy(Head(429, (("ratelimit-policy", policy),))) == expected


@given(st.text())
@relaxed
def test_no_rate_limit_whatever_is_more_than_ignored(value: str) -> None:
    head = Head(429, (("ratelimit", value), ("ratelimit-policy", value)))
    assert (rate_limit_reset(head, 1_700_000_000) or 0) >= 0
    assert (rate_limit_policy(head) or 1) > 0
