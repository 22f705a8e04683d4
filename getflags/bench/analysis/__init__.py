"""Analysis of results: figures for each cell, comparisons between cells, knees and caveats.

The terminal's table and the report page both use this package, so that they apply one statistic
(``stats``) to the same figures. Everything here is pure.
"""
