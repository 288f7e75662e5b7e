# make run:  the campaign of config.yaml, from a fresh machine to the report
# make test: the tests
# Both make .venv first, with the python3 on PATH (3.11 to 3.13).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# another campaign is another folder with its own config.yaml: make run DIRECTORY=elsewhere
DIRECTORY ?= .
RESULTS := $(DIRECTORY)/results
REPORT := $(RESULTS)/report.html

.PHONY: run test lint clean

run: $(STAMP)
	@$(BIN)/snakemake --directory $(DIRECTORY)
	@if [ ! -e $(REPORT) ] || \
	    [ -n "$$(find $(RESULTS)/tables $(RESULTS)/figures -type f -newer $(REPORT) -print -quit)" ]; \
	then $(BIN)/snakemake --directory $(DIRECTORY) --report results/report.html; fi
	@if [ -e $(RESULTS)/tables/accuracy.md ]; then cat $(RESULTS)/tables/accuracy.md; fi
	@echo "Report: $(REPORT)"

test: $(STAMP)
	$(BIN)/python -m pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/lint-imports

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 11) <= v < (3, 14) else f"wallnet needs Python 3.11 to 3.13 and {sys.executable} is {v.major}.{v.minor}; run make PYTHON=python3.13")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

clean:
	rm -rf $(VENV)
