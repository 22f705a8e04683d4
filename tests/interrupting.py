"""SIGINT at a place of the test's choice: wherever Python might run a signal's handler.

For what must hold wherever a signal comes: run something with the first place, the second, and so
on, until it is not interrupted any more.
"""

from __future__ import annotations

import dis
import functools
import itertools
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from getflags import __file__ as home

#: The modules that create files, and those that decide when a signal may interrupt them.
MODULES = tuple(
    str(Path(home).parent / each)
    for each in ("storage/", "engines/sequential", "engines/fetch", "core/deferred", "cli/failed")
)


@functools.cache
def places(code: CodeType) -> set[int]:
    """Return the offsets before which Python runs handlers: after a start, a call, a jump back."""
    return {
        one.argval if "JUMP" in one.opname else following.offset
        for one, following in itertools.pairwise(dis.get_instructions(code))
        if one.opname.startswith(("RESUME", "CALL", "JUMP_BACKWARD"))
    }


@contextmanager
def interrupted_at(place: int) -> Iterator[None]:
    """Send this process SIGINT at that place of ``MODULES``, counted from the block on."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        del argument
        if not frame.f_code.co_filename.startswith(MODULES):
            return None
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        count += event == "opcode" and frame.f_lasti in places(frame.f_code)
        if count == place:
            sys.settrace(None)
            signal.raise_signal(signal.SIGINT)
        return trace

    before = sys.gettrace()  # coverage's
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)
