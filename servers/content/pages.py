"""The HTML pages of the servers: the page of flags and the file list.

The functions here are pure. A page refers to nothing on other hosts, so that it works offline.
"""

import os
from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
h1 { font-size: 1.5rem; font-weight: 600; }
a { color: inherit; }
.flags { display: grid; gap: 1.25rem 1rem; list-style: none; padding: 0;
         grid-template-columns: repeat(auto-fill, minmax(8rem, 1fr)); }
.flags a { display: block; text-decoration: none; }
.flags img { aspect-ratio: 3 / 2; background: #8882; border: 1px solid #8886; border-radius: 3px;
             box-sizing: border-box; display: block; object-fit: contain; width: 100%; }
.flags b { font-family: ui-monospace, monospace; }
"""


_LINKS = '<nav><a href="/-/ledger">Ledger</a> · <a href="/-/help">Documentation</a></nav>'


def flags_page(label: str, countries: Mapping[str, str]) -> str:
    """Return a page that shows all flags; `countries` maps codes in lower case to names."""
    cards = "\n".join(
        f'<li><a href="/flags/{code}/{code}.gif">'
        f'<img src="/flags/{code}/{code}.gif" alt="" loading="lazy">'
        f"<b>{code.upper()}</b> {escape(name)}</a></li>"
        for code, name in sorted(countries.items())
    )
    return _page(
        f"{label}: {len(countries)} flags", f'{_LINKS}\n<ul class="flags">\n{cards}\n</ul>'
    )


def folder_page(path: str, names: Sequence[str]) -> str:
    """Return a page with links to `names`, the files and folders at `path`."""
    base = path.rstrip("/")  # links then work with and without a slash at the end of `path`
    rows = "\n".join(
        f'<li><a href="{escape(base)}/{quote(os.fsencode(name))}">{_readable(name)}</a></li>'
        for name in names
    )
    links = _LINKS + "\n" if not base else ""
    return _page(f"Files in {escape(path)}", f"{links}<ul>\n{rows}\n</ul>")


def _readable(name: str) -> str:
    """Return a file name, which may be any bytes on disk, as text."""
    return escape(os.fsencode(name).decode("utf-8", "replace"))


def _page(title: str, body: str) -> str:
    """Return a complete document; `title` and `body` are HTML."""
    return (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        '<link rel="icon" href="data:,">\n'  # otherwise browsers request /favicon.ico
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n"
        f"<h1>{title}</h1>\n{body}\n</html>\n"
    )
