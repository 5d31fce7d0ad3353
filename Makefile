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
DOCS   := $(VENV)/.docs
BROWSER := $(VENV)/.browser

.DEFAULT_GOAL := help
.PHONY: help quick test lint peers ray browser tune wheel docs

# Baselines whose learning rates are tuned, in the order of importance. A tuning that is interrupted continues.
TUNED_MODELS ?= lstm,gru,transformer,transformer-full,delta-rule,gated-delta-rule,mamba,token-memory
TUNED_TASKS ?= induction selective-copy mqar recall-any delayed-recall association copy hops state-tracking \
  induction-hard delayed-recall-hard association-hard selective-copy-hard mqar-hard adding
TUNED_STREAMS ?= split-digits:transformer,lstm,mlp split-mnist:mlp,cnn split-fashion-mnist:mlp,cnn

help:
	@echo "make quick   install, run the suite 'quick', build the report ($(REPORT)/)"
	@echo "make test    install, run the tests"
	@echo "make lint    install, run ruff, mypy and import-linter"
	@echo "make peers   install the public model packages too, run the tests of the models"
	@echo "make ray     install Ray too, run the tests of its engine on a cluster of local nodes"
	@echo "make tune    install, tune the baselines' learning rates (hours); again, it continues"
	@echo "make docs    install MkDocs too, build the documentation (build/docs/)"
	@echo "make wheel   install, build a wheel (dist/), check its files and its readme"
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

wheel: $(STAMP)
	$(BIN)/python -m pip wheel --disable-pip-version-check --quiet --no-deps --wheel-dir dist .
	$(BIN)/python .ci/check_wheel.py dist/*.whl
	test -x $(VENV)/twine/bin/twine || $(PYTHON) -m venv $(VENV)/twine
	$(VENV)/twine/bin/pip install --disable-pip-version-check --quiet twine
	$(VENV)/twine/bin/twine check --strict dist/*.whl

docs: $(DOCS)
	$(BIN)/python -m mkdocs build --strict

tune: $(STAMP)
	for task in $(TUNED_TASKS); do \
	  case $$task in mqar*) options="--set mixed=false --set batch_size=16";; *) options="";; esac; \
	  $(BIN)/memnet tune $$task --models $(TUNED_MODELS) --jobs $(WORKERS) $$options || exit 1; \
	done
	for row in $(TUNED_STREAMS); do \
	  $(BIN)/memnet tune $${row%%:*} --models $${row#*:} --jobs $(WORKERS) || exit 1; \
	done

peers: $(PEERS)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile tests/baselines/models/test_models.py tests/baselines/peers tests/end_to_end/test_missing_packages.py

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

$(DOCS): $(STAMP)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[docs]'
	@touch $@

$(BROWSER): $(STAMP)
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --constraint constraints.txt --editable '.[browser]'
	@touch $@
