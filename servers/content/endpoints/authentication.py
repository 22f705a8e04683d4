"""Endpoints that need a password or a token: Basic, Bearer and Digest authentication.

The schemes are those of RFC 7617, RFC 6750 and RFC 7616. The nonce of Digest follows from the path,
so that a run is repeatable: these endpoints test clients, and protect nothing.
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from http import HTTPStatus

from ...http.responses import Request, Response, failure, json_document

REALM = "getflags-servers"

_HASHES: Mapping[str, Callable[[bytes], "hashlib._Hash"]] = {
    "MD5": partial(hashlib.md5, usedforsecurity=False),
    "SHA-256": hashlib.sha256,
}
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
_PARAMETER = re.compile(
    r"""([A-Za-z]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^ \t,"]+))[ \t]*(?:,[ \t]*|$)"""
)
_ESCAPED = re.compile(r"\\(.)")
_COUNT = re.compile(r"[0-9a-f]{8}")


def basic(request: Request, names: Sequence[str]) -> Response | None:
    """Return the response to `/basic-auth/USER/PASS`: 200 with that user and password, else 401."""
    if len(names) != 2:  # noqa: PLR2004 - USER, PASS
        return None
    expected = b64encode(":".join(names).encode()).decode()
    if _credentials(request, "basic") == expected:
        return _authenticated(request)
    return _challenge(request, f'Basic realm="{REALM}", charset="UTF-8"')


def bearer(request: Request, names: Sequence[str]) -> Response | None:
    """Return the response to `/bearer`: 200 with any token, else 401."""
    if names:
        return None
    if _TOKEN.fullmatch(_credentials(request, "bearer")):
        return _authenticated(request)
    return _challenge(request, f'Bearer realm="{REALM}"')


def digest(request: Request, names: Sequence[str]) -> Response | None:
    """Return the response to `/digest-auth/USER/PASS/ALGORITHM`: 200 with a right digest, else 401.

    The algorithm is MD5 (default) or SHA-256.
    """
    algorithm = names[2] if names[2:] else "MD5"
    if not 2 <= len(names) <= 3 or algorithm not in _HASHES:  # noqa: PLR2004 - USER, PASS, ALGORITHM
        return None
    user, password = names[:2]

    def hashed(*parts: str) -> str:
        return _HASHES[algorithm](":".join(parts).encode()).hexdigest()

    nonce = hashed("nonce", *names)
    given = _parameters(_credentials(request, "digest"))
    count = given.get("nc", "")
    response = hashed(
        hashed(user, REALM, password),
        nonce,
        count,
        given.get("cnonce", ""),
        "auth",
        hashed(request.method, request.target),
    )
    expected = {
        "username": user,
        "realm": REALM,
        "nonce": nonce,
        "uri": request.target,
        "qop": "auth",
        "response": response,
    }
    same_algorithm = given.get("algorithm", "MD5").upper() == algorithm
    if expected.items() <= given.items() and same_algorithm and _COUNT.fullmatch(count):
        return _authenticated(request)
    parameters = f'qop="auth", algorithm={algorithm}, nonce="{nonce}", charset=UTF-8'
    return _challenge(request, f'Digest realm="{REALM}", {parameters}')


def _credentials(request: Request, scheme: str) -> str:
    """Return the Authorization field without the name of the scheme, "" for another scheme."""
    given, _, rest = request.fields.get("authorization", "").partition(" ")
    if given.lower() != scheme:
        return ""
    # Fields are decoded as latin-1; the user name of Digest is UTF-8, as the challenge says.
    return rest.strip().encode("latin-1").decode()


def _parameters(text: str) -> dict[str, str]:
    """Return the parameters in `NAME=VALUE, NAME="VALUE"`, up to the first that is not valid."""
    found = {}
    position = 0
    while match := _PARAMETER.match(text, position):
        name, quoted, plain = match.groups()
        found[name.lower()] = plain if quoted is None else _ESCAPED.sub(r"\1", quoted)
        position = match.end()
    return found


def _authenticated(request: Request) -> Response:
    return json_document(request, {"authenticated": True})


def _challenge(request: Request, challenge: str) -> Response:
    fields = {"WWW-Authenticate": challenge}
    return failure(HTTPStatus.UNAUTHORIZED, method=request.method, fields=fields)
