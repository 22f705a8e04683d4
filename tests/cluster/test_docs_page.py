"""The examples of docs/how-to/cluster.md, which need the extra ``cluster``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs_kit import Page, blocks
from tests.kit import ROOT

PAGE = ROOT / "docs" / "how-to" / "cluster.md"


@pytest.mark.timeout(120)
def test_the_blocks_of_the_page_run_and_print_what_is_shown(tmp_path: Path) -> None:
    ran = 0
    with Page(tmp_path) as page:
        for block in blocks(PAGE):
            if "make test-cluster" in block.marks.get("skip", ""):
                del block.marks["skip"]
                ran += 1
            page.run(block)
    assert ran == 11
