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

from getflags.core.errors import EXPIRED, Disconnected, Expired, TimedOut
from getflags.core.models import Fields, Network
from getflags.core.response_head import Head
from getflags.transport.curl.error_codes import translate
from getflags.transport.curl.heads import as_lines, is_short, read
from getflags.transport.curl.sockets import Sockets
from getflags.transport.tls import store

BUFFER = 512 * 1024  # bytes that libcurl reads at once; large bodies gain a fifth by it
_TICK = 0.01  # seconds; libcurl's clock has other ticks than ours
_LEAST = 1024  # bytes; libcurl takes no less
_DRAIN_SECONDS = 0.1  # a short unwanted body is read off, if that is a matter of a moment
_SUPPRESS_CONNECT_HEADERS = 265  # CURLOPT_..., which pycurl has no name for
#: libcurl's word that it has connected; pycurl passes it on from 7.45.7
PREREQUEST: int | None = getattr(pycurl, "PREREQFUNCTION", None)
# libcurl has settings of their own for https proxies.
_STORES = (pycurl.CAINFO, pycurl.PROXY_CAINFO), (pycurl.CAPATH, pycurl.PROXY_CAPATH)
_VERIFICATION = (
    pycurl.SSL_VERIFYPEER,
    pycurl.SSL_VERIFYHOST,
    pycurl.PROXY_SSL_VERIFYPEER,
    pycurl.PROXY_SSL_VERIFYHOST,
)


class Handle:
    """A libcurl easy handle. ``take`` gets each piece of a body that is wanted."""

    def __init__(
        self, network: Network, sockets: Sockets, take: Callable[[bytes], int | None]
    ) -> None:
        self.curl = pycurl.Curl()
        self.bug: BaseException | None = None  # what a callback has raised
        self._take = take
        self._network = network
        self._sockets = sockets
        self._on_head: Callable[[Head], bool]
        self._deadline: float | None = None
        self._raw = BytesIO()  # the head, interim responses and trailers included
        self._headers: Fields | None = None  # that libcurl has
        self._pipewait: bool | None = None  # as libcurl has it
        self._answered = False  # the head is complete
        self._wanted = False
        self._trusting = False  # whether certificates are set up
        self._proxy: str | None = None
        self._targeted = False  # whether the request's target was set by itself
        self._heard = self._patience = 0.0
        self._connecting = False  # or waiting for another's connection
        self._plain = False  # neither TLS nor a proxy by TLS
        self._unasked = False  # bytes were there before the request
        self._set_up()

    def _set_up(self) -> None:
        curl, network = self.curl, self._network
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.BUFFERSIZE, buffer_for(network))
        curl.setopt(pycurl.HTTP_CONTENT_DECODING, 0)
        curl.setopt(pycurl.PATH_AS_IS, 1)
        if speaks_http2():
            curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        curl.setopt(_SUPPRESS_CONNECT_HEADERS, 1)
        curl.setopt(pycurl.PROXY, "")  # the environment was read already, for all clients alike
        curl.setopt(pycurl.NOPROXY, "")  # so was this; libcurl would look, and read it otherwise
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, round(network.connect_timeout * 1000)))
        curl.setopt(pycurl.SOCKOPTFUNCTION, self._sockets.opened)
        if PREREQUEST is not None:
            curl.setopt(PREREQUEST, self._connected)
        curl.setopt(pycurl.WRITEFUNCTION, self._body)
        curl.setopt(pycurl.HEADERFUNCTION, self._raw.write)

    def prepare(
        self,
        url: str,
        proxy: str | None,
        headers: Fields,
        on_head: Callable[[Head], bool],
        within: float | None,
    ) -> None:
        """Set up for one GET. Raises Fault."""
        curl = self.curl
        self._limit_time(within)
        secure = url.startswith("https:")
        self._plain = not (secure or (proxy or "").startswith("https:"))
        if not (self._plain or self._trusting):
            self._trust()
        if proxy != self._proxy:
            curl.setopt(pycurl.PROXY, proxy or "")
            self._proxy = proxy
        # Rather one more stream than one more connection; without TLS there is no HTTP/2, and
        # a request would wait for the answer to another's.
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
            curl.setopt(pycurl.HTTPHEADER, as_lines(headers))
            self._headers = headers
        self._on_head, self.bug = on_head, None
        self._raw.seek(0)
        self._raw.truncate()
        self._answered = self._wanted = self._unasked = False
        self._heard = monotonic()
        self._patience = self._network.timeout
        self._connecting = PREREQUEST is not None

    def _connected(self, address: str, _: str, port: int, local_port: int) -> int:
        self._connecting = False
        self._heard = monotonic()
        self._unasked = self._plain and self._sockets.speaks((address, port, local_port))
        return int(self._unasked)  # 0: go on

    def _limit_time(self, within: float | None) -> None:
        if within is None and self._deadline is None:
            return
        self._deadline = within and monotonic() + within
        self.curl.setopt(pycurl.TIMEOUT_MS, max(1, round(within * 1000)) if within else 0)

    def check_silence(self) -> None:
        """Raise TimedOut where nothing has come for too long.

        Connecting is no silence, and libcurl limits it; not so the wait for another's connection.
        A head that comes a few bytes at a time is as good as none.
        """
        self.answer()
        patience = self._patience + (self._network.connect_timeout if self._connecting else 0)
        if monotonic() - self._heard > patience:
            some = self._raw.tell() and not self._answered
            what = "the answer's head took longer than" if some else "nothing came for"
            raise TimedOut(f"{what} {self._network.timeout:g} s")

    @property
    def unwanted(self) -> bool:
        """Whether the head has come and its body is of no use to anybody."""
        return self._answered and not self._wanted

    def conclude(self, code: int, text: str) -> None:
        """Take libcurl's verdict. Raises Fault, or what a callback has raised."""
        self.answer()
        if self.bug is not None:
            raise self.bug
        if self._unasked:
            raise Disconnected("the server spoke before it was asked", stale=True)
        if self.unwanted or (code == pycurl.E_OK and self._answered):
            return
        late = self._deadline is not None and monotonic() > self._deadline - _TICK
        if code == pycurl.E_OPERATION_TIMEDOUT and late:
            raise Expired(EXPIRED)
        if code == pycurl.E_OK:  # a head that never ended
            code = pycurl.E_GOT_NOTHING
        raise translate(code, text, self.curl, self._network, self._proxy)

    def _trust(self) -> None:
        """Say whom to believe, server or proxy. Raises Untrusted where the store can't be read."""
        if self._network.insecure:
            for option in _VERIFICATION:
                self.curl.setopt(option, 0)
        else:
            for place, options in zip(store(self._network), _STORES, strict=True):
                for option in options if place else ():
                    self.curl.setopt(option, place)
        self._trusting = True  # not before: without a store, libcurl would believe its own

    def answer(self) -> None:
        """Look whether the head is complete, and if it is, whether the body is wanted.

        Called when the body begins, when all is over, and now and then for a body that doesn't
        come: a call for each line of each head would cost more than the rest of a small file.
        """
        if self._answered:
            return
        head = None
        try:
            head = read(self._raw.getvalue())
            if head is None:
                return
            self._wanted = bool(self._on_head(head))
        except BaseException as bug:  # noqa: BLE001 - raised again by ``conclude``
            self.bug = bug
        self._answered = True
        self._heard = monotonic()
        if not self._wanted:
            drained = head is not None and self.bug is None and is_short(head)
            self._patience = _DRAIN_SECONDS if drained else -1.0

    def _body(self, piece: bytes) -> int | None:
        self.answer()
        if self._wanted:
            verdict = self._take(piece)
            self._heard = monotonic()  # whoever takes it may have made us wait
            return verdict
        return -1 if monotonic() - self._heard > self._patience else None


def buffer_for(network: Network) -> int:
    """Return how many bytes to read at once: where the rate is limited, those of a moment."""
    rate = network.limit_rate
    return BUFFER if rate is None else max(_LEAST, min(BUFFER, int(rate / 8)))


def speaks_http2() -> bool:
    """Whether this libcurl was built with HTTP/2; some distributions' was not."""
    return bool(pycurl.version_info()[4] & pycurl.VERSION_HTTP2)
