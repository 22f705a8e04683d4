"""The interface of a fault, its parameters, and helpers that several faults share.

A fault is a frozen dataclass. Its fields are its parameters, each with the function that parses it
from text. Its method `answer` may change the request before passing it on, change the response, or
return a different response.

Faults are pure: they use no sockets, no clock and no random numbers. Whether a fault occurs is
decided in `rules` and `fault_plan`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from typing import Any, Protocol, TypeVar

from ...http.body_delivery import Delivery, Ending
from ...http.responses import Request, Response, Span

Respond = Callable[[Request], Response]
T = TypeVar("T")


class Fault(Protocol):
    """A fault: a wrapper around the function that answers a request."""

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the faulty response; `respond` returns the response without this fault."""
        ...


def parameter(read: Callable[[str], T], default: str) -> T:
    """Return a dataclass field whose value `read` parses from text; `default` is text, too."""
    found: T = field(default=read(default), metadata={"read": read})
    return found


def parameter_readers(kind: type) -> Mapping[str, Callable[[str], Any]]:
    """Return the functions that parse the parameters of a fault, by parameter name."""
    return {each.name.replace("_", "-"): each.metadata["read"] for each in fields(kind)}


def parameter_values(fault: object) -> dict[str, str | int | float]:
    """Return the parameters of a fault by name, with values that JSON can represent."""
    found = {
        each: getattr(fault, each.replace("-", "_")) for each in parameter_readers(type(fault))
    }
    return {name: _as_parameter(value) for name, value in found.items()}


def _as_parameter(value: object) -> str | int | float:
    if value is None:
        return "none"
    return value if isinstance(value, (str, int, float)) else str(value)


def header_value(response: Response, name: str) -> str | None:
    """Return the value of a header field of a response, or None if the head lacks the field."""
    match = re.search(rb"\r\n%b: ([^\r]*)\r\n" % name.encode(), response.head)
    return match[1].decode("latin-1") if match else None


def with_header(response: Response, name: str, value: str | int) -> Response:
    """Return the response with another value for a header field, if its head has the field."""
    line = rb"(?<=\r\n)%b: [^\r]*(?=\r\n)" % name.encode()
    new = f"{name}: {value}".encode("latin-1")
    return response._replace(head=re.sub(line, lambda _: new, response.head))


def body_length(response: Response) -> int:
    """Return the length of the body of a response, in bytes."""
    body = response.body
    return body.stop - body.start if isinstance(body, Span) else len(body)


def cut_short(response: Response, at: int, ending: Ending) -> Response:
    """Return the response cut short after `at` bytes, unless the body ends before.

    If the response is already cut short, the earlier of the two ends applies.
    """
    delivery = response.delivery or Delivery()
    end = body_length(response) if delivery.stop_at is None else delivery.stop_at
    if at >= end:
        return response
    return response._replace(delivery=delivery._replace(stop_at=at, ending=ending))
