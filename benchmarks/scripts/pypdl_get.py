"""A list of URLs with pypdl, as its manual does it. TLS trust comes from SSL_CERT_FILE."""

from __future__ import annotations

import sys

import pypdl  # type: ignore[import-untyped, import-not-found, unused-ignore]

from benchmarks.scripts import words


def main() -> int:
    """Download all; return the exit code."""
    urls, options = words.parse()
    # Equal terms are one connection a file; left alone, it has files and parts of its own choice.
    alone = {} if options.limit is None else {"max_concurrent": options.limit}
    downloader = pypdl.Pypdl(**alone)
    tasks = [{"url": url, "file_path": str(options.folder / words.name(url))} for url in urls]
    downloader.start(
        tasks=tasks,
        display=False,
        retries=(options.tries or 1) - 1,
        **({} if options.limit is None else {"multisegment": False}),
    )
    for failed in downloader.failed[:1]:
        print(failed, file=sys.stderr)
    return 1 if downloader.failed or len(downloader.success) < len(urls) else 0


if __name__ == "__main__":
    sys.exit(main())
