"""The save layer, whatever comes between: another copy, a kill, a file that somebody planted."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import NamedTuple, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from getflags.core.models import ResumeRecord, Target
from getflags.storage.part_file import PartFile
from getflags.targets.filenames import PART_PREFIX
from tests.kit import descriptors
from tests.stepping import Program, stepping

relaxed = settings(deadline=None)  # a thread may have to wait for a processor

SIZE = 4
VERSIONS = [b"AAAA", b"BBBB", b"CCCC"]
NOTES = [ResumeRecord(f'"{number}"', SIZE) for number in range(3)]


def version_of(note: ResumeRecord) -> bytes:
    return VERSIONS[NOTES.index(note)]


def bytes_of(part: PartFile) -> bytes:
    return os.pread(part._descriptor, 100, 0) if part._descriptor >= 0 else b""


# Copies of the program, and kills, between any two system calls


class Run(NamedTuple):
    """One copy: which version the server has then, how many bytes come, and how it ends.

    ``noted`` is whether it notes what it has; ``killed`` is before which of its system calls.
    """

    version: int = 0
    comes: int = SIZE
    noted: bool = True
    killed: int | None = None


def fetch(target: Target, run: Run) -> None:
    """Do with a file what the shell does; the server is an honest one."""
    with PartFile(target) as part:
        kept = part.reopen()
        at = 0
        if kept:
            assert 0 < kept.size < SIZE
            assert bytes_of(part) == version_of(kept.record)[: kept.size], "a note on other bytes"
            at = kept.size if kept.record == NOTES[run.version] else 0
        for place in range(at, run.comes, 2):
            part.write(VERSIONS[run.version][place : place + 2][: run.comes - place], place)
            if run.noted:
                part.checkpoint(NOTES[run.version])
        if run.comes == SIZE:
            part.end_body(SIZE)
            part.install(0)


def play(story: Sequence[Run], turns: Iterable[int] = ()) -> bool:
    """Let two copies at a time take turns; then see that the next one finds nothing wrong.

    ``turns`` says whose the next system call is, 0 or 1; at the end the story is told out. Return
    whether the last run was killed, and not over before.
    """
    waiting, busy = list(story), dict[int, Iterator[bool]]()
    killed = False
    with TemporaryDirectory() as name, stepping():
        target = Target(0, "w", "w", "http://h/f", name, "f")
        open_before = descriptors()
        for turn in chain(turns, repeat(0, 1000), repeat(1, 1000)):
            if turn not in busy and waiting:
                last = turn
                busy[turn] = lived(target, waiting.pop(0))
            if turn in busy:
                state = next(busy[turn], None)
                if state is None:
                    del busy[turn]
                elif turn == last and not waiting:
                    killed = state
                with suppress(FileNotFoundError):
                    assert Path(target.path).read_bytes() in VERSIONS, "a short file, or two in one"
            elif not waiting and not busy:
                break
        assert not waiting
        assert not busy
        assert descriptors() == open_before
        fetch(target, Run(0))
        assert Path(target.path).read_bytes() == VERSIONS[0]
        names = {path.name for path in Path(name).iterdir()}
        assert all(each == "f" or each.startswith(PART_PREFIX) for each in names)
    return killed


def lived(target: Target, run: Run) -> Iterator[bool]:
    """Begin, and then live one system call at a time; yield whether it is killed."""
    program = Program(partial(fetch, target, run))
    made = 0
    yield False
    while not program.over:
        made += 1
        if made == run.killed:
            program.kill()
        else:
            program.step()
        yield program.killed


LONGEST = 36  # turns; no run takes more
CUT, WHOLE = Run(comes=2), Run()


def calls(*story: Run) -> int:
    """Return how many turns the last of some runs takes, the one after the other."""
    with TemporaryDirectory() as name, stepping():
        return [len(list(lived(Target(0, "w", "w", "u", name, "f"), run))) for run in story][-1]


@pytest.mark.parametrize("noted", [True, False])
def test_a_file_is_whole_wherever_two_runs_in_a_row_are_killed(*, noted: bool) -> None:
    for first in range(1, calls(WHOLE) + 1):
        story = [WHOLE._replace(killed=first), Run(1, 2, noted)]
        assert any(
            not play([story[0], story[1]._replace(killed=second)]) for second in range(1, LONGEST)
        )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "first", "between"),
    [
        ([], CUT, [Run(1, 3, noted=False)]),
        ([], WHOLE, [Run(1, 3)]),
        ([], Run(1, 2, noted=False, killed=6), [WHOLE]),
        ([CUT], Run(0, 3), [Run(1, 3)]),
        ([CUT], WHOLE, [Run(1)]),
        ([CUT], Run(0, 3), [Run(1), Run(2, 3)]),
    ],
)
def test_a_file_is_whole_wherever_other_copies_come_between_and_the_last_is_killed(
    before: list[Run], first: Run, between: list[Run]
) -> None:
    *others, last = between
    done = [0] * (calls(*before) + 1 if before else 0)
    for stops in range(1, calls(*before, first) + 1):
        turns = [*done, *[0] * stops, *[1] * (LONGEST * len(between))]
        assert any(
            not play([*before, first, *others, last._replace(killed=killed)], turns)
            for killed in range(1, LONGEST + 1)
        )


runs = st.builds(
    Run,
    st.integers(0, 2),
    st.sampled_from([SIZE, 3, 2]),
    st.booleans(),
    st.none() | st.integers(1, LONGEST),
)


@given(st.lists(runs, min_size=2, max_size=6), st.lists(st.integers(0, 1), max_size=150))
@relaxed
def test_a_file_is_whole_whatever_copies_do_in_whatever_order(
    story: list[Run], turns: list[int]
) -> None:
    play(story, turns)


# What somebody may have planted, and two parts of one target


def link(path: Path, victim: Path) -> None:
    path.symlink_to(victim)


def other_name(path: Path, victim: Path) -> None:
    path.hardlink_to(victim)


def dangling(path: Path, victim: Path) -> None:
    path.symlink_to(victim.with_name("nowhere"))


def pipe(path: Path, victim: Path) -> None:
    del victim
    os.mkfifo(path)


def folder(path: Path, victim: Path) -> None:
    del victim
    path.mkdir()


def text(path: Path, victim: Path) -> None:
    del victim
    path.write_text('{"version": 1, "url": "another', encoding="utf-8")


PLANTS = [link, other_name, dangling, pipe, folder, text]


class Slot:
    """A part, and what the model says that is in it."""

    def __init__(self, target: Target) -> None:
        self.part = PartFile(target)
        self.version = 0
        self.size = 0

    @property
    def data(self) -> bytes:
        return VERSIONS[self.version][: self.size]


either = st.integers(0, 1)


def busy(machine: Saving) -> bool:
    return bool(machine.slots)


class Saving(RuleBasedStateMachine):
    """Two parts of one file at most, of two URLs, in a folder where others may write."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp())
        self.home = self.folder / "home"
        self.home.mkdir()
        self.final = self.home / "f"
        self.victim = self.folder / "victim"
        self.victim.write_bytes(b"precious")
        self.slots: list[Slot] = []
        self.there: bytes | None = None
        self.open_before = descriptors()
        stem = PartFile(self.target("a"))._stem
        self.usual = {"part": Path(f"{stem}.part"), "json": Path(f"{stem}.json")}

    def target(self, url: str) -> Target:
        return Target(0, "w", "w", f"http://h/{url}", str(self.home), "f")

    @initialize(old=st.booleans())
    def begins(self, *, old: bool) -> None:
        if old:
            self.final.write_bytes(b"old")
            self.there = b"old"

    @precondition(lambda machine: len(machine.slots) < 2)
    @rule(url=st.sampled_from("aab"))
    def somebody_takes_it_up(self, url: str) -> None:
        mine = Slot(self.target(url))
        self.slots.append(mine)
        kept = mine.part.reopen()
        if kept:
            mine.version, mine.size = NOTES.index(kept.record), kept.size
            assert 0 < kept.size < SIZE

    @precondition(busy)
    @rule(which=either, count=st.integers(1, SIZE))
    def goes_on(self, which: int, count: int) -> None:
        mine = self.slots[which % len(self.slots)]
        data = VERSIONS[mine.version][mine.size : mine.size + count]
        mine.part.write(data, mine.size)
        mine.size += len(data)

    @precondition(busy)
    @rule(which=either, version=st.integers(0, 2))
    def begins_anew(self, which: int, version: int) -> None:
        mine = self.slots[which % len(self.slots)]
        mine.version, mine.size = version, 1
        mine.part.write(mine.data, 0)

    @precondition(busy)
    @rule(which=either)
    def notes(self, which: int) -> None:
        mine = self.slots[which % len(self.slots)]
        mine.part.checkpoint(NOTES[mine.version] if mine.size else None)

    @precondition(busy)
    @rule(which=either)
    def is_killed(self, which: int) -> None:
        mine = self.slots.pop(which % len(self.slots))
        if mine.part._descriptor >= 0:
            os.close(mine.part._descriptor)

    @precondition(busy)
    @rule(which=either, worthless=st.booleans())
    def leaves(self, which: int, *, worthless: bool) -> None:
        with self.slots.pop(which % len(self.slots)).part as part:
            path = part._temporary
            if worthless:
                part.discard()
        assert not worthless or not os.path.lexists(path)

    @precondition(busy)
    @rule(which=either)
    def installs(self, which: int) -> None:
        mine = self.slots.pop(which % len(self.slots))
        with mine.part as part:
            part.end_body(mine.size)
            part.install()
        self.there = mine.data

    @rule(kind=st.sampled_from(["part", "json"]), plant=st.sampled_from(PLANTS))
    def somebody_plants(self, kind: str, plant: Callable[[Path, Path], None]) -> None:
        """Not his own bytes beside a note that is good, nor in place of ours: nobody could tell."""
        if kind == "part" and self.slots:
            return
        for path in {self.usual[kind], self.usual["json"]}:
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
        plant(self.usual[kind], self.victim)

    @precondition(lambda machine: not busy(machine))
    @rule()
    def somebody_takes_the_part_away(self) -> None:
        if not self.usual["part"].is_dir():
            self.usual["part"].unlink(missing_ok=True)

    @invariant()
    def nobody_elses_file_is_touched(self) -> None:
        assert self.victim.read_bytes() == b"precious"

    @invariant()
    def the_file_is_the_one_that_was_put_in_place(self) -> None:
        assert (self.final.read_bytes() if self.final.exists() else None) == self.there

    @invariant()
    def no_part_file_has_two_holders(self) -> None:
        held = [each.part._descriptor for each in self.slots if each.part._descriptor >= 0]
        assert len({os.fstat(each).st_ino for each in held}) == len(held)
        assert descriptors() == self.open_before + len(held)

    @invariant()
    def a_part_file_holds_what_was_written_to_it(self) -> None:
        for each in self.slots:
            assert bytes_of(each.part) == each.data

    def teardown(self) -> None:
        while self.slots:
            self.is_killed(0)
        shutil.rmtree(self.folder)


Saving.TestCase.settings = settings(relaxed, max_examples=60, stateful_step_count=30)
TestSaving = Saving.TestCase

Step: TypeAlias = Callable[[Saving], None]


def begun(url: str = "a", version: int = 0, *, noted: bool = True) -> Step:
    """Take it up and begin anew; of what comes a byte is written."""

    def step(saving: Saving) -> None:
        saving.somebody_takes_it_up(url)
        saving.begins_anew(0, version)
        if noted:
            saving.notes(0)

    return step


def killed(saving: Saving) -> None:
    saving.is_killed(0)


def installed(saving: Saving) -> None:
    saving.installs(0)


def left(saving: Saving) -> None:
    saving.leaves(0, worthless=False)


def taken_up(saving: Saving) -> None:
    saving.somebody_takes_it_up("a")
    saving.goes_on(0, SIZE)


def tell(*story: Step) -> None:
    """Tell a story, and look after each step."""
    saving = Saving()
    try:
        saving.begins(old=True)
        for step in story:
            step(saving)
            saving.nobody_elses_file_is_touched()
            saving.the_file_is_the_one_that_was_put_in_place()
            saving.no_part_file_has_two_holders()
            saving.a_part_file_holds_what_was_written_to_it()
    finally:
        saving.teardown()


@pytest.mark.parametrize("end", [killed, left, installed])
@pytest.mark.parametrize("kind", ["part", "json"])
@pytest.mark.parametrize("plant", PLANTS)
def test_nothing_planted_does_any_harm(
    plant: Callable[[Path, Path], None], kind: str, end: Step
) -> None:
    tell(lambda saving: saving.somebody_plants(kind, plant), begun(), end, taken_up, installed)


@pytest.mark.parametrize("plant", PLANTS)
def test_no_note_is_written_through_what_was_planted(plant: Callable[[Path, Path], None]) -> None:
    tell(
        begun(noted=False),
        lambda saving: saving.somebody_plants("json", plant),
        lambda saving: saving.notes(0),
        killed,
        taken_up,
        installed,
    )


def test_a_note_does_not_outlive_its_part() -> None:
    away = Saving.somebody_takes_the_part_away
    tell(begun(), killed, away, begun(version=1, noted=False), killed, taken_up)


def test_a_part_that_is_written_over_loses_its_note() -> None:
    tell(
        begun("b"),
        killed,
        begun("a", 1, noted=False),
        killed,
        lambda saving: saving.somebody_takes_it_up("b"),
    )
