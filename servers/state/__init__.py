"""The state of a running server: its ledger, recording, slots, rate limit and request log."""
