"""Output templates: the path of a file below the folder, made from the parts of its URL.

A template such as ``{host}/{dir}/{name}`` is text with fields in braces, from the closed list
``FIELDS``; it is not a format string of Python. ``{{`` and ``}}`` are literal braces. Whatever the
URL contains, each part of a path is made safe, and the path stays inside the folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote

from getflags.core import urls
from getflags.core.text import closest, quoted
from getflags.targets import filenames

#: The folders and the name that ``wget --force-directories`` makes.
HOST_AND_FOLDERS = "{host}/{dir}/{name}"

#: The fields, and what each stands for.
FIELDS = {
    "scheme": "http or https",
    "host": "the host, with the port if it is not the usual one of the scheme",
    "port": "the port, also if it is the usual one",
    "path": "the folders and the name",
    "dir": "the folders of the URL's path",
    "name": "the name that the file would have without a template",
    "stem": "the name without its suffix",
    "suffix": "the suffix of the name, with its dot",
    "query": "the query, without the parameters that are secrets",
    "n": "the number of the target in the list, from 1",
}
_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]|[^{}]+")


class BadTemplate(ValueError):
    """The template cannot be used; the message says why."""


class OutputTemplate:
    """A template, and how many folders of each URL's path it leaves out. Raises BadTemplate."""

    def __init__(self, text: str, cut_dirs: int = 0) -> None:
        self._parts = list(_parsed(text))
        self._cut_dirs = cut_dirs
        example = "".join("x" if is_field else part for part, is_field in self._parts)
        try:
            filenames.checked(example)
        except filenames.BadName as error:
            raise BadTemplate(str(error)) from None

    def path(self, url: str, number: int, *, portable: bool = False) -> str:
        """Return the path of the file of a clean URL, relative to the folder.

        ``number`` is that of the target, from 0. Raises BadName for a path with too many levels.
        """
        fields = _fields(url, number, self._cut_dirs, portable=portable)
        text = "".join(fields[part] if is_field else part for part, is_field in self._parts)
        *folders, name = text.split("/")
        parts = [*filter(None, folders), name]  # a URL without folders has an empty {dir}
        return filenames.checked(
            "/".join(filenames.safe(part, portable=portable) for part in parts), portable=portable
        )


def _parsed(template: str) -> Iterator[tuple[str, bool]]:
    """Yield literal text and names of fields, and whether each is a field. Raises BadTemplate."""
    for match in _TOKEN.finditer(template):
        token, name = match[0], match[1]
        if name is not None:
            if name not in FIELDS:
                raise BadTemplate(_unknown(name))
            yield name, True
        elif token in {"{", "}"}:
            raise BadTemplate(f"{quoted(token)} has no counterpart; {quoted(2 * token)} is literal")
        else:
            yield token[0] if token in {"{{", "}}"} else token, False


def _unknown(name: str) -> str:
    near = closest(name, FIELDS)
    known = ", ".join(f"{{{each}}}" for each in FIELDS)
    hint = f"did you mean {{{near}}}?" if near else f"the fields are {known}"
    return f"there is no field {quoted(f'{{{name}}}')}; {hint}"


def _fields(url: str, number: int, cut_dirs: int, *, portable: bool) -> dict[str, str]:
    """Return the value of each field; only {dir} and {path} may contain slashes."""
    scheme, host, port = urls.host_and_port(url)
    if port != urls.DEFAULT_PORTS[scheme]:
        host += f"{'+' if portable else ':'}{port}"  # as wget writes it
    folders = [filenames.safe(each, portable=portable) for each in _folders(url)][cut_dirs:]
    name = filenames.from_url(url, portable=portable)
    stem, suffix = filenames.split_suffix(name)
    return {
        "scheme": scheme,
        "host": host,
        "port": str(port),
        "path": "/".join([*folders, name]),
        "dir": "/".join(folders),
        "name": name,
        "stem": stem,
        "suffix": suffix,
        "query": unquote(urls.public_query(url), errors="replace").replace("/", "_"),
        "n": str(number + 1),
    }


def _folders(url: str) -> list[str]:
    """Return the folders of a clean URL's path, decoded.

    Dot segments are removed as a server would (RFC 3986 section 5.2.4), and so are empty ones,
    which no file system has.
    """
    path = url.partition("?")[0].partition("://")[2].partition("/")[2]
    folders: list[str] = []
    for segment in path.split("/")[:-1]:
        folder = unquote(segment, errors="replace")  # "%2e" is a dot (section 6.2.2.2)
        if folder == "..":
            folders = folders[:-1]
        elif folder not in {"", "."}:
            folders.append(folder)
    return folders
