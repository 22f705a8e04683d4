"""The one TLS context that all connections of a run share.

Building it reads the certificate store (10 to 30 ms), so it is built once, when the first
https URL asks for it, and never for a run over http. Which file holds the store follows curl: the
``--cacert`` option, CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR, then the system's own.
"""

from __future__ import annotations

import errno
import os
import ssl
import threading
from functools import lru_cache
from pathlib import Path

from getflags.core.errors import Untrusted
from getflags.core.models import Network
from getflags.core.text import quoted

#: For connections that never speak TLS, because libraries want a context all the same.
UNUSED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


_MOST = 16  # contexts that are kept; a run needs one or two, but a program may have many runs


class _Contexts:
    """The contexts that were built, each by one thread while the others wait for it.

    A process that is forked has the lock as it was just then, held perhaps; so it gets a new one.
    """

    def __init__(self) -> None:
        self._built: dict[Network, ssl.SSLContext] = {}  # the oldest first
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        self._building = threading.Lock()

    def get(self, network: Network) -> ssl.SSLContext:
        """Return the context for these settings, and build it where there is none yet."""
        with self._building:
            if network not in self._built:
                built = _build(network)
                while len(self._built) >= _MOST:
                    del self._built[next(iter(self._built))]
                self._built[network] = built
            return self._built[network]

    def clear(self) -> None:
        """Forget them all."""
        self._built.clear()


_contexts = _Contexts()


def context(network: Network) -> ssl.SSLContext:
    """Return the context for these settings. Raises Untrusted where the store can't be read."""
    return _contexts.get(network)


def store(network: Network) -> tuple[str | None, str | None]:
    """Return the file and the folder that hold the certificates to trust.

    Raises Untrusted where what was asked for can't be read.
    """
    file = network.cacert or os.environ.get("CURL_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    folder = None if file else os.environ.get("SSL_CERT_DIR")
    if not (file or folder):
        return _system_store()
    _check(file, folder)
    return file, folder


@lru_cache  # takes as long as building a context; a failure is not kept
def _check(file: str | None, folder: str | None) -> None:
    """Raise Untrusted where these certificates can't be read."""
    try:
        if folder and not Path(folder).is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a directory")
        if file:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except OSError as error:  # ssl.SSLError is one
        reason = "not a list of certificates" if isinstance(error, ssl.SSLError) else error.strerror
        shown = quoted(file or folder or "")
        raise Untrusted(f"cannot read the certificates in {shown}: {reason}") from error


def _system_store() -> tuple[str | None, str | None]:
    """Return where the system keeps certificates; certifi's where it keeps none, as on macOS."""
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
