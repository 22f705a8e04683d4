"""Periodic freezes of a whole server, as of one that collects garbage or waits for its disk.

The functions here are pure: callers pass the time in. `state.freezes` counts the time.
"""

from typing import NamedTuple


class Freeze(NamedTuple):
    """A freeze of `seconds` every `every` seconds: the first one begins after `every` seconds."""

    every: float
    seconds: float

    def left(self, elapsed: float) -> float:
        """Return how long the server is still frozen, `elapsed` seconds after its first request."""
        if elapsed < self.every:
            return 0.0
        return max(0.0, self.seconds - elapsed % self.every)


def freeze(every: float | None, seconds: float | None, prefix: str = "") -> Freeze | None:
    """Return the freezes with these values, if any. Raises ValueError.

    `prefix` precedes the names of the values in messages.
    """
    if every is None and seconds is None:
        return None
    if every is None or seconds is None:
        missing, other = ("every", "for") if every is None else ("for", "every")
        raise ValueError(f"{prefix}freeze-{other} requires {prefix}freeze-{missing}")
    if not 0 < seconds < every:
        raise ValueError(
            f"{prefix}freeze-for has to be more than 0 and less than {prefix}freeze-every"
        )
    return Freeze(every, seconds)
