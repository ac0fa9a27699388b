# Python 3.11 or later and make are all that is needed; everything else goes into .venv, from a lock with hashes.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PORT ?= 8000
export PYTHONUTF8 := 1
VENV := .venv
RUN := $(VENV)/bin/python
WORKERS ?= auto
# Parts that wait for different things share the processors; where make can, it keeps the output of each together until its end.
SIDE_BY_SIDE = $(MAKE) --no-print-directory $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

.PHONY: help setup demo test test-sqlite test-postgres test-browser check check-types check-rest bench soak format lock clean

help: ## what can be done here
	@grep -hE '^[a-z]+:.*##' Makefile | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

$(VENV)/base.ok: requirements/base.txt
	@sh config/find_python.sh $(VENV)
	@echo "Installing what the product needs (once)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/base.txt
	@touch $@

$(VENV)/dev.ok: requirements/dev.txt
	@sh config/find_python.sh $(VENV)
	@echo "Installing what building and testing need (once)"
	@$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@ $(VENV)/base.ok

setup: $(VENV)/base.ok ## build everything, serve nothing
	@echo "Preparing the demo city"
	@$(RUN) -m config.prepare

demo: setup ## build everything and serve the demo city at http://localhost:8000 (PORT=… chooses another port)
	@PORT=$(PORT) $(RUN) -m config.serve

test: $(VENV)/dev.ok ## the whole suite: SQLite, PostgreSQL and the browser, side by side
	@$(RUN) -m config.catalogues
	@echo "Three runs side by side; where make can, each is shown when it has ended"
	@+$(SIDE_BY_SIDE) -j 3 test-sqlite test-postgres test-browser

test-sqlite: $(VENV)/dev.ok
	$(RUN) -m pytest -n $(WORKERS) --dist loadgroup -m "not browser and not soak and not privileged"

test-postgres: $(VENV)/dev.ok
	$(RUN) -m tests.postgres $(RUN) -m pytest -n $(WORKERS) --dist loadgroup -m "postgres and not soak and not privileged"

test-browser: $(VENV)/dev.ok
	$(RUN) -m pytest -n 0 -m "browser and not soak" tests/browser

check: $(VENV)/dev.ok ## format, lint, types, import contracts, templates, migrations, deployment check
	@$(RUN) -m config.catalogues
	@+$(SIDE_BY_SIDE) -j 2 check-types check-rest

check-types: $(VENV)/dev.ok
	$(VENV)/bin/mypy

check-rest: $(VENV)/dev.ok
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/djangofmt --check --quiet --line-length 140 --indent-width 2 templates
	$(VENV)/bin/djlint --lint --quiet templates
	$(VENV)/bin/bandit -q -r config foundation identity cms learning creditbank seeds -ll
	$(RUN) manage.py makemigrations --check --dry-run
	$(RUN) -m tests.deploy_check

bench: $(VENV)/dev.ok ## measure, as ratios within one run
	$(RUN) -m tests.bench
	$(RUN) -m tests.bench.lint
	$(RUN) -m tests.postgres $(RUN) -m tests.bench

soak: $(VENV)/dev.ok ## long races, kills and full matrices
	$(RUN) -m pytest -n 0 -m "soak" --timeout=3600
	$(RUN) -m tests.postgres $(RUN) -m pytest -n 0 -m "soak and not browser" --timeout=3600
	RACE_ROUNDS=500 $(RUN) -m tests.postgres $(RUN) -m pytest -n 0 -m "postgres and not soak" --timeout=7200 tests/creditbank/ledger/test_processes.py

format: $(VENV)/dev.ok ## bring code and templates into shape
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/djangofmt --quiet --line-length 140 --indent-width 2 templates

lock: ## renew the lock files from requirements/*.in (needs uv)
	uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --quiet requirements/base.in -o requirements/base.txt
	uv pip compile --universal --generate-hashes --no-header --python-version 3.11 --quiet requirements/dev.in -c requirements/base.txt -o requirements/dev.txt

clean: ## remove what was built, the demo's database too
	rm -rf $(VENV) var
