"""Run one command and tell what it took: the smallest program that can.

The kernel hands a process's peak memory on through fork and exec, so a client started from the
benchmark itself would be charged with the benchmark's own. This is run with ``-I -S`` and imports
next to nothing: what it can't see is only a peak below its own few MiB, which it tells as well.
"""

import os
import sys
import time


def main() -> None:
    """Run the words after the first; write wall, CPU, peak and exit code to the first, a file."""
    report, *command = sys.argv[1:]
    start = time.monotonic()
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, used = os.wait4(pid, 0)
    wall = time.monotonic() - start
    with open("/proc/self/status") as file:  # noqa: PTH123 - pathlib is a big import
        floor = next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))
    code = os.waitstatus_to_exitcode(status)
    with open(report, "w") as file:  # noqa: PTH123
        print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss, floor, code, file=file)


if __name__ == "__main__":
    main()
