"""Files on disk: the part file, the final name, and the record that lets a later run resume."""
