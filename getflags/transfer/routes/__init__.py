"""Where the requests of a transfer go, and which header fields and credentials they carry."""
