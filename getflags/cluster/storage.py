"""The objects of a job, in a folder or an object store, through obstore.

Objects are never changed, and a conditional put decides which of several writers was the first.
Credentials are those of the environment of each process (``AWS_ACCESS_KEY_ID`` and so on, as
obstore reads them). They are never in an argument of a task.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from getflags.cluster.errors import MISSING_EXTRA, StorageError, StorageRefused
from getflags.core.errors import UsageError
from getflags.core.text import printable, quoted
from getflags.core.urls import redact

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_SCHEMES = ("s3", "gs", "az", "file")
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://.*", re.DOTALL)
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

    def put(self, name: str, content: bytes | Path) -> None:
        """Store an object under a name that nobody else uses."""
        import obstore

        with self._errors(name):
            obstore.put(self._store, name, content)

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

        with self._errors(name):
            try:
                return bytes(obstore.get(self._store, name).bytes())
            except FileNotFoundError:
                return None

    def read_range(self, name: str, start: int, end: int) -> bytes:
        """Return the bytes of an object from ``start`` up to, not including, ``end``."""
        import obstore

        with self._errors(name):
            return bytes(obstore.get_range(self._store, name, start=start, end=end))

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of an object in pieces. Raises FileNotFoundError if there is none."""
        import obstore

        with self._errors(name):
            try:
                stream = obstore.get(self._store, name).stream()
            except FileNotFoundError:
                raise FileNotFoundError(name) from None
            for chunk in stream:
                yield bytes(chunk)

    def exists(self, name: str) -> bool:
        """Return whether there is an object of this name."""
        import obstore

        with self._errors(name):
            try:
                obstore.head(self._store, name)
            except FileNotFoundError:
                return False
        return True

    def listed(self, prefix: str) -> Iterator[StoredObject]:
        """Yield the objects whose names begin with the folder ``prefix``, in no certain order."""
        import obstore

        with self._errors(prefix):
            for page in obstore.list(self._store, prefix):
                for each in page:
                    yield StoredObject(
                        each["path"], each["size"], each["last_modified"].timestamp()
                    )

    def delete(self, names: Iterable[str]) -> None:
        """Delete objects; those that are not there are ignored."""
        import obstore

        names = list(names)
        for first in range(0, len(names), _PAGE):
            page = names[first : first + _PAGE]
            with self._errors(page[0]):
                try:
                    obstore.delete(self._store, page)
                except FileNotFoundError:  # a folder says so, an object store does not
                    self._delete_one_by_one(page)

    def _delete_one_by_one(self, names: Iterable[str]) -> None:
        import obstore

        for name in names:
            try:
                obstore.delete(self._store, name)
            except FileNotFoundError:
                continue

    @contextmanager
    def _errors(self, name: str) -> Iterator[None]:
        """Convert obstore's exceptions. FileNotFoundError is passed on."""
        from obstore import exceptions

        try:
            yield
        except FileNotFoundError:
            raise
        except (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError) as error:
            raise StorageRefused(self._message(name, error)) from None
        except (exceptions.BaseError, OSError) as error:
            text = self._message(name, error)
            kind = StorageRefused if re.search("NoSuchBucket|bucket does not exist", text) else None
            raise (kind or StorageError)(text) from None

    def _message(self, name: str, error: Exception) -> str:
        reason = printable(redact(str(error).strip().partition("\n")[0]))
        return f"{redact(self.place)}: {name}: {reason}"


def _store(place: str, *, create: bool) -> ObjectStore:
    """Return obstore's store for a URL or a folder. Raises UsageError."""
    try:
        from obstore.exceptions import BaseError
        from obstore.store import from_url
    except ImportError:
        raise UsageError(MISSING_EXTRA) from None
    match = _URL.fullmatch(place)
    if match and match[1] not in _SCHEMES:
        known = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
        raise UsageError(f"{quoted(redact(place))} is neither a folder nor one of {known}")
    if not match or match[1] == "file":
        return _folder(place, create=create)
    try:
        return from_url(
            place,
            # Without TLS only where the user's own endpoint says so.
            client_options={"timeout": "60s", "connect_timeout": "10s", "allow_http": True},
            retry_config={"max_retries": 10, "retry_timeout": timedelta(seconds=90)},
        )
    except (BaseError, ValueError) as error:
        reason = printable(str(error).strip().partition("\n")[0])
        raise UsageError(f"{quoted(redact(place))} cannot be used: {reason}") from None


def _folder(place: str, *, create: bool) -> ObjectStore:
    from urllib.parse import unquote, urlsplit

    from obstore.store import LocalStore

    path = Path(unquote(urlsplit(place).path) if place.startswith("file://") else place)
    try:
        if create:
            path.mkdir(parents=True, exist_ok=True)
        if not path.is_dir():
            raise UsageError(f"there is no folder {quoted(str(path))}")
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise UsageError(f"the folder {quoted(str(path))} cannot be used: {reason}") from None
    return LocalStore(path.resolve())
