"""A folder that is served, and no file outside it."""

import errno
import os
from pathlib import Path

import pytest

from servers.content.folder import Folder
from servers.http.representation import Representation


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a folder with files of all types, beside a file that must not be served."""
    (tmp_path / "secret").write_bytes(b"secret")
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "a.gif").write_bytes(b"gif")
    (root / "sub" / "b c.tar.gz").write_bytes(b"tar")
    (root / "inside").symlink_to("sub")
    (root / "outside").symlink_to("../secret")
    (root / "above").symlink_to("..")
    (root / "loop").symlink_to("loop")
    os.mkfifo(root / "pipe")
    return root


def read(item: Representation | None) -> bytes:
    assert item is not None
    assert not isinstance(item.content, bytes)
    data = item.content.read(0, item.size + 1)
    item.content.close()
    return data


def test_files_are_found(root: Path) -> None:
    folder = Folder(root)
    assert read(folder.find("/a.gif")) == b"gif"
    assert read(folder.find("/sub/b%20c.tar.gz")) == b"tar"
    assert read(folder.find("/inside/b%20c.tar.gz")) == b"tar"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/sub",
        "/none",
        "/a.gif/x",
        "/outside",
        "/above/secret",
        "/../secret",
        "/%2e%2e/secret",
        "/loop",
        "/pipe",
        "/" + "x" * 300,
    ],
)
def test_the_rest_is_not(root: Path, path: str) -> None:
    assert Folder(root).find(path) is None


def test_the_root_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root)
    assert read(Folder(tmp_path / "link").find("/a.gif")) == b"gif"


def test_a_root_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Folder(tmp_path / "none")


def test_what_is_said_of_a_file(root: Path) -> None:
    os.utime(root / "a.gif", ns=(0, 1_500_000_000))
    first = Folder(root).find("/a.gif")
    assert first
    assert (first.size, first.content_type, first.modified) == (3, "image/gif", 1)
    assert read(first) == b"gif"
    os.utime(root / "a.gif", ns=(0, 1_500_000_001))
    second = Folder(root).find("/a.gif")
    assert second
    assert read(second) == b"gif"
    assert first.etag != second.etag


def test_a_compressed_file_is_just_bytes(root: Path) -> None:
    item = Folder(root).find("/sub/b%20c.tar.gz")
    assert read(item)
    assert item
    assert item.content_type == "application/octet-stream"


def test_a_link_put_there_since_is_not_followed(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The link is created between the check and the opening of the file."""
    folder = Folder(root)
    monkeypatch.setattr(Path, "resolve", lambda self, **_: self)
    assert folder.find("/outside") is None


@pytest.mark.parametrize(("owner", "name"), [(os, "open"), (Path, "resolve")])
def test_trouble_of_ours_is_not_called_absence(
    root: Path, monkeypatch: pytest.MonkeyPatch, owner: object, name: str
) -> None:
    folder = Folder(root)

    def exhausted(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(owner, name, exhausted)
    with pytest.raises(OSError, match="Too many"):
        folder.find("/a.gif")


@pytest.mark.parametrize(
    "error", [OSError(errno.ELOOP, "Too many levels"), RuntimeError("Symlink loop")]
)
def test_a_loop_of_links_is_absence_in_any_python(
    root: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    folder = Folder(root)

    def loop(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Path, "resolve", loop)
    assert folder.find("/loop") is None


def test_names(root: Path) -> None:
    folder = Folder(root)
    assert folder.names("/") == ["a.gif", "inside/", "sub/"]
    assert folder.names("/sub/") == folder.names("/inside") == ["b c.tar.gz"]


@pytest.mark.parametrize("path", ["/a.gif", "/none", "/above", "/.."])
def test_no_names(root: Path, path: str) -> None:
    assert Folder(root).names(path) is None


def test_a_folder_that_may_not_be_read(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Access is denied by a patch, because the superuser may read everything."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert Folder(root).names("/") is None
