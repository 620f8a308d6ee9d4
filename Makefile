# `make help` lists what there is. Each target sets up what it needs.
PYTHON ?= $(shell command -v python3 || command -v python)
VENV   ?= .venv
BIN    := $(VENV)/bin
# tests mostly wait: for servers, browsers and processes
WORKERS ?= 4
SEEDS   ?= 1
PYTEST  = -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder
# the Python of `make oldest` and `make newest`: a path or a version; pyenv's, or one that uv finds or gets
OLDEST ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.10.*/bin/python) 3.10)
NEWEST ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.13.*/bin/python) 3.13)
# tests of the code that runs in bots
CORE    = "not browser and not slow"

# images of containers set it; the tests start many interpreters, and each would compile every module anew
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test quick lint oldest newest javascript live bench chaos mutants docs dist clean
.DEFAULT_GOAL := help

help: ## show this list
	@grep -hE '^[a-z]+:.* ## ' $(MAKEFILE_LIST) | sed -E 's/:.* ## /|/' | awk -F '|' '{ printf "make %-10s %s\n", $$1, $$2 }'

demo: $(VENV)/.demo ## a Webex cloud on this machine, with an echo bot in it: opens a chat page
	@$(BIN)/python examples/echo_bot.py --sandbox --open

test: lint ## all that has to hold: lint, types and every test, also those in a browser
	$(BIN)/python tests/browser_setup.py
	$(BIN)/python $(PYTEST)

quick: WORKERS = 3 # they hardly wait
quick: lint ## lint, types and the tests that need no browser and no other programs: under a minute
	$(BIN)/python $(PYTEST) -m "not browser and not servers and not encrypted and not slow"

lint: $(VENV)/.test ## format, lint and types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/yamllint --strict .

oldest: $(VENV)/.test ## the core's tests with the oldest packages that are allowed, on Python 3.10
	$(BIN)/uv venv --quiet --clear --seed --python $(OLDEST) .venv-oldest
	VIRTUAL_ENV=.venv-oldest $(BIN)/uv pip install --quiet --resolution lowest-direct --editable ".[encryption,testing]"
	VIRTUAL_ENV=.venv-oldest $(BIN)/uv pip install --quiet --editable ".[test]"
	.venv-oldest/bin/python $(PYTEST) -m $(CORE) -W default::DeprecationWarning

newest: $(VENV)/.test ## the core's tests with the newest packages, on Python 3.13
	$(BIN)/uv venv --quiet --clear --seed --python $(NEWEST) .venv-newest
	VIRTUAL_ENV=.venv-newest $(BIN)/uv pip install --quiet --upgrade --editable ".[test]"
	.venv-newest/bin/python $(PYTEST) -m $(CORE)

javascript: $(VENV)/.test ## bots and apps in JavaScript run against the sandbox; gets 675 MB of packages from npm
	cd tests/javascript && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	$(BIN)/python -m pytest --numprocesses 2 --dist load tests/javascript/clients.py

live: $(VENV)/.demo ## what the documentation of Webex leaves open, checked at Webex; needs an account and two clicks
	@$(BIN)/python -m live

bench: $(VENV)/.bench ## measure the costs, against references and limits
	$(BIN)/python -m benchmarks

chaos: $(VENV)/.test ## 1,000 messages while Webex, Redis and processes fail: is each promise kept? SEEDS=20 for twenty seeds
	PYTHONPATH=tests:. $(BIN)/python -m chaos --seeds $(SEEDS)

mutants: $(VENV)/.test ## change 60 lines of the core, one at a time: does a test notice? (most of an hour)
	$(BIN)/python tests/mutants.py

# a warning is an error; -n: also a reference to a name that does not exist
docs: $(VENV)/.docs ## the documentation's site, in build/docs; a warning is an error
	$(BIN)/python -m sphinx -W --keep-going -n -q -b html docs build/docs
	@echo "open build/docs/index.html"

dist: $(VENV)/.test ## the source distribution and the wheel, in dist, checked for the package index
	rm -rf dist
	$(BIN)/python -m build
	$(BIN)/python -m twine check --strict dist/*

# twice quiet: errors, but no warnings of setuptools about its own work
PIP = $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --no-compile --editable

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
		|| { echo "Python 3.10 or later is needed; name one: make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "The venv module is missing; on Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	-@$(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check --upgrade pip # resolves twice as fast

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(PIP) .
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(PIP) ".[test]"
	@touch $(VENV)/.demo $@

$(VENV)/.bench: $(VENV)/.test pyproject.toml
	$(PIP) ".[bench]"
	@touch $@

$(VENV)/.docs: $(VENV)/.demo pyproject.toml
	$(PIP) ".[docs]"
	@touch $@

clean: ## delete what the targets made
	rm -rf $(VENV) tests/javascript/node_modules .venv-oldest .venv-newest build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
