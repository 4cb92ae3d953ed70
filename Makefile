# make demo, make test: on a fresh machine with Python 3.11+, no root, no services.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-slow fuzz lint bench console-assets clean

demo: $(READY)
	@SEKISHO=$(BIN)/sekisho PYTHON=$(BIN)/python sh pcaps/demo.sh

test: $(READY)
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow
	$(BIN)/python -m pytest -m "hypothesis and not slow" --hypothesis-profile=long

fuzz: $(READY)
	$(BIN)/python -m tests.fuzz 120
	$(BIN)/python -m tests.fuzz.parsers 60

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/lint-imports

bench: $(READY)
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.mynumber

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Sekisho needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test,dissect]'
	@touch $(READY)

console-assets:
	cd dashboards/console/web && npm ci --no-audit --no-fund --ignore-scripts && node build.mjs

clean:
	rm -rf $(VENV) demo build dist *.egg-info
