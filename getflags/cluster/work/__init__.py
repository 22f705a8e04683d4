"""What a worker does: it downloads bundles of shards, packs their files and commits each shard."""
