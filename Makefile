# edgekit: every target sets up what it needs, on a fresh clone and again.
# PYTHON=... chooses the interpreter (3.11 to 3.13); the packages come from the index that pip is configured with.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo check test test-all runner wheel figures figures-remake docs constraints venv clean

BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest -q -p no:cacheprovider --durations=5
# PROGRAM:PACKAGE is installed only where the program is missing.
FOR_RUNNER := javac:openjdk-17-jdk-headless mvn:maven gcc:gcc libc6-dev nm:binutils aapt2:aapt zipalign apksigner dexdump android-framework-res
DEBIAN := adb $(FOR_RUNNER) enjarify mmdebstrap debian-archive-keyring ip:iproute2 \
    chromium:chromium chromedriver:chromium-driver

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

venv:  ## .venv with everything the demo, the tests and the checks need
	@scripts/environment.sh .venv constraints.txt --with-edgekit

demo: venv  ## the whole chain on real data: compress, convert, check, measure, report
	@$(BIN)/edgekit run recipes/digits-cnn.toml

check: venv  ## ruff, format, mypy strict, unit tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(PYTEST) tests/unit tests/test_*.py

venv-tflite-runtime:
	@scripts/environment.sh .venv-tflite-runtime constraints-tflite-runtime.txt

venv-tensorflow:
	@scripts/environment.sh .venv-tensorflow constraints-tensorflow.txt

test: venv venv-tflite-runtime  ## everything that needs no root: at most 15 minutes with the installation
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(PYTEST) -m 'not slow'

test-all: venv venv-tflite-runtime venv-tensorflow  ## test, and what needs Debian packages or much time: at most 50 minutes
	@scripts/debian_packages.sh $(DEBIAN)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(PYTEST)

runner:  ## the Android app: android_runner/build/edgekit-runner.apk, tested on the JVM, signed, verified
	@scripts/debian_packages.sh $(FOR_RUNNER)
	@python3 android_runner/build.py

wheel: venv runner  ## dist/*.whl with the Android app in it
	@EDGEKIT_WHEEL=whole $(BIN)/uv build -q --wheel --python $(BIN)/python

TOPIC ?= chain
figures: venv  ## the acceptance figures of TOPIC from docs/figures: asked, got, ok or short
	@$(BIN)/python benchmarks/figures_$(TOPIC).py

figures-remake: venv  ## measure the figures of TOPIC anew (resumable)
	@$(BIN)/python benchmarks/figures_$(TOPIC).py --remake

docs: venv  ## write the generated pages (docs/cli.md, docs/report.schema.json, recipes/README.md)
	@$(BIN)/python scripts/generate_docs.py

constraints: venv  ## resolve the hashed constraints files anew
	@scripts/resolve_constraints.sh

clean:  ## remove the environments and caches
	rm -rf .venv .venv-* build/analyzer .mypy_cache .ruff_cache
