"""What has become of a job, read from its storage: sums, index, status, checks."""
