# make without a target lists the targets. All targets first create .venv, with the python3 on PATH
# (3.11 to 3.13).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# folder of the campaign, with its config.yaml: make run DIRECTORY=elsewhere
# exported, so that the shell reads it as a variable and the name may contain any character
export DIRECTORY ?= .
# Snakemake reads the configuration for its report in the encoding of the locale
export PYTHONUTF8 := 1
# the mistakes to run, by words in their names, or a tenth: make mistakes MISTAKES='--tenth 3'
MISTAKES ?=
# write the measured ratios instead of comparing them: make bench BENCH=--write
BENCH ?=

.PHONY: help run test mistakes mutants bench docs lint clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-9s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(STAMP) ## run the campaign of config.yaml, or of DIRECTORY=elsewhere, up to the report
	@$(BIN)/snakemake --logger wallnet --directory "$$DIRECTORY"
	@$(BIN)/wallnet check --directory "$$DIRECTORY" results/report.html --made-after \
	    results/summary.html results/tables results/figures > /dev/null 2>&1 || { \
	    $(BIN)/snakemake --directory "$$DIRECTORY" --report results/report.html && \
	    $(BIN)/wallnet digest "$$DIRECTORY/results/report.html"; }
	@$(BIN)/wallnet overview --directory "$$DIRECTORY"

test: $(STAMP) ## run the tests, in one process for each core
	$(BIN)/python -m pytest --numprocesses logical --dist loadfile

mistakes: $(STAMP) ## put known mistakes into the code, one at a time; each must make its test fail
	$(BIN)/python tests/mistakes/mistakes.py $(MISTAKES)

mutants: $(STAMP) ## change the code at random; count what the tests notice (at most an hour)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test,mutants]'
	$(BIN)/python tests/mistakes/mutants.py

bench: $(STAMP) ## time what users wait for; name what became slower since the committed ratios
	$(BIN)/python benchmarks/bench.py $(BENCH)

docs: $(STAMP) ## build the documentation site in docs/_build/html; run its notebooks
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test,docs]'
	$(BIN)/python -m sphinx -W --keep-going -E -c docs -d docs/_build/doctrees . docs/_build/html
	$(BIN)/python docs/check_site.py docs/_build/html

lint: $(STAMP) ## check style, types and imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/lint-imports
	$(BIN)/mypy

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(None if (3, 11) <= v < (3, 14) else f"wallnet needs Python 3.11 to 3.13 and {sys.executable} is {v.major}.{v.minor}; run make PYTHON=python3.13")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

clean: ## remove .venv
	rm -rf $(VENV)
