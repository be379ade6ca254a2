# Thermocline: `make` alone lists the targets.
PYTHON ?= python3
PORT ?= 8080
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

# Other flags that the environment may hold change nothing; with these a run that failed would look done.
short_flags := $(filter-out --%,$(firstword -$(MAKEFLAGS)))
ifneq ($(findstring i,$(short_flags))$(findstring t,$(short_flags)),)
$(error thermocline: MAKEFLAGS holds -i or -t, with which a failed run looks done: unset MAKEFLAGS and run again)
endif

BIN := .venv/bin
INSTALLED := .venv/installed
EXAMPLE := var/example
# Where no home is named: that of real exports, else the example company's.
SERVED := $(if $(wildcard var/config/sources.yml),var,$(EXAMPLE))
export DO_NOT_TRACK := 1

# What is given reaches the commands as it was written, by way of the environment: make would read a $ in it,
# and the shell quotes. Another project's Python settings don't reach them.
override EXPORTS := $(value EXPORTS)
override AS_OF := $(value AS_OF)
override PORT := $(value PORT)
override PYTHON := $(value PYTHON)
override THERMOCLINE_HOME := $(value THERMOCLINE_HOME)
export EXPORTS AS_OF PORT PYTHON THERMOCLINE_HOME
unexport PYTHONPATH PYTHONHOME PYTHONSTARTUP PYTHONWARNINGS PYTHONOPTIMIZE PYTHONINSPECT

.PHONY: help install run up airflow test faults fuzz soak bench bench-setup mappings lint lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(INSTALLED) ## Install the pinned environment into .venv

$(INSTALLED): constraints.txt pyproject.toml
	@.ci/install "$$PYTHON"

run: $(INSTALLED) ## Screen the example company; EXPORTS=dir [AS_OF=date] screens yours
ifdef EXPORTS
	@THERMOCLINE_HOME="$${THERMOCLINE_HOME:-var}" $(BIN)/thermocline run --exports="$$EXPORTS" $${AS_OF:+--as-of="$$AS_OF"}
else ifdef THERMOCLINE_HOME
	@$(BIN)/thermocline run $${AS_OF:+--as-of="$$AS_OF"}
else
	@test -e $(EXAMPLE)/exports/truth.json || $(BIN)/thermocline example --ends-on yesterday --out $(EXAMPLE)/exports
	@THERMOCLINE_HOME=$(EXAMPLE) $(BIN)/thermocline run $${AS_OF:+--as-of="$$AS_OF"}
endif

up: $(INSTALLED) ## Serve Airflow with the daily DAGs on localhost; PORT=8080
	@THERMOCLINE_HOME="$${THERMOCLINE_HOME:-$(SERVED)}" $(BIN)/python -m thermocline.orchestration.serving "$$PORT"

airflow: $(INSTALLED) ## Run Airflow's own command in that home; ARGS="dags list"
	@THERMOCLINE_HOME="$${THERMOCLINE_HOME:-$(SERVED)}" $(BIN)/python -m thermocline.orchestration.command $(ARGS)

test: $(INSTALLED) ## Run every test, two at a time
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

bench: $(INSTALLED) ## Measure all there is to measure, in one table; SIZE=small is quick
	@$(BIN)/python benchmarks/bench.py $(or $(SIZE),full)

bench-setup: $(INSTALLED) ## Install what the benchmarks compare with, and load their longest past
	@$(BIN)/uv venv --quiet --allow-existing --python $(BIN)/python .venv-bench
	@$(BIN)/uv pip install --quiet --compile-bytecode --require-hashes --python .venv-bench/bin/python -r benchmarks/peers.txt
	@$(BIN)/python benchmarks/prepared.py $(or $(SIZE),full)

fuzz: $(INSTALLED) ## Deliver ten thousand damaged files and all forms of values; FILES=n SEED=n MINUTES=15
	@$(BIN)/python tests/loading/fuzz/value_forms.py $(if $(SEED),--seed $(SEED))
	@$(BIN)/python tests/loading/fuzz/fuzzing.py --files $(or $(FILES),10000) --minutes $(or $(MINUTES),15) $(if $(SEED),--seed $(SEED))

faults: $(INSTALLED) ## Kill, starve and cut off the publisher hundreds of times; 20 minutes
	@THERMOCLINE_FAULTS=thorough $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder tests/publishing/faults tests/end_to_end/test_killed_runs.py tests/end_to_end/test_asking_people.py

soak: $(INSTALLED) ## Compare 500 streams of deliveries with builds from nothing; STREAMS=n SEED=n
	@seed=$(or $(SEED),$$RANDOM); echo "$(or $(STREAMS),500) streams, SEED=$$seed and following"; \
		THERMOCLINE_STREAMS=$(or $(STREAMS),500) THERMOCLINE_SEED=$$seed $(BIN)/python -m pytest -n 2 -k stream tests/building/test_rebuilt_every_night.py

mappings: $(INSTALLED) ## Write the mappings' JSON Schema and their pages in docs
	@$(BIN)/python -m thermocline.mapping.pages

lint: $(INSTALLED) ## Check style, types and layers: ruff, mypy, import-linter, sqlfluff
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@mkdir -p var/lint && THERMOCLINE_WAREHOUSE=$(CURDIR)/var/lint/warehouse.duckdb $(BIN)/sqlfluff lint dbt_project --processes 2

lock: $(INSTALLED) ## Resolve the dependencies anew into constraints.txt
	@$(BIN)/uv pip compile pyproject.toml --extra dev --extra install --universal --python-version 3.11 \
		--generate-hashes --no-annotate --no-header --upgrade --quiet --output-file constraints.txt

clean: ## Remove the example company's state; yours in var stays
	@chmod -R u+w $(EXAMPLE) 2>/dev/null || true
	@rm -rf $(EXAMPLE) var/lint
