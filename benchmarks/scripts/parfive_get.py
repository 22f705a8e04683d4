"""A list of URLs with parfive, as its manual does it. TLS trust comes from SSL_CERT_FILE."""

from __future__ import annotations

import sys

import parfive  # type: ignore[import-untyped, import-not-found, unused-ignore]

from benchmarks.scripts import words


def main() -> int:
    """Download all; return the exit code."""
    urls, options = words.parse()
    # Equal terms are one connection a file; left alone, it has files and parts of its own choice.
    equal = {"max_conn": options.limit, "max_splits": 1} if options.limit else {}
    downloader = parfive.Downloader(progress=False, **equal)
    for url in urls:
        downloader.enqueue_file(url, path=options.folder)
    results = downloader.download()
    for error in list(results.errors)[:1]:
        print(repr(error), file=sys.stderr)
    return 1 if results.errors else 0


if __name__ == "__main__":
    sys.exit(main())
