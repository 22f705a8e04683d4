"""Sentences of the program that many tests look for, each in one place.

They are the parts that tests compare, not always whole sentences; no part has a character that is
special in a regular expression, but for the braces of TOO_LARGE.
"""

from __future__ import annotations

# Why a download failed
INVALID_HTTP = "not valid HTTP"
INCOMPLETE = "incomplete: "
CLOSED = "closed the connection"
REFUSED = "connection refused"
NO_SUCH_HOST = "host name not found"
NO_CONNECTION = "no connection within"
NOTHING_CAME = "no data received for"
TOO_MANY_REDIRECTS = "too many redirects"
TOO_LARGE = "larger than the {:,} bytes allowed"
UNWANTED_PART = "not asked for"
CHECKSUM = "checksum mismatch"
NOT_SAVED = "cannot save: "

# What is wrong with a target or a list
WRONG_SCHEME = "only http:// and https://"
BAD_PORT = "port is not a number"
NO_HOST = "names no host"
NO_LIST = "cannot read the list"
EMPTY_LIST = "the list contains no targets"

# What is wrong with an option
NOT_WHOLE = "is not a whole number"
NOT_A_COUNT = f"{NOT_WHOLE}, 1 or more"
NOT_A_SIZE = "is not a size in bytes"
NONE_OF = "is not one of"
NO_CERTIFICATES = "cannot read the certificates"
NOT_A_PROXY = "is not an http, https or socks5"
NO_FOLDER = "cannot write to the folder"
NO_RESULTS = "is not a file of results"
NO_FAULT = "is not a fault"
NO_SERVER = "is not a server"

# How a run ends
NOT_STARTED = "did not start"
INTERRUPTED = "getflags: interrupted"
