"""The analysis of results: figures for each cell, comparisons between cells, knees and caveats.

The terminal's table and the report page both use this package, so that they apply the same
statistics (``stats``) to the same figures. Everything here is pure.
"""
