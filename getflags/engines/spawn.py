"""Starting worker processes from a program that has threads of its own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import spawn
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

_TASKS = Path("/proc/self/task")
_MAIN_MODULE = {"init_main_from_name", "init_main_from_path"}
_starting = threading.Lock()  # ``without_main_module`` is not reentrant


def has_other_threads() -> bool:
    """Return whether the process has threads that getflags did not start, besides this one.

    The names of all threads of getflags begin with its own. Threads of other libraries may be
    unknown to Python, but not to the system.
    """
    threads = threading.enumerate()
    own = 1 + sum(each.name.startswith("getflags") for each in threads)
    running = len(list(_TASKS.iterdir())) if _TASKS.is_dir() else len(threads)
    return running > own


@contextmanager
def without_main_module(process: BaseProcess) -> Iterator[None]:
    """Let the process start without the program's main module, unless it is forked.

    Workers need only getflags. A main module that calls ``download`` outside of ``if __name__ ==
    "__main__"`` would otherwise call it again in each worker. Other processes that the program
    starts meanwhile get their main module: they have other names.
    """
    with _starting:
        original = spawn.get_preparation_data

        def prepare(name: str) -> dict[str, Any]:
            data = original(name)
            ours = name == process.name
            return {key: data[key] for key in data if not (ours and key in _MAIN_MODULE)}

        spawn.get_preparation_data = prepare
        try:
            yield
        finally:
            spawn.get_preparation_data = original
