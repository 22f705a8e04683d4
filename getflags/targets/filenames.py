"""File names: derived from URLs, made safe, and unique within a run.

This module does no I/O. A name depends only on the user's input and is chosen before the request.
No response header (Location, Content-Disposition) can change it, which rules out attacks such as
CVE-2010-2252. Only with ``--content-disposition`` may a server choose the last part of a path. Only
the storage package accesses the disk.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterable
from urllib.parse import unquote

from getflags.core.text import UNSAFE

PART_PREFIX = ".getflags-"
FALLBACK = "index.html"  # as in wget, for a URL whose path ends in a slash

_FEW = 2**14 - 1  # hashes in an ordinary set, which takes 1.5 MB
_MAX_DEPTH = 200  # levels of folders; creating more would exhaust Python's stack
_NAME_MAX = 255  # bytes, on nearly all file systems
_MAX_LENGTH = 240  # bytes; leaves space for a number that makes a name unique
_MAX_SUFFIX = 15  # characters; a longer ending does not count as a suffix
_UNSAFE = f"[{UNSAFE}/\\\\]"
_ORDINARY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")  # ``safe`` returns it as it is
_UNPORTABLE = r'[<>:"|?*]'
_DEVICE = r"(?i)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)"


class BadName(ValueError):
    """The requested name cannot be used; the message says why."""


def safe(name: str, *, portable: bool = False) -> str:
    """Turn foreign text into one path component: no separator, no control character, not too long.

    ``portable`` also replaces characters and names that Windows forbids or treats specially.
    """
    name = _shortened(_harmless(name.strip(), portable=portable))
    if portable:
        name = name.rstrip(". ")
    # A name that consists of dots and spaces is invalid or invisible.
    return name if name.strip(". ") else FALLBACK


def _harmless(name: str, *, portable: bool) -> str:
    name = re.sub(_UNSAFE, "_", name)
    if portable:
        name = re.sub(_UNPORTABLE, "_", name).rstrip(". ")
        if re.match(_DEVICE, name):
            name = f"_{name}"
    # Otherwise, it would be mistaken for a part file, also by a folder that ignores case.
    if name.lower().startswith(PART_PREFIX):
        name = f"_{name}"
    return name


def _shortened(name: str) -> str:
    if len(name) * 4 <= _MAX_LENGTH or len(name.encode()) <= _MAX_LENGTH:
        return name
    stem, suffix = split_suffix(name)
    if len(suffix) > _MAX_SUFFIX:
        stem, suffix = name, ""
    cut = stem.encode()[: _MAX_LENGTH - len(suffix.encode())]
    return cut.decode(errors="ignore") + suffix


def from_url(url: str, *, portable: bool = False) -> str:
    """Return a name made from the last segment of the URL's path, without the query."""
    last = url.partition("?")[0].rpartition("/")[2]  # a clean URL has a path and no fragment
    if not portable and _ORDINARY.fullmatch(last):
        return last  # the usual case, in a third of the time
    if "%" in last:
        last = unquote(last, errors="replace")  # decode first, then make safe: %2e%2e%2f
    return safe(last, portable=portable)


def from_server(text: str) -> str:
    """Return a name made from the one that a server has chosen; empty if nothing is left of it.

    Only the part behind the last separator of any system counts (RFC 6266 section 4.3). A name
    that would be hidden, or that a command would take for an option or a home folder, is changed.
    """
    last = re.split(r"[/\\]", text)[-1]
    if not last.strip().strip(". "):
        return ""
    name = safe(last)
    return f"_{name}" if name[0] in ".-~" else name


def checked(out: str, *, portable: bool = False) -> str:
    """Check a name that the user chose (``-o``, ``out=``), which may contain folders; return it.

    Raises BadName for an unsafe name: changing a name that the user chose would be a surprise.
    """
    parts = re.split(r"[/\\]", out) if portable else out.split("/")
    if len(parts) > _MAX_DEPTH:
        raise BadName(f"the name has more than {_MAX_DEPTH} levels")
    for part in parts:
        if part in {"", ".", ".."}:
            raise BadName("the name must be relative and stay inside the folder")
        if (
            not part.strip(". ")
            or _harmless(part, portable=portable) != part
            or len(part.encode()) > _NAME_MAX
        ):
            raise BadName(
                "the name contains characters that are not allowed in a file name, or is too long"
            )
    return "/".join(parts)


def check_folder(folder: str) -> None:
    """Raise BadName for a folder that no system can create."""
    if "\0" in folder:
        raise BadName("the folder's name contains a NUL character")
    if folder.count("/") > _MAX_DEPTH:
        raise BadName(f"the folder is nested more than {_MAX_DEPTH} levels deep")


def split_suffix(name: str) -> tuple[str, str]:
    """Return the stem of a name, and its suffix with the dot, or an empty one."""
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem.strip(".") and "/" not in suffix else (name, "")


def numbered(name: str, number: int) -> str:
    """Return ``name`` with a number before its suffix: ``f.1.gif``; 0 leaves it as it is."""
    stem, suffix = split_suffix(name)
    return f"{stem}.{number}{suffix}" if number else name


class UniqueNames:
    """The names already assigned in a run; each target gets a unique one: ``f.gif``, ``f.1.gif``.

    Names are assigned in the order of the list, so that the same list always results in the same
    names, in whatever order the files arrive. A file and a sub-folder of one name are kept apart in
    the same way. ``key`` returns a path in the form in which its file system compares it.
    """

    def __init__(self, key: Callable[[str], str] = str) -> None:
        self._key = key
        self._taken = HashSet()  # of two names with the same hash, one gets a needless ``.1``
        self._folders: HashSet | None = None  # sub-folders; most runs have none
        self._next: dict[str, int] = {}  # the next number, for names requested more than once

    def assign(self, folder: str, name: str) -> str:
        """Return ``name`` if it is free, else the first free name with a number added."""
        if self._claim(folder, name):
            return name
        requested = f"{folder}/{name}"
        number = self._next.get(requested, 1)
        while not self._claim(folder, unique := numbered(name, number)):
            number += 1
        self._next[requested] = number + 1
        return unique

    def assign_folder(self, folder: str, name: str) -> str:
        """Return ``name`` if no file has it, else the first such name with a number added.

        A sub-folder has room for many files, so the same one is returned again and again.
        """
        if self._folders is None:
            self._folders = HashSet()
        unique, number = name, 0
        while (key := hash(self._key(f"{folder}/{unique}"))) in self._taken:
            number += 1
            unique = f"{name}.{number}"
        self._folders.add(key)
        return unique

    def _claim(self, folder: str, name: str) -> bool:
        key = hash(self._key(f"{folder}/{name}"))
        if self._folders is not None and key in self._folders:
            return False
        return self._taken.add(key)


class HashSet:
    """A set of 64-bit hashes that takes 12 to 24 bytes per member when there are many.

    Up to ``_FEW``, it is an ordinary set, which is faster. A set of a million strings would take
    150 MB. Two different texts may have the same hash, with a probability of 3 in 10^8 for a
    million texts.
    """

    def __init__(self) -> None:
        self._few: set[int] = set()
        self._table = array("q")  # open addressing; 0 is an empty slot
        self._count = 0

    def __contains__(self, key: int) -> bool:
        if not self._table:
            return key in self._few
        key = key or 1
        mask = len(self._table) - 1
        slot = key & mask
        while held := self._table[slot]:
            if held == key:
                return True
            slot = (slot + 1) & mask
        return False

    def add(self, key: int) -> bool:
        """Add a key; return whether it is new."""
        if not self._table:
            if key in self._few:
                return False
            self._few.add(key)
            if len(self._few) > _FEW:
                few, self._few = self._few, set()
                self._fill(2 * len(few), few)
            return True
        key = key or 1
        table = self._table
        mask = len(table) - 1
        slot = key & mask
        while held := table[slot]:
            if held == key:
                return False
            slot = (slot + 1) & mask
        table[slot] = key
        self._count += 1
        if self._count * 3 > len(table) * 2:
            self._fill(2 * len(table), filter(None, table))
        return True

    def _fill(self, size: int, keys: Iterable[int]) -> None:
        """Make a new table, whose size is a power of two, with these keys."""
        self._table = array("q", [0]) * size
        self._count = 0
        for key in keys:
            self.add(key)
