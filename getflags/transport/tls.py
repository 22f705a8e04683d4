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

_contexts: dict[Network, ssl.SSLContext] = {}
_building = threading.Lock()
#: For connections that never speak TLS, because libraries want a context all the same.
UNUSED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def context(network: Network) -> ssl.SSLContext:
    """Return the context for these settings. Raises Untrusted where the store can't be read."""
    with _building:
        if network not in _contexts:
            _contexts[network] = _build(network)
        return _contexts[network]


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
