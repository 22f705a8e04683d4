"""The fault `etag-changes`: a new entity tag for each request, as from inconsistent mirrors."""

from dataclasses import dataclass

from ....http.responses import Request, Response
from ....http.validators import etag
from ...values import invalid
from ..interface import Respond, header_value, parameter, with_header


def _if_range(text: str) -> str:
    if text not in {"honoured", "ignored"}:
        raise invalid(text, "a way to treat If-Range: use honoured or ignored")
    return text


@dataclass(frozen=True, slots=True)
class EtagChanges:
    """Give each attempt a different entity tag, so that no earlier tag is current.

    If `if_range` is "honoured", a range request with an earlier tag in If-Range gets the whole
    file. If it is "ignored", the request gets the range, with a new tag: a client that does not
    check the tag may then combine two versions of the file.
    """

    if_range: str = parameter(_if_range, "honoured")

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the response with a new entity tag."""
        fields = dict(request.fields)
        if fields.pop("if-none-match", None) is not None:
            fields.pop("if-modified-since", None)  # ignored next to If-None-Match
        if fields.get("if-range", "").endswith('"'):  # an entity tag, not a date
            del fields["if-range"]
            if self.if_range == "honoured":
                fields.pop("range", None)
        response = respond(request._replace(fields=fields))
        tag = header_value(response, "ETag")
        return (
            response if tag is None else with_header(response, "ETag", etag(tag, request.attempt))
        )
