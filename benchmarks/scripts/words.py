"""The words that every script of this folder understands, so that the table calls all alike."""

from __future__ import annotations

import argparse
from pathlib import Path


def parse() -> tuple[list[str], argparse.Namespace]:
    """Return the URLs of the list, and the other words."""
    parser = argparse.ArgumentParser()
    parser.add_argument("list", type=Path, help="file of URLs, one a line")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--limit", type=int, help="files at a time")
    parser.add_argument("--cacert", help="trust the certificates in this file")
    parser.add_argument("--http2", action="store_true")
    parser.add_argument("--tries", type=int, help="how often a refused file is asked for")
    words = parser.parse_args()
    return words.list.read_text().split(), words


def name(url: str) -> str:
    """Return what the file of a URL is called."""
    return url.rsplit("/", 1)[1]
