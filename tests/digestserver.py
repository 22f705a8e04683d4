"""A server that wants HTTP Digest, and checks it by itself: a second reading of RFC 7616."""

from __future__ import annotations

import hashlib
import itertools
import re
import socket
import threading
from collections.abc import Callable
from urllib.parse import quote

from tests.rawserver import RawServer, ok

PAIR = re.compile(r'([\w*]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]*))(?:, |$)')
HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def parameters(head: bytes) -> dict[str, str] | None:
    """Return the parameters of the request's Digest; None if it has no Authorization."""
    for line in head.decode("latin-1").split("\r\n"):
        name, _, value = line.partition(": ")
        if name.lower() == "authorization":
            scheme, _, rest = value.partition(" ")
            if scheme != "Digest":
                return {"scheme": scheme}
            found = PAIR.findall(rest)
            assert len({key for key, _, _ in found}) == len(found)
            return {key: quoted or plain for key, quoted, plain in found}
    return None


class Site:
    """Files for one user, whose requests must have the right answer to a challenge of this site.

    A nonce serves ``uses`` requests; then it is stale. With ``ordered``, its uses must also come in
    order. ``others`` are challenges beside that of Digest. ``stale_for_ever`` accepts no nonce.
    ``utf8`` demands user names in UTF-8. ``serve`` answers the requests that are accepted.
    """

    def __init__(
        self,
        files: dict[str, bytes],
        *,
        user: str = "Mufasa",
        password: str = "Circle of Life",  # noqa: S107 - that of the RFC's example
        realm: str = "http-auth@example.org",
        algorithm: str = "MD5",
        qop: str = "auth",
        uses: int = 10**9,
        ordered: bool = False,
        others: tuple[str, ...] = (),
        stale_for_ever: bool = False,
        utf8: bool = False,
        serve: Callable[[socket.socket, RawServer], None] | None = None,
    ) -> None:
        self.files = files
        self.user = user
        self.password = password
        self.realm = realm
        self.algorithm = algorithm
        self.qop = qop
        self.uses = uses
        self.ordered = ordered
        self.others = others
        self.stale_for_ever = stale_for_ever
        self.utf8 = utf8
        self.serve = serve
        self.accepted: list[dict[str, str]] = []
        self.rejected: list[str] = []
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._nonces: dict[str, list[int]] = {}

    def answer(self, connection: socket.socket, server: RawServer) -> None:
        """Answer a request, as ``RawServer`` wants it."""
        head = server.head
        path = head.split(b" ")[1].decode()
        with self._lock:
            why = self.wrong(path, parameters(head))
            reply = self._challenge(why) if why else b""
        if self.serve and not why:
            self.serve(connection, server)
            return
        connection.sendall(reply or ok(self.files[path]))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    def _challenge(self, why: str) -> bytes:
        self.rejected.append(why)
        nonce = f"n/{next(self._numbers)}=="
        self._nonces[nonce] = []
        fields = [f'realm="{self.realm}"', f'nonce="{nonce}"', f'opaque="\\"o{nonce}"']
        if self.qop:
            fields.append(f'qop="{self.qop}"')
        if self.algorithm:
            fields.append(f"algorithm={self.algorithm}")
        if why == "stale":
            fields.append("stale=TRUE")
        if self.utf8:
            fields.append("charset=UTF-8")
        lines = [f"WWW-Authenticate: {each}" for each in self.others]
        lines.append(f"WWW-Authenticate: Digest {', '.join(fields)}".encode("latin-1").decode())
        return ok(b"who are you?", *lines, status="401 Unauthorized")

    def wrong(self, path: str, sent: dict[str, str] | None) -> str:
        """Return what is wrong with a request; empty if nothing is."""
        if sent is None:
            return "nothing"
        if "response" not in sent:
            return f"{sent['scheme']} instead of Digest"
        name = self.algorithm.removesuffix("-sess") or "MD5"
        fixed = {"uri": path, "realm": self.realm, "opaque": f'\\"o{sent["nonce"]}'}
        if self.utf8:
            fixed["username*"] = f"UTF-8''{quote(self.user, safe='')}"
        else:
            fixed["username"] = self.user.encode().decode("latin-1").replace('"', '\\"')
        fixed |= {"algorithm": self.algorithm} if self.algorithm else {}
        fixed |= {"qop": "auth"} if self.qop else {}
        for key, value in fixed.items():
            if sent.get(key) != value:
                return f"{key}={sent.get(key)}"
        if sent["response"] != self._response(sent, HASHES[name], path):
            return "response"
        return self._used(sent)

    def _response(
        self, sent: dict[str, str], hashed: Callable[[bytes], hashlib._Hash], path: str
    ) -> str:
        def digest(*parts: str) -> str:
            return hashed(":".join(parts).encode("latin-1")).hexdigest()

        user, password = (each.encode().decode("latin-1") for each in (self.user, self.password))
        first = digest(user, self.realm, password)
        if self.algorithm.endswith("-sess"):
            first = digest(first, sent["nonce"], sent["cnonce"])
        middle = [sent["nc"], sent["cnonce"], "auth"] if self.qop else []
        return digest(first, sent["nonce"], *middle, digest("GET", path))

    def _used(self, sent: dict[str, str]) -> str:
        """Count the use of a nonce; return what is wrong with it."""
        used = self._nonces.get(sent["nonce"])
        if used is None:
            return "an unknown nonce"
        number = int(sent["nc"], 16) if self.qop else len(used) + 1
        if number in used:
            return "a nonce count for the second time"
        if self.stale_for_ever or len(used) >= self.uses:
            return "stale"
        if self.ordered and used and number != used[-1] + 1:
            return "stale"
        used.append(number)
        self.accepted.append(sent)
        return ""


def digest_server(site: Site) -> RawServer:
    """Return a server of the site's files."""
    return RawServer(dict.fromkeys(site.files, site.answer))
