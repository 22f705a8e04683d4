"""From words to targets: what a word means, in which order, under which name.

Pure and lazy: generators over generators, so that a million targets cost no memory. A word that
can't be a target is the caller's error where a person typed it, and a target with a flaw where
it stood in a list: then it fails alone (``settle``). Files are read and folders made elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain, islice
from posixpath import normpath
from typing import NamedTuple, Protocol

from getflags.core import urls
from getflags.core.models import Target
from getflags.core.text import printable
from getflags.targets import country_codes, filenames
from getflags.targets.list_file import Entry

ACCEPTED = "an http:// or https:// URL, a two-letter country code (BR) or one letter (B)"


def is_code(word: str) -> bool:
    """Whether a word stands for country codes rather than for a URL."""
    return len(word) <= 2 and bool(country_codes.expand(word))  # noqa: PLR2004 - letters of a code


def is_target(word: str) -> bool:
    """Whether a word is a target at all, if perhaps a malformed URL."""
    return is_code(word) or word.lower().startswith(("http://", "https://"))


def expand(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Replace letters by the codes that they stand for; codes in capitals."""
    for entry in entries:
        if not is_code(entry.word):
            yield entry
            continue
        found = country_codes.expand(entry.word)
        for code in found:
            yield entry._replace(word=code, guessed=entry.guessed or len(found) > 1)


class Store(Protocol):
    """What a Listing keeps entries in: a list, or a spool for a long one."""

    def append(self, entry: Entry, /) -> None:
        """Add an entry."""
        ...

    def __getitem__(self, index: int, /) -> Entry: ...

    def __iter__(self) -> Iterator[Entry]: ...


class Listing:
    """All entries of a run, in the order in which they are fetched.

    ``entries`` is read once, to its end. URLs come as given; country codes come sorted and once
    each, where the first of them stood, and a code that was named outweighs the same one guessed.
    At most ``limit`` entries come. ``urls`` counts those that are not codes, all of them.
    """

    def __init__(self, entries: Iterable[Entry], store: Store, limit: int | None = None) -> None:
        self.urls = 0
        self._store = store
        found: dict[str, Entry] = {}  # there are at most 676
        self._before = 0  # entries before the first code
        for entry in entries:
            if is_code(entry.word):
                self._before = self._before if found else self.urls
                for each in expand([entry]):
                    if each.word not in found or found[each.word].guessed:
                        found[each.word] = each
            else:
                if limit is None or self.urls < limit:
                    store.append(entry)
                self.urls += 1
        self._codes = [found[code] for code in sorted(found)]
        total = self.urls + len(found)
        self._total = total if limit is None else min(total, limit)

    @property
    def has_codes(self) -> bool:
        """Whether a country code was asked for."""
        return bool(self._codes)

    def __len__(self) -> int:
        return self._total

    def __getitem__(self, index: int) -> Entry:
        place = index - self._before
        if 0 <= place < len(self._codes):
            return self._codes[place]
        return self._store[index if place < 0 else index - len(self._codes)]

    def __iter__(self) -> Iterator[Entry]:
        urls = iter(self._store)
        return islice(chain(islice(urls, self._before), self._codes, urls), self._total)


class Place(NamedTuple):
    """Where targets come from and where they go: the flags' mirror, the folder, its manners."""

    base_url: str = ""
    folder: str = "downloaded"
    real: Callable[[str], str] = normpath  # a folder's one true name, if it has several
    portable: bool = False  # avoid names that Windows can't keep
    fold: bool = False  # the file system takes "A" and "a" for one name


def settle(entries: Iterable[Entry], place: Place) -> Iterator[Target]:
    """Make targets, each under a name of its own, settled in the order of the entries."""
    names = filenames.Names(fold=place.fold)
    real = lru_cache(1024)(place.real)
    for index, entry in enumerate(entries):
        folder = entry.folder or place.folder
        try:
            url, flaw = _url(entry.word, place.base_url), ""
            filenames.check_folder(folder)
            name = names.settle(real(folder), _name(entry, url, portable=place.portable))
        except ValueError as error:
            url, flaw, name = "", str(error), entry.out
        yield Target(
            index,
            entry.word,
            label(entry.word),
            url,
            folder,
            name,
            entry.checksum,
            entry.guessed,
            flaw,
        )


def _name(entry: Entry, url: str, *, portable: bool) -> str:
    if entry.out:
        return filenames.checked(entry.out, portable=portable)
    return filenames.from_url(url, portable=portable)


def _url(word: str, base_url: str) -> str:
    if is_code(word):
        return urls.clean(country_codes.flag_url(base_url, word))
    if not is_target(word):
        raise urls.BadURL(f"it is not {ACCEPTED}")
    return urls.clean(word)


def label(word: str) -> str:
    """Return a word as it may be shown: no password, no control character."""
    return printable(urls.redact(word))


def entry_again(target: Target, default_folder: str) -> Entry:
    """Return the entry that asks for the same file under the same name once more.

    A name that came from a collision is written down, because in a shorter list it would be
    settled otherwise.
    """
    usual = filenames.from_url(target.url) if target.url else ""
    return Entry(
        target.word,
        out=target.name if target.name != usual else "",
        folder=target.folder if target.folder != default_folder else "",
        checksum=target.checksum,
    )
