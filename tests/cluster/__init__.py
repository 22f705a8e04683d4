"""Tests of jobs on several machines: `make test-cluster`."""
