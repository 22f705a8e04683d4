"""Entity tags, dates and conditional requests (RFC 9110 sections 8.8 and 13)."""

import pytest

from servers.http.validators import etag, http_date, not_modified, parse_date, range_applies

MOMENT = 784_111_777
TEXT = "Sun, 06 Nov 1994 08:49:37 GMT"  # the example of RFC 9110 section 5.6.7
TAG = '"abc"'


def test_tags_are_strong_and_tell_facts_apart() -> None:
    tags = {etag(b"a"), etag("ab", "c"), etag("a", "bc"), etag("abc"), etag(1, 2), etag("\udcff")}
    assert len(tags) == 6
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)
    assert etag(b"a") == etag("a")


def test_dates_are_printed_in_the_preferred_form() -> None:
    assert http_date(MOMENT) == TEXT


@pytest.mark.parametrize(
    "text", [TEXT, "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"]
)
def test_dates_are_read_in_all_three_forms(text: str) -> None:
    assert parse_date(text) == MOMENT


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Sun, 36 Nov 1994 08:49:37 GMT",
        '"abc"',
        "1",
        "Sun, 06 Nov 99999 08:49:37 GMT",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({}, False),
        ({"if-none-match": TAG}, True),
        ({"if-none-match": f"W/{TAG}"}, True),
        ({"if-none-match": f'"x", W/"y" , {TAG}'}, True),
        ({"if-none-match": '"a,b", "x"'}, False),
        ({"if-none-match": "*"}, True),
        ({"if-none-match": " * "}, True),
        ({"if-none-match": "abc"}, False),
        ({"if-none-match": ""}, False),
        ({"if-modified-since": TEXT}, True),
        ({"if-modified-since": "Sun, 06 Nov 1994 08:49:38 GMT"}, True),
        ({"if-modified-since": "Sun, 06 Nov 1994 08:49:36 GMT"}, False),
        ({"if-modified-since": "never"}, False),
        ({"if-none-match": '"x"', "if-modified-since": TEXT}, False),
        ({"if-none-match": TAG, "if-modified-since": "never"}, True),
    ],
)
def test_unchanged(fields: dict[str, str], same: bool) -> None:  # noqa: FBT001 - a column of the table
    assert not_modified(fields, TAG, MOMENT) is same


@pytest.mark.parametrize(
    ("condition", "applies"),
    [
        (TAG, True),
        (f"W/{TAG}", False),
        ('"x"', False),
        (TEXT, True),
        ("Sun, 06 Nov 1994 08:49:38 GMT", False),
        ("Sun, 06 Nov 1994 08:49:36 GMT", False),
        ("nonsense", False),
        ("*", False),
    ],
)
def test_if_range(condition: str, applies: bool) -> None:  # noqa: FBT001 - a column of the table
    assert range_applies({"if-range": condition}, TAG, MOMENT) is applies


def test_no_if_range_is_no_obstacle() -> None:
    assert range_applies({}, TAG, MOMENT)
