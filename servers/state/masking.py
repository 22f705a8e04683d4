"""Secrets in a request target, which must not reach a log.

The functions here are pure. What looks like a secret is hidden: a false alarm costs a part of a log
line, and an oversight a password.
"""

import re
from urllib.parse import unquote

# Names of parameters that hold a secret, or the signature of a URL, contain one of these. So does
# a value that is a URL with such a parameter, as in /redirect-to?url=...
_SECRET = re.compile(
    "@|access|auth|code|cookie|cred|header|jwt|key|pass|pwd|secret|session|sig|token", re.IGNORECASE
)
_PARAMETER = re.compile(r"([?&;#])([^?&;#=]*)=([^&;#]*)")
_PASSWORDS = {"basic-auth", "digest-auth"}  # the path is /basic-auth/USER/PASS
_COOKIES = "/cookies/set"  # each parameter is a cookie
_MARK = "***"


def without_secrets(target: str) -> str:
    """Return a target with the passwords and tokens in it replaced by ``***``."""
    path, mark, rest = target.partition("?")
    names = path.split("/")
    if unquote("".join(names[1:2])) in _PASSWORDS:
        names[3:4] = [_MARK] * len(names[3:4])
    cookies = unquote(path) == _COOKIES

    def hide(match: re.Match[str]) -> str:
        secret = cookies or _SECRET.search(unquote(match[2])) or _SECRET.search(unquote(match[3]))
        return f"{match[1]}{match[2]}={_MARK}" if secret else match[0]

    return "/".join(names) + _PARAMETER.sub(hide, mark + rest)
