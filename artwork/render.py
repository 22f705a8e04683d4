"""Renders the facts as GIFs: ``python -m artwork.render [OUTPUT_DIR]``.

Composition and writing, nothing else. Drawing happens several times larger than the picture
and is then shrunk, which is what makes the edges smooth. The same facts always give the same
bytes: nothing here looks at the clock, at chance or at the fonts of the machine.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from artwork import cloth, palette
from artwork.atlas import FLAGS
from artwork.canvas import Canvas
from artwork.flag import Flag

HOME = Path(__file__).resolve().parent.parent / "servers" / "flags"
AREA = 270 * 180
"""Pixels per flag: long and short ones weigh alike and look equally large."""
OVERSAMPLING = 4
COLOURS = 64


def size_of(flag: Flag) -> tuple[int, int]:
    """Give the width and height in pixels of a flag's picture."""
    width = (AREA * flag.aspect) ** 0.5
    return round(width), round(width / flag.aspect)


def picture_of(flag: Flag) -> Image.Image:
    """Paint a flag, drape it, light it, and reduce it to a palette."""
    width, height = size_of(flag)
    canvas = Canvas(width * OVERSAMPLING, height * OVERSAMPLING)
    canvas.paint(flag.layers)
    picture = cloth.light(cloth.drape(canvas.image).reduce(OVERSAMPLING))
    if flag.outline:
        picture = cut_out(picture, flag)
    return palette.reduced(picture, COLOURS)


def cut_out(picture: Image.Image, flag: Flag) -> Image.Image:
    """Leave white what lies outside a flag's outline."""
    width, height = picture.size
    mask = Canvas(width * OVERSAMPLING, height * OVERSAMPLING)
    mask.fill(((0, 0), (1, 0), (1, 1), (0, 1)), "#000000")
    mask.fill(flag.outline, "#FFFFFF")
    paper = Image.new("RGB", picture.size, "#FFFFFF")
    return Image.composite(
        picture, paper, cloth.drape(mask.image).reduce(OVERSAMPLING).convert("L")
    )


def write(code: str, flag: Flag, root: Path) -> int:
    """Write a flag and its metadata under the root, and say how many bytes it weighs."""
    folder = root / code.lower()
    folder.mkdir(parents=True, exist_ok=True)
    gif = folder / f"{code.lower()}.gif"
    picture_of(flag).save(gif, optimize=True)
    facts = {"country": flag.country, "code": code, "proportions": flag.proportions}
    text = json.dumps(facts, ensure_ascii=False)
    (folder / "metadata.json").write_text(text + "\n", encoding="utf-8")
    return gif.stat().st_size


def main(arguments: Sequence[str] | None = None) -> None:
    """Render every flag, or only those whose codes are asked for."""
    parser = argparse.ArgumentParser(prog="python -m artwork.render", description=main.__doc__)
    parser.add_argument("output", nargs="?", type=Path, default=HOME, metavar="OUTPUT_DIR")
    parser.add_argument("--only", nargs="+", metavar="CODE", type=str.upper, choices=FLAGS)
    options = parser.parse_args(arguments)
    weights = sorted(
        write(code, FLAGS[code], options.output) for code in options.only or sorted(FLAGS)
    )
    print(
        f"{len(weights)} flags in {options.output}: {weights[0]} to {weights[-1]} bytes,"
        f" median {weights[len(weights) // 2]}"
    )


if __name__ == "__main__":
    main()
