"""Races: every engine downloads the same targets in a process of its own.

``standings``, ``bars`` and ``ranking`` are pure. ``track`` starts the ``racer`` processes and
receives their reports; a ``job`` holds the downloads of a racer.
"""
