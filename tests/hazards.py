"""What all tests of hazards share: every engine with every client, and one oracle.

docs/hazards.md lists the hazards. A table has a row for each way in which a server can go wrong,
and all its rows are downloaded at once. For each of them the oracle is the same: the file is right,
byte for byte, or it has failed, and then nothing has happened to its name.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple, TypeAlias, TypedDict, Unpack

import pytest

import getflags
from getflags import engines, transport
from tests.kit import files
from tests.rawserver import Answer, RawServer

#: The beginnings of heads, up to a length's value, a body in chunks, and anything else.
SIZED = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: "
CHUNKED = b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
PLAIN = b"HTTP/1.1 200 OK\r\nConnection: close\r\n"


class Whole(NamedTuple):
    """What the server says, and the file that it makes."""

    answer: Answer
    body: bytes = b"hello"


class Fails(NamedTuple):
    """What the server says, and words of the reason for which there is no file."""

    answer: Answer
    words: str = ""


Row: TypeAlias = Whole | Fails


class Way(TypedDict):
    """A way to download."""

    engine: str
    client: str


WAYS = [
    Way(engine=engine, client=client)
    for engine, client in product(sorted(engines.ENGINES), sorted(transport.CLIENTS))
]


def title(way: Way) -> str:
    """Return what to call a way in the list of tests."""
    return f"{way['engine']} {way['client']}"


everywhere = pytest.mark.parametrize("way", WAYS, ids=title)


def judge(
    rows: Mapping[str, Row],
    folder: Path,
    way: Way,
    beside: Mapping[str, Answer] | None = None,
    *,
    rounds: Sequence[bytes | None] = (None, b"old"),
    **settings: Unpack[getflags.SettingsDict],
) -> dict[str, int]:
    """Download all rows, and see that they end as they must; return how often each was asked for.

    Once for each of ``rounds``, which is what stands under the final name before (None: nothing).
    ``beside`` are answers for other paths, such as those where redirects lead.
    """
    paths = {f"/{number}": key for number, key in enumerate(rows)}
    answers = {path: rows[key].answer for path, key in paths.items()}
    settings.setdefault("retries", 0)
    settings.setdefault("timeout", 2)
    settings["engine"], settings["client"] = way["engine"], way["client"]
    for older in rounds:
        settings["dir"] = place = folder / f"older-{older is not None}"
        place.mkdir(parents=True)
        if older is not None:
            for path in paths:
                (place / path[1:]).write_bytes(older)
        with RawServer({**(beside or {}), **answers}) as server:
            report = getflags.download(map(server.url, paths), **settings)
        _check({paths[f"/{each.target.name}"]: each for each in report.outcomes}, rows)
        right = {path[1:]: _right(rows[key], older) for path, key in paths.items()}
        assert files(place) == {name: body for name, body in right.items() if body is not None}
    return {key: server.asked(path) for path, key in paths.items()}


def _check(outcomes: Mapping[str, getflags.Outcome], rows: Mapping[str, Row]) -> None:
    assert set(outcomes) == set(rows)
    for key, outcome in outcomes.items():
        row = rows[key]
        assert outcome.failed == isinstance(row, Fails), (key, outcome.reason)
        assert bool(outcome.reason) == outcome.failed, key
        assert harmless(outcome.reason), (key, outcome.reason)
        if isinstance(row, Fails):
            assert row.words in outcome.reason, (key, outcome.reason)


def _right(row: Row, older: bytes | None) -> bytes | None:
    return row.body if isinstance(row, Whole) else older


def harmless(text: str) -> bool:
    """Whether a line of text drives no terminal, is one line, and reads as it is written."""
    drives = {unicodedata.category(each) for each in text} & {"Cc", "Cs", "Zl", "Zp"}
    return not drives and not set(text) & set(
        "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067"
    )
