# Two commands do everything: `make demo` and `make test`. Each sets up what it needs first.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CONFIG ?= config/vigie.yaml

# The tests start hundreds of processes of Vigie, and each would compile all of it once more.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help install demo run fmt static check explore test bench docs wheel lock clean debian

help:
	@echo "make demo     a simulated département in the browser"
	@echo "make test     everything that must pass: format, lint, types, architecture, all tests"
	@echo "make install  a virtual environment with Vigie alone, from the lock file"
	@echo "make run      the daemon on CONFIG ($(CONFIG))"
	@echo "make fmt      format the code"
	@echo "make check    the quick part of make test: format, lint, types, architecture, unit tests"
	@echo "make wheel    dist/vigie-*.whl, to install on a production machine"
	@echo "make docs     the pages of docs/ that are made from models, profiles and rules"
	@echo "make bench    CPU, memory and lag against Prometheus, on this machine"
	@echo "make explore  unit tests on examples that no gate has tried"
	@echo "make lock     choose the versions of the dependencies again"

# --- set-up. The stamps hold the hash of what they were made from: a changed lock file is installed again.

RUNTIME := $(VENV)/.runtime-$(shell cat requirements.lock pyproject.toml 2>/dev/null | sha256sum | cut -c1-12)
DEVELOP := $(VENV)/.develop-$(shell cat requirements-dev.lock pyproject.toml 2>/dev/null | sha256sum | cut -c1-12)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Vigie needs Python 3.11 or later; set PYTHON=python3.12 for instance" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null \
	  || { echo "apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(RUNTIME): | $(BIN)/python
	$(PIP) install --require-hashes -r requirements.lock
	$(PIP) install --require-hashes --no-deps -r requirements-build.lock
	$(PIP) install --no-build-isolation --no-deps --editable .
	@rm -f $(VENV)/.runtime-* && touch $@

$(DEVELOP): | $(BIN)/python
	$(PIP) install --require-hashes -r requirements-dev.lock
	$(PIP) install --no-build-isolation --no-deps --editable .
	@rm -f $(VENV)/.develop-* && touch $@

install: $(RUNTIME)

# The real servers the tests run against; as root they are installed, otherwise one line says how.
debian:
	@tests/debian-packages

# --- use

demo: $(RUNTIME)
	@$(BIN)/vigie demo

run: $(RUNTIME)
	@$(BIN)/vigie run --config $(CONFIG)

# --- the gate

fmt: $(DEVELOP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

static: $(DEVELOP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Unit tests compute, and take every core. The others wait for real servers and processes more than they compute: two
# files of them a core, and not more at a time than there are long ones. Each file stays in one process, which starts its
# servers once.
AT_ONCE = $$(( 2 * $$(nproc) < 12 ? 2 * $$(nproc) : 12 ))

check: static
	$(BIN)/pytest -n auto tests/unit

# The unit tests on examples that no gate has tried.
explore: $(DEVELOP)
	VIGIE_EXAMPLES=explore $(BIN)/pytest -n auto tests/unit

test: debian check
	$(BIN)/pytest -n $(AT_ONCE) --dist loadfile --no-loadscope-reorder --ignore=tests/unit

bench: debian $(DEVELOP)
	$(BIN)/python -m bench

lock:
	uv pip compile pyproject.toml --universal --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.11 --upgrade -o requirements.lock
	uv pip compile requirements-build.in --universal --generate-hashes --no-emit-index-url --no-header \
	  --python-version 3.11 --upgrade -o requirements-build.lock
	uv pip compile pyproject.toml requirements-dev.in requirements-build.in --universal --generate-hashes \
	  --no-emit-index-url --no-header --python-version 3.11 --upgrade -c requirements.lock -o requirements-dev.lock

wheel: $(RUNTIME)
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

docs: $(DEVELOP)
	$(BIN)/python -m supervisor.config.reference > docs/configuration.md
	$(BIN)/python -m supervisor.config.catalogue > docs/templates.md
	$(BIN)/python -m tests.story.friday > docs/friday.md

clean:
	rm -rf $(VENV) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
