"""The bundled servers for getflags and for tests: find or start one, and the pytest fixture."""
