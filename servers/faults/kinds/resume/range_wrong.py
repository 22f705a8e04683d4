"""Another part than the one that was asked for, and truly labelled: nobody may just append it."""

from dataclasses import dataclass
from http import HTTPStatus

from ....http.ranges import content_range, select
from ....http.responses import Request, Response
from ...values import some, wrong
from ..base import Respond, parameter, replaced, value_of


def _how(text: str) -> str:
    if text not in {"start", "short", "total"}:
        raise wrong(text, "a way to get a range wrong: give start, short or total")
    return text


@dataclass(frozen=True, slots=True)
class RangeWrong:
    """Get a range wrong by `by` bytes.

    `how` is "start" (begin elsewhere: earlier, or later where there is no earlier), "short" (end
    before the end that was asked for) or "total" (say that the file is larger than it was).
    """

    how: str = parameter(_how, "start")
    by: int = parameter(some, "1")

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the other part, or the usual answer if there is no other part to give."""
        text = request.fields.get("range")
        if text is None or request.method != "GET":
            return respond(request)
        # A HEAD leaves nothing open, and knows no ranges: it tells how large the file is.
        whole = respond(request._replace(method="HEAD", fields={}))
        size = int(value_of(whole, "Content-Length") or 0)
        asked = select(text, size) if whole.status == HTTPStatus.OK else None
        if not asked:
            return respond(request)
        if self.how == "total":
            return replaced(respond(request), "Content-Range", content_range(asked, size + self.by))
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
