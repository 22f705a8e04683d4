"""Measuring: how many at a time, and with which engine.

What may live here: experiments (which cell is measured when, and what its figures say) and how they
are told. What may not: anything that a download needs; nothing outside imports from here but the
commands that measure. ``stats``, ``window``, ``knee`` and ``tuning`` are pure, and simulated in
the tests on servers whose answer is known; so are ``race``, ``lanes`` and ``ranking``.

A bench: ``cells`` says what is run in which order, a ``session`` makes each run a result, with the
bundled servers as its ``ground`` and ``runs`` to carry a ``job`` to a ``child`` process. The
``results`` go to the ``logbook``, then to the ``comparison``, with ``doubts`` to the ``table``.
Tuning goes the same way to a child, and to ``advice``; ``racer`` and ``track`` are a race's
processes; ``report`` makes a page of results.
"""
