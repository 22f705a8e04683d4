"""Configuration of the documentation site, which ``make docs`` builds with Sphinx."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]  # for command_parsers, and for a checkout's servers/

from getflags import __version__  # noqa: E402 - the path has to be set first

project = "getflags"
version = release = __version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_argparse_cli"]
myst_enable_extensions = ["attrs_block", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = False  # annotations name types of the standard library, whose inventory is not fetched

python_use_unqualified_type_names = True
autodoc_member_order = "bysource"

html_theme = "furo"
html_title = "getflags"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
