"""TLS contexts, shared by all connections of a run, and the location of the certificate store.

Building a context reads the certificate store (10 to 30 ms), so it is built once, for the first
https URL, and never for a run over http. As in curl, the store is the first of: the ``--cacert``
option, CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR, and the system's own.
"""

from __future__ import annotations

import errno
import os
import ssl
import threading
from functools import lru_cache
from pathlib import Path

from getflags.core.errors import NoStore
from getflags.core.models import Network
from getflags.core.text import quoted

#: A context for connections without TLS, because httpx requires one for these too.
UNUSED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


_MAX_CONTEXTS = 16  # kept in memory; a run needs one or two, but a program may make many runs


class _Contexts:
    """A thread-safe cache of TLS contexts; each is built by one thread while others wait for it.

    The lock may be held when the process is forked, so the child gets a new one.
    """

    def __init__(self) -> None:
        self._built: dict[Network, ssl.SSLContext] = {}  # the oldest first
        self._reset_lock()
        os.register_at_fork(after_in_child=self._reset_lock)

    def _reset_lock(self) -> None:
        self._lock = threading.Lock()

    def get(self, network: Network) -> ssl.SSLContext:
        """Return the context for these settings; build it if needed. Raises Untrusted."""
        with self._lock:
            if network not in self._built:
                built = _build(network)
                while len(self._built) >= _MAX_CONTEXTS:
                    del self._built[next(iter(self._built))]
                self._built[network] = built
            return self._built[network]

    def clear(self) -> None:
        """Remove all contexts."""
        self._built.clear()


_contexts = _Contexts()


def context(network: Network) -> ssl.SSLContext:
    """Return the TLS context for these settings. Raises Untrusted if the store can't be read."""
    return _contexts.get(network)


def store(network: Network) -> tuple[str | None, str | None]:
    """Return the file or the folder with the trusted certificates; one of the two is None.

    Raises Untrusted if the file or folder that the user named can't be read.
    """
    file = network.cacert or os.environ.get("CURL_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    folder = None if file else os.environ.get("SSL_CERT_DIR")
    if not (file or folder):
        return _system_store()
    _check(file, folder)
    return file, folder


@lru_cache  # reading the file is slow; an exception is not cached
def _check(file: str | None, folder: str | None) -> None:
    """Raise Untrusted if these certificates can't be read."""
    try:
        if folder and not Path(folder).is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a directory")
        if file:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except OSError as error:  # ssl.SSLError is an OSError
        reason = "not a PEM certificate file" if isinstance(error, ssl.SSLError) else error.strerror
        shown = quoted(file or folder or "")
        raise NoStore(f"cannot read the certificates in {shown}: {reason}") from error


def _system_store() -> tuple[str | None, str | None]:
    """Return the system's certificate file or folder; certifi's if there is none (macOS)."""
    paths = ssl.get_default_verify_paths()
    folder = Path(paths.capath) if paths.capath else None
    if paths.cafile:
        return paths.cafile, None
    if folder and any(folder.iterdir()):
        return None, str(folder)
    import certifi

    return certifi.where(), None


def _build(network: Network) -> ssl.SSLContext:
    if network.insecure:
        insecure = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        insecure.check_hostname = False
        insecure.verify_mode = ssl.CERT_NONE
        return insecure
    file, folder = store(network)
    return ssl.create_default_context(cafile=file, capath=folder)
