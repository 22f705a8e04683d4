"""Find the coroutine that blocks the event loop, and list the tasks that are alive.

Teaches two windows into a running asyncio program. Debug mode logs every step of a task that keeps
the loop for longer than ``slow_callback_duration``, with the place where its coroutine is defined.
``asyncio.all_tasks`` lists what is alive. The culprit here is the classic one: ``time.sleep`` where
``await asyncio.sleep`` was meant.

    python examples/blocked_loop.py
"""

import asyncio
import logging
import time


async def polite() -> None:
    """Wait without blocking: while this task sleeps, the loop runs the others."""
    await asyncio.sleep(0.1)


async def rude() -> None:
    """Wait and block: no other task runs, no answer is read, no timeout is noticed."""
    time.sleep(0.1)


def live_tasks() -> list[str]:
    """Describe each task that has not ended: its name, its coroutine, and the line it is at."""
    found = []
    for task in asyncio.all_tasks():
        for frame in task.get_stack(limit=1):
            code = frame.f_code
            found.append(f"{task.get_name()}: {code.co_name}, line {frame.f_lineno}")
    return sorted(found)


async def main() -> None:
    """Start both, show who is alive, and wait for them."""
    asyncio.get_running_loop().slow_callback_duration = 0.05  # seconds; 0.1 unless set
    async with asyncio.TaskGroup() as group:
        group.create_task(polite(), name="polite")
        group.create_task(rude(), name="rude")
        for line in live_tasks():
            print(line)


if __name__ == "__main__":
    logging.basicConfig(format="%(name)s: %(message)s")
    asyncio.run(main(), debug=True)  # or set PYTHONASYNCIODEBUG=1
