"""What a job is: its targets, dealt to lanes and cut into shards, and where its objects are."""
