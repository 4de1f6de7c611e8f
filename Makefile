# forensics: `make` prints what there is. Everything happens in .venv, nothing outside this folder and the caches.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
# PyTorch first and pinned: a plain install of anything that needs it fetches gigabytes of CUDA.
TORCH := torch==2.13.0

.DEFAULT_GOAL := help
.PHONY: help setup demo test browser fakes check bench calibrate calibrate-demo example clean

help:  ## print this
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(READY)  ## create .venv and install the tool

PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(PIP) "pip>=25.1"
	$(PIP) $(TORCH)
	$(PIP) --editable .
	@touch $@

$(READY)-dev: $(READY)
	$(PIP) --group dev
	@touch $@

demo: $(READY)  ## compare two built-in models and leave a report in reports/demo
	rm -rf reports/demo
	$(BIN)/forensics compare demo:alder demo:alder-tuned --cohort demo: \
	  --probes demo --max-tokens 60 --calibration demo-derivation -o reports/demo
	@echo "Open reports/demo/report.html"

test: $(READY)-dev  ## run every test
	$(BIN)/python -m pytest -n 2 --dist worksteal

browser:  ## fetch what tests of pages and PDF need: Chromium, Pango (as root, Debian) and axe-core (npm, into build/)
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -q \
	  && apt-get install -y --no-install-recommends chromium fonts-dejavu-core libpangoft2-1.0-0; } \
	  || { echo "Chromium is not installed, and only root can install it."; exit 1; }
	npm install --prefix build --no-audit --no-fund --silent --fetch-retries 1 --fetch-timeout 30000 axe-core@4.14.1

fakes:  ## fetch what tests of adapters need: fakes of the big protocols (npm, into build/)
	npm install --prefix build --no-audit --no-fund --silent --fetch-retries 1 --fetch-timeout 30000 @copilotkit/aimock@1.43.0

check: $(READY)-dev  ## format, lint, types, and generated text up to date
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m tests.docs_freshness

bench: $(READY)-dev  ## measure against the figures to reach; writes benchmarks/RESULTS.md
	$(BIN)/python -m benchmarks

ANSWERS ?= ../shared/data/alpaca_eval
calibrate: $(READY)  ## fit the shipped calibrations on ANSWERS, a folder of recorded answers with pairs.csv and models.csv
	for question in derivation shared_ancestry distillation; do \
	  $(BIN)/forensics calibrate $(ANSWERS) --pairs $(ANSWERS)/pairs.csv --models $(ANSWERS)/models.csv \
	    --question $$question -o forensics/calibrations/alpaca_eval-$$question.json || exit; done

DEMO := build/demo
calibrate-demo: $(READY)  ## fit the demo models' calibration
	rm -rf $(DEMO)
	$(BIN)/python -m forensics.demo_population $(DEMO)
	$(BIN)/forensics calibrate $(DEMO) --pairs $(DEMO)/pairs.csv --models $(DEMO)/models.csv --statistic lexical --normalisation s-norm \
	  -o forensics/calibrations/demo-derivation.json

example: $(READY)  ## rebuild reports/example from its transcripts
	rm -rf reports/example/tables reports/example/figures reports/example/report.*
	$(BIN)/forensics score reports/example --format html,markdown,csv
	$(BIN)/forensics report reports/example --format html,markdown,csv --style court

clean:  ## remove the environment and everything generated
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis reports/demo
