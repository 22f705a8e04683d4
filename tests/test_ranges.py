"""Ranges and validators: what is the rest of a file, and what only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from getflags.core.errors import Malformed
from getflags.core.models import Fields, PartialFile, ResumeRecord
from getflags.core.response_head import Head
from getflags.transfer.parts import ranges
from getflags.transfer.parts.ranges import ByteRange

relaxed = settings(deadline=None)
NOON, LATER = "Sun, 06 Nov 1994 12:00:00 GMT", "Sun, 06 Nov 1994 12:00:01 GMT"


def head(*fields: tuple[str, str]) -> Head:
    return Head(206, fields)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("bytes 0-0/1", ByteRange(0, 1, 1)),
        ("bytes 5-9/10", ByteRange(5, 10, 10)),
        ("bytes 5-7/10", ByteRange(5, 8, 10)),
        ("BYTES 5-9/*", ByteRange(5, 10, None)),
        ("bytes 5-4/10", None),
        ("bytes 5-10/10", None),
        ("bytes 5-9/0", None),
        ("bytes 5-9", None),
        ("bytes */10", None),
        ("bytes=5-9/10", None),
        ("items 5-9/10", None),
        ("bytes -5-9/10", None),
        ("bytes 5-9/10, 5-9/10", None),
        ("bytes 5-9/1e3", None),
        ("bytes 5-9/\u0661\u0660", None),
        ("bytes 5-" + "9" * 5000 + "/*", None),
        ("", None),
    ],
)
def test_where_a_part_belongs(text: str, span: ByteRange | None) -> None:
    assert ranges.span(head(("content-range", text))) == span


def test_a_part_that_does_not_say_or_says_twice_belongs_nowhere() -> None:
    once = ("content-range", "bytes 5-9/10")
    assert ranges.span(head()) is None
    assert ranges.span(head(once, once)) is None


numbers = st.integers(0, 10**18 - 1)


@given(numbers, numbers, st.none() | numbers, st.sampled_from(["bytes ", "BYTES\t", "bytes  "]))
@relaxed
def test_what_is_written_is_read(first: int, last: int, total: int | None, unit: str) -> None:
    text = f"{unit}{first}-{last}/{'*' if total is None else total}"
    possible = first <= last and (total is None or last < total)
    expected = ByteRange(first, last + 1, total) if possible else None
    assert ranges.span(head(("content-range", text))) == expected


texts = st.text(max_size=20) | st.sampled_from(
    ["bytes 5-9/10", "bytes 5-9/*", "bytes 5-5/10", "5", '"a"', 'W/"a"', '"b"', "gzip", NOON, LATER]
)
names = st.sampled_from(
    ["content-range", "content-length", "etag", "last-modified", "date", "content-encoding"]
)


@given(
    st.lists(st.tuples(names, texts), max_size=5),
    st.sampled_from(['"a"', NOON]),
    st.none() | st.integers(6, 12),
)
@relaxed
def test_no_head_whatever_is_more_than_no_use(
    fields: list[tuple[str, str]], validator: str, total: int | None
) -> None:
    kept = PartialFile(5, ResumeRecord(validator, total))
    span = ranges.span(head(*fields))
    assert span is None or span.first < span.end
    noted = ranges.record_of(head(*fields), total)
    assert noted is None or not noted.validator.startswith("W/")
    try:
        rest = ranges.rest(head(*fields), kept)
    except Malformed:
        return
    if rest:
        assert rest.first == kept.size < rest.end <= (rest.total or 0)
        assert total in {None, rest.total}


@pytest.mark.parametrize(
    ("fields", "validator"),
    [
        ((("etag", '"a"'),), '"a"'),
        ((("etag", '""'),), '""'),
        ((("etag", '"a"'), ("last-modified", NOON), ("date", LATER)), '"a"'),
        ((("etag", 'W/"a"'),), None),
        ((("etag", "a"),), None),
        ((("etag", '"a"b"'),), None),
        ((("etag", '"a"'), ("etag", '"b"')), None),
        ((("etag", 'W/"a"'), ("last-modified", NOON), ("date", LATER)), NOON),
        ((("last-modified", NOON), ("date", LATER)), NOON),
        ((("last-modified", NOON), ("date", NOON)), None),
        ((("last-modified", LATER), ("date", NOON)), None),
        ((("last-modified", NOON),), None),
        ((("last-modified", "long ago"), ("date", NOON)), None),
        ((("date", NOON),), None),
        ((), None),
    ],
)
def test_only_what_is_strong_is_noted(fields: Fields, validator: str | None) -> None:
    note = ranges.record_of(Head(200, fields), 7)
    assert note == (None if validator is None else ResumeRecord(validator, 7, ""))


KEPT = PartialFile(5, ResumeRecord('"a"', 10))
GOOD = ("content-range", "bytes 5-9/10")
SAME = ("etag", '"a"')


@pytest.mark.parametrize(
    ("fields", "kept", "span"),
    [
        ((GOOD, SAME), KEPT, ByteRange(5, 10, 10)),
        ((GOOD, SAME, ("content-length", "5")), KEPT, ByteRange(5, 10, 10)),
        ((("content-range", "bytes 5-9/*"), SAME), KEPT, ByteRange(5, 10, 10)),
        ((("content-range", "bytes 5-6/10"), SAME), KEPT, ByteRange(5, 7, 10)),
        ((GOOD, SAME), PartialFile(5, ResumeRecord('"a"', None)), ByteRange(5, 10, 10)),
        ((GOOD, ("etag", 'W/"x"')), PartialFile(5, ResumeRecord(NOON, 10)), ByteRange(5, 10, 10)),
        (
            (GOOD, ("etag", '"x"'), ("last-modified", NOON)),
            PartialFile(5, ResumeRecord(NOON, 10)),
            ByteRange(5, 10, 10),
        ),
        ((GOOD,), PartialFile(5, ResumeRecord(NOON, 10)), ByteRange(5, 10, 10)),
        (
            (GOOD, SAME, ("content-encoding", "GZIP")),
            PartialFile(5, ResumeRecord('"a"', 10, "gzip")),
            ByteRange(5, 10, 10),
        ),
        ((GOOD,), KEPT, None),
        ((SAME,), KEPT, None),
        ((("content-range", "bytes 5-9/*"), SAME), PartialFile(5, ResumeRecord('"a"', None)), None),
        ((("content-range", "bytes 5-10/*"), SAME), KEPT, None),
        ((GOOD, ("etag", '"x"')), PartialFile(5, ResumeRecord(NOON, 10)), None),
        ((GOOD, ("etag", '"b"')), KEPT, None),
        ((GOOD, ("etag", 'W/"a"')), KEPT, None),
        ((GOOD, ("last-modified", LATER)), PartialFile(5, ResumeRecord(NOON, 10)), None),
        ((GOOD, SAME, ("content-encoding", "gzip")), KEPT, None),
        ((GOOD, SAME, ("content-length", "4")), KEPT, None),
        ((("content-range", "bytes 4-9/10"), SAME), KEPT, None),
        ((("content-range", "bytes 6-9/10"), SAME), KEPT, None),
        ((("content-range", "bytes 0-9/10"), SAME), KEPT, None),
        ((("content-range", "bytes 5-10/11"), SAME), KEPT, None),
    ],
)
def test_the_rest_of_a_file_and_nothing_else(
    fields: Fields, kept: PartialFile, span: ByteRange | None
) -> None:
    assert ranges.rest(Head(206, fields), kept) == span


def test_a_length_that_makes_no_sense() -> None:
    with pytest.raises(Malformed):
        ranges.rest(head(GOOD, SAME, ("content-length", "x")), KEPT)
