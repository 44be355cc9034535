# `make demo` shows what runbook does; `make test` runs all tests; `make help` lists all targets.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
WORKERS ?= 2

# Benchmarks measure cold starts with byte code, as in an installation.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo unit test soak servers lint types format check wheel bench bench-peers fuzz generate readme constraints clean

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: $(VENV)/.dev ## create .venv with all dependencies for development

$(VENV)/.runtime: requirements/build.txt requirements/runtime.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes --no-deps -r requirements/build.txt -r requirements/runtime.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	$(PIP) --require-hashes --no-deps -r requirements/dev.txt
	touch $@

demo: $(VENV)/.runtime ## show a restore in which things go wrong, then one that is killed and resumed
	$(BIN)/python .ci/demo.py $(BIN)/runbook runbooks/restore.yaml

unit: $(VENV)/.dev ## run the unit tests: no server, no process, under a minute
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m unit $(ARGS)

test: $(VENV)/.dev servers ## run all tests; installs the servers that they need
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(ARGS)

soak: $(VENV)/.dev servers ## run all crash schedules (hours); `make test` runs a sample
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal --soak tests/laws tests/crash tests/processes $(ARGS)

servers: node_modules/.installed ## install the servers that tests use: PostgreSQL; with npm, also dynalite and a YAML language server
	@.ci/postgres

node_modules/.installed: package.json package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --no-audit --no-fund; \
	else echo "npm not found: tests against dynalite and the YAML language server will be skipped"; mkdir -p node_modules; fi
	@touch $@

lint: $(VENV)/.dev ## check style and format with ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## check types with mypy --strict
	$(BIN)/mypy

format: $(VENV)/.dev ## format the code and apply ruff's fixes
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

check: ## run all checks of CI
	.ci/run

wheel: $(VENV)/.dev ## build dist/*.whl
	rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation --outdir dist . >/dev/null
	@ls dist

bench: $(VENV)/.dev ## run the benchmarks and compare them with bench/baseline.json
	$(BIN)/python bench/run.py $(ARGS)

bench-peers: $(VENV)/.dev ## compare `runbook validate` with other linters
	$(BIN)/python bench/peers/validators.py

fuzz: $(VENV)/.dev ## fuzz the parser, guided by coverage, for SECONDS (60)
	$(PIP) --require-hashes --no-deps -r requirements/fuzz.txt
	$(BIN)/python -m tests.validate.coverage_guided $(or $(SECONDS),60)

generate: $(VENV)/.dev ## write all generated files: schema, docs, expected findings
	PYTHONPATH=. $(BIN)/python .ci/generate.py

readme: $(VENV)/.dev ## run the README's commands and update their output
	$(BIN)/python .ci/readme.py

constraints: $(VENV)/.dev ## update the pinned versions in requirements/ and bench/peers/
	$(BIN)/python .ci/constraints.py --upgrade

clean: ## remove everything that was built or installed
	rm -rf $(VENV) node_modules build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
