"""Request targets: the paths they name, and targets that are refused."""

import pytest

from servers.http.paths import origin_form, segments, without_query


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/a?b", "/a?b"),
        ("http://host/a?b", "/a?b"),
        ("HTTP://user@host:80", "/"),
        ("http://host?b", "/?b"),
        ("*", None),
        ("host:443", None),
        ("", None),
    ],
)
def test_origin_form(target: str, path: str | None) -> None:
    assert origin_form(target) == path


@pytest.mark.parametrize("target", ["/a", "/a?b", "/a?b?c#d", "/a#d?b"])
def test_without_query(target: str) -> None:
    assert without_query(target) == "/a"


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/", []),
        ("/a", ["a"]),
        ("/a/", ["a"]),
        ("/a/b.c", ["a", "b.c"]),
        ("/a%20b/%C3%A9", ["a b", "é"]),
        ("/%ff", ["\udcff"]),
        ("/100%", ["100%"]),
        ("/...", ["..."]),
        ("/%252e%252e", ["%2e%2e"]),
        ("/..", None),
        ("/../etc/passwd", None),
        ("/a/../../etc/passwd", None),
        ("/%2e%2e/etc", None),
        ("/%2E./etc", None),
        ("/..%2fetc", None),
        ("/a%2Fb", None),
        ("/./a", None),
        ("//etc/passwd", None),
        ("/a//b", None),
        ("/a%00.gif", None),
    ],
)
def test_segments(path: str, names: list[str] | None) -> None:
    assert segments(path) == names
