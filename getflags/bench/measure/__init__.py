"""Measuring one cell: the matrix and its order, the child process, the servers, the result file.

A ``session`` turns each run of the matrix in ``cells`` into a result: it resets the bundled
``servers``, sends a ``job`` to a ``child`` process by way of ``runs``, and appends the result to
the ``logbook``. ``steady_state`` separates a run's steady state from its ramp and its tail.
"""
