"""The service, from a request to its response."""

from pathlib import Path

import pytest

from servers.app.service import Service
from servers.faults.draws import Behaviour
from servers.faults.rules import parse
from servers.http.body_delivery import Delivery
from servers.http.responses import Request, Span
from servers.state.server_state import ServerState
from tests.servers_kit import flags

GIF = "/flags/br/br.gif"


@pytest.mark.parametrize(
    ("behaviour", "status", "delivery"),
    [
        (Behaviour(), 200, None),
        (Behaviour(error_rate=1.0), 418, None),
        (Behaviour(rules=(parse("error"),)), 503, Delivery()),
        (Behaviour(rules=(parse("error:rate=0"),)), 200, None),
        (Behaviour(bandwidth=5), 200, Delivery()),
        (Behaviour(error_rate=1.0, bandwidth=5), 418, Delivery()),
    ],
)
def test_ways_to_an_answer(
    tmp_path: Path, behaviour: Behaviour, status: int, delivery: Delivery | None
) -> None:
    service = Service(ServerState("TEST", behaviour, 7), flags(tmp_path))
    counted = service.state.count_request(GIF)
    response = service.answer(Request("GET", GIF, {}), counted)
    assert (response.status, response.delivery) == (status, delivery)
    assert isinstance(response.body, Span) is (delivery is not None)
    assert service.answer(Request("GET", "/-/about", {}), None).delivery is None
    assert (service.bandwidth is None) is (behaviour.bandwidth is None)


def test_attempts_reach_the_faults(tmp_path: Path) -> None:
    rules = (parse("etag-changes"),)
    service = Service(ServerState("TEST", Behaviour(rules=rules), 7), flags(tmp_path))
    heads = {
        service.answer(Request("GET", GIF, {}), service.state.count_request(GIF)).head
        for _ in range(3)
    }
    assert len(heads) == 3
