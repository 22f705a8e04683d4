"""Access to the bundled servers: finding or starting one, and the pytest fixture for tests."""

#: The usual port of each bundled server.
PORTS = {"LOCAL": 8000, "DELAY": 8001, "ERROR": 8002}
REMOTE = "https://www.fluentpython.com/data/flags"  #: the public site of the flags
