"""File names: from a URL, made safe, and each used once.

Pure: text in, text out. A name is settled before its request is made and only from what the user
gave; nothing that a server says (Location, Content-Disposition) can change it, which closes the
family of CVE-2010-2252. Looking at the disk is the save layer's business.
"""

from __future__ import annotations

import re
from array import array
from urllib.parse import unquote

from getflags.core.text import UNSAFE

PART_PREFIX = ".getflags-"
FALLBACK = "index.html"  # as wget, for a URL whose path ends in a slash

_DEEPEST = 200  # levels; making more exhausts Python's stack
_NAME_MAX = 255  # bytes, nearly everywhere
_LONGEST = 240  # bytes; a number may have to fit in
_SUFFIX = 15  # characters; what is longer is no suffix
_UNSAFE = re.compile(f"[{UNSAFE}/\\\\]")
_UNPORTABLE = re.compile(r'[<>:"|?*]')
_DEVICE = re.compile(
    r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE
)


class BadName(ValueError):
    """The name that the user asked for can't be had; the message says why."""


def safe(name: str, *, portable: bool = False) -> str:
    """Make one path component of foreign text: no separator, no control character, not too long.

    ``portable`` also removes what Windows forbids or gives a meaning of its own: a disk may travel.
    """
    name = _shortened(_harmless(name.strip(), portable=portable))
    if portable:
        name = name.rstrip(". ")
    # "", ".", "..", and what would look like nothing
    return name if name.strip(". ") else FALLBACK


def _harmless(name: str, *, portable: bool) -> str:
    name = _UNSAFE.sub("_", name)
    if portable:
        name = _UNPORTABLE.sub("_", name).rstrip(". ")
        if _DEVICE.match(name):
            name = f"_{name}"
    if name.startswith(PART_PREFIX):  # ours: such a name would be taken for a file in transfer
        name = f"_{name}"
    return name


def _shortened(name: str) -> str:
    if len(name) * 4 <= _LONGEST or len(name.encode()) <= _LONGEST:
        return name
    stem, suffix = _split(name)
    if len(suffix) > _SUFFIX:
        stem, suffix = name, ""
    cut = stem.encode()[: _LONGEST - len(suffix.encode())]
    return cut.decode(errors="ignore") + suffix


def from_url(url: str, *, portable: bool = False) -> str:
    """Name a file after the last segment of its URL's path; the query is no part of it."""
    last = url.partition("?")[0].rpartition("/")[2]  # a clean URL has a path and no fragment
    if "%" in last:
        last = unquote(last, errors="replace")  # decode first, then make safe: %2e%2e%2f
    return safe(last, portable=portable)


def checked(out: str, *, portable: bool = False) -> str:
    """Return a name that the user chose (``-o``, ``out=``); it may hold sub-folders.

    Refused rather than mended, because the user meant something by it. Raises BadName.
    """
    parts = re.split(r"[/\\]", out) if portable else out.split("/")
    if len(parts) > _DEEPEST:
        raise BadName(f"the name has more than {_DEEPEST} levels")
    for part in parts:
        if part in {"", ".", ".."}:
            raise BadName("the name must be relative and stay inside the folder")
        if (
            not part.strip(". ")
            or _harmless(part, portable=portable) != part
            or len(part.encode()) > _NAME_MAX
        ):
            raise BadName("the name holds something that a file name may not")
    return "/".join(parts)


def check_folder(folder: str) -> None:
    """Refuse a folder that no system can make. Raises BadName."""
    if "\0" in folder:
        raise BadName("the folder's name holds a NUL character")
    if folder.count("/") > _DEEPEST:
        raise BadName(f"the folder lies deeper than {_DEEPEST} levels")


def _split(name: str) -> tuple[str, str]:
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem.strip(".") and "/" not in suffix else (name, "")


class Names:
    """Gives each target a path of its own: ``f.gif``, ``f.1.gif``, ``f.2.gif``.

    First come, first served, in the order of the list: the same list gives the same names,
    whatever the order in which the files arrive. ``fold`` is for file systems that take ``A`` and
    ``a`` for one name.
    """

    def __init__(self, *, fold: bool = False) -> None:
        self._fold = fold
        self._taken = _HashSet()
        self._next: dict[str, int] = {}  # only for names that were wanted twice

    def settle(self, folder: str, name: str) -> str:
        """Return ``name``, or the next free one like it."""
        if self._claim(folder, name):
            return name
        wanted = f"{folder}/{name}"
        stem, suffix = _split(name)
        number = self._next.get(wanted, 1)
        while not self._claim(folder, settled := f"{stem}.{number}{suffix}"):
            number += 1
        self._next[wanted] = number + 1
        return settled

    def _claim(self, folder: str, name: str) -> bool:
        path = f"{folder}/{name}"
        return self._taken.add(hash(path.casefold() if self._fold else path))


class _HashSet:
    """A set of 64-bit hashes at 12 to 24 bytes a member.

    A million names as a set of strings are 150 MB. Keeping only hashes can take two different
    names for one (a chance of 3 in 10^8 for a million names); the price is a needless ``.1``.
    """

    def __init__(self) -> None:
        self._table = array("q", bytes(8 * 1024))  # open addressing; 0 is an empty slot
        self._count = 0

    def add(self, key: int) -> bool:
        """Return whether the key is new."""
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
            self._grow()
        return True

    def _grow(self) -> None:
        old = self._table
        self._table = array("q", bytes(16 * len(old)))
        self._count = 0
        for key in old:
            if key:
                self.add(key)
