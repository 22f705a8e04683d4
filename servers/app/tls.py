"""A TLS certificate for one run of the servers, and the certificate authority that signs it.

This module creates both in memory; it uses no files and no sockets. The private key of the
authority is never stored, so the authority cannot be misused after the program has ended.
"""

import ssl
from typing import NamedTuple


class MissingPackageError(Exception):
    """An optional package is missing; the message is one sentence that says how to install it."""


class Certificate(NamedTuple):
    """The TLS context of a server, and `authority`, the PEM that its clients must trust."""

    context: ssl.SSLContext
    authority: str


def make_certificate(bind: str) -> Certificate:
    """Return a new certificate for the local host names and the address `bind`.

    Raises MissingPackageError if trustme is not installed.
    """
    try:
        import trustme
    except ImportError as error:
        raise MissingPackageError(
            "--tls needs the package trustme: pip install 'getflags[tls]'"
        ) from error
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    names = dict.fromkeys(["localhost", "127.0.0.1", "::1", bind])
    authority.issue_cert(*names).configure_cert(context)
    return Certificate(context, authority.cert_pem.bytes().decode())
