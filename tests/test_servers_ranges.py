"""Range fields (RFC 9110 section 14)."""

import pytest

from servers.http.ranges import content_range, parse_range


@pytest.mark.parametrize(
    ("text", "size", "wanted"),
    [
        ("bytes=0-0", 10, range(1)),
        ("bytes=0-9", 10, range(10)),
        ("bytes=2-5", 10, range(2, 6)),
        ("bytes=2-99", 10, range(2, 10)),
        ("bytes=5-", 10, range(5, 10)),
        ("bytes=9-", 10, range(9, 10)),
        ("bytes=-3", 10, range(7, 10)),
        ("bytes=-99", 10, range(10)),
        ("BYTES=0-0", 10, range(1)),
        ("bytes= 0-0 ", 10, range(1)),
        ("bytes=0-99999999999999999999", 10, range(10)),
        (f"bytes={2**50 - 1}-", 2**50, range(2**50 - 1, 2**50)),
    ],
)
def test_satisfiable(text: str, size: int, wanted: range) -> None:
    assert parse_range(text, size) == wanted


@pytest.mark.parametrize(
    ("text", "size"),
    [("bytes=10-", 10), ("bytes=10-20", 10), ("bytes=-0", 10), ("bytes=0-", 0), ("bytes=-0", 0)],
)
def test_unsatisfiable(text: str, size: int) -> None:
    positions = parse_range(text, size)
    assert positions is not None
    assert not positions


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 10),
        ("bytes", 10),
        ("bytes=", 10),
        ("bytes=-", 10),
        ("bytes=5-2", 10),
        ("bytes=0-1,3-4", 10),
        ("bytes=a-b", 10),
        ("bytes=1 - 2", 10),
        ("bytes=-1-2", 10),
        ("bytes=٣-", 10),
        ("items=0-1", 10),
        ("bytes=0-1\n", 10),
        ("bytes=" + "9" * 5000 + "-", 10),
        ("bytes=-5", 0),
    ],
)
def test_ignored(text: str, size: int) -> None:
    assert parse_range(text, size) is None


def test_content_range() -> None:
    assert content_range(range(2, 6), 10) == "bytes 2-5/10"
    assert content_range(range(10, 10), 10) == "bytes */10"
