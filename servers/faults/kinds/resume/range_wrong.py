"""The fault `range-wrong`: a range other than the requested one, with a correct Content-Range.

A client that appends the body without checking Content-Range corrupts its file.
"""

from dataclasses import dataclass
from http import HTTPStatus

from ....http.ranges import content_range, parse_range
from ....http.responses import Request, Response
from ...values import invalid, nonzero_size
from ..interface import Respond, header_value, parameter, with_header


def _how(text: str) -> str:
    if text not in {"start", "short", "total"}:
        raise invalid(text, "a kind of wrong range: use start, short or total")
    return text


@dataclass(frozen=True, slots=True)
class RangeWrong:
    """Send a range that is wrong by `by` bytes.

    `how` is "start" (the range starts earlier, or later if it cannot start earlier), "short" (the
    range ends early) or "total" (Content-Range states a larger file size).
    """

    how: str = parameter(_how, "start")
    by: int = parameter(nonzero_size, "1")

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the response with the wrong range, or the normal one if no wrong range exists."""
        text = request.fields.get("range")
        if text is None or request.method != "GET":
            return respond(request)
        # A HEAD opens no file and ignores ranges, but its response has the size of the file.
        whole = respond(request._replace(method="HEAD", fields={}))
        size = int(header_value(whole, "Content-Length") or 0)
        asked = parse_range(text, size) if whole.status == HTTPStatus.OK else None
        if not asked:
            return respond(request)
        if self.how == "total":
            return with_header(
                respond(request), "Content-Range", content_range(asked, size + self.by)
            )
        other = self._other(asked)
        if not other:
            return respond(request)
        fields = {**request.fields, "range": f"bytes={other.start}-{other.stop - 1}"}
        return respond(request._replace(fields=fields))

    def _other(self, asked: range) -> range:
        if self.how == "short":
            return range(asked.start, asked.stop - self.by)
        start = asked.start - self.by
        return range(start if start >= 0 else asked.start + self.by, asked.stop)
