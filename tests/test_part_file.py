"""The save layer: whole or not at all, and never through somebody's link."""

from __future__ import annotations

import errno
import fcntl
import itertools
import os
import re
import stat
from collections.abc import Callable
from hashlib import sha1
from pathlib import Path

import pytest

from getflags.core.errors import NotSaved, UsageError
from getflags.core.models import Checksum, Exists, PartialFile, ResumeRecord, Target
from getflags.storage import locked_file
from getflags.storage import part_file as save
from getflags.storage.directories import make_folder, real_folder
from getflags.storage.part_file import PartFile
from getflags.storage.records import resume_record
from tests.kit import files
from tests.messages import NO_FOLDER

SHA1_OF_ABC = "a9993e364706816aba3e25717850c26c9cd0d89d"


def target(folder: Path, name: str = "f.gif", checksum: Checksum | None = None) -> Target:
    return Target(0, "w", "w", "http://h/f.gif", str(folder), name, checksum)


def test_a_file_appears_only_when_it_is_installed(tmp_path: Path) -> None:
    with PartFile(target(tmp_path)) as part:
        part.write(b"ab", 0)
        part.write(b"c", 2)
        assert [name[:10] for name in files(tmp_path)] == [".getflags-"]
        part.install()
        assert files(tmp_path) == {"f.gif": b"abc"}
    assert files(tmp_path) == {"f.gif": b"abc"}


def test_what_is_not_installed_is_taken_away(tmp_path: Path) -> None:
    (tmp_path / "f.gif").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), PartFile(target(tmp_path)) as part:
        part.write(b"new", 0)
        raise ZeroDivisionError
    assert files(tmp_path) == {"f.gif": b"old"}


def test_a_part_file_that_somebody_removed_is_no_error(tmp_path: Path) -> None:
    with PartFile(target(tmp_path)) as part:
        part.write(b"new", 0)
        (hidden,) = tmp_path.iterdir()
        hidden.unlink()
    assert files(tmp_path) == {}


def test_the_disk_confirms_the_bytes_before_the_name_and_then_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    confirmed: list[tuple[int, bool]] = []
    fsync = os.fsync

    def watch(descriptor: int) -> None:
        confirmed.append((os.fstat(descriptor).st_ino, (tmp_path / "a/f.gif").exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watch)
    with PartFile(target(tmp_path / "a"), fsync=True) as part:
        part.write(b"abc", 0)
        part.install()
    file, folder, parent = (
        (path.stat().st_ino, path.name != "f.gif")
        for path in (tmp_path / "a/f.gif", tmp_path / "a", tmp_path)
    )
    assert confirmed[0] == file
    assert {folder, parent} <= set(confirmed[1:])
    confirmed.clear()
    with PartFile(target(tmp_path / "a"), fsync=True) as part:
        part.write(b"abc", 0)
        part.install()
    assert [name for name, _ in confirmed[1:]] == [folder[0]], "its parents stand already"


def test_what_the_disk_does_not_confirm_gets_no_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO), descriptor)

    monkeypatch.setattr(os, "fsync", refuse)
    (tmp_path / "f.gif").write_bytes(b"old")
    part = PartFile(target(tmp_path), fsync=True)
    with pytest.raises(NotSaved, match=r"(?i)input/output error"), part:
        part.write(b"new", 0)
        part.install()
    assert files(tmp_path) == {"f.gif": b"old"}


def test_an_empty_body_makes_an_empty_file(tmp_path: Path) -> None:
    with PartFile(target(tmp_path)) as part:
        part.end_body(0)
        part.install()
    assert files(tmp_path) == {"f.gif": b""}


def test_the_folder_and_its_parents_are_made(tmp_path: Path) -> None:
    with PartFile(target(tmp_path / "a", "b/c.gif")) as part:
        part.write(b"x", 0)
        part.install()
    assert files(tmp_path) == {"a/b/c.gif": b"x"}


def test_the_digest_is_of_all_that_was_written(tmp_path: Path) -> None:
    with PartFile(target(tmp_path, checksum=Checksum("sha1", "00"))) as part:
        part.write(b"ab", 0)
        part.write(b"c", 2)
        assert part.digest == SHA1_OF_ABC
    with PartFile(target(tmp_path)) as part:
        assert part.digest is None


def test_new_files_follow_the_umask_and_replaced_ones_keep_their_mode(tmp_path: Path) -> None:
    umask = os.umask(0o027)
    try:
        for name in ("new", "old"):
            if name == "old":
                (tmp_path / name).touch()
                (tmp_path / name).chmod(0o604)
            with PartFile(target(tmp_path, name)) as part:
                part.write(b"x", 0)
                part.install()
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "old").stat().st_mode) == 0o604


@pytest.mark.parametrize("dangling", [False, True])
def test_a_link_at_the_final_name_is_replaced_not_written_through(
    tmp_path: Path, *, dangling: bool
) -> None:
    victim = tmp_path / "victim"
    if not dangling:
        victim.write_bytes(b"precious")
    (tmp_path / "f.gif").symlink_to(victim)
    with PartFile(target(tmp_path)) as part:
        part.write(b"new", 0)
        part.install()
    assert not (tmp_path / "f.gif").is_symlink()
    assert (tmp_path / "f.gif").read_bytes() == b"new"
    assert victim.exists() is not dangling
    if not dangling:
        assert victim.read_bytes() == b"precious"


def hidden_name(folder: Path) -> Path:
    """Return where the part file of the usual target stands."""
    with PartFile(target(folder)) as part:
        part.open()
        (path,) = folder.iterdir()
    return path


@pytest.mark.parametrize("suffix", [".part", ".json"])
def test_a_planted_link_is_never_followed(tmp_path: Path, suffix: str) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    hidden_name(tmp_path / "d").with_suffix(suffix).symlink_to(victim)
    with PartFile(target(tmp_path / "d")) as part:
        assert part.reopen() is None
        part.write(b"new", 0)
        part.checkpoint(NOTE)
        part.install()
    assert victim.read_bytes() == b"precious"
    assert (tmp_path / "d" / "f.gif").read_bytes() == b"new"


def test_a_pipe_at_a_part_files_name_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(hidden_name(tmp_path))
    with PartFile(target(tmp_path)) as part:
        part.write(b"new", 0)
        part.install()
    assert (tmp_path / "f.gif").read_bytes() == b"new"


NOTE = ResumeRecord('"tag"', 10)


def leave(folder: Path, data: bytes, note: ResumeRecord | None = NOTE) -> None:
    """Leave a part file, as a run does that is interrupted."""
    with PartFile(target(folder)) as part:
        part.write(data, 0)
        part.checkpoint(note)


def test_what_is_known_by_something_is_kept_and_taken_up_again(tmp_path: Path) -> None:
    leave(tmp_path, b"abc")
    assert len(files(tmp_path)) == 2
    asked = target(tmp_path, checksum=Checksum("sha1", sha1(b"abcdef").hexdigest()))  # noqa: S324 - any will do
    with PartFile(asked) as part:
        assert part.reopen() == PartialFile(3, NOTE)
        part.write(b"def", 3)
        part.end_body(6)
        assert asked.checksum
        assert part.digest == asked.checksum.hexdigest
        part.install()
    assert files(tmp_path) == {"f.gif": b"abcdef"}


def test_a_part_of_a_file_of_unknown_size_is_kept_as_it_is(tmp_path: Path) -> None:
    note = ResumeRecord('"tag"', None)
    leave(tmp_path, b"abc", note)
    with PartFile(target(tmp_path)) as part:
        assert part.reopen() == PartialFile(3, note)


def test_what_nobody_could_know_again_is_not_kept(tmp_path: Path) -> None:
    leave(tmp_path, b"abc", None)
    assert files(tmp_path) == {}


def test_beginning_anew_throws_away_what_was_kept(tmp_path: Path) -> None:
    leave(tmp_path, b"abc")
    with PartFile(target(tmp_path)) as part:
        assert part.reopen()
        part.write(b"X", 0)
        assert [path.suffix for path in tmp_path.iterdir()] == [".part"], (
            "no note about other bytes"
        )
        part.install()
    assert files(tmp_path) == {"f.gif": b"X"}


def test_an_empty_file_instead_of_what_was_kept(tmp_path: Path) -> None:
    leave(tmp_path, b"abc")
    with PartFile(target(tmp_path)) as part:
        assert part.reopen()
        part.end_body(0)
        part.install()
    assert files(tmp_path) == {"f.gif": b""}


def test_of_a_whole_file_the_last_byte_is_asked_for_again(tmp_path: Path) -> None:
    leave(tmp_path, b"0123456789")
    with PartFile(target(tmp_path)) as part:
        assert part.reopen() == PartialFile(9, NOTE)


def test_what_was_kept_of_no_use_goes(tmp_path: Path) -> None:
    leave(tmp_path, b"abc")
    with PartFile(target(tmp_path)) as part:
        assert part.reopen()
        part.discard()
    assert files(tmp_path) == {}


def test_an_empty_part_is_not_gone_on_with(tmp_path: Path) -> None:
    leave(tmp_path, b"abc")
    (part_file,) = tmp_path.glob(".*.part")
    part_file.write_bytes(b"")
    with PartFile(target(tmp_path)) as part:
        assert part.reopen() is None
        part.write(b"new", 0)
        part.install()
    assert files(tmp_path) == {"f.gif": b"new"}


def test_a_part_without_its_note_is_written_over(tmp_path: Path) -> None:
    leave(tmp_path, b"abcdefgh")
    (note,) = tmp_path.glob(".*.json")
    note.unlink()
    with PartFile(target(tmp_path)) as part:
        assert part.reopen() is None
        part.write(b"new", 0)
        part.install()
    assert files(tmp_path) == {"f.gif": b"new"}


def test_a_note_without_its_part_is_no_use(tmp_path: Path) -> None:
    leave(tmp_path, b"abc")
    (part_file,) = tmp_path.glob(".*.part")
    part_file.unlink()
    with PartFile(target(tmp_path)) as part:
        assert part.reopen() is None


@pytest.mark.parametrize(
    "change",
    [
        lambda _: "",
        lambda _: "{",
        lambda _: "[" * 5000,
        lambda _: "[]",
        lambda text: text.replace('"version": 2', '"version": 1'),
        lambda text: text.replace("[0, 3,", "[0, 0,"),
        lambda text: text.replace("[0, 3,", "[-1, 3,"),
        lambda text: text.replace("[0, 3,", "[0, 1e3,"),
        lambda text: text.replace("[0, 3,", "[0,"),
        lambda text: text.replace("[0, 3,", "[0, 99999999999999999999,"),
        lambda text: re.sub(r"\[0, 3, .*\]\]", "[0, 3, 7]]", text),
        lambda text: re.sub(r'"ranges": .*', '"ranges": 7}', text),
        lambda text: re.sub(r'"ranges": .*', '"ranges": [7]}', text),
        lambda text: text.replace('"total": 10', '"total": -10'),
        lambda text: text.replace('"total": 10', '"total": "10"'),
        lambda text: text.replace("tag", "tag\\r\\nX-Evil: 1"),
        lambda text: text.replace('"coding": ""', '"coding": 5'),
        lambda text: text.replace('"url": "', '"url": "0'),
    ],
)
def test_a_note_that_makes_no_sense_is_as_good_as_none(
    tmp_path: Path, change: Callable[[str], str]
) -> None:
    leave(tmp_path, b"abc")
    (note,) = tmp_path.glob(".*.json")
    text = note.read_text()
    assert change(text) != text
    note.write_text(change(text))
    with PartFile(target(tmp_path)) as part:
        assert part.reopen() is None


def test_a_part_that_somebody_works_on_is_left_alone(tmp_path: Path) -> None:
    with PartFile(target(tmp_path)) as first:
        first.write(b"first", 0)
        first.checkpoint(NOTE)
        with PartFile(target(tmp_path)) as second:
            assert second.reopen() is None
            second.write(b"second", 0)
            second.checkpoint(ResumeRecord('"other"', 6))
            second.install()
        assert (tmp_path / "f.gif").read_bytes() == b"second"
        first.install()
    assert files(tmp_path) == {"f.gif": b"first"}


def test_a_name_that_a_killed_process_of_our_number_has_left_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PartFile(target(tmp_path)) as first:
        first.write(b"first", 0)
        (usual,) = tmp_path.iterdir()
        monkeypatch.setattr(save, "_serial", itertools.count(7))
        left = usual.with_name(f"{usual.stem}-{os.getpid():x}-7.part")
        left.write_bytes(b"left")
        with PartFile(target(tmp_path)) as second:
            second.write(b"second", 0)
            second.install()
        assert left.read_bytes() == b"left"
    assert (tmp_path / "f.gif").read_bytes() == b"second"


@pytest.mark.parametrize("what", ["no locks", "another owner"])
def test_a_file_system_that_lacks_something_is_good_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    """NFS, FAT and others: some have no locks, some give all files to one owner."""

    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    if what == "no locks":
        monkeypatch.setattr(locked_file, "flock", no_locks)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    leave(tmp_path, b"abc")
    with PartFile(target(tmp_path)) as part:
        assert part.reopen() is None
        part.write(b"new", 0)
        assert len(list(tmp_path.glob(".*.part"))) == 2
        part.install()
    assert (tmp_path / "f.gif").read_bytes() == b"new"


def test_a_part_that_somebody_else_is_quicker_to_lock_is_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between our making it and our locking it, another run has found it."""
    real = fcntl.flock
    theirs: list[int] = []

    def late(descriptor: int, how: int) -> None:
        if not theirs:
            (path,) = tmp_path.iterdir()
            theirs.append(os.open(path, os.O_RDWR))
            real(theirs[0], how)
        real(descriptor, how)

    monkeypatch.setattr(locked_file, "flock", late)
    with PartFile(target(tmp_path)) as part:
        part.write(b"ours", 0)
        os.write(theirs[0], b"theirs")
        part.install()
    os.close(theirs[0])
    assert sorted(files(tmp_path).values()) == [b"ours", b"theirs"]
    assert (tmp_path / "f.gif").read_bytes() == b"ours"


@pytest.mark.parametrize("successor", [True, False])
def test_a_part_that_was_taken_away_is_no_file(tmp_path: Path, *, successor: bool) -> None:
    """Least of all where another run has begun one of that name since."""
    (tmp_path / "f.gif").write_bytes(b"old")
    with (
        pytest.raises(NotSaved, match="deleted during the download"),
        PartFile(target(tmp_path)) as part,
    ):
        part.write(b"whole", 0)
        (hidden,) = tmp_path.glob(".*.part")
        hidden.unlink()
        if successor:
            hidden.write_bytes(b"ano")
        part.install()
    assert (tmp_path / "f.gif").read_bytes() == b"old"


def test_a_finished_file_is_never_taken_for_a_part(tmp_path: Path) -> None:
    """Somebody opens the part; before the lock is had, it has become the finished file."""
    with PartFile(target(tmp_path)) as part:
        part.write(b"whole", 0)
        (path,) = tmp_path.iterdir()
        late = os.open(path, os.O_RDWR)
        part.install()
    assert locked_file._lock_or_close(late, str(path)) is None
    assert files(tmp_path) == {"f.gif": b"whole"}


def test_there_is_no_gap_in_a_file(tmp_path: Path) -> None:
    with PartFile(target(tmp_path)) as part:
        part.write(b"abc", 0)
        with pytest.raises(RuntimeError, match="ends at 3, not at 5"):
            part.write(b"x", 5)


def test_a_folder_at_the_final_name_stays(tmp_path: Path) -> None:
    (tmp_path / "f.gif").mkdir()
    with pytest.raises(NotSaved, match="Is a directory"), PartFile(target(tmp_path)) as part:
        part.write(b"new", 0)
        part.install()
    assert [path.name for path in tmp_path.iterdir()] == ["f.gif"]


def test_what_could_not_be_put_in_place_is_kept_for_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "f.gif").mkdir()
    with pytest.raises(NotSaved, match="Is a directory"), PartFile(target(tmp_path)) as part:
        part.write(b"0123456789", 0)
        part.checkpoint(NOTE)
        part.install()
    with PartFile(target(tmp_path)) as part:
        assert part.reopen() == PartialFile(9, NOTE)


def test_a_full_disk_is_an_error_and_not_a_short_file(tmp_path: Path) -> None:
    with PartFile(target(tmp_path)) as part:
        part.open()
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, part.open())
        os.close(full)
        with pytest.raises(NotSaved, match="No space left on device"):
            part.write(b"new", 0)
    assert files(tmp_path) == {}


def test_looking_at_the_disk_only_where_the_rules_need_it(tmp_path: Path) -> None:
    (tmp_path / "f.gif").write_bytes(b"abc")
    os.utime(tmp_path / "f.gif", (0, 784111777))
    asked = target(tmp_path, checksum=Checksum("sha1", SHA1_OF_ABC))
    assert PartFile(asked).on_disk(Exists.OVERWRITE) is None
    found = PartFile(asked).on_disk(Exists.REFRESH)
    assert found is not None
    assert (found.modified, found.size) == (784111777, 3)
    assert found.digest == SHA1_OF_ABC
    found = PartFile(target(tmp_path)).on_disk(Exists.SKIP)
    assert found is not None
    assert found.digest is None


def test_a_file_that_fails_the_target_by_existing_is_not_hashed(tmp_path: Path) -> None:
    (tmp_path / "f.gif").write_bytes(b"abc")
    asked = target(tmp_path, checksum=Checksum("sha1", SHA1_OF_ABC))
    found = PartFile(asked).on_disk(Exists.FAIL)
    assert found is not None
    assert (found.size, found.digest) == (3, None)


def test_nothing_on_disk(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert PartFile(target(tmp_path)).on_disk(Exists.SKIP) is None
    assert PartFile(target(tmp_path / "file")).on_disk(Exists.SKIP) is None


def test_something_that_is_no_file_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "f.gif").mkdir()
    with pytest.raises(NotSaved, match="it exists and is not a regular file"):
        PartFile(target(tmp_path)).on_disk(Exists.SKIP)


@pytest.mark.parametrize(("modified", "kept"), [(784111777, True), (1 << 40, False)])
def test_the_servers_date_is_kept_unless_it_lies_ahead(
    tmp_path: Path, modified: int, *, kept: bool
) -> None:
    with PartFile(target(tmp_path)) as part:
        part.write(b"x", 0)
        part.install(modified)
    assert ((tmp_path / "f.gif").stat().st_mtime == modified) == kept


def test_a_name_that_cannot_be_spelt_is_a_refusal(tmp_path: Path) -> None:
    with (
        pytest.raises(NotSaved, match="embedded null byte"),
        PartFile(target(tmp_path, "a\0")) as part,
    ):
        part.write(b"x", 0)
        part.install()


def test_two_spellings_of_a_folder_are_one(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to("a")
    names = [f"{tmp_path}/a", f"{tmp_path}/./a/", f"{tmp_path}//a/../a", f"{tmp_path}/link"]
    assert {real_folder(name) for name in names} == {os.path.realpath(tmp_path / "a")}


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(NotSaved, match="Not a directory"),
        PartFile(target(tmp_path / "file")) as part,
    ):
        part.write(b"x", 0)
    assert files(tmp_path) == {"file": b""}


def test_a_folder_behind_a_dangling_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(NotSaved, match="File exists"), PartFile(target(tmp_path / "link")) as part:
        part.write(b"x", 0)


def test_a_folder_that_can_be_written_to_is_left_empty(tmp_path: Path) -> None:
    make_folder(str(tmp_path / "new" / "deep"))
    assert files(tmp_path) == {}
    assert (tmp_path / "new" / "deep").is_dir()


def test_trying_a_folder_takes_nothing_away_from_a_file_of_any_name(tmp_path: Path) -> None:
    """Not even from one with the name that the try once used."""
    with PartFile(target(tmp_path, "probe")) as part:
        part.write(b"abc", 0)
        part.checkpoint(NOTE)
    make_folder(str(tmp_path))
    with PartFile(target(tmp_path, "probe")) as part:
        assert part.reopen() == PartialFile(3, NOTE)


@pytest.mark.parametrize("name", ["a-file", "a-file/below", "/proc/getflags", "d/" * 300])
def test_a_folder_that_cannot_be_made_is_a_usage_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "a-file").touch()
    with pytest.raises(UsageError, match=rf"{NO_FOLDER} '.*': \w+"):
        make_folder(str(tmp_path / name))


def test_a_folder_that_cannot_be_encoded_is_a_refusal(tmp_path: Path) -> None:
    part = PartFile(Target(0, "f", "f", "http://h/f", f"{tmp_path}/\ud800", "f"))
    assert not part.has_record()
    with pytest.raises(NotSaved), part:
        part.open()


def test_a_record_whose_validator_cannot_be_sent_is_no_record(tmp_path: Path) -> None:
    """Otherwise, each later run would fail to send its request."""
    path = str(tmp_path / "record")
    for validator, valid in (('"e"', True), ('"\u20ac"', False), ('"a\tb"', False)):
        record = ResumeRecord(validator, 9, "")
        assert resume_record.write_record(path, "http://h/f", record, [])
        found = resume_record.read_record(path, "http://h/f")
        assert found == (("http://h/f", record, []) if valid else None)
