# make run:  the campaign of config.yaml, from a fresh machine to the report
# make test: the tests
# Both make .venv first, with the python3 on PATH (3.11 to 3.13).

PYTHON ?= python3
VENV := .venv
STAMP := $(VENV)/.installed
BIN := $(VENV)/bin
# another campaign: make run DIRECTORY=elsewhere (a folder with its own config.yaml)
DIRECTORY ?= .

.PHONY: run test lint clean

run: $(STAMP)
	$(BIN)/snakemake --directory $(DIRECTORY)
	$(BIN)/wallnet report --directory $(DIRECTORY)

test: $(STAMP)
	$(BIN)/python -m pytest

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/lint-imports

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(None if (3, 11) <= sys.version_info < (3, 14) else "wallnet needs Python 3.11 to 3.13, and this is %d.%d; run make PYTHON=python3.12" % sys.version_info[:2])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	touch $@

clean:
	rm -rf $(VENV)
