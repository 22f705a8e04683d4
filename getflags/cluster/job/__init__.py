"""What a job is: its targets in lanes, the lanes in shards, and where its objects are."""
