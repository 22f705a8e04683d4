"""One easy handle of libcurl, and what its transfer has seen so far; shared by both colours.

libcurl speaks HTTP, TLS and proxies for us and decides nothing: no redirects, no resume, no
decoding, no cookies. (One thing it can't be talked out of: where the server has closed an idle
connection, it sends the request again on a fresh one, as RFC 9112 section 9.3.1 allows.) pycurl
prints an exception in a callback and loses it, so it is kept and raised again after the transfer.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from time import monotonic

import pycurl

from getflags import proxies
from getflags.errors import Malformed, TimedOut
from getflags.message import Head
from getflags.model import Fields, Network
from getflags.wire.curl_faults import translate
from getflags.wire.tls import store

BUFFER = 512 * 1024  # bytes that libcurl reads at once; large bodies gain a fifth by it
_DRAIN_BYTES = 64 * 1024  # an unwanted body this short is read off, to keep the connection ...
_DRAIN_SECONDS = 0.1  # ... if that is a matter of a moment
_SUPPRESS_CONNECT_HEADERS = 265  # CURLOPT_..., which pycurl has no name for
_FRAMING = {"content-length", "transfer-encoding"}


class Handle:
    """A libcurl easy handle. ``take`` gets each piece of a body that is wanted."""

    def __init__(self, network: Network, take: Callable[[bytes], int | None]) -> None:
        self.curl = pycurl.Curl()
        self.bug: BaseException | None = None  # what a callback has raised
        self._take = take
        self._network = network
        self._on_head: Callable[[Head], bool]
        self._raw = BytesIO()  # the head, interim responses and trailers included
        self._headers: Fields | None = None  # that libcurl has
        self._pipewait: bool | None = None  # as libcurl has it
        self._answered = False  # the head is complete
        self._wanted = False
        self._trusting = False  # whether certificates are set up
        self._proxy: str | None = None
        self._targeted = False  # whether the request's target was set by itself
        self._heard = self._patience = 0.0
        self._head_size = 0  # bytes of it when last looked at
        self._set_up()

    def _set_up(self) -> None:
        curl, network = self.curl, self._network
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.BUFFERSIZE, BUFFER)
        curl.setopt(pycurl.HTTP_CONTENT_DECODING, 0)
        curl.setopt(pycurl.PATH_AS_IS, 1)
        if speaks_http2():
            curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        curl.setopt(_SUPPRESS_CONNECT_HEADERS, 1)
        curl.setopt(pycurl.PROXY, "")  # the environment was read already, for all clients alike
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, round(network.connect_timeout * 1000)))
        curl.setopt(pycurl.WRITEFUNCTION, self._body)
        curl.setopt(pycurl.HEADERFUNCTION, self._raw.write)

    def prepare(self, url: str, headers: Fields, on_head: Callable[[Head], bool]) -> None:
        """Set up for one GET. Raises Fault."""
        curl = self.curl
        proxy = proxies.choose(self._network, url)
        if not self._trusting and (url.startswith("https:") or (proxy or "").startswith("https:")):
            self._trust()
        if proxy != self._proxy:
            curl.setopt(pycurl.PROXY, proxy or "")
            self._proxy = proxy
        # Rather one more stream than one more connection; without TLS there is no HTTP/2, and
        # a request would wait for the answer to another's.
        secure = url.startswith("https:")
        if secure != self._pipewait:
            curl.setopt(pycurl.PIPEWAIT, int(secure))
            self._pipewait = secure
        curl.setopt(pycurl.URL, url)
        if "%" in url or self._targeted:
            # libcurl writes %2f as %2F, which some servers tell apart; and what was set once
            # can't be unset. A proxy wants the absolute form (RFC 9112 section 3.2.2).
            absolute = url.startswith("http:") and (proxy or "").startswith("http")
            curl.setopt(pycurl.REQUEST_TARGET, url if absolute else url[url.index("/", 8) :])
            self._targeted = True
        if headers != self._headers:
            curl.setopt(pycurl.HTTPHEADER, _as_lines(headers))
            self._headers = headers
        self._on_head = on_head
        self._raw.seek(0)
        self._raw.truncate()
        self._answered = self._wanted = False
        self.bug = None
        self._head_size = 0
        self._heard = monotonic()
        self._patience = self._network.timeout

    def check_silence(self) -> None:
        """Raise TimedOut where nothing has come for too long."""
        if self._raw.tell() > self._head_size:
            self._head_size = self._raw.tell()
            self._heard = monotonic()
        self.answer()
        if monotonic() - self._heard > self._patience:
            raise TimedOut(f"nothing came for {self._network.timeout:g} s")

    @property
    def unwanted(self) -> bool:
        """Whether the head has come and its body is of no use to anybody."""
        return self._answered and not self._wanted

    def conclude(self, code: int, text: str) -> None:
        """Take libcurl's verdict. Raises Fault, or what a callback has raised."""
        self.answer()
        if self.bug is not None:
            raise self.bug
        if self.unwanted or (code == pycurl.E_OK and self._answered):
            return
        if code == pycurl.E_OK:  # a head that never ended
            code = pycurl.E_GOT_NOTHING
        raise translate(code, text, self.curl, self._network, self._proxy)

    def _trust(self) -> None:
        """Say whom to believe. Raises Untrusted where the store can't be read."""
        self._trusting = True
        curl = self.curl
        if self._network.insecure:
            curl.setopt(pycurl.SSL_VERIFYPEER, 0)
            curl.setopt(pycurl.SSL_VERIFYHOST, 0)
            return
        file, folder = store(self._network)
        if file:
            curl.setopt(pycurl.CAINFO, file)
        if folder:
            curl.setopt(pycurl.CAPATH, folder)

    def answer(self) -> None:
        """Look whether the head is complete, and if it is, whether the body is wanted.

        Called when the body begins, when all is over, and now and then for a body that doesn't
        come: a call for each line of each head would cost more than the rest of a small file.
        """
        if self._answered:
            return
        raw = self._raw.getvalue()
        if not raw.endswith((b"\r\n\r\n", b"\n\n")):
            return
        head = _parse(raw)
        if head.status < 200:  # noqa: PLR2004 - interim (RFC 9110 section 15.2)
            return
        self._answered = True
        self._heard = monotonic()
        try:
            self._wanted = bool(self._on_head(head))
        except BaseException as bug:  # noqa: BLE001 - raised again by ``conclude``
            self.bug = bug
        if not self._wanted:
            self._patience = _DRAIN_SECONDS if self.bug is None and _is_short(head) else -1.0

    def _body(self, piece: bytes) -> int | None:
        self.answer()
        if self._wanted:
            self._heard = monotonic()
            return self._take(piece)
        return -1 if monotonic() - self._heard > self._patience else None


def speaks_http2() -> bool:
    """Whether this libcurl was built with HTTP/2; some distributions' was not."""
    return bool(pycurl.version_info()[4] & pycurl.VERSION_HTTP2)


def _as_lines(headers: Fields) -> list[bytes]:
    """Write fields as libcurl wants them: an empty value has its own sign. Raises Malformed."""
    lines = []
    for name, value in headers:
        if name.lower() in _FRAMING:
            raise Malformed("the request cannot be sent: a GET has no body to announce")
        if "\n" in value or "\r" in value or "\0" in value:
            raise Malformed("the request cannot be sent: Illegal header value")
        lines.append((f"{name}: {value}" if value else f"{name};").encode("latin-1", "replace"))
    return lines


def _parse(raw: bytes) -> Head:
    """Read a head that libcurl has found to be sound; the last one, after interim ones."""
    text = raw.decode("latin-1").replace("\r\n", "\n").rstrip("\n")
    status, *fields = text[text.rfind("\n\n") + 1 :].lstrip("\n").split("\n")
    pairs = [field.partition(":") for field in fields if ":" in field]
    return Head(
        int(status.split(" ")[1]),
        tuple([(name.lower(), value.strip(" \t")) for name, _, value in pairs]),
    )


def _is_short(head: Head) -> bool:
    length = "".join(head.all("content-length"))
    return length.isdigit() and len(length) <= 5 and int(length) <= _DRAIN_BYTES  # noqa: PLR2004 - digits of _DRAIN_BYTES
