"""The targets of a command: where they are read from, and the rest of the job."""
