"""The page and the plot of ``getflags report``: sentences, charts and tables of an analysis.

Everything is pure except ``plot``, which uses the plotting library, and ``page``, which reads its
template. Only the command imports from this package.
"""
