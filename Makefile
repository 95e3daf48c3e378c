# Each target does its own set-up. Works with GNU make 3.81, which macOS has.

VENV     := .venv
PYTHON   := $(VENV)/bin/python
PACKAGES := $(VENV)/.installed
NODE     := node_modules/.installed
WHEELS   := $(VENV)/glue-wheels/.fetched
SPARK    := $(VENV)/.spark
CDK      := $(VENV)/bin/npx cdk
FETCH_WHEELS = $(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps \
	--require-hashes --only-binary :all: --implementation cp --python-version 3.13 \
	--abi cp313 --abi abi3 --abi none --platform manylinux_2_28_x86_64 \
	--platform manylinux2014_x86_64 --platform manylinux_2_17_x86_64 --platform any
# Sets JAVA_HOME for the rest of a recipe's line, or ends it with one line of advice.
JAVA     := JAVA_HOME="$$(sh scripts/ensure_java.sh)" || exit 1; export JAVA_HOME;

# The CDK starts `node` from the path; the one in the environment is new enough for it.
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

# The environment that a target is about, and further options of its command.
ENV      ?= dev
ARGS     ?=
# As many tests at once as there are cores: each process has a Spark of its own, so no more than 4.
# Tests of a file go to one of them, for what they share. (Groups of xdist 3.8 are without effect in
# pytest 9.2, which keeps the names of tests elsewhere.)
AT_ONCE  := --numprocesses auto --maxprocesses 4 --dist loadfile --durations 20
BENCH    ?=
LAYERS   ?=
SECONDS  ?= 60
SEED     ?=
ONLY     ?=
TIMES    ?=
SEEDS    ?=
BASE     ?=
CASE     ?=

RECORD   := build/permissions.jsonl

.PHONY: unused-permissions
.PHONY: access check-exports check-environment check-environment-if-complete
.PHONY: bootstrap deploy deploy-pipelines cost status destroy protect
.PHONY: bench coverage faults fuzz handlers hazards lock reference simulate help setup demo test test-slow check synth synth-infra_app synth-glue_app format clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' Makefile

setup: $(SPARK) $(NODE) $(WHEELS) ## make the Python environment and install the CDK's command line
	@$(JAVA) :
	@sh scripts/ensure_chromium.sh >/dev/null

demo: $(SPARK) $(NODE) $(WHEELS) ## upload, run and query a small set of files on this machine, with no AWS account
	@$(JAVA) $(PYTHON) -m local_cloud demo

test: $(SPARK) $(NODE) $(WHEELS) ## run all tests
	@sh scripts/ensure_databases.sh
	@echo "Tests (some minutes)"
	@$(JAVA) $(PYTHON) -m pytest $(AT_ONCE) $(ARGS)

test-slow: setup ## run the tests that `make test` leaves out for their time
	@sh scripts/ensure_databases.sh
	@echo "Slow tests (some minutes)"
	@$(JAVA) $(PYTHON) -m pytest $(AT_ONCE) -m slow --timeout 1800 $(ARGS)

check: $(SPARK) $(NODE) $(WHEELS) ## format, lint, types and tests: what has to pass before a push
	@echo "Format and lint"
	@$(PYTHON) -m ruff format --check --quiet
	@$(PYTHON) -m ruff check --quiet
	@echo "Types"
	@$(PYTHON) -m mypy
	@sh scripts/ensure_databases.sh
	@echo "Tests, and the branches that they take (some minutes)"
	@mkdir -p build/coverage && rm -f build/coverage/*
	@$(JAVA) $(PYTHON) -m coverage run -m pytest $(AT_ONCE)
	@$(PYTHON) -m coverage combine --quiet && rm -f build/coverage/measured.*
	@$(PYTHON) -m coverage report --format=total

coverage: $(PACKAGES) ## show which branches the last `make check` has not taken
	@$(PYTHON) -m coverage report --show-missing --skip-covered

synth: synth-infra_app synth-glue_app ## write the templates of both apps to cdk.out

synth-infra_app synth-glue_app: synth-%: $(PACKAGES) $(NODE) $(WHEELS)
	@echo "Templates of $*"
	@$(CDK) synth --quiet --app "$(PYTHON) -m $*" --output cdk.out/$*

bench: $(SPARK) $(NODE) $(WHEELS) ## measure against plain Spark, DuckDB and Polars (an hour; QUICK=1: some minutes)
	@$(JAVA) $(PYTHON) -m benchmarks $(if $(QUICK),--quick) $(BENCH)
	@PYTHONPATH="$(CURDIR)/glue_scripts:$(CURDIR)" $(PYTHON) -m benchmarks.accounting \
		$(if $(QUICK),--quick)
	@$(JAVA) $(PYTHON) -m benchmarks.layers $(if $(QUICK),--quick) $(LAYERS)
	@$(JAVA) $(PYTHON) -m benchmarks.cloud $(if $(QUICK),--quick) $(CLOUD)
	@$(JAVA) $(PYTHON) -m benchmarks.burst $(if $(QUICK),--quick)
	@PYTHONPATH="$(CURDIR)/glue_scripts:$(CURDIR)" $(PYTHON) -m benchmarks.load_a_minute \
		$(if $(QUICK),--quick)
	@$(JAVA) PYTHONPATH="$(CURDIR)/glue_scripts:$(CURDIR)" $(PYTHON) -m benchmarks.exports \
		$(if $(QUICK),--quick)
	@$(JAVA) PYTHONPATH="$(CURDIR)/glue_scripts:$(CURDIR)" $(PYTHON) -m benchmarks.latest_rows \
		$(if $(QUICK),--quick)
	@PYTHONPATH="$(CURDIR)/glue_scripts:$(CURDIR)" $(PYTHON) -m benchmarks.heuristics \
		$(if $(QUICK),--quick)
	@sh scripts/ensure_databases.sh
	@$(PYTHON) -m benchmarks.databases $(if $(QUICK),--quick)

fuzz: $(PACKAGES) ## make files at random and compare every value (SECONDS=… SEED=… CASE=…)
	@$(if $(findstring --spark,$(ARGS)),$(JAVA)) \
		PYTHONPATH="$(CURDIR)/glue_scripts:$(CURDIR)" $(PYTHON) -m fuzz --seconds $(SECONDS) \
		$(if $(SEED),--seed $(SEED)) $(if $(CASE),--case $(CASE)) $(ARGS)

faults: $(SPARK) $(NODE) $(WHEELS) ## break runs of real Spark, count every row (half an hour; SEED=… ONLY=… TIMES=…)
	@$(JAVA) $(PYTHON) -m faults $(if $(SEED),--seed '$(SEED)') $(if $(ONLY),--only '$(ONLY)') \
		$(if $(TIMES),--times $(TIMES)) $(ARGS)

simulate: $(PACKAGES) ## play days of the control plane under faults (SEEDS=… or SECONDS=…; SEED=… shows one)
	@PYTHONPATH="$(CURDIR)/glue_scripts:$(CURDIR)" PYTHONHASHSEED=0 $(PYTHON) -m simulation \
		$(if $(SEEDS),--seeds $(SEEDS),--seconds $(SECONDS)) $(if $(BASE),--base $(BASE)) \
		$(if $(SEED),--seed $(SEED)) $(ARGS)

hazards: $(PACKAGES) ## write docs/csv-hazards.md from what plain Spark and this reader do
	@$(JAVA) PYTHONPATH="$(CURDIR)/glue_scripts:$(CURDIR)" PYSPARK_PYTHON="$(CURDIR)/$(PYTHON)" \
		$(PYTHON) -m benchmarks.hazards

unused-permissions: $(SPARK) $(NODE) $(WHEELS) ## list what roles may do and neither demo nor tests did (a quarter of an hour)
	@mkdir -p $(dir $(RECORD)) && rm -f $(RECORD)
	@$(JAVA) LOCAL_CLOUD_PERMISSIONS=$(RECORD) $(PYTHON) -m local_cloud demo >/dev/null
	@$(JAVA) LOCAL_CLOUD_PERMISSIONS=$(RECORD) $(PYTHON) -m pytest -q -m "slow or not slow" --timeout 1800 \
		tests/layered tests/main_job tests/local_cloud/test_monitor.py tests/operations/test_on_the_local_cloud.py \
		tests/operations/test_watching_jobs.py
	@$(PYTHON) -m local_cloud permissions --write $(RECORD)

reference: $(PACKAGES) ## write docs/contracts.md and docs/sources.md from their definitions
	@$(PYTHON) -m config.contract_reference
	@$(PYTHON) -m config.source_reference

handlers: $(PACKAGES) ## renew the copy of what CloudFormation's handlers call, after an update of cfn-lint
	@$(PYTHON) -m operations handlers

lock: $(PACKAGES) ## pin requirements.txt anew in requirements.lock, for Python 3.11 and later
	@$(PYTHON) -m uv pip compile requirements.txt --universal --python-version 3.11 \
		--generate-hashes --no-header --quiet --output-file requirements.lock $(ARGS)

check-exports: $(PACKAGES) ## does ENV have what the application imports from the infrastructure?
	@$(PYTHON) -m operations check-exports --environment $(ENV) $(ARGS)

check-environment: $(PACKAGES) ## put stub data through the deployed ENV, compare, remove it
	@$(PYTHON) -m operations check-environment --environment $(ENV) $(ARGS)

access: $(PACKAGES) ## let groups of readers see in ENV what contracts say, and no more
	@$(PYTHON) -m operations access --environment $(ENV) --apply $(ARGS)

protect: $(PACKAGES) ## guard the infrastructure stack of ENV against deletion, as config says
	@$(PYTHON) -m operations protect --environment $(ENV) $(ARGS)

check-environment-if-complete: $(PACKAGES)
	@$(PYTHON) -m operations check-environment --if-complete --environment $(ENV) $(ARGS)

bootstrap: $(PACKAGES) $(NODE) ## show how to prepare the accounts; APPLY=1 does it (BOUNDARY=policy)
	@$(PYTHON) -m operations bootstrap $(if $(APPLY),--apply) --boundary '$(BOUNDARY)' $(ARGS)

deploy: $(PACKAGES) $(NODE) ## deploy both apps to ENV by hand, infrastructure first
	@$(PYTHON) -m operations deploy --environment $(ENV) --confirm '$(CONFIRM)'

deploy-pipelines: $(PACKAGES) $(NODE) ## deploy both pipelines once; later they update themselves
	@$(PYTHON) -m operations deploy-pipelines

cost: $(PACKAGES) $(WHEELS) ## what does a month of ENV cost at list price? (docs/cost.md)
	@$(PYTHON) -m operations cost --environment $(ENV) $(ARGS)

status: $(PACKAGES) ## how are the stacks of ENV?
	@$(PYTHON) -m operations status --environment $(ENV)

destroy: $(PACKAGES) ## take ENV down; its data goes only with two keys (DELETE_DATA=name)
	@$(PYTHON) -m operations destroy --environment $(ENV) --delete-data '$(DELETE_DATA)'

format: $(PACKAGES) ## put the source into the agreed format
	@$(PYTHON) -m ruff check --fix --quiet
	@$(PYTHON) -m ruff format --quiet

clean: ## remove everything that the other targets have made
	rm -rf $(VENV) node_modules cdk.out build .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(PACKAGES): requirements.lock
	@sh scripts/ensure_venv.sh $(VENV)
	@echo "Python packages (some minutes the first time)"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check \
		--require-hashes --requirement requirements.lock
	@touch $@

# Half the start-up time of every Spark run on this machine.
$(WHEELS): $(PACKAGES) delivery/glue_wheels.txt delivery/database_wheels.txt
	@echo "Packages for Glue (17 MB)"
	@rm -rf $(@D)
	@$(FETCH_WHEELS) --requirement delivery/glue_wheels.txt --dest $(@D)
	@$(FETCH_WHEELS) --requirement delivery/database_wheels.txt --dest $(@D)/database
	@touch $@

$(SPARK): $(PACKAGES) local_cloud/glue/spark_home.py
	@echo "Archive of Spark's classes (15 seconds, once)"
	@$(JAVA) $(PYTHON) -m local_cloud.glue.spark_home
	@touch $@

$(NODE): package.json package-lock.json .npmrc $(PACKAGES)
	@echo "Command line of the CDK"
	@$(VENV)/bin/npm ci --no-audit --no-fund --loglevel=error
	@touch $@
