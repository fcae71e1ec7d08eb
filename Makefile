# Izin Datang: tasks of developers and CI. Needs make, and Python 3.11 or newer with its venv module.
# To choose a Python: make ... PYTHON=/path/to/python3.13

.DEFAULT_GOAL := help
.PHONY: help demo test quick check bench chaos fuzz migration lock setup clean

VENV := .venv
RUN := $(VENV)/bin/python
PYTHON ?=
ARGS ?=
AT ?=
SECONDS ?= 60
PLAY ?=
MESSAGE ?=
UV ?= uv

# The whole suite runs in a few processes, each with its own servers; a part of it runs in one. In CI
# coverage is measured, with a minimum in pyproject.toml.
EVERYTHING := -n logical --maxprocesses 4 $(if $(CI),--cov --cov-report=term)
# Tests that need only Python. Bytecode is cached: compiling would take most of the time.
PURE := -n logical --maxprocesses 4 --dist loadscope --hypothesis-profile quick \
  -m "not servers and not processes and not browser and not slow"

help: ## Show this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1	\2/p' Makefile | expand -t 20

demo: setup ## Try it in the browser, no account needed (PLAY=1: plays a story automatically; long, referral, credit: others; all: each)
	@$(VENV)/bin/izin demo $(if $(PLAY),--play '$(patsubst 1,short,$(PLAY))') $(ARGS)

test: setup ## Run the tests (ARGS="tests/bot -k outbox": a part; AT="2026-12-31 23:55": at that time in WIB)
	@$(RUN) -m $(if $(AT),tests.at "$(AT)",pytest) $(or $(ARGS),$(EVERYTHING))

quick: setup ## Run the tests that need no server, process or browser, in a few seconds
	@PYTHONDONTWRITEBYTECODE= $(RUN) -m pytest -q $(PURE) $(ARGS)

check: setup ## Check format, style, types, architecture, dependencies, templates and migrations
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(VENV)/bin/lint-imports
	$(RUN) -m deptry .
	$(VENV)/bin/izin templates check
	$(RUN) -m demo.embedded $(RUN) -m models.migrations upgrade check downgrade upgrade

bench: setup ## Compare the product's speed with others (ARGS="--full": see benchmarks/README.md)
	@cmp -s requirements-bench.lock $(VENV)/bench || { \
	  $(RUN) -m pip install -qq --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
	    -r requirements-bench.lock && cp requirements-bench.lock $(VENV)/bench; }
	@$(RUN) -m benchmarks $(ARGS)

chaos: setup ## Kill and break parts at random under load, then check (SECONDS=60, ARGS="--seed 7")
	@$(RUN) -m tests.faults.chaos --seconds $(SECONDS) $(ARGS)

fuzz: setup ## Send mutated requests to every route and act, for a minute (SECONDS=600, ARGS="--seed 7")
	@$(RUN) -m tests.fuzz --seconds $(SECONDS) $(ARGS)

migration: setup ## Write the migration for changed tables (MESSAGE="what changes")
	@test -n "$(MESSAGE)" || { echo "Say what changes: make migration MESSAGE='add a column'"; exit 2; }
	@$(RUN) -m demo.embedded sh -c '"$$0" -m models.migrations upgrade && \
	  "$$0" -m models.migrations revise "$$1"' $(RUN) "$(MESSAGE)"
	@$(RUN) -m ruff format --quiet models/migrations/versions
	@$(RUN) -m ruff check --quiet --fix models/migrations/versions

lock: ## Pin the newest versions of all dependencies (needs uv)
	$(UV) pip compile --quiet --universal --upgrade --all-extras --group dev \
	  --generate-hashes --no-header --no-annotate pyproject.toml --output-file requirements.lock
	$(UV) pip compile --quiet --universal --all-extras --group dev --group bench \
	  --constraints requirements.lock \
	  --generate-hashes --no-header --no-annotate pyproject.toml --output-file requirements-bench.lock
	$(UV) pip compile --quiet --universal --extra s3 --constraints requirements.lock \
	  --generate-hashes --no-header --no-annotate pyproject.toml --output-file requirements-runtime.lock

clean: ## Delete the environment, caches, and the demo's data
	@for link in $$(find data -name servers -type l 2>/dev/null); do rm -rf "$$(readlink "$$link")"; done
	rm -rf $(VENV) data dist .*_cache .hypothesis .coverage*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment is created again when the lock changed or the project moved; the project is installed
# again when pyproject.toml changed. Two files in the environment hold the checksums.
setup:
	@lock=$$(cksum < requirements.lock; pwd); project=$$(cksum < pyproject.toml); \
	same() { test "$$1" = "$$(cat $(VENV)/$$2 2>/dev/null)"; }; \
	install="$(RUN) -m pip install -qq --disable-pip-version-check"; \
	same "$$lock" lock && same "$$project" project && $(RUN) -c '' 2>/dev/null && exit 0; \
	set -e; \
	if ! same "$$lock" lock || ! $(RUN) -c '' 2>/dev/null; then \
	  usable='import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))'; \
	  for python in $(or $(PYTHON),python3 python3.13 python3.12 python3.14 python3.11); do \
	    "$$python" -c "$$usable" 2>/dev/null && break; python=; \
	  done; \
	  if test -z "$$python"; then \
	    echo "Izin Datang needs Python 3.11 or newer with its venv module, and found none."; \
	    echo "Debian, Ubuntu: apt install python3-venv   macOS: brew install python"; \
	    echo "If it is somewhere else: make $(MAKECMDGOALS) PYTHON=/path/to/python3"; exit 2; \
	  fi >&2; \
	  echo "Setting up $(VENV), once: this takes about a minute ..." >&2; \
	  "$$python" -m venv --clear $(VENV); \
	  $$install --no-deps --no-compile --only-binary :all: --require-hashes \
	    -r requirements.lock; \
	  printf '%s\n' "$$lock" > $(VENV)/lock; \
	fi; \
	$$install --no-deps --no-build-isolation --editable .; \
	printf '%s\n' "$$project" > $(VENV)/project
