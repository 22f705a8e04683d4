"""The state of a running server: its ledger, its recording, its slots, its rate limit."""
