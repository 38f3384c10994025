# `make` alone prints the targets. Every target needs only python3 (3.11 or newer, with venv),
# git and make: the first one that runs sets up .venv.

PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help demo test test-unit test-browser test-faults check format serve wheel-test coverage \
	lock sbom audit benchmark-quality benchmark-calibration benchmark-engine benchmark-load \
	benchmark-history benchmark-busy benchmark-pages benchmark-service screenshots vendor clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ------------------------------------------------------------------------------ the two commands
demo: .venv/.ready ## the main job on real MRI slices, in your browser (Ctrl-C ends it, again goes on)
	@$(BIN)/beliefgrid demo $(ARGS)

test: test-unit test-browser ## all tests: SQLite, a real Postgres, a real browser

# ------------------------------------------------------------------------------ for developers
test-unit: .venv/.ready ## all tests but the browser's; ARGS="-k word" picks some
	@$(PYTEST) --ignore=tests/browser -m "not fault" $(ARGS)

test-browser: .venv/.ready ## the tests that need a browser, in a run of their own
	@$(PYTEST) tests/browser $(ARGS)

test-faults: .venv/.ready ## kill, starve and confuse the service under load; FAULTS=short, longest for less, more
	@FAULTS=$(or $(FAULTS),full) $(PYTEST) tests/faults -m "fault or not fault" -p no:randomly $(ARGS)

check: .venv/.ready ## format, lint, types, imports, templates, spelling, migrations, containers
	@$(BIN)/ruff format --check
	@$(BIN)/ruff check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/djlint --check --lint --quiet templates
	@$(BIN)/codespell
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec docker-compose.yml
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/kubernetes-validate --strict --quiet --no-warn deploy/kubernetes.yaml
	@$(BIN)/python -m tests.support.migrations

format: .venv/.ready ## put code and templates into shape
	@$(BIN)/ruff format
	@$(BIN)/ruff check --fix --quiet || true
	@$(BIN)/djlint --reformat --quiet templates || true

serve: .venv/.ready ## the service on http://127.0.0.1:8000, with beliefgrid.db in this folder
	@$(BIN)/beliefgrid serve $(ARGS)

wheel-test: .venv/.ready ## build the wheels, install them without the source, and use them
	@$(BIN)/python tests/system/wheel.py

coverage: .venv/.ready ## which lines and branches no test reaches
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest --ignore=tests/browser $(ARGS)
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

benchmark-quality: .venv/.ready ## regret on measured tables beside peers; ARGS="TABLES --peers RUNS"
	@$(BIN)/python -m benchmarks.quality $(ARGS)

benchmark-calibration: .venv/.ready ## is the belief honest? ARGS="TABLES"
	@$(BIN)/python -m benchmarks.calibration $(ARGS)

benchmark-engine: .venv/.ready ## time and memory of the engine beside the machine's ceilings; ARGS="--peer PYTHON"
	@$(BIN)/python -m benchmarks.engine $(ARGS)

benchmark-load: .venv/.ready ## results a second beside a bare floor; ARGS="--half --peer PYTHON --write"
	@$(BIN)/python -m benchmarks.service.load $(ARGS)

benchmark-history: .venv/.ready ## what a long history and many studies cost; ARGS="--write"
	@$(BIN)/python -m benchmarks.service.history $(ARGS)

benchmark-busy: .venv/.ready ## asks while a large posterior is updated; ARGS="--write"
	@$(BIN)/python -m benchmarks.service.busy $(ARGS)

benchmark-pages: .venv/.ready ## bytes, nodes and CPU of the pages in a browser; ARGS="100 20000 --write"
	@$(BIN)/python -m benchmarks.pages $(ARGS)

benchmark-service: .venv/.ready ## latency, start and memory of the service; ARGS="--write"
	@$(BIN)/python -m benchmarks.service.latency $(ARGS)

screenshots: .venv/.ready ## pictures of the demo's pages, into docs/images
	@$(BIN)/python -m tests.support.screenshots $(ARGS)

vendor: ## bundle the part of plotly.js that is drawn with (needs node), the same bytes every time
	@cd tools/plotly && npm ci --silent --no-audit --no-fund --ignore-scripts && npm run --silent build; \
		status=$$?; rm -rf node_modules; exit $$status

sbom: .venv/.ready ## list all that is shipped (CycloneDX) in dist/sbom.cdx.json
	@$(BIN)/python -m tests.support.sbom

audit: .venv/.ready ## known vulnerabilities of what is shipped; exit code 2 if no database answers
	@$(BIN)/python -m tests.support.audit

lock: .venv/.ready ## take the newest versions of all dependencies that are a week old
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m tests.support.lock

clean: ## remove what was built or installed here, but no database
	rm -rf .venv dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*

# ------------------------------------------------------------------------------ the environment
.venv/.ready: pyproject.toml client/pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "beliefgrid needs Python 3.11 or newer, and $(PYTHON) is older: make PYTHON=python3.12 ..."; exit 1; }
	@echo "Setting up .venv (once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@command -v uv >/dev/null || test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet uv
	@PATH="$$PATH:$(CURDIR)/$(BIN)" VIRTUAL_ENV="$(CURDIR)/.venv" \
		uv pip install --quiet -c constraints.txt -e ./client -e '.[dev]'
	@touch $@
