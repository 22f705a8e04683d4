"""The exceptions of a job on several machines."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from getflags.core.errors import GetflagsError, UsageError

#: The message where the optional dependencies are not installed.
MISSING_EXTRA = "getflags cluster needs more packages: pip install 'getflags[cluster]'"


class StorageError(GetflagsError):
    """The storage failed although the request was repeated; a later run may succeed."""


class StorageRefused(UsageError):
    """The storage refuses the credentials, or there is no such bucket."""


class BackendLost(GetflagsError):
    """The backend cannot be reached any more; a later run resumes the job."""


class WorkerDied(GetflagsError):
    """The worker of a bundle has died; another one may run the bundle."""


@contextmanager
def local_disk() -> Iterator[None]:
    """Convert the errors of temporary files. Raises StorageError."""
    try:
        yield
    except OSError as error:
        place = tempfile.gettempdir()
        raise StorageError(f"the temporary folder {place}: {error.strerror or error}") from None
