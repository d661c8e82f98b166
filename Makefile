# Everything a person runs on this tree. `make help` lists it.
# PYTHON names the interpreter of a new .venv: make run PYTHON=python3.12

PYTHON ?= python3
TESTS ?= tests
WORKERS ?= 2

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check -qq -c constraints.txt
LOCKED := pyproject.toml clients/python/pyproject.toml constraints.txt

.DEFAULT_GOAL := help
.PHONY: help run test check dev soak bench screenshots docs answers lock clean

help: ## list what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.to-run ## start everything on 127.0.0.1:8080, with a demo; Ctrl-C stops it
	@exec $(BIN)/proofdesk up $(ARGS)

test: $(VENV)/.to-test ## run the whole suite, browser tests included (TESTS=path narrows it)
	@browser=$$(dev/browser.sh) && BROWSER_PATH=$$browser exec $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal $(TESTS) $(ARGS)

check: $(VENV)/.to-test ## lint, formatting, types and import contracts; needs no server
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

dev: $(VENV)/.to-test ## install all that is needed to work on the code
	@echo "Ready: . $(BIN)/activate"

soak: $(VENV)/.to-test ## run the long races and chaos tests
	@exec $(BIN)/python -m pytest -m soak $(TESTS) $(ARGS)

bench: $(VENV)/.to-test ## measure claims and the loop of a reviewer, and write bench/RESULTS.md
	@exec $(BIN)/python -m bench --write bench $(ARGS)

screenshots: $(VENV)/.to-test ## photograph the demo again; needs `make run` elsewhere and LINK=its sign-in link
	@browser=$$(dev/browser.sh) && BROWSER_PATH=$$browser exec $(BIN)/python -m dev.screenshots "$(LINK)"

docs: $(VENV)/.to-test ## write the generated pages of docs/ again
	$(BIN)/python -m dev.docs

answers: $(VENV)/.to-test ## describe the answers of the API again, from those that the tests get
	@folder=$$(mktemp -d) && RECORD_ANSWERS=$$folder/answers $(BIN)/python -m pytest -n $(WORKERS) tests/http tests/client \
		&& $(BIN)/python -m dev.answers $$folder/answers.* && rm -rf $$folder

lock: $(VENV)/.to-test ## resolve constraints.txt again, for every platform and Python 3.11 onwards
	dev/lock.sh

clean: ## remove .venv and every cache; data stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@dev/new_venv.sh "$(PYTHON)" "$(VENV)"

# A stamp is newer than what was installed from, so nothing is installed twice.
$(VENV)/.to-run: $(LOCKED) | $(BIN)/python
	@echo "Installing Proofdesk ..."
	@$(PIP) -e ".[embedded]" -e clients/python
	@touch $@

$(VENV)/.to-test: $(LOCKED) | $(BIN)/python
	@echo "Installing Proofdesk and its tools ..."
	@$(PIP) -e ".[embedded,test]" -e "clients/python[grants,langgraph,mcp,openai-agents,pydantic-ai]"
	@touch $@ $(VENV)/.to-run
