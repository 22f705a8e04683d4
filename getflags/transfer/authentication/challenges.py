"""The challenges in WWW-Authenticate (RFC 9110 section 11.6.1), above all those of HTTP Digest.

Pure. A server may send anything: what is malformed, has a control character or is too long, is no
challenge.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from getflags.core.response_head import Head

_MAX_LENGTH = 8192  # characters of a field; a longer one is ignored
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # a token
_SEPARATORS = re.compile(r"[ \t,]*")
_SCHEME = re.compile(rf"({_WORD})(?: +|[ \t]*(?=,|$))")
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)")
_PARAMETER = re.compile(
    rf'({_WORD})[ \t]*=[ \t]*(?:({_WORD})|"((?:[^"\\\x00-\x1f\x7f]|\\[^\x00-\x1f\x7f])*)")'
    r"[ \t]*(?=,|$)"
)
#: The names of hash functions in ``hashlib``, the strongest first.
_HASHES = {"sha-256": "sha256", "md5": "md5"}
_SESSION = "-sess"


class Challenge(NamedTuple):
    """A challenge of HTTP Digest (RFC 7616 section 3.3) that can be answered.

    ``realm``, ``nonce`` and ``opaque`` are as they were sent, with the backslashes of a quoted
    string. ``algorithm`` is empty if the server named none. ``function`` is a name for ``hashlib``.
    ``session`` is true for an algorithm that ends in -sess; ``qop`` is false if the server follows
    RFC 2069. ``stale`` is true if the server refused only the nonce, not the password. ``utf8`` is
    true if the server says that it reads user names as UTF-8.
    """

    realm: str
    nonce: str
    opaque: str | None
    algorithm: str
    function: str
    session: bool
    qop: bool
    stale: bool
    utf8: bool


def schemes(head: Head) -> set[str]:
    """Return the names of the schemes that a server accepts, in lower case."""
    return {scheme for scheme, _ in _challenges(head.all("www-authenticate"))}


def strongest(head: Head) -> Challenge | None:
    """Return the challenge of HTTP Digest with the strongest hash; None if there is none."""
    offered = _challenges(head.all("www-authenticate"))
    usable = [found for scheme, each in offered if scheme == "digest" and (found := _usable(each))]
    order = list(_HASHES.values())
    return min(usable, key=lambda each: order.index(each.function), default=None)


def _challenges(fields: Iterable[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the scheme of each challenge, in lower case, and its parameters."""
    for field in fields:
        if len(field) <= _MAX_LENGTH:
            yield from _parsed(field)


def _parsed(field: str) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Yield the challenges of one field up to the first that is malformed."""
    scheme, parameters = "", dict[str, str]()
    at = 0
    while (at := _end(_SEPARATORS.match(field, at))) < len(field):
        if scheme and (match := _PARAMETER.match(field, at)):
            name = match[1].lower()
            if name in parameters:  # ambiguous: which of the two counts is not defined
                return
            parameters[name] = match[3] if match[2] is None else match[2]
        elif match := _SCHEME.match(field, at):
            if scheme:
                yield scheme, parameters
            scheme, parameters = match[1].lower(), {}
            if not _PARAMETER.match(field, match.end()):
                match = _TOKEN68.match(field, match.end()) or match
        else:
            return
        at = match.end()
    if scheme:
        yield scheme, parameters


def _end(match: re.Match[str] | None) -> int:
    return match.end() if match else 0


def _usable(parameters: Mapping[str, str]) -> Challenge | None:
    """Return a challenge of HTTP Digest; None if it can't be answered."""
    realm, nonce = parameters.get("realm"), parameters.get("nonce")
    algorithm = parameters.get("algorithm", "")
    name = algorithm.lower().removesuffix(_SESSION) or "md5"
    session = algorithm.lower().endswith(_SESSION)
    offers = parameters.get("qop", "").lower().replace(" ", "").split(",")
    qop = offers != [""]
    if realm is None or nonce is None or name not in _HASHES:
        return None
    if qop and "auth" not in offers:
        return None
    if session and not qop:  # such an answer has no client nonce, so it can't be checked
        return None
    return Challenge(
        realm,
        nonce,
        parameters.get("opaque"),
        algorithm,
        _HASHES[name],
        session,
        qop,
        parameters.get("stale", "").lower() == "true",
        parameters.get("charset", "").lower() == "utf-8",
    )
