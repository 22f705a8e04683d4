"""The placeholders in the arguments of a command: ``{list}``, ``{url}`` and ``{dir}``.

Pure. The arguments are never interpreted by a shell. ``{{word}}`` stands for a literal ``{word}``,
and braces around anything but a word are left as they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from getflags.core.errors import UsageError
from getflags.core.text import quoted

NAMES = ("list", "url", "dir")
_PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}|\{(\w+)\}")


def used(command: Sequence[str]) -> set[str]:
    """Return the placeholders in a command. Raises UsageError if the command cannot be run."""
    if not command:
        raise UsageError("no command: write it after the options and --, as in -- wget -i {list}")
    found = {name for each in command for _, name in _PLACEHOLDER.findall(each) if name}
    for name in sorted(found - set(NAMES)):
        raise UsageError(
            f"{quoted(f'{{{name}}}')} is not a placeholder: use {{list}}, {{url}} or {{dir}}, or "
            f"{{{{{name}}}}} for the text itself"
        )
    if {"list", "url"} <= found:
        raise UsageError("{list} and {url} cannot be used together: use one of them")
    if not {"list", "url"} & found:
        raise UsageError(
            "the command gets no URL: use {list} (a file with one URL a line) or {url} in it"
        )
    return found


def fill(command: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """Return the command with values in place of the placeholders."""

    def replace(match: re.Match[str]) -> str:
        literal, name = match.groups()
        return f"{{{literal}}}" if literal else values[name]

    return [_PLACEHOLDER.sub(replace, each) for each in command]
