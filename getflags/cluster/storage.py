"""The objects of a job, in a folder or an object store, through obstore.

A conditional put decides which of several writers was the first. Only the index, the list of
failures and the report are ever replaced; they can be made again from the records.
Credentials are those of the environment of each process (``AWS_ACCESS_KEY_ID`` and so on, as
obstore reads them). They are never in an argument of a task.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from getflags.cluster.errors import MISSING_EXTRA, StorageError, StorageRefused
from getflags.core.errors import UsageError
from getflags.core.text import printable, quoted
from getflags.core.urls import redact

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

_SCHEMES = ("s3", "gs", "az", "file")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):/.*", re.DOTALL)
#: The code of an error in the XML of S3, Google and Azure, and those that repeating cannot mend.
_CODE = re.compile(r"<Code>(\w+)</Code>")
_REFUSED = re.compile(
    "<Code>(NoSuchBucket|InvalidBucketName|PermanentRedirect|AuthorizationHeaderMalformed|"
    "ContainerNotFound)</Code>|bucket does not exist"
)
_PARTIAL = re.compile(r".+#\d+")
_CLIENT: ClientConfig = {
    "connect_timeout": timedelta(seconds=10),
    # Without a byte of an answer; a part of a long object must be sent in this time.
    "read_timeout": timedelta(seconds=30),
    "timeout": timedelta(hours=1),  # for one object
    "allow_http": True,  # without TLS only where the user's own endpoint says so
}
_RETRIES: RetryConfig = {
    "max_retries": 1000,  # the time is what ends them
    "retry_timeout": timedelta(seconds=60),
    "backoff": {
        "init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=5), "base": 2,
    },
}  # fmt: skip
_PARTS = 2  # of a long object that are sent at a time: each worker sends several objects
_PAGE = 1000  # names in one request for deletion, as S3 allows


class StoredObject(NamedTuple):
    """The name of an object below the job's place, its size in bytes and its date."""

    name: str
    size: int
    modified: float  # seconds since 1970


class Storage:
    """The objects below one URL (``s3://``, ``gs://``, ``az://``, ``file://``) or one folder.

    All methods raise StorageError if the storage fails for longer than obstore repeats a request,
    and StorageRefused if repeating cannot help. With ``create``, a folder is made if it is missing.
    """

    def __init__(self, place: str, *, create: bool = False) -> None:
        self.place = place
        self._store = _store(place, create=create)
        self._folder = Path(self._store.prefix) if _is_folder(place) else None
        #: The place for processes whose working directory is another one.
        self.address = str(self._folder or place)

    def put(self, name: str, content: bytes | Path) -> None:
        """Store an object; one of this name is replaced."""
        import obstore

        with self._errors(name):
            obstore.put(self._store, name, content, max_concurrency=_PARTS)

    def create(self, name: str, content: bytes) -> bool:
        """Store an object unless there is one of this name; return whether it was stored.

        If the answer to a first request was lost, the second one finds our own object: a caller
        that gets False reads the object to know whose it is.
        """
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        with self._errors(name):
            try:
                obstore.put(self._store, name, content, mode="create")
            except (AlreadyExistsError, PreconditionError):
                return False
        return True

    def read(self, name: str) -> bytes | None:
        """Return the content of an object; None if there is none."""
        import obstore

        try:
            with self._errors(name):
                return bytes(obstore.get(self._store, name).bytes())
        except FileNotFoundError:
            return None

    def read_range(self, name: str, start: int, end: int) -> bytes:
        """Return the bytes of an object from ``start`` up to, not including, ``end``."""
        import obstore

        try:
            with self._errors(name):
                return bytes(obstore.get_range(self._store, name, start=start, end=end))
        except FileNotFoundError:
            raise StorageError(f"{redact(self.place)}: {name} is missing") from None

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of an object in pieces. Raises FileNotFoundError if there is none."""
        import obstore

        with self._errors(name):
            for chunk in obstore.get(self._store, name).stream():
                yield bytes(chunk)

    def find(self, name: str) -> StoredObject | None:
        """Return the size and the date of an object; None if there is none."""
        import obstore

        try:
            with self._errors(name):
                return _stored(obstore.head(self._store, name))
        except FileNotFoundError:
            return None

    def listed(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the objects whose names begin with the folder ``prefix``, in no certain order."""
        import obstore

        with self._errors(prefix):
            for page in obstore.list(self._store, prefix):
                yield from map(_stored, page)

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; those that are not there are ignored."""
        import obstore

        names = list(names)
        for first in range(0, len(names), _PAGE):
            page = names[first : first + _PAGE]
            try:
                with self._errors(page[0]):
                    obstore.delete(self._store, page)
            except FileNotFoundError:  # a folder says so, an object store does not
                self._delete_one_by_one(page)

    def partial(self, folders: Iterable[str]) -> Iterator[StoredObject]:
        """Yield the files that puts into a folder write, and that killed processes have left.

        They are named after their objects, with ``#`` and a number; obstore does not list them.
        Only files below ``folders`` are looked at: others may be anybody's.
        """
        root = self._folder
        for path in (each for name in folders if root for each in (root / name).rglob("*#*")):
            with suppress(OSError):
                found = path.stat()
                if _PARTIAL.fullmatch(path.name) and path.is_file():
                    name = path.relative_to(root or "").as_posix()
                    yield StoredObject(name, found.st_size, found.st_mtime)

    def delete_partial(self, name: str) -> None:
        """Delete a file that ``partial`` has yielded."""
        with self._errors(name):
            (self._folder or Path()).joinpath(name).unlink(missing_ok=True)

    def _delete_one_by_one(self, names: Iterable[str]) -> None:
        import obstore

        for name in names:
            with suppress(FileNotFoundError), self._errors(name):
                obstore.delete(self._store, name)

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        """Convert obstore's exceptions. Raises FileNotFoundError if there is no such object."""
        from obstore import exceptions

        try:
            yield
        except (exceptions.BaseError, OSError) as error:
            text = str(error)
            message = f"{redact(self.place)}: {name}: {_reason(text)}"
            if _REFUSED.search(text) or isinstance(error, exceptions.PermissionDeniedError):
                raise StorageRefused(message) from None
            if isinstance(error, exceptions.UnauthenticatedError):
                raise StorageRefused(message) from None
            if isinstance(error, FileNotFoundError):
                raise FileNotFoundError(name) from None
            raise StorageError(message) from None


def _reason(text: str) -> str:
    """Return the reason in the text of an error of obstore, which has many lines of details.

    An object store's own message may quote the request, so only its code is shown.
    """
    if match := _CODE.search(text):
        return f"the storage refuses it ({match[1]})"
    reason = text.strip().partition("\n")[0].rpartition(" - ")[2]
    return printable(redact(reason.partition("<")[0].strip(" :")))


def _store(place: str, *, create: bool) -> ObjectStore:
    """Return obstore's store for a URL or a folder. Raises UsageError."""
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError:
        raise UsageError(MISSING_EXTRA) from None
    match = _URL.fullmatch(place)
    if match and not place.startswith(tuple(f"{scheme}://" for scheme in _SCHEMES)):
        known = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
        raise UsageError(f"{quoted(redact(place))} is neither a folder nor one of {known}")
    if match and re.search("[@?#]", place):
        raise UsageError(
            f"{quoted(redact(place))} has a password, a query or a fragment; the credentials "
            "of a storage belong in the environment"
        )
    if _is_folder(place):
        return _folder(place, create=create)
    try:
        return from_url(place, client_options=_CLIENT, retry_config=_RETRIES)
    except (BaseError, ValueError) as error:
        reason = printable(str(error).strip().partition("\n")[0])
        raise UsageError(f"{quoted(redact(place))} cannot be used: {reason}") from None


def _stored(found: ObjectMeta) -> StoredObject:
    return StoredObject(found["path"], found["size"], found["last_modified"].timestamp())


def _is_folder(place: str) -> bool:
    match = _URL.fullmatch(place)
    return not match or match[1] == "file"


def _folder(place: str, *, create: bool) -> ObjectStore:
    from urllib.parse import unquote, urlsplit

    from obstore.store import LocalStore

    parts = urlsplit(place) if place.startswith("file://") else None
    if parts and parts.netloc not in {"", "localhost"}:
        raise UsageError(f"{quoted(place)} is on another machine; mount its folder here")
    path = Path(unquote(parts.path) if parts else place)
    try:
        if create:
            path.mkdir(parents=True, exist_ok=True)
        if not path.is_dir():
            raise UsageError(f"there is no folder {quoted(str(path))}")
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise UsageError(f"the folder {quoted(str(path))} cannot be used: {reason}") from None
    return LocalStore(path.resolve())
