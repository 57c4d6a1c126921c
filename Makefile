# Every target does its own set-up: `make demo` and `make test` work in a fresh clone.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LOCK   := requirements/dev.lock

.DEFAULT_GOAL := help
.PHONY: help install demo test fuzz check bench docs format lock servers clean

help: ## list the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.installed: $(LOCK) pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("spanspec needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(LOCK)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@# As pip does for what it installs: the first run is then as fast as the second, also where Python may write no caches.
	@$(BIN)/python -m compileall -q src
	@touch $@

install: $(VENV)/.installed ## make .venv with everything that development needs

demo: install ## start the shop, run its tests, break it in six ways and show what is caught
	$(BIN)/spanspec demo

test: install ## run all tests
	$(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)

fuzz: install ## run the generated tests for long (FUZZ=20 times as many examples)
	SPANSPEC_FUZZ=$(or $(FUZZ),20) $(BIN)/python -m pytest -n 2 --timeout 7200 tests/language/test_fuzz.py tests/language/test_early.py \
	  tests/language/test_format.py tests/runner/test_evaluation.py $(PYTEST_ARGS)

check: install ## hold style, types, import contracts, gauges and docs
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/shellcheck scripts/*.sh scripts/action/*.sh examples/ci/ephemeral/*.sh .ci/run
	$(BIN)/python scripts/gauges.py
	$(BIN)/python -m pytest -q -p no:randomly tests/docs

bench: install ## print the benchmarks' ratios
	$(BIN)/python -m bench

docs: install ## build the documentation as a site, in build/site
	$(BIN)/python scripts/site/build.py

format: install ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: install ## write the lock of exact versions again
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  --extra demo --extra all --group test --group quality --group build -o $(LOCK) pyproject.toml

servers: ## install the real servers that tests use (as root; Debian)
	sh scripts/servers.sh

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
