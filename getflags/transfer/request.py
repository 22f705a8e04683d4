"""One GET: where it goes, what it carries, and where a redirect leads.

Whether a request is made is the transfer's decision. Here stands what must never be sent to whom.
"""

from __future__ import annotations

from typing import NamedTuple

from getflags.core import urls
from getflags.core.errors import Malformed
from getflags.core.models import DownloadOptions, Fields, PartialFile

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


_WHOLE = "getflags fetches whole files and resumes interrupted ones by itself"
_CHANGED = "--exists refresh asks for what has changed"
_BODILESS = "a GET has no body to announce"
# Fields that a user can't set, and why. The list is short on purpose: with any other field (Host,
# Connection, TE, If-Match ...) the server does what the user asks for, or the file fails.
_REFUSED = {
    # The part that a server sends is not the file.
    "range": _WHOLE,
    "if-range": _WHOLE,
    # A 304 would speak of a file that we have never seen, and be taken for the one on the disk.
    "if-none-match": _CHANGED,
    "if-modified-since": _CHANGED,
    # The server would wait for a body, or take the next request for it (RFC 9112 section 11.2).
    "content-length": _BODILESS,
    "transfer-encoding": _BODILESS,
}


class Request(NamedTuple):
    """A GET to make: URL without credentials, header fields in order."""

    url: str
    headers: Fields


def check_field(name: str) -> None:
    """Check that a user may set this header field. Raises ValueError, its text half a sentence."""
    why = _REFUSED.get(name.lower())
    if why:
        raise ValueError(f"{name} cannot be set: {why}")


class Route:
    """The way of one try: it begins at the URL that was typed, and redirects lead on."""

    def __init__(self, url: str, rules: DownloadOptions) -> None:
        self.url, self._login = urls.split_credentials(url)
        self._home = self.url
        self._rules = rules
        self._redirects = 0

    def begin(self) -> None:
        """Begin anew: a redirect may lead elsewhere the next time."""
        self.url = self._home
        self._redirects = 0

    def follow(self, reference: str) -> None:
        """Go where a redirect leads. Raises Malformed where it may not be followed."""
        self._redirects += 1
        if self._redirects > self._rules.max_redirs:
            raise Malformed(f"too many redirects (more than {self._rules.max_redirs})")
        try:
            url = urls.join(self.url, reference)
        except urls.BadURL as error:
            raise Malformed(f"redirected to a place that can't be followed: {error}") from None
        if self.url.startswith("https:") and url.startswith("http:"):
            raise Malformed("redirected from https to http, which is refused")
        self.url = url

    def ask(self, kept: PartialFile | None, since: str | None) -> Request:
        """Return the request to make: of the rest, where some is kept; of what changed ``since``.

        The user's fields win over ours.
        """
        home = self._redirects == 0 or urls.origin(self.url) == urls.origin(self._home)
        sent = [item for item in self._rules.headers if home or item[0].lower() in _HARMLESS]
        named = {name.lower() for name, _ in sent}
        if home and self._login and "authorization" not in named:
            sent.append(("authorization", self._login))
        if since:
            sent.append(("if-modified-since", since))
        sent.extend(ours for ours in _OURS if ours[0] not in named)
        if kept:
            sent += [("range", f"bytes={kept.size}-"), ("if-range", kept.record.validator)]
        return Request(self.url, tuple(sent))
