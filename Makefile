# Every command sets up what it needs in a fresh clone. docs: README.md.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Images often set it. Then each process that tests start compiles the project again.
unexport PYTHONDONTWRITEBYTECODE
EXPORT := --quiet --frozen --no-emit-project --no-annotate --no-header
CONFIGURED = $(if $(CONFIG),--config "$(CONFIG)")
FUNCTIONS := $(patsubst functions/%/main.py,%,$(sort $(wildcard functions/*/main.py)))

.DEFAULT_GOAL := help
.PHONY: help run serve ehr doctor explain codes issuers test quick soak mutants bench coverage lint docs pictures stage dist format lock clean

help:
	@echo "make run                     run the app with a simulated EHR at http://localhost:8080"
	@echo "make test                    run the whole test suite"
	@echo "make quick                   run the tests that don't start a browser, command or staged environment"
	@echo "make serve CONFIG=smart.toml run the app with your own registrations; also accepts HOST, PORT, WORKERS"
	@echo "                             (run and serve accept PAGE=folder: your own page, at /app/)"
	@echo "make ehr                     run only the simulated EHR"
	@echo "make doctor CONFIG=smart.toml find what would break a launch"
	@echo "make explain < FILE          explain a pasted error; CONFIG=smart.toml compares it with your settings"
	@echo "make codes < FILE            list the codes of a chart that no calculator reads"
	@echo "make issuers EHR=KEY < FILE  add a published list of FHIR bases to issuers/KEY.txt"
	@echo "make soak                    repeat race tests and properties, test without the calculators, watch memory"
	@echo "make mutants                 change a decision at a time: does a test notice? FILE=path: all of one file"
	@echo "make bench                   measure the budgets on this machine (docs/performance.md)"
	@echo "make lint                    run ruff, mypy and the import rules"
	@echo "make coverage                measure branch coverage of the whole suite"
	@echo "make docs                    write the generated pages in docs/"
	@echo "make pictures                take the pictures for docs/ in Chromium"
	@echo "make stage                   write a deployable folder for each function to build/"
	@echo "make dist                    write this commit's source archive and package to dist/"

.venv/run: requirements/run.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "This needs Python 3.11 or newer: make PYTHON=python3.11 ...")'
	@test -x $(BIN)/python || { echo "Creating .venv (once)" >&2; $(PYTHON) -m venv .venv; }
	@$(BIN)/python -c 'import pip' 2>/dev/null || $(BIN)/python -m ensurepip >/dev/null # after uv sync
	@echo "Installing packages with pinned hashes into .venv (about half a minute, once)" >&2
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/run.txt
	@touch $@

.venv/dev: .venv/run requirements/dev.txt
	@echo "Installing the tools for tests and checks into .venv (a minute, once)" >&2
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements/dev.txt
	@touch $@

run: .venv/run
	@echo "Starting the functions and the simulated EHR. Wait for 'Ready:'." >&2
	@exec $(BIN)/python -m smart_calc run

# The store may be Firestore, so what a deployed function has is needed.
.venv/serve: .venv/run functions/callback/requirements.txt
	@echo "Installing the packages of a deployed function into .venv (once)" >&2
	@$(BIN)/python -m pip install --quiet --require-hashes -r functions/callback/requirements.txt
	@touch $@

serve: .venv/serve
	@exec $(BIN)/python -m smart_calc serve $(CONFIGURED)

ehr: .venv/run
	@exec $(BIN)/python -m smart_calc ehr

doctor: .venv/serve
	@exec $(BIN)/python -m smart_calc doctor $(CONFIGURED)

# The text comes by standard input only: what is pasted must never become a variable of make.
explain: .venv/run
	@exec $(BIN)/python -m smart_calc explain $(CONFIGURED)

codes: .venv/run
	@exec $(BIN)/python -m smart_calc doctor codes

issuers: .venv/run
	@exec $(BIN)/python -m smart_calc issuers convert --ehr "$(EHR)"

# What tests load into a browser. Without a network those tests are skipped, but not in CI.
.local/npm/fetched: .venv/dev requirements/npm.txt
	@$(BIN)/python -m tests.support.browser.npm && touch $@ || test -z "$$CI"

# Four processes on two cores: much of a test is waiting for a server. tests/conftest.py says which
# tests share a process and which start first; on its own, xdist starts the longest ones last.
IN_PROCESSES := -n 4 --dist loadscope --no-loadscope-reorder

test: .venv/dev .local/npm/fetched
	@exec $(BIN)/python -m pytest -q $(IN_PROCESSES)

quick: .venv/dev
	@exec $(BIN)/python -m pytest -q $(IN_PROCESSES) -m "not slow" --ignore tests/browser --ignore tests/deploy

soak: .venv/dev
	@$(BIN)/python -m tests.soak
	@exec $(BIN)/python -m benchmarks.endurance

mutants: .venv/dev
	@exec $(BIN)/python -m tests.mutants $(if $(FILE),--file "$(FILE)")

coverage: .venv/dev .local/npm/fetched
	@mkdir -p .local/coverage
	@exec $(BIN)/python -m pytest -q $(IN_PROCESSES) --cov --cov-report=term

bench: .venv/dev
	@exec $(BIN)/python -m benchmarks

lint: .venv/dev
	@echo "1/4 ruff check"
	@$(BIN)/ruff check --quiet .
	@echo "2/4 ruff format"
	@$(BIN)/ruff format --quiet --check .
	@echo "3/4 mypy --strict (a minute the first time)"
	@$(BIN)/mypy --no-error-summary
	@echo "4/4 import rules and project conventions"
	@$(BIN)/python -m pytest -q tests/repository --ignore tests/repository/test_commands.py

docs: .venv/dev
	@exec $(BIN)/python -m docs.generators

pictures: .venv/dev
	@exec $(BIN)/python -m docs.generators.pictures

# It needs no package. With Jinja, it also compiles the templates.
stage:
	@python=$(BIN)/python; test -x $$python || python=$(PYTHON); exec $$python -m smart_calc stage

dist: .venv/dev
	@exec $(BIN)/python -m infra.dist

format: .venv/dev
	@$(BIN)/ruff check --quiet --fix .
	@$(BIN)/ruff format --quiet .

# uv.lock pins what pyproject.toml asks for; every requirements.txt is a part of it, with hashes.
lock: .venv/dev
	@$(BIN)/uv lock --quiet --upgrade
	@for name in $(FUNCTIONS); do \
		$(BIN)/uv export $(EXPORT) --only-group $$name -o functions/$$name/requirements.txt; done
	@for name in run dev; do \
		$(BIN)/uv export $(EXPORT) --only-group $$name -o requirements/$$name.txt; done

clean:
	@rm -rf .venv .local build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
