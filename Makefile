# LocalClip. `make` lists what there is.

SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
NEURAL := .venv-neural
NEURAL_TESTS := tests/neural tests/services/exporter/test_demucs.py
WEB := frontend/dist/index.html
WEB_SOURCES := $(shell find frontend/src frontend/public frontend/*.json frontend/*.ts frontend/index.html -type f 2>/dev/null)
export VIDEO TO FROM OUT

.PHONY: help install tools test-tools deploy-tools frontend demo up dev test chaos test-neural check generate lock bench clean clean-all

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: install ## dub a sample video to es and fr and check the result (VIDEO=file TO=es,fr FROM=en OUT=folder)
	@$(BIN)/localclip demo $${VIDEO:+"$$VIDEO"} $${TO:+--to "$$TO"} $${FROM:+--from "$$FROM"} $${OUT:+--out "$$OUT"}

up: install ## run everything at http://localhost:8080 until Ctrl-C; data is kept in ./data
	@exec $(BIN)/localclip up

dev: install ## the web app with live reload at http://localhost:5173, and everything behind it
	@scripts/frontend.sh dev

test: install test-tools ## all tests, the browser's too (ARGS="-k name" passes options to pytest and runs only that)
	@scripts/test.sh $(ARGS)

chaos: install test-tools ## kill everything at random, ten minutes on each database, and count what is lost (ARGS="--seeds 1-5 --minutes 2")
	@PATH="$(CURDIR)/.tools/bin:$$PATH" $(BIN)/python -m tests.chaos $(ARGS)

test-neural: $(NEURAL)/.installed ## the neural engines, on small models, in an environment of their own (7 GB; Linux on x86-64)
	@PATH="$(CURDIR)/.tools/bin:$$PATH" $(NEURAL)/bin/pytest $(NEURAL_TESTS) -rfEs --durations=10 $(ARGS)

check: $(INSTALLED) ## style, types, import contracts, interface documents, the web app, the deployment
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python scripts/check_loop.py
	@$(BIN)/python scripts/sync_client.py --check
	@$(BIN)/python -m services.gateway.documents --check
	@scripts/frontend.sh check
	@scripts/check-platforms.sh
	@scripts/check-deploy.sh

generate: $(INSTALLED) ## write docs/reference after a change to the API or to a message, and the synchronous client
	@$(BIN)/python scripts/sync_client.py
	@$(BIN)/python -m services.gateway.documents
	@scripts/frontend.sh generate

lock: ## pin all dependencies again after a change in pyproject.toml
	@scripts/uv.sh pip compile -q --universal --extra all --extra dev --generate-hashes --no-emit-index-url --no-emit-package localclip-client \
		--custom-compile-command "make lock" pyproject.toml -o requirements.lock
	@scripts/uv.sh pip compile -q --python-platform linux --python-version 3.11 --extra all --extra dev --extra neural --generate-hashes \
		--no-emit-index-url --no-emit-package localclip-client --custom-compile-command "make lock" pyproject.toml \
		-o requirements-neural.lock

bench: install ## measure; results go to benchmarks/
	@$(BIN)/python -m benchmarks $(ARGS)

install: tools $(INSTALLED) frontend ## system tools that are missing, the Python environment, the web app

frontend: $(WEB) ## build the web app, where Node.js 20.19 or newer is installed

$(WEB): $(WEB_SOURCES)
	@scripts/frontend.sh build

tools: ## system tools that are missing (apt, with sudo where needed)
	@scripts/install-tools.sh

test-tools: ## what only the tests need: PostgreSQL, Chromium, rclone, and MinIO where Go is installed
	@scripts/install-tools.sh --for-tests

deploy-tools: $(INSTALLED) ## what checks the deployment: docker compose, helm, kubeconform (Go builds them, some minutes)
	@scripts/install-tools.sh --for-deploy

$(INSTALLED): requirements.lock pyproject.toml clients/python/pyproject.toml scripts/make-venv.sh scripts/uv.sh | tools
	@scripts/make-venv.sh $(VENV)
	@touch $@

$(NEURAL)/.installed: requirements-neural.lock pyproject.toml clients/python/pyproject.toml scripts/make-venv.sh scripts/uv.sh | tools
	@scripts/make-venv.sh $(NEURAL) requirements-neural.lock
	@touch $@

clean: ## remove caches and what the demo made; data and the environment stay
	@rm -rf demo-output dist build frontend/dist frontend/test-results .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -path './.venv*' -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

clean-all: clean ## the environment and downloaded tools too; data stays
	@rm -rf $(VENV) $(NEURAL) .tools frontend/node_modules
