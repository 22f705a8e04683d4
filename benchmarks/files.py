"""The files that are downloaded, and the check that they arrived.

Contents are made from the cell's name alone, no two files alike. The check compares every byte of
every file with what was served: stronger than a digest, and as fast.
"""

from __future__ import annotations

import random
import shutil
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cells import Cell

FLAGS = Path(__file__).parent.parent / "servers" / "flags"
PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Check:
    """What was found in a folder: right files, wrong ones (or missing), and strangers."""

    right: int
    wrong: int
    strange: int


def make(cell: Cell, folder: Path) -> list[str]:
    """Write the cell's files and return their names."""
    folder.mkdir()
    if not cell.size:
        pictures = sorted(FLAGS.glob("*/*.gif"))[: cell.count]
        return [Path(shutil.copy(picture, folder)).name for picture in pictures]
    source = random.Random(cell.name)  # noqa: S311 - reproducible is what is wanted
    names = [f"{cell.name}-{number:05}.bin" for number in range(cell.count)]
    for name in names:
        with (folder / name).open("wb") as file:
            for start in range(0, cell.size, PIECE):
                file.write(source.randbytes(min(PIECE, cell.size - start)))
    return names


def same(one: Path, other: Path) -> bool:
    """Whether two files are equal, byte for byte."""
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb", 0) as left, other.open("rb", 0) as right:
        while piece := left.read(PIECE):
            if piece != right.read(PIECE):
                return False
    return True


def check(source: Path, names: list[str], folder: Path) -> Check:
    """Compare a folder with what was served."""
    found = {path.name for path in folder.rglob("*") if path.is_file()}
    right = sum(name in found and same(source / name, folder / name) for name in names)
    return Check(right, len(names) - right, len(found - set(names)))
