# One word a task. `make demo` and `make test` do all the set-up they need; everything else is `.venv/bin/tallyio`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo test nightly contracts-test bench degenbot profile lint types layers check format lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

setup: ## virtual environment, locked dependencies, chain binary, contracts
	@tools/setup/bootstrap.sh

demo: setup ## the whole machine on an embedded chain, with a tally at the end
	@.venv/bin/tallyio demo

test: setup ## the tests, without the heavy ones
	@.venv/bin/python -m pytest -q -n 2 --dist loadfile

nightly: setup degenbot contracts-test ## every test, the heavy and long ones too, and no benchmark worse than recorded
	@.venv/bin/python -m pytest -q -m 'nightly or not nightly' --timeout=3600
	@.venv/bin/python benchmarks/regress.py

contracts-test: setup ## the executor's fuzz and invariant tests, with forge, against published contracts
	@.venv/bin/python tools/fuzz_contracts.py

bench: setup degenbot ## the hot path's times beside their goals and references
	@.venv/bin/tallyio bench

degenbot: setup ## the environment of its own that degenbot is compared in
	@benchmarks/degenbot/setup.sh

profile: setup ## where the hot loop's time goes: a flame graph or a table of its stages, in ./profile
	@.venv/bin/python benchmarks/profile_loop.py

lint: setup ## ruff: rules and format
	@.venv/bin/ruff check . && .venv/bin/ruff format --check .

types: setup ## mypy, strict
	@.venv/bin/mypy

layers: setup ## imports only go down
	@.venv/bin/lint-imports

check: lint types layers ## all static checks

format: setup ## let ruff write the format
	@.venv/bin/ruff check --fix-only . && .venv/bin/ruff format .

lock: ## resolve the dependencies anew, with hashes
	@tools/setup/lock.sh

clean: ## remove the virtual environment and the caches of this folder
	@rm -rf .venv .venv-degenbot profile .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
