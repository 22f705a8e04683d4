"""One GET request: its URL, its header fields, and the URL that a redirect leads to.

The transfer decides whether to send the request. This module decides which header fields may be
sent to which origin.
"""

from __future__ import annotations

from functools import lru_cache

from getflags.core import urls
from getflags.core.errors import Unsendable
from getflags.core.models import Credentials, DownloadOptions, Fields, PartialFile
from getflags.transfer.actions import Request
from getflags.transfer.authentication.credentials import authorization, cookie
from getflags.transfer.origin_state import FindOrigin, OriginState

TYPE_CHECKING = False  # most runs do not need this module
if TYPE_CHECKING:
    from getflags.transfer.authentication.digest import DigestLogin

# The user's fields that may be sent to another origin after a redirect. Any other field may be a
# secret. A list of harmless fields is safe; a list of secret ones would never be complete.
_HARMLESS = {
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "pragma",
    "user-agent",
}
# Accept-Encoding: files are stored as the server has them, uncompressed (RFC 9110 section 12.5.3).
_OURS: Fields = (("accept-encoding", "identity"), ("accept", "*/*"), ("user-agent", "getflags"))
_NONE = Credentials()


class Route:
    """The URLs of one try: the target's own, and those that redirects lead to.

    ``origin`` is that of the target's own URL; empty if it has none. ``headers`` are the target's
    own fields, which replace those of the options that have the same names. ``digest`` is None
    unless passwords are sent only as HTTP Digest. For the transfer, ``served`` is the number of
    requests that the refusing origin had served at the last refusal, and ``passed_over`` counts the
    refusals since which the origin has served others.
    """

    digest: DigestLogin | None = None
    passed_over = 0

    def __init__(
        self,
        url: str,
        options: DownloadOptions,
        headers: Fields = (),
        find_origin: FindOrigin = lambda _: OriginState(),
    ) -> None:
        self.url, self._login = urls.split_credentials(url)
        self._home = self.url
        self._options = options
        self._users = _merged(headers, options.headers) if headers else options.headers
        self._redirects = 0
        self.served = 0.0
        self.origin = urls.origin(self.url) if url else ""
        self._find_origin = find_origin
        if options.credentials and options.credentials.digest:
            from getflags.transfer.authentication.digest import DigestLogin

            self.digest = DigestLogin(options.credentials.digest)

    @property
    def reached(self) -> str:
        """The origin of the URL to which redirects have led so far."""
        return urls.origin(self.url) if self._redirects else self.origin

    @property
    def redirected(self) -> bool:
        """Whether a redirect has been followed."""
        return self._redirects > 0

    def begin(self) -> None:
        """Begin again at the target's own URL: a redirect may lead elsewhere the next time."""
        self.url = self._home
        self._redirects = 0
        if self.digest:
            self.digest.begin()

    def follow(self, reference: str) -> None:
        """Set the URL to the target of a redirect. Raises Unsendable if it must not be followed."""
        self._redirects += 1
        if self._redirects > self._options.max_redirs:
            raise Unsendable(f"too many redirects (more than {self._options.max_redirs})")
        try:
            url = urls.join(self.url, reference)
        except urls.BadURL as error:
            raise Unsendable(f"redirected to a URL that cannot be requested: {error}") from None
        if self.url.startswith("https:") and url.startswith("http:"):
            raise Unsendable("redirected from https to http, which is refused")
        self.url = url
        if self.digest:
            self.digest.begin()

    def request(self, partial: PartialFile | None, known: str | None) -> Request:
        """Return the request to make, which asks only for the rest of a partial file.

        ``known`` is the entity tag of the existing file. The user's fields override the defaults.
        """
        users = self._users
        credentials = self._options.credentials
        if not (self._redirects or self._login or known or partial or credentials):
            return Request(self.url, _usual(users))
        home = self.reached == self.origin
        trusted = credentials is not None and credentials.trusted
        certified = credentials is not None and credentials.certificate and (home or trusted)
        if not home:
            users = _for_others(users, trusted=trusted)
        sent = [*users]
        if not _names(users, "authorization"):
            login = authorization(self.url, self._login, credentials or _NONE, home=home)
            if self.digest:
                path = self.url[self.url.index("/", len("https://")) :]
                login = self.digest.authorization(login, path, self._find_origin(self.reached))
            if login:
                sent.append(("authorization", login))
        if credentials and not _names(users, "cookie"):
            cookies = cookie(self.url, credentials, home=home)
            if cookies:
                sent.append(("cookie", cookies))
        if known:
            sent.append(("if-none-match", known))
        sent += _ours_beside(users)
        if partial:
            last = partial.gaps[0].end - 1 if partial.gaps else ""
            sent.append(("range", f"bytes={partial.size}-{last}"))
            sent.append(("if-range", partial.record.validator))
        return Request(self.url, tuple(sent), certified=certified)


def for_mirror(options: DownloadOptions, headers: Fields) -> tuple[DownloadOptions, Fields]:
    """Return the options, and a target's own fields, for a mirror at another origin.

    The user's credentials and fields stay with the origin of the target's first URL, unless all
    origins are trusted.
    """
    credentials = options.credentials
    trusted = bool(credentials and credentials.trusted)
    if credentials and not trusted:
        credentials = credentials._replace(authorization="", cookie="", certificate=False)
    users = _for_others(options.headers, trusted=trusted)
    options = options._replace(headers=users, credentials=credentials)
    return options, _for_others(headers, trusted=trusted)


@lru_cache(2)  # the user's fields are the same for nearly all requests of a run
def _usual(users: Fields) -> Fields:
    """Return the fields of a request for the whole file at the target's own origin."""
    return users + _ours_beside(users)


@lru_cache(2)
def _ours_beside(users: Fields) -> Fields:
    """Return the default fields that the user's fields do not override."""
    return tuple(ours for ours in _OURS if not _names(users, ours[0]))


def _for_others(users: Fields, *, trusted: bool) -> Fields:
    """Return the user's fields that may be sent to another origin.

    If it is trusted, these are all but Host, which names the target's own host.
    """
    if trusted:
        return tuple(item for item in users if item[0].lower() != "host")
    return tuple(item for item in users if item[0].lower() in _HARMLESS)


def _merged(own: Fields, users: Fields) -> Fields:
    """Return the target's own fields, and those of the user's that they do not replace."""
    names = [name.lower() for name, _ in own]
    return own + tuple(item for item in users if item[0].lower() not in names)


def _names(fields: Fields, *names: str) -> bool:
    """Return whether one of these names, in lower case, is among the fields."""
    return any(name.lower() in names for name, _ in fields)
