"""What a running server remembers: its ledger, its recording, its slots."""
