"""Words become values, or sentences."""

from collections.abc import Callable

import pytest

from servers.faults import values
from servers.faults.values import Point


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (values.rate, "0.25", 0.25),
        (values.seconds, "86400", 86_400.0),
        (values.whole_seconds, "0", 0),
        (values.count, "1", 1),
        (values.level, "0", 0),
        (values.size, "0", 0),
        (values.size, "64k", 65_536),
        (values.size, "1.5M", 1_572_864),
        (values.size, "1G", 2**30),
        (values.some, "1", 1),
        (values.shift, "-7", -7),
        (values.shift, "+1K", 1024),
        (values.shift, "3", 3),
        (values.point, "2000", Point(2000)),
        (values.point, "12.5%", Point(12.5, relative=True)),
        (values.error_status, "404", 404),
        (values.redirect_status, "308", 308),
    ],
)
def test_what_is_read(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        (values.rate, "1.01", "'1.01' is not a rate: give a number from 0 to 1"),
        (values.rate, "half", "is not a rate"),
        (values.seconds, "-1", "is not a time"),
        (values.seconds, "86401", "at most 86400"),
        (values.seconds, "nan", "is not a time"),
        (values.whole_seconds, "1.5", "whole seconds"),
        (values.count, "0", "at least 1"),
        (values.count, "٣", "at least 1"),
        (values.level, "-1", "at least 0"),
        (values.size, "1T", "such as 2000, 64K, 1.5M or 1G"),
        (values.size, "0.5", "is not a size"),
        (values.size, "9999999G", "is not a size"),
        (values.some, "0", "at least 1 byte"),
        (values.shift, "0", "at least 1 byte"),
        (values.shift, "--1", "is not a size"),
        (values.point, "101%", "0% to 100%"),
        (values.point, "-1%", "is not a size"),
        (values.error_status, "200", "a status of a failure"),
        (values.error_status, "499", "a status of a failure"),
        (values.error_status, "x", "a status of a failure"),
        (values.redirect_status, "300", "301, 302, 303, 307 or 308"),
        (values.size, "\x1b[31m", r"\x1b[31m"),
    ],
)
def test_what_is_refused(read: Callable[[str], object], text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match="is not") as caught:
        read(text)
    assert sentence in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("0", 0),
        ("30", 30),
        ("2000", 2000),
        ("50%", 500),
        ("100%", 1000),
        ("0.00001%", 0),
        ("33.3333333%", 333),
    ],
)
def test_places_in_a_body(text: str, place: int) -> None:
    point = values.point(text)
    assert point.of(1000) == place
    assert str(point) == text


@pytest.mark.parametrize("text", ["0.25", "1e-05", "1.2345678901234567e-07", "2e+22", "3.0"])
def test_a_number_is_written_as_it_is_read(text: str) -> None:
    assert "e" not in values.plain(float(text))
    assert float(values.plain(float(text))) == float(text)
