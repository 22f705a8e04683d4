"""Parsers of parameter values, and their error messages."""

from collections.abc import Callable

import pytest

from servers.faults import values
from servers.faults.values import BodyPosition


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (values.rate, "0.25", 0.25),
        (values.seconds, "86400", 86_400.0),
        (values.whole_seconds, "0", 0),
        (values.whole_seconds_or_none, "7", 7),
        (values.whole_seconds_or_none, "none", None),
        (values.request_rate, "0.5", 0.5),
        (values.count, "1", 1),
        (values.count_or_zero, "0", 0),
        (values.size, "0", 0),
        (values.size, "64k", 65_536),
        (values.size, "1.5M", 1_572_864),
        (values.size, "1G", 2**30),
        (values.nonzero_size, "1", 1),
        (values.signed_size, "-7", -7),
        (values.signed_size, "+1K", 1024),
        (values.signed_size, "3", 3),
        (values.body_position, "2000", BodyPosition(2000)),
        (values.body_position, "12.5%", BodyPosition(12.5, relative=True)),
        (values.error_status, "404", 404),
        (values.redirect_status, "308", 308),
    ],
)
def test_what_is_read(read: Callable[[str], object], text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        (values.rate, "1.01", "'1.01' is not a rate: use a number from 0 to 1"),
        (values.rate, "half", "is not a rate"),
        (values.seconds, "-1", "is not a time"),
        (values.seconds, "86401", "the maximum is 86400"),
        (values.seconds, "nan", "is not a time"),
        (values.whole_seconds, "1.5", "a time in whole seconds"),
        (values.count, "0", "at least 1"),
        (values.count, "٣", "at least 1"),
        (values.count_or_zero, "-1", "at least 0"),
        (values.size, "1T", "such as 2000, 64K, 1.5M or 1G"),
        (values.size, "0.5", "is not a size"),
        (values.size, "9999999G", "is not a size"),
        (values.nonzero_size, "0", "at least 1 byte"),
        (values.signed_size, "0", "at least 1 byte"),
        (values.signed_size, "--1", "is not a size"),
        (values.body_position, "101%", "0% to 100%"),
        (values.body_position, "-1%", "is not a size"),
        (values.error_status, "200", "an error status"),
        (values.error_status, "499", "an error status"),
        (values.error_status, "x", "an error status"),
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
    point = values.body_position(text)
    assert point.of(1000) == place
    assert str(point) == text


@pytest.mark.parametrize("text", ["0.25", "1e-05", "1.2345678901234567e-07", "2e+22", "3.0"])
def test_a_number_is_written_as_it_is_read(text: str) -> None:
    assert "e" not in values.decimal_text(float(text))
    assert float(values.decimal_text(float(text))) == float(text)
