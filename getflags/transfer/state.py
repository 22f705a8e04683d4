"""The states of a transfer, and the table of its transitions."""

from __future__ import annotations

from enum import Enum, auto


class State(Enum):
    """The state of a transfer."""

    NEW = auto()  # no try has begun
    REQUESTED = auto()  # a request is in flight; no response head has arrived
    RESENT = auto()  # the request was sent again, because the server had closed an idle connection
    RECEIVING = auto()  # the response's body is the file
    DISCARDING = auto()  # the response's body is not wanted; another request follows
    INSTALLING = auto()  # the file is complete and has been checked
    WAITING = auto()  # another try follows, mostly because the last one has failed
    DONE = auto()

    __hash__ = (
        object.__hash__
    )  # suffices for singletons, and Enum's hash is slow, because it is written in Python


NEW, REQUESTED, RESENT, RECEIVING, DISCARDING, INSTALLING, WAITING, DONE = State

#: The states that may follow each state.
TRANSITIONS: dict[State, set[State]] = {
    NEW: {REQUESTED, WAITING, DONE},
    REQUESTED: {RECEIVING, DISCARDING, RESENT, WAITING, DONE},
    RESENT: {RECEIVING, DISCARDING, WAITING, DONE},
    RECEIVING: {INSTALLING, REQUESTED, WAITING, DONE},
    DISCARDING: {REQUESTED, DONE},
    INSTALLING: {DONE},
    WAITING: {REQUESTED, WAITING, DONE},
    DONE: set(),
}
