"""HTML that is safe by construction: text is escaped unless it is of type ``Markup``. Pure."""

from __future__ import annotations

from html import escape
from typing import TypeAlias


class Markup(str):
    """Text that is HTML and must not be escaped."""

    __slots__ = ()


Value: TypeAlias = str | int | float | bool | None
_VOID = {"meta", "link", "br"}


def tag(name: str, *children: str, **attributes: Value) -> Markup:
    """Return an element with its children.

    Attributes are named as in HTML, with ``_`` for ``-``, and with a trailing ``_`` for keywords of
    Python. True is an attribute without a value; None and False omit the attribute.
    """
    opening = [name, *(_attribute(key, value) for key, value in attributes.items() if _said(value))]
    start = f"<{' '.join(opening)}>"
    return Markup(start if name in _VOID else f"{start}{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """Return the concatenation of texts and markup, as markup."""
    return Markup(
        "".join(one if isinstance(one, Markup) else escape(one, quote=False) for one in children)
    )


def _said(value: Value) -> bool:
    return value is not None and value is not False


def _attribute(key: str, value: Value) -> str:
    name = key.rstrip("_").replace("_", "-")
    return name if value is True else f'{name}="{escape(str(value))}"'
