# Thermocline: `make` alone lists the targets.
PYTHON ?= python3
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
INSTALLED := .venv/installed
export DO_NOT_TRACK := 1

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

install: $(INSTALLED) ## Install the pinned environment into .venv

$(INSTALLED): constraints.txt pyproject.toml
	@.ci/install "$(PYTHON)"

.PHONY: help install
