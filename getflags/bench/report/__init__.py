"""Reports: what was measured, told in sentences, drawings and tables on one page.

From results to figures (``evaluate``), from those to words and charts, and only then to a page:
all of that is pure but ``plot``, which knows the plotting library, and ``page``, which reads its
template. Nothing outside imports from here but the command.
"""
