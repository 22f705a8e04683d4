"""A list of URLs with requests: bodies are streamed into their files, no retries.

python examples/trial/requests_get.py urls.txt
"""

from __future__ import annotations

import sys
from pathlib import Path

import requests  # type: ignore[import-not-found, import-untyped, unused-ignore]

for url in Path(sys.argv[1]).read_text(encoding="utf-8").split():
    with requests.get(url, stream=True, timeout=30) as response:
        response.raise_for_status()
        with Path(url.rpartition("/")[2]).open("wb") as file:
            file.writelines(response.iter_content(1 << 16))
