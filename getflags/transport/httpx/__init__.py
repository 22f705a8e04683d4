"""The reference transport: HTTP/1.1 through httpx."""
