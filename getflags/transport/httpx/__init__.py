"""The reference transport, on httpx."""
