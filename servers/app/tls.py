"""A certificate for one run, and the authority that vouches for it.

What may live here: making the two. What may not: files, sockets. Nothing is kept: the authority's
key dies with the program, so no certificate can be made with it that anybody would have to fear.
"""

import ssl
from typing import NamedTuple


class MissingError(Exception):
    """A package is not installed; the message is one sentence that says how to install it."""


class Certified(NamedTuple):
    """What a server needs, and `authority`, the PEM that its clients have to trust."""

    context: ssl.SSLContext
    authority: str


def certified(bind: str) -> Certified:
    """Return a new certificate for this machine's own names and the address `bind`."""
    try:
        import trustme
    except ImportError as error:
        raise MissingError(
            "--tls needs the package trustme: pip install 'getflags[tls]'"
        ) from error
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.set_alpn_protocols(["http/1.1"])
    names = dict.fromkeys(["localhost", "127.0.0.1", "::1", bind])
    authority.issue_cert(*names).configure_cert(context)
    return Certified(context, authority.cert_pem.bytes().decode())
