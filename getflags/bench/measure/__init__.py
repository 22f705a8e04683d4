"""The measurement of cells: their order, the child process, the servers, the result file.

A ``session`` turns each run of the matrix in ``cells`` into a result: it resets the bundled
``servers``, sends a ``job`` to a ``child`` process through ``runs``, and appends the result to the
``logbook``. ``steady_state`` separates the steady state of a run from its ramp-up and its tail, and
``open_loop`` has the schedule of ``--rate``.
"""
