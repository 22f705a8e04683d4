"""What is at a path: the flags, made-up bytes, a folder."""

import errno
from pathlib import Path

import pytest

from servers.content.folder import Folder
from servers.content.resources import Contents, Files, Flags, answer
from servers.http.responses import Request, Response, Span
from tests.servers_kit import flags, gif


def ask(contents: Contents, target: str, method: str = "GET", **fields: str) -> Response:
    return answer(contents, "LOCAL", Request(method, target, fields))


@pytest.fixture
def collection(tmp_path: Path) -> Flags:
    """Make a few flags."""
    return flags(tmp_path)


@pytest.fixture
def folder(tmp_path: Path) -> Files:
    """Make a folder with one file."""
    (tmp_path / "a.bin").write_bytes(b"a")
    return Files(Folder(tmp_path))


def test_a_flag_is_ready_in_advance(collection: Flags) -> None:
    first, second = (ask(collection, "/flags/br/br.gif") for _ in range(2))
    assert first is second
    assert (first.status, first.body) == (200, gif("br"))


def test_a_flag_asked_for_in_any_other_way_is_the_same_flag(collection: Flags) -> None:
    ready = ask(collection, "/flags/br/br.gif")
    assert ask(collection, "/flags/br/br.gif?again") == ready
    assert ask(collection, "/flags/br/br.gif", "HEAD") == ready._replace(body=b"")
    assert ask(collection, "/flags/br/br.gif", range="bytes=0-2").body == b"GIF"


@pytest.mark.parametrize("path", ["/", "/flags", "/flags/", "/?x"])
def test_the_wall(collection: Flags, path: str) -> None:
    page = ask(collection, path)
    assert b"Content-Type: text/html; charset=utf-8" in page.head
    assert isinstance(page.body, bytes)
    assert "Côte d&#x27;Ivoire" in page.body.decode()
    assert ask(collection, path, "HEAD") == page._replace(body=b"")


def test_generated_bytes(collection: Flags) -> None:
    assert len(bytes(ask(collection, "/bytes/5/x").body[:])) == 5  # type: ignore[arg-type]
    assert isinstance(ask(collection, "/bytes/5000000/x").body, Span)


@pytest.mark.parametrize("path", ["/flags/zz/zz.gif", "/bytes/x", "/a.bin", "/favicon.ico"])
def test_not_found(collection: Flags, path: str) -> None:
    assert ask(collection, path).status == 404
    assert ask(collection, path, "HEAD").body == b""


def test_nothing_can_be_changed(collection: Flags) -> None:
    assert ask(collection, "/flags/br/br.gif", "DELETE").status == 405


def test_a_folder(folder: Files) -> None:
    response = ask(folder, "/a.bin")
    assert isinstance(response.body, Span)
    assert response.body.source.read(0, 9) == b"a"
    response.body.source.close()
    page = ask(folder, "/")
    assert isinstance(page.body, bytes)
    assert b'href="/a.bin"' in page.body


@pytest.mark.parametrize("path", ["/flags/br/br.gif", "/bytes/5/x", "/none", "/../a.bin"])
def test_a_folder_has_nothing_else(folder: Files, path: str) -> None:
    assert ask(folder, path).status == 404


def test_our_own_trouble_is_told(folder: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(Folder, "find", exhausted)
    assert ask(folder, "/a.bin").status == 503
