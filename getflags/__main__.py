"""``python -m getflags``: the command line."""

import sys

from getflags.cli import main

if __name__ == "__main__":
    sys.exit(main())
