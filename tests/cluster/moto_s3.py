"""A local S3 (moto) that handles one request at a time, so that its conditional puts are atomic.

Run as a program; it prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import os
import sys
import threading


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
