"""The entry point of the program: ``getflags``, or ``python -m getflags``.

``--version`` is handled here, because importing the command line would take longer.
"""

import gc
import signal
import sys

from getflags import UNSUPPORTED, __version__

_SIGNALLED = 128  # exit codes above it are 128 plus the number of a signal


def main() -> int:
    """Run the command line; return the exit code."""
    if sys.platform == "win32":
        sys.stderr.write(f"{UNSUPPORTED}\n")
        return 2
    if sys.argv[1:] in (["--version"], ["-V"]):
        sys.stdout.write(f"getflags {__version__}\n")
        return 0
    # Until the command line handles signals, Ctrl-C ends the process without a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # What is imported stays: looking for garbage meanwhile would take a tenth of a short run.
    gc.disable()
    from getflags.cli import main as run
    from getflags.cli.signals import ignore

    code = run(imported=_collect_garbage)
    if code > _SIGNALLED:
        ignore()
    return code


def _collect_garbage() -> None:
    """Collect garbage from now on, except for what has been imported."""
    gc.freeze()
    gc.enable()


if __name__ == "__main__":
    sys.exit(main())
