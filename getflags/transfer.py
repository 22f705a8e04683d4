"""One file's journey, decided without doing any of it (sans-IO).

Facts go in: a head arrived, bytes arrived, the response ended, the connection broke, the file is
in place. Decisions come out: two facts answer at once (is the body wanted, is it time to tell of
progress), and after each the shell reads three attributes::

    ask       the request to make now, or None
    complete  the file is whole and checked: put it in place
    outcome   how it ended, or None while under way

Never two of them are set at once, but for ``complete``, which stays when the outcome is there.

Redirects and checks live here, once, for every engine and every client. Nothing here may know a
library, a socket, a file, a clock or a thread; whoever wants to test a decision calls methods.
"""

from __future__ import annotations

from typing import NamedTuple

from getflags import urls
from getflags.errors import Disconnected, Fault, Malformed, NotSaved
from getflags.message import Head, content_length, describe, is_chunked, location, modified
from getflags.model import Exists, Fields, OnDisk, Outcome, Rules, Status, Target

# A progress event each so many bytes: seldom enough to cost nothing, often enough to see.
PROGRESS_STEP = 256 * 1024

_REDIRECTS = {301, 302, 303, 307, 308}
# 2xx that bring no representation, or not the one asked for (RFC 9110 sections 15.3.5 to 15.3.7).
_EMPTY = {204: "no content", 205: "no content", 206: "a part that was not asked for"}
# Fields of the user's that may follow a redirect to another origin. All others may be secrets:
# naming the harmless is safe, naming the harmful (X-Api-Key, X-Auth-Token ...) never ends.
_HARMLESS = {
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "pragma",
    "user-agent",
}
# Accept-Encoding: the file is what the server keeps, not a coding of it (RFC 9110 section 12.5.3).
_OURS: Fields = (("accept-encoding", "identity"), ("accept", "*/*"), ("user-agent", "getflags"))


class Ask(NamedTuple):
    """A GET to make: URL without credentials, header fields in order."""

    url: str
    headers: Fields


class Transfer:
    """The decisions for one target. Feed facts in the order in which they happen."""

    def __init__(self, target: Target, rules: Rules) -> None:
        self.ask: Ask | None = None
        self.complete = False
        self.outcome: Outcome | None = None
        self.received = 0  # bytes of the body under way
        self.expected: int | None = None  # its announced length
        self.modified: int | None = None  # its Last-Modified, in seconds since 1970
        self._target = target
        self._rules = rules
        self._on_disk: OnDisk | None = None
        self._code: int | None = None
        self._requests = 0
        self._redirects = 0
        self._freshened = False
        self._answered = False  # a head came, and its response has not ended
        self._reported = 0
        self._wants_body = False
        self._delimited = True
        self._url, self._login = urls.split_credentials(target.url)

    def begin(self, on_disk: OnDisk | None = None) -> None:
        """Take what stands under the final name (looked at only where the rules need it)."""
        self._on_disk = on_disk
        if self._target.flaw:
            self._fail(self._target.flaw)
        elif on_disk is None:
            self._request(self._url)
        elif self._rules.exists is Exists.FAIL:
            self._fail("a file of that name exists")
        elif self._target.checksum and on_disk.digest != self._target.checksum.hexdigest:
            self._on_disk = None  # what is there is not what is wanted, however new it may be
            self._request(self._url)
        elif self._rules.exists is Exists.SKIP:
            self._end(Status.PRESENT, "it was there already", size=on_disk.size)
        else:
            self._request(self._url)

    def head_arrived(self, head: Head) -> bool:
        """Take a response's head; return whether its body is wanted.

        Where it is not, the shell hangs up unread: a redirect's body may be endless.
        """
        self._code = head.status
        self._wants_body = False
        self._answered = True
        try:
            if head.status in _REDIRECTS:
                self._redirect(location(head))
            elif 200 <= head.status < 300 and head.status not in _EMPTY:  # noqa: PLR2004 - RFC 9110 15.3
                self.expected = content_length(head)
                self.modified = modified(head)
                # Without either, the body ends where the connection does, and one that was cut
                # looks whole (RFC 9112 section 6.3, rule 8).
                self._delimited = self.expected is not None or is_chunked(head)
                self._wants_body = True
            else:
                self._refuse(head.status)
        except Malformed as fault:
            self._fail(str(fault))
        return self._wants_body

    def bytes_arrived(self, count: int) -> bool:
        """Count a piece of the body, in bytes; return whether it is time to tell of progress."""
        self.received += count
        if self.received - self._reported < PROGRESS_STEP:
            return False
        self._reported = self.received
        return True

    def response_ended(self, digest: str | None) -> None:
        """Take the end of a response; ``digest`` is the hash of what was written, in hex."""
        answered, self._answered = self._answered, False
        if not (answered and self._wants_body):
            return
        expected, checksum = self.expected, self._target.checksum
        if expected is not None and self.received != expected:
            what = "incomplete" if self.received < expected else "too long"
            self._fail(f"{what}: {self.received:,} of {expected:,} bytes came")
        elif checksum and digest != checksum.hexdigest:
            self._fail(f"checksum mismatch: {checksum.algorithm} expected "
                       f"{checksum.hexdigest}, got {digest}")  # fmt: skip
        else:
            self.ask = None
            self.complete = True

    def broke(self, fault: Fault) -> None:
        """Take a fault. An idle connection that the server had closed is worth one fresh try.

        Where the head had been answered already, only the hanging up went wrong.
        """
        answered, self._answered = self._answered, False
        if answered and not self._wants_body:
            return
        if isinstance(fault, Disconnected) and fault.stale and not self._freshened:
            self._freshened = True
            self._requests += 1
        elif answered and isinstance(fault, Disconnected):
            of = "" if self.expected is None else f" of {self.expected:,}"
            self._fail(f"incomplete: {self.received:,}{of} bytes came ({fault})")
        else:
            self._fail(str(fault))

    def installed(self) -> None:
        """Take it that the file stands under its final name."""
        unsized = not self._delimited and self._target.checksum is None
        self._end(Status.OK, size=self.received, unsized=unsized)

    def not_saved(self, why: NotSaved) -> None:
        """Take it that the disk refused."""
        self._fail(f"cannot save: {why}")

    def result(self) -> Outcome:
        """Return the outcome. Raises RuntimeError while the transfer is under way."""
        if self.outcome is None:
            raise RuntimeError("the transfer has not ended")
        return self.outcome

    def _request(self, url: str) -> None:
        home = self._redirects == 0 or urls.origin(url) == urls.origin(self._url)
        fields = [
            (name, value)
            for name, value in self._rules.headers
            if home or name.lower() in _HARMLESS
        ]
        named = {name.lower() for name, _ in fields}
        if home and self._login and "authorization" not in named:
            fields.append(("authorization", self._login))
        if (
            self._on_disk and "if-modified-since" not in named
        ):  # ``refresh`` asks in spite of a file
            fields.append(("if-modified-since", self._on_disk.modified))
        fields.extend(ours for ours in _OURS if ours[0] not in named)
        self.ask = Ask(url, tuple(fields))
        self._requests += 1
        self._freshened = False
        self.received = self._reported = 0
        self.expected = None

    def _redirect(self, reference: str) -> None:
        assert self.ask is not None  # noqa: S101 - a head answers a request
        self._redirects += 1
        if self._redirects > self._rules.max_redirs:
            self._fail(f"too many redirects (more than {self._rules.max_redirs})")
            return
        try:
            url = urls.join(self.ask.url, reference)
        except urls.BadURL as error:
            self._fail(f"redirected to a place that can't be followed: {error}")
            return
        if self.ask.url.startswith("https:") and url.startswith("http:"):
            self._fail("redirected from https to http, which is refused")
            return
        self._request(url)

    def _refuse(self, status: int) -> None:
        if status == 404:  # noqa: PLR2004
            self._end(Status.NOT_FOUND, describe(status))
        elif status == 304 and self._on_disk:  # noqa: PLR2004
            self._end(Status.PRESENT, "not changed since", size=self._on_disk.size)
        elif status in _EMPTY:
            self._fail(f"{describe(status)}: {_EMPTY[status]}")
        else:
            self._fail(describe(status))

    def _fail(self, reason: str) -> None:
        self._end(Status.FAILED, reason)

    def _end(
        self, status: Status, reason: str = "", *, size: int = 0, unsized: bool = False
    ) -> None:
        self.ask = None
        self.outcome = Outcome(
            self._target, status, reason, self._code, size, self._requests, unsized
        )
