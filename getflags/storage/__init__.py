"""Files on disk: part files, final names, and the records that let a later run resume."""
