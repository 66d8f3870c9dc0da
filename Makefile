# `make` lists the targets. Each sets up what it needs, and does nothing twice.

PORT ?= 8000
HOST ?= 127.0.0.1
DOCUMENTS ?= 1000000
HISTORIES ?= 3000
RECORDS ?= 10000000
# The tests wait more than they work.
TEST_JOBS ?= 6
JOBS ?= $(shell getconf _NPROCESSORS_ONLN)
BIN := .venv/bin
PIP := -m pip --disable-pip-version-check --quiet
export PATH := $(CURDIR)/$(BIN):$(PATH)
export CMAKE_BUILD_PARALLEL_LEVEL := $(JOBS)

# What the installed module is made of. Tests and examples are not in it.
SOURCES := pyproject.toml CMakeLists.txt README.md LICENSE \
	$(shell find cmake src -type f -not -name '*.pyc')
CPP_FILES = $(shell find src/cpp tests/cpp benchmarks -name '*.[ch]pp')

# A stamp is newer than what it was made from.
TOOLS := .venv/tools.stamp
INSTALLED := .venv/installed.stamp
# As pyproject.toml names it.
MODULE_BUILD = $(firstword $(wildcard build/wheel-$(shell $(BIN)/python -c 'import sys; print("cp%d%d" % sys.version_info[:2])')-*))
CLIENTS := tests/interop/node_modules/.package-lock.json
OPEN_WEBUI := build/open-webui/fetched.stamp
DEMO := build/demo/venv/installed.stamp

.PHONY: help demo screenshots vendor test fuzz test-json test-versions test-cpp test-python lint bench bench-micro \
	bench-profile bench-report bench-smoke asan tsan clean
.DEFAULT_GOAL := help
.NOTPARALLEL: # the recipes use all cores themselves, and their output stays in order

help: ## List the targets
	@awk -F ': .*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(DEMO) ## Build and install the wheel, and write together at http://127.0.0.1:8000 (PORT=, HOST= for others)
	@printf '\n  The demo is at  http://%s:%s  (open it in two windows; Ctrl-C ends it)\n\n' $(HOST) $(PORT)
	@DEMO_DATA="$${DEMO_DATA:-build/demo/data}" \
		exec build/demo/venv/bin/python -m uvicorn app:app --app-dir examples/fastapi --host $(HOST) --port $(PORT)

screenshots: $(INSTALLED) ## Take the pictures of the demo in docs/screenshots again
	@scripts/need.sh chromium
	$(BIN)/python -m tests.interop.demo_screenshots docs/screenshots

vendor: ## Bundle the demo's editor again, from examples/fastapi/vendor and npm
	@scripts/need.sh node
	npm ci --prefix examples/fastapi/vendor --ignore-scripts --no-fund --no-audit --loglevel=error
	node examples/fastapi/vendor/build.mjs

test: test-cpp test-python ## Run all tests: C++, Python, real clients, a real browser

test-cpp: dev.ctest ## Run the C++ unit tests

test-python: $(INSTALLED) $(CLIENTS) $(OPEN_WEBUI) ## Run the tests of the Python module, clients and browser
	@scripts/need.sh node chromium redis
	$(BIN)/cmake --preset dev
	$(BIN)/cmake --build --preset dev --target yjs_tool
	$(BIN)/python -m pytest --numprocesses $(TEST_JOBS) $(PYTEST)

fuzz: $(TOOLS) $(CLIENTS) ## Compare HISTORIES=3000 random Yjs histories with yjs and pycrdt; some ten minutes
	@scripts/need.sh node
	$(BIN)/cmake --preset release
	$(BIN)/cmake --build --preset release --target yjs_tool
	$(BIN)/python -m tests.yjs.fuzz build/release/tests/cpp/features/yjs_tool $(HISTORIES)

test-json: $(INSTALLED) ## Compare with Python's json on DOCUMENTS=1000000 random documents, sound and damaged
	$(BIN)/python tests/python/json_documents.py $(DOCUMENTS)

test-versions: $(INSTALLED) ## Run the Python tests on every other Python that is here
	@scripts/other-pythons.sh $(BIN)/python >.venv/other-pythons
	@while read -r tests python; do \
		scripts/test-version.sh "$$python" "$$tests" $(TEST_JOBS) "$(abspath $(MODULE_BUILD))" \
			</dev/null || exit 1; \
	done <.venv/other-pythons

lint: $(INSTALLED) ## Check format, lint and types, and the stubs against the module
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest sio_native._core
	$(BIN)/clang-format --dry-run -Werror $(CPP_FILES)

bench: $(INSTALLED) ## Measure sio_native and its peers in turn; two to three hours (BENCH=--quick: minutes)
	$(BIN)/cmake --preset release
	$(BIN)/cmake --build --preset release --target load bare_server micro
	$(BIN)/python benchmarks/bench.py $(BENCH)
	$(BIN)/python benchmarks/usage.py --records $(RECORDS) --report benchmarks/results/usage.md

bench-report: $(TOOLS) ## Fill docs/performance.md and its charts from RESULT=benchmarks/results/….json
	$(BIN)/python benchmarks/report.py $(RESULT)

bench-profile: $(INSTALLED) ## Show in docs/performance.md where the time goes; needs perf
	$(BIN)/cmake --preset release
	$(BIN)/cmake --build --preset release --target load
	$(BIN)/python benchmarks/profiling.py

bench-micro: $(INSTALLED) ## Measure codecs, JSON, rooms and the Python border by themselves
	$(BIN)/cmake --preset release
	$(BIN)/cmake --build --preset release --target micro
	@build/release/benchmarks/micro
	@$(BIN)/python benchmarks/micro/border.py

bench-smoke: $(INSTALLED) ## See that the benchmarks work: every mode and micro-benchmark for a moment
	$(BIN)/cmake --preset dev
	$(BIN)/cmake --build --preset dev --target load bare_server micro
	@BENCH_PRESET=dev $(BIN)/python benchmarks/bench.py --smoke --peers native-own bare native-parts
	@build/dev/benchmarks/micro briefly
	@$(BIN)/python benchmarks/usage.py --records 50000
	@$(BIN)/python benchmarks/micro/border.py briefly

asan: asan.ctest ## Run the C++ unit tests under AddressSanitizer and UBSan

tsan: tsan.ctest $(INSTALLED) ## Run the tests of what has threads, C++ and Python, under ThreadSanitizer
	$(BIN)/cmake --build --preset tsan --target _core
	@scripts/tsan-python.sh $(BIN)/python build/tsan tests/python/test_threads.py

clean: ## Remove what was built, downloaded and installed here
	rm -rf build .venv tests/interop/node_modules .mypy_cache .pytest_cache .ruff_cache

# Configuring again is cheap, and a preset that changed is not missed.
%.ctest: $(TOOLS)
	$(BIN)/cmake --preset $*
	$(BIN)/cmake --build --preset $*
	$(BIN)/ctest --preset $* --parallel $(JOBS)

$(TOOLS): requirements-dev.txt scripts/venv.sh
	@scripts/venv.sh .venv
	$(BIN)/python $(PIP) install -r requirements-dev.txt
	@touch $@

# As `pip install .`, but with the build's needs from .venv and a build folder that stays, so that
# only what has changed is compiled.
$(INSTALLED): $(TOOLS) $(SOURCES)
	$(BIN)/python $(PIP) install --no-build-isolation --no-deps .
	@touch $@

$(CLIENTS): tests/interop/package.json tests/interop/package-lock.json
	@scripts/need.sh node
	npm ci --prefix tests/interop --no-fund --no-audit --loglevel=error
	@touch $@

# A wheel of some hundred megabytes, of which a few files stay.
$(OPEN_WEBUI): tests/openwebui/requirements.txt tests/openwebui/fetch.py | $(TOOLS)
	$(BIN)/python tests/openwebui/fetch.py $(@D)
	@touch $@

# As a user does it: an isolated build in a fresh folder, and the wheel in an environment that has
# only the example's needs.
$(DEMO): $(SOURCES) examples/fastapi/requirements.txt
	@scripts/venv.sh build/demo/venv
	@rm -rf build/demo/wheel build/demo/cmake
	@echo 'Building the wheel; the first time takes a minute or two…'
	SKBUILD_BUILD_DIR=build/demo/cmake \
		build/demo/venv/bin/python $(PIP) wheel --no-deps -w build/demo/wheel .
	build/demo/venv/bin/python $(PIP) install --force-reinstall --no-deps build/demo/wheel/*.whl
	build/demo/venv/bin/python $(PIP) install -r examples/fastapi/requirements.txt
	@touch $@
