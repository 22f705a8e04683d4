"""The conversion of matplotlib's SVG into an element that follows the theme of a page.

Pure. Each colour of the light palette becomes a CSS variable, with that colour as the fallback for
viewers without variables. Ids that are referred to are kept and made unique; metadata is removed.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from getflags.bench.report.palette import LIGHT

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_ROLES = {color: role for role, color in LIGHT.items()}
_DIGITS = re.compile(r"(-?\d+\.\d{2})\d+")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_COLORED = ("fill", "stroke")
_UPRIGHT = "rotate(-0 "  # a rotation by zero degrees, which is removed


def adapted(drawing: bytes, name: str, title: str, style: str = "") -> str:
    """Return a drawing as an ``<svg>`` element with ``title`` as its text alternative.

    Screen readers skip a drawing without a title. ``name`` makes its ids unique within a page. With
    ``style``, a style sheet, the drawing is a complete file.
    """
    root = ET.fromstring(drawing)  # noqa: S314 - produced by matplotlib, just now
    kept = _referenced(root)
    for parent in root.iter():
        for child in list(parent):
            if child.tag in {f"{{{_SVG}}}metadata", f"{{{_SVG}}}style"}:
                parent.remove(child)
    for one in root.iter():
        one.tag = one.tag.removeprefix(f"{{{_SVG}}}")
        one.attrib = _attributes(one, name, kept)
        one.text, one.tail = (one.text or "").strip(), ""
    _finish(root, title, style)
    return ET.tostring(root, encoding="unicode")


def _referenced(root: ET.Element) -> set[str]:
    links = {one.attrib.get(f"{{{_XLINK}}}href", "")[1:] for one in root.iter()}
    clips = {
        name
        for one in root.iter()
        for value in one.attrib.values()
        for name in _REFERENCE.findall(value)
    }
    return links | clips


def _attributes(one: ET.Element, name: str, kept: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in one.attrib.items():
        if key == "id":
            if value in kept:
                found["id"] = f"{name}-{value}"
        elif key == f"{{{_XLINK}}}href":
            found["xlink:href"] = f"#{name}-{value[1:]}"
        elif key == "style":
            found.update(_styles(value))
        elif not value.startswith(_UPRIGHT):
            short = _DIGITS.sub(r"\1", " ".join(value.split()))
            found[key] = _REFERENCE.sub(rf"url(#{name}-\1)", short)
    return found


def _styles(text: str) -> dict[str, str]:
    """Return a style as attributes for all viewers, and as variables, which take precedence."""
    found, variables = {}, []
    for declaration in filter(None, map(str.strip, text.split(";"))):
        key, _, value = map(str.strip, declaration.partition(":"))
        role = _ROLES.get(value.lower())
        if role and key in _COLORED:
            variables.append(f"{key}:var(--{role})")
        if key != "font-family":  # the page sets it
            found[key] = _DIGITS.sub(r"\1", value)
    if variables:
        found["style"] = ";".join(variables)
    return found


def _finish(root: ET.Element, title: str, style: str) -> None:
    _, _, width, height = root.attrib["viewBox"].split()
    root.attrib = {
        "xmlns": _SVG,
        "xmlns:xlink": _XLINK,
        "viewBox": root.attrib["viewBox"],
        "stroke-linejoin": "round",
    }
    root.attrib |= {"role": "img", "aria-label": title} if title else {"aria-hidden": "true"}
    if style:
        root.attrib |= {"width": width, "height": height}
        heading, sheet = ET.Element("title"), ET.Element("style")
        heading.text, sheet.text = title, style
        root[:0] = [heading, sheet]
