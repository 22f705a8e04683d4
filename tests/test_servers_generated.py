"""Bytes made up for the occasion."""

import tracemalloc

import pytest

from servers.content.generated import BLOCK, LARGEST, Pattern, find


def test_pieces_fit_together() -> None:
    pattern = Pattern("x", 200_000)
    whole = pattern.read(0, 200_000)
    assert len(whole) == 200_000
    assert b"".join(pattern.read(at, 7919) for at in range(0, 200_000, 7919)) == whole
    assert pattern.read(199_990, 100) == whole[-10:]
    assert pattern.read(200_000, 1) == pattern.read(300_000, 1) == b""


def test_a_short_body_is_the_beginning_of_a_long_one() -> None:
    assert Pattern("x", 100).read(0, 100) == Pattern("x", BLOCK * 2).read(0, 100)


def test_names_tell_bodies_apart() -> None:
    assert Pattern("x", 100).read(0, 100) != Pattern("y", 100).read(0, 100)


@pytest.mark.parametrize("piece", [2**16, 2**18, 2**20, 1000_000])
def test_a_piece_in_the_wrong_place_is_wrong(piece: int) -> None:
    pattern = Pattern("x", 2**24)
    first = pattern.read(0, piece)
    assert all(pattern.read(piece * place, piece) != first for place in range(1, 10))


def test_a_petabyte_takes_no_memory() -> None:
    tracemalloc.start()
    pattern = Pattern("x", LARGEST)
    assert len(pattern.read(LARGEST - 10, 2**18)) == 10
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000
    pattern.close()


def test_find() -> None:
    small, large = find("/bytes/10/a/b.bin"), find(f"/bytes/{LARGEST}/x")
    assert small is not None
    assert small.size == 10
    assert small.content == Pattern("a/b.bin", 10).read(0, 10)
    assert large is not None
    assert large.size == LARGEST
    assert isinstance(large.content, Pattern)
    assert small.etag != large.etag


def test_the_tag_depends_on_name_and_size() -> None:
    found = [find("/bytes/1/a"), find("/bytes/1/b"), find("/bytes/2/a"), find("/bytes/1/a")]
    tags = [each.etag for each in found if each]
    assert len(tags) == 4
    assert len(set(tags)) == 3
    assert tags[0] == tags[3]


def test_an_empty_body() -> None:
    item = find("/bytes/0/x")
    assert item is not None
    assert item.content == b""


@pytest.mark.parametrize(
    "path",
    [
        "/bytes/",
        "/bytes/1",
        "/bytes/1/",
        "/bytes/x/y",
        "/bytes/-1/y",
        f"/bytes/{LARGEST + 1}/y",
        "/x/bytes/1/y",
    ],
)
def test_other_paths(path: str) -> None:
    assert find(path) is None
