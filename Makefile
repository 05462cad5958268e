# `make help` lists the words. Every word sets up what it needs; a second time is quick.

PYTHON ?= $(shell sh scripts/python.sh)
BIN := .venv/bin
JOBS ?= 2
ARGS ?=
CATALOGUES := $(wildcard civic_push/translations/*/LC_MESSAGES/*.po)
# the style sheet holds what these use
PAGES := $(shell find civic_push -path civic_push/static/vendor -prune -o \
	\( -name '*.html' -o -name '*.css' -o -name '*.js' -o -name '*.py' \) -print)

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help install run test check bench lock catalogue clean

help: ## list these words
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

install: .venv/.dev assets ## set up everything, for running, testing and checking

run: .venv/.demo assets ## run everything on this machine (ARGS="--port 8080")
	@exec $(BIN)/civic-push run $(ARGS)

test: install .venv/.system-test ## all tests on real parts (ARGS="-k signup", JOBS=4)
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile $(ARGS)

check: install ## style, types, imports, and the tests of the house itself
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest -q tests/test_house.py

bench: install .venv/.system-test ## how fast it delivers, next to the machine's limits
	$(BIN)/civic-push bench $(ARGS)

lock: .venv/.dev ## write the lock files anew (ARGS=--upgrade for newer versions)
	$(BIN)/python scripts/lock.py $(ARGS)

catalogue: .venv/.dev ## bring the catalogues up to date, and say what they lack
	$(BIN)/python scripts/translations.py
	$(BIN)/python scripts/translations.py check

clean: ## remove what can be made again; var/ with keys and data stays
	rm -rf .venv node_modules civic_push/static/vendor build *.egg-info
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} + -o -name '*.mo' -exec rm -f {} +

# ---- what the words above stand on ----

.venv/.python:
	@sh scripts/system_packages.sh run
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is not installed." >&2; exit 1; }
	@$(PYTHON) -m venv --clear .venv
	@touch $@

.venv/.demo: .venv/.python requirements-demo.lock pyproject.toml
	@echo "Installing what requirements-demo.lock names …"
	@sh scripts/install.sh requirements-demo.lock
	@touch $@

.venv/.dev: .venv/.demo requirements-dev.lock
	@echo "Installing what requirements-dev.lock names …"
	@sh scripts/install.sh requirements-dev.lock
	@touch $@

.venv/.system-test: .venv/.python scripts/system_packages.sh
	@sh scripts/system_packages.sh test
	@touch $@

.PHONY: assets
assets: civic_push/static/vendor/.done

node_modules/.done: package-lock.json | .venv/.demo
	@echo "Fetching the pages' styles and fonts …"
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/npm ci --no-audit --no-fund --loglevel=error
	@touch $@

civic_push/static/vendor/.done: node_modules/.done scripts/assets.py scripts/styles.py $(CATALOGUES) $(PAGES)
	@$(BIN)/python scripts/assets.py
	@touch $@
