"""URLs as text: cleaning, comparing, joining, hiding secrets.

Pure. A URL that has passed ``clean`` is ASCII, absolute, http or https, with a host and a legal
port, so that no later room meets ``UnicodeError`` or a library's own idea of a bad URL.
The grammar is RFC 3986's; what people type beyond it (accents in a path or a host) is encoded
as browsers do. What must not be guessed at (spaces, control characters) is refused.
"""

from __future__ import annotations

import re
from base64 import b64encode
from urllib.parse import SplitResult, quote, unquote_to_bytes, urljoin, urlsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
# What nearly all URLs look like; a match needs no further look.
_PLAIN = re.compile(
    r"https?://[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*(?::[0-9]{1,4})?"
    r"/[\w.~/%&=+,;:@!$'()*?-]*",
    re.ASCII,
)
# The surrogates that stay are bytes of the command line that were no UTF-8.
_FORBIDDEN = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udc7f\udd00-\udfff]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_BRACKETED = re.compile(r"\[[0-9A-Fa-f:.]+\](?::[0-9]*)?")
_HOST = re.compile(r"[a-z0-9._~!$&'()*+,;=-]+", re.ASCII)
_LABEL = 63  # bytes in a part of a host name (RFC 1035 section 2.3.4)
_PATH_SAFE = "/%:@!$&'()*+,;=~?[]|"  # "%": what is encoded already stays as it is


class BadURL(ValueError):
    """The text is not an http or https URL; the message says why."""


def clean(url: str) -> str:
    """Return the URL in the form that goes on the wire, without a fragment.

    Raises BadURL.
    """
    if _PLAIN.fullmatch(url):
        return url
    if _FORBIDDEN.search(url):
        raise BadURL("it holds a space or a control character; write it percent-encoded")
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise BadURL("it is malformed") from None
    if parts.scheme not in _DEFAULT_PORTS:
        raise BadURL("only http:// and https:// are accepted")
    if not host or "\\" in parts.netloc:
        raise BadURL("it names no host")
    place = parts.netloc.rpartition("@")[2]
    if "[" in place and not _BRACKETED.fullmatch(place):  # urlsplit would drop what is beside it
        raise BadURL("its host name is not valid")
    return _compose(parts, _ascii_host(host), _port(parts)) + _empty_query(url)


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:  # whose text may quote a part of a password
        raise BadURL("its port is not a number up to 65535") from None


def _compose(parts: SplitResult, host: str, port: int | None) -> str:
    userinfo, at, _ = parts.netloc.rpartition("@")
    netloc = quote(userinfo, safe=":%!$&'()*+,;=~", errors="surrogateescape") + at + host
    if port is not None:
        netloc += f":{port}"
    path = quote(parts.path or "/", safe=_PATH_SAFE, errors="surrogateescape")
    query = quote(parts.query, safe=_PATH_SAFE, errors="surrogateescape")
    return f"{parts.scheme}://{netloc}{path}" + (f"?{query}" if query else "")


def _empty_query(url: str) -> str:
    """Return ``?`` if the URL ends in it, not counting a fragment, and the empty string if not.

    ``/p?`` is another resource than ``/p`` (RFC 3986 section 6.2.3), and servers may tell them
    apart. ``urllib.parse`` can't: it drops the mark.
    """
    _, mark, query = url.partition("#")[0].partition("?")
    return "" if query else mark


def _ascii_host(host: str) -> str:
    if ":" in host:  # an IPv6 literal: urlsplit has checked it
        return f"[{host}]"
    if not host.isascii():
        import idna  # 20 ms; only for those who need it

        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise BadURL(f"its host name is not valid ({error})") from None
    labels = host.removesuffix(".").split(".")
    if not _HOST.fullmatch(host) or not all(0 < len(label) <= _LABEL for label in labels):
        raise BadURL("its host name is not valid")
    return host


def origin(url: str) -> str:
    """Scheme, host and port, the port always written (RFC 6454 section 4)."""
    parts = urlsplit(url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = _DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    return f"{parts.scheme}://{host}:{port}"


def split_credentials(url: str) -> tuple[str, str | None]:
    """Take ``user:password@`` out of a URL; return the rest and the Authorization it asks for.

    No transport ever sees the password inside a URL, because libraries print URLs.
    """
    if "@" not in url:
        return url, None
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    bare = parts._replace(netloc=host).geturl() + _empty_query(url)
    if not userinfo:
        return bare, None
    user, _, password = userinfo.partition(":")
    pair = unquote_to_bytes(user) + b":" + unquote_to_bytes(password)
    return bare, "Basic " + b64encode(pair).decode("ascii")


def redact(url: str) -> str:
    """Return any text as it may be shown: ``***`` for what may be a user's name and password.

    In a URL that is what stands before the host's ``@``. In text that is none, it may be all that
    stands before the last ``@``.
    """
    if "@" not in url:
        return url
    scheme, mark, rest = url.partition("://")
    if not _SCHEME.fullmatch(scheme):
        scheme, mark, rest = "", "", url
    try:
        secret = urlsplit(clean(url)).netloc.rpartition("@")[0]
    except BadURL:
        return f"{scheme}{mark}***@{rest.rpartition('@')[2]}"
    if not secret:
        return url
    end = min((i for i in map(rest.find, "/?#") if i >= 0), default=len(rest))
    return f"{scheme}{mark}***@{rest[:end].rpartition('@')[2]}{rest[end:]}"


def join(base: str, reference: str) -> str:
    """Resolve a Location against the URL that it came from (RFC 3986 section 5).

    Credentials that a server writes into a Location are dropped: they are not the user's. Raw
    spaces are encoded, as browsers do, because servers do write them. Raises BadURL.
    """
    reference = reference.strip(" \t").replace(" ", "%20")
    if _FORBIDDEN.search(reference):  # urljoin would leave some of them out
        raise BadURL("it holds a control character")
    reference = reference.partition("#")[0]
    try:
        if _empty_query(reference):
            joined = urljoin(base.partition("?")[0], reference.removesuffix("?")) + "?"
        else:
            joined = urljoin(base, reference)
    except ValueError:
        raise BadURL("it is malformed") from None
    return split_credentials(clean(joined))[0]
