"""URLs as text: normalizing, comparing and joining them, and hiding secrets.

The functions are pure. A URL that ``clean`` has returned is ASCII and absolute, its scheme is http
or https, and it has a host and a valid port. Other modules therefore never get a ``UnicodeError``
or a library's own exception for a bad URL. The grammar is that of RFC 3986. Non-ASCII characters in
a path or a host are encoded as in browsers. Spaces and control characters are refused, because
their meaning would be a guess.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult, quote, unquote, unquote_to_bytes, urljoin, urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}
# The form of nearly all URLs; a URL that matches needs no further check.
_PLAIN = re.compile(
    r"https?://[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*(?::[0-9]{1,4})?"
    r"/[\w.~/%&=+,;:@!$'()*?-]*",
    re.ASCII,
)
# The other patterns are for few URLs: ``re`` compiles each, and keeps it, when it is needed.
# The surrogates that are not listed represent bytes of the command line that were not valid UTF-8.
_FORBIDDEN = "[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udc7f\udd00-\udfff]"
_SCHEME = r"[A-Za-z][A-Za-z0-9+.-]*"
_BRACKETED = r"\[[0-9A-Fa-f:.]+\](?::[0-9]*)?"
_HOST = r"[a-z0-9._~!$&'()*+,;=-]+"
# What may be meant as the "@" after a password: two characters that NFKC maps to it, and its
# percent-encoded form. No URL with one of them in its authority is accepted.
_AT = "[@\uff20\ufe6b]|%(?:25)*40"
_LOOPBACK = r"(?:.+\.)?localhost\.?|127(?:\.[0-9]+){1,3}|::1"
_MAX_LABEL = 63  # bytes in a label of a host name (RFC 1035 section 2.3.4)
_PATH_SAFE = "/%:@!$&'()*+,;=~?[]|"  # "%" keeps percent-encoded characters as they are
_PARAMETER = "(?<=[?&#])([^?&#=]+)=([^&#]*)"
#: The query parameters that are secrets, in lower case: signatures, and tokens of the bearer. Each
#: has the other parameters of its signature, which are renewed with it. All of them are hidden, and
#: none of them tells which file a URL is for. No other parameter is.
_SIGNATURES = {
    # AWS Signature Version 4, "Authenticating requests: using query parameters"
    "x-amz-signature": "x-amz-algorithm x-amz-date x-amz-expires x-amz-signedheaders",
    "x-amz-credential": "",
    "x-amz-security-token": "",
    # CloudFront, "Use signed URLs"; S3, Signature Version 2; Cloud Storage, V2 signing process
    "signature": "expires policy hash-algorithm",
    "key-pair-id": "",
    "awsaccesskeyid": "",
    "googleaccessid": "",
    # Google Cloud Storage, "V4 signing process"
    "x-goog-signature": "x-goog-algorithm x-goog-date x-goog-expires x-goog-signedheaders",
    "x-goog-credential": "",
    # Azure Storage, "Create a service SAS", "Create an account SAS", "Create a user delegation SAS"
    "sig": "sv ss srt sr st se sp spr sip si sdd ses saoid suoid scid skoid sktid skt ske sks skv",
    # Alibaba Cloud OSS, "Include signatures in a URL", versions 4 and 1
    "x-oss-signature": "x-oss-signature-version x-oss-date x-oss-expires x-oss-additional-headers",
    "x-oss-credential": "",
    "x-oss-security-token": "",
    "ossaccesskeyid": "",
    "security-token": "",
    # RFC 6750 section 2.3, and the same by other names: GitHub, GitLab, content delivery networks
    "access_token": "",
    "token": "expires",
    "private_token": "",
    "job_token": "",
    "jwt": "",
    "api_key": "",
    "apikey": "",
}
#: These are hidden as well, but they may tell which file a URL is for.
_SECRETS = {
    "auth",
    "client_secret",
    "key",
    "passwd",
    "password",
    "pwd",
    "secret",
}
_MAX_DEPTH = 5  # levels of URLs within queries that are searched; deeper ones are hidden
#: For a quick check: each of these names has one of these in it, or encoded characters.
_PERHAPS_SECRET = (
    "sig", "token", "key", "%", "credential", "accessid", "jwt", "auth", "pass", "pwd", "secret",
)  # fmt: skip


class BadURL(ValueError):
    """The text is not an http or https URL; the message says why."""


def clean(url: str) -> str:
    """Return the URL in the form in which it is requested, without its fragment.

    Raises BadURL.
    """
    if _PLAIN.fullmatch(url):
        return url
    if re.search(_FORBIDDEN, url):
        raise BadURL("it contains a space or a control character; write it percent-encoded")
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise BadURL("it is malformed") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise BadURL("only http:// and https:// are accepted")
    if not host or "\\" in parts.netloc:
        raise BadURL("it names no host")
    netloc = parts.netloc.rpartition("@")[2]
    if "[" in netloc and not re.fullmatch(
        _BRACKETED, netloc
    ):  # urlsplit ignores text beside brackets
        raise BadURL("its host name is not valid")
    return _compose(parts, _ascii_host(host), _port(parts)) + _empty_query(url)


def _port(parts: SplitResult) -> int | None:
    try:
        return parts.port
    except ValueError:  # the error's text may contain a part of a password
        raise BadURL("its port is not a number up to 65535") from None


def _compose(parts: SplitResult, host: str, port: int | None) -> str:
    userinfo, at, _ = parts.netloc.rpartition("@")
    netloc = quote(userinfo, safe=":%!$&'()*+,;=~", errors="surrogateescape") + at + host
    if port is not None:
        netloc += f":{port}"
    path = quote(parts.path or "/", safe=_PATH_SAFE, errors="surrogateescape")
    query = quote(parts.query, safe=_PATH_SAFE, errors="surrogateescape")
    return f"{parts.scheme}://{netloc}{path}" + (f"?{query}" if query else "")


def _empty_query(url: str) -> str:
    """Return ``?`` if the URL without its fragment ends in it, else the empty string.

    ``/p?`` is a different resource from ``/p`` (RFC 3986 section 6.2.3), and servers may
    distinguish them, but ``urllib.parse`` drops the question mark.
    """
    _, mark, query = url.partition("#")[0].partition("?")
    return "" if query else mark


def _ascii_host(host: str) -> str:
    if ":" in host:  # an IPv6 address, which urlsplit has checked
        return f"[{host}]"
    if not host.isascii():
        import idna  # the import takes 20 ms, and few host names need it

        try:
            host = idna.encode(host, uts46=True).decode("ascii")
        except idna.IDNAError as error:
            raise BadURL(f"its host name is not valid ({error})") from None
    labels = host.removesuffix(".").split(".")
    if not re.fullmatch(_HOST, host) or not all(0 < len(label) <= _MAX_LABEL for label in labels):
        raise BadURL("its host name is not valid")
    return host


def origin(url: str) -> str:
    """Return a clean URL's scheme, host and port, always with the port (RFC 6454 section 4)."""
    end = url.find("/", len("https://"))
    return _origin(url if end < 0 else url[:end])  # there are few servers for many URLs


@lru_cache(1024)
def _origin(url: str) -> str:
    scheme, host, port = host_and_port(url)
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def host_and_port(url: str) -> tuple[str, str, int]:
    """Return a clean URL's scheme, host and port, with an IPv6 address without its brackets."""
    parts = urlsplit(url)
    port = DEFAULT_PORTS[parts.scheme] if parts.port is None else parts.port
    return parts.scheme, parts.hostname or "", port


def host(url: str) -> str:
    """Return a clean URL's host, in lower case and without brackets."""
    return host_and_port(origin(url))[1]  # there are few servers for many URLs


def split_credentials(url: str) -> tuple[str, str | None]:
    """Split a URL into the URL without ``user:password@`` and an Authorization value, or None.

    No HTTP library ever gets a password in a URL, because libraries print URLs.
    """
    if "@" not in url:
        return url, None
    parts = urlsplit(url)
    userinfo, at, host = parts.netloc.rpartition("@")
    if not at:
        return url, None
    bare = parts._replace(netloc=host).geturl() + _empty_query(url)
    if not userinfo:
        return bare, None
    user, _, password = userinfo.partition(":")
    return bare, basic(unquote_to_bytes(user), unquote_to_bytes(password))


def basic(user: bytes, password: bytes) -> str:
    """Return the Authorization value of HTTP Basic (RFC 7617 section 2)."""
    from base64 import b64encode  # most runs do not need it

    return "Basic " + b64encode(user + b":" + password).decode("ascii")


def identity(url: str) -> str:
    """Return a clean URL without credentials and without the parameters of a signature.

    Two URLs with the same identity are for the same file, although one of them may have expired.
    """
    url = split_credentials(url)[0]
    if "?" not in url:
        return url
    path, mark, query = url.partition("?")
    signature = _signature(query)
    if not signature:
        return url
    kept = [each for each in query.split("&") if _name(each.partition("=")[0]) not in signature]
    return path + mark + "&".join(kept)


def is_loopback(origin: str) -> bool:
    """Return whether an origin is on this machine, as far as its host name tells."""
    return bool(re.fullmatch(_LOOPBACK, host(origin)))


def public_query(url: str) -> str:
    """Return a clean URL's query without the parameters that are secrets or are signed with one."""
    query = identity(url).partition("?")[2]
    return "&".join(
        each for each in query.split("&") if _without_signature(f"?{each}") == f"?{each}"
    )


def _signature(query: str) -> set[str]:
    """Return the names of the parameters of a signature in a query, and perhaps others."""
    names = {_name(each.partition("=")[0]) for each in query.split("&")} & _SIGNATURES.keys()
    return names.union(*(_SIGNATURES[name].split() for name in names))


def _name(text: str) -> str:
    return unquote(text).lower()


def redact(url: str) -> str:
    """Replace passwords, and the parameters of signatures, in a URL or another text with ``***``.

    In a URL, credentials are the part before the host's ``@``. In any other text, they may be
    everything before the last ``@``, which may be percent-encoded or a compatibility character.
    """
    return _without_signature(_without_password(url))


def _without_signature(text: str, depth: int = 0) -> str:
    if "=" not in text:
        return text
    if depth == _MAX_DEPTH:
        return "***"
    lower = text.lower()
    if not any(each in lower for each in _PERHAPS_SECRET):
        return text
    found = re.findall(_PARAMETER, text)
    signature = _signature("&".join(name for name, _ in found))

    def shown(match: re.Match[str]) -> str:
        inner = unquote(match[2])  # may be another URL, to which this one redirects
        secret = (
            _name(match[1]) in signature | _SECRETS or _without_signature(inner, depth + 1) != inner
        )
        return f"{match[1]}=***" if secret else match[0]

    return re.sub(_PARAMETER, shown, text)


def _without_password(url: str) -> str:
    plain = "@" not in url and "%" not in url and url.isascii()
    if plain or not re.search(_AT, url):
        return url
    scheme, mark, rest = url.partition("://")
    if not re.fullmatch(_SCHEME, scheme):
        scheme, mark, rest = "", "", url
    try:
        secret = urlsplit(clean(url)).netloc.rpartition("@")[0]
    except BadURL:
        return f"{scheme}{mark}***@{re.split(_AT, rest)[-1]}"
    if not secret:
        return url
    if re.search(_AT, rest[rest.find("@") + 1 :]):  # perhaps a password with "@" and "/"
        return f"{scheme}{mark}***@{re.split(_AT, rest)[-1]}"
    end = min((i for i in map(rest.find, "/?#") if i >= 0), default=len(rest))
    return f"{scheme}{mark}***@{rest[:end].rpartition('@')[2]}{rest[end:]}"


def join(base: str, reference: str) -> str:
    """Resolve a Location against the URL of its request (RFC 3986 section 5).

    Credentials in a Location are dropped, because they are the server's and not the user's. Raw
    spaces are encoded, as in browsers, because some servers send them. Raises BadURL.
    """
    reference = reference.strip(" \t").replace(" ", "%20")
    if re.search(_FORBIDDEN, reference):  # urljoin would remove some of them
        raise BadURL("it contains a control character")
    reference = reference.partition("#")[0]
    try:
        if _empty_query(reference):
            joined = urljoin(base.partition("?")[0], reference.removesuffix("?")) + "?"
        else:
            joined = urljoin(base, reference)
    except ValueError:
        raise BadURL("it is malformed") from None
    return split_credentials(clean(joined))[0]
