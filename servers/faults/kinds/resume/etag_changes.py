"""An entity tag that is another one each time, as behind a balancer whose servers don't agree."""

from dataclasses import dataclass

from ....http.responses import Request, Response
from ....http.validators import etag
from ...values import wrong
from ..base import Respond, parameter, replaced, value_of


def _if_range(text: str) -> str:
    if text not in {"honoured", "ignored"}:
        raise wrong(text, "a way to treat If-Range: give honoured or ignored")
    return text


@dataclass(frozen=True, slots=True)
class EtagChanges:
    """Give each attempt an entity tag of its own, and hold that no earlier one is current.

    If `if_range` is "honoured", a part asked for on condition of an earlier tag is answered by the
    whole. If it is "ignored", by the part with its new tag: what resumes blindly makes a file of
    two halves.
    """

    if_range: str = parameter(_if_range, "honoured")

    def answer(self, request: Request, respond: Respond) -> Response:
        """Return the answer with another tag."""
        fields = dict(request.fields)
        if fields.pop("if-none-match", None) is not None:
            fields.pop("if-modified-since", None)  # which did not count beside the other
        if fields.get("if-range", "").endswith('"'):  # a tag, not a date
            del fields["if-range"]
            if self.if_range == "honoured":
                fields.pop("range", None)
        response = respond(request._replace(fields=fields))
        tag = value_of(response, "ETag")
        return response if tag is None else replaced(response, "ETag", etag(tag, request.attempt))
