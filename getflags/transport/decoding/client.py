"""A client that wraps another one and decodes the bodies that it receives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from getflags.core.errors import Disconnected, Malformed
from getflags.core.models import Fields, Network, Piece
from getflags.core.response_head import Head, content_coding, content_length, is_chunked
from getflags.transport import AsyncTransport, Client, Transport
from getflags.transport.decoding.decoder import Decoder

P = TypeVar("P", bound=Piece)


class DecodingClient:
    """See ``getflags.transport.Client``."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.about = client.about
        self.check = client.check

    def open_transport(self, network: Network) -> DecodingTransport:
        """See ``getflags.transport.Client``."""
        return DecodingTransport(self._client.open_transport(network))

    def open_async_transport(self, network: Network) -> AsyncDecodingTransport:
        """See ``getflags.transport.Client``."""
        return AsyncDecodingTransport(self._client.open_async_transport(network))


class DecodingTransport:
    """See ``getflags.transport.Transport``. ``on_body`` gets the decoded body."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self.abort = transport.abort
        self.close = transport.close

    def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[Piece], None],
        within: float | None = None,
        *,
        certified: bool = False,
    ) -> None:
        """See ``getflags.transport.Transport``."""
        body = _CodedBody(on_head)

        def decode(piece: Piece) -> None:
            for each in body.decode(piece):
                on_body(each)

        self._transport.get(url, headers, body.head_arrived, decode, within, certified=certified)
        body.check_end()


class AsyncDecodingTransport:
    """See ``getflags.transport.AsyncTransport``. ``on_body`` gets the decoded body."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport
        self.close = transport.close

    async def get(
        self,
        url: str,
        headers: Fields,
        on_head: Callable[[Head], bool],
        on_body: Callable[[bytes], Awaitable[None]],
        within: float | None = None,
        *,
        certified: bool = False,
    ) -> None:
        """See ``getflags.transport.AsyncTransport``."""
        body = _CodedBody(on_head)

        async def decode(piece: bytes) -> None:
            for each in body.decode(piece):
                await on_body(each)

        await self._transport.get(
            url, headers, body.head_arrived, decode, within, certified=certified
        )
        body.check_end()


class _CodedBody:
    """The body of one response, which is decoded if the head names a content coding."""

    def __init__(self, on_head: Callable[[Head], bool]) -> None:
        self._on_head = on_head
        self._decoder: Decoder | None = None
        self._delimited = False

    def head_arrived(self, head: Head) -> bool:
        """Pass on the head of the response; return whether its body is wanted."""
        wanted = self._on_head(head)
        if wanted and (coding := content_coding(head)):
            self._decoder = Decoder(coding)
            self._delimited = content_length(head) is not None or is_chunked(head)
        return wanted

    def decode(self, piece: P) -> Iterable[P | bytes]:
        """Return the decoded pieces. Raises Malformed."""
        return self._decoder.decode(piece) if self._decoder else (piece,)

    def check_end(self) -> None:
        """Check that the data is complete at the end of the body.

        Raises Malformed; or Disconnected if the body had no length, so that the connection may have
        been cut.
        """
        if self._decoder and not self._decoder.complete:
            kind = Malformed if self._delimited else Disconnected
            raise kind("the server's compressed data ends too early")
