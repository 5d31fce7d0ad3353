# Each target installs all that it needs; the machine needs only Python (3.11 or newer) and make.

PYTHON ?= python3
VENV   ?= .venv
STORE  ?= runs
REPORT ?= report
WORKERS ?= 2

BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
PEERS  := $(VENV)/.peers
RAY    := $(VENV)/.ray
BROWSER := $(VENV)/.browser

.DEFAULT_GOAL := help
.PHONY: help quick test lint peers ray browser

help:
	@echo "make quick   install, run the suite 'quick', build the report ($(REPORT)/)"
	@echo "make test    install, run the tests"
	@echo "make lint    install, run ruff, mypy and import-linter"
	@echo "make peers   install the public model packages too, run the tests of the models"
	@echo "make ray     install Ray too, run the tests of its engine on a cluster of local nodes"
	@echo "make browser install Playwright too, run the tests of the site in an installed Chromium"

quick: $(STAMP)
	$(BIN)/memnet run quick --store "$(STORE)"
	$(BIN)/memnet report --store "$(STORE)" --out "$(REPORT)"

# One thread per process, because the processes share the cores. Each file runs in one process, so that its fixtures are
# made once.
test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

peers: $(PEERS)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile tests/baselines/models/test_models.py tests/baselines/peers

ray: $(RAY)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest tests/benchmarks/execution/engines/test_ray.py

browser: $(BROWSER)
	OMP_NUM_THREADS=1 MEMNET_BROWSER=required $(BIN)/python -m pytest tests/reports/browser

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or newer is required, and $(PYTHON) is %d.%d; give another one, such as make PYTHON=python3.12" % sys.version_info[:2])'
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	@echo 'installing into $(VENV); this takes some minutes'
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[test]'
	@touch $@

$(PEERS): $(STAMP)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[peers]'
	@touch $@

$(RAY): $(STAMP)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[ray]'
	@touch $@

$(BROWSER): $(STAMP)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[browser]'
	@touch $@
