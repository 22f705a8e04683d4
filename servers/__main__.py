"""Run the bundled servers: `python -m servers`."""

import sys

from .app.main import main

if __name__ == "__main__":
    sys.exit(main())
