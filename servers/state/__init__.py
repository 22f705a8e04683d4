"""The state of a running server: ledger, recording, slots, rate limit, freezes and request log."""
