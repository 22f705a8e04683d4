"""A local S3 (moto) that handles one request at a time, so that its conditional puts are atomic.

Run as a program; it prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.kit import ENVIRON, ROOT


@contextmanager
def serving() -> Iterator[int]:
    """Run this program in the block; yield its port."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.cluster.moto_s3"], cwd=ROOT, env=ENVIRON, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as process:  # fmt: skip
        assert process.stdout
        yield int(process.stdout.readline())
        process.communicate(timeout=60)


def main() -> None:
    """Serve S3 until standard input ends."""
    from moto.moto_server.werkzeug_app import create_backend_app
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, create_backend_app("s3"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"{server.port}\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
