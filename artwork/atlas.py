"""Gathers the facts of all regions into one table, by country code.

No fact is told here and no flag is drawn here.
"""

from artwork.facts import (
    africa,
    americas,
    asia,
    caribbean,
    europe,
    oceania,
    west_africa,
    western_asia,
)
from artwork.flag import Flag

_REGIONS = (africa, west_africa, americas, caribbean, asia, western_asia, europe, oceania)

FLAGS: dict[str, Flag] = {
    code: described for region in _REGIONS for code, described in sorted(region.FLAGS.items())
}
