"""A transfer against any server: no spliced file, an end in any case, no secret for a stranger."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, cycle, repeat
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from getflags.core.errors import (
    Aborted,
    Disconnected,
    Expired,
    Malformed,
    TimedOut,
    Unreachable,
    Untrusted,
)
from getflags.core.models import Checksum, DownloadOptions, Exists, Fields, OnDisk
from getflags.transfer.body import PROGRESS_STEP
from tests.anyserver import Answer, Exchange, Honest, Other, Part, Version, Whole, World

relaxed = settings(deadline=None, max_examples=400)
T = TypeVar("T")

OLD = OnDisk(1640995200, 42)
SECRETS: Fields = (("X-Api-Key", "SECRET"), ("Cookie", "SECRET"), ("Accept-Language", "pt"))

# What to try; often enough what keeps a run going, or few would come to the second try


def mostly(usual: Sequence[T], *odd: T) -> st.SearchStrategy[T]:
    """Draw something usual nine times of ten."""
    return st.sampled_from([*usual] * (9 * len(odd) // len(usual)) + [*odd])


PLACES = [
    "/b", "c", "", "http://h/f", "http://h:80/f", "http://h:8080/f", "http://other/f", "//other/f",
    "https://h/f", "https://other/f", "http://thief:trap@other/f", "http://h@other/f",
    "http://h.other/f", "file:///etc/passwd", "http://[::1", "/\x00",
]  # fmt: skip
RETRY_AFTER = ["1", "0", "60", "61", "9" * 50, "-1", "soon", "Sun, 06 Nov 1994 08:49:37 GMT"]
RESET, SILENT = Disconnected("reset"), TimedOut("silent")
FINAL = [Expired("over"), Malformed("?"), Aborted("we did"), Unreachable("no"), Untrusted("no")]

KNOWN_BY = ["tag", "date", "coding", "size", "nothing", "weak tag", "weak date"]

versions = st.builds(
    lambda sizes, known_by: [Version(size, known_by, number) for number, size in enumerate(sizes)],
    st.lists(
        mostly([4 * PROGRESS_STEP, 3 * PROGRESS_STEP + 1, 2 * PROGRESS_STEP], 100, 1, 0),
        min_size=1, max_size=3, unique=True,
    ),
    mostly(KNOWN_BY[:4], *KNOWN_BY[4:]),
)  # fmt: skip
wholes = st.builds(
    Whole,
    mostly([None], "1", str(2 * PROGRESS_STEP), "x", "1, 2", "9" * 19, "7, 7"),
    st.sampled_from(["length", "chunked", "close"]),
    mostly([200], 203, 299),
)
parts = st.builds(
    Part,
    mostly([0], -1, 1, -1000, 1000),
    mostly([None], 1, PROGRESS_STEP),
    mostly([None, "*"], "50", "100", "x"),
    mostly(["once"], "twice", "none", "bytes */100", "items 0-1/2", ""),
    mostly([None, "right"], "1", "x"),
    st.booleans(),
    mostly([False], True),  # noqa: FBT003 - what to draw
)
redirects = st.builds(
    lambda status, place: Other(status, (("location", place),)),
    st.sampled_from([301, 302, 303, 307, 308]),
    st.sampled_from(PLACES),
)
refusals = st.builds(
    lambda status, seconds: Other(status, (("retry-after", seconds),) if seconds else ()),
    mostly([429, 503, 500, 408], 416, 404, 304, 204, 205, 101, 302, 999),
    mostly([None, "1"], *RETRY_AFTER),
)
answers: st.SearchStrategy[Answer] = st.one_of(
    wholes, wholes, parts, parts, parts, redirects, refusals,
    mostly([RESET, SILENT, Disconnected("closed", stale=True)], *FINAL),
)  # fmt: skip
exchanges = st.builds(
    Exchange,
    answers,
    st.sampled_from([0, 0, 0, 1, 2]),
    mostly([1.0, 0.8, 0.6], 0.0),
    st.sampled_from([PROGRESS_STEP, PROGRESS_STEP // 2, 10 * PROGRESS_STEP]),
    mostly([None, None, RESET, SILENT], *FINAL),
    mostly([0], 1, 2 * PROGRESS_STEP),
)
rules = st.builds(
    # A lambda hides the other fields, so that they keep their defaults.
    lambda **given: DownloadOptions(**given),  # noqa: PLW0108
    headers=st.sampled_from([(), SECRETS]),
    max_redirs=st.sampled_from([3, 10, 1, 0]),
    exists=mostly([Exists.OVERWRITE], *Exists),
    retries=st.sampled_from([4, 3, 2, 0]),
    max_time=mostly([None], 1.0),
    max_filesize=mostly([None], PROGRESS_STEP),
)
there = st.sampled_from([None, OLD])
checksums = mostly([None], Checksum("sha256", "right"))

LARGE, OTHER = Version(4 * PROGRESS_STEP), Version(3 * PROGRESS_STEP, "tag", 1)
CUT = Exchange(Whole(framing="chunked"), share=0.6)
# What went wrong once, or would if a check were missing.
STORIES: dict[str, tuple[list[Version], list[Exchange]]] = {
    "parts of nobody knows how much": ([LARGE], [CUT, Exchange(Part(size=1, total="*"))]),
    "a byte at a time": ([LARGE], [CUT, Exchange(Part(size=1))]),
    "a part, and then another version": (
        [LARGE, OTHER],
        [CUT, Exchange(Part(), 0, 0.5), CUT._replace(version=1), Exchange(Honest(), 1)],
    ),
    "away to https and back": (
        [LARGE],
        [Exchange(Other(302, (("location", each),))) for each in ("https://h/f", "http://h/f")],
    ),
    "a pause of an hour": ([LARGE], [CUT, Exchange(Other(503, (("retry-after", "3600"),)))]),
    **{
        f"a part of another version, known by {kind}": (
            [LARGE._replace(known_by=kind), OTHER._replace(known_by=kind)],
            [CUT, Exchange(Part(), 1)],
        )
        for kind in KNOWN_BY
    },
}


def told(world: World, story: list[Exchange], again: int, there: OnDisk | None) -> None:
    """Run three times, then at a good server. Of the story, the last few are told for ever."""
    forever = chain(story, cycle(story[-again:]))
    for _ in range(3):
        world.run(forever, there if world.rules.exists is not Exists.OVERWRITE else None)
    world.rules = DownloadOptions()
    world.run(repeat(Exchange(Honest())), None)
    assert world.complete, "what bad servers have left does no harm at a good one"


@pytest.mark.parametrize("name", STORIES)
def test_no_file_is_spliced_or_cut_by(name: str) -> None:
    versions, story = STORIES[name]
    told(World(versions, DownloadOptions(), None), story, 1, None)


def test_an_empty_file_is_the_one_that_its_checksum_is_of() -> None:
    """No byte tells of which version it is; here it is another, of which nothing came."""
    world = World([Version(0), OTHER], DownloadOptions(), Checksum("sha256", "right"))
    world.run(repeat(Exchange(Whole(framing="close"), version=1, share=0.0)), None)
    assert world.complete


worlds = st.builds(World, versions, rules, checksums)


@given(worlds, st.lists(exchanges, min_size=2, max_size=8), st.integers(1, 8), there)
@relaxed
def test_whatever_servers_do_no_file_is_spliced_or_cut_and_every_run_ends(
    world: World, story: list[Exchange], again: int, on_disk: OnDisk | None
) -> None:
    told(world, story, again, on_disk)
