"""An easy handle of libcurl with the state of its transfer, used by both curl transports.

libcurl implements HTTP, TLS and proxies; its redirects, resume, decoding and cookies are off. (One
thing can't be turned off: if the server has closed an idle connection, libcurl sends the request
again on a new one, as RFC 9112 section 9.3.1 allows.) pycurl prints and drops an exception that a
callback raises, so the exception is stored and raised again after the transfer.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from time import monotonic

import pycurl

from getflags.core.errors import Disconnected, Expired, TimedOut, Unresolved
from getflags.core.models import Fields, Network
from getflags.core.response_head import Head
from getflags.transport.curl.error_codes import NOT_RESOLVED, translate
from getflags.transport.curl.heads import as_lines, is_short, read
from getflags.transport.curl.sockets import Sockets
from getflags.transport.dns import HOST_LOOKUPS
from getflags.transport.tls import own_certificate, store

TYPE_CHECKING = False  # most runs do not need this module
if TYPE_CHECKING:
    from getflags.transport.curl.public_sockets import PublicSockets

BUFFER = 512 * 1024  # bytes that libcurl reads at a time; this size speeds up large bodies by 20 %
_TICK = 0.01  # seconds by which libcurl's clock may differ from Python's
_LEAST = 1024  # bytes; the smallest buffer that libcurl accepts
_DRAIN_SECONDS = 0.1  # longest time for reading a short unwanted body to its end
_IP_VERSIONS = {4: pycurl.IPRESOLVE_V4, 6: pycurl.IPRESOLVE_V6}
_SUPPRESS_CONNECT_HEADERS = 265  # CURLOPT_SUPPRESS_CONNECT_HEADERS; pycurl lacks it
_HTTP3 = 1 << 25  # CURL_VERSION_HTTP3; older versions of pycurl lack it
_WITH_FALLBACK = 0x075800  # libcurl 7.88.0
#: The option for libcurl's "connected" callback; pycurl has it since 7.45.7.
PREREQUEST: int | None = getattr(pycurl, "PREREQFUNCTION", None)
# libcurl has separate settings for https proxies.
_STORES = (pycurl.CAINFO, pycurl.PROXY_CAINFO), (pycurl.CAPATH, pycurl.PROXY_CAPATH)
_VERIFICATION = (
    pycurl.SSL_VERIFYPEER,
    pycurl.SSL_VERIFYHOST,
    pycurl.PROXY_SSL_VERIFYPEER,
    pycurl.PROXY_SSL_VERIFYHOST,
)


class Handle:
    """A libcurl easy handle. ``take`` is called with each piece of a wanted body."""

    def __init__(
        self, network: Network, sockets: Sockets, take: Callable[[bytes], int | None]
    ) -> None:
        self.curl = pycurl.Curl()
        self.bug: BaseException | None = None  # raised by a callback
        self._take = take
        self._network = network
        self._sockets = sockets
        self._on_head: Callable[[Head], bool]
        self._deadline: float | None = None
        self._raw = BytesIO()  # the head, interim responses and trailers included
        self._headers: Fields | None = None  # as last set in libcurl
        self._pipewait: bool | None = None  # as last set in libcurl
        self._head_complete = False
        self._wanted = False  # whether the body is wanted
        self._store_set = False  # whether the certificate store is set
        self._certified = False  # whether the client certificate is set
        self._url = ""
        self._proxy: str | None = None
        self._target_set = False  # whether REQUEST_TARGET was ever set
        self._last_received = self._silence_limit = 0.0
        self._connecting = False  # or waiting for the connection of another transfer
        self._without_tls = False  # no TLS, neither to the server nor to a proxy
        self._early_data = False  # data arrived before the request was sent
        self._public: PublicSockets | None = None
        self._set_up()

    def _set_up(self) -> None:
        curl, network = self.curl, self._network
        curl.setopt(pycurl.NOSIGNAL, 1)
        curl.setopt(pycurl.BUFFERSIZE, buffer_for(network))
        curl.setopt(pycurl.HTTP_CONTENT_DECODING, 0)
        curl.setopt(pycurl.PATH_AS_IS, 1)
        if network.http_version == "1.1":
            curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
        elif network.http_version == "3":
            curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_3)
        elif speaks_http2():
            curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS)
        curl.setopt(_SUPPRESS_CONNECT_HEADERS, 1)
        curl.setopt(pycurl.PROXY, "")  # getflags reads the environment itself, for all clients
        curl.setopt(pycurl.NOPROXY, "")  # libcurl would read NO_PROXY, and interpret it differently
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(1, round(network.connect_timeout * 1000)))
        if network.ip_version:
            curl.setopt(pycurl.IPRESOLVE, _IP_VERSIONS[network.ip_version])
        if network.resolve:
            fixed = [f"{host}:{port}:{','.join(each)}" for host, port, each in network.resolve]
            curl.setopt(pycurl.RESOLVE, fixed)
        curl.setopt(pycurl.SOCKOPTFUNCTION, self._sockets.opened)
        if network.no_private_addresses:
            from getflags.transport.curl.public_sockets import PublicSockets  # rarely needed

            self._public = PublicSockets()
            curl.setopt(pycurl.OPENSOCKETFUNCTION, self._public.open)
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
        *,
        certified: bool,
    ) -> None:
        """Set up the handle for one GET request. Raises Fault."""
        curl, self._url = self.curl, url
        self._limit_time(within)
        secure = url.startswith("https:")
        self._without_tls = not (secure or (proxy or "").startswith("https:"))
        if not (self._without_tls or self._store_set):
            self._set_store()
        if self._network.cert and certified != self._certified:
            self._set_certificate(certified=certified)
        if proxy != self._proxy:
            curl.setopt(pycurl.PROXY, proxy or "")
            self._proxy = proxy
        # With HTTP/2, prefer another stream to another connection. Without TLS there is no HTTP/2,
        # and a request would wait for the response to another one.
        if secure != self._pipewait:
            curl.setopt(pycurl.PIPEWAIT, int(secure))
            self._pipewait = secure
        curl.setopt(pycurl.URL, url)
        if "%" in url or self._target_set:
            self._set_target(url, proxy)
        if headers != self._headers:
            curl.setopt(pycurl.HTTPHEADER, as_lines(headers))
            self._headers = headers
        self._on_head, self.bug = on_head, None
        self._raw.truncate(self._raw.seek(0))
        self._head_complete = self._wanted = self._early_data = False
        self._last_received, self._silence_limit = monotonic(), self._network.timeout
        self._connecting = PREREQUEST is not None
        if self._public:
            self._public.begin()

    def _set_target(self, url: str, proxy: str | None) -> None:
        """Set the request target, which can't be unset once it is set.

        libcurl would change %2f to %2F, which some servers distinguish. A proxy needs the absolute
        form (RFC 9112 section 3.2.2).
        """
        absolute = url.startswith("http:") and (proxy or "").startswith("http")
        self.curl.setopt(pycurl.REQUEST_TARGET, url if absolute else url[url.index("/", 8) :])
        self._target_set = True

    def _connected(self, address: str, _: str, port: int, local_port: int) -> int:
        self._connecting = False
        self._last_received = monotonic()
        self._early_data = self._without_tls and self._sockets.has_data((address, port, local_port))
        return int(self._early_data)  # 0: continue

    def _limit_time(self, within: float | None) -> None:
        if within is None and self._deadline is None:
            return
        self._deadline = within and monotonic() + within
        self.curl.setopt(pycurl.TIMEOUT_MS, max(1, round(within * 1000)) if within else 0)

    def check_silence(self) -> None:
        """Raise TimedOut if no data has been received for too long.

        The time to connect has its own limit in libcurl, but a wait for the connection of another
        transfer has none. A head must be complete within the timeout.
        """
        self.check_head()
        limit = self._silence_limit + (self._network.connect_timeout if self._connecting else 0)
        if monotonic() - self._last_received > limit:
            partial = self._raw.tell() and not self._head_complete
            what = "the response header took longer than" if partial else "no data received for"
            raise TimedOut(f"{what} {self._network.timeout:g} s")

    @property
    def unwanted(self) -> bool:
        """Whether the head is complete and the body is not wanted."""
        return self._head_complete and not self._wanted

    def conclude(self, code: int, text: str) -> None:
        """Handle libcurl's result code. Raises Fault, or the exception that a callback raised."""
        self.check_head()
        if self.bug is not None:
            raise self.bug
        if self._early_data:
            raise Disconnected("the server sent data before the request", stale=True)
        if self.unwanted or (code == pycurl.E_OK and self._head_complete):
            return
        late = self._deadline is not None and monotonic() > self._deadline - _TICK
        if code == pycurl.E_OPERATION_TIMEDOUT and late:
            raise Expired
        if code == pycurl.E_OK:  # the head was incomplete
            code = pycurl.E_GOT_NOTHING
        if code in NOT_RESOLVED and HOST_LOOKUPS.doubt(self._proxy or self._url):
            raise Unresolved("host name no longer found")
        if self._public:
            self._public.check()
        raise translate(code, text, self.curl, self._network, self._proxy)

    def _set_store(self) -> None:
        """Set the certificate store for server and proxy. Raises BadCertificateFile."""
        if self._network.insecure:
            for option in _VERIFICATION:
                self.curl.setopt(option, 0)
        else:
            for path, options in zip(store(self._network), _STORES, strict=True):
                for option in options if path else ():
                    self.curl.setopt(option, path)
        # Only on success: without these options, libcurl would use its own store.
        self._store_set = True

    def _set_certificate(self, *, certified: bool) -> None:
        """Set the client certificate, or remove it. Raises BadCertificateFile.

        libcurl doesn't show it to proxies, and uses a connection only for requests with the same
        certificate.
        """
        blobs = own_certificate(self._network) if certified else (None, None)
        for option, blob in zip((pycurl.SSLCERT_BLOB, pycurl.SSLKEY_BLOB), blobs, strict=True):
            self.curl.setopt(option, blob)  # None unsets it; pycurl cannot unset the file names
        self._certified = certified

    def check_head(self) -> None:
        """Check whether the head is complete; if it is, pass it to ``on_head``.

        It is called at the start of the body, at the end of the transfer, and from time to time in
        between. Checking after each line of a head would cost more than the rest of a small file.
        """
        if self._head_complete:
            return
        head = None
        try:
            head = read(self._raw.getvalue())
            if head is None:
                return
            self._wanted = bool(self._on_head(head))
        except BaseException as bug:  # noqa: BLE001 - raised again by ``conclude``
            self.bug = bug
        self._head_complete = True
        self._last_received = monotonic()
        if not self._wanted:
            drained = head is not None and self.bug is None and is_short(head)
            self._silence_limit = _DRAIN_SECONDS if drained else -1.0

    def _body(self, piece: bytes) -> int | None:
        self.check_head()
        if self._wanted:
            result = self._take(piece)
            self._last_received = monotonic()  # ``take`` may have blocked
            return result
        return -1 if monotonic() - self._last_received > self._silence_limit else None


def buffer_for(network: Network) -> int:
    """Return how many bytes to read at a time; with a rate limit, the bytes of 1/8 s."""
    rate = network.limit_rate
    return BUFFER if rate is None else max(_LEAST, min(BUFFER, int(rate / 8)))


def speaks_http2() -> bool:
    """Return whether this libcurl was built with HTTP/2; in some distributions, it is not."""
    return bool(pycurl.version_info()[4] & pycurl.VERSION_HTTP2)


def speaks_http3() -> bool:
    """Return whether this libcurl was built with HTTP/3; only a new one can fall back from it.

    Before 7.88, libcurl did not try HTTP/2 and HTTP/1.1 beside it.
    """
    return bool(pycurl.version_info()[4] & _HTTP3) and pycurl.version_info()[2] >= _WITH_FALLBACK
