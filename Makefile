# make run:  the campaign of config.yaml, from a fresh machine to the report
# make test: the tests
# make mistakes: puts known mistakes into the code, one at a time; each must fail its test
# make mutants: draws changes of the code by chance; how many the tests notice (an hour)
# All make .venv first, with the python3 on PATH (3.11 to 3.13).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# another campaign is another folder with its own config.yaml: make run DIRECTORY=elsewhere
# the shell gets it as a variable, so that any name will do
export DIRECTORY ?= .
# which mistakes: words in their names, or a tenth: make mistakes MISTAKES='--tenth 3'
MISTAKES ?=

.PHONY: run test mistakes mutants lint clean

run: $(STAMP)
	@$(BIN)/snakemake --directory "$$DIRECTORY"
	@results="$$DIRECTORY/results"; report="$$results/report.html"; \
	if ! $(BIN)/wallnet check "$$report" > /dev/null 2>&1 || \
	    [ -n "$$(find "$$results/tables" "$$results/figures" -type f -newer "$$report" -print -quit)" ]; \
	then \
	    $(BIN)/snakemake --directory "$$DIRECTORY" --report results/report.html && \
	    $(BIN)/wallnet digest "$$report" || exit 1; \
	fi; \
	if [ -e "$$results/tables/accuracy.md" ]; then cat "$$results/tables/accuracy.md"; fi; \
	printf 'Report: %s\n' "$$report"

test: $(STAMP)
	$(BIN)/python -m pytest

mistakes: $(STAMP)
	$(BIN)/python tests/mistakes/mistakes.py $(MISTAKES)

mutants: $(STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test,mutants]'
	$(BIN)/python tests/mistakes/mutants.py

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
