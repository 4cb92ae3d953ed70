# make demo, make test: on a fresh machine with Python 3.11+, no root, no services.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
COMPILED := build/compiled/.ready
SOURCES := $(shell find columns dashboards detectors pcaps sekisho sensor storage zones -name '*.py') setup.py

.PHONY: demo test test-slow test-compiled compiled fuzz lint bench console-assets clean

demo: $(READY)
	@SEKISHO=$(BIN)/sekisho PYTHON=$(BIN)/python sh pcaps/demo.sh

test: $(READY)
	$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile

test-slow: $(READY)
	$(BIN)/python -m pytest -m slow
	$(BIN)/python -m pytest -m "hypothesis and not slow" --hypothesis-profile=long

# The parsers as machine code: needs a C compiler. What is built stands beside the sources, never among them.
compiled: $(COMPILED)

test-compiled: $(COMPILED)
	rm -rf build/compiled/tests && cp -R tests pyproject.toml build/compiled
	cd build/compiled && SEKISHO_CORPUS="$${SEKISHO_CORPUS:-$(CURDIR)/../shared/corpus}" \
		$(CURDIR)/$(BIN)/python -m pytest -m "not slow" -n 2 --dist loadfile \
		tests/protocols tests/streams tests/signatures tests/mynumber
	$(BIN)/python -m pytest tests/pipeline/test_compiled_parsers.py

fuzz: $(READY)
	$(BIN)/python -m tests.fuzz 120
	$(BIN)/python -m tests.fuzz.parsers 60

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy

bench: $(READY) $(COMPILED)
	$(BIN)/python -m pip install --quiet --editable '.[bench]'
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.mynumber

$(READY): pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Sekisho needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[test,dissect]'
	@touch $(READY)

$(COMPILED): $(READY) $(SOURCES)
	rm -rf build
	SEKISHO_COMPILED=1 $(BIN)/python -m pip install --quiet --no-deps --target build/compiled .
	@touch $(COMPILED)

console-assets:
	cd dashboards/console/web && npm ci --no-audit --no-fund --ignore-scripts && node build.mjs

clean:
	rm -rf $(VENV) demo build dist *.egg-info
