"""The entry point of the program: ``getflags``, or ``python -m getflags``.

``--version`` is answered here, without the import of the command line, which is slower.
"""

import sys

from getflags import UNSUPPORTED, __version__


def main() -> int:
    """Run the command line; return the exit code."""
    if sys.platform == "win32":
        sys.stderr.write(f"{UNSUPPORTED}\n")
        return 2
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"getflags {__version__}\n")
        return 0
    from getflags.cli import main as run

    return run()


if __name__ == "__main__":
    sys.exit(main())
