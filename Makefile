# make without a target lists the targets. All targets first create .venv, with the python3 on PATH
# (3.11 or later).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# folder of the campaign, with its config.yaml: make run DIRECTORY=elsewhere
# exported, so that the shell reads it as a variable and the name may contain any character
export DIRECTORY ?= .
# uv installs packages, and pip where uv cannot; pip alone with make INSTALLER=pip
export INSTALLER ?= uv
# Snakemake reads the configuration for its report in the encoding of the locale
export PYTHONUTF8 := 1
# the processes of tests and campaigns keep what the first of them compiled, also where this is set
export PYTHONDONTWRITEBYTECODE :=
# the mistakes to run, by words in their names, or a tenth: make mistakes MISTAKES='--tenth 3'
MISTAKES ?=
# what make mutants compares with, and its options: make mutants SINCE=HEAD~3 MUTANTS='--minutes 5'
SINCE ?= HEAD
MUTANTS ?=
# write the measured ratios instead of comparing them: make bench BENCH=--write
BENCH ?=
# versions of Python for which constraints.txt resolves
PYTHONS := 3.11 3.12 3.13 3.14

# What a dependency asks of PYTHON. PyPI has no wheel of h5py for 3.15, and none of immutables for 3.14.
define CHECK
import os, shutil, sys, sysconfig
version = "{}.{}".format(*sys.version_info)
if sys.version_info < (3, 11):
    sys.exit(f"wallnet needs Python 3.11 or later and {sys.executable} is {version}; run make PYTHON=python3.13")
if sys.version_info >= (3, 15):
    sys.exit(f"h5py, which ubermag needs, has no wheel for Python {version} yet; run make PYTHON=python3.14")
headers = os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))
compiler = os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc"
if sys.version_info >= (3, 14) and not (headers and shutil.which(compiler.split()[0])):
    sys.exit(f"immutables, which Snakemake needs, has no wheel for Python {version} yet; install a C compiler and Python's headers (gcc and python{version}-dev in Debian) to build it, or run make PYTHON=python3.13")
endef
export CHECK

.PHONY: help install run test quick mistakes mutants bench docs lint constraints clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-11s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

install: $(STAMP) ## install the package in .venv

run: $(STAMP) ## run the campaign of config.yaml, or of DIRECTORY=elsewhere, up to the report
	@$(BIN)/snakemake --directory "$$DIRECTORY"
	@$(BIN)/wallnet check --directory "$$DIRECTORY" results/report.html > /dev/null 2>&1 && \
	    [ -z "$$(cd "$$DIRECTORY/results" && find summary.html tables figures -type f \
	    ! -name '.*' -newer report.html 2> /dev/null)" ] || { \
	    $(BIN)/snakemake --directory "$$DIRECTORY" --report results/report.html && \
	    $(BIN)/wallnet digest "$$DIRECTORY/results/report.html"; }
	@$(BIN)/wallnet overview --directory "$$DIRECTORY"

test: $(STAMP) ## run the tests, in one process for each core
	$(BIN)/python -m pytest --numprocesses logical --dist loadfile --no-loadscope-reorder

quick: $(STAMP) ## run the tests that start no campaign, while editing
	$(BIN)/python -m pytest --numprocesses logical --dist loadfile --no-loadscope-reorder -m 'not slow'

mistakes: $(STAMP) ## put known mistakes into the code, one at a time; each must make its test fail
	$(BIN)/python tests/mistakes/mistakes.py $(MISTAKES)

mutants: $(STAMP) ## mutate the functions that differ from SINCE=commit; list what no test notices
	$(BIN)/python install.py test mutants
	PYTHONPATH=tests $(BIN)/python tests/mistakes/mutants.py --since '$(SINCE)' $(MUTANTS)

bench: $(STAMP) ## time what users wait for; name what became slower since the committed ratios
	$(BIN)/python benchmarks/bench.py $(BENCH)

docs: $(STAMP) ## build the documentation site in docs/_build/html; run its notebooks
	$(BIN)/python install.py test docs
	$(BIN)/python -m sphinx -W --keep-going -E -c docs -d docs/_build/doctrees . docs/_build/html
	$(BIN)/python docs/check_site.py docs/_build/html

lint: $(STAMP) ## check style, types and imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow src/wallnet/config/example.smk
	$(BIN)/lint-imports
	$(BIN)/mypy

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c "$$CHECK"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python install.py test
	@touch $@

# connection-pool and immutables are built where PyPI has no wheel of them
constraints: $(STAMP) ## check that constraints.txt resolves with each version of Python
	$(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	for version in $(PYTHONS); do \
	    $(BIN)/uv pip compile --quiet --python-version $$version --constraint constraints.txt \
	        --only-binary :all: --no-binary connection-pool --no-binary immutables \
	        --all-extras pyproject.toml > /dev/null || exit 1; \
	done

clean: ## remove .venv
	rm -rf $(VENV)
