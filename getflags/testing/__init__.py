"""The bundled servers as seen by getflags and by tests: find one, start one, the pytest fixture."""
