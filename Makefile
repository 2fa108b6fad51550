# Everything a person types. Needs python >= 3.11 and make; no root, no Docker, no npm.
PYTHON ?= python3
BASE ?= python:3.11-slim
RUNTIMES ?= python-ml
VENV := .venv
PY := $(VENV)/bin/python
export SIM_RUNTIMES ?= $(CURDIR)/.sim/runtimes

.PHONY: run demo sim test attack verify check format docs bench image clean

run: $(VENV)/site  ## serve the site with demo data on PORT (8000)
	@$(PY) -m simulator.serving

demo: $(VENV)/site  ## prove the loop: starter and reference of every stage, through the API
	@$(PY) -m simulator.demo

sim: $(VENV)/site  ## install the `sim` command of authors into .venv/bin
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "$(VENV)/bin/sim --help"

test: $(VENV)/dev  ## every test; a missing tool is skipped with its name
	$(PY) -m sandbox.runtimes python-ml python-service
	$(PY) -m pytest

attack: $(VENV)/dev  ## hostile projects against a whole site, rooms of both shells; WHAT="ESC RES-03"
	@$(PY) -m tests.attack $(WHAT)

verify: $(VENV)/site  ## prove every quest as learners are judged: long, and what is known is not judged again
	$(PY) -m simulator.cli verify quests --full

check: $(VENV)/dev  ## format, lint, imports, types
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/lint-imports
	$(VENV)/bin/mypy
	$(PY) -m simulator.cli check quests --no-warnings
	@# Stages share the names of their modules, so each is checked by itself.
	@for stage in quests/*/stages/*/; do $(VENV)/bin/mypy $$stage*.py || exit 1; done

format: $(VENV)/dev
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

docs: $(VENV)/site  ## write what is generated: docs/checks.md, docs/command.md, the JSON Schemas of quests
	$(PY) -m graders.reference
	$(PY) -m simulator.cli.reference
	$(PY) -m simulator.cli schema

bench: $(VENV)/site  ## measure; SECTION=loop for one part; writes .sim/bench.json
	@$(PY) -m tests.bench $(SECTION)

image: $(VENV)/site  ## build the Docker images of RUNTIMES (python-ml); they start from BASE
	$(PY) -m sandbox.images.build --base $(BASE) $(RUNTIMES)

clean:  ## forget the virtual environment, the runtimes and the data
	rm -rf $(VENV) .sim

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed, this is $$($(PYTHON) -V); set PYTHON=python3.11"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "python cannot make virtual environments; on Debian: apt install python3-venv"; exit 2; }

$(VENV)/site: requirements/site.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/site.txt
	@touch $@

$(VENV)/dev: requirements/dev.txt | $(VENV)/bin/python
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@ $(VENV)/site
