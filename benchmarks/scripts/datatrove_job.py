"""A list of URLs with datatrove: its list reader, its HTTP reader and its JSON Lines writer.

Each file of the folder of lists is a task, and a task that is complete is not run again. It is run
with the Python of a virtual environment that has datatrove.
"""

from __future__ import annotations

import sys
from pathlib import Path

from datatrove.executor import (  # type: ignore[import-not-found, unused-ignore]
    LocalPipelineExecutor,
)
from datatrove.pipeline.media.readers.http_fetch import (  # type: ignore[import-not-found, unused-ignore]
    HTTPFetchReader,
)
from datatrove.pipeline.readers import (  # type: ignore[import-not-found, unused-ignore]
    JsonlReader,
)
from datatrove.pipeline.writers import (  # type: ignore[import-not-found, unused-ignore]
    JsonlWriter,
)


def main() -> None:
    """Download: the lists, the folder of the output, processes, requests of each, and retries."""
    lists, out, processes, level, retries = sys.argv[1:]
    LocalPipelineExecutor(
        [
            JsonlReader(lists),
            HTTPFetchReader(workers=int(level), max_retries=int(retries) + 1),
            JsonlWriter(f"{out}/data", save_media_bytes=True),
        ],
        tasks=len(list(Path(lists).iterdir())),
        workers=int(processes),
        logging_dir=f"{out}/logs",
    ).run()


if __name__ == "__main__":
    main()
