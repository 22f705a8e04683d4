"""What a fault is: something that stands between a request and its answer.

What may live here: the interface of a fault, its parameters, and what several faults need. What
may not: any one fault; each has a file of its own beside this one.

A fault is a frozen dataclass. Its fields are its parameters, each with the function that reads it
from text; what it does is `answer`. It may change the request before it passes it on, change the
response that comes back, or give one of its own: one shape for everything that can go wrong.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import field, fields
from typing import Any, Protocol, TypeVar

from ...http.delivery import Delivery, Ending
from ...http.responses import Request, Response, Span

Respond = Callable[[Request], Response]
T = TypeVar("T")


class Fault(Protocol):
    """Something that goes wrong."""

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the answer to `request`; `respond` gives the one that it would have been."""
        ...


def parameter(read: Callable[[str], T], default: str) -> T:
    """Return a field of a dataclass that `read` makes from text; `default` is text, too."""
    found: T = field(default=read(default), metadata={"read": read})
    return found


def readers(kind: type) -> Mapping[str, Callable[[str], Any]]:
    """Return the functions that read the parameters of a fault, by their names in text."""
    return {each.name.replace("_", "-"): each.metadata["read"] for each in fields(kind)}


def written(fault: object) -> dict[str, str | int | float]:
    """Return the parameters of a fault by their names in text, as JSON has them."""
    found = {each: getattr(fault, each.replace("-", "_")) for each in readers(type(fault))}
    return {
        name: value if isinstance(value, (str, int, float)) else str(value)
        for name, value in found.items()
    }


def value_of(response: Response, name: str) -> str | None:
    """Return the value of a field in a response's head, None if it has no such field."""
    match = re.search(rb"\r\n%b: ([^\r]*)\r\n" % name.encode(), response.head)
    return match[1].decode("latin-1") if match else None


def replaced(response: Response, name: str, value: str | int) -> Response:
    """Return the response with another value in the field `name`, if its head has that field."""
    line = rb"(?<=\r\n)%b: [^\r]*(?=\r\n)" % name.encode()
    new = f"{name}: {value}".encode("latin-1")
    return response._replace(head=re.sub(line, lambda _: new, response.head))


def length(response: Response) -> int:
    """Return how many bytes the body of a response has."""
    body = response.body
    return body.stop - body.start if isinstance(body, Span) else len(body)


def stopped(response: Response, at: int, ending: Ending) -> Response:
    """Return the response cut short after `at` bytes, if that is before its end.

    If it is to be cut short already, the earlier of the two cuts counts.
    """
    delivery = response.delivery or Delivery()
    end = length(response) if delivery.stop_at is None else delivery.stop_at
    if at >= end:
        return response
    return response._replace(delivery=delivery._replace(stop_at=at, ending=ending))
