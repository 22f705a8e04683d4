"""From words to targets: what a word means, in which order, under which name.

Pure and lazy: generators over generators, so that a million targets cost no memory. A word that
can't be a target is the caller's error where a person typed it, and a target with a flaw where
it stood in a list: then it fails alone (``settle``). Files are read and folders made elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from posixpath import normpath

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


@dataclass(slots=True)
class Survey:
    """What a first look over the entries tells; the second pass makes the targets.

    The only thing kept of each entry is a count, but for codes: there are at most 676.
    """

    codes: dict[str, Entry] = field(default_factory=dict)
    urls: int = 0

    def __len__(self) -> int:
        """How many targets there are."""
        return len(self.codes) + self.urls


def survey(entries: Iterable[Entry]) -> Survey:
    """Count the targets and collect the codes. A code that was named outweighs a guessed one."""
    seen = Survey()
    for entry in expand(entries):
        if not is_code(entry.word):
            seen.urls += 1
        elif entry.word not in seen.codes or seen.codes[entry.word].guessed:
            seen.codes[entry.word] = entry
    return seen


def in_order(entries: Iterable[Entry], seen: Survey) -> Iterator[Entry]:
    """Yield the entries as given; the codes sorted, once each, where the first of them stood."""
    block = [seen.codes[code] for code in sorted(seen.codes)]
    for entry in entries:
        if not is_code(entry.word):
            yield entry
        else:
            yield from block
            block = []


@dataclass(frozen=True, slots=True)
class Place:
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
