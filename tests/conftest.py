"""What holds for all tests: Ctrl-C works, also where a shell has started us in the background."""

from __future__ import annotations

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # inherited, and children would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
