# Two commands do all the set-up: `make demo` and `make test`. Each makes its own .venv.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: demo test quick docs faults lint types sample clean

demo: .venv/.installed
	$(BIN)/credit-model demo --out demo

test: lint types
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

# The tests that take seconds, for work in progress; `make test` runs all.
quick: .venv/.installed-dev
	$(BIN)/python -m pytest -m "not slow"

# The documentation as a site, in site/: warnings are errors, and the examples of its pages are run.
docs: .venv/.installed-dev
	$(BIN)/sphinx-build -W --keep-going -q -b html docs site
	$(BIN)/sphinx-build -W --keep-going -q -b doctest docs site/.doctest

# Look for faults: kills, damaged files, strange tables and more; a quarter of an hour. `make test` runs a small share.
faults: .venv/.installed-dev
	$(BIN)/python -m tests.faults

lint: .venv/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/.installed-dev
	$(BIN)/mypy

.venv/.python:
	$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if v >= (3, 11) else "Python 3.11 or later is needed, found %d.%d; name one: make PYTHON=python3.12" % v[:2])'
	$(PYTHON) -m venv .venv
	touch $@

.venv/.installed: .venv/.python pyproject.toml constraints.txt
	$(PIP) --editable .
	touch $@

.venv/.installed-dev: .venv/.python pyproject.toml constraints.txt
	$(PIP) --editable '.[dev]'
	touch $@ .venv/.installed

# Make data/synthetic again: the same bytes.
sample: .venv/.installed
	$(BIN)/python data/synthetic/make_sample.py

clean:
	rm -rf .venv demo build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
