"""The one TLS context that all connections of a run share.

Building it reads the certificate store (10 to 30 ms), so it is built once, when the first
https URL asks for it, and never for a run over http. Which file holds the store follows curl: the
``--cacert`` option, CURL_CA_BUNDLE, SSL_CERT_FILE, SSL_CERT_DIR, then the system's own.
"""

from __future__ import annotations

import os
import ssl
import threading
from pathlib import Path

from getflags.errors import Untrusted
from getflags.model import Network
from getflags.text import quoted

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


def _build(network: Network) -> ssl.SSLContext:
    if network.insecure:
        insecure = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        insecure.check_hostname = False
        insecure.verify_mode = ssl.CERT_NONE
        return insecure
    file = network.cacert or os.environ.get("CURL_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    folder = None if file else os.environ.get("SSL_CERT_DIR")
    try:
        if folder and not Path(folder).is_dir():
            raise NotADirectoryError(20, "not a directory")  # OpenSSL would say nothing
        made = ssl.create_default_context(cafile=file, capath=folder)
    except OSError as error:  # ssl.SSLError is one
        reason = "not a list of certificates" if isinstance(error, ssl.SSLError) else error.strerror
        raise Untrusted(
            f"cannot read the certificates in {quoted(file or folder or '')}: {reason}"
        ) from error
    if not (file or folder or made.get_ca_certs() or _system_folder()):
        import certifi  # a Python without a system store, as on macOS

        made.load_verify_locations(certifi.where())
    return made


def _system_folder() -> bool:
    """Whether OpenSSL has a folder to look certificates up in, as they are needed."""
    folder = Path(ssl.get_default_verify_paths().openssl_capath)
    return folder.is_dir() and any(folder.iterdir())
