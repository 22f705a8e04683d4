"""HTTP Digest (RFC 7616): the answers to a server's challenges, which don't contain the password.

Pure. The first request to an origin has no Authorization; the server answers it with 401 and a
challenge, and the request is sent again. Further requests to that origin use the same nonce, so
they are not challenged.
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from itertools import count
from urllib.parse import quote_from_bytes

from getflags.core.response_head import Head
from getflags.transfer.authentication.challenges import Challenge, schemes, strongest
from getflags.transfer.origin_state import OriginState
from getflags.transfer.status_code import UNAUTHORIZED

_MAX_CHALLENGES = 2  # that are answered for one request: the first, and one after a stale nonce


class Nonce:
    """A server's nonce for one user, and how often it was used. May be used in any thread."""

    def __init__(self, challenge: Challenge, user: bytes, password: bytes, cnonce: str) -> None:
        """``cnonce`` is the client nonce: any text that the server cannot foresee."""
        self._challenge = challenge
        self._user = user
        self._cnonce = cnonce
        self._uses = count(1)
        realm = challenge.realm.encode("latin-1")
        secret = self._hash(b":".join((user, realm, password)))
        if challenge.session:
            secret = self._hash(f"{secret}:{challenge.nonce}:{cnonce}".encode("latin-1"))
        self._secret = secret

    def _hash(self, data: bytes) -> str:
        return hashlib.new(self._challenge.function, data, usedforsecurity=False).hexdigest()

    def authorization(self, path: str) -> str:
        """Return the value of Authorization for the next GET of a path (and query)."""
        challenge = self._challenge
        request = self._hash(f"GET:{path}".encode("latin-1"))
        uses = f"{next(self._uses):08x}"
        middle = f":{uses}:{self._cnonce}:auth" if challenge.qop else ""
        whole = f"{self._secret}:{challenge.nonce}{middle}:{request}"
        fields = [
            _user_name(self._user, utf8=challenge.utf8),
            f'realm="{challenge.realm}"',
            f'nonce="{challenge.nonce}"',
            f'uri="{path}"',
            f'response="{self._hash(whole.encode("latin-1"))}"',
        ]
        if challenge.algorithm:
            fields.append(f"algorithm={challenge.algorithm}")
        if challenge.opaque is not None:
            fields.append(f'opaque="{challenge.opaque}"')
        if challenge.qop:
            fields.append(f'qop=auth, nc={uses}, cnonce="{self._cnonce}"')
        return f"Digest {', '.join(fields)}"


def _user_name(user: bytes, *, utf8: bool) -> str:
    """Return the parameter with the user's name (RFC 7616 section 3.4).

    A name that is not ASCII is sent as it is to servers that don't say how they read it, as curl
    does. A control character can only be sent in the extended notation (RFC 8187).
    """
    text = user.decode("latin-1")
    if any(each < " " or each == "\x7f" for each in text) or (utf8 and not text.isascii()):
        return f"username*=UTF-8''{quote_from_bytes(user, safe='')}"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'username="{escaped}"'


class DigestLogin:
    """HTTP Digest in the requests of one transfer.

    ``key`` is a random text of the run, from which client nonces are made. ``answered`` is the
    number of challenges that were answered since the server last accepted a request.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self.begin()

    def begin(self) -> None:
        """Begin a request for another URL."""
        self._login = ""  # the Authorization that Basic would send
        self._nonce: Nonce | None = None  # used for the request
        self.answered = 0  # challenges

    @property
    def has_password(self) -> bool:
        """Whether there is a user with a password for the last request."""
        return bool(self._login)

    def authorization(self, login: str, path: str, origin: OriginState) -> str:
        """Return the value of Authorization for a request; empty if it is sent without one.

        ``login`` is the value that Basic would send, or empty.
        """
        self._login = login
        if self._nonce is None and origin.digest is not None and origin.digest[0] == login:
            self._nonce = origin.digest[1]
        return self._nonce.authorization(path) if self._nonce else ""

    def accepted(self, origin: OriginState) -> None:
        """Let other transfers use the nonce, because the server has accepted it.

        Not earlier: some servers only accept a nonce whose uses arrive in order.
        """
        self.answered = 0
        if self._nonce is not None:
            origin.digest = (self._login, self._nonce)

    def answers(self, head: Head) -> bool:
        """Return whether to send the request again, with the answer to a challenge."""
        challenge = strongest(head) if self._login and head.status == UNAUTHORIZED else None
        if challenge is None or self.answered == _MAX_CHALLENGES:
            return False
        if self.answered and not challenge.stale:  # the password is wrong
            return False
        self.answered += 1
        user, _, password = b64decode(self._login.partition(" ")[2]).partition(b":")
        cnonce = hashlib.sha256(f"{self._key} {challenge.nonce}".encode("latin-1")).hexdigest()[:32]
        self._nonce = Nonce(challenge, user, password, cnonce)
        return True


def hint(head: Head, login: DigestLogin | None) -> str:
    """Return what to add to the error message for a 401; empty if it is not about HTTP Digest."""
    offered = schemes(head)
    if login is not None:
        if not login.has_password:
            return "; --digest has no user and password for this server (-u, its URL or --netrc)"
        if "basic" in offered and "digest" not in offered:
            return "; the server offers no Digest, only Basic"
        return "" if login.answered else "; the server sent no usable challenge for --digest"
    only = "digest" in offered and "basic" not in offered
    return "; the server asks for HTTP Digest: use --digest" if only else ""
