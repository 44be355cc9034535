# `make test` sets up and runs every test; `make demo` shows what it is; `make help` lists the rest.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet
WORKERS ?= 2

# Cold starts count: every command is installed, and runs, with its byte code written.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo unit test soak servers lint types format check wheel bench bench-peers fuzz generate readme constraints clean

help:
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14

setup: $(VENV)/.dev ## the environment in .venv, with what the checks need

$(VENV)/.runtime: requirements/build.txt requirements/runtime.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes --no-deps -r requirements/build.txt -r requirements/runtime.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements/dev.txt
	$(PIP) --require-hashes --no-deps -r requirements/dev.txt
	touch $@

demo: $(VENV)/.runtime ## a restore in which things go wrong, then one that is killed and resumed
	$(BIN)/python .ci/demo.py $(BIN)/runbook runbooks/restore.yaml

unit: $(VENV)/.dev ## the tests that start no server and no process: try each change with them
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal -m unit $(ARGS)

test: $(VENV)/.dev servers ## every test, with the servers that they need
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(ARGS)

soak: $(VENV)/.dev servers ## every schedule of the laws and of the crash suite, every plug of the processes: hours
	$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal --soak tests/laws tests/crash tests/processes $(ARGS)

servers: node_modules/.installed ## what the tests start: PostgreSQL; where there is Node.js, a strict DynamoDB and a YAML language server
	@.ci/postgres

node_modules/.installed: package.json package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --no-audit --no-fund; \
	else echo "no npm: the tests against dynalite and a YAML language server are left out"; mkdir -p node_modules; fi
	@touch $@

lint: $(VENV)/.dev ## ruff: rules and format
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev ## mypy --strict
	$(BIN)/mypy

format: $(VENV)/.dev ## put the code into the house's format
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format --quiet .

check: ## all that CI does
	.ci/run

wheel: $(VENV)/.dev ## dist/*.whl
	rm -rf dist
	$(BIN)/python -m build --wheel --no-isolation --outdir dist . >/dev/null
	@ls dist

bench: $(VENV)/.dev ## figures of speed, each against a floor in the same run
	$(BIN)/python bench/run.py $(ARGS)

bench-peers: $(VENV)/.dev ## the same work by others, each in an environment of its own
	$(BIN)/python bench/peers/validating.py

fuzz: $(VENV)/.dev ## text that is led by coverage, for as long as SECONDS says
	$(PIP) --require-hashes --no-deps -r requirements/fuzz.txt
	$(BIN)/python -m tests.validate.coverage_guided $(or $(SECONDS),60)

generate: $(VENV)/.dev ## write every generated file: schemas, pages of docs, findings that tests expect
	PYTHONPATH=. $(BIN)/python .ci/generate.py

readme: $(VENV)/.dev ## run the README's commands, and put what they print in its place
	$(BIN)/python .ci/readme.py

constraints: $(VENV)/.dev ## newest versions into requirements/*.txt, with hashes and no address
	$(BIN)/python .ci/constraints.py --upgrade

clean: ## everything that was made here
	rm -rf $(VENV) node_modules build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -prune -exec rm -rf {} +
