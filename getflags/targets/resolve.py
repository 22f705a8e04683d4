"""The resolution of entries to targets: their URLs, their order and their file names.

The functions are pure and lazy: a million targets are never in memory at the same time. An invalid
entry becomes a target with a flaw, so that only this target fails. The command line checks its own
arguments beforehand. This module reads no file and creates no folder.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, count, islice
from posixpath import abspath, commonpath
from typing import TYPE_CHECKING, NamedTuple, Protocol

from getflags.core import urls
from getflags.core.models import Checksum, Target
from getflags.core.text import printable, quoted
from getflags.targets import country_codes, filenames
from getflags.targets.list_file import BadInput, Entry

if TYPE_CHECKING:
    from getflags.targets.output_template import OutputTemplate

ACCEPTED = "an http:// or https:// URL, a country code such as BR, or a letter such as B"
_LOCAL = r"localhost\b|[0-9.]+(?=[:/]|$)|[^/]*:(?!443\b)"
# A host with a dot, an IPv4 address, or localhost, then perhaps a port and a path.
_HOST_FIRST = (
    r"(?i)(?:(?:[\w-]+\.)+[a-z]{2,}|(?:[0-9]+\.){3}[0-9]+|localhost)(?::[0-9]+)?(?:[/?].*)?"
)


def is_code(word: str) -> bool:
    """Return whether an argument stands for country codes rather than for a URL."""
    return len(word) <= 2 and bool(country_codes.expand(word))  # noqa: PLR2004 - the length of a code


def is_target(word: str) -> bool:
    """Return whether an argument is a code or a URL, even if the URL is malformed."""
    return is_code(word) or _has_scheme(word)


def _has_scheme(word: str) -> bool:
    return word[: len("https://")].lower().startswith(("http://", "https://"))


def suggestion(word: str) -> str:
    """Return the URL that was probably meant by a word without a scheme, for display, or ``""``."""
    if not re.fullmatch(_HOST_FIRST, word):
        return ""
    # A port, or an address, is rather that of a server under test.
    scheme = "http" if re.match(_LOCAL, word) else "https"
    try:
        return label(urls.clean(f"{scheme}://{word}"))
    except urls.BadURL:
        return ""


def expand(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Replace letters with the codes that they stand for, and convert codes to upper case."""
    for entry in entries:
        if entry.mirrors or not is_code(entry.word):
            yield entry
            continue
        found = country_codes.expand(entry.word)
        for code in found:
            yield entry._replace(word=code, guessed=entry.guessed or len(found) > 1)


class Store(Protocol):
    """The storage of a Listing's entries: a list, or a spool for many entries."""

    def append(self, entry: Entry, /) -> None:
        """Add an entry."""
        ...

    def __getitem__(self, index: int, /) -> Entry: ...

    def __iter__(self) -> Iterator[Entry]: ...


class Listing:
    """All entries of a run, in the order in which they are fetched, at most ``limit``.

    ``entries`` is read once, to its end. URLs keep their order. Country codes are sorted, and
    placed where the first code was. Entries of one code are all kept if they differ in their
    options, because each asks for another file or another check. ``urls`` is the number of URLs
    before the limit is applied.
    """

    def __init__(self, entries: Iterable[Entry], store: Store, limit: int | None = None) -> None:
        self.urls = 0
        self._store = store
        found: dict[str, dict[object, Entry]] = {}  # by their codes, then by their options
        self._before = 0  # entries before the first code
        for entry in entries:
            if is_code(entry.word) and not entry.mirrors:
                self._before = self._before if found else self.urls
                for each in expand([entry]):
                    same = found.setdefault(each.word, {})
                    options = _options(each)
                    if options not in same or same[options].guessed:
                        same[options] = each
            else:
                if limit is None or self.urls < limit:
                    store.append(entry)
                self.urls += 1
        self._codes = [each for code in sorted(found) for each in _wanted(found[code])]
        total = self.urls + len(self._codes)
        self._total = total if limit is None else min(total, limit)

    @property
    def has_codes(self) -> bool:
        """Whether the entries include a country code."""
        return bool(self._codes)

    def __len__(self) -> int:
        return self._total

    def __getitem__(self, index: int) -> Entry:
        offset = index - self._before
        if 0 <= offset < len(self._codes):
            return self._codes[offset]
        return self._store[index if offset < 0 else index - len(self._codes)]

    def __iter__(self) -> Iterator[Entry]:
        urls = iter(self._store)
        return islice(chain(islice(urls, self._before), self._codes, urls), self._total)


def _options(entry: Entry) -> tuple[object, ...]:
    """Return the options that make two entries of one code different files or checks."""
    return entry.out, entry.folder, entry.checksum, entry.headers


def _wanted(same: Mapping[object, Entry]) -> Iterable[Entry]:
    """Return the entries of one code, given by their options, in their order.

    An explicit code takes precedence over the same code from an expansion without options.
    """
    entries = same.values()
    if all(each.guessed for each in entries):
        return entries
    return (each for each in entries if not each.guessed or any(_options(each)))


class Place(NamedTuple):
    """The mirror of the flags, the folder for the files, and the properties of its file system."""

    base_url: str = ""
    folder: str = "downloaded"
    real: Callable[[str], str] = abspath  # returns a folder's canonical name
    portable: bool = False  # avoid names that Windows does not allow
    key: Callable[[str], str] = str  # returns a path as its file system compares it
    #: Returns the checksum of a target, given its path in the folder, its URL and its own checksum.
    checksum: Callable[[str, str, Checksum | None], Checksum] | None = None
    #: The files that the run writes at its end, which no target gets: an option and its path.
    reserved: tuple[tuple[str, str], ...] = ()
    template: OutputTemplate | None = None  # of the names; without it, the URL's last part


def settle(entries: Iterable[Entry], place: Place) -> Iterator[Target]:
    """Yield a target for each entry, each with a unique name, in the order of the entries."""
    return map(Settler(place).settle, entries)


class Duplicates:
    """A filter of entries that leaves out those which ask for the same file again.

    An entry is left out if an earlier one has the same URL, without its fragment, and asks for the
    same name, folder, checksum and header fields, whatever its mirrors. ``count`` is called for
    each. It remembers 64-bit hashes, which takes 24 bytes for each entry at most (see
    ``filenames.HashSet``).
    """

    def __init__(self, place: Place, count: Callable[[], None]) -> None:
        self._place = place
        self._count = count
        self._seen = filenames.HashSet()

    def kept(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        """Yield the entries that are not left out."""
        for entry in expand(entries):
            if self._is_new(entry):
                yield entry
            else:
                self._count()

    def _is_new(self, entry: Entry) -> bool:
        try:
            url, *_ = _urls(entry, self._place.base_url)
            name = _name(entry, url, 0, self._place)  # its number makes no file another one
        except ValueError:  # each malformed target is named
            return True
        folder = entry.folder or self._place.folder
        fields = "\n".join(map(": ".join, entry.headers))
        checksum = entry.checksum or ("", "")
        wanted = (url, folder, name, *checksum, str(entry.guessed), fields, entry.flaw)
        return self._seen.add(hash("\0".join(wanted)))


class Settler:
    """The URLs and the unique names of targets, which are settled in their order."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._names = filenames.UniqueNames(place.key)
        self._real = lru_cache(1024)(place.real)
        self._sub_folder = lru_cache(1024)(self._assign_folders)
        self._reserved = {place.key(path): option for option, path in place.reserved}
        self._reserved_above = lru_cache(1024)(self._find_reserved_above)
        self._checksum = place.checksum
        self._numbers = count()

    def settle(self, entry: Entry) -> Target:
        """Return the target of the next entry."""
        folder = entry.folder or self._place.folder
        number = next(self._numbers)
        url, name, checksum, flaw = "", entry.out, entry.checksum, entry.flaw
        mirrors: Sequence[str] = entry.mirrors
        if not flaw:
            try:
                url, *mirrors = _urls(entry, self._place.base_url)
                name = self._assign(folder, _name(entry, url, number, self._place))
            except ValueError as error:
                url, flaw = "", str(error)
        if self._checksum and not flaw:
            path = f"{folder}/{name}".removeprefix(f"{self._place.folder}/")
            try:
                checksum = self._checksum(path, url, checksum)
            except BadInput as error:
                flaw = str(error)
        return Target(
            number,
            entry.word,
            label(entry.word),
            url,
            folder,
            name,
            checksum,
            entry.guessed,
            flaw,
            f"{entry.source}:{entry.line}" if flaw and entry.source else "",
            entry.headers,
            bool(entry.out),
            tuple(mirrors),
            entry.unread,
        )

    def _assign(self, folder: str, name: str) -> str:
        """Return a name that no other target has in this folder. Raises BadName."""
        filenames.check_folder(folder)
        # Only the real folder tells whether two names are one file: a link may lead to it.
        above, slash, last = name.rpartition("/")
        parent = self._real(folder)
        if above:
            above, parent = self._sub_folder(folder, above)
        last = self._names.assign(parent, last)
        if self._reserved:
            self._check_reserved(parent, last)
        return above + slash + last

    def _check_reserved(self, parent: str, last: str) -> None:
        """Raise BadName if the run writes a file at its end that the target or its folder is."""
        if option := self._reserved.get(self._place.key(f"{parent}/{last}")):
            raise filenames.BadName(f"{option} names the same file")
        if option := self._reserved_above(parent):
            raise filenames.BadName(f"its folder would be the file that {option} names")

    def _find_reserved_above(self, folder: str) -> str:
        """Return the option that names this folder, or one above it, as a file; or ``""``."""
        while folder.strip("/"):
            if option := self._reserved.get(self._place.key(folder)):
                return option
            folder = folder.rpartition("/")[0]
        return ""

    def _assign_folders(self, folder: str, above: str) -> tuple[str, str]:
        """Return the sub-folders to use for ``above``, and the real folder that they lead to.

        They differ from ``above`` if a file of the run has the name of one of them. Raises BadName
        if a symbolic link leads out of ``folder``.
        """
        root = parent = self._real(folder)
        found = ""
        for part in above.split("/"):
            found += ("/" if found else "") + self._names.assign_folder(parent, part)
            parent = self._real(f"{folder}/{found}")
            if commonpath((root, parent)) != root:
                raise filenames.BadName(
                    f"the sub-folder {quoted(found)} is a link out of the folder"
                )
        return found, parent


def _name(entry: Entry, url: str, number: int, place: Place) -> str:
    if entry.out:
        return filenames.checked(entry.out, portable=place.portable)
    if place.template:
        return place.template.path(url, number, portable=place.portable)
    return filenames.from_url(url, portable=place.portable)


def _url(word: str, base_url: str) -> str:
    if is_code(word):
        return urls.clean(country_codes.flag_url(base_url, word))
    if not _has_scheme(word):
        raise urls.BadURL(_why_not(word))
    return urls.clean(word)


def _urls(entry: Entry, base_url: str) -> Sequence[str]:
    """Return the URL of an entry and those of its mirrors, each once. Raises BadURL."""
    if not entry.mirrors:
        return (_url(entry.word, base_url),)
    if is_code(entry.word):
        raise urls.BadURL("a country code has no mirrors; write its URL")
    found = {_url(entry.word, ""): None}
    for word in entry.mirrors:
        try:
            found[_url(word, "")] = None  # without a base URL, a country code is refused
        except urls.BadURL as error:
            raise urls.BadURL(f"its mirror {quoted(label(word))} cannot be used: {error}") from None
    return list(found)


def _why_not(word: str) -> str:
    """Return the reason why a word is not a target."""
    if word[:1].isspace():
        return f"it begins with the character U+{ord(word[0]):04X}, which is not an ordinary space"
    hint = suggestion(word)
    return f"it is not {ACCEPTED}" + (f"; did you mean {hint}?" if hint else "")


def label(word: str) -> str:
    """Return an argument for display, without a password and control characters."""
    return printable(urls.redact(word))


def entry_again(target: Target, default_folder: str, *, server_names: bool = False) -> Entry:
    """Return an entry that requests the same file under the same name again.

    If the name is not the one derived from the URL, the entry states it: it may have been changed
    to avoid a collision, which might not recur in a list of only the failed targets. If servers may
    choose names (``server_names``), the entry states only the user's: no server may change it.
    """
    usual = filenames.from_url(target.url) if target.url else ""
    stated = target.named if server_names else target.name != usual
    return Entry(
        target.word,
        out=target.name if stated else "",
        folder=target.folder if target.folder != default_folder else "",
        checksum=target.checksum,
        guessed=target.guessed,
        headers=target.headers,
        mirrors=target.mirrors,
    )
