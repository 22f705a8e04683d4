"""Markup that is safe by construction: every text is escaped, unless it is markup already.

Pure, and knows nothing of what is told with it.
"""

from __future__ import annotations

from html import escape
from typing import TypeAlias


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


Value: TypeAlias = str | int | float | bool | None
_VOID = {"meta", "link", "br"}


def tag(name: str, *children: str, **attributes: Value) -> Markup:
    """Return an element with what is inside it.

    Attributes are named as in HTML, with ``_`` for ``-`` and one at the end where Python has the
    word for itself. True is an attribute without a value; None and False are none.
    """
    opening = [name, *(_attribute(key, value) for key, value in attributes.items() if _said(value))]
    start = f"<{' '.join(opening)}>"
    return Markup(start if name in _VOID else f"{start}{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """Return texts and markup in a row, as markup."""
    return Markup(
        "".join(one if isinstance(one, Markup) else escape(one, quote=False) for one in children)
    )


def _said(value: Value) -> bool:
    return value is not None and value is not False


def _attribute(key: str, value: Value) -> str:
    name = key.rstrip("_").replace("_", "-")
    return name if value is True else f'{name}="{escape(str(value))}"'
