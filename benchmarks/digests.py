"""The cost of digests for proved ranges: ``make digests`` measures CPU seconds for 1 GiB."""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable
from statistics import median
from time import process_time

from xxhash import xxh3_64_digest

SIZE = 1024**3  # bytes
BATCH = 512 * 1024  # bytes hashed at a time, as the asyncio engine writes them
ROUNDS = 5

DIGESTS: dict[str, Callable[[bytes], object]] = {
    "XXH3 (xxhash)": xxh3_64_digest,
    "CRC-32 (zlib)": zlib.crc32,
    "SHA-256 (hashlib)": lambda data: hashlib.sha256(data).digest(),
    "BLAKE2b (hashlib)": lambda data: hashlib.blake2b(data).digest(),
}


def main() -> None:
    """Measure each digest in interleaved rounds; print a table."""
    data = os.urandom(BATCH)
    seconds: dict[str, list[float]] = {name: [] for name in DIGESTS}
    for _ in range(ROUNDS):
        for name, digest in DIGESTS.items():
            started = process_time()
            for _ in range(SIZE // BATCH):
                digest(data)
            seconds[name].append(process_time() - started)
    print("| digest | CPU seconds for 1 GiB |")
    print("|---|---:|")
    for name, measured in seconds.items():
        print(f"| {name} | {median(measured):.3f} |")


if __name__ == "__main__":
    main()
