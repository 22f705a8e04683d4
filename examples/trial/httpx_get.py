"""A list of URLs with httpx: whole bodies in memory, no retries.

python examples/trial/httpx_get.py urls.txt
"""

from __future__ import annotations

import sys
from pathlib import Path

import httpx

with httpx.Client(follow_redirects=True) as client:
    for url in Path(sys.argv[1]).read_text(encoding="utf-8").split():
        response = client.get(url)
        response.raise_for_status()
        Path(url.rpartition("/")[2]).write_bytes(response.content)
