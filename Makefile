# Each target does its own set-up. Works with GNU make 3.81, which macOS has.

VENV     := .venv
PYTHON   := $(VENV)/bin/python
PACKAGES := $(VENV)/.installed
NODE     := node_modules/.installed
CDK      := $(VENV)/bin/npx cdk
# Sets JAVA_HOME for the rest of a recipe's line, or ends it with one line of advice.
JAVA     := JAVA_HOME="$$(scripts/ensure_java.sh)" || exit 1; export JAVA_HOME;

# The CDK starts `node` from the path; the one in the environment is new enough for it.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help setup demo test test-slow check synth format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(PACKAGES) $(NODE) ## make the Python environment and install the CDK's command line
	@$(JAVA) :

demo: $(PACKAGES) $(NODE) ## upload, run and query a small set of files on this machine, with no AWS account
	@$(JAVA) $(PYTHON) -m local_cloud demo

test: $(PACKAGES) $(NODE) ## run all tests
	@echo "Tests (some minutes)"
	@$(JAVA) $(PYTHON) -m pytest

test-slow: setup ## run the tests that take more than a minute each
	@echo "Slow tests (some minutes)"
	@$(JAVA) $(PYTHON) -m pytest -m slow

check: $(PACKAGES) $(NODE) ## format, lint, types and tests: what has to pass before a push
	@echo "Format and lint"
	@$(PYTHON) -m ruff format --check --quiet
	@$(PYTHON) -m ruff check --quiet
	@echo "Types"
	@$(PYTHON) -m mypy
	@$(MAKE) --no-print-directory test

synth: $(PACKAGES) $(NODE) ## write the templates of both apps to cdk.out
	@echo "Templates of infra_app"
	@$(CDK) synth --quiet
	@echo "Templates of glue_app"
	@$(CDK) synth --quiet --app "$(PYTHON) -m glue_app" --output cdk.out/glue

format: $(PACKAGES) ## put the source into the agreed format
	@$(PYTHON) -m ruff check --fix --quiet
	@$(PYTHON) -m ruff format --quiet

clean: ## remove everything that the other targets have made
	rm -rf $(VENV) node_modules cdk.out build .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(PACKAGES): requirements.txt constraints.txt
	@scripts/ensure_venv.sh $(VENV)
	@echo "Python packages (some minutes the first time)"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check \
		--requirement requirements.txt --constraint constraints.txt
	@touch $@

$(NODE): package.json package-lock.json .npmrc $(PACKAGES)
	@echo "Command line of the CDK"
	@$(VENV)/bin/npm ci --no-audit --no-fund --loglevel=error
	@touch $@
