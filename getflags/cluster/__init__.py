"""Downloads on several machines, into a folder or an object store.

``run`` downloads the targets of a list with the workers of a Dask or Ray cluster. The workers run
*bundles* of *shards*; a shard is done when its record was created, which only one attempt can do.
See docs/how-to/cluster.md.
"""

from __future__ import annotations

from getflags.cluster.results.report import JobReport
from getflags.cluster.run import retry, run

__all__ = ["JobReport", "retry", "run"]
