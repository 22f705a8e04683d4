"""Access to the bundled servers: finding or starting one, and the pytest fixture for tests."""
