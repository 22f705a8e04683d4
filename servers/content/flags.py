"""The bundled flags, loaded into memory.

This module reads `flags/<cc>/<cc>.gif` and `flags/<cc>/metadata.json` once. Other folders are
served by `folder`.
"""

import json
from pathlib import Path
from typing import NamedTuple

from ..http.representation import Representation
from ..http.validators import etag

FLAGS = Path(__file__).parent.parent / "flags"

_TYPES = {".gif": "image/gif", ".json": "application/json"}


class Catalogue(NamedTuple):
    """All files of the flag collection by path, and the name of each country by code.

    Codes are two letters in lower case; paths are as in URLs, for example `/flags/br/br.gif`.
    """

    files: dict[str, Representation]
    countries: dict[str, str]


def load(folder: Path = FLAGS) -> Catalogue:
    """Load a collection of flags into memory, about 2 MB in about 20 ms.

    Raises OSError if a file cannot be read, and ValueError or KeyError if a `metadata.json` is not
    an object with a "country": an incomplete collection must fail here, not when a client asks for
    it.
    """
    files = {}
    countries = {}
    for file in sorted(folder.glob("[a-z][a-z]/*")):
        code = file.parent.name
        if file.name not in {f"{code}.gif", "metadata.json"}:
            continue
        content = file.read_bytes()
        files[f"/flags/{code}/{file.name}"] = Representation(
            content,
            len(content),
            _TYPES[file.suffix],
            etag(content),
            modified=int(file.stat().st_mtime),
        )
        if file.suffix == ".json":
            countries[code] = json.loads(content)["country"]
    return Catalogue(files, countries)
