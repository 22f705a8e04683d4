"""Measurements of which engine, client and concurrency level download fastest.

``measure`` runs one cell (an engine and client at one level on one server) in a child process and
records the result. ``analysis`` turns results into figures, comparisons and caveats; it is pure.
``report`` renders an analysis as an HTML page. ``tune`` searches for the best level of a server,
and ``race`` runs the engines against each other.

Nothing outside this package imports from it except the commands that measure.
"""
