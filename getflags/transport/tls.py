"""TLS contexts, shared by all connections of a run; the trusted and the client's certificates.

Building a context reads the certificate store (10 to 30 ms), so it is built once, for the first
https URL, and never for a run over http. With ``--cert``, there is a second context, which has the
client certificate. As in curl, the store is the first of: the ``--cacert`` option, CURL_CA_BUNDLE,
SSL_CERT_FILE, SSL_CERT_DIR, and the system's own.
"""

from __future__ import annotations

import errno
import os
import ssl
import stat
import threading
from functools import lru_cache
from pathlib import Path
from typing import cast

from getflags.core.errors import BadCertificateFile, UsageError
from getflags.core.models import Network
from getflags.core.text import quoted

#: A context for connections without TLS, because httpx requires one for these too.
UNUSED = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

_CERTIFICATE, _KEY = b"CERTIFICATE-----", b"PRIVATE KEY-----"  # in the first lines of PEM blocks
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
        """Return the context for these settings; build it if needed.

        Raises BadCertificateFile.
        """
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


def context(network: Network, *, certified: bool = False) -> ssl.SSLContext:
    """Return the TLS context for these settings. Raises BadCertificateFile.

    With ``certified``, it has the client certificate, if there is one; proxies never get it.
    """
    if network.cert and not certified:
        network = network._replace(cert=None, key=None)
    return _contexts.get(network)


def check(network: Network) -> None:
    """Check the files that the user has named. Raises UsageError."""
    try:
        if network.cacert and not network.insecure:
            store(network)
        if network.cert:
            _load_own(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), network)
    except BadCertificateFile as fault:
        raise UsageError(str(fault)) from None


def store(network: Network) -> tuple[str | None, str | None]:
    """Return the file or the folder with the trusted certificates; one of the two is None.

    Raises BadCertificateFile if the file or folder that the user named can't be read.
    """
    file = network.cacert or os.environ.get("CURL_CA_BUNDLE") or os.environ.get("SSL_CERT_FILE")
    folder = None if file else os.environ.get("SSL_CERT_DIR")
    if not (file or folder):
        return _system_store()
    _check(file, folder)
    return file, folder


@lru_cache  # reading the file is slow; an exception is not cached
def _check(file: str | None, folder: str | None) -> None:
    """Raise BadCertificateFile if these certificates can't be read."""
    try:
        if folder and not Path(folder).is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "not a directory")
        if file:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(file)
    except OSError as error:  # ssl.SSLError is an OSError
        reason = "not a PEM certificate file" if isinstance(error, ssl.SSLError) else error.strerror
        shown = quoted(file or folder or "")
        raise BadCertificateFile(f"cannot read the certificates in {shown}: {reason}") from error


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
        built = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        built.check_hostname = False
        built.verify_mode = ssl.CERT_NONE
    else:
        file, folder = store(network)
        built = ssl.create_default_context(cafile=file, capath=folder)
    if network.cert:
        _load_own(built, network)
    return built


class _Encrypted(Exception):
    """The private key has a password."""


def own_certificate(network: Network) -> tuple[bytes, bytes]:
    """Return the contents of the files of the client certificate and its private key.

    Raises BadCertificateFile.
    """
    cert, key = cast("str", network.cert), network.key
    hint = "" if key else "; --key names its file"
    return (
        _read_pem(cert, "certificate", _CERTIFICATE),
        _read_pem(key or cert, "private key", _KEY, hint),
    )


def _load_own(context: ssl.SSLContext, network: Network) -> None:
    """Load the client certificate and its private key. Raises BadCertificateFile."""
    own_certificate(network)  # unlike OpenSSL's errors, its own say which file is wrong
    cert = cast("str", network.cert)
    own, other = quoted(cert), quoted(network.key or cert)
    try:
        context.load_cert_chain(cert, network.key, _refuse_password)
    except _Encrypted:
        raise BadCertificateFile(
            f"the private key in {other} has a password, which getflags never asks for; "
            "openssl pkey removes it"
        ) from None
    except OSError as error:  # ssl.SSLError is an OSError
        reason = getattr(error, "reason", None) or error.strerror or "not valid"
        if reason == "KEY_VALUES_MISMATCH":
            text = f"the private key in {other} does not belong to the certificate in {own}"
            raise BadCertificateFile(text) from error
        raise BadCertificateFile(
            f"cannot use the client certificate in {own} with the private key in {other}: {reason}"
        ) from error


def _read_pem(path: str, what: str, begin: bytes, hint: str = "") -> bytes:
    """Return the content of a file.

    Raises BadCertificateFile if it can't be read, or has no PEM block that begins so.
    """
    try:
        if not stat.S_ISREG(Path(path).stat().st_mode):  # a pipe could be read only once
            raise OSError(errno.EINVAL, "not a regular file")  # noqa: TRY301 - one message
        content = Path(path).read_bytes()
    except OSError as error:
        # In curl, a password may follow the name.
        name, colon, _ = path.partition(":")
        shown, hint = (f"{name}:***", " (a password cannot be given here)") if colon else (path, "")
        raise BadCertificateFile(
            f"cannot read the {what} in {quoted(shown)}: {error.strerror}{hint}"
        ) from error
    if begin not in content:
        raise BadCertificateFile(f"there is no {what} in PEM format in {quoted(path)}{hint}")
    return content


def _refuse_password() -> str:
    """Take the place of OpenSSL's question on the terminal."""
    raise _Encrypted
